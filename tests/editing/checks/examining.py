"""The checks on a letter that no draft says."""

from newsletter.app import App
from newsletter.digest.content import IssueContent
from newsletter.editing.checks.findings import Finding
from newsletter.editing.checks.run import check_without_facts
from newsletter.editing.compiled import compile_draft
from tests.editing.desk import drafted


def examine(app: App, letter: IssueContent) -> tuple[Finding, ...]:
    """What shows of the letter and of the mail that it becomes."""
    return check_without_facts(app, compile_draft(app, drafted(app), letter))

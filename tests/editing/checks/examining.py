"""The checks on a letter that no draft says."""

from newsletter.app import App
from newsletter.digest.content import IssueContent
from newsletter.editing.checks.findings import Finding
from newsletter.editing.checks.run import look_at_mail
from newsletter.editing.preview import compile_proof
from tests.editing.desk import drafted


def examine(app: App, letter: IssueContent) -> tuple[Finding, ...]:
    """What shows of the letter and of the mail that it becomes."""
    return look_at_mail(app, compile_proof(app, drafted(app), letter, number=1))

"""What an editor answers to a finding: acknowledge a warning, override an error, settle a conflict.

An answer holds as long as the finding says the same; a figure that changed asks again. Settling a conflict is a ruling
(facts.py), and mends the draft at once.
"""

import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection, delete, insert, select

from newsletter.app import App
from newsletter.commands import suggest
from newsletter.db.schema import finding_answers
from newsletter.db.statuses import FindingAnswer
from newsletter.digest.issues import Issue
from newsletter.editing import facts
from newsletter.editing.audit import Action, record_action
from newsletter.editing.checks.changed import changed_figures
from newsletter.editing.checks.findings import Conflict, Finding, GivenAnswer, Severity
from newsletter.editing.compiled import compile_issue
from newsletter.errors import BadInput, ChangedMeanwhile, NewsletterError, NotFound

log = logging.getLogger(__name__)

#: Of a reason that goes into the log.
REASON_CHARS = 500


def with_answers(app: App, issue: Issue, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings with the answers that still hold, in their order."""
    columns = (finding_answers.c[name] for name in ("key", *GivenAnswer.__dataclass_fields__))
    given = {}
    with app.database.read() as connection:
        query = select(*columns).where(finding_answers.c.issue_id == issue.id)
        for key, *values in connection.execute(query):
            given[key] = GivenAnswer(**dict(zip(GivenAnswer.__dataclass_fields__, values, strict=True)))
    return tuple(
        replace(each, answer=given[each.key]) if each.key in given and _holds(given[each.key], each) else each
        for each in findings
    )


def _holds(answer: GivenAnswer, finding: Finding) -> bool:
    may_be = finding.severity is Severity.WARNING or answer.answer is FindingAnswer.OVERRIDDEN
    return answer.fingerprint == finding.fingerprint and not finding.firm and may_be


def open_of(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return what a person has to mend or answer before an issue is approved, whichever way: everything nobody answered."""
    return tuple(each for each in findings if each.is_open)


def unanswered_change(app: App, issue: Issue) -> Finding | None:
    """Return what changed of an approved issue's figures since, unless somebody has acknowledged just that.

    Nothing where content.db cannot be read: what was approved goes out whatever has become of that.
    """
    try:
        found = with_answers(app, issue, changed_figures(app, compile_issue(app, issue)))
    except (NewsletterError, sqlite3.Error) as trouble:
        log.warning(
            "whether figures of issue %s changed since approval is not known: %s", issue.label, trouble
        )
        return None
    return next(iter(open_of(found)), None)


def find_finding(issue: Issue, findings: Iterable[Finding], key: str, seen: str = "") -> Finding:
    """Return the finding of that key; raises NotFound when it is mended, ChangedMeanwhile when it says another thing than was `seen`."""
    found = next((each for each in findings if each.key == key), None)
    if found is None:
        raise NotFound(
            "finding", key, f"It may be mended by now. List them with: {suggest('check', issue.id)}"
        )
    if seen and found.fingerprint != seen:
        raise ChangedMeanwhile("The finding says something else by now. Look at it again, then answer.")
    return found


def acknowledge(app: App, issue: Issue, finding: Finding, by: str) -> None:
    """Let the issue go out in spite of a warning. Commits; raises BadInput for an error, and for a firm warning."""
    if finding.severity is Severity.ERROR:
        raise BadInput("An error cannot be acknowledged: mend it, or override it with a reason.")
    if finding.firm:
        raise BadInput(f"{finding.what}: this cannot be acknowledged. {finding.how}")
    _record(app, issue, finding, FindingAnswer.ACKNOWLEDGED, by, Action.ACKNOWLEDGED)


def show_both(app: App, issue: Issue, finding: Finding, by: str) -> None:
    """Let the issue print the values side by side. Commits; raises BadInput where it cannot."""
    if not _require_conflict(finding).both:
        raise BadInput(
            "The issue cannot print both of these: use one of them, leave it out, or acknowledge it."
        )
    _record(app, issue, finding, FindingAnswer.BOTH, by, Action.ACKNOWLEDGED)


def override(app: App, issue: Issue, finding: Finding, reason: str, by: str) -> None:
    """Let the issue go out in spite of an error; the reason is kept. Commits; raises BadInput for what cannot be overridden."""
    reason = " ".join(reason.split())
    if finding.severity is not Severity.ERROR:
        raise BadInput("Only errors are overridden; a warning is acknowledged.")
    if finding.firm:
        raise BadInput(f"{finding.what}: this cannot be overridden. {finding.how}")
    if not reason or len(reason) > REASON_CHARS:
        raise BadInput(f"Overriding an error needs a reason of at most {REASON_CHARS} characters.")
    _record(app, issue, finding, FindingAnswer.OVERRIDDEN, by, Action.OVERRODE, reason)


def use_claim(app: App, issue: Issue, finding: Finding, claim_id: str, by: str, reason: str = "") -> None:
    """Rule that this claim is the fact; the draft prints it from now on. Commits; raises BadInput, NotFound."""
    conflict = _require_conflict(finding)
    if claim_id not in [each.claim_id for each in conflict.options]:
        listed = ", ".join(f"{each.claim_id} ({each.value})" for each in conflict.options) or "none"
        raise BadInput(f"{claim_id} cannot be chosen here; these can: {listed}")
    _rule(app, issue, conflict, claim_id, reason or "chosen while checking an issue", by)


def leave_out(app: App, issue: Issue, finding: Finding, by: str, reason: str = "") -> None:
    """Rule that nothing is printed of it and nothing more is asked. Commits; raises BadInput where there is no conflict."""
    _rule(app, issue, _require_conflict(finding), None, reason or "left out while checking an issue", by)


def take_back(app: App, issue: Issue, key: str, by: str) -> bool:
    """Ask again; return False when nothing had been answered. Commits."""
    now, detail = app.clock.now(), f"answer to {key}"
    with app.database.write() as connection:
        was_answered = _drop_answer(connection, issue.id, key)
        if was_answered:
            record_action(connection, by=by, action=Action.UNDONE, issue_id=issue.id, detail=detail, at=now)
    return was_answered


def _require_conflict(finding: Finding) -> Conflict:
    if finding.conflict is None:
        raise BadInput("There is nothing to choose between here.")
    return finding.conflict


def _rule(app: App, issue: Issue, conflict: Conflict, claim_id: str | None, reason: str, by: str) -> None:
    facts.rule(app, conflict.tool_id, conflict.attribute, claim_id, reason=reason, by=by, issue_id=issue.id)


def _record(
    app: App,
    issue: Issue,
    finding: Finding,
    answer: FindingAnswer,
    by: str,
    action: Action,
    reason: str = "",
) -> None:
    now = app.clock.now()
    row = {
        "issue_id": issue.id,
        "key": finding.key,
        "fingerprint": finding.fingerprint,
        "answer": answer,
        "reason": reason,
        "by": by,
        "at": now,
    }
    detail = f"{finding.key}: {finding.what}" + (f" – {reason}" if reason else "")
    with app.database.write() as connection:
        _drop_answer(connection, issue.id, finding.key)
        connection.execute(insert(finding_answers), row)
        record_action(connection, by=by, action=action, issue_id=issue.id, detail=detail, at=now)


def _drop_answer(connection: Connection, issue_id: int, key: str) -> bool:
    """Delete an answer; return whether there was one."""
    same = (finding_answers.c.issue_id == issue_id) & (finding_answers.c.key == key)
    return connection.execute(delete(finding_answers).where(same)).rowcount > 0

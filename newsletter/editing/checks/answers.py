"""What an editor answers to a finding: acknowledge a warning, override an error, settle a dispute.

An answer holds as long as the finding says the same; a figure that changed asks again. A dispute that is settled is a ruling
(facts.py), and mends the draft at once.
"""

import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from newsletter.app import App
from newsletter.db.schema import finding_answers
from newsletter.db.statuses import FindingAnswer
from newsletter.digest.issues import Issue
from newsletter.editing import facts
from newsletter.editing.audit import Action, record_action
from newsletter.editing.checks.figures import changed
from newsletter.editing.checks.findings import Dispute, Finding, Severity
from newsletter.editing.preview import pull_proof
from newsletter.errors import BadInput, ChangedMeanwhile, NewsletterError, NotFound

# The queries of what editors answered to findings. Nothing here commits.


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody said to a finding; it holds while the finding has this fingerprint."""

    key: str
    fingerprint: str
    answer: FindingAnswer
    reason: str
    by: str
    at: datetime


def answers_of(connection: Connection, issue_id: int) -> dict[str, Answer]:
    """By the findings' keys."""
    columns = [each for each in finding_answers.c if each is not finding_answers.c.issue_id]
    rows = connection.execute(select(*columns).where(finding_answers.c.issue_id == issue_id))
    return {row.key: Answer(**row._mapping) for row in rows}


def put_answer(connection: Connection, issue_id: int, answer: Answer) -> None:
    """What is said now, in place of what was said before."""
    drop_answer(connection, issue_id, answer.key)
    connection.execute(insert(finding_answers).values(issue_id=issue_id, **asdict(answer)))


def drop_answer(connection: Connection, issue_id: int, key: str) -> bool:
    """Whether there was one."""
    same = (finding_answers.c.issue_id == issue_id) & (finding_answers.c.key == key)
    return connection.execute(delete(finding_answers).where(same)).rowcount > 0


log = logging.getLogger(__name__)

#: Of a reason that goes into the log.
REASON_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A finding with the answer that holds; None: it is open."""

    finding: Finding
    answer: Answer | None

    @property
    def is_open(self) -> bool:
        return self.answer is None

    @property
    def holds_back(self) -> bool:
        """Whether it keeps the issue from being approved."""
        return self.is_open and self.finding.severity is Severity.ERROR


def with_answers(app: App, issue: Issue, findings: Iterable[Finding]) -> tuple[Answered, ...]:
    """The findings with the answers that still hold, in their order."""
    with app.database.read() as connection:
        given = answers_of(connection, issue.id)
    return tuple(Answered(finding=each, answer=_holding(given.get(each.key), each)) for each in findings)


def open_of(found: Iterable[Answered]) -> tuple[Answered, ...]:
    """What a person has to mend or answer before an issue is approved, on whatever way: all that nobody answered."""
    return tuple(each for each in found if each.is_open)


def _holding(answer: Answer | None, finding: Finding) -> Answer | None:
    if answer is None or answer.fingerprint != finding.fingerprint or finding.firm:
        return None
    overridden = answer.answer is FindingAnswer.OVERRIDDEN
    if finding.severity is Severity.ERROR and not overridden:
        return None
    return answer


def unanswered_change(app: App, issue: Issue) -> Finding | None:
    """What changed of an approved issue's figures since, unless somebody has acknowledged just that.

    Nothing where content.db cannot be read: what was approved goes out whatever has become of that.
    """
    try:
        found = with_answers(app, issue, changed(app, pull_proof(app, issue)))
    except (NewsletterError, sqlite3.Error) as trouble:
        log.warning(
            "whether figures of issue %s changed since approval is not known: %s", issue.label, trouble
        )
        return None
    return next((each.finding for each in found if each.is_open), None)


def find_finding(findings: Iterable[Finding], key: str, seen: str = "") -> Finding:
    """The finding of that key; raises NotFound when it is mended, ChangedMeanwhile when it says another thing than was `seen`."""
    found = next((each for each in findings if each.key == key), None)
    if found is None:
        raise NotFound("finding", key, "It may be mended by now. List them with: newsletter check ISSUE")
    if seen and found.fingerprint != seen:
        raise ChangedMeanwhile("The finding says something else by now. Look at it again, then answer.")
    return found


def acknowledge(app: App, issue: Issue, finding: Finding, by: str) -> None:
    """A warning was seen, and the issue is to go out as it is. Commits; raises BadInput for an error."""
    if finding.severity is Severity.ERROR:
        raise BadInput("An error cannot be acknowledged: mend it, or override it with a reason.")
    if finding.firm:
        raise BadInput(f"{finding.what}: this cannot be acknowledged. {finding.how}")
    _record(app, issue, finding, FindingAnswer.ACKNOWLEDGED, by, Action.ACKNOWLEDGED)


def show_both(app: App, issue: Issue, finding: Finding, by: str) -> None:
    """The issue prints the values side by side. Commits; raises BadInput where it cannot."""
    if not _dispute(finding).both:
        raise BadInput(
            "The issue cannot print both of these: use one of them, leave it out, or acknowledge it."
        )
    _record(app, issue, finding, FindingAnswer.BOTH, by, Action.ACKNOWLEDGED)


def override(app: App, issue: Issue, finding: Finding, reason: str, by: str) -> None:
    """Let the issue go in spite of an error; the reason is kept. Commits; raises BadInput for what cannot be overridden."""
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
    dispute = _dispute(finding)
    if claim_id not in [each.claim_id for each in dispute.choices]:
        listed = ", ".join(f"{each.claim_id} ({each.value})" for each in dispute.choices) or "none"
        raise BadInput(f"{claim_id} cannot be chosen here; these can: {listed}")
    _rule(app, issue, dispute, claim_id, reason or "chosen while checking an issue", by)


def leave_out(app: App, issue: Issue, finding: Finding, by: str, reason: str = "") -> None:
    """Rule that nothing is printed of it and nothing more is asked. Commits; raises BadInput where there is no dispute."""
    _rule(app, issue, _dispute(finding), None, reason or "left out while checking an issue", by)


def take_back(app: App, issue: Issue, key: str, by: str) -> bool:
    """Ask again; False when nothing had been answered. Commits."""
    with app.database.write() as connection:
        was_answered = drop_answer(connection, issue.id, key)
        if was_answered:
            now = app.clock.now()
            record_action(
                connection, by=by, action=Action.UNDONE, issue_id=issue.id, detail=f"answer to {key}", at=now
            )
    return was_answered


def _dispute(finding: Finding) -> Dispute:
    if finding.dispute is None:
        raise BadInput("There is nothing to choose between here.")
    return finding.dispute


def _rule(app: App, issue: Issue, dispute: Dispute, claim_id: str | None, reason: str, by: str) -> None:
    facts.rule(app, dispute.tool_id, dispute.attribute, claim_id, reason=reason, by=by, issue_id=issue.id)


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
    said = Answer(
        key=finding.key, fingerprint=finding.fingerprint, answer=answer, reason=reason, by=by, at=now
    )
    detail = f"{finding.key}: {finding.what}" + (f" – {reason}" if reason else "")
    with app.database.write() as connection:
        put_answer(connection, issue.id, said)
        record_action(connection, by=by, action=action, issue_id=issue.id, detail=detail, at=now)

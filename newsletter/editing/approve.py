"""Approving an issue: what goes out is compiled, checked, frozen and published, in one transaction. And undoing it."""

from collections.abc import Iterable

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from newsletter.app import App
from newsletter.config import Settings, require_ready_to_send
from newsletter.db.statuses import Edition, IssueStatus
from newsletter.delivery.store import skip_waiting
from newsletter.delivery.takeover import take_over_dead
from newsletter.digest import store
from newsletter.digest.errata import tell_errata, untell_errata
from newsletter.digest.issues import Issue, Step
from newsletter.editing.audit import COMMAND_LINE, Action, record_action, who_did
from newsletter.editing.cache import Looks
from newsletter.editing.checks.answers import acknowledge, open_of, with_answers
from newsletter.editing.checks.findings import Finding, Severity
from newsletter.editing.checks.run import look_at_mail
from newsletter.editing.preview import Proof, pull_proof
from newsletter.editing.store import may_have_arrived, take_number_back
from newsletter.errors import BadInput, ChangedMeanwhile
from newsletter.readers.keys import require_keys

#: Approvals that meet another issue's approval at the same moment are tried again with the next number.
ATTEMPTS = 5
#: As much of a content hash as people are shown.
HASH_CHARS = 12
#: Whoever did one of these has had a hand in what the issue says.
_EDITING = (Action.EDITED, Action.EXCLUDED, Action.MERGED, Action.UNDONE)


class ReadsOtherwise(ChangedMeanwhile):
    """The issue reads otherwise than what was looked at. Look at it again, then approve it."""


class OwnWork(BadInput):
    """Whoever edited an issue may not approve it."""


class HeldBack(BadInput):
    """The issue cannot be approved as it is."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        sentences = ["The issue is held back.", *(each.sentence for each in self.findings)]
        if any(each.severity is Severity.WARNING and not each.firm for each in self.findings):
            sentences.append(
                "Answer the warnings (newsletter answer), or take them as they are (--acknowledge)."
            )
        super().__init__(" ".join(sentences))


def approve(
    app: App,
    issue: Issue,
    by: str,
    *,
    expect: str = "",
    looks: Looks | None = None,
) -> Issue:
    """Freeze and publish the issue as it reads now. Commits.

    `expect` is the content hash of what was looked at: nothing else is approved; an issue that was approved with it
    already is left as it is, so that approving twice is approving once. `looks` are what people see: whoever approves is held
    back by everything that is open there. The schedule, which approves without any, is held back by errors only.

    Raises ConfigError when a setting is missing, BadInput when a key is, HeldBack with what was found, OwnWork, InvalidTransition or
    ChangedMeanwhile when somebody was faster, AlreadyPublished when an item is in another issue.
    """
    if expect and issue.status is not IssueStatus.DRAFT and _is(issue.content_hash or "", expect):
        return issue
    require_ready_to_send(app.settings)
    require_keys(app.settings)
    for _ in range(ATTEMPTS):
        proof = _prove(app, issue, expect, looks)
        try:
            approved = _commit(app, proof, by)
        except IntegrityError:
            # Two approvals in one moment: the constraints let one through. Say who has the item, or try the next number.
            with app.database.read() as connection:
                store.refuse_published(connection, issue.id)
            continue
        if approved is not None:
            return approved
    raise ChangedMeanwhile


def acknowledge_all(app: App, issue: Issue, looks: Looks, by: str) -> None:
    """Acknowledge every open warning on a draft that can be; each stands in the log. Commits.

    Raises ConfigError or BadInput where approval would be refused for what has nothing to do with them.
    """
    require_ready_to_send(app.settings)
    require_keys(app.settings)
    if issue.status is not IssueStatus.DRAFT:
        return
    for each in open_of(with_answers(app, issue, looks.of(issue).findings)):
        if each.finding.severity is Severity.WARNING and not each.finding.firm:
            acknowledge(app, issue, each.finding, by)


def _prove(app: App, issue: Issue, expect: str, looks: Looks | None) -> Proof:
    """The issue as it is about to be approved, compiled once and found in order."""
    issue.after(Step.APPROVE)
    stamp = looks.disputes.open().stamp if looks is not None else ""
    proof = pull_proof(app, issue)
    if looks is not None:
        holding = open_of(with_answers(app, issue, looks.of(issue).findings))
    else:
        found = with_answers(app, issue, look_at_mail(app, proof))
        holding = tuple(each for each in found if each.holds_back)
    if holding:
        raise HeldBack(each.finding for each in holding)
    if expect and not _is(proof.content_hash, expect):
        raise ReadsOtherwise
    if looks is not None and (looks.disputes.open().stamp, looks.of(issue).proof.content_hash) != (
        stamp,
        proof.content_hash,
    ):
        # Claims came in between: what was read of them above may be of either time.
        raise ReadsOtherwise
    return proof


def _is(content_hash: str, expect: str) -> bool:
    """Whether that is the hash, or enough of its beginning to be no other's."""
    return len(expect) >= HASH_CHARS and content_hash.startswith(expect.lower())


def _commit(app: App, proof: Proof, by: str) -> Issue | None:
    """The approved issue; None when its number has gone to another one meanwhile."""
    now, frozen = app.clock.now(), proof.frozen
    if frozen is None:
        raise BadInput(proof.trouble)
    with app.database.write() as connection:
        store.lock_edition(connection, proof.issue.edition)
        if store.next_number(connection, proof.issue.edition) != proof.number:
            return None
        if has_own_work(connection, app.settings, proof.issue, by):
            raise OwnWork(f"{by} has edited issue {proof.issue.label}, so somebody else has to approve it.")
        approved = store.take_step(
            connection,
            proof.issue,
            Step.APPROVE,
            now,
            number=proof.number,
            approved_at=now,
            approved_by=by,
            content_hash=proof.content_hash,
        )
        if approved.edition is Edition.WEEKLY:
            store.publish(connection, approved.id)
        store.freeze(connection, approved.id, frozen)
        tell_errata(connection, approved.id, [each.erratum_id for each in proof.letter.corrections])
        said = f"as {approved.label}, content {proof.content_hash[:12]}"
        record_action(connection, by=by, action=Action.APPROVED, issue_id=approved.id, detail=said, at=now)
    return approved


def has_own_work(connection: Connection, settings: Settings, issue: Issue, by: str) -> bool:
    """Whether somebody may not approve the issue because they edited it (desk.four_eyes)."""
    return settings.desk.four_eyes and by in who_did(connection, issue.id, [each.value for each in _EDITING])


def withdraw(app: App, issue: Issue, by: str = COMMAND_LINE) -> Issue:
    """Make a draft of an approved issue again: its number, its publications and what was frozen are let go. Commits."""
    now = app.clock.now()
    with app.database.write() as connection:
        current = store.get_issue(connection, issue.id)
        drafted = store.take_step(
            connection,
            current,
            Step.WITHDRAW,
            now,
            number=None,
            approved_at=None,
            approved_by=None,
            content_hash=None,
        )
        store.release(connection, issue.id)
        untell_errata(connection, issue.id)
        store.delete_frozen(connection, issue.id)
        record_action(connection, by=by, action=Action.WITHDRAWN, issue_id=issue.id, at=now)
    return drafted


def cancel(app: App, issue: Issue, reason: str, by: str = COMMAND_LINE) -> Issue:
    """Cancel the issue for good; whoever still waits for it is skipped. Commits.

    What dead senders left is settled first: nobody else would, since no sender is started for a cancelled issue. Unless somebody may have a copy already, its items wait for the next issue and its number is given again.
    """
    now = app.clock.now()
    take_over_dead(app.database, issue.id, app.settings.path(app.settings.paths.journal), now)
    with app.database.write() as connection:
        current = store.get_issue(connection, issue.id)
        # The step comes first: senders look at the status in the transaction in which they begin a window.
        store.take_step(connection, current, Step.CANCEL, now, reason=reason)
        skip_waiting(connection, issue.id, now)
        if not may_have_arrived(connection, issue.id):
            store.release(connection, issue.id)
            untell_errata(connection, issue.id)
            take_number_back(connection, issue.id)
        record_action(connection, by=by, action=Action.CANCELLED, issue_id=issue.id, detail=reason, at=now)
        return store.get_issue(connection, issue.id)

"""Approving an issue: what goes out is compiled, checked, frozen and published. And undoing it: withdrawing, cancelling."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection, exists, select, update
from sqlalchemy.exc import IntegrityError

from newsletter.app import App
from newsletter.commands import suggest
from newsletter.config import Settings
from newsletter.db.schema import deliveries, issues
from newsletter.db.statuses import DeliveryStatus, IssueStatus
from newsletter.delivery.store import skip_waiting
from newsletter.delivery.takeover import take_over_dead
from newsletter.digest import store
from newsletter.digest.edition import EDITIONS
from newsletter.digest.errata import tell_errata, untell_errata
from newsletter.digest.issues import Issue, Step
from newsletter.editing.audit import COMMAND_LINE, Action, record_action, who_did
from newsletter.editing.cache import DeskCache
from newsletter.editing.checks.answers import acknowledge, open_of, with_answers
from newsletter.editing.checks.findings import Finding, Severity
from newsletter.editing.checks.run import check_without_facts
from newsletter.editing.compiled import CompiledIssue, compile_issue
from newsletter.errors import BadInput, ChangedMeanwhile
from newsletter.readers.links import draw_salt

#: Approvals that meet another issue's approval at the same moment are tried again with the next number.
ATTEMPTS = 5
#: As much of a content hash as people are shown.
HASH_CHARS = 12
#: Whoever did one of these has had a hand in what the issue says.
_EDITING = (Action.EDITED, Action.EXCLUDED, Action.MERGED, Action.UNDONE)
#: A copy in one of these states is with its reader, or may be.
_WITH_READERS = (DeliveryStatus.BEGUN, DeliveryStatus.ACCEPTED, DeliveryStatus.UNSURE)


class ReadsOtherwise(ChangedMeanwhile):
    """The issue reads otherwise than what was looked at. Look at it again, then approve it."""


class OwnWork(BadInput):
    """Whoever edited an issue may not approve it."""


class ApprovalBlocked(BadInput):
    """The issue cannot be approved as it is."""

    def __init__(self, issue: Issue, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        sentences = ["The issue cannot be approved yet.", *(each.sentence for each in self.findings)]
        if any(each.severity is Severity.WARNING and not each.firm for each in self.findings):
            sentences.append(
                f"Answer the warnings ({suggest('check', issue.id)} says how), or take them as they are (--acknowledge)."
            )
        super().__init__(" ".join(sentences))


def approve(app: App, issue: Issue, by: str, *, expect: str = "", cache: DeskCache | None = None) -> Issue:
    """Freeze and publish the issue as it reads now. Commits.

    `expect` is the content hash of what was looked at: nothing else is approved; an issue that was approved with it
    already is left as it is, so that approving twice is approving once. With a `cache`, which has what people see, everything that
    is open there blocks the approval. The schedule approves without one: only errors block it.

    Raises ConfigError when a setting is missing, BadInput when a key is, ApprovalBlocked with what was found, OwnWork, InvalidTransition or
    ChangedMeanwhile when somebody was faster, AlreadyPublished when an item is in another issue.
    """
    if expect and issue.status is not IssueStatus.DRAFT and _is(issue.content_hash or "", expect):
        return issue
    app.require_ready()
    for _ in range(ATTEMPTS):
        compiled = _compile(app, issue, expect, cache)
        try:
            approved = _commit(app, compiled, by)
        except IntegrityError:
            # Two approvals in one moment: the constraints let one through. Say who has the item, or try the next number.
            with app.database.read() as connection:
                store.refuse_published(connection, issue.id)
            continue
        if approved is not None:
            return approved
    raise ChangedMeanwhile


def acknowledge_all(app: App, issue: Issue, cache: DeskCache, by: str) -> None:
    """Acknowledge every open warning on a draft that can be; each stands in the log. Commits.

    Raises ConfigError or BadInput where approval would be refused for what has nothing to do with them.
    """
    app.require_ready()
    if issue.status is not IssueStatus.DRAFT:
        return
    for each in open_of(with_answers(app, issue, cache.checked(issue).findings)):
        if each.severity is Severity.WARNING and not each.firm:
            acknowledge(app, issue, each, by)


def _compile(app: App, issue: Issue, expect: str, cache: DeskCache | None) -> CompiledIssue:
    """Compile the issue as it is about to be approved; raises ApprovalBlocked, ReadsOtherwise."""
    issue.after(Step.APPROVE)
    stamp = cache.contradictions.open().stamp if cache is not None else ""
    compiled = compile_issue(app, issue)
    if cache is not None:
        blocking = open_of(with_answers(app, issue, cache.checked(issue).findings))
    else:
        found = with_answers(app, issue, check_without_facts(app, compiled))
        blocking = tuple(each for each in found if each.blocks_approval)
    if blocking:
        raise ApprovalBlocked(issue, blocking)
    if expect and not _is(compiled.content_hash, expect):
        raise ReadsOtherwise
    if cache is not None:
        # Claims may come in between: what was read of them above would be of either time.
        seen = (cache.contradictions.open().stamp, cache.checked(issue).compiled.content_hash)
        if seen != (stamp, compiled.content_hash):
            raise ReadsOtherwise
    return compiled


def _is(content_hash: str, expect: str) -> bool:
    """Return whether that is the hash, or enough of its beginning to be no other's."""
    return len(expect) >= HASH_CHARS and content_hash.startswith(expect.lower())


def _commit(app: App, compiled: CompiledIssue, by: str) -> Issue | None:
    """Approve the issue; return None when its number has gone to another one meanwhile."""
    now, issue, frozen = app.clock.now(), compiled.issue, compiled.frozen
    if frozen is None:
        raise BadInput(str(compiled.fault))
    with app.database.write() as connection:
        store.lock_edition(connection, issue.edition)
        if store.next_number(connection, issue.edition) != compiled.number:
            return None
        if has_own_work(connection, app.settings, issue, by):
            raise OwnWork(f"{by} has edited issue {issue.label}, so somebody else has to approve it.")
        approved = store.take_step(
            connection,
            issue,
            Step.APPROVE,
            now,
            number=compiled.number,
            approved_at=now,
            approved_by=by,
            content_hash=compiled.content_hash,
        )
        if EDITIONS[approved.edition].has_items:
            store.publish(connection, approved.id)
        store.freeze(connection, approved.id, replace(frozen, salt=draw_salt()))
        tell_errata(connection, approved.id, [each.erratum_id for each in compiled.letter.corrections])
        detail = f"as {approved.label}, content {compiled.content_hash[:HASH_CHARS]}"
        record_action(connection, by=by, action=Action.APPROVED, issue_id=approved.id, detail=detail, at=now)
    app.marks.note(issue_id=approved.id, numbers={approved.edition: compiled.number})
    return approved


def has_own_work(connection: Connection, settings: Settings, issue: Issue, by: str) -> bool:
    """Return whether somebody may not approve the issue because they edited it (desk.four_eyes)."""
    return settings.desk.four_eyes and by in who_did(connection, issue.id, _EDITING)


def withdraw(app: App, issue: Issue, by: str = COMMAND_LINE) -> Issue:
    """Make an approved issue a draft again: its number, its publications and what was frozen are let go. Commits."""
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

    What dead senders left is settled first: nobody else would, since no sender is started for a cancelled issue. Unless
    somebody may have a copy already, its items wait for the next issue and its number is given again.
    """
    now = app.clock.now()
    take_over_dead(app.database, issue.id, app.settings.path(app.settings.paths.journal), now)
    with app.database.write() as connection:
        current = store.get_issue(connection, issue.id)
        # The step comes first: senders look at the status in the transaction in which they begin a window.
        store.take_step(connection, current, Step.CANCEL, now, reason=reason)
        skip_waiting(connection, issue.id, now)
        arrived = exists().where(deliveries.c.issue_id == issue.id, deliveries.c.status.in_(_WITH_READERS))
        if not connection.execute(select(arrived)).scalar():
            store.release(connection, issue.id)
            untell_errata(connection, issue.id)
            connection.execute(update(issues).where(issues.c.id == issue.id).values(number=None))
        record_action(connection, by=by, action=Action.CANCELLED, issue_id=issue.id, detail=reason, at=now)
        return store.get_issue(connection, issue.id)

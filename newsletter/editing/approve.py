"""Approving an issue: what goes out is compiled, checked, frozen and published, in one transaction. And undoing it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from newsletter.config import require_ready_to_send
from newsletter.db.statuses import Edition
from newsletter.delivery.store import skip_the_rest
from newsletter.digest import store
from newsletter.digest.issues import Issue, Step
from newsletter.digest.letter_json import letter_to_json
from newsletter.digest.record import record_to_json
from newsletter.digest.store import Frozen
from newsletter.editing.checks import Finding, examine
from newsletter.editing.letters import EVERYBODY, written_letter, written_record
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.store import may_have_arrived, take_number_back
from newsletter.errors import BadInput, ChangedMeanwhile
from newsletter.readers.keys import require_keys

#: Approvals that meet another issue's approval at the same moment are tried again with the next number.
ATTEMPTS = 5


class HeldBack(BadInput):
    """The issue cannot be approved as it is."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("The issue is held back. " + " ".join(each.sentence for each in self.findings))


@dataclass(frozen=True, slots=True)
class _Prepared:
    """An issue ready to be approved under a number."""

    issue: Issue
    number: int
    frozen: Frozen


def approve(newsroom: Newsroom, issue: Issue, by: str) -> Issue:
    """Freeze and publish the issue as it reads now. Commits.

    Raises ConfigError when a setting is missing, BadInput when a key is, HeldBack with the errors found, InvalidTransition or
    ChangedMeanwhile when somebody was faster, AlreadyPublished when an item is in another issue.
    """
    require_ready_to_send(newsroom.settings)
    require_keys(newsroom.settings)
    for _ in range(ATTEMPTS):
        prepared = _prepare(newsroom, issue)
        try:
            approved = _commit(newsroom, prepared, by)
        except IntegrityError:
            # Two approvals in one moment: the constraints let one through. Say who has the item, or try the next number.
            with newsroom.database.read() as connection:
                store.refuse_published(connection, issue.id)
            continue
        if approved is not None:
            return approved
    raise ChangedMeanwhile


def hash_of(frozen: Frozen) -> str:
    """SHA-256 over everything that was approved: plans, the letter with its subject, its record, From, public URL; hex."""
    parts = [frozen.letter.encode(), frozen.sender.encode(), frozen.record.encode()]
    for name, plan in sorted(frozen.plans.items()):
        parts += [name.encode(), plan]
    whole = hashlib.sha256()
    for part in parts:
        whole.update(b"%d:%b," % (len(part), part))
    return whole.hexdigest()


def _prepare(newsroom: Newsroom, issue: Issue) -> _Prepared:
    issue.after(Step.APPROVE)
    letter, number = written_letter(newsroom, issue)
    examined = examine(newsroom, letter)
    if examined.errors or examined.plan is None:
        raise HeldBack(examined.errors)
    frozen = Frozen(
        letter=letter_to_json(letter),
        sender=newsroom.frame.to_json(),
        plans={EVERYBODY: examined.plan.to_bytes()},
        record=record_to_json(written_record(newsroom, issue)),
    )
    return _Prepared(issue, number, frozen)


def _commit(newsroom: Newsroom, prepared: _Prepared, by: str) -> Issue | None:
    """The approved issue; None when its number has gone to another one meanwhile."""
    now = newsroom.clock.now()
    with newsroom.database.write() as connection:
        store.lock_edition(connection, prepared.issue.edition)
        if store.next_number(connection, prepared.issue.edition) != prepared.number:
            return None
        approved = store.take_step(
            connection,
            prepared.issue,
            Step.APPROVE,
            now,
            number=prepared.number,
            approved_at=now,
            approved_by=by,
            content_hash=hash_of(prepared.frozen),
        )
        if approved.edition is Edition.WEEKLY:
            store.publish(connection, approved.id)
        store.freeze(connection, approved.id, prepared.frozen)
    return approved


def withdraw(newsroom: Newsroom, issue: Issue) -> Issue:
    """Make a draft of an approved issue again: its number, its publications and what was frozen are let go. Commits."""
    with newsroom.database.write() as connection:
        current = store.get_issue(connection, issue.id)
        drafted = store.take_step(
            connection,
            current,
            Step.WITHDRAW,
            newsroom.clock.now(),
            number=None,
            approved_at=None,
            approved_by=None,
            content_hash=None,
        )
        store.release(connection, issue.id)
        store.thaw(connection, issue.id)
    return drafted


def cancel(newsroom: Newsroom, issue: Issue, reason: str) -> Issue:
    """Cancel the issue for good; whoever still waits for it is skipped. Commits.

    Unless somebody may have a copy already, its items wait for the next issue and its number is given again.
    """
    now = newsroom.clock.now()
    with newsroom.database.write() as connection:
        current = store.get_issue(connection, issue.id)
        # The step comes first: senders look at the status in the transaction in which they begin a window.
        store.take_step(connection, current, Step.CANCEL, now, reason=reason)
        skip_the_rest(connection, issue.id, now)
        if not may_have_arrived(connection, issue.id):
            store.release(connection, issue.id)
            take_number_back(connection, issue.id)
        return store.get_issue(connection, issue.id)

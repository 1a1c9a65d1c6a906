"""The queries of the digest on `subscribers.db`: issues, their items, publications, frozen plans, rulings.

Nothing here commits: the caller opens the transaction. Every step and edit is a conditional UPDATE on status and
version, so that of two processes only one gets through, on SQLite and PostgreSQL alike.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from newsletter.commands import suggest
from newsletter.db.schema import (
    chosen_quotes,
    exclusions,
    installation,
    issues,
    items,
    plans,
    publications,
    rulings,
    snapshots,
)
from newsletter.db.statuses import Edition, ExclusionReach, IssueStatus, ItemKind, Room
from newsletter.digest.clicks import IssueLink, links_of, put_links
from newsletter.digest.issues import Issue, Item, ItemKey, Step, steps_from
from newsletter.errors import AlreadyPublished, ChangedMeanwhile, InvalidTransition, NotFound
from newsletter.schedule.slots import Slot

# ── issues ─────────────────────────────────────────────────────────────────────────────────────────────


def get_issue(connection: Connection, issue_id: int) -> Issue:
    """Return the issue; raises NotFound."""
    found = _find(connection, issues.c.id == issue_id)
    if found is None:
        raise NotFound("issue", issue_id, f"List them with: {suggest('issues')}")
    return found


def find_issue_of_slot(connection: Connection, edition: Edition, slot: str) -> Issue | None:
    return _find(connection, and_(issues.c.edition == edition, issues.c.slot == slot))


def next_issue_at(connection: Connection, slots: Iterable[Slot], edition: Edition, now: datetime) -> datetime:
    """Return when the next issue is due: the first time that is chosen for one, or of a slot whose issue can still go out.

    `slots` are those to come. One on hold goes out when somebody releases it: nothing is promised of it.
    """
    going = (IssueStatus.DRAFT, IssueStatus.APPROVED)
    waits = and_(issues.c.edition == edition, issues.c.status.in_(going), issues.c.held_at.is_(None))
    soonest = select(func.min(issues.c.send_at)).where(waits, issues.c.send_at > now)
    chosen: datetime | None = connection.execute(soonest).scalar_one()
    for slot in slots:
        if chosen is not None and chosen <= slot.at:
            return chosen
        if find_issue_of_slot(connection, edition, slot.name) is None:
            return slot.at
    raise AssertionError("a schedule has no last slot")


def find_issue_by_number(connection: Connection, edition: Edition, number: int) -> Issue | None:
    return _find(connection, and_(issues.c.edition == edition, issues.c.number == number))


def find_latest_issue(connection: Connection) -> Issue | None:
    """Return the issue that was drafted last."""
    rows = connection.execute(select(issues).order_by(issues.c.id.desc()).limit(1)).mappings()
    return next((Issue(**row) for row in rows), None)


def list_issues(connection: Connection, limit: int | None = None) -> tuple[Issue, ...]:
    """List issues, the newest first."""
    query = select(issues).order_by(issues.c.id.desc()).limit(limit)
    return tuple(Issue(**row) for row in connection.execute(query).mappings())


def _find(connection: Connection, where: ColumnElement[bool]) -> Issue | None:
    row = connection.execute(select(issues).where(where)).mappings().one_or_none()
    return None if row is None else Issue(**row)


def add_issue(
    connection: Connection,
    *,
    edition: Edition,
    slot: str,
    cutoff_at: datetime,
    send_at: datetime,
    now: datetime,
) -> Issue:
    """Insert a draft; raises IntegrityError when the edition has an issue for this slot."""
    values = {
        "edition": edition,
        "slot": slot,
        "status": IssueStatus.DRAFT,
        "cutoff_at": cutoff_at,
        "send_at": send_at,
        "created_at": now,
        "updated_at": now,
    }
    # SQLite gives the next number after the highest that is there: not one that a restored database has forgotten.
    last, given = connection.execute(
        select(
            select(func.max(issues.c.id)).scalar_subquery(), select(installation.c.issue_id).scalar_subquery()
        )
    ).one()
    if (given or 0) > (last or 0):
        values["id"] = given + 1
    added = connection.execute(insert(issues).values(values).returning(issues.c.id)).scalar_one()
    return get_issue(connection, added)


def take_step(connection: Connection, issue: Issue, step: Step, now: datetime, **changes: Any) -> Issue:
    """Move the issue and set `changes`; raises InvalidTransition, or ChangedMeanwhile for an older `issue`."""
    return _update(connection, issue, now, {"status": issue.after(step), **changes}, step)


def change_draft(connection: Connection, issue: Issue, now: datetime, **changes: Any) -> Issue:
    """Set fields of a draft; raises InvalidTransition when it is none, ChangedMeanwhile for an older `issue`."""
    if issue.status is not IssueStatus.DRAFT:
        raise _not_a_draft(issue)
    return _update(connection, issue, now, changes, None)


def require_draft(connection: Connection, issue: Issue) -> Issue:
    """Return the issue if it is a draft and as it is given; raises as `change_draft` does."""
    current = get_issue(connection, issue.id)
    if current.status is not IssueStatus.DRAFT:
        raise _not_a_draft(current)
    if current.version != issue.version:
        raise _changed(current)
    return current


def _update(
    connection: Connection, issue: Issue, now: datetime, changes: Mapping[str, Any], step: Step | None
) -> Issue:
    unchanged = and_(
        issues.c.id == issue.id, issues.c.version == issue.version, issues.c.status == issue.status
    )
    values = {**changes, "version": issue.version + 1, "updated_at": now}
    if connection.execute(update(issues).where(unchanged).values(values)).rowcount == 1:
        return get_issue(connection, issue.id)
    current = get_issue(connection, issue.id)
    if step is not None:
        current.after(step)
    elif current.status is not IssueStatus.DRAFT:
        raise _not_a_draft(current)
    raise _changed(issue)


def _changed(issue: Issue) -> ChangedMeanwhile:
    return ChangedMeanwhile(f"Somebody changed issue {issue.label} meanwhile. Look again, then repeat.")


def set_held(connection: Connection, issue: Issue, held_at: datetime | None, now: datetime) -> Issue:
    """Hold back an issue that has not begun to go out, or let it go at its time again (None).

    Raises InvalidTransition when it has begun, ChangedMeanwhile for an older `issue`.
    """
    if issue.status not in (IssueStatus.DRAFT, IssueStatus.APPROVED):
        wanted = "be held" if held_at else "be scheduled"
        raise InvalidTransition(
            "issue", issue.label, issue.status, wanted, ", ".join(steps_from(issue.status))
        )
    return _update(connection, issue, now, {"held_at": held_at}, None)


def _not_a_draft(issue: Issue) -> InvalidTransition:
    return InvalidTransition(
        "issue", issue.label, issue.status, "be edited", ", ".join(steps_from(issue.status))
    )


def lock_edition(connection: Connection, edition: Edition) -> None:
    """Let one approval or draft of the edition work at a time (SQLite's write lock does so by itself)."""
    query = select(issues.c.id).where(issues.c.edition == edition).order_by(issues.c.id).with_for_update()
    connection.execute(query).all()


def lock_issue(connection: Connection, issue_id: int) -> None:
    """Let one edit of the issue work at a time (SQLite's write lock does so by itself)."""
    connection.execute(select(issues.c.id).where(issues.c.id == issue_id).with_for_update()).all()


def next_number(connection: Connection, edition: Edition) -> int:
    """Return the number that the edition's next approved issue gets."""
    query = select(func.max(issues.c.number)).where(issues.c.edition == edition)
    given = select(installation.c[edition.value])
    return max(connection.execute(each).scalar() or 0 for each in (query, given)) + 1


def set_archived(connection: Connection, issue_id: int, archived: bool) -> bool:
    """Show the issue on the web, or not; False when it was so before."""
    statement = update(issues).where(issues.c.id == issue_id, issues.c.archived != archived)
    return connection.execute(statement.values(archived=archived)).rowcount == 1


def cutoff_before(connection: Connection, edition: Edition, issue_id: int | None = None) -> datetime | None:
    """Return the last cutoff of any approved issue of the edition other than this one, whatever became of it, or None."""
    query = select(func.max(issues.c.cutoff_at)).where(
        issues.c.edition == edition, issues.c.number.is_not(None)
    )
    if issue_id is not None:
        query = query.where(issues.c.id != issue_id)
    found: datetime | None = connection.execute(query).scalar()
    return found


# ── items and publications ─────────────────────────────────────────────────────────────────────────────


def items_of(connection: Connection, issue_id: int) -> tuple[Item, ...]:
    """Return what the issue says, room by room in reading order."""
    found = _read(connection, select(*_COLUMNS).where(items.c.issue_id == issue_id))
    return tuple(sorted(found, key=_reading_order))


def put_items(connection: Connection, issue_id: int, chosen: Iterable[Item]) -> None:
    """Replace the issue's items."""
    connection.execute(delete(items).where(items.c.issue_id == issue_id))
    _insert_items(connection, issue_id, chosen)


def unavailable(
    connection: Connection, issue_id: int | None = None, kinds: Collection[ItemKind] = tuple(ItemKind)
) -> frozenset[ItemKey]:
    """Return what an issue (`issue_id`, None for a new one) must not take: published, excluded, or in another draft."""
    other = issues.c.id != issue_id if issue_id is not None else issues.c.id.is_not(None)
    held = (
        select(items.c.kind, items.c.key)
        .join(issues, issues.c.id == items.c.issue_id)
        .where(issues.c.edition == Edition.WEEKLY, issues.c.status == IssueStatus.DRAFT, other)
        .where(items.c.kind.in_(kinds))
    )
    excluded = select(exclusions.c.kind, exclusions.c.key).where(
        or_(exclusions.c.reach == ExclusionReach.FOR_EVER, exclusions.c.issue_id == issue_id),
        exclusions.c.kind.in_(kinds),
    )
    published = select(publications.c.kind, publications.c.key).where(publications.c.kind.in_(kinds))
    return frozenset(
        ItemKey(kind, key)
        for query in (published, excluded, held)
        for kind, key in connection.execute(query).all()
    )


def publish(connection: Connection, issue_id: int) -> None:
    """Record the issue's items as published; raises AlreadyPublished, naming one that is elsewhere."""
    mine = select(items.c.kind, items.c.key, items.c.issue_id).where(items.c.issue_id == issue_id)
    refuse_published(connection, issue_id)
    connection.execute(insert(publications).from_select(["kind", "key", "issue_id"], mine))


def published_elsewhere(connection: Connection, issue_id: int, kind: ItemKind) -> frozenset[str]:
    """Return the keys of this kind that other issues have published."""
    query = select(publications.c.key).where(publications.c.kind == kind, publications.c.issue_id != issue_id)
    return frozenset(connection.execute(query).scalars())


def refuse_published(connection: Connection, issue_id: int) -> None:
    """Raise AlreadyPublished when another issue has published one of this issue's items."""
    same = and_(items.c.kind == publications.c.kind, items.c.key == publications.c.key)
    query = (
        select(publications.c.kind, publications.c.key, publications.c.issue_id)
        .join(items, same)
        .where(items.c.issue_id == issue_id)
        .order_by(publications.c.kind, publications.c.key)
        .limit(1)
    )
    for kind, key, other in connection.execute(query):
        raise AlreadyPublished(ItemKey(kind, key), get_issue(connection, other).label)


def release(connection: Connection, issue_id: int) -> None:
    """Take the issue's publications back: its items wait for the next issue."""
    connection.execute(delete(publications).where(publications.c.issue_id == issue_id))


# ── what approval freezes ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """An approved issue as stored: the letter, its record and the sender's side as JSON, and each variant's plan."""

    letter: str
    sender: str
    plans: Mapping[str, bytes]
    #: What the mail had no room for (ArchiveDetails of details.py); empty for none.
    record: str = ""
    #: Where its numbered links lead; none where clicks are not counted.
    links: tuple[IssueLink, ...] = ()
    #: What the issue's number means outside (newsletter/readers/links.py); each approval draws another.
    salt: int = 0


def freeze(connection: Connection, issue_id: int, frozen: Frozen) -> None:
    """Store what was approved in place of anything approved before."""
    delete_frozen(connection, issue_id)
    values = {
        "issue_id": issue_id,
        "letter": frozen.letter,
        "sender": frozen.sender,
        "record": frozen.record,
        "salt": frozen.salt,
    }
    connection.execute(insert(snapshots).values(values))
    rows = [
        {"issue_id": issue_id, "variant": name, "plan": plan} for name, plan in sorted(frozen.plans.items())
    ]
    connection.execute(insert(plans), rows)
    put_links(connection, issue_id, frozen.links, frozen.salt)


def delete_frozen(connection: Connection, issue_id: int) -> None:
    """Forget what an approval stored."""
    put_links(connection, issue_id, ())
    for table in (plans, snapshots):
        connection.execute(delete(table).where(table.c.issue_id == issue_id))


def get_frozen(connection: Connection, issue_id: int) -> Frozen:
    """Return what was approved; raises NotFound before approval."""
    snapshot = connection.execute(select(snapshots).where(snapshots.c.issue_id == issue_id)).one_or_none()
    if snapshot is None:
        raise NotFound("approved content of issue", issue_id)
    stored = connection.execute(select(plans.c.variant, plans.c.plan).where(plans.c.issue_id == issue_id))
    return Frozen(
        letter=snapshot.letter,
        sender=snapshot.sender,
        plans={row.variant: row.plan for row in stored},
        record=snapshot.record,
        links=links_of(connection, issue_id),
        salt=snapshot.salt,
    )


# ── rulings ────────────────────────────────────────────────────────────────────────────────────────────


def rulings_on(connection: Connection, tool_ids: Iterable[str]) -> dict[str, dict[str, str | None]]:
    """Return the editor's rulings by tool and attribute; a claim's id, or None to leave the figure out."""
    found: dict[str, dict[str, str | None]] = {}
    query = select(rulings.c.tool_id, rulings.c.attribute, rulings.c.claim_id)
    for tool_id, attribute, claim_id in connection.execute(
        query.where(rulings.c.tool_id.in_(tuple(tool_ids)))
    ):
        found.setdefault(tool_id, {})[attribute] = claim_id
    return found


# The queries on a draft's contents: the few items that it shows, what an edit changes, what it keeps out or quotes.
#
# Nothing here commits. An issue may have tens of thousands of items in its overflow line: nothing here reads them all.

#: Keys in one query: databases limit how many there may be.
MOST_KEYS = 200

_COLUMNS = tuple(each for each in items.c if each is not items.c.issue_id)
_ROOMS = {room: place for place, room in enumerate(Room)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenQuote:
    """The sentence of a review that an editor has a comparison quote."""

    comparison_id: str
    review_id: str
    words: str


def read_shown_items(connection: Connection, issue_id: int, most: int) -> tuple[Item, ...]:
    """Return what the issue shows, in reading order, and at most so many of what its overflow line names."""
    # Named one by one, since no index finds what is not something.
    rooms = [room for room in Room if room is not Room.OVERFLOW]
    here = select(*_COLUMNS).where(items.c.issue_id == issue_id, items.c.room.in_(rooms))
    shown = sorted(_read(connection, here), key=_reading_order)
    return (*shown, *first_of_overflow(connection, issue_id, most))


def count_overflow(connection: Connection, issue_id: int) -> int:
    """Count the items in the overflow line."""
    there = (items.c.issue_id == issue_id, items.c.room == Room.OVERFLOW)
    return connection.execute(select(func.count()).select_from(items).where(*there)).scalar_one()


def first_of_overflow(
    connection: Connection,
    issue_id: int,
    most: int,
    kinds: Iterable[ItemKind] = tuple(ItemKind),
    *,
    pinned: bool | None = None,
) -> tuple[Item, ...]:
    """Return the first of the overflow line, of these kinds; only pinned ones, or only others, where that is said."""
    found: list[Item] = []
    for kind in kinds:
        here = (items.c.issue_id == issue_id, items.c.room == Room.OVERFLOW, items.c.kind == kind)
        query = select(*_COLUMNS).where(*here).order_by(items.c.position, items.c.key).limit(most)
        found += _read(connection, query if pinned is None else query.where(items.c.pinned == pinned))
    return tuple(sorted(found, key=_reading_order)[:most])


def lowest_of_overflow(connection: Connection, issue_id: int) -> int:
    """Return the position of the first in the overflow line; 0 where it is empty."""
    lowest = [each.position for each in first_of_overflow(connection, issue_id, 1)]
    return min(lowest, default=0)


def is_taken(connection: Connection, issue_id: int, key: ItemKey) -> bool:
    """Return whether another issue has published it, or another draft has it."""
    same = and_(publications.c.kind == key.kind, publications.c.key == key.key)
    published = exists().where(same, publications.c.issue_id != issue_id)
    held = exists().where(
        items.c.kind == key.kind,
        items.c.key == key.key,
        items.c.issue_id == issues.c.id,
        issues.c.status == IssueStatus.DRAFT,
        issues.c.id != issue_id,
    )
    return bool(connection.execute(select(or_(published, held))).scalar())


def read_items(connection: Connection, issue_id: int, keys: Iterable[ItemKey]) -> dict[ItemKey, Item]:
    """Return those of these that the issue has."""
    wanted, found = list(dict.fromkeys(keys)), dict[ItemKey, Item]()
    for kind in ItemKind:
        named = [each.key for each in wanted if each.kind is kind]
        for start in range(0, len(named), MOST_KEYS):
            here = (items.c.issue_id == issue_id, items.c.kind == kind)
            query = select(*_COLUMNS).where(*here, items.c.key.in_(named[start : start + MOST_KEYS]))
            found.update((each.item_key, each) for each in _read(connection, query))
    return found


def change_items(connection: Connection, issue_id: int, changes: Mapping[ItemKey, Item | None]) -> None:
    """Put items in the place of those with the same keys; None takes one out."""
    one = and_(items.c.kind == bindparam("old_kind"), items.c.key == bindparam("old_key"))
    if changes:
        old = [{"old_kind": each.kind, "old_key": each.key} for each in changes]
        connection.execute(delete(items).where(items.c.issue_id == issue_id, one), old)
    _insert_items(connection, issue_id, (each for each in changes.values() if each is not None))


def exclusions_of(connection: Connection, issue_id: int) -> dict[ItemKey, ExclusionReach]:
    """Return what was taken out of this issue, and for how long, the last taken first."""
    query = select(exclusions.c.kind, exclusions.c.key, exclusions.c.reach)
    query = query.where(exclusions.c.issue_id == issue_id).order_by(exclusions.c.id.desc())
    return {ItemKey(kind, key): reach for kind, key, reach in connection.execute(query)}


def change_exclusions(
    connection: Connection, issue_id: int, changes: Mapping[ItemKey, ExclusionReach | None], at: datetime
) -> None:
    """Keep items out, or with None no longer."""
    for key, reach in changes.items():
        same = and_(exclusions.c.kind == key.kind, exclusions.c.key == key.key)
        connection.execute(delete(exclusions).where(exclusions.c.issue_id == issue_id, same))
        if reach is not None:
            row = {"kind": key.kind, "key": key.key, "reach": reach, "issue_id": issue_id, "at": at}
            connection.execute(insert(exclusions).values(row))


def quotes_of(connection: Connection, issue_id: int) -> tuple[ChosenQuote, ...]:
    """Return the sentences that an editor chose for this issue."""
    columns = (each for each in chosen_quotes.c if each is not chosen_quotes.c.issue_id)
    query = select(*columns).where(chosen_quotes.c.issue_id == issue_id)
    rows = connection.execute(query.order_by(chosen_quotes.c.comparison_id, chosen_quotes.c.review_id))
    return tuple(ChosenQuote(**row) for row in rows.mappings())


def change_quotes(
    connection: Connection, issue_id: int, changes: Mapping[tuple[str, str], ChosenQuote | None]
) -> None:
    """Quote these sentences, by comparison and review; None: the computed one again."""
    for (comparison_id, review_id), chosen in changes.items():
        connection.execute(
            delete(chosen_quotes).where(
                chosen_quotes.c.issue_id == issue_id,
                chosen_quotes.c.comparison_id == comparison_id,
                chosen_quotes.c.review_id == review_id,
            )
        )
        if chosen is not None:
            row = {"comparison_id": comparison_id, "review_id": review_id, "words": chosen.words}
            connection.execute(insert(chosen_quotes).values(issue_id=issue_id, **row))


def _insert_items(connection: Connection, issue_id: int, added: Iterable[Item]) -> None:
    rows = [{"issue_id": issue_id, **asdict(each)} for each in added]
    if rows:
        connection.execute(insert(items), rows)


def _reading_order(item: Item) -> tuple[int, int, str, str]:
    return _ROOMS[item.room], item.position, item.kind, item.key


def _read(connection: Connection, query: Select[*tuple[object, ...]]) -> tuple[Item, ...]:
    return tuple(Item(**row) for row in connection.execute(query).mappings())

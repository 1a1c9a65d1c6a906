"""What each edit of a draft changed, as it was and as it became: so that it can be undone, and redone.

An edit is one `DraftChange`, written with the issue's next version in one transaction; an older version is refused. Undoing is
an edit too: the next version, whoever does it. What may be edited is in edits.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, Select, and_, insert, select, update

from newsletter.app import App
from newsletter.db.schema import revisions
from newsletter.db.statuses import ExclusionReach, RevisionState
from newsletter.digest import store
from newsletter.digest.issues import Issue, Item, ItemKey
from newsletter.digest.store import ChosenQuote
from newsletter.editing.audit import Action, record_action
from newsletter.errors import BadInput

#: As much of an edit's description as is kept.
MOST_CHARS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRevision:
    """One edit, of the issue's version `version`; `what` says in words what was done."""

    issue_id: int
    version: int
    by: str
    at: datetime
    what: str
    state: RevisionState


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftChange:
    """What changes in a draft. None takes away: the item, the exclusion, the chosen sentence.

    `texts` are fields of the issue: subject, preheader, note, bottom_line.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    cutoff_at: datetime | None = None
    items: tuple[tuple[ItemKey, Item | None], ...] = ()
    exclusions: tuple[tuple[ItemKey, ExclusionReach | None], ...] = ()
    quotes: tuple[tuple[tuple[str, str], ChosenQuote | None], ...] = ()


_CHANGE = TypeAdapter(DraftChange)
_LISTED = tuple(revisions.c[name] for name in DraftRevision.__dataclass_fields__)


def list_revisions(connection: Connection, issue_id: int, most: int = 20) -> tuple[DraftRevision, ...]:
    """List what was done to the issue, undoing and redoing among it, the newest first."""
    query = select(*_LISTED).where(revisions.c.issue_id == issue_id)
    return _read(connection, query.order_by(revisions.c.id.desc()).limit(most))


def list_edits(connection: Connection, issue_id: int, most: int) -> tuple[DraftRevision, ...]:
    """List the same without undoing and redoing: each edit says itself whether it holds."""
    edits = and_(revisions.c.issue_id == issue_id, revisions.c.state != RevisionState.STEP)
    return _read(connection, select(*_LISTED).where(edits).order_by(revisions.c.id.desc()).limit(most))


def revisions_since(connection: Connection, issue_id: int, version: int) -> tuple[DraftRevision, ...]:
    """List what was done to the issue since this version of it, the oldest first."""
    later = and_(revisions.c.issue_id == issue_id, revisions.c.version >= version)
    return _read(connection, select(*_LISTED).where(later).order_by(revisions.c.id))


def _read(connection: Connection, query: Select[*tuple[object, ...]]) -> tuple[DraftRevision, ...]:
    return tuple(DraftRevision(**row) for row in connection.execute(query).mappings())


def is_done(connection: Connection, issue: Issue, request: str) -> bool:
    """Return whether this very request was already answered, for this very version of the issue."""
    asked = select(revisions.c.request).where(
        revisions.c.issue_id == issue.id, revisions.c.version == issue.version
    )
    return bool(request) and connection.execute(asked).scalar() == request


def commit_change(
    connection: Connection,
    issue: Issue,
    change: DraftChange,
    *,
    by: str,
    what: str,
    action: Action = Action.EDITED,
    request: str = "",
    at: datetime,
) -> Issue:
    """Write an edit, described by `what`; return the issue as it is then, the same one where nothing changes.

    `request` is a hash of what was asked for: asked twice of one version, it is done once. Raises InvalidTransition when the
    issue is no draft any more, ChangedMeanwhile for an older `issue`.
    """
    change = _without_same(change, _before(connection, issue, change))
    if change == DraftChange():
        # Whoever looked at an older version learns of that even where this changes nothing.
        return store.require_draft(connection, issue)
    before = _before(connection, issue, change)
    # What was undone cannot be redone after another edit.
    undone = and_(revisions.c.issue_id == issue.id, revisions.c.state == RevisionState.UNDONE)
    connection.execute(update(revisions).where(undone).values(state=RevisionState.GONE))
    _add(connection, issue, by, what, action, request, at, before=before, after=change)
    return _write(connection, issue, change, at)


def undo(app: App, issue: Issue, *, by: str, request: str = "") -> Issue:
    """Take the last edit back that holds. Commits; raises BadInput where there is none, else as `commit_change`."""
    return _step(app, issue, by, request, RevisionState.DONE)


def redo(app: App, issue: Issue, *, by: str, request: str = "") -> Issue:
    """Do again what was undone last. Commits; raises as `undo`."""
    return _step(app, issue, by, request, RevisionState.UNDONE)


def _step(app: App, issue: Issue, by: str, request: str, wanted: RevisionState) -> Issue:
    undoing = wanted is RevisionState.DONE
    at = app.clock.now()
    # Undone is the last edit that holds, redone the first that does not.
    order = revisions.c.id.desc() if undoing else revisions.c.id
    query = select(revisions).where(revisions.c.issue_id == issue.id, revisions.c.state == wanted)
    with app.database.write() as connection:
        store.lock_issue(connection, issue.id)
        if is_done(connection, issue, request):
            return store.get_issue(connection, issue.id)
        store.require_draft(connection, issue)
        found = connection.execute(query.order_by(order).limit(1)).first()
        if found is None:
            raise BadInput(f"There is nothing to {'undo' if undoing else 'do again'}.")
        state = RevisionState.UNDONE if undoing else RevisionState.DONE
        connection.execute(update(revisions).where(revisions.c.id == found.id).values(state=state))
        words = f"{'Undone' if undoing else 'Done again'}: {found.what}"
        _add(connection, issue, by, words, Action.UNDONE, request, at)
        change = _CHANGE.validate_json(found.before if undoing else found.after)
        return _write(connection, issue, change, at)


def _before(connection: Connection, issue: Issue, change: DraftChange) -> DraftChange:
    """Return what the change would change, as it is before."""
    stored = store.read_items(connection, issue.id, (key for key, _ in change.items))
    excluded = store.exclusions_of(connection, issue.id)
    quoted = {(each.comparison_id, each.review_id): each for each in store.quotes_of(connection, issue.id)}
    return DraftChange(
        texts={name: str(getattr(issue, name)) for name in change.texts},
        cutoff_at=None if change.cutoff_at is None else issue.cutoff_at,
        items=tuple((key, stored.get(key)) for key, _ in change.items),
        exclusions=tuple((key, excluded.get(key)) for key, _ in change.exclusions),
        quotes=tuple((key, quoted.get(key)) for key, _ in change.quotes),
    )


def _without_same(change: DraftChange, before: DraftChange) -> DraftChange:
    return DraftChange(
        texts={name: text for name, text in change.texts.items() if before.texts[name] != text},
        cutoff_at=None if change.cutoff_at == before.cutoff_at else change.cutoff_at,
        items=tuple(each for each in change.items if each not in before.items),
        exclusions=tuple(each for each in change.exclusions if each not in before.exclusions),
        quotes=tuple(each for each in change.quotes if each not in before.quotes),
    )


def _write(connection: Connection, issue: Issue, change: DraftChange, at: datetime) -> Issue:
    cutoff = {} if change.cutoff_at is None else {"cutoff_at": change.cutoff_at}
    changed = store.change_draft(connection, issue, at, **dict(change.texts), **cutoff)
    store.change_items(connection, issue.id, dict(change.items))
    store.change_exclusions(connection, issue.id, dict(change.exclusions), at)
    store.change_quotes(connection, issue.id, dict(change.quotes))
    return changed


def _add(
    connection: Connection,
    issue: Issue,
    by: str,
    what: str,
    action: Action,
    request: str,
    at: datetime,
    *,
    before: DraftChange | None = None,
    after: DraftChange | None = None,
) -> None:
    """Write down an edit, or without `after` a step back or forth."""
    row = {
        "issue_id": issue.id,
        "version": issue.version,
        "by": by,
        "at": at,
        "what": what[:MOST_CHARS],
        "state": RevisionState.STEP if after is None else RevisionState.DONE,
        "before": "" if before is None else _CHANGE.dump_json(before).decode(),
        "after": "" if after is None else _CHANGE.dump_json(after).decode(),
        "request": request,
    }
    connection.execute(insert(revisions), row)
    record_action(connection, by=by, action=action, issue_id=issue.id, detail=what[:MOST_CHARS], at=at)

"""What each edit of a draft changed, as it was and as it became: so that it can be undone, and done again.

An edit is one `Patch`, written with the issue's next version in one transaction; an older version is refused. Undoing is an
edit too: the next version, whoever does it. What may be edited is in edits.py; the queries are in revisions_store.py.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, Select, and_, insert, select, update

from newsletter.app import App
from newsletter.db.schema import revisions
from newsletter.db.statuses import ExclusionReach, RevisionState
from newsletter.digest import store
from newsletter.digest import store as draft_store
from newsletter.digest.issues import Issue, Item, ItemKey
from newsletter.digest.store import ChosenQuote
from newsletter.editing.audit import Action, record_action
from newsletter.errors import BadInput

# The queries on revisions: what was done to a draft, and whether it still holds. Nothing here commits.


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One edit, of the issue's version `version`. `before` and `after` are patches as JSON; see `revisions` in db/schema/drafting.py."""

    issue_id: int
    version: int
    by: str
    at: datetime
    what: str
    state: RevisionState
    before: str
    after: str
    request: str
    #: 0 before it is stored.
    id: int = 0


def add_revision(connection: Connection, revision: Revision) -> None:
    values = {name: value for name, value in asdict(revision).items() if name != "id"}
    connection.execute(insert(revisions).values(values))


def find_revision(connection: Connection, issue_id: int, version: int) -> Revision | None:
    """The edit of this version, or None."""
    where = and_(revisions.c.issue_id == issue_id, revisions.c.version == version)
    return next(iter(_read(connection, select(revisions).where(where))), None)


def find_next(connection: Connection, issue_id: int, wanted: RevisionState) -> Revision | None:
    """What is undone next: the last edit that is DONE; or done again next: the first that is UNDONE."""
    order = revisions.c.id if wanted is RevisionState.UNDONE else revisions.c.id.desc()
    query = select(revisions).where(revisions.c.issue_id == issue_id, revisions.c.state == wanted)
    return next(iter(_read(connection, query.order_by(order).limit(1))), None)


def list_revisions(connection: Connection, issue_id: int, most: int) -> tuple[Revision, ...]:
    """The last ones, the newest first, without their patches."""
    query = _light().where(revisions.c.issue_id == issue_id).order_by(revisions.c.id.desc()).limit(most)
    return _read(connection, query)


def list_edits(connection: Connection, issue_id: int, most: int) -> tuple[Revision, ...]:
    """The same without the steps back and forth: each edit says itself whether it holds."""
    edits = and_(revisions.c.issue_id == issue_id, revisions.c.state != RevisionState.STEP)
    return _read(connection, _light().where(edits).order_by(revisions.c.id.desc()).limit(most))


def revisions_since(connection: Connection, issue_id: int, version: int) -> tuple[Revision, ...]:
    """The edits of this version and of later ones, the oldest first, without their patches."""
    where = and_(revisions.c.issue_id == issue_id, revisions.c.version >= version)
    return _read(connection, _light().where(where).order_by(revisions.c.id))


def set_state(connection: Connection, revision_id: int, state: RevisionState) -> None:
    connection.execute(update(revisions).where(revisions.c.id == revision_id).values(state=state))


def forget_undone(connection: Connection, issue_id: int) -> None:
    """What was undone cannot be done again after another edit."""
    undone = and_(revisions.c.issue_id == issue_id, revisions.c.state == RevisionState.UNDONE)
    connection.execute(update(revisions).where(undone).values(state=RevisionState.GONE))


def _light() -> Select[*tuple[object, ...]]:
    return select(*(each for each in revisions.c if each.name not in ("before", "after")))


def _read(connection: Connection, query: Select[*tuple[object, ...]]) -> tuple[Revision, ...]:
    nothing = {"before": "", "after": ""}
    return tuple(Revision(**{**nothing, **row}) for row in connection.execute(query).mappings())


#: How many words of an edit's description the log keeps.
MOST_CHARS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """What changes in a draft. None takes away: the item, the exclusion, the chosen sentence.

    `texts` are fields of the issue: subject, preheader, note, bottom_line.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    cutoff_at: datetime | None = None
    items: tuple[tuple[ItemKey, Item | None], ...] = ()
    exclusions: tuple[tuple[ItemKey, ExclusionReach | None], ...] = ()
    quotes: tuple[tuple[tuple[str, str], ChosenQuote | None], ...] = ()

    @property
    def is_empty(self) -> bool:
        return self == Patch()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Who edits, what that is in words and in the log, and what was asked for (a hash): asked twice, it is done once."""

    by: str
    what: str
    action: Action = Action.EDITED
    request: str = ""


_PATCH = TypeAdapter(Patch)


def is_done(connection: Connection, issue: Issue, request: str) -> bool:
    """Whether this very request was already answered, for this very version of the issue."""
    found = find_revision(connection, issue.id, issue.version)
    return bool(request) and found is not None and found.request == request


def commit_patch(connection: Connection, issue: Issue, patch: Patch, deed: Deed, at: datetime) -> Issue:
    """Write an edit; the issue as it is then, the same one where nothing changes.

    Raises InvalidTransition when it is no draft any more, ChangedMeanwhile for an older `issue`.
    """
    patch = _without_same(patch, _now(connection, issue, patch))
    if patch.is_empty:
        # Whoever looked at an older version learns of that even where this changes nothing.
        return store.require_draft(connection, issue)
    before = _now(connection, issue, patch)
    forget_undone(connection, issue.id)
    _add(connection, issue, deed, at, before=before, after=patch)
    return _write(connection, issue, patch, at)


def history(connection: Connection, issue_id: int, most: int = 20) -> tuple[Revision, ...]:
    """What was done to the issue, the last first."""
    return list_revisions(connection, issue_id, most)


def since(connection: Connection, issue_id: int, version: int) -> tuple[Revision, ...]:
    """What was done to the issue since a version of it, the first first."""
    return revisions_since(connection, issue_id, version)


def undo(app: App, issue: Issue, *, by: str, request: str = "") -> Issue:
    """Take the last edit back that holds. Commits; raises BadInput where there is none, else as `commit_patch`."""
    return _step(app, issue, by, request, RevisionState.DONE)


def redo(app: App, issue: Issue, *, by: str, request: str = "") -> Issue:
    """Do again what was undone last. Commits; raises as `undo`."""
    return _step(app, issue, by, request, RevisionState.UNDONE)


def _step(app: App, issue: Issue, by: str, request: str, wanted: RevisionState) -> Issue:
    undoing = wanted is RevisionState.DONE
    at = app.clock.now()
    with app.database.write() as connection:
        store.lock_issue(connection, issue.id)
        if is_done(connection, issue, request):
            return store.get_issue(connection, issue.id)
        store.require_draft(connection, issue)
        found = find_next(connection, issue.id, wanted)
        if found is None:
            raise BadInput(f"There is nothing to {'undo' if undoing else 'do again'}.")
        patch = _PATCH.validate_json(found.before if undoing else found.after)
        now = RevisionState.UNDONE if undoing else RevisionState.DONE
        set_state(connection, found.id, now)
        words = f"{'Undone' if undoing else 'Done again'}: {found.what}"
        deed = Deed(by=by, what=words, action=Action.UNDONE, request=request)
        _add(connection, issue, deed, at, before=None, after=None)
        return _write(connection, issue, patch, at)


def _now(connection: Connection, issue: Issue, patch: Patch) -> Patch:
    """What the patch would change, as it is before."""
    stored = draft_store.read_items(connection, issue.id, (key for key, _ in patch.items))
    excluded = draft_store.exclusions_of(connection, issue.id)
    quoted = {
        (each.comparison_id, each.review_id): each for each in draft_store.quotes_of(connection, issue.id)
    }
    return Patch(
        texts={name: str(getattr(issue, name)) for name in patch.texts},
        cutoff_at=None if patch.cutoff_at is None else issue.cutoff_at,
        items=tuple((key, stored.get(key)) for key, _ in patch.items),
        exclusions=tuple((key, excluded.get(key)) for key, _ in patch.exclusions),
        quotes=tuple((key, quoted.get(key)) for key, _ in patch.quotes),
    )


def _without_same(patch: Patch, before: Patch) -> Patch:
    return Patch(
        texts={name: text for name, text in patch.texts.items() if before.texts[name] != text},
        cutoff_at=None if patch.cutoff_at == before.cutoff_at else patch.cutoff_at,
        items=tuple(each for each in patch.items if each not in before.items),
        exclusions=tuple(each for each in patch.exclusions if each not in before.exclusions),
        quotes=tuple(each for each in patch.quotes if each not in before.quotes),
    )


def _write(connection: Connection, issue: Issue, patch: Patch, at: datetime) -> Issue:
    fields = dict(patch.texts)
    cutoff = {} if patch.cutoff_at is None else {"cutoff_at": patch.cutoff_at}
    changed = store.change_draft(connection, issue, at, **fields, **cutoff)
    draft_store.change_items(connection, issue.id, dict(patch.items))
    draft_store.change_exclusions(connection, issue.id, dict(patch.exclusions), at)
    draft_store.change_quotes(connection, issue.id, dict(patch.quotes))
    return changed


def _add(
    connection: Connection,
    issue: Issue,
    deed: Deed,
    at: datetime,
    *,
    before: Patch | None,
    after: Patch | None,
) -> None:
    what = deed.what[:MOST_CHARS]
    add_revision(
        connection,
        Revision(
            issue_id=issue.id,
            version=issue.version,
            by=deed.by,
            at=at,
            what=what,
            state=RevisionState.STEP if after is None else RevisionState.DONE,
            before="" if before is None else _PATCH.dump_json(before).decode(),
            after="" if after is None else _PATCH.dump_json(after).decode(),
            request=deed.request,
        ),
    )
    record_action(connection, by=deed.by, action=deed.action, issue_id=issue.id, detail=what, at=at)

"""The queries on revisions: what was done to a draft, and whether it still holds. Nothing here commits."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, and_, insert, select, update

from newsletter.db.schema import revisions
from newsletter.db.statuses import RevisionState


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

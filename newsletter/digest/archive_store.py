"""The queries of the archive: which issues it shows, and what approval froze of them."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, select

from newsletter.db.schema import issues, snapshots
from newsletter.digest.archived import SHOWN, ArchivedIssue
from newsletter.digest.letter_json import letter_from_json
from newsletter.digest.record import record_from_json

#: Each visitor to the archive asks it; putting it together takes longer than running it.
_SHOWN = (
    select(issues.c.id, issues.c.content_hash)
    .where(issues.c.status.in_(SHOWN), issues.c.archived, issues.c.content_hash.is_not(None))
    .order_by(issues.c.started_at.desc(), issues.c.id.desc())
)


def shown_hashes(connection: Connection) -> dict[int, str]:
    """The content hashes of the issues that are shown, by id, the newest first."""
    return {row.id: row.content_hash for row in connection.execute(_SHOWN)}


def read_issues(connection: Connection, issue_ids: Sequence[int]) -> Iterator[ArchivedIssue]:
    """These issues, in this order, as they were approved."""
    columns = (
        issues.c[name] for name in ("id", "edition", "number", "started_at", "content_hash", "archived")
    )
    query = select(*columns, snapshots.c.letter, snapshots.c.record).join(snapshots)
    for issue_id in issue_ids:
        row = connection.execute(query.where(issues.c.id == issue_id)).mappings().one_or_none()
        if row is not None:
            stored = dict(row)
            letter, record = stored.pop("letter"), stored.pop("record")
            yield ArchivedIssue(**stored, letter=letter_from_json(letter), record=record_from_json(record))

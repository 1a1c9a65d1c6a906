"""What readers voted from the mail: totals by comparison and tool, in the documented table `reader_votes`.

Written once, when voting on a comparison closes; who voted is not known here. The community's totals on the site are
another thing (`votes`).
"""

import json
from collections.abc import Iterable, Iterator
from csv import DictWriter
from dataclasses import asdict, fields
from datetime import datetime
from io import StringIO
from sqlite3 import Row

from newsletter.content.model import ReaderVotes
from newsletter.content.opening import writing
from newsletter.content.rows import moment, moment_text
from newsletter.content.store import ContentStore, listed

#: The source under which these totals stand in an issue.
SOURCE = "reader-votes"


def record_reader_votes(store: ContentStore, totals: Iterable[ReaderVotes], *, source_name: str) -> int:
    """Keep what was not kept before, in one transaction; how many totals that were.

    Totals of what the store does not know, since it was made anew, are dropped.
    """
    with writing(store.db):
        rows = [_row(each) for each in totals]
        added = sum(store.db.conn.execute(_INSERT, row).rowcount for row in rows)
        if added:
            today = max(row["closed_at"] for row in rows)[:10]
            store.db.conn.execute(_SOURCE, {"id": SOURCE, "name": source_name, "seen_on": today})
    return added


def reader_votes(
    store: ContentStore,
    comparison_ids: Iterable[str] | None = None,
    *,
    since: datetime | None = None,
    before: datetime | None = None,
) -> tuple[ReaderVotes, ...]:
    """The totals, of these comparisons or of all, that were closed from `since` on and before a moment."""
    limits = {
        "since": "" if since is None else moment_text(since),
        "before": "~" if before is None else moment_text(before),
    }
    query = _ALL if comparison_ids is None else f"{_ALL} {_OF_COMPARISONS}"
    ids = {} if comparison_ids is None else {"ids": listed(comparison_ids)}
    return tuple(_totals(store.db.conn.execute(f"{query} {_ORDER}", limits | ids)))


def votes_text(store: ContentStore, *, as_json: bool) -> str:
    """All totals as a CSV or JSON file for the site, the first closed first."""
    records = [asdict(each) | {"closed_at": moment_text(each.closed_at)} for each in reader_votes(store)]
    if as_json:
        return json.dumps(records, indent=1) + "\n"
    file = StringIO()
    writer = DictWriter(file, [each.name for each in fields(ReaderVotes)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return file.getvalue()


def _totals(rows: Iterable[Row]) -> Iterator[ReaderVotes]:
    for row in rows:
        yield ReaderVotes(
            comparison_id=row["comparison_id"],
            tool_id=row["tool_id"],
            ship=row["ship"],
            skip=row["skip"],
            closed_at=moment(row["closed_at"]),
        )


def _row(total: ReaderVotes) -> dict[str, str]:
    return {
        "comparison_id": total.comparison_id,
        "tool_id": total.tool_id,
        "ship": str(total.ship),
        "skip": str(total.skip),
        "closed_at": moment_text(total.closed_at),
    }


_INSERT = """
INSERT INTO reader_votes (comparison_id, tool_id, ship, skip, closed_at)
SELECT :comparison_id, :tool_id, CAST(:ship AS INTEGER), CAST(:skip AS INTEGER), :closed_at
WHERE EXISTS (SELECT 1 FROM comparisons WHERE id = :comparison_id)
  AND EXISTS (SELECT 1 FROM tools WHERE id = :tool_id)
ON CONFLICT DO NOTHING
"""
_SOURCE = """
INSERT INTO sources (id, name, url, ours, published_on, seen_on) VALUES (:id, :name, '', 1, NULL, :seen_on)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, seen_on = excluded.seen_on
"""
_ALL = "SELECT * FROM reader_votes WHERE closed_at >= :since AND closed_at < :before"
_OF_COMPARISONS = "AND comparison_id IN (SELECT value FROM json_each(:ids))"
_ORDER = "ORDER BY closed_at, comparison_id, rowid"

"""What the steps of one import share: the database, the moment, and what the ids of the pack are in the store."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from sqlite3 import Row

from sqlite_utils import Database

from newsletter.content.pack import Pack, Record
from newsletter.content.references import Where
from newsletter.content.rows import moment_text

Values = dict[str, str | int | None]


@dataclass(slots=True, kw_only=True)
class Writer:
    """One import under way, inside its transaction."""

    db: Database
    pack: Pack
    #: The moment of the import, as text.
    now: str
    #: The source of records that name none.
    own_source: str
    #: Says where a field of the pack stands in somebody's file.
    where: Where
    #: Ids of the store by ids of the pack, where they differ.
    tool_ids: dict[str, str] = field(default_factory=dict)
    comparison_ids: dict[str, str] = field(default_factory=dict)
    #: The sources that are ours.
    ours: frozenset[str] = frozenset()
    #: When the tools and comparisons that the store knows were first and last seen, by table.
    sightings: defaultdict[str, list[Values]] = field(default_factory=lambda: defaultdict(list))
    added: Counter[str] = field(default_factory=Counter)
    changed: int = 0

    def source_id(self, entry: Record) -> str:
        """The source of a record; the check of references has seen that there is one."""
        return entry.source or self.own_source

    def tool_id(self, tool: str) -> str:
        return self.tool_ids.get(tool, tool)

    def rows(self, query: str, ids: Iterable[str]) -> list[Row]:
        """The rows of a query about many ids, given as one JSON parameter `ids`."""
        return self.db.conn.execute(query, {"ids": json.dumps(sorted(set(ids)))}).fetchall()

    def add(self, table: str, rows: Iterable[Mapping[str, str | int | None]]) -> None:
        """Insert new rows and count them."""
        listed = [dict(row) for row in rows]
        if listed:
            self.db.table(table).insert_all(listed)
            self.added[table] += len(listed)

    def seen(self, moment: datetime | None) -> str:
        """The moment that counts for a record: its own, in an export, or else the import's."""
        return self.now if moment is None else moment_text(moment)

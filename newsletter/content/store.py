"""Reading `content.db`: what the digest, the desk and the command line ask of it. Writing is in `record`.

Every read is a constant number of queries, whatever the number of ids. Records about an alias are returned as
records about its tool.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from sqlite3 import Row
from types import TracebackType
from typing import TypeVar

from newsletter.content import rows
from newsletter.content.current import Stated, current
from newsletter.content.model import (
    Benchmark,
    Claim,
    Comparison,
    ComparisonHead,
    Note,
    Offer,
    Question,
    Review,
    Revision,
    Source,
    Tool,
    ToolHead,
    Verdict,
    Votes,
)
from newsletter.content.opening import open_for_reading, open_for_writing
from newsletter.content.pack import Pack
from newsletter.content.record import ImportCounts, record
from newsletter.content.references import Where, in_pack
from newsletter.content.reviews import fold_reviews
from newsletter.errors import NotFound

T = TypeVar("T")


class ContentStore:
    """The content store at `path`, made and migrated where needed. One object per thread; close it, or use `with`."""

    def __init__(self, path: Path) -> None:
        self.db = open_for_writing(path)

    @classmethod
    def read_only(cls, path: Path) -> "ContentStore":
        """The same, for reading an existing store."""
        store = cls.__new__(cls)
        store.db = open_for_reading(path)
        return store

    def __enter__(self) -> "ContentStore":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.db.close()

    def import_pack(
        self, pack: Pack, seen_at: datetime, *, where: Where = in_pack, dry_run: bool = False
    ) -> ImportCounts:
        """Write a pack, all of it or nothing; a pack that was imported before changes nothing.

        Raises BadInput for what refers to nothing; `where` says at which place of a file a field stands.
        """
        return record(self.db, pack, seen_at, where=where, dry_run=dry_run)

    def comparison_heads(self, before: datetime | None = None) -> Iterator[ComparisonHead]:
        """Comparisons first seen before a moment (None: all), the oldest first."""
        names = self._aliases()
        for row in self._rows(_COMPARISON_HEADS, before=_limit(before)):
            left_id, right_id = (
                names.get(row["left_id"], row["left_id"]),
                names.get(row["right_id"], row["right_id"]),
            )
            if left_id != right_id:
                yield ComparisonHead(
                    id=row["id"],
                    left_id=left_id,
                    right_id=right_id,
                    published_on=rows.day(row["published_on"]),
                    first_seen_at=rows.moment(row["first_seen_at"]),
                )

    def tool_heads(self, before: datetime | None = None) -> Iterator[ToolHead]:
        """Tools first seen before a moment (None: all), the oldest first."""
        for row in self._rows(_TOOL_HEADS, before=_limit(before)):
            yield ToolHead(
                id=row["id"],
                name=row["name"],
                category=row["category"],
                first_seen_at=rows.moment(row["first_seen_at"]),
            )

    def get_comparison(self, comparison_id: str) -> Comparison:
        """One comparison; raises NotFound."""
        found = self.comparisons([comparison_id])
        if not found:
            raise NotFound("comparison", comparison_id, "Look for it with: newsletter content search WORDS")
        return found[comparison_id]

    def comparisons(self, ids: Iterable[str]) -> dict[str, Comparison]:
        names = self._aliases()
        return {
            row["id"]: rows.to_comparison(
                row, names.get(row["left_id"], row["left_id"]), names.get(row["right_id"], row["right_id"])
            )
            for row in self._rows(_COMPARISONS, ids=listed(ids))
        }

    def get_tool(self, tool_id: str) -> Tool:
        """One tool; raises NotFound."""
        found = self.tools([tool_id])
        if not found:
            raise NotFound("tool", tool_id, "Look for it with: newsletter content search WORDS")
        return found[tool_id]

    def tools(self, ids: Iterable[str]) -> dict[str, Tool]:
        """The tools by the ids asked for; an alias gives its tool."""
        wanted = list(ids)
        names = self._aliases()
        found = {
            row["id"]: rows.to_tool(row)
            for row in self._rows(_TOOLS, ids=listed(names.get(each, each) for each in wanted))
        }
        return {each: found[names.get(each, each)] for each in wanted if names.get(each, each) in found}

    def sources(self, ids: Iterable[str], *, with_text: bool = False) -> dict[str, Source]:
        """The sources by id; their whole last text only on demand, since a week of pages is megabytes."""
        query = _SOURCES_WITH_TEXT if with_text else _SOURCES
        return {row["id"]: rows.to_source(row) for row in self._rows(query, ids=listed(ids))}

    def all_sources(self) -> tuple[Source, ...]:
        """Every source, the last seen first, without its text."""
        return tuple(rows.to_source(row) for row in self._rows(_ALL_SOURCES))

    def reviews(
        self, tool_ids: Iterable[str], *, before: datetime | None = None
    ) -> dict[str, tuple[Review, ...]]:
        """The reviews of each tool: the last of every named reviewer, and all by nobody named."""
        return {
            tool_id: fold_reviews(tool_id, found)
            for tool_id, found in self._by_tool(_RATINGS, tool_ids, before).items()
        }

    def verdicts(
        self, tool_ids: Iterable[str], *, before: datetime | None = None
    ) -> dict[str, tuple[Verdict, ...]]:
        """The history of each tool's verdicts, the oldest first."""
        return {
            tool_id: tuple(rows.to_verdict(row, tool_id) for row in found)
            for tool_id, found in self._by_tool(_VERDICTS, tool_ids, before).items()
        }

    def votes(self, tool_ids: Iterable[str], *, before: datetime | None = None) -> dict[str, Votes]:
        """The last totals of each tool: our site's own, else those of our readers, else those of others."""
        return {
            tool_id: rows.to_votes(found[-1], tool_id)
            for tool_id, found in self._by_tool(_VOTES, tool_ids, before).items()
        }

    def claims(
        self, tool_ids: Iterable[str], *, before: datetime | None = None
    ) -> dict[str, tuple[Claim, ...]]:
        """The claims that hold, for each tool, source and attribute, in the order in which they were first seen."""
        return self._current(_CLAIMS, tool_ids, rows.to_claim, ("source_id", "attribute"), before)

    def offers(
        self, tool_ids: Iterable[str], *, before: datetime | None = None
    ) -> dict[str, tuple[Offer, ...]]:
        """The offers that hold, for each tool, source and provider."""
        return self._current(_OFFERS, tool_ids, rows.to_offer, ("source_id", "provider"), before)

    def benchmarks(self, tool_ids: Iterable[str]) -> dict[str, tuple[Benchmark, ...]]:
        """The results that hold, for each tool, source and test."""
        return self._current(_BENCHMARKS, tool_ids, rows.to_benchmark, ("source_id", "test"))

    def stated_between(self, since: datetime, until: datetime) -> tuple[str, ...]:
        """The tools of which something was known before `since` and something more was seen before `until`."""
        limits = {"since": rows.moment_text(since), "before": rows.moment_text(until)}
        return tuple(row["id"] for row in self._rows(_STATED_BETWEEN, **limits))

    def revisions(self, since: datetime, until: datetime) -> tuple[Revision, ...]:
        """What was described otherwise from `since` on and before `until`, the first seen first."""
        names = self._aliases()
        limits = {"since": rows.moment_text(since), "before": rows.moment_text(until)}
        return tuple(
            rows.to_revision(row, names.get(row["key"], row["key"]))
            for row in self._rows(_REVISIONS, **limits)
        )

    def notes(self, tool_ids: Iterable[str]) -> dict[str, tuple[Note, ...]]:
        """The notes that hold: what each source said last of a tool, for each kind of note."""
        return self._current(_NOTES, tool_ids, rows.to_note, ("source_id", "kind"))

    def questions(
        self, *, comparison_ids: Iterable[str] = (), tool_ids: Iterable[str] = ()
    ) -> tuple[Question, ...]:
        """The questions about any of these, in the order in which they were first seen."""
        names = self._names(tool_ids)
        found = self._rows(_QUESTIONS, comparisons=listed(comparison_ids), tools=listed(names))
        return tuple(rows.to_question(row, names.get(row["tool_id"])) for row in found)

    def _current(
        self,
        query: str,
        tool_ids: Iterable[str],
        make: Callable[[Row, str], T],
        key: tuple[str, ...],
        before: datetime | None = None,
    ) -> dict[str, tuple[T, ...]]:
        """What holds of each (tool, *key), in the order in which the store gives it."""
        found: dict[str, tuple[T, ...]] = {}
        for tool_id, every in self._by_tool(query, tool_ids, before).items():
            stated: dict[Hashable, list[Stated[Row]]] = defaultdict(list)
            for row in every:
                stated[tuple(row[name] for name in key)].append(Stated(row, row["dated"], row["seen_at"]))
            found[tool_id] = tuple(
                make(each.what, tool_id) for group in stated.values() for each in current(group)
            )
        return found

    def _by_tool(
        self, query: str, tool_ids: Iterable[str], before: datetime | None = None
    ) -> dict[str, list[Row]]:
        """Rows about each tool, those of its aliases among them; tools without rows are left out."""
        names = self._names(tool_ids)
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self._rows(query, ids=listed(names), before=_limit(before)):
            found[names[row["tool_id"]]].append(row)
        return dict(found)

    def _names(self, tool_ids: Iterable[str]) -> dict[str, str]:
        """Every id under which records about these tools may stand, and the id that was asked for."""
        wanted = {each: each for each in tool_ids}
        others = {alias: tool_id for alias, tool_id in self._aliases().items() if tool_id in wanted}
        return wanted | others

    def _aliases(self) -> dict[str, str]:
        return {row["alias"]: row["tool_id"] for row in self._rows("SELECT alias, tool_id FROM aliases")}

    def _rows(self, query: str, **parameters: str) -> Iterator[Row]:
        return self.db.conn.execute(query, parameters)


def listed(ids: Iterable[str]) -> str:
    """Ids as one JSON parameter: SQLite limits the number of parameters, not their length."""
    return json.dumps(sorted(set(ids)))


def _limit(before: datetime | None) -> str:
    return "~" if before is None else rows.moment_text(before)


_COMPARISON_HEADS = """
SELECT id, left_id, right_id, published_on, first_seen_at FROM comparisons
WHERE first_seen_at < :before ORDER BY first_seen_at, id
"""
_TOOL_HEADS = """
SELECT id, name, category, first_seen_at FROM tools
WHERE first_seen_at < :before AND id NOT IN (SELECT alias FROM aliases) ORDER BY first_seen_at, id
"""
_COMPARISONS = "SELECT * FROM comparisons WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY number"
_TOOLS = "SELECT * FROM tools WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY number"
_SOURCES = "SELECT *, '' AS text FROM sources WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY id"
_ALL_SOURCES = "SELECT *, '' AS text FROM sources ORDER BY seen_on DESC, id"
_SOURCES_WITH_TEXT = """
SELECT *, coalesce(
    (SELECT text FROM texts WHERE source_id = sources.id ORDER BY seen_at DESC, id LIMIT 1), ''
) AS text
FROM sources WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY id
"""
_RATINGS = """
SELECT reviews.tool_id, reviews.words, ratings.*, sources.ours
FROM reviews JOIN ratings ON ratings.review_id = reviews.id JOIN sources ON sources.id = ratings.source_id
WHERE reviews.tool_id IN (SELECT value FROM json_each(:ids)) AND ratings.seen_at < :before
ORDER BY ratings.seen_at, ratings.rowid
"""
_VERDICTS = """
SELECT * FROM verdicts WHERE tool_id IN (SELECT value FROM json_each(:ids)) AND seen_at < :before
ORDER BY coalesce(as_of, substr(seen_at, 1, 10)), seen_at, line, rowid
"""
_VOTES = """
WITH counted AS (
    SELECT tool_id, ship, skip, source_id, seen_at, line, votes.rowid AS place, 2 * ours AS standing
    FROM votes JOIN sources ON sources.id = votes.source_id
    UNION ALL
    SELECT tool_id, sum(ship), sum(skip), 'reader-votes', max(closed_at), NULL, 0, 1
    FROM reader_votes WHERE closed_at < :before GROUP BY tool_id
)
SELECT * FROM counted
WHERE tool_id IN (SELECT value FROM json_each(:ids)) AND seen_at < :before
ORDER BY standing, seen_at, line, place
"""
_CLAIMS = """
SELECT *, coalesce(verified_on, as_of, '') AS dated FROM claims
WHERE tool_id IN (SELECT value FROM json_each(:ids)) AND seen_at < :before
ORDER BY seen_at, source_id, line, rowid
"""
_OFFERS = """
SELECT *, coalesce(as_of, '') AS dated FROM offers
WHERE tool_id IN (SELECT value FROM json_each(:ids)) AND seen_at < :before
ORDER BY seen_at, source_id, line, rowid
"""
_BENCHMARKS = """
SELECT *, coalesce(as_of, '') AS dated FROM benchmarks
WHERE tool_id IN (SELECT value FROM json_each(:ids)) ORDER BY seen_at, source_id, line, rowid
"""
_NOTES = """
SELECT *, '' AS dated FROM notes WHERE tool_id IN (SELECT value FROM json_each(:ids)) ORDER BY number
"""
_QUESTIONS = """
SELECT * FROM questions
WHERE comparison_id IN (SELECT value FROM json_each(:comparisons))
   OR tool_id IN (SELECT value FROM json_each(:tools))
ORDER BY number
"""
_STATED_BETWEEN = """
WITH said AS (
    SELECT tool_id, seen_at FROM verdicts
    UNION ALL SELECT tool_id, seen_at FROM claims
    UNION ALL SELECT tool_id, seen_at FROM offers
    UNION ALL SELECT tool_id, ratings.seen_at FROM ratings JOIN reviews ON reviews.id = ratings.review_id
)
SELECT coalesce(aliases.tool_id, said.tool_id) AS id
FROM said LEFT JOIN aliases ON aliases.alias = said.tool_id
WHERE seen_at < :before
GROUP BY 1 HAVING min(seen_at) < :since AND max(seen_at) >= :since
ORDER BY 1
"""
_REVISIONS = """
SELECT * FROM revisions WHERE seen_at >= :since AND seen_at < :before ORDER BY seen_at, rowid
"""

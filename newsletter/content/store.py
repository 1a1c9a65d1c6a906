"""Reading `content.db`: what the digest, the desk and the command line ask of it. Writing is in `record`.

Every read is a constant number of queries, whatever the number of ids. Records about an alias are returned as
records about its tool.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from csv import DictWriter
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from io import StringIO
from pathlib import Path
from sqlite3 import Row
from types import TracebackType
from typing import TypeVar

from newsletter.content import records as rows
from newsletter.content.database import open_for_reading, open_for_writing, writing
from newsletter.content.importing import ImportCounts, Where, fold_reviews, in_pack, record
from newsletter.content.records import (
    Benchmark,
    Claim,
    Comparison,
    ComparisonHead,
    Note,
    Offer,
    Pack,
    Question,
    ReaderVotes,
    Review,
    Revision,
    Source,
    Stated,
    Tool,
    ToolHead,
    Verdict,
    Votes,
    current,
    moment,
    moment_text,
)
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


# How every tool stands, light enough for thousands at once: what the digest ranks by before it reads details.
#
# Figures here are for ranking only; what an issue prints is read from the store in full.

#: A tool of which none of these is recorded is a name only, not yet a model to tell readers about.
MODEL_ATTRIBUTES = ("context", "max_output", "input_price", "output_price", "parameters", "licence")


@dataclass(slots=True, kw_only=True)
class Standing:
    """One tool: the panel's share that ships and mean score (0–100, None unknown), and what else is recorded."""

    share: float | None = None
    mean: float | None = None
    #: When the panel first said something.
    judged_at: datetime | None = None
    #: When the first of MODEL_ATTRIBUTES was recorded.
    described_at: datetime | None = None
    #: Whether a price for input and one for output are recorded.
    priced: bool = False

    @property
    def judged(self) -> bool:
        return self.share is not None or self.mean is not None


def standings(store: ContentStore, before: datetime) -> dict[str, Standing]:
    """How each tool stood at that moment, by what had been seen; tools of which nothing is known are missing."""
    found: dict[str, Standing] = {}
    names = aliases(store)

    def standing(row: Row) -> Standing:
        tool_id = row["tool_id"]
        return found.setdefault(names.get(tool_id, tool_id), Standing())

    limit = moment_text(before)
    for row in _rows(store, _RATED, before=limit):
        _rate(standing(row), row)
    for row in _rows(store, _JUDGED, before=limit):
        _judge(standing(row), row)
    for row in _rows(store, _DESCRIBED, before=limit, attributes=json.dumps(MODEL_ATTRIBUTES)):
        _describe(standing(row), row)
    return found


def aliases(store: ContentStore) -> dict[str, str]:
    """Ids that somebody has said mean another tool, and the id of that tool."""
    return {row["alias"]: row["tool_id"] for row in _rows(store, "SELECT alias, tool_id FROM aliases")}


def _rate(standing: Standing, row: Row) -> None:
    standing.mean = row["mean"]
    if row["decided"] == row["reviews"]:
        standing.share = 100 * row["ships"] / row["decided"]
    if standing.judged:
        standing.judged_at = _first(standing.judged_at, row["first"])


def _judge(standing: Standing, row: Row) -> None:
    """Rows come the oldest first, so that the last verdict is what remains."""
    standing.share = row["share"]
    standing.judged_at = _first(standing.judged_at, row["first"])


def _describe(standing: Standing, row: Row) -> None:
    standing.described_at = _first(standing.described_at, row["first"])
    standing.priced = standing.priced or row["prices"] == 2


def _first(known: datetime | None, text: str) -> datetime:
    return moment(text) if known is None else min(known, moment(text))


def _rows(store: ContentStore, query: str, **parameters: str) -> Iterator[Row]:
    return store.db.conn.execute(query, parameters)


_RATED = """
SELECT reviews.tool_id, avg(ratings.score) AS mean, min(ratings.seen_at) AS first,
    count(DISTINCT ratings.review_id) AS reviews,
    count(DISTINCT CASE WHEN ratings.decision IS NOT NULL THEN ratings.review_id END) AS decided,
    count(DISTINCT CASE WHEN ratings.decision = 'ship' THEN ratings.review_id END) AS ships
FROM reviews JOIN ratings ON ratings.review_id = reviews.id
WHERE ratings.seen_at < :before GROUP BY reviews.tool_id
"""
_JUDGED = """
SELECT tool_id, seen_at AS first, coalesce(CAST(share AS REAL), 100.0 * ships / (ships + skips)) AS share
FROM verdicts
WHERE seen_at < :before AND (share IS NOT NULL OR ships + skips > 0)
ORDER BY coalesce(as_of, substr(seen_at, 1, 10)), seen_at, line, id
"""
_DESCRIBED = """
SELECT tool_id, min(seen_at) AS first,
    count(DISTINCT CASE WHEN attribute IN ('input_price', 'output_price') THEN attribute END) AS prices
FROM claims
WHERE attribute IN (SELECT value FROM json_each(:attributes)) AND seen_at < :before
GROUP BY tool_id
"""


# Full-text search over what the store holds.


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Something found: the tool or comparison it is about, and the words around what was searched for."""

    kind: str
    #: The id of the tool or comparison to show.
    id: str
    title: str
    words: str


def search(store: ContentStore, text: str, limit: int = 20) -> tuple[Hit, ...]:
    """What holds all the words of `text`, the best first; none for a text without words."""
    query = store.db.quote_fts(text)
    if not any(letter.isalnum() for letter in text):
        return ()
    found = store.db.conn.execute(_SEARCH, {"query": query, "limit": limit})
    return tuple(Hit(kind=row["kind"], id=row["id"], title=row["title"], words=row["words"]) for row in found)


def find_tools(store: ContentStore, part: str, limit: int) -> tuple[tuple[str, str], ...]:
    """The ids and names of tools whose name or id holds these letters, the shortest name first."""
    escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    named = {"part": f"%{escaped}%", "limit": limit}
    return tuple((row["id"], row["name"]) for row in store.db.conn.execute(_BY_NAME, named))


_BY_NAME = """
SELECT id, name FROM tools
WHERE name LIKE :part ESCAPE '\\' OR id LIKE :part ESCAPE '\\'
ORDER BY length(name), name, id LIMIT :limit
"""


# One bm25 rank per table is not comparable with another's, but names count more than words said about them.
_SEARCH = """
SELECT 'tool' AS kind, tools.id, tools.name AS title,
    snippet(tools_fts, -1, '', '', '…', 16) AS words, 0 AS place, bm25(tools_fts, 9, 3, 3, 3) AS rank
FROM tools_fts JOIN tools ON tools.number = tools_fts.rowid WHERE tools_fts MATCH :query
UNION ALL
SELECT 'comparison', comparisons.id, comparisons.id,
    snippet(comparisons_fts, -1, '', '', '…', 16), 1, bm25(comparisons_fts)
FROM comparisons_fts JOIN comparisons ON comparisons.number = comparisons_fts.rowid
WHERE comparisons_fts MATCH :query
UNION ALL
SELECT 'review', tools.id, tools.name, snippet(reviews_fts, -1, '', '', '…', 16), 2, bm25(reviews_fts)
FROM reviews_fts JOIN reviews ON reviews.number = reviews_fts.rowid JOIN tools ON tools.id = reviews.tool_id
WHERE reviews_fts MATCH :query
UNION ALL
SELECT 'note', tools.id, tools.name, snippet(notes_fts, -1, '', '', '…', 16), 2, bm25(notes_fts)
FROM notes_fts JOIN notes ON notes.number = notes_fts.rowid JOIN tools ON tools.id = notes.tool_id
WHERE notes_fts MATCH :query
UNION ALL
SELECT 'question', coalesce(questions.comparison_id, tools.id), coalesce(tools.name, questions.comparison_id),
    snippet(questions_fts, -1, '', '', '…', 16), 2, bm25(questions_fts)
FROM questions_fts JOIN questions ON questions.number = questions_fts.rowid
LEFT JOIN tools ON tools.id = questions.tool_id
WHERE questions_fts MATCH :query
ORDER BY place, rank LIMIT :limit
"""


# What the pages on a draft ask of `content.db` beside the digest: questions by id, and how much is newer than its cutoff.


def questions_by_id(store: ContentStore, ids: Iterable[str]) -> dict[str, Question]:
    """The questions of these ids that the store has."""
    found = store.db.conn.execute(_QUESTIONS_BY_ID, {"ids": listed(ids)})
    return {row["id"]: rows.to_question(row, row["tool_id"]) for row in found}


def count_newer(store: ContentStore, cutoff_at: datetime) -> int:
    """How many comparisons were first seen from a moment on."""
    [count] = store.db.conn.execute(_NEWER, {"cutoff": rows.moment_text(cutoff_at)}).fetchone()
    return int(count)


_QUESTIONS_BY_ID = "SELECT * FROM questions WHERE id IN (SELECT value FROM json_each(:ids))"
_NEWER = "SELECT count(*) FROM comparisons WHERE first_seen_at >= :cutoff"


# What readers voted from the mail: totals by comparison and tool, in the documented table `reader_votes`.
#
# Written once, when voting on a comparison closes; who voted is not known here. The community's totals on the site are
# another thing (`votes`).

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

"""Reading `content.db`: what the digest, the desk and the command line ask of it. Writing packs is `importing`.

Every read is a constant number of queries, whatever the number of ids. Records about an alias are returned as
records about its tool. How rows become records is in `records`.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from sqlite3 import Row
from types import TracebackType
from typing import TypeVar

from newsletter.commands import suggest
from newsletter.content.database import open_for_reading, open_for_writing, writing
from newsletter.content.importing import PackImport, Where, import_pack, in_pack, last_known
from newsletter.content.records import (
    Benchmark,
    Claim,
    Comparison,
    ComparisonHead,
    Decision,
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
    from_row,
    moment_text,
    to_row,
)
from newsletter.errors import NotFound

T = TypeVar("T")

#: A tool of which none of these is recorded is a name only, not yet a model to tell readers about.
MODEL_ATTRIBUTES = ("context", "max_output", "input_price", "output_price", "parameters", "licence")
#: The source of everything that a sync brings. It is called as the site is called now, whatever it was at the sync.
SITE = "site"
#: The source under which the totals of our readers' votes stand in an issue.
READER_VOTES = "reader-votes"


@dataclass(slots=True, kw_only=True)
class Standing:
    """How a tool stands, for ranking only: the panel's share that ships and mean score (0–100), and what is recorded.

    What is unknown is None. What an issue prints is read from the store in full.
    """

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


@dataclass(slots=True)
class _Rated:
    """A review for ranking: what is known of it by now, and how late it was last rated."""

    tool_id: str
    reviewer: str | None
    score: int | None
    decision: str | None
    first: str
    last: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Something found by a search: the tool or comparison it is about, and the words around what was searched for."""

    kind: str
    #: The id of the tool or comparison to show.
    id: str
    title: str
    words: str


class ContentStore:
    """The content store at `path`, made and migrated where needed. One object per thread; close it, or use `with`.

    `site_name` is what the site is called now; empty: as at its last sync.
    """

    def __init__(self, path: Path, *, site_name: str = "") -> None:
        self.db, self.site_name = open_for_writing(path), site_name

    @classmethod
    def read_only(cls, path: Path, *, site_name: str = "") -> "ContentStore":
        """Open an existing store for reading only."""
        store = cls.__new__(cls)
        store.db, store.site_name = open_for_reading(path), site_name
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
        self,
        pack: Pack,
        seen_at: datetime,
        *,
        where: Where = in_pack,
        dry_run: bool = False,
        watched: bool = False,
    ) -> PackImport:
        """Write a pack, all of it or nothing; a pack that was imported before changes nothing, unless it is `watched`.

        Raises BadInput for what refers to nothing; `where` says at which place of a file a field stands.
        """
        return import_pack(self.db, pack, seen_at, where=where, dry_run=dry_run, watched=watched)

    # Tools, comparisons and sources.

    def comparison_heads(self, before: datetime | None = None) -> Iterator[ComparisonHead]:
        """Return comparisons first seen before a moment (None: all), the oldest first, without those that are gone."""
        names, gone = self.aliases(), self.gone_tools()
        for row in self._rows(_COMPARISON_HEADS, before=_limit(before)):
            sides = _sides(row, names)
            if sides["left_id"] != sides["right_id"] and gone.isdisjoint(sides.values()):
                yield from_row(ComparisonHead, row, **sides)

    def tool_heads(self, before: datetime | None = None) -> Iterator[ToolHead]:
        """Return tools first seen before a moment (None: all), the oldest first, without those that are gone."""
        gone = self.gone_tools()
        found = self._rows(_TOOL_HEADS, before=_limit(before))
        return (from_row(ToolHead, row) for row in found if row["id"] not in gone)

    def gone_tools(self) -> frozenset[str]:
        """Return the tools that the site's own database had and has no longer, under no name."""
        return frozenset(row["id"] for row in self._rows(_GONE_TOOLS))

    def gone_comparisons(self) -> frozenset[str]:
        """Return the comparisons that the site's own database had and has no longer, and those of tools that are gone."""
        gone = self.gone_tools()
        names = self.aliases() if gone else {}
        # Of tens of thousands of comparisons only those are looked at that may be gone.
        found = self._rows(_COMPARED if gone else f"{_COMPARED} WHERE at_site = 'gone'")
        return frozenset(
            row["id"]
            for row in found
            if row["at_site"] == "gone" or not gone.isdisjoint(_sides(row, names).values())
        )

    def count_comparisons_since(self, since: datetime) -> int:
        """Return how many comparisons were first seen from a moment on."""
        [row] = self._rows(_NEWER, since=moment_text(since))
        return int(row["number"])

    def get_comparison(self, comparison_id: str) -> Comparison:
        """Return one comparison; raises NotFound."""
        found = self.comparisons([comparison_id])
        if not found:
            raise NotFound(
                "comparison", comparison_id, f"Look for it with: {suggest('content', 'search', 'WORDS')}"
            )
        return found[comparison_id]

    def comparisons(self, ids: Iterable[str]) -> dict[str, Comparison]:
        names = self.aliases()
        return {
            row["id"]: from_row(Comparison, row, **_sides(row, names))
            for row in self._rows(_COMPARISONS, ids=_listed(ids))
        }

    def get_tool(self, tool_id: str) -> Tool:
        """Return one tool; raises NotFound."""
        found = self.tools([tool_id])
        if not found:
            raise NotFound("tool", tool_id, f"Look for it with: {suggest('content', 'search', 'WORDS')}")
        return found[tool_id]

    def tools(self, ids: Iterable[str]) -> dict[str, Tool]:
        """Return the tools by the ids asked for; an alias gives its tool."""
        wanted = list(ids)
        names = self.aliases()
        found = {
            row["id"]: from_row(Tool, row)
            for row in self._rows(_TOOLS, ids=_listed(names.get(each, each) for each in wanted))
        }
        return {each: found[names.get(each, each)] for each in wanted if names.get(each, each) in found}

    def aliases(self) -> dict[str, str]:
        """Return ids that somebody has said mean another tool, and the id of that tool."""
        return {row["alias"]: row["tool_id"] for row in self._rows("SELECT alias, tool_id FROM aliases")}

    def find_tools(self, part: str, limit: int) -> tuple[tuple[str, str], ...]:
        """Return the ids and names of tools whose name or id holds these letters, the shortest name first."""
        escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        found = self._rows(_TOOLS_BY_LETTERS, part=f"%{escaped}%", limit=limit)
        return tuple((row["id"], row["name"]) for row in found)

    def sources(self, ids: Iterable[str], *, with_text: bool = False) -> dict[str, Source]:
        """Return the sources by id; their whole last text only on demand, since a week of pages is megabytes."""
        query = _SOURCES_WITH_TEXT if with_text else _SOURCES
        return {row["id"]: self._source(row) for row in self._rows(query, ids=_listed(ids))}

    def all_sources(self) -> tuple[Source, ...]:
        """Return every source, the last seen first, without its text."""
        return tuple(map(self._source, self._rows(_ALL_SOURCES)))

    def _source(self, row: Row) -> Source:
        source = from_row(Source, row)
        return replace(source, name=self.site_name) if source.id == SITE and self.site_name else source

    def revisions(self, since: datetime, until: datetime) -> tuple[Revision, ...]:
        """Return what was described otherwise from `since` on and before `until`, the first seen first."""
        names = self.aliases()
        found = self._rows(_REVISIONS, since=moment_text(since), before=moment_text(until))
        return tuple(from_row(Revision, row, key=names.get(row["key"], row["key"])) for row in found)

    def search(self, text: str, limit: int = 20) -> tuple[Hit, ...]:
        """Return what holds all the words of `text`, the best first; none for a text without words."""
        if not any(letter.isalnum() for letter in text):
            return ()
        found = self._rows(_SEARCH, words=self.db.quote_fts(text), limit=limit)
        return tuple(from_row(Hit, row) for row in found)

    # What is stated of tools.

    def reviews(
        self, tool_ids: Iterable[str], *, before: datetime | None = None
    ) -> dict[str, tuple[Review, ...]]:
        """Return the reviews of each tool: the last of every named reviewer, and all by nobody named."""
        return {
            tool_id: fold_reviews(tool_id, found)
            for tool_id, found in self._by_tool(_RATINGS, tool_ids, before).items()
        }

    def reviews_by_source(self, tool_ids: Iterable[str]) -> dict[tuple[str, str], tuple[Review, ...]]:
        """Return the reviews of each tool as each source has them, by tool and source."""
        stated: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for tool_id, found in self._by_tool(_RATINGS, tool_ids).items():
            for row in found:
                stated[tool_id, row["source_id"]].append(row)
        return {key: fold_reviews(key[0], rows) for key, rows in stated.items()}

    def verdicts(
        self, tool_ids: Iterable[str], *, before: datetime | None = None
    ) -> dict[str, tuple[Verdict, ...]]:
        """Return the history of each tool's verdicts, the oldest first."""
        return {
            tool_id: tuple(from_row(Verdict, row, tool_id=tool_id) for row in found)
            for tool_id, found in self._by_tool(_VERDICTS, tool_ids, before).items()
        }

    def votes(self, tool_ids: Iterable[str], *, before: datetime | None = None) -> dict[str, Votes]:
        """Return the last totals of each tool: our site's own, else those of our readers, else those of others."""
        return {
            tool_id: from_row(Votes, found[-1], tool_id=tool_id)
            for tool_id, found in self._by_tool(_VOTES, tool_ids, before).items()
        }

    def claims(
        self, tool_ids: Iterable[str], *, before: datetime | None = None
    ) -> dict[str, tuple[Claim, ...]]:
        """Return the claims that hold, for each tool, source and attribute, in the order in which they were first seen."""
        return self._current(Claim, _CLAIMS, ("source_id", "attribute"), tool_ids, before)

    def offers(
        self, tool_ids: Iterable[str], *, before: datetime | None = None
    ) -> dict[str, tuple[Offer, ...]]:
        """Return the offers that hold, for each tool, source and provider."""
        return self._current(Offer, _OFFERS, ("source_id", "provider"), tool_ids, before)

    def benchmarks(self, tool_ids: Iterable[str]) -> dict[str, tuple[Benchmark, ...]]:
        """Return the results that hold, for each tool, source and test."""
        return self._current(Benchmark, _BENCHMARKS, ("source_id", "test"), tool_ids)

    def notes(self, tool_ids: Iterable[str]) -> dict[str, tuple[Note, ...]]:
        """Return the notes that hold: what each source said last of a tool, for each kind of note."""
        return self._current(Note, _NOTES, ("source_id", "kind"), tool_ids)

    def questions(
        self, *, comparison_ids: Iterable[str] = (), tool_ids: Iterable[str] = ()
    ) -> tuple[Question, ...]:
        """Return the questions about any of these, in the order in which they were first seen."""
        names = self._names(tool_ids)
        found = self._rows(_QUESTIONS, comparisons=_listed(comparison_ids), tools=_listed(names))
        return tuple(from_row(Question, row, tool_id=names.get(row["tool_id"])) for row in found)

    def questions_by_id(self, ids: Iterable[str]) -> dict[str, Question]:
        """Return the questions of these ids that the store has."""
        found = self._rows(_QUESTIONS_BY_ID, ids=_listed(ids))
        return {row["id"]: from_row(Question, row) for row in found}

    def stated_between(self, since: datetime, until: datetime) -> tuple[str, ...]:
        """Return the tools of which something was known before `since` and something more was seen before `until`."""
        found = self._rows(_STATED_BETWEEN, since=moment_text(since), before=moment_text(until))
        return tuple(row["id"] for row in found)

    def standings(self, before: datetime) -> dict[str, Standing]:
        """Return how each tool stood at that moment, by what had been seen.

        Tools of which nothing is known are missing, and those that are gone.

        Light enough for thousands of tools at once: what the digest ranks by before it reads details.
        """
        found: dict[str, Standing] = defaultdict(Standing)
        names = self.aliases()
        limit = moment_text(before)
        for tool_id, reviews in self._rated(limit, names).items():
            rated = found[tool_id]
            scores = [each.score for each in reviews if each.score is not None]
            decisions = [each.decision for each in reviews]
            rated.mean = sum(scores) / len(scores) if scores else None
            if None not in decisions:
                rated.share = 100 * decisions.count(Decision.SHIP) / len(decisions)
            if rated.judged:
                rated.judged_at = datetime.fromisoformat(min(each.first for each in reviews))

        def standing(row: Row) -> Standing:
            return found[names.get(row["tool_id"], row["tool_id"])]

        # Verdicts come the oldest first, so that the last one is what remains.
        for row in self._rows(_JUDGED, before=limit):
            judged = standing(row)
            judged.share = row["share"]
            judged.judged_at = _first(judged.judged_at, row["first"])
        for row in self._rows(_DESCRIBED, before=limit, attributes=json.dumps(MODEL_ATTRIBUTES)):
            described = standing(row)
            described.described_at = _first(described.described_at, row["first"])
            described.priced = described.priced or row["prices"] == 2
        gone = self.gone_tools()
        return {key: each for key, each in found.items() if key not in gone}

    def _rated(self, before: str, names: Mapping[str, str]) -> dict[str, list["_Rated"]]:
        """Return the reviews that hold of each tool, as `fold_reviews` gives them."""
        by_review: dict[str, _Rated] = {}
        for place, row in enumerate(self._rows(_RATED, before=before)):
            tool_id, review_id, reviewer, score, decision, seen_at, ours = row
            known = by_review.get(review_id)
            if known is None:
                tool_id = names.get(tool_id, tool_id)
                by_review[review_id] = _Rated(tool_id, reviewer, score, decision, seen_at, (ours, place))
                continue
            known.reviewer = reviewer if reviewer is not None else known.reviewer
            known.score = score if score is not None else known.score
            known.decision = decision if decision is not None else known.decision
            known.last = max(known.last, (ours, place))
        holding: dict[tuple[str, str], _Rated] = {}
        for review_id, each in by_review.items():
            by = each.tool_id, each.reviewer or review_id
            earlier = holding.get(by)
            if earlier is None or earlier.last < each.last:
                each.first = each.first if earlier is None else min(earlier.first, each.first)
                holding[by] = each
        found: dict[str, list[_Rated]] = defaultdict(list)
        for each in holding.values():
            found[each.tool_id].append(each)
        return found

    # What readers voted from the mail: written once, when voting on a comparison closes; who voted is not known here.
    # The community's totals on the site are another thing (`votes`).

    def record_reader_votes(self, totals: Iterable[ReaderVotes], *, source_name: str) -> int:
        """Keep the totals that were not kept before, in one transaction; return how many that were.

        Totals of what the store does not know, since it was made anew, are dropped.
        """
        with writing(self.db):
            rows = [to_row(each) for each in totals]
            added = sum(self.db.conn.execute(_INSERT_READER_VOTES, row).rowcount for row in rows)
            if added:
                today = max(str(row["closed_at"]) for row in rows)[:10]
                source = {"id": READER_VOTES, "name": source_name, "seen_on": today}
                self.db.conn.execute(_UPSERT_VOTES_SOURCE, source)
        return added

    def reader_votes(
        self,
        comparison_ids: Iterable[str] | None = None,
        *,
        since: datetime | None = None,
        before: datetime | None = None,
    ) -> tuple[ReaderVotes, ...]:
        """Return the totals, of these comparisons or of all, that were closed from `since` on and before a moment."""
        ids = "null" if comparison_ids is None else _listed(comparison_ids)
        earliest = "" if since is None else moment_text(since)
        found = self._rows(_READER_VOTES, ids=ids, since=earliest, before=_limit(before))
        return tuple(from_row(ReaderVotes, row) for row in found)

    def _current(
        self,
        record: Callable[..., T],
        query: str,
        key: tuple[str, ...],
        tool_ids: Iterable[str],
        before: datetime | None = None,
    ) -> dict[str, tuple[T, ...]]:
        """Return what holds of each (tool, *key), in the order in which the store gives it."""
        found: dict[str, tuple[T, ...]] = {}
        for tool_id, every in self._by_tool(query, tool_ids, before).items():
            stated: dict[Hashable, list[Stated[Row]]] = defaultdict(list)
            for row in every:
                stated[tuple(row[name] for name in key)].append(Stated(row, row["dated"], row["seen_at"]))
            found[tool_id] = tuple(
                from_row(record, each.what, tool_id=tool_id)
                for group in stated.values()
                for each in current(group)
            )
        return found

    def _by_tool(
        self, query: str, tool_ids: Iterable[str], before: datetime | None = None
    ) -> dict[str, list[Row]]:
        """Return rows about each tool, those of its aliases among them; tools without rows are left out."""
        names = self._names(tool_ids)
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self._rows(query, ids=_listed(names), before=_limit(before)):
            found[names[row["tool_id"]]].append(row)
        return dict(found)

    def _names(self, tool_ids: Iterable[str]) -> dict[str, str]:
        """Return every id under which records about these tools may stand, and the id that was asked for."""
        wanted = {each: each for each in tool_ids}
        others = {alias: tool_id for alias, tool_id in self.aliases().items() if tool_id in wanted}
        return wanted | others

    def _rows(self, query: str, **parameters: str | int) -> Iterator[Row]:
        return self.db.conn.execute(query, parameters)


def fold_reviews(tool_id: str, ratings: Iterable[Row]) -> tuple[Review, ...]:
    """Return the reviews of one tool from its ratings, the first seen first: the last of each reviewer, all nameless.

    The last is the one that was rated last by a source of ours, or else by anybody.
    """
    by_review: dict[str, list[Row]] = defaultdict(list)
    rated: dict[str, tuple[int, int]] = {}
    for place, row in enumerate(ratings):
        by_review[row["review_id"]].append(row)
        rated[row["review_id"]] = max(rated.get(row["review_id"], (0, 0)), (row["ours"], place))
    reviews = [_fold(tool_id, found) for found in by_review.values()]
    in_order = sorted(reviews, key=lambda each: rated[each.id])
    last = {each.reviewer: each.id for each in in_order if each.reviewer is not None}
    return tuple(each for each in reviews if each.reviewer is None or last[each.reviewer] == each.id)


def _fold(tool_id: str, ratings: list[Row]) -> Review:
    """Return one review with what is known of it by now; it is ours where any of its ratings is."""
    origin = next((row for row in ratings if row["ours"]), ratings[0])
    decision = last_known(ratings, "decision")
    return Review(
        id=origin["review_id"],
        tool_id=tool_id,
        reviewer=last_known(ratings, "reviewer"),
        score=last_known(ratings, "score"),
        decision=None if decision is None else Decision(decision),
        words=origin["words"],
        source_id=origin["source_id"],
        line=origin["line"],
        seen_at=datetime.fromisoformat(ratings[0]["seen_at"]),
    )


def _listed(ids: Iterable[str]) -> str:
    """Return the ids as one JSON parameter: SQLite limits the number of parameters, not their length."""
    return json.dumps(sorted(set(ids)))


def _limit(before: datetime | None) -> str:
    return "~" if before is None else moment_text(before)


def _sides(row: Row, names: dict[str, str]) -> dict[str, str]:
    """Return the two tools of a comparison, by their own ids where it names an alias."""
    return {side: names.get(row[side], row[side]) for side in ("left_id", "right_id")}


def _first(known: datetime | None, text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if known is None else min(known, moment)


_COMPARISON_HEADS = """
SELECT id, left_id, right_id, published_on, first_seen_at FROM comparisons
WHERE first_seen_at < :before AND at_site <> 'gone' ORDER BY first_seen_at, id
"""
_COMPARED = "SELECT id, left_id, right_id, at_site FROM comparisons"
_GONE_TOOLS = """
SELECT id FROM tools WHERE at_site = 'gone' AND id NOT IN (
    SELECT aliases.tool_id FROM aliases JOIN tools ON tools.id = aliases.alias WHERE tools.at_site = 'listed'
)
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

_RATED = """
SELECT reviews.tool_id, review_id, reviewer, score, decision, seen_at, ours
FROM ratings JOIN reviews ON reviews.id = ratings.review_id JOIN sources ON sources.id = ratings.source_id
WHERE seen_at < :before ORDER BY seen_at, ratings.rowid
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
_TOOLS_BY_LETTERS = """
SELECT id, name FROM tools
WHERE name LIKE :part ESCAPE '\\' OR id LIKE :part ESCAPE '\\'
ORDER BY length(name), name, id LIMIT :limit
"""
# One bm25 rank per table is not comparable with another's, but names count more than words said about them.
_SEARCH = """
SELECT 'tool' AS kind, tools.id, tools.name AS title,
    snippet(tools_fts, -1, '', '', '…', 16) AS words, 0 AS place, bm25(tools_fts, 9, 3, 3, 3) AS rank
FROM tools_fts JOIN tools ON tools.number = tools_fts.rowid WHERE tools_fts MATCH :words
UNION ALL
SELECT 'comparison', comparisons.id, comparisons.id,
    snippet(comparisons_fts, -1, '', '', '…', 16), 1, bm25(comparisons_fts)
FROM comparisons_fts JOIN comparisons ON comparisons.number = comparisons_fts.rowid
WHERE comparisons_fts MATCH :words
UNION ALL
SELECT 'review', tools.id, tools.name, snippet(reviews_fts, -1, '', '', '…', 16), 2, bm25(reviews_fts)
FROM reviews_fts JOIN reviews ON reviews.number = reviews_fts.rowid JOIN tools ON tools.id = reviews.tool_id
WHERE reviews_fts MATCH :words
UNION ALL
SELECT 'note', tools.id, tools.name, snippet(notes_fts, -1, '', '', '…', 16), 2, bm25(notes_fts)
FROM notes_fts JOIN notes ON notes.number = notes_fts.rowid JOIN tools ON tools.id = notes.tool_id
WHERE notes_fts MATCH :words
UNION ALL
SELECT 'question', coalesce(questions.comparison_id, tools.id), coalesce(tools.name, questions.comparison_id),
    snippet(questions_fts, -1, '', '', '…', 16), 2, bm25(questions_fts)
FROM questions_fts JOIN questions ON questions.number = questions_fts.rowid
LEFT JOIN tools ON tools.id = questions.tool_id
WHERE questions_fts MATCH :words
ORDER BY place, rank LIMIT :limit
"""
_QUESTIONS_BY_ID = "SELECT * FROM questions WHERE id IN (SELECT value FROM json_each(:ids))"
_NEWER = """
SELECT count(*) AS number FROM comparisons WHERE first_seen_at >= :since AND at_site <> 'gone'
"""
_READER_VOTES = """
SELECT * FROM reader_votes
WHERE closed_at >= :since AND closed_at < :before
  AND (:ids = 'null' OR comparison_id IN (SELECT value FROM json_each(:ids)))
ORDER BY closed_at, comparison_id, rowid
"""
_INSERT_READER_VOTES = """
INSERT INTO reader_votes (comparison_id, tool_id, ship, skip, closed_at)
SELECT :comparison_id, :tool_id, :ship, :skip, :closed_at
WHERE EXISTS (SELECT 1 FROM comparisons WHERE id = :comparison_id)
  AND EXISTS (SELECT 1 FROM tools WHERE id = :tool_id)
ON CONFLICT DO NOTHING
"""
_UPSERT_VOTES_SOURCE = """
INSERT INTO sources (id, name, url, ours, published_on, seen_on) VALUES (:id, :name, '', 1, NULL, :seen_on)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, seen_on = excluded.seen_on
"""

"""Writing a pack to the store: one transaction, all or nothing, and nothing at all the second time.

What is described (sources, tools, comparisons) is kept as last described, with its first and last sighting; what
is stated (ratings, verdicts, votes, claims, offers, benchmarks) is only ever added. `describe`, `state`
and `rate` do it; here stand the order of things and the check that everything referred to exists.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from sqlite3 import Row
from typing import Any

from sqlite_utils import Database

from newsletter.content.database import writing
from newsletter.content.records import (
    BenchmarkEntry,
    ClaimEntry,
    ComparisonEntry,
    NoteEntry,
    OfferEntry,
    Pack,
    QuestionEntry,
    Record,
    Review,
    ReviewEntry,
    SourceEntry,
    Stated,
    Statement,
    TextEntry,
    ToolEntry,
    VerdictEntry,
    VotesEntry,
    content_id,
    current,
    day_text,
    decimal_text,
    moment,
    moment_text,
    slug,
    to_decision,
)
from newsletter.content.units import is_amount, measure
from newsletter.errors import BadInput, Place

# Whether a pack can be imported: everything it refers to exists, and every record says something.

#: Where a field stands in a pack: ("claims", 3, "unit").
FieldPath = tuple[str | int, ...]
#: Says where a field of a pack stands in somebody's file.
Where = Callable[[FieldPath], Place]

_STATEMENTS = ("reviews", "verdicts", "votes", "claims", "offers", "benchmarks", "notes")
_RECORDS = ("tools", "comparisons", *_STATEMENTS, "questions", "texts")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a field of a pack, and what would be right."""

    path: FieldPath
    message: str


def in_pack(path: FieldPath) -> Place:
    """Where a field stands when the pack came from no file."""
    return Place("pack", field=field_name(path) or None)


def check_references(db: Database, pack: Pack, where: Where) -> None:
    """Raise BadInput for the first fault of a pack, seen against what the store already holds."""
    fault = next(_faults(db, pack), None)
    if fault is not None:
        raise BadInput(fault.message, where(fault.path))


def field_name(path: FieldPath) -> str:
    """A path as people write it, counted from 1: ("claims", 3, "unit") → "claims[4].unit"."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _faults(db: Database, pack: Pack) -> Iterator[Fault]:
    yield from _repeated("tools", [each.id for each in pack.tools])
    yield from _repeated("comparisons", [each.key for each in pack.comparisons])
    own = () if pack.source is None else (pack.source.key,)
    yield from _repeated("sources", [each.key for each in pack.sources], own)
    yield from _unknown_sources(db, pack)
    tools = _known_tools(db, pack)
    yield from _alias_faults(db, pack, tools)
    yield from _unknown_tools(pack, tools)
    yield from _comparison_faults(pack, tools)
    yield from _question_faults(db, pack, tools)
    yield from _empty_records(pack)


def _repeated(kind: str, ids: Sequence[str], before: Iterable[str] = ()) -> Iterator[Fault]:
    seen = set(before)
    for index, each in enumerate(ids):
        if each in seen:
            yield Fault((kind, index, "id"), f"{each} stands here twice: give every one its own id")
        seen.add(each)


def _unknown_sources(db: Database, pack: Pack) -> Iterator[Fault]:
    named = {each.key for each in pack.all_sources()}
    for path, record in _records(pack):
        if record.source is None and pack.source is None:
            yield Fault((*path, "source"), "it has no source: name one here, or give the pack a source")
        elif record.source is not None and record.source not in named:
            if not _exists(db, "SELECT 1 FROM sources WHERE id = ?", record.source):
                yield Fault((*path, "source"), f"there is no source {record.source}: list it under sources")
            named.add(record.source)


def _records(pack: Pack) -> Iterator[tuple[FieldPath, Record | TextEntry]]:
    """Everything that comes from a source."""
    for kind in _RECORDS:
        for index, record in enumerate(getattr(pack, kind)):
            yield (kind, index), record


def _known_tools(db: Database, pack: Pack) -> set[str]:
    """The ids under which a record may name a tool: those of the pack and those of the store."""
    named = {each.id for each in pack.tools} | {each.alias for each in pack.aliases}
    asked = {each.tool for kind in _STATEMENTS for each in getattr(pack, kind)}
    asked |= {side for each in pack.comparisons for side in (each.left, each.right)}
    asked |= {each.tool for each in pack.questions if each.tool} | {each.tool for each in pack.aliases}
    return named | {row[0] for row in _matching(db, _TOOLS_AND_ALIASES, asked - named)}


def _matching(db: Database, query: str, ids: set[str]) -> list[Row]:
    return db.conn.execute(query, {"ids": json.dumps(sorted(ids))}).fetchall()


def _exists(db: Database, query: str, key: str) -> bool:
    return db.conn.execute(query, [key]).fetchone() is not None


def _alias_faults(db: Database, pack: Pack, tools: set[str]) -> Iterator[Fault]:
    aliases = {each.alias for each in pack.aliases}
    for index, each in enumerate(pack.aliases):
        path = ("aliases", index)
        if each.tool not in tools:
            yield Fault((*path, "tool"), _no_tool(each.tool))
        if each.tool in aliases or _exists(db, "SELECT 1 FROM aliases WHERE alias = ?", each.tool):
            yield Fault((*path, "tool"), f"{each.tool} is an alias itself: name the tool it stands for")
        if _exists(db, "SELECT 1 FROM aliases WHERE tool_id = ?", each.alias):
            yield Fault((*path, "alias"), f"{each.alias} has aliases itself: point those elsewhere first")


def _unknown_tools(pack: Pack, tools: set[str]) -> Iterator[Fault]:
    for kind in _STATEMENTS:
        statements: Sequence[Statement] = getattr(pack, kind)
        for index, each in enumerate(statements):
            if each.tool not in tools:
                yield Fault((kind, index, "tool"), _no_tool(each.tool))


def _no_tool(tool: str) -> str:
    return f"there is no tool {tool}: list it under tools, or correct the id"


def _comparison_faults(pack: Pack, tools: set[str]) -> Iterator[Fault]:
    for index, each in enumerate(pack.comparisons):
        for side in ("left", "right"):
            if getattr(each, side) not in tools:
                yield Fault(("comparisons", index, side), _no_tool(getattr(each, side)))
        if each.left == each.right:
            yield Fault(
                ("comparisons", index, "right"), f"{each.right} is compared with itself: name two tools"
            )


def _question_faults(db: Database, pack: Pack, tools: set[str]) -> Iterator[Fault]:
    comparisons = {each.key for each in pack.comparisons}
    for index, each in enumerate(pack.questions):
        path = ("questions", index)
        if (each.comparison is None) == (each.tool is None):
            yield Fault((*path, "comparison"), "a question is about one comparison or one tool: name either")
        elif each.tool is not None and each.tool not in tools:
            yield Fault((*path, "tool"), _no_tool(each.tool))
        elif each.comparison and not (each.comparison in comparisons or _is_compared(db, each.comparison)):
            yield Fault((*path, "comparison"), f"there is no comparison {each.comparison}: list it first")


def _is_compared(db: Database, comparison: str) -> bool:
    return _exists(db, "SELECT 1 FROM comparisons WHERE id = ?", comparison)


def _empty_records(pack: Pack) -> Iterator[Fault]:
    for index, review in enumerate(pack.reviews):
        if _says_nothing(review):
            yield Fault(("reviews", index, "words"), "it says nothing: give words, or a reviewer and a score")
    for index, verdict in enumerate(pack.verdicts):
        if verdict.share is None and (verdict.ships is None or verdict.skips is None):
            yield Fault(("verdicts", index, "share"), "it says nothing: give ships and skips, or a share")
    for index, claim in enumerate(pack.claims):
        if not is_amount(claim.attribute, claim.value):
            yield Fault(("claims", index, "value"), _no_amount(claim.value))
        if _lacks_scale(claim):
            yield Fault(("claims", index, "unit"), "a price is for a number of tokens: such as USD/Mtok")


def _says_nothing(review: ReviewEntry) -> bool:
    return not review.words and (
        review.reviewer is None or (review.score is None and review.decision is None)
    )


def _no_amount(value: str) -> str:
    shown = f"{value[:40]}…" if len(value) > 40 else repr(value)
    return f"it is {shown}, but a number from 0 is right, such as 0.10 or 1,500 (a comma only before three digits)"


def _lacks_scale(claim: ClaimEntry) -> bool:
    """Whether a price is a number in dollars but does not say for how many tokens."""
    stated = measure(claim.attribute, claim.value, claim.unit)
    if not claim.attribute.endswith("_price") or stated.number is not None:
        return False
    return measure(claim.attribute, claim.value, "/Mtok").number is not None


_TOOLS_AND_ALIASES = """
SELECT id FROM tools WHERE id IN (SELECT value FROM json_each(:ids))
UNION SELECT alias FROM aliases WHERE alias IN (SELECT value FROM json_each(:ids))
"""


# What the steps of one import share: the database, the moment, and what the ids of the pack are in the store.

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


# The half of an import that is kept as last described: sources, reviewers, tools, aliases and comparisons.
#
# Our own site's description of a tool or a comparison goes before anybody else's: others fill in facts it lacks, but
# their prose never stands under our name. A later description by an equal replaces what it states and leaves the
# rest. Names decide what is the same tool where ids do not: one name is one tool, two names are two.

_TOOL_FACTS = ("name", "name_key", "maker", "family", "category", "type", "status", "entry", "url", "tags")
_TOOL_PROSE = ("tagline", "description")
_COMPARISON_FACTS = ("url", "published_on")
_COMPARISON_PROSE = (
    "headline",
    "summary",
    "cost_read",
    "performance_read",
    "pick_left_if",
    "pick_right_if",
)


def describe_sources(writer: Writer) -> None:
    """Sources as last stated, each with every text it ever had."""
    for entry in writer.pack.all_sources():
        seen_on = day_text(entry.seen_on) or writer.now[:10]
        writer.db.conn.execute(_UPSERT_SOURCE, _source_row(entry, seen_on))
        if entry.text:
            _add_text(writer, entry.key, entry.text, writer.now)
    for text in writer.pack.texts:
        _add_text(writer, text.source, text.text, writer.seen(text.seen_at))
    for reviewer in writer.pack.reviewers:
        writer.db.conn.execute(_UPSERT_REVIEWER, {"name": reviewer.name, "about": reviewer.about})
    ours = writer.db.conn.execute("SELECT id FROM sources WHERE ours = 1")
    writer.ours = frozenset(row["id"] for row in ours)


def _source_row(entry: SourceEntry, seen_on: str) -> Values:
    return {
        "id": entry.key,
        "name": entry.name,
        "url": entry.url,
        "ours": None if entry.ours is None else int(entry.ours),
        "published_on": day_text(entry.published_on),
        "seen_on": seen_on,
    }


def _add_text(writer: Writer, source_id: str, text: str, seen_at: str) -> None:
    """Keep a text unless it is the one the source had last, or an export brings it again."""
    last = writer.db.conn.execute(_LAST_TEXT, [source_id]).fetchone()
    if last is not None and last["text"] == text:
        return
    row = {
        "id": content_id("text", source_id, text, seen_at),
        "source_id": source_id,
        "text": text,
        "seen_at": seen_at,
    }
    writer.db.conn.execute(_INSERT_TEXT, row)


def describe_tools(writer: Writer) -> None:
    """Tools as last described; the ids under which the store knows them go into `writer.tool_ids`."""
    known = _stored_tools(writer)
    new = []
    for index, entry in enumerate(writer.pack.tools):
        row = _tool_row(writer, entry)
        before = known.get(writer.tool_id(entry.id))
        if before is None:
            new.append(row)
        else:
            _refuse_shared_id(writer, index, before, row)
            _describe_again(writer, "tools", before, row)
    writer.add("tools", new)
    _move_sightings(writer, "tools")
    for alias in writer.pack.aliases:
        names = {"alias": alias.alias, "tool_id": writer.tool_id(alias.tool)}
        writer.db.conn.execute(_UPSERT_ALIAS, names)
    for row in writer.db.conn.execute(_BARE_ALIASES):
        writer.tool_ids.setdefault(row["alias"], row["tool_id"])


def _stored_tools(writer: Writer) -> dict[str, Row]:
    """The store's rows of the pack's tools; where it knows one by its name only, that id is taken."""
    entries = writer.pack.tools
    known = {row["id"]: row for row in writer.rows(_TOOLS_BY_ID, [each.id for each in entries])}
    own_ids = {each.id for each in entries}
    by_name = {
        row["name_key"]: row
        for row in writer.rows(_TOOLS_BY_NAME, [_name_key(each.name) for each in entries])
    }
    for entry in entries:
        namesake = by_name.get(_name_key(entry.name))
        if entry.id not in known and namesake is not None and namesake["id"] not in own_ids:
            writer.tool_ids[entry.id] = namesake["id"]
            known[namesake["id"]] = namesake
    return known


def _refuse_shared_id(writer: Writer, index: int, before: Row, row: Values) -> None:
    """Two sources' names that differ only in what an id leaves out must not become one tool unasked."""
    renamed = before["name_key"] != row["name_key"] and before["source_id"] != row["source_id"]
    if renamed and slug(before["name"]) == slug(str(row["name"])) == row["id"]:
        raise BadInput(
            f"{before['name']} and {row['name']} would both be {row['id']}: "
            "give one of them an id of its own in a pack, or write the name alike",
            writer.where(("tools", index, "name")),
        )


def _name_key(name: str) -> str:
    """What makes two names the same name: all but case and white space."""
    return " ".join(name.casefold().split())


def _tool_row(writer: Writer, entry: ToolEntry) -> Values:
    return {
        "id": entry.id,
        "name": entry.name,
        "name_key": _name_key(entry.name),
        "maker": entry.maker,
        "family": entry.family,
        "category": entry.category,
        "tagline": entry.tagline,
        "description": entry.description,
        "type": entry.type,
        "status": entry.status,
        "entry": entry.entry,
        "url": entry.url,
        "tags": json.dumps(entry.tags, ensure_ascii=False),
        "source_id": writer.source_id(entry),
        "first_seen_at": writer.seen(entry.first_seen_at),
        "last_seen_at": writer.seen(entry.last_seen_at),
    }


def describe_comparisons(writer: Writer) -> None:
    """Comparisons as last described; one pair of tools is one comparison, whatever id it comes with."""
    entries = writer.pack.comparisons
    keys = [each.key for each in entries]
    known = {row["id"]: row for row in writer.rows(_COMPARISONS_BY_ID, keys)}
    sides = [writer.tool_id(each.left) for each in entries]
    by_pair = {(row["left_id"], row["right_id"]): row for row in writer.rows(_COMPARISONS_BY_LEFT, sides)}
    new: dict[tuple[str, str], Values] = {}
    for index, entry in enumerate(entries):
        row = _comparison_row(writer, entry)
        pair = (writer.tool_id(entry.left), writer.tool_id(entry.right))
        before = by_pair.get(pair)
        _refuse_other_pair(writer, index, known.get(entry.key), pair)
        if before is not None:
            writer.comparison_ids[entry.key] = before["id"]
            _describe_again(writer, "comparisons", before, row)
        elif pair in new:
            writer.comparison_ids[entry.key] = str(new[pair]["id"])
        else:
            new[pair] = row
    writer.add("comparisons", new.values())
    _move_sightings(writer, "comparisons")


def _refuse_other_pair(writer: Writer, index: int, known: Row | None, pair: tuple[str, str]) -> None:
    if known is not None and (known["left_id"], known["right_id"]) != pair:
        raise BadInput(
            f"{known['id']} already compares {known['left_id']} with {known['right_id']}: "
            "give this pair an id of its own",
            writer.where(("comparisons", index, "id")),
        )


def _comparison_row(writer: Writer, entry: ComparisonEntry) -> Values:
    return {
        "id": entry.key,
        "left_id": writer.tool_id(entry.left),
        "right_id": writer.tool_id(entry.right),
        "url": entry.url,
        "headline": entry.headline,
        "summary": entry.summary,
        "cost_read": entry.cost_read,
        "performance_read": entry.performance_read,
        "pick_left_if": entry.pick_left_if,
        "pick_right_if": entry.pick_right_if,
        "published_on": day_text(entry.published_on),
        "source_id": writer.source_id(entry),
        "first_seen_at": writer.seen(entry.first_seen_at),
        "last_seen_at": writer.seen(entry.last_seen_at),
    }


def _describe_again(writer: Writer, table: str, before: Row, row: Values) -> None:
    """Merge a description into the one the store holds, and move its sightings."""
    merged = _merged(writer, table, before, row)
    described = {name: value for name, value in merged.items() if value != before[name]}
    if described:
        writer.db.table(table).update(before["number"], described)
        writer.changed += 1
        for field in _REVISED[table]:
            if _given(before[field]) and field in described:
                _keep(writer, table, before, field, described[field], str(row["last_seen_at"]))
    sighting = {
        "number": before["number"],
        "first": min(before["first_seen_at"], str(row["first_seen_at"])),
        "last": max(before["last_seen_at"], str(row["last_seen_at"])),
    }
    writer.sightings[table].append(sighting)


def _keep(writer: Writer, table: str, before: Row, field: str, after: str | int | None, seen_at: str) -> None:
    """Keep what was described before: a description itself has no history."""
    said = {"kind": table, "key": before["id"], "field": field, "before": before[field], "after": after or ""}
    values = {"id": content_id("revision", *said.values(), seen_at), **said, "seen_at": seen_at}
    writer.db.conn.execute(_INSERT_REVISION, values)


def keep_revisions(writer: Writer) -> None:
    """What an export knows of earlier descriptions."""
    for each in writer.pack.revisions:
        said = {name: getattr(each, name) for name in ("kind", "key", "field", "before", "after")}
        seen_at = writer.seen(each.seen_at)
        values = {"id": content_id("revision", *said.values(), seen_at), **said, "seen_at": seen_at}
        writer.db.conn.execute(_INSERT_REVISION, values)


def _move_sightings(writer: Writer, table: str) -> None:
    writer.db.conn.executemany(_MOVE_SIGHTING[table], writer.sightings[table])


def _merged(writer: Writer, table: str, before: Row, row: Values) -> Values:
    """Which description holds, field by field."""
    facts, prose = _FIELDS[table]
    was_ours, is_ours = before["source_id"] in writer.ours, row["source_id"] in writer.ours
    if (was_ours and not is_ours) or str(row["last_seen_at"]) < before["last_seen_at"]:
        return {name: before[name] if _given(before[name]) else row[name] for name in facts}
    merged = {name: row[name] if _given(row[name]) else before[name] for name in facts}
    if not any(row[name] for name in prose):
        return merged
    merged["source_id"] = row["source_id"]
    mixes = (was_ours and is_ours) or before["source_id"] == row["source_id"]
    return merged | {name: row[name] or (before[name] if mixes else row[name]) for name in prose}


def _given(value: object) -> bool:
    return value not in (None, "", "[]")


_FIELDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "tools": (_TOOL_FACTS, _TOOL_PROSE),
    "comparisons": (_COMPARISON_FACTS, _COMPARISON_PROSE),
}
#: The fields of which it is kept what they said before.
_REVISED: Mapping[str, tuple[str, ...]] = {
    "tools": ("status", "entry"),
    "comparisons": (*_COMPARISON_PROSE, "published_on"),
}
_INSERT_REVISION = """
INSERT INTO revisions (id, kind, key, field, before, after, seen_at)
VALUES (:id, :kind, :key, :field, :before, :after, :seen_at) ON CONFLICT (id) DO NOTHING
"""
_MOVE_SIGHTING = {
    "tools": "UPDATE tools SET first_seen_at = :first, last_seen_at = :last WHERE number = :number",
    "comparisons": "UPDATE comparisons SET first_seen_at = :first, last_seen_at = :last WHERE number = :number",
}
_UPSERT_SOURCE = """
INSERT INTO sources (id, name, url, ours, published_on, seen_on)
VALUES (:id, :name, :url, coalesce(:ours, 0), :published_on, :seen_on)
ON CONFLICT (id) DO UPDATE SET
    name = excluded.name,
    url = coalesce(nullif(excluded.url, ''), url),
    ours = coalesce(:ours, ours),
    published_on = coalesce(excluded.published_on, published_on),
    seen_on = max(seen_on, excluded.seen_on)
"""
_LAST_TEXT = "SELECT text FROM texts WHERE source_id = ? ORDER BY seen_at DESC, rowid DESC LIMIT 1"
_INSERT_TEXT = """
INSERT INTO texts (id, source_id, text, seen_at) VALUES (:id, :source_id, :text, :seen_at)
ON CONFLICT (id) DO NOTHING
"""
_UPSERT_REVIEWER = """
INSERT INTO reviewers (name, about) VALUES (:name, :about)
ON CONFLICT (name) DO UPDATE SET about = coalesce(nullif(excluded.about, ''), about)
"""
_UPSERT_ALIAS = """
INSERT INTO aliases (alias, tool_id) VALUES (:alias, :tool_id)
ON CONFLICT (alias) DO UPDATE SET tool_id = excluded.tool_id
"""
_BARE_ALIASES = "SELECT alias, tool_id FROM aliases WHERE alias NOT IN (SELECT id FROM tools)"
_TOOLS_BY_ID = "SELECT * FROM tools WHERE id IN (SELECT value FROM json_each(:ids))"
_TOOLS_BY_NAME = """
SELECT * FROM tools WHERE name_key IN (SELECT value FROM json_each(:ids)) ORDER BY number DESC
"""
_COMPARISONS_BY_ID = "SELECT * FROM comparisons WHERE id IN (SELECT value FROM json_each(:ids))"
_COMPARISONS_BY_LEFT = "SELECT * FROM comparisons WHERE left_id IN (SELECT value FROM json_each(:ids))"


# Reviews out of their ratings: what is known of each by now, and which are the current ones of a tool.
#
# A rating is what one source said of a review at one time; a later one may add who wrote it, the score or the
# decision, or change them. Nothing is ever inferred from the order in which reviews stand.


def fold_reviews(tool_id: str, ratings: Iterable[Row]) -> tuple[Review, ...]:
    """The reviews of one tool from its ratings, the first seen first: the last of each reviewer, all nameless."""
    by_review: dict[str, list[Row]] = defaultdict(list)
    for row in ratings:
        by_review[row["review_id"]].append(row)
    reviews = [_fold(tool_id, found) for found in by_review.values()]
    last = {each.reviewer: each.id for each in reviews if each.reviewer is not None}
    return tuple(each for each in reviews if each.reviewer is None or last[each.reviewer] == each.id)


def _fold(tool_id: str, ratings: list[Row]) -> Review:
    origin = next((row for row in ratings if row["ours"]), ratings[0])
    return Review(
        id=origin["review_id"],
        tool_id=tool_id,
        reviewer=last_known(ratings, "reviewer"),
        score=last_known(ratings, "score"),
        decision=to_decision(last_known(ratings, "decision")),
        words=origin["words"],
        source_id=origin["source_id"],
        line=origin["line"],
        first_seen_at=moment(ratings[0]["seen_at"]),
    )


def last_known(ratings: Sequence[Row | Mapping[str, Any]], column: str) -> Any:
    """The last value of a column that any rating states; None when none does."""
    return next((row[column] for row in reversed(ratings) if row[column] is not None), None)


# Reviews and their ratings on the way in: identical words on one tool are one review.
#
# A later statement may add the reviewer, the score or the decision, or change them; it is added as another rating,
# so the earlier one stays. Words alone never say who wrote them, and the order of reviews never does.

_KNOWN = ("reviewer", "score", "decision")

#: The ratings of each review, the first seen first: rows of the store and rows about to be added.
Ratings = dict[str, list[Row | Values]]


def rate_reviews(writer: Writer) -> None:
    """Add the pack's reviews that are new, and the ratings that add to what is known."""
    entries = writer.pack.reviews
    ratings: Ratings = defaultdict(list)
    by_reviewer: dict[tuple[str, str], str] = {}
    for row in writer.rows(_RATINGS, (writer.tool_id(each.tool) for each in entries)):
        ratings[row["review_id"]].append(row)
        by_reviewer[row["tool_id"], row["reviewer"]] = row["review_id"]
    reviews: list[Values] = []
    new: list[Values] = []
    for entry in entries:
        review = _review(writer, entry, by_reviewer)
        if review["id"] not in ratings:
            reviews.append(review)
        rating = _rating(writer, entry, str(review["id"]))
        if _adds(writer, entry, rating, ratings[str(review["id"])]):
            ratings[str(review["id"])].append(rating)
            new.append(rating)
    _add_reviewers(writer, new)
    writer.add("reviews", reviews)
    writer.add("ratings", new)


def _review(writer: Writer, entry: ReviewEntry, by_reviewer: dict[tuple[str, str], str]) -> Values:
    """The review that is meant: that of these words, or without any, the reviewer's last on this tool."""
    tool_id = writer.tool_id(entry.tool)
    words = "\n".join(line.strip() for line in entry.words.splitlines())
    review_id = content_id("review", tool_id, " ".join(words.split()), None if words else entry.reviewer)
    if not words:
        review_id = by_reviewer.get((tool_id, entry.reviewer or ""), review_id)
    return {"id": review_id, "tool_id": tool_id, "words": words}


def _rating(writer: Writer, entry: ReviewEntry, review_id: str) -> Values:
    decision = entry.decision and entry.decision.value
    source_id, seen_at = writer.source_id(entry), writer.seen(entry.seen_at)
    return {
        "id": content_id("rating", review_id, entry.reviewer, entry.score, decision, source_id, seen_at),
        "review_id": review_id,
        "reviewer": entry.reviewer,
        "score": entry.score,
        "decision": decision,
        "source_id": source_id,
        "line": entry.line,
        "seen_at": seen_at,
    }


def _adds(writer: Writer, entry: ReviewEntry, rating: Values, known: list[Row | Values]) -> bool:
    """Whether a rating says more than those before it, or is the first in our own name."""
    if any(each["id"] == rating["id"] for each in known):
        return False
    if entry.seen_at is not None or not known:
        return True
    if rating["source_id"] in writer.ours and not any(each["source_id"] in writer.ours for each in known):
        return True
    return any(rating[name] not in (None, last_known(known, name)) for name in _KNOWN)


def _add_reviewers(writer: Writer, ratings: list[Values]) -> None:
    names = dict.fromkeys(row["reviewer"] for row in ratings if row["reviewer"] is not None)
    writer.db.conn.executemany(_ADD_REVIEWER, [{"name": name} for name in names])


_RATINGS = """
SELECT reviews.tool_id, ratings.*
FROM reviews JOIN ratings ON ratings.review_id = reviews.id
WHERE reviews.tool_id IN (SELECT value FROM json_each(:ids))
ORDER BY ratings.seen_at, ratings.rowid
"""
_ADD_REVIEWER = "INSERT INTO reviewers (name, about) VALUES (:name, '') ON CONFLICT (name) DO NOTHING"


# The kinds of statements: their tables, what they are on, what they say, and how an entry becomes a row.

Contents = tuple[Any, ...]


def _equal(said: Contents, saying: Contents) -> bool:
    return said == saying


def _same_verdict(said: Contents, saying: Contents) -> bool:
    """Whether a verdict adds nothing to another: no other figure, and no stated split where one was derived."""
    *figures, derived = saying
    *before, was_derived = said
    states_split = saying[0] is not None and was_derived and not derived
    return not states_split and all(
        figure is None or figure == known for figure, known in zip(figures, before, strict=True)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A table of statements. Those with the same tool, source and `on` speak of the same thing."""

    table: str
    query: str
    #: The entries of a pack with their own columns.
    rows: Callable[[Pack], Iterator[tuple[Statement, Values]]]
    on: tuple[str, ...] = ()
    says: tuple[str, ...]
    dates: tuple[str, ...] = ()
    #: Whether a second statement adds nothing to a first.
    repeats: Callable[[Contents, Contents], bool] = _equal
    #: Our own pages speak for one panel and one community: what one says, another need not repeat.
    shared: bool = False

    def subject(self, row: Row | Values, ours: frozenset[str]) -> Contents:
        """What a statement speaks of, and for whom."""
        source = "" if self.shared and row["source_id"] in ours else row["source_id"]
        return (row["tool_id"], source, *pick(row, self.on))

    def stated(self, row: Row | Values) -> Stated[Contents]:
        dated = next((str(row[name]) for name in self.dates if row[name] is not None), "")
        return Stated(pick(row, self.says + self.dates), dated, str(row["seen_at"]))

    def contents(self, stated: Stated[Contents]) -> Contents:
        """What is said, without its dates."""
        return stated.what[: len(self.says)]


def pick(row: Row | Values, names: Iterable[str]) -> Contents:
    return tuple(row[name] for name in names)


def _verdict(entry: VerdictEntry) -> Values:
    return {
        "ships": entry.ships,
        "skips": entry.skips,
        "share": decimal_text(entry.share),
        "derived": int(entry.derived),
        "as_of": day_text(entry.as_of),
    }


def _votes(entry: VotesEntry) -> Values:
    return {"ship": entry.ship, "skip": entry.skip}


def _claim(entry: ClaimEntry) -> Values:
    measured = measure(entry.attribute, entry.value, entry.unit)
    return {
        "attribute": entry.attribute,
        "value": measured.value,
        "number": decimal_text(measured.number),
        "unit": measured.unit,
        "words": entry.words or f"{entry.value} {entry.unit}".strip(),
        "as_of": day_text(entry.as_of),
        "verified_on": day_text(entry.verified_on),
    }


def _offer(entry: OfferEntry) -> Values:
    return {
        "provider": entry.provider,
        "context_tokens": entry.context_tokens,
        "input_price": decimal_text(entry.input_price),
        "output_price": decimal_text(entry.output_price),
        "p50_latency_ms": entry.p50_latency_ms,
        "throughput_tps": decimal_text(entry.throughput_tps),
        "uptime_percent": decimal_text(entry.uptime_percent),
        "as_of": day_text(entry.as_of),
    }


def _benchmark(entry: BenchmarkEntry) -> Values:
    return {
        "test": entry.test,
        "score": decimal_text(entry.score),
        "out_of": decimal_text(entry.out_of),
        "as_of": day_text(entry.as_of),
    }


def _note(entry: NoteEntry) -> Values:
    return {"kind": entry.kind.value, "other": entry.other, "words": entry.words}


KINDS = (
    Kind(
        table="verdicts",
        query="SELECT * FROM verdicts WHERE tool_id IN (SELECT value FROM json_each(:ids))",
        rows=lambda pack: ((each, _verdict(each)) for each in pack.verdicts),
        says=("ships", "skips", "share", "derived"),
        dates=("as_of",),
        repeats=_same_verdict,
        shared=True,
    ),
    Kind(
        table="votes",
        query="SELECT * FROM votes WHERE tool_id IN (SELECT value FROM json_each(:ids))",
        rows=lambda pack: ((each, _votes(each)) for each in pack.votes),
        says=("ship", "skip"),
        shared=True,
    ),
    Kind(
        table="claims",
        query="SELECT * FROM claims WHERE tool_id IN (SELECT value FROM json_each(:ids))",
        rows=lambda pack: ((each, _claim(each)) for each in pack.claims),
        on=("attribute",),
        says=("value", "unit"),
        dates=("verified_on", "as_of"),
    ),
    Kind(
        table="offers",
        query="SELECT * FROM offers WHERE tool_id IN (SELECT value FROM json_each(:ids))",
        rows=lambda pack: ((each, _offer(each)) for each in pack.offers),
        on=("provider",),
        says=(
            "context_tokens",
            "input_price",
            "output_price",
            "p50_latency_ms",
            "throughput_tps",
            "uptime_percent",
        ),
        dates=("as_of",),
    ),
    Kind(
        table="benchmarks",
        query="SELECT * FROM benchmarks WHERE tool_id IN (SELECT value FROM json_each(:ids))",
        rows=lambda pack: ((each, _benchmark(each)) for each in pack.benchmarks),
        on=("test",),
        says=("score", "out_of"),
        dates=("as_of",),
    ),
    Kind(
        table="notes",
        query="SELECT * FROM notes WHERE tool_id IN (SELECT value FROM json_each(:ids))",
        rows=lambda pack: ((each, _note(each)) for each in pack.notes),
        on=("kind",),
        says=("other", "words"),
    ),
)


# The half of an import that is only ever added: verdicts, votes, claims, offers, benchmarks, notes, questions.
#
# What a source says of a thing is added when it is something else than what it said last: repeated words change
# nothing, a price that moves is a new claim beside the old one. When a source once said two things and now says one,
# that one is added again, so that what holds is always the last that was said. Reviews and ratings are in `rate`.

#: What is being said of one thing: each statement with its place among all that is said.
Saying = list[tuple[int, Stated[Contents]]]


def state_everything(writer: Writer) -> None:
    """Add what the pack states and its sources did not say before."""
    for kind in KINDS:
        _state(writer, kind)
    _add_questions(writer)
    _keep_reader_votes(writer)


def _state(writer: Writer, kind: Kind) -> None:
    said = [(entry, _row(writer, entry, values)) for entry, values in kind.rows(writer.pack)]
    held = writer.rows(kind.query, (str(row["tool_id"]) for _, row in said))
    known: dict[Contents, list[Stated[Contents]]] = defaultdict(list)
    for row in held:
        known[kind.subject(row, writer.ours)].append(kind.stated(row))
    saying = _saying(writer, kind, said, known)
    places = (place for key, spoken in saying.items() for place in _additions(known[key], spoken, writer.now))
    new: dict[str, Values] = {}
    for place in sorted(places):
        values = said[place][1]
        new.setdefault(_id(kind, values), values)
    ids = {row["id"] for row in held}
    writer.add(kind.table, ({"id": key, **values} for key, values in new.items() if key not in ids))


def _saying(
    writer: Writer,
    kind: Kind,
    said: list[tuple[Statement, Values]],
    known: Mapping[Contents, list[Stated[Contents]]],
) -> dict[Contents, Saying]:
    """What is said of each thing, without what only repeats a part of what holds. Exports say everything again."""
    saying: dict[Contents, Saying] = defaultdict(list)
    for place, (entry, values) in enumerate(said):
        subject, stated = kind.subject(values, writer.ours), kind.stated(values)
        so_far = [*known[subject], *(each for _, each in saying[subject])]
        if entry.seen_at is not None or _may_add(kind, so_far, stated):
            saying[subject].append((place, stated))
    return saying


def _row(writer: Writer, entry: Statement, values: Values) -> Values:
    return {
        "tool_id": writer.tool_id(entry.tool),
        **values,
        "source_id": writer.source_id(entry),
        "line": entry.line,
        "seen_at": writer.seen(entry.seen_at),
    }


def _id(kind: Kind, row: Values) -> str:
    parts = ("tool_id", *kind.on, *kind.says, *kind.dates, "source_id", "seen_at")
    return content_id(kind.table.rstrip("s"), *pick(row, parts))


def _may_add(kind: Kind, known: list[Stated[Contents]], stated: Stated[Contents]) -> bool:
    """False for what only repeats a part of what holds: the same without its date, or without all its figures."""
    return bool(stated.dated) or not any(
        kind.repeats(kind.contents(each), kind.contents(stated)) and each.what != stated.what
        for each in current(known)
    )


def _additions(known: list[Stated[Contents]], spoken: Saying, now: str) -> list[int]:
    """The places to add: all when what holds would change, else what was never said before."""
    before = {each.what for each in known}
    after = current([*known, *(stated for _, stated in spoken)])
    if {each.what for each in after} != {each.what for each in current(known)}:
        return [place for place, _ in spoken]
    return [place for place, stated in spoken if stated.what not in before or stated.seen_at != now]


def _add_questions(writer: Writer) -> None:
    rows: Mapping[Any, Values] = {
        row["id"]: row for row in (_question(writer, each) for each in writer.pack.questions)
    }
    known = {row["id"]: row for row in writer.rows(_KNOWN_QUESTIONS, rows)}
    for key in rows.keys() & known.keys():
        if rows[key]["answer"] != known[key]["answer"]:
            writer.db.table("questions").update(known[key]["number"], {"answer": rows[key]["answer"]})
            writer.changed += 1
    writer.add("questions", [row for key, row in rows.items() if key not in known])


def _question(writer: Writer, entry: QuestionEntry) -> Values:
    comparison_id = entry.comparison and writer.comparison_ids.get(entry.comparison, entry.comparison)
    tool_id = entry.tool and writer.tool_id(entry.tool)
    source_id = writer.source_id(entry)
    return {
        "id": content_id("question", comparison_id, tool_id, entry.question.casefold(), source_id),
        "comparison_id": comparison_id,
        "tool_id": tool_id,
        "question": entry.question,
        "answer": entry.answer,
        "source_id": source_id,
        "line": entry.line,
        "seen_at": writer.seen(entry.seen_at),
    }


_KNOWN_QUESTIONS = "SELECT number, id, answer FROM questions WHERE id IN (SELECT value FROM json_each(:ids))"


def _keep_reader_votes(writer: Writer) -> None:
    """What an export knows of our readers' votes."""
    for each in writer.pack.reader_votes:
        values: Values = {
            "comparison_id": writer.comparison_ids.get(each.comparison, each.comparison),
            "tool_id": writer.tool_id(each.tool),
            "ship": each.ship,
            "skip": each.skip,
            "closed_at": writer.seen(each.closed_at),
        }
        writer.db.conn.execute(_INSERT_READER_VOTES, values)


_INSERT_READER_VOTES = """
INSERT INTO reader_votes (comparison_id, tool_id, ship, skip, closed_at)
VALUES (:comparison_id, :tool_id, :ship, :skip, :closed_at) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCounts:
    """What an import added, by kind of record, and how many tools and comparisons it described anew."""

    added: tuple[tuple[str, int], ...] = ()
    changed: int = 0
    #: This very pack had been imported before, so nothing was done.
    repeated: bool = False
    #: What the import did to whose a source is, where that is worth saying: "now ours".
    whose: str = ""

    def __getitem__(self, kind: str) -> int:
        return dict(self.added).get(kind, 0)

    @property
    def total(self) -> int:
        return sum(count for _, count in self.added)


_NOW = "now "


class _DryRun(Exception):
    """Ends a transaction that was only to be tried."""


def record(
    db: Database,
    pack: Pack,
    seen_at: datetime,
    *,
    where: Where = in_pack,
    dry_run: bool = False,
    watched: bool = False,
) -> ImportCounts:
    """Write a pack in one transaction. `watched`: it is what a source says now, so it is never "imported before"."""
    own_source = pack.source.key if pack.source else ""
    writer = Writer(db=db, pack=pack, now=moment_text(seen_at), own_source=own_source, where=where)
    try:
        with writing(db):
            whose = _whose(writer)
            # Material that changes hands is read again: as somebody else's it was recorded otherwise.
            if not watched and not _is_new(writer) and not whose.startswith(_NOW):
                return ImportCounts(repeated=True, whose=whose)
            _write(writer)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return ImportCounts(added=tuple(sorted(writer.added.items())), changed=writer.changed, whose=whose)


def _whose(writer: Writer) -> str:
    """Whether a source the store knows changes hands; it does only when the pack says so itself."""
    known = {row["id"]: bool(row["ours"]) for row in writer.db.conn.execute("SELECT id, ours FROM sources")}
    sources = {each.key: each.ours for each in writer.pack.all_sources() if each.key in known}
    if any(said is not None and said != known[key] for key, said in sources.items()):
        return f"{_NOW}{'ours' if any(sources.values()) else 'not ours'}"
    return "still ours" if any(said is None and known[key] for key, said in sources.items()) else ""


def _write(writer: Writer) -> None:
    check_references(writer.db, writer.pack, writer.where)
    describe_sources(writer)
    describe_tools(writer)
    describe_comparisons(writer)
    keep_revisions(writer)
    rate_reviews(writer)
    state_everything(writer)


def _is_new(writer: Writer) -> bool:
    """Whether this pack was never imported; from now on it was. Exports bring the list of those that were."""
    if writer.pack.imports is not None:
        imports = [
            {"digest": each.digest, "seen_at": writer.seen(each.seen_at)} for each in writer.pack.imports
        ]
        writer.db.conn.executemany(_ADD_IMPORT, imports)
        return True
    contents = writer.pack.model_dump_json(exclude_defaults=True)
    digest = hashlib.sha256(contents.encode()).hexdigest()
    return writer.db.conn.execute(_ADD_IMPORT, {"digest": digest, "seen_at": writer.now}).rowcount == 1


_ADD_IMPORT = "INSERT INTO imports (digest, seen_at) VALUES (:digest, :seen_at) ON CONFLICT DO NOTHING"

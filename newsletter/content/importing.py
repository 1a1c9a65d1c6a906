"""Writing a pack to the store: one transaction, all or nothing, and nothing at all the second time.

In this order: everything the pack refers to is checked; sources, tools and comparisons are described; reviews are
rated; statements are added; questions and totals of votes follow. What is described is kept as last described, with
its first and last sighting; what is stated is only ever added. Reading pack files is `packs`.
"""

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from sqlite3 import Row
from typing import Any

from sqlite_utils import Database

from newsletter.content.database import writing
from newsletter.content.records import (
    ClaimEntry,
    Column,
    ComparisonEntry,
    Pack,
    QuestionEntry,
    ReviewEntry,
    SourcedEntry,
    Stated,
    StatementEntry,
    TextEntry,
    ToolEntry,
    content_id,
    current,
    is_given_up,
    moment_text,
    slug,
    to_row,
)
from newsletter.content.units import is_amount, measure
from newsletter.errors import BadInput, Place

#: Where a field stands in a pack: ("claims", 3, "unit").
FieldPath = tuple[str | int, ...]
#: Says where a field of a pack stands in somebody's file.
Where = Callable[[FieldPath], Place]
Values = dict[str, Column]


def field_name(path: FieldPath) -> str:
    """Return a path as people write it, counted from 1: ("claims", 3, "unit") → "claims[4].unit"."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def in_pack(path: FieldPath) -> Place:
    """Return where a field stands when the pack came from no file."""
    return Place("pack", field=field_name(path) or None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackImport:
    """What the import of a pack did: how many records of each kind it added, described anew, and found gone."""

    added: tuple[tuple[str, int], ...] = ()
    changed: int = 0
    #: Tools and comparisons that the site's own database had before, and has no longer.
    gone: int = 0
    #: This very pack had been imported before, so nothing was done.
    repeated: bool = False
    #: Whether the pack's sources are ours; None where the store did not know them, or had them as not ours before.
    ours: bool | None = None
    #: Sources became ours by this pack, or ceased to be.
    changed_hands: bool = False

    def __getitem__(self, kind: str) -> int:
        return dict(self.added).get(kind, 0)

    @property
    def total(self) -> int:
        return sum(count for _, count in self.added)


class _DryRun(Exception):
    """Ends a transaction that was only to be tried."""


@dataclass(slots=True, kw_only=True)
class _Writer:
    """One import under way, inside its transaction."""

    db: Database
    pack: Pack
    #: The moment of the import, as text; of an older issue of a page, its day.
    now: str
    is_late: bool = False
    where: Where
    #: The source of records that name none; empty where the pack has none of its own.
    own_source_id: str
    #: It is all that the site's own database has now.
    watched: bool
    #: Ids of the store by ids of the pack, where they differ.
    tool_ids: dict[str, str] = field(default_factory=dict)
    comparison_ids: dict[str, str] = field(default_factory=dict)
    #: The sources that are ours, and the days on which sources were published.
    ours: frozenset[str] = frozenset()
    published: dict[str, str] = field(default_factory=dict)
    #: When the tools and comparisons that the store knows were first and last seen, by table.
    sightings: defaultdict[str, list[Values]] = field(default_factory=lambda: defaultdict(list))
    added: Counter[str] = field(default_factory=Counter)
    changed: int = 0
    gone: int = 0

    def source_id(self, entry: SourcedEntry) -> str:
        """Return the source of a record: its own or the pack's; `_faults` has seen that there is one."""
        return entry.source_id or self.own_source_id

    def tool_id(self, tool: str) -> str:
        return self.tool_ids.get(tool, tool)

    def comparison_id(self, comparison: str) -> str:
        return self.comparison_ids.get(comparison, comparison)

    def rows(self, query: str, ids: Iterable[str]) -> list[Row]:
        """Return the rows of a query about many ids, given as one JSON parameter `ids`."""
        return self.db.conn.execute(query, {"ids": json.dumps(sorted(set(ids)))}).fetchall()

    def add(self, table: str, rows: Iterable[Values]) -> None:
        """Insert new rows and count them."""
        listed = list(rows)
        if listed:
            self.db.table(table).insert_all(listed)
            self.added[table] += len(listed)

    def seen(self, moment: datetime | None) -> str:
        """Return the moment that counts for a record: its own, in an export, or else the import's."""
        return self.now if moment is None else moment_text(moment)


def import_pack(
    db: Database,
    pack: Pack,
    seen_at: datetime,
    *,
    where: Where = in_pack,
    dry_run: bool = False,
    watched: bool = False,
) -> PackImport:
    """Write a pack in one transaction and say what that added; raises BadInput for what refers to nothing.

    `watched`: it is all that the site says now, so it is never "imported before", and what it lacks is gone.
    """
    own_source_id = pack.source.key if pack.source else ""
    writer = _Writer(
        db=db,
        pack=pack,
        now=moment_text(seen_at),
        where=where,
        own_source_id=own_source_id,
        watched=watched,
    )
    try:
        with writing(db):
            _date_back(writer)
            ours, changed_hands = _whose(writer)
            # Material that changes hands is read again: as somebody else's it was recorded otherwise.
            if not watched and not _is_new(writer) and not changed_hands:
                return PackImport(repeated=True, ours=ours)
            fault = next(_faults(db, pack), None)
            if fault is not None:
                path, message = fault
                raise BadInput(message, where(path))
            _describe_sources(writer)
            _describe_tools(writer)
            _describe_comparisons(writer)
            if watched:
                _mark_what_the_site_lists(writer)
            for revision in pack.revisions:
                _keep_revision(writer, to_row(revision))
            _rate_reviews(writer)
            for table in STATEMENT_TABLES:
                _add_statements(writer, table)
            _add_questions(writer)
            _keep_reader_votes(writer)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return PackImport(
        added=tuple(sorted(writer.added.items())),
        changed=writer.changed,
        gone=writer.gone,
        ours=ours,
        changed_hands=changed_hands,
    )


def _date_back(writer: _Writer) -> None:
    """Count an older issue of a page, read late, as seen on its day, so that it adds to history and turns nothing back.

    A day that is still to come dates nothing: it is a slip, and a pack with the right day corrects it.
    """
    source = writer.pack.source
    if source is None or source.published_on is None:
        return
    row = writer.db.conn.execute("SELECT published_on FROM sources WHERE id = ?", [source.key]).fetchone()
    day = source.published_on.isoformat()
    if row is not None and row["published_on"] is not None and day < row["published_on"] <= writer.now[:10]:
        writer.is_late, writer.now = True, f"{day}T00:00:00.000000Z"


def _whose(writer: _Writer) -> tuple[bool | None, bool]:
    """Return whether the pack's known sources are ours, if that is worth saying, and whether they change hands.

    They do only when the pack says so itself.
    """
    known = {row["id"]: bool(row["ours"]) for row in writer.db.conn.execute("SELECT id, ours FROM sources")}
    sources = {each.key: each.ours for each in writer.pack.all_sources() if each.key in known}
    if any(said is not None and said != known[key] for key, said in sources.items()):
        return any(sources.values()), True
    still_ours = any(said is None and known[key] for key, said in sources.items())
    return (True if still_ours else None), False


def _is_new(writer: _Writer) -> bool:
    """Return whether this pack was never imported, and record that it now was. Exports list those that were."""
    if writer.pack.imports is not None:
        writer.db.conn.executemany(_ADD_IMPORT, [to_row(each) for each in writer.pack.imports])
        return True
    contents = writer.pack.model_dump_json(exclude_defaults=True, by_alias=True)
    digest = hashlib.sha256(contents.encode()).hexdigest()
    return writer.db.conn.execute(_ADD_IMPORT, {"digest": digest, "seen_at": writer.now}).rowcount == 1


_ADD_IMPORT = "INSERT INTO imports (digest, seen_at) VALUES (:digest, :seen_at) ON CONFLICT DO NOTHING"


# Whether a pack can be imported: everything it refers to exists in it or in the store, and every record says something.

#: The path of a field and what is wrong with it.
Fault = tuple[FieldPath, str]

_STATEMENTS = ("reviews", "verdicts", "votes", "claims", "offers", "benchmarks", "notes")
_FROM_A_SOURCE = ("tools", "comparisons", *_STATEMENTS, "questions", "texts")


def _faults(db: Database, pack: Pack) -> Iterator[Fault]:
    yield from _repeated("tools", [each.id for each in pack.tools])
    yield from _repeated("comparisons", [each.key for each in pack.comparisons])
    own = () if pack.source is None else (pack.source.key,)
    yield from _repeated("sources", [each.key for each in pack.sources], own)
    yield from _unknown_sources(db, pack)
    tools = _known_tools(db, pack)
    yield from _alias_faults(db, pack, tools)
    for kind in _STATEMENTS:
        for index, each in enumerate(getattr(pack, kind)):
            if each.tool_id not in tools:
                yield (kind, index, "tool"), _no_tool(each.tool_id)
    yield from _comparison_faults(pack, tools)
    yield from _question_faults(db, pack, tools)
    yield from _empty_records(pack)


def _repeated(kind: str, ids: Sequence[str], before: Iterable[str] = ()) -> Iterator[Fault]:
    seen = set(before)
    for index, each in enumerate(ids):
        if each in seen:
            yield (kind, index, "id"), f"{each} stands here twice: give every one its own id"
        seen.add(each)


def _unknown_sources(db: Database, pack: Pack) -> Iterator[Fault]:
    named = {each.key for each in pack.all_sources()}
    for kind in _FROM_A_SOURCE:
        records: Sequence[SourcedEntry | TextEntry] = getattr(pack, kind)
        for index, record in enumerate(records):
            source_id = record.source_id
            if source_id is None and pack.source is None:
                yield (kind, index, "source"), "it has no source: name one here, or give the pack a source"
            elif source_id is not None and source_id not in named:
                if not _exists(db, "SELECT 1 FROM sources WHERE id = ?", source_id):
                    yield (kind, index, "source"), f"there is no source {source_id}: list it under sources"
                named.add(source_id)


def _known_tools(db: Database, pack: Pack) -> set[str]:
    """Return the ids under which a record may name a tool: those of the pack and those of the store."""
    named = {each.id for each in pack.tools} | {each.alias for each in pack.aliases}
    asked = {each.tool_id for kind in _STATEMENTS for each in getattr(pack, kind)}
    asked |= {side for each in pack.comparisons for side in (each.left_id, each.right_id)}
    asked |= {each.tool_id for each in pack.questions if each.tool_id} | {
        each.tool_id for each in pack.aliases
    }
    found = db.conn.execute(_TOOLS_AND_ALIASES, {"ids": json.dumps(sorted(asked - named))})
    return named | {row[0] for row in found}


def _exists(db: Database, query: str, key: str) -> bool:
    return db.conn.execute(query, [key]).fetchone() is not None


def _alias_faults(db: Database, pack: Pack, tools: set[str]) -> Iterator[Fault]:
    aliases = {each.alias for each in pack.aliases}
    for index, each in enumerate(pack.aliases):
        if each.tool_id not in tools:
            yield ("aliases", index, "tool"), _no_tool(each.tool_id)
        if each.tool_id in aliases or _exists(db, "SELECT 1 FROM aliases WHERE alias = ?", each.tool_id):
            message = f"{each.tool_id} is an alias itself: name the tool it stands for"
            yield ("aliases", index, "tool"), message
        if _exists(db, "SELECT 1 FROM aliases WHERE tool_id = ?", each.alias):
            message = f"{each.alias} has aliases itself: point those elsewhere first"
            yield ("aliases", index, "alias"), message


def _no_tool(tool: str) -> str:
    return f"there is no tool {tool}: list it under tools, or correct the id"


def _comparison_faults(pack: Pack, tools: set[str]) -> Iterator[Fault]:
    for index, each in enumerate(pack.comparisons):
        for side, tool_id in (("left", each.left_id), ("right", each.right_id)):
            if tool_id not in tools:
                yield ("comparisons", index, side), _no_tool(tool_id)
        if each.left_id == each.right_id:
            message = f"{each.right_id} is compared with itself: name two tools"
            yield ("comparisons", index, "right"), message


def _question_faults(db: Database, pack: Pack, tools: set[str]) -> Iterator[Fault]:
    comparisons = {each.key for each in pack.comparisons}
    for index, each in enumerate(pack.questions):
        about, tool_id = each.comparison_id, each.tool_id
        if (about is None) == (tool_id is None):
            message = "a question is about one comparison or one tool: name either"
            yield ("questions", index, "comparison"), message
        elif tool_id is not None and tool_id not in tools:
            yield ("questions", index, "tool"), _no_tool(tool_id)
        elif about and about not in comparisons and not _exists(db, _COMPARISON_EXISTS, about):
            yield ("questions", index, "comparison"), f"there is no comparison {about}: list it first"


def _empty_records(pack: Pack) -> Iterator[Fault]:
    for index, review in enumerate(pack.reviews):
        rates = review.reviewer is not None and (review.score is not None or review.decision is not None)
        if not review.words and not rates:
            message = "it says nothing: give words, or a reviewer and a score"
            yield ("reviews", index, "words"), message
    for index, verdict in enumerate(pack.verdicts):
        if verdict.share is None and (verdict.ships is None or verdict.skips is None):
            yield ("verdicts", index, "share"), "it says nothing: give ships and skips, or a share"
    for index, claim in enumerate(pack.claims):
        if not is_amount(claim.attribute, claim.value):
            shown = f"{claim.value[:40]}…" if len(claim.value) > 40 else repr(claim.value)
            right = "a number from 0 is right, such as 0.10 or 1,500 (a comma only before three digits)"
            yield ("claims", index, "value"), f"it is {shown}, but {right}"
        if _lacks_scale(claim):
            yield ("claims", index, "unit"), "a price is for a number of tokens: such as USD/Mtok"


def _lacks_scale(claim: ClaimEntry) -> bool:
    """Return whether a price is a number in dollars but does not say for how many tokens."""
    if not claim.attribute.endswith("_price"):
        return False
    return (
        measure(claim.attribute, claim.value, claim.unit).number is None
        and measure(claim.attribute, claim.value, "/Mtok").number is not None
    )


_COMPARISON_EXISTS = "SELECT 1 FROM comparisons WHERE id = ?"
_TOOLS_AND_ALIASES = """
SELECT id FROM tools WHERE id IN (SELECT value FROM json_each(:ids))
UNION SELECT alias FROM aliases WHERE alias IN (SELECT value FROM json_each(:ids))
"""


# What is kept as last described: sources, reviewers, tools, aliases and comparisons.
#
# Our own site's description of a tool or a comparison goes before anybody else's: others fill in facts it lacks, but
# their prose never stands under our name. A later description by an equal replaces what it states and leaves the
# rest. Names decide what is the same tool where ids do not: one name is one tool, two names are two.

_FACTS = {
    "tools": ("name", "name_key", "maker", "family", "category", "type", "status", "entry", "url", "tags"),
    "comparisons": ("url", "published_on"),
}
_PROSE = {
    "tools": ("tagline", "description"),
    "comparisons": (
        "headline",
        "summary",
        "cost_read",
        "performance_read",
        "pick_left_if",
        "pick_right_if",
    ),
}
#: The fields of which it is kept what they said before.
_REVISED = {
    "tools": ("status", "entry"),
    "comparisons": (*_PROSE["comparisons"], "published_on"),
}


def _describe_sources(writer: _Writer) -> None:
    """Keep sources as last stated, each with every text it ever had."""
    for entry in writer.pack.all_sources():
        row = to_row(entry)
        row |= {"id": entry.key, "seen_on": row["seen_on"] or writer.now[:10]}
        writer.db.conn.execute(_UPSERT_SOURCE, row)
        if entry.text:
            _add_text(writer, entry.key, entry.text, writer.now)
    for text in writer.pack.texts:
        _add_text(writer, text.source_id, text.text, writer.seen(text.seen_at))
    for reviewer in writer.pack.reviewers:
        writer.db.conn.execute(_UPSERT_REVIEWER, to_row(reviewer))
    sources = writer.db.conn.execute("SELECT id, ours, published_on FROM sources").fetchall()
    writer.ours = frozenset(row["id"] for row in sources if row["ours"])
    writer.published = {row["id"]: row["published_on"] for row in sources if row["published_on"]}


def _add_text(writer: _Writer, source_id: str, text: str, seen_at: str) -> None:
    """Keep a text unless it is the one the source had last, or an export brings it again."""
    last = writer.db.conn.execute(_LAST_TEXT, [source_id]).fetchone()
    if last is not None and last["text"] == text:
        return
    row = {"source_id": source_id, "text": text, "seen_at": seen_at}
    writer.db.conn.execute(_INSERT_TEXT, {"id": content_id("text", *row.values()), **row})


def _describe_tools(writer: _Writer) -> None:
    """Keep tools as last described; the ids under which the store knows them go into `writer.tool_ids`."""
    known = _stored_tools(writer)
    new = []
    for index, entry in enumerate(writer.pack.tools):
        row = to_row(entry) | {
            "name_key": _name_key(entry.name),
            "source_id": writer.source_id(entry),
            "first_seen_at": writer.seen(entry.first_seen_at),
            "last_seen_at": writer.seen(entry.last_seen_at),
        }
        before = known.get(writer.tool_id(entry.id))
        if before is None:
            new.append(row)
        else:
            _refuse_shared_id(writer, index, before, row)
            _describe_again(writer, "tools", before, row)
    writer.add("tools", new)
    writer.db.conn.executemany(_MOVE_SIGHTING["tools"], writer.sightings["tools"])
    for alias in writer.pack.aliases:
        names = {"alias": alias.alias, "tool_id": writer.tool_id(alias.tool_id)}
        writer.db.conn.execute(_UPSERT_ALIAS, names)
    for found in writer.db.conn.execute(_BARE_ALIASES):
        writer.tool_ids.setdefault(found["alias"], found["tool_id"])


def _stored_tools(writer: _Writer) -> dict[str, Row]:
    """Return the store's rows of the pack's tools; where it knows one by its name only, that id is taken."""
    entries: Sequence[ToolEntry] = writer.pack.tools
    own_ids = {each.id for each in entries}
    known = {row["id"]: row for row in writer.rows(_TOOLS_BY_ID, own_ids)}
    names = [_name_key(each.name) for each in entries]
    by_name = {row["name_key"]: row for row in writer.rows(_TOOLS_BY_NAME, names)}
    for entry, name in zip(entries, names, strict=True):
        namesake = by_name.get(name)
        if entry.id not in known and namesake is not None and namesake["id"] not in own_ids:
            writer.tool_ids[entry.id] = namesake["id"]
            known[namesake["id"]] = namesake
    return known


def _refuse_shared_id(writer: _Writer, index: int, before: Row, row: Values) -> None:
    """Refuse two sources' names that differ only in what an id leaves out: they must not become one tool unasked."""
    renamed = before["name_key"] != row["name_key"] and before["source_id"] != row["source_id"]
    if renamed and slug(before["name"]) == slug(str(row["name"])) == row["id"]:
        raise BadInput(
            f"{before['name']} and {row['name']} would both be {row['id']}: "
            "give one of them an id of its own in a pack, or write the name alike",
            writer.where(("tools", index, "name")),
        )


def _name_key(name: str) -> str:
    """Return what two spellings of one name have in common: all but case and white space."""
    return " ".join(name.casefold().split())


def _describe_comparisons(writer: _Writer) -> None:
    """Keep comparisons as last described. One that has another id and another address is another, of whichever tools.

    An entry is the comparison of the same two tools that has its id, else its address, else any that may be it. What a
    site, or an export, says is all there is: each of its entries is another comparison.
    """
    entries: Sequence[ComparisonEntry] = writer.pack.comparisons
    pairs = [(writer.tool_id(each.left_id), writer.tool_id(each.right_id)) for each in entries]
    known = {row["id"]: row for row in writer.rows(_COMPARISONS_BY_ID, (each.key for each in entries))}
    by_pair: dict[tuple[str, str], list[Row | Values]] = defaultdict(list)
    for found in writer.rows(_COMPARISONS_BY_LEFT, (left_id for left_id, _ in pairs)):
        by_pair[found["left_id"], found["right_id"]].append(found)
    certain = [_certainly(entry, by_pair[pair]) for entry, pair in zip(entries, pairs, strict=True)]
    taken = {each["id"] for each in certain if each is not None}
    is_all = writer.watched or writer.pack.imports is not None
    new: list[Values] = []
    for index, (entry, pair) in enumerate(zip(entries, pairs, strict=True)):
        row = to_row(entry) | {
            "id": entry.key,
            "left_id": pair[0],
            "right_id": pair[1],
            "source_id": writer.source_id(entry),
            "first_seen_at": writer.seen(entry.first_seen_at),
            "last_seen_at": writer.seen(entry.last_seen_at),
        }
        namesake = known.get(entry.key)
        if namesake is not None and (namesake["left_id"], namesake["right_id"]) != pair:
            raise BadInput(
                f"{namesake['id']} already compares {namesake['left_id']} with {namesake['right_id']}: "
                "give this pair an id of its own",
                writer.where(("comparisons", index, "id")),
            )
        free = (each for each in by_pair[pair] if not (is_all and each["id"] in taken))
        before = certain[index] or next((each for each in free if _may_be(writer, entry, each)), None)
        if before is None:
            if any(each["id"] == entry.key for each in by_pair[pair]):
                row["id"] = f"{entry.key}-{content_id('comparison', _address(entry.url))[-8:]}"
            new.append(row)
            by_pair[pair].append(row)
        elif isinstance(before, Row):
            _describe_again(writer, "comparisons", before, row)
        writer.comparison_ids[entry.key] = str((before or row)["id"])
        taken.add((before or row)["id"])
    writer.add("comparisons", new)
    writer.db.conn.executemany(_MOVE_SIGHTING["comparisons"], writer.sightings["comparisons"])


def _certainly(entry: ComparisonEntry, of_pair: Sequence[Row | Values]) -> Row | Values | None:
    """Return the comparison with the id or else the address of an entry."""
    address = _address(entry.url)
    by_id = (each for each in of_pair if each["id"] == entry.id)
    by_address = (each for each in of_pair if address and _address(str(each["url"])) == address)
    return next(by_id, None) or next(by_address, None)


def _may_be(writer: _Writer, entry: ComparisonEntry, known: Row | Values) -> bool:
    """Return whether an entry may be a comparison: one has no address, or the site now gives it another id and address."""
    return not (entry.url and known["url"]) or (writer.watched and known["at_site"] == "listed")


def _address(url: str) -> str:
    """Return what two spellings of one page's address have in common."""
    return re.sub(r"^https?://(www\.)?", "", url.partition("#")[0], flags=re.IGNORECASE).rstrip("/")


def _mark_what_the_site_lists(writer: _Writer) -> None:
    """Note which tools and comparisons the site's own database has now, and that those it no longer has are gone."""
    listed = {
        "tools": [writer.tool_id(each.id) for each in writer.pack.tools],
        "comparisons": [writer.comparison_id(each.key) for each in writer.pack.comparisons],
    }
    for table, ids in listed.items():
        marks = {"ids": json.dumps(ids)}
        writer.gone += writer.db.conn.execute(_MARK_GONE[table], marks).rowcount
        writer.db.conn.execute(_MARK_LISTED[table], marks)


def _describe_again(writer: _Writer, table: str, before: Row, row: Values) -> None:
    """Merge a description into the one the store holds, and move its sightings."""
    merged = _merged(writer, table, before, row)
    described = {name: value for name, value in merged.items() if value != before[name]}
    if described:
        writer.db.table(table).update(before["number"], described)
        writer.changed += 1
        for name in _REVISED[table]:
            # What only fills a gap has no history, but for a tool of which it is first heard that it is given up.
            filled = not _given(before[name])
            if name in described and not (filled and (name != "status" or not is_given_up(row["status"]))):
                # A description itself has no history.
                revision = {
                    "kind": table,
                    "key": before["id"],
                    "field": name,
                    "before": before[name] or "",
                    "after": described[name] or "",
                    "seen_at": row["last_seen_at"],
                }
                _keep_revision(writer, revision)
    sighting = {
        "number": before["number"],
        "first": min(before["first_seen_at"], str(row["first_seen_at"])),
        "last": max(before["last_seen_at"], str(row["last_seen_at"])),
    }
    writer.sightings[table].append(sighting)


def _keep_revision(writer: _Writer, revision: Values) -> None:
    row = {"id": content_id("revision", *revision.values()), **revision}
    writer.db.conn.execute(_INSERT_REVISION, row)


def _merged(writer: _Writer, table: str, before: Row, row: Values) -> Values:
    """Merge the descriptions, field by field."""
    facts, prose = _FACTS[table], _PROSE[table]
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


_INSERT_REVISION = """
INSERT INTO revisions (id, kind, key, field, before, after, seen_at)
VALUES (:id, :kind, :key, :field, :before, :after, :seen_at) ON CONFLICT (id) DO NOTHING
"""
_MOVE_SIGHTING = {
    "tools": "UPDATE tools SET first_seen_at = :first, last_seen_at = :last WHERE number = :number",
    "comparisons": "UPDATE comparisons SET first_seen_at = :first, last_seen_at = :last WHERE number = :number",
}
_MARK_GONE = {
    "tools": """
    UPDATE tools SET at_site = 'gone'
    WHERE at_site = 'listed' AND id NOT IN (SELECT value FROM json_each(:ids))
    """,
    "comparisons": """
    UPDATE comparisons SET at_site = 'gone'
    WHERE at_site = 'listed' AND id NOT IN (SELECT value FROM json_each(:ids))
    """,
}
_MARK_LISTED = {
    "tools": """
    UPDATE tools SET at_site = 'listed'
    WHERE at_site <> 'listed' AND id IN (SELECT value FROM json_each(:ids))
    """,
    "comparisons": """
    UPDATE comparisons SET at_site = 'listed'
    WHERE at_site <> 'listed' AND id IN (SELECT value FROM json_each(:ids))
    """,
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


# Reviews and their ratings: identical words on one tool are one review.
#
# A rating is what one source said of a review at one time. A later one may add the reviewer, the score or the decision,
# or change them; it is added as another rating, so the earlier one stays. Words alone never say who wrote them, and
# the order of reviews never does. A source that goes back to a reviewer's earlier words rates that review once more;
# a page published before the one that the reviewer's present words stand on does not, nor does a page that only
# repeats what it always said. `store.fold_reviews` makes reviews out of ratings again.

_RATED = ("reviewer", "score", "decision")


def last_known(ratings: Sequence[Row | Values], name: str) -> Any:
    """Return the last value of a column that any rating states; None when none does."""
    return next((row[name] for row in reversed(ratings) if row[name] is not None), None)


def _rate_reviews(writer: _Writer) -> None:
    """Add the pack's reviews that are new, and the ratings that add to what is known."""
    entries = writer.pack.reviews
    #: By review, the first seen first: rows of the store and rows about to be added.
    ratings: dict[str, list[Row | Values]] = defaultdict(list)
    #: The last rating of each tool by each reviewer: of all, and of each source.
    last: dict[tuple[str, str | None], Row] = {}
    last_of_source: dict[tuple[str, str | None, str], Row] = {}
    for row in writer.rows(_RATINGS, (writer.tool_id(each.tool_id) for each in entries)):
        ratings[row["review_id"]].append(row)
        last[row["tool_id"], row["reviewer"]] = row
        last_of_source[row["tool_id"], row["reviewer"], row["source_id"]] = row
    reviews: list[Values] = []
    stated: list[tuple[ReviewEntry, Values]] = []
    for entry in entries:
        tool_id = writer.tool_id(entry.tool_id)
        words = "\n".join(line.strip() for line in entry.words.splitlines())
        review_id = content_id("review", tool_id, " ".join(words.split()), None if words else entry.reviewer)
        if not words and (tool_id, entry.reviewer) in last:
            # Without words, the reviewer's last review of this tool is meant.
            review_id = last[tool_id, entry.reviewer]["review_id"]
        stated.append((entry, _rating(writer, entry, review_id)))
        if review_id not in ratings:
            reviews.append({"id": review_id, "tool_id": tool_id, "words": words})
            ratings[review_id] = []
    said = {rating["review_id"] for _, rating in stated}
    new: list[Values] = []
    for entry, rating in stated:
        by, known = (writer.tool_id(entry.tool_id), entry.reviewer), ratings[str(rating["review_id"])]
        before = last_of_source.get((*by, str(rating["source_id"])), last.get(by))
        # Of two reviews that a source gives at once, neither is what it went back to.
        goes_back = (
            entry.reviewer is not None
            and before is not None
            and before["review_id"] not in said
            and _is_later(writer, rating, before)
        )
        if goes_back or _adds(writer, entry, rating, known):
            if known and before is not None and not goes_back and not _is_later(writer, rating, before):
                # An older page has these words too: that turns nothing back.
                rating = _rating(writer, entry, str(rating["review_id"]), str(known[-1]["seen_at"]))
            known.append(rating)
            new.append(rating)
    named = dict.fromkeys(row["reviewer"] for row in new if row["reviewer"] is not None)
    writer.db.conn.executemany(_ADD_REVIEWER, [{"name": name} for name in named])
    writer.add("reviews", reviews)
    writer.add("ratings", new)


def _rating(writer: _Writer, entry: ReviewEntry, review_id: str, seen_at: str = "") -> Values:
    stated = to_row(entry)
    rating: Values = {
        "review_id": review_id,
        **{name: stated[name] for name in _RATED},
        "source_id": writer.source_id(entry),
        "seen_at": seen_at or writer.seen(entry.seen_at),
    }
    return {"id": content_id("rating", *rating.values()), **rating, "line": entry.line}


def _is_later(writer: _Writer, rating: Values, before: Row) -> bool:
    """Return whether a rating may replace what the reviewer said before: it is not from an older page, or from others."""
    days = [writer.published.get(str(each["source_id"])) for each in (rating, before)]
    is_older = days[0] is not None and days[1] is not None and days[0] < days[1]
    return not is_older and (rating["source_id"] in writer.ours or before["source_id"] not in writer.ours)


def _adds(writer: _Writer, entry: ReviewEntry, rating: Values, known: list[Row | Values]) -> bool:
    """Return whether a rating says more than those before it, or is the first of one of our own pages."""
    if any(each["id"] == rating["id"] for each in known):
        return False
    if entry.seen_at is not None or not known:
        return True
    if rating["source_id"] in writer.ours and not any(
        each["source_id"] == rating["source_id"] for each in known
    ):
        return True
    return any(rating[name] not in (None, last_known(known, name)) for name in _RATED)


_RATINGS = """
SELECT reviews.tool_id, ratings.*
FROM reviews JOIN ratings ON ratings.review_id = reviews.id
WHERE reviews.tool_id IN (SELECT value FROM json_each(:ids))
ORDER BY ratings.seen_at, ratings.rowid
"""
_ADD_REVIEWER = "INSERT INTO reviewers (name, about) VALUES (:name, '') ON CONFLICT (name) DO NOTHING"


# What is only ever added: verdicts, votes, claims, offers, benchmarks, notes.
#
# What a source says of a thing is added when it is something else than what it said last: repeated words change
# nothing, a price that moves is a new claim beside the old one. When a source once said two things and now says one,
# that one is added again, so that what holds is always the last that was said.

Contents = tuple[Any, ...]
#: What is being said of one thing: each statement with its place among all that is said.
Saying = list[tuple[int, Stated[Contents]]]


def _same_verdict(said: Contents, saying: Contents) -> bool:
    """Return whether a verdict adds nothing to another: no other figure, and no stated split where one was derived."""
    *figures, derived = saying
    *before, was_derived = said
    states_split = saying[0] is not None and was_derived and not derived
    return not states_split and all(
        figure is None or figure == known for figure, known in zip(figures, before, strict=True)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementTable:
    """A table of statements. Those with the same tool, source and subject speak of the same thing."""

    name: str
    subject_fields: tuple[str, ...] = ()
    said_fields: tuple[str, ...]
    date_fields: tuple[str, ...] = ()
    #: Whether a second statement adds nothing to a first.
    repeats: Callable[[Contents, Contents], bool] = lambda said, saying: said == saying
    #: Our own pages speak for one community: what one says, another need not repeat.
    shared: bool = False

    def subject(self, row: Values, ours: frozenset[str]) -> Contents:
        """Return what a statement speaks of, and for whom."""
        source = "" if self.shared and row["source_id"] in ours else row["source_id"]
        return (row["tool_id"], source, *_pick(row, self.subject_fields))

    def stated(self, row: Values) -> Stated[Contents]:
        dated = next((str(row[name]) for name in self.date_fields if row[name] is not None), "")
        return Stated(_pick(row, self.said_fields + self.date_fields), dated, str(row["seen_at"]))

    def contents(self, stated: Stated[Contents]) -> Contents:
        """Return what is said, without its dates."""
        return stated.what[: len(self.said_fields)]

    def id(self, row: Values) -> str:
        parts = (
            "tool_id",
            *self.subject_fields,
            *self.said_fields,
            *self.date_fields,
            "source_id",
            "seen_at",
        )
        return content_id(self.name.rstrip("s"), *_pick(row, parts))


STATEMENT_TABLES = (
    StatementTable(
        name="verdicts",
        said_fields=("ships", "skips", "share", "derived"),
        date_fields=("as_of",),
        repeats=_same_verdict,
    ),
    StatementTable(name="votes", said_fields=("ship", "skip"), shared=True),
    StatementTable(
        name="claims",
        subject_fields=("attribute",),
        said_fields=("value", "unit"),
        date_fields=("verified_on", "as_of"),
    ),
    StatementTable(
        name="offers",
        subject_fields=("provider",),
        said_fields=(
            "context_tokens",
            "input_price",
            "output_price",
            "p50_latency_ms",
            "throughput_tps",
            "uptime_percent",
        ),
        date_fields=("as_of",),
    ),
    StatementTable(
        name="benchmarks", subject_fields=("test",), said_fields=("score", "out_of"), date_fields=("as_of",)
    ),
    StatementTable(name="notes", subject_fields=("kind",), said_fields=("other", "words")),
)


def _pick(row: Values, names: Iterable[str]) -> Contents:
    return tuple(row[name] for name in names)


def _add_statements(writer: _Writer, table: StatementTable) -> None:
    """Add what the pack states and its sources did not say before."""
    entries: Sequence[StatementEntry] = getattr(writer.pack, table.name)
    said = [_statement_row(writer, each) for each in entries]
    about = {"ids": json.dumps(sorted({str(row["tool_id"]) for row in said}))}
    held = list(writer.db.table(table.name).rows_where(_ABOUT_TOOLS, about))
    known: dict[Contents, list[Stated[Contents]]] = defaultdict(list)
    for row in held:
        known[table.subject(row, writer.ours)].append(table.stated(row))
    saying: dict[Contents, Saying] = defaultdict(list)
    for place, (entry, row) in enumerate(zip(entries, said, strict=True)):
        subject, stated = table.subject(row, writer.ours), table.stated(row)
        so_far = [*known[subject], *(each for _, each in saying[subject])]
        # An export says everything again.
        if entry.seen_at is not None or _may_add(table, so_far, stated):
            saying[subject].append((place, stated))
    places = (place for key, spoken in saying.items() for place in _additions(known[key], spoken, writer.now))
    new: dict[str, Values] = {}
    for place in sorted(places):
        new.setdefault(table.id(said[place]), said[place])
    ids = {row["id"] for row in held}
    writer.add(table.name, ({"id": key, **row} for key, row in new.items() if key not in ids))


def _statement_row(writer: _Writer, entry: StatementEntry) -> Values:
    row = to_row(entry) | {
        "tool_id": writer.tool_id(entry.tool_id),
        "source_id": writer.source_id(entry),
        "seen_at": writer.seen(entry.seen_at),
    }
    if isinstance(entry, ClaimEntry):
        measured = measure(entry.attribute, entry.value, entry.unit)
        words = entry.words or f"{entry.value} {entry.unit}".strip()
        row |= {"words": words, **to_row(measured)}
    return row


def _may_add(table: StatementTable, known: list[Stated[Contents]], stated: Stated[Contents]) -> bool:
    """Return False for what repeats a part of what holds: the same without its date, or some of its figures."""
    return bool(stated.dated) or not any(
        table.repeats(table.contents(each), table.contents(stated)) and each.what != stated.what
        for each in current(known)
    )


def _additions(known: list[Stated[Contents]], spoken: Saying, now: str) -> list[int]:
    """Return the places to add: all when what holds would change, else what was never said before."""
    before = {each.what for each in known}
    after = current([*known, *(stated for _, stated in spoken)])
    if {each.what for each in after} != {each.what for each in current(known)}:
        return [place for place, _ in spoken]
    return [place for place, stated in spoken if stated.what not in before or stated.seen_at != now]


_ABOUT_TOOLS = "tool_id IN (SELECT value FROM json_each(:ids))"


# Questions, kept with the answer last given, and what an export knows of our readers' votes.


def _add_questions(writer: _Writer) -> None:
    rows: dict[str, Values] = {
        str(row["id"]): row for row in (_question_row(writer, each) for each in writer.pack.questions)
    }
    known: dict[str, Row] = {row["id"]: row for row in writer.rows(_KNOWN_QUESTIONS, rows)}
    for key, before in known.items():
        if rows[key]["answer"] != before["answer"] and not writer.is_late:
            writer.db.table("questions").update(before["number"], {"answer": rows[key]["answer"]})
            writer.changed += 1
    writer.add("questions", [row for key, row in rows.items() if key not in known])


def _question_row(writer: _Writer, entry: QuestionEntry) -> Values:
    comparison_id = entry.comparison_id and writer.comparison_id(entry.comparison_id)
    tool_id = entry.tool_id and writer.tool_id(entry.tool_id)
    source_id = writer.source_id(entry)
    return to_row(entry) | {
        "id": content_id("question", comparison_id, tool_id, entry.question.casefold(), source_id),
        "comparison_id": comparison_id,
        "tool_id": tool_id,
        "source_id": source_id,
        "seen_at": writer.seen(entry.seen_at),
    }


def _keep_reader_votes(writer: _Writer) -> None:
    for each in writer.pack.reader_votes:
        ids = {
            "comparison_id": writer.comparison_id(each.comparison_id),
            "tool_id": writer.tool_id(each.tool_id),
        }
        writer.db.conn.execute(_INSERT_READER_VOTES, to_row(each) | ids)


_KNOWN_QUESTIONS = "SELECT number, id, answer FROM questions WHERE id IN (SELECT value FROM json_each(:ids))"
_INSERT_READER_VOTES = """
INSERT INTO reader_votes (comparison_id, tool_id, ship, skip, closed_at)
VALUES (:comparison_id, :tool_id, :ship, :skip, :closed_at) ON CONFLICT DO NOTHING
"""

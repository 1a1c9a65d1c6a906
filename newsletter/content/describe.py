"""The half of an import that is kept as last described: sources, reviewers, tools, aliases and comparisons.

Our own site's description of a tool or a comparison goes before anybody else's: others fill in facts it lacks, but
their prose never stands under our name. A later description by an equal replaces what it states and leaves the
rest. Names decide what is the same tool where ids do not: one name is one tool, two names are two.
"""

import json
from collections.abc import Mapping
from sqlite3 import Row

from newsletter.content.ids import content_id
from newsletter.content.pack import ComparisonEntry, SourceEntry, ToolEntry, slug
from newsletter.content.rows import day_text
from newsletter.content.writer import Values, Writer
from newsletter.errors import BadInput

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
    known = _known_tools(writer)
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


def _known_tools(writer: Writer) -> dict[str, Row]:
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

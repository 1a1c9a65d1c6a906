"""The half of an import that is only ever added: verdicts, votes, claims, offers, benchmarks, notes, questions.

What a source says of a thing is added when it is something else than what it said last: repeated words change
nothing, a price that moves is a new claim beside the old one. When a source once said two things and now says one,
that one is added again, so that what holds is always the last that was said. Reviews and ratings are in `rate`.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from newsletter.content.current import Stated, current
from newsletter.content.ids import content_id
from newsletter.content.kinds import KINDS, Contents, Kind, pick
from newsletter.content.pack import QuestionEntry, Statement
from newsletter.content.writer import Values, Writer

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

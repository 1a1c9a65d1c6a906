"""The half of an import that is only ever added: verdicts, votes, claims, offers, benchmarks, notes, questions.

A statement is added when it says something that its source does not already say: repeated words change nothing,
a price that moves is a new claim beside the old one. Reviews and their ratings are in `rate`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from sqlite3 import Row
from typing import Any

from newsletter.content.current import Stated, current
from newsletter.content.ids import content_id
from newsletter.content.pack import (
    BenchmarkEntry,
    ClaimEntry,
    NoteEntry,
    OfferEntry,
    QuestionEntry,
    Statement,
    VerdictEntry,
    VotesEntry,
)
from newsletter.content.rows import day_text, decimal_text
from newsletter.content.units import measure
from newsletter.content.writer import Values, Writer

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
    """A table of statements: what they are on, what they say, and the dates they give themselves."""

    table: str
    query: str
    on: tuple[str, ...]
    says: tuple[str, ...]
    dates: tuple[str, ...] = ()
    repeats: Callable[[Contents, Contents], bool] = _equal
    #: Our own pages speak for one panel and one community: what one says, another need not repeat.
    shared: bool = False

    def subject(self, row: Row | Values, ours: frozenset[str]) -> Contents:
        source = "" if self.shared and row["source_id"] in ours else row["source_id"]
        return (row["tool_id"], source, *_pick(row, self.on))

    def stated(self, row: Row | Values) -> Stated[Contents]:
        dated = next((str(row[name]) for name in self.dates if row[name] is not None), "")
        return Stated(_pick(row, self.says + self.dates), dated, str(row["seen_at"]))


def _pick(row: Row | Values, names: Iterable[str]) -> Contents:
    return tuple(row[name] for name in names)


def state_everything(writer: Writer) -> None:
    """Add what the pack states and its sources did not say before."""
    pack = writer.pack
    _state(writer, _VERDICTS, ((each, _verdict(each)) for each in pack.verdicts))
    _state(writer, _VOTES, ((each, _votes(each)) for each in pack.votes))
    _state(writer, _CLAIMS, ((each, _claim(each)) for each in pack.claims))
    _state(writer, _OFFERS, ((each, _offer(each)) for each in pack.offers))
    _state(writer, _BENCHMARKS, ((each, _benchmark(each)) for each in pack.benchmarks))
    _add_notes(writer)
    _add_questions(writer)


def _state(writer: Writer, kind: Kind, said: Iterable[tuple[Statement, Values]]) -> None:
    entries = list(said)
    before: dict[Contents, list[Stated[Contents]]] = defaultdict(list)
    ids = set()
    for known_row in writer.rows(kind.query, (writer.tool_id(each.tool) for each, _ in entries)):
        before[kind.subject(known_row, writer.ours)].append(kind.stated(known_row))
        ids.add(known_row["id"])
    new: list[Values] = []
    for entry, values in entries:
        row = _row(writer, entry, values)
        known = before[kind.subject(row, writer.ours)]
        stated = kind.stated(row)
        if entry.seen_at is None and _adds_nothing(kind, known, stated):
            continue
        row = {"id": _id(kind, row), **row}
        if row["id"] not in ids:
            ids.add(row["id"])
            known.append(stated)
            new.append(row)
    writer.add(kind.table, new)


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
    return content_id(kind.table.rstrip("s"), *_pick(row, parts))


def _adds_nothing(kind: Kind, known: list[Stated[Contents]], stated: Stated[Contents]) -> bool:
    """Whether what holds says it already, or it is an older dated statement read again."""
    if stated.dated and any(stated.what == each.what for each in known):
        return True
    width = len(kind.says)
    return any(
        kind.repeats(each.what[:width], stated.what[:width])
        and (not stated.dated or each.what[width:] == stated.what[width:])
        for each in current(known)
    )


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


def _add_notes(writer: Writer) -> None:
    rows = [_note(writer, each) for each in writer.pack.notes]
    known = {row["id"] for row in writer.rows(_KNOWN_NOTES, (str(row["id"]) for row in rows))}
    writer.add("notes", {row["id"]: row for row in rows if row["id"] not in known}.values())


def _note(writer: Writer, entry: NoteEntry) -> Values:
    tool_id, source_id = writer.tool_id(entry.tool), writer.source_id(entry)
    return {
        "id": content_id("note", tool_id, entry.kind.value, entry.other, entry.words, source_id),
        "tool_id": tool_id,
        "kind": entry.kind.value,
        "other": entry.other,
        "words": entry.words,
        "source_id": source_id,
        "line": entry.line,
        "seen_at": writer.seen(entry.seen_at),
    }


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


_VERDICTS = Kind(
    table="verdicts",
    query="SELECT * FROM verdicts WHERE tool_id IN (SELECT value FROM json_each(:ids))",
    on=(),
    says=("ships", "skips", "share", "derived"),
    dates=("as_of",),
    repeats=_same_verdict,
    shared=True,
)
_VOTES = Kind(
    table="votes",
    query="SELECT * FROM votes WHERE tool_id IN (SELECT value FROM json_each(:ids))",
    on=(),
    says=("ship", "skip"),
    shared=True,
)
_CLAIMS = Kind(
    table="claims",
    query="SELECT * FROM claims WHERE tool_id IN (SELECT value FROM json_each(:ids))",
    on=("attribute",),
    says=("value", "unit"),
    dates=("verified_on", "as_of"),
)
_OFFERS = Kind(
    table="offers",
    query="SELECT * FROM offers WHERE tool_id IN (SELECT value FROM json_each(:ids))",
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
)
_BENCHMARKS = Kind(
    table="benchmarks",
    query="SELECT * FROM benchmarks WHERE tool_id IN (SELECT value FROM json_each(:ids))",
    on=("test",),
    says=("score", "out_of"),
    dates=("as_of",),
)
_KNOWN_NOTES = "SELECT id FROM notes WHERE id IN (SELECT value FROM json_each(:ids))"
_KNOWN_QUESTIONS = "SELECT number, id, answer FROM questions WHERE id IN (SELECT value FROM json_each(:ids))"

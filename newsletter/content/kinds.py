"""The kinds of statements: their tables, what they are on, what they say, and how an entry becomes a row."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from sqlite3 import Row
from typing import Any

from newsletter.content.current import Stated
from newsletter.content.pack import (
    BenchmarkEntry,
    ClaimEntry,
    NoteEntry,
    OfferEntry,
    Pack,
    Statement,
    VerdictEntry,
    VotesEntry,
)
from newsletter.content.rows import day_text, decimal_text
from newsletter.content.units import measure
from newsletter.content.writer import Values

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

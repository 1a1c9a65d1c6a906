"""What the desk finds: a contradiction, and the statements that it is between."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from newsletter.content.model import Benchmark, Claim, Source


class Kind(StrEnum):
    """What sort of contradiction it is."""

    SOURCES_DIFFER = "sources differ"
    SAID_TWICE = "said twice"
    TWO_RECORDS = "two records, one tool"
    ONE_NAME = "one name, two tools"
    TOTAL = "total against price"
    SAVING = "saving against price"
    RATIO = "ratio against price"
    PRICE = "price against price"
    SPLIT = "share against split"
    WINS = "wins against table"
    UNTESTED = "untested against results"
    AHEAD = "who is ahead"
    ADVICE = "text against its answer"


class Severity(StrEnum):
    """How much hangs on it."""

    #: A figure or name that an issue prints may be wrong.
    SERIOUS = "serious"
    #: The source is less to be relied on; what an issue prints of it stands elsewhere.
    MINOR = "minor"


_MINOR = (Kind.WINS, Kind.UNTESTED, Kind.AHEAD, Kind.ADVICE, Kind.SAVING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One side: what is said of a tool, by whom, on which line of it, and how old it is."""

    tool_id: str
    value: str
    words: str
    source_id: str
    source: str
    line: int | None
    #: "verified 2026-03-01", "as of …", "published …" or "seen …": the best date there is.
    dated: str
    #: Empty for what is no claim: a sentence, a row of a table.
    claim_id: str = ""

    @property
    def place(self) -> str:
        return self.source if self.line is None else f"{self.source}, line {self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Two statements that cannot both be true. `also` are others that say the same as either.

    `certain`: it follows from the figures alone; else from what words usually mean. `attribute` is what an editor
    can rule on to settle it.
    """

    kind: Kind
    attribute: str
    left: Statement
    right: Statement
    also: tuple[Statement, ...] = ()
    reason: str
    certain: bool = True

    @property
    def severity(self) -> Severity:
        return Severity.MINOR if self.kind in _MINOR else Severity.SERIOUS

    @property
    def tool_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.left.tool_id, self.right.tool_id)))


def state_claim(claim: Claim, sources: Mapping[str, Source]) -> Statement:
    """The statement that a claim is."""
    return Statement(
        tool_id=claim.tool_id,
        value=" ".join(filter(None, (claim.value, claim.unit if claim.number is not None else ""))),
        words=claim.words or claim.value,
        source_id=claim.source_id,
        source=sources[claim.source_id].name,
        line=claim.line,
        dated=date_claim(claim, sources[claim.source_id]),
        claim_id=claim.id,
    )


def state_result(result: Benchmark, source: Source) -> Statement:
    """The statement that a row of a benchmark table is."""
    value = "no score" if result.score is None else f"{result.score:f}"
    return Statement(
        tool_id=result.tool_id,
        value=value,
        words=f"{result.test}: {value}",
        source_id=source.id,
        source=source.name,
        line=result.line,
        dated=f"as of {result.as_of}" if result.as_of else date_source(source),
    )


def state_words(source: Source, tool_id: str, words: str, line: int | None, *, value: str = "") -> Statement:
    """A statement that is no record of its own: words of the source, and what they come to where that is another."""
    return Statement(
        tool_id=tool_id,
        value=value or words,
        words=words,
        source_id=source.id,
        source=source.name,
        line=line,
        dated=date_source(source),
    )


def date_claim(claim: Claim, source: Source) -> str:
    if claim.verified_on is not None:
        return f"verified {claim.verified_on}"
    if claim.as_of is not None:
        return f"as of {claim.as_of}"
    return date_source(source)


def date_source(source: Source) -> str:
    if source.published_on is not None:
        return f"published {source.published_on}"
    return f"seen {source.seen_on}"

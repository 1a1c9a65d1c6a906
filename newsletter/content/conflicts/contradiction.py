"""What the desk finds: a contradiction, and its two sides. What it looks through is `by_source`."""

from dataclasses import dataclass
from enum import StrEnum

from newsletter.content.records import Benchmark, Claim, Source


class ContradictionKind(StrEnum):
    """What sort of contradiction it is."""

    SOURCES_DIFFER = "sources differ"
    SAID_TWICE = "said twice"
    TWO_RECORDS = "two records, one tool"
    ONE_NAME = "one name, two tools"
    TOTAL = "total against price"
    SAVING = "saving against price"
    RATIO = "ratio against price"
    PRICE = "price against price"
    CURRENCY = "two currencies"
    WORDS = "words against tokens"
    DATES = "released after it was checked"
    SPLIT = "share against split"
    MEAN = "mean against scores"
    WINS = "wins against table"
    MAXIMUM = "score above its maximum"
    UNTESTED = "untested against results"
    AHEAD = "who is ahead"
    ADVICE = "text against its answer"


#: The source is less to be relied on; what an issue prints of it stands elsewhere.
_MINOR = (
    ContradictionKind.WINS,
    ContradictionKind.UNTESTED,
    ContradictionKind.AHEAD,
    ContradictionKind.ADVICE,
    ContradictionKind.SAVING,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContradictionSide:
    """One side of a contradiction: what is said of a tool, by whom, on which line of it, and how old that is."""

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
    """Two sides that cannot both be true. `also` are others that say the same as either.

    `certain`: it follows from the figures alone; else from what words usually mean. `attribute` is what an editor
    can rule on to settle it.
    """

    kind: ContradictionKind
    attribute: str
    left: ContradictionSide
    right: ContradictionSide
    also: tuple[ContradictionSide, ...] = ()
    reason: str
    certain: bool = True

    @property
    def is_serious(self) -> bool:
        """Whether a figure or name that an issue prints may be wrong."""
        return self.kind not in _MINOR

    @property
    def tool_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.left.tool_id, self.right.tool_id)))


def claim_side(claim: Claim, source: Source) -> ContradictionSide:
    """Return the side that a claim takes; `source` is the claim's."""
    return ContradictionSide(
        tool_id=claim.tool_id,
        value=" ".join(filter(None, (claim.value, claim.unit if claim.number is not None else ""))),
        words=claim.words or claim.value,
        source_id=claim.source_id,
        source=source.name,
        line=claim.line,
        dated=_date_claim(claim, source),
        claim_id=claim.id,
    )


def result_side(result: Benchmark, source: Source) -> ContradictionSide:
    """Return the side that a row of a benchmark table takes."""
    value = "no score" if result.score is None else f"{result.score:f}"
    return ContradictionSide(
        tool_id=result.tool_id,
        value=value,
        words=f"{result.test}: {value}",
        source_id=source.id,
        source=source.name,
        line=result.line,
        dated=f"as of {result.as_of}" if result.as_of else date_source(source),
    )


def words_side(
    source: Source, tool_id: str, words: str, line: int | None, *, value: str = ""
) -> ContradictionSide:
    """Return a side that is no record of its own: a source's words, and `value`, what they come to."""
    return ContradictionSide(
        tool_id=tool_id,
        value=value or words,
        words=words,
        source_id=source.id,
        source=source.name,
        line=line,
        dated=date_source(source),
    )


def _date_claim(claim: Claim, source: Source) -> str:
    if claim.verified_on is not None:
        return f"verified {claim.verified_on}"
    if claim.as_of is not None:
        return f"as of {claim.as_of}"
    return date_source(source)


def date_source(source: Source) -> str:
    """Return the best date there is for what a source leaves undated."""
    if source.published_on is not None:
        return f"published {source.published_on}"
    return f"seen {source.seen_on}"

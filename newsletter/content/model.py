"""The rows of `content.db` as values. Unknown is None, never a guess.

Moments (`…_at`) are aware UTC; days (`…_on`, `as_of`) are dates; prices are Decimal.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Decision(StrEnum):
    """What a reviewer, or the panel, says of a tool."""

    SHIP = "ship"
    SKIP = "skip"


class NoteKind(StrEnum):
    """What a note about a tool is."""

    BEST_FOR = "best-for"
    STRENGTH = "strength"
    TRADE_OFF = "trade-off"
    USE_CASE = "use-case"
    PROMPT = "prompt"
    EXAMPLE_OUTPUT = "example-output"
    VERSUS = "versus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A product compared. `entry` is how one gets in, as the site words it: "Free", "Paid".

    `source_id` is whose words tagline and description are; empty where unknown, and then no issue prints them.
    """

    id: str
    name: str
    maker: str = ""
    family: str = ""
    category: str = ""
    tagline: str = ""
    description: str = ""
    type: str = ""
    status: str = ""
    entry: str = ""
    url: str = ""
    tags: tuple[str, ...] = ()
    source_id: str = ""
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where statements come from. From a source that is not `ours` only figures enter an issue, never prose."""

    id: str
    name: str
    url: str = ""
    ours: bool = False
    published_on: date | None = None
    seen_on: date
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One panel member's score (0–100), decision and words on one tool, as last stated."""

    id: str
    tool_id: str
    reviewer: str | None
    score: int | None
    decision: Decision | None
    words: str
    source_id: str
    line: int | None
    first_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The panel's outcome for a tool at a time. `derived`: the split follows from share × reviewers."""

    id: str
    tool_id: str
    ships: int | None
    skips: int | None
    #: Share of the panel that ships, 0–100.
    share: Decimal | None
    derived: bool
    as_of: date | None
    seen_at: datetime
    source_id: str
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """The community's totals for a tool at a time."""

    tool_id: str
    ship: int
    skip: int
    seen_at: datetime
    source_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderVotes:
    """What readers voted from the mail on one side of a comparison, once voting has closed."""

    comparison_id: str
    tool_id: str
    ship: int
    skip: int
    closed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One source's statement of one attribute of one tool.

    `value` is as normalised text, `number` the same as a Decimal in `unit` where it is a number; `words` is what
    the source says. `as_of` is the date the source gives, `verified_on` the date it says it checked.
    """

    id: str
    tool_id: str
    attribute: str
    value: str
    number: Decimal | None
    unit: str
    words: str
    as_of: date | None
    verified_on: date | None
    seen_on: date
    source_id: str
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """The value the desk resolved for an attribute, with the claim it stands on and those that differ.

    `reason` says which rule chose it: "ruling", "newest verified", "dated", "source order", "first seen", or
    "agreed" and "only claim" where nothing had to be chosen.
    """

    tool_id: str
    attribute: str
    claim: Claim
    others: tuple[Claim, ...]
    reason: str

    @property
    def disputed(self) -> bool:
        return bool(self.others) and self.reason != "ruling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One provider's terms for a model. Prices are USD per million tokens, uptime percent over 30 days."""

    tool_id: str
    provider: str
    context_tokens: int | None
    input_price: Decimal | None
    output_price: Decimal | None
    p50_latency_ms: int | None
    throughput_tps: Decimal | None
    uptime_percent: Decimal | None
    as_of: date | None
    seen_on: date
    source_id: str
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One tool's result in one test; `score` None means the test exists and the tool is untested in it."""

    tool_id: str
    test: str
    score: Decimal | None
    out_of: Decimal | None
    as_of: date | None
    seen_on: date
    source_id: str
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolHead:
    """As much of a tool as choosing among thousands needs."""

    id: str
    name: str
    category: str
    first_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonHead:
    """As much of a comparison as choosing among thousands needs."""

    id: str
    left_id: str
    right_id: str
    published_on: date | None
    first_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two tools side by side, as the site published it."""

    id: str
    left_id: str
    right_id: str
    url: str = ""
    headline: str = ""
    summary: str = ""
    cost_read: str = ""
    performance_read: str = ""
    pick_left_if: str = ""
    pick_right_if: str = ""
    published_on: date | None = None
    source_id: str
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What one field of a tool or comparison (`kind` "tools", "comparisons") was described as before and after."""

    id: str
    kind: str
    key: str
    field: str
    before: str
    after: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something said about a tool; `other` is the other tool's name for VERSUS, the title else."""

    id: str
    tool_id: str
    kind: NoteKind
    other: str
    words: str
    source_id: str
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question and its answer, about a comparison or a tool."""

    id: str
    comparison_id: str | None
    tool_id: str | None
    question: str
    answer: str
    source_id: str
    line: int | None
    first_seen_at: datetime

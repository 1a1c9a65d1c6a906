"""What a move is: something that was so before, and is otherwise now."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from newsletter.content.model import ReaderVotes, Votes
from newsletter.digest.panel import Panel


class MoveKind(StrEnum):
    """What moved."""

    DECISION = "decision"
    SHARE = "share"
    SCORE = "score"
    PRICE = "price"
    STATUS = "status"
    RELEASE = "release"
    COMPARISON = "comparison"
    VOTES = "votes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From one issue's cutoff, included, to the next one's, not included."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A price before and after. `tail` is what it is for, in its source's words: "a seat and month"."""

    label: str
    before: str
    after: str
    #: Signed percentage; None from or to nothing.
    percent: int | None
    tail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Something about a tool (or a comparison) that was so before, and is otherwise now."""

    kind: MoveKind
    #: The tool's or the comparison's id.
    key: str
    size: Decimal
    #: The same as texts, where it is no price: "2–0", "beta".
    before: str = ""
    after: str = ""
    #: When each of them was said, where that is known.
    before_on: date | None = None
    after_on: date | None = None
    prices: tuple[Priced, ...] = ()
    #: Whose statement it is, and at which provider, of prices.
    source_id: str = ""
    provider: str = ""
    panel: Panel | None = None
    votes: Votes | None = None
    totals: tuple[ReaderVotes, ...] = ()
    #: Claims, verdicts and reviews that it stands on, those before and those after.
    claims: tuple[str, ...] = ()

    @property
    def is_about_tool(self) -> bool:
        """Whether `key` is a tool's; else it is a comparison's."""
        return self.kind not in (MoveKind.COMPARISON, MoveKind.VOTES)

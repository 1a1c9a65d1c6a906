"""An issue's contents, ready to be rendered: what each block says, in the reading order of the mail.

Values only: no HTML, no SQL. Numbers that come from claims are `Figure`s and carry the claims behind them, so
that every printed number can be followed to its source. A block that has nothing to say is None or empty, and
vanishes with its heading.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pydantic import TypeAdapter, ValidationError

from newsletter.db.statuses import Edition
from newsletter.errors import StoreError


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A printed value and the ids of the claims (or verdicts, votes, benchmarks) that it stands on."""

    text: str
    claims: tuple[str, ...] = ()
    disputed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A place on the site, or only words where `url` is empty. `affiliate` links are labelled wherever printed."""

    label: str
    url: str
    affiliate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Masthead:
    name: str
    edition: Edition
    number: int
    date_on: date
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two tools of a comparison, as far as a reader needs it to decide."""

    tool_id: str
    name: str
    #: "4 ship / 0 skip", with "(the page says 100 %)" where derived; "not reviewed yet".
    panel: Figure
    #: 0–100 share that ships, for colour and bars; None where unknown.
    share: int | None
    #: "no votes yet", "7 of 9 ship", "17 of 24 ship".
    community: Figure
    pricing: Figure
    best_for: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A line of a two-sided table."""

    label: str
    left: Figure
    right: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One reviewer's score on one side; `decision` is "ship", "skip" or "" where unknown."""

    score: int | None
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    reviewer: str
    left: Score | None
    right: Score | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    rows: tuple[ScoreRow, ...]
    #: Mean scores rounded to whole points; None where no score is known.
    left_mean: int | None
    right_mean: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """One whole sentence of a review. `stance` is "for" or "against"."""

    words: str
    reviewer: str
    tool: str
    stance: str
    review_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Dollars for a million tokens, half in and half out, on either side; None where none is recorded.

    `seat_tokens` are the tokens of one seat of a team in a month.
    """

    left: Decimal | None
    right: Decimal | None
    seat_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What each side costs a month: by volume (even input/output split) and for a team.

    `team` is None where no price is known; `basis` says in words what the rows assume.
    """

    volumes: tuple[TableRow, ...]
    team: TableRow | None
    basis: str
    #: When the prices were looked at: "Checked 18 Nov 2026."
    dated: str = ""
    #: What a reader's own cost is reckoned from; None in letters of before there was such a thing.
    rates: Rates | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A tool that somebody follows; `words` is its news, empty for no change."""

    tool_id: str
    name: str
    words: str = ""
    link: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmarks:
    """At most three tests with a score on a side; `untested` counts those without a row, or is empty.

    `origin` is whose results they are, and of when.
    """

    rows: tuple[TableRow, ...]
    untested: str
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """The lead comparison."""

    comparison_id: str
    headline: str
    bottom_line: str
    left: Side
    right: Side
    pick_left_if: str
    pick_right_if: str
    decision: tuple[TableRow, ...]
    scorecard: Scorecard | None
    quotes: tuple[Quote, ...]
    costs: Costs | None
    benchmarks: Benchmarks | None
    link: Link
    note: str = ""
    #: Where no panel says why: the start of the comparison's own summary.
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolName:
    """A tool that can be followed."""

    tool_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """Another comparison in at most thirty words."""

    comparison_id: str
    topic: str
    headline: str
    words: str
    link: Link
    note: str = ""
    sides: tuple[ToolName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A new verdict or a new model: one shape, at most thirty-five words.

    `facts` are short label/value pairs: context, prices, licence, and when those were looked at.
    """

    tool_id: str
    topic: str
    name: str
    #: "new verdict" or "new model".
    kicker: str
    split: Figure
    share: int | None
    line: str
    facts: tuple[tuple[str, Figure], ...]
    link: Link | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """Something that moved since an earlier issue, in at most twenty words. Filled by the facts desk."""

    tool_id: str
    words: str
    link: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A weekly issue in a monthly one: its lead in short, and what of the issue was corrected since.

    `issue` leads to the whole of it on the web, if it is there.
    """

    number: int
    date_on: date
    comparison_id: str
    headline: str
    bottom_line: str
    left: str
    right: str
    left_id: str
    right_id: str
    pick_left_if: str
    pick_right_if: str
    link: Link
    issue: Link | None
    corrections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLine:
    """Something else that the month brought, on one line. `key` is "comparison-…" or "tool-…"."""

    key: str
    topic: str
    link: Link
    split: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredQuestion:
    """One question answered, at most fifty words."""

    question: str
    answer: str
    about: str
    link: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedDispute:
    """A printed figure on which sources differ: "Mistral Small 3.2, input: $0.10 (…, 1 Mar 2026); $0.07 (…)"."""

    tool_id: str
    attribute: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedSource:
    """A source that printed figures stand on. `dated` is "checked 1 Mar 2026", "published …", "seen …" or the day alone.

    `newest_on` is the last date that it gives itself, which may lie in the future by mistake.
    """

    name: str
    url: str
    dated: str
    newest_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    origins: tuple[CitedSource, ...]
    disputes: tuple[PrintedDispute, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """What never changes from reader to reader; the links of a reader are slots of the plan."""

    why: str
    postal_address: str
    controller: str
    privacy_url: str
    archive_url: str
    subscribe_url: str
    reply_to: str
    affiliate_notice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What an earlier issue said wrongly, in one line. `link` leads to that issue on the web, if it is there."""

    erratum_id: int
    words: str
    link: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What the numbers in a line of prose stand on.

    `where` names the line: "lead.bottom_line", "findings.0", "more.2", "cards.1", "subject", "preheader".
    """

    where: str
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueContent:
    """The whole issue."""

    subject: str
    preheader: str
    masthead: Masthead
    #: The editor's note in Markdown; empty for none.
    note: str
    findings: tuple[str, ...]
    lead: Lead | None
    changes: tuple[ChangeLine, ...]
    more: tuple[Brief, ...]
    cards: tuple[Card, ...]
    rest: tuple[Link, ...]
    answer: AnsweredQuestion | None
    sources: Sources
    footer: Footer
    grounds: tuple[Grounds, ...] = ()
    #: The tools that readers follow, those with the largest news first.
    followed: tuple[Followed, ...] = ()
    #: What earlier issues said wrongly, where an editor wants it told.
    corrections: tuple[Correction, ...] = ()
    #: Of a monthly issue: its weekly ones, and what else they said; a weekly issue has neither.
    weeks: tuple[Week, ...] = ()
    lines: tuple[MonthLine, ...] = ()
    #: Whether readers are asked to vote on the comparisons.
    asks_votes: bool = False
    #: What the panel's numbers mean, for whoever reads one for the first time; empty where there are none.
    key: str = ""
    #: Whether there is no earlier issue that anything could have changed since.
    is_first: bool = False


# A letter as JSON and back: what approval freezes, and the archive and the checks read.

_LETTER = TypeAdapter(IssueContent)


def issue_content_to_json(letter: IssueContent) -> str:
    """The same letter always gives the same text."""
    return _LETTER.dump_json(letter).decode()


def issue_content_from_json(stored: str) -> IssueContent:
    """Raises StoreError for what is no letter."""
    try:
        return _LETTER.validate_json(stored)
    except ValidationError as error:
        raise StoreError(f"A stored letter cannot be read: {error.errors()[0]['msg']}") from error

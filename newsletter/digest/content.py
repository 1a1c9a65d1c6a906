"""What an issue says, ready to be rendered: the blocks of the mail in their reading order, and their stored form.

Values only: no HTML, no SQL. Whatever is computed from claims, a number or a line of prose, is a `Figure` and carries
the claims behind it, so that every printed number can be followed to its source. A block that has nothing to say is
None or empty, and vanishes with its heading. How blocks are written is in the modules named after them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from newsletter.db.statuses import Edition
from newsletter.errors import StoreError

_Part = TypeVar("_Part")

#: Points from a figure on which sources differ to where the issue names them.
DAGGER = "†"
#: As many sources are named in the mail; all of them stand with the issue on the web.
SOURCES_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A printed value or line, and the ids of the claims (or verdicts, reviews, votes, benchmarks) that it stands on.

    Printed as it is, a disputed one ends with a dagger. False where there is nothing to print.
    """

    text: str
    claims: tuple[str, ...] = ()
    disputed: bool = False
    #: Whether it is a count of votes, which moves by the hour.
    counts_votes: bool = False

    def __bool__(self) -> bool:
        return bool(self.text)

    def __str__(self) -> str:
        return f"{self.text}{DAGGER}" if self.disputed else self.text


NOTHING = Figure(text="")


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
    #: Who makes it, and what it is in one line of ours.
    maker: str = ""
    tagline: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A line of a two-sided table; `is_words` where its cells hold words rather than figures."""

    label: str
    left: Figure
    right: Figure
    is_words: bool = False


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
    #: What a reader's own cost is computed from; None in issues approved before there was such a thing.
    rates: Rates | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A tool that somebody follows; `words` is its news, empty for no change."""

    tool_id: str
    name: str
    words: Figure = NOTHING
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
class AnsweredQuestion:
    """One question answered: in the mail in at most fifty words, in the archive as far as the facts back it."""

    question: str
    answer: str
    about: str = ""
    link: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two tools side by side in tables: the mail prints the first rows, the archive all of them and the answers."""

    comparison_id: str
    headline: str
    left: Side
    right: Side
    decision: tuple[TableRow, ...]
    scorecard: Scorecard | None
    costs: Costs | None
    benchmarks: Benchmarks | None
    #: Where the site has the whole comparison; in the mail only words where that is nowhere.
    link: Link | None
    replies: tuple[AnsweredQuestion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead(Compared):
    """The lead comparison. What it comes down to is the bottom line, and `reason` what that stands on."""

    bottom_line: Figure
    pick_left_if: Figure
    pick_right_if: Figure
    quotes: tuple[Quote, ...]
    link: Link
    note: str = ""
    reason: Figure = NOTHING
    #: The start of the comparison's own summary.
    why: str = ""

    @property
    def conclusion(self) -> Figure:
        """The bottom line with its reason, for whoever prints nothing else of it."""
        if not self.reason:
            return self.bottom_line
        claims = tuple(dict.fromkeys((*self.bottom_line.claims, *self.reason.claims)))
        return Figure(
            text=f"{self.bottom_line.text} {self.reason.text}",
            claims=claims,
            disputed=self.bottom_line.disputed or self.reason.disputed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The week's largest story and what else there is, each in one sentence; `quote` says why, where a change leads."""

    sentences: tuple[Figure, ...]
    quote: Quote | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolName:
    """A tool by its id and name: one that can be followed, or voted on."""

    tool_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """Another comparison in at most thirty words."""

    comparison_id: str
    topic: str
    headline: str
    words: Figure
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
    """Something that changed since an earlier issue, in at most twenty words.

    The mail prints `told` under the tool's `name`, feeds and lists the `words`, which have both. `direction` is "up",
    "down" or empty; `because` is from the review that changed.
    """

    tool_id: str
    words: Figure
    link: Link | None
    name: str = ""
    told: Figure = NOTHING
    direction: str = ""
    because: Quote | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A weekly issue in a monthly one: its lead in short, and what of the issue was corrected since.

    `issue` leads to the whole of it on the web, if it is there.
    """

    number: int
    date_on: date
    comparison_id: str
    headline: str
    bottom_line: Figure
    left: str
    right: str
    left_id: str
    right_id: str
    pick_left_if: Figure
    pick_right_if: Figure
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
    """`url` is where all of them stand on the web, so that the mail names the first only; empty: nowhere."""

    origins: tuple[CitedSource, ...]
    disputes: tuple[PrintedDispute, ...]
    url: str = ""

    @property
    def named(self) -> tuple[CitedSource, ...]:
        """Those that the mail names: the first, which the lead stands on, where all are on the web."""
        return self.origins[:SOURCES_NAMED] if self.url else self.origins


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
class IssueContent:
    """The whole issue, which templates, tables and variables call the letter."""

    subject: str
    preheader: str
    masthead: Masthead
    #: The editor's note in Markdown; empty for none.
    note: str
    findings: tuple[Figure, ...]
    lead: Lead | None
    changes: tuple[ChangeLine, ...]
    more: tuple[Brief, ...]
    cards: tuple[Card, ...]
    rest: tuple[Link, ...]
    answer: AnsweredQuestion | None
    sources: Sources
    footer: Footer
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
    opening: Opening | None = None


def figures_in(block: object) -> Iterator[Figure]:
    """Yield every figure in a block, however deep it stands."""
    return _parts_in(block, Figure)


def links_in(block: object) -> Iterator[Link]:
    """Yield every link in a block, however deep it stands."""
    return _parts_in(block, Link)


def _parts_in(block: object, kind: type[_Part]) -> Iterator[_Part]:
    if isinstance(block, kind):
        yield block
    elif isinstance(block, tuple):
        for each in block:
            yield from _parts_in(each, kind)
    elif is_dataclass(block):
        for part in fields(block):
            yield from _parts_in(getattr(block, part.name), kind)


def figures_for_everybody(issue: IssueContent) -> Iterator[Figure]:
    """Yield the figures and lines that every reader of the issue gets: tables and cards, then prose."""
    lead = issue.lead
    if lead is not None:
        yield from figures_in((lead.decision, lead.costs, lead.benchmarks))
    yield from figures_in(issue.cards)
    if lead is not None:
        yield from (lead.bottom_line, lead.reason, lead.pick_left_if, lead.pick_right_if)
    yield from figures_in(
        (issue.opening, issue.more, issue.changes, issue.findings, issue.weeks, issue.lines)
    )


# The stored form: what approval freezes, and the archive and the checks read.


def issue_content_to_json(issue: IssueContent) -> str:
    """Return the stored form; equal issues always give the same text."""
    return _STORED.dump_json(issue).decode()


def issue_content_from_json(stored: str) -> IssueContent:
    """Read the stored form, of whichever release; raises StoreError for anything else."""
    try:
        return _STORED.validate_json(stored)
    except ValidationError as error:
        raise StoreError(f"A stored issue cannot be read: {error.errors()[0]['msg']}") from error


def _from_first_form(stored: Any) -> Any:
    """Give lines of prose their claims: the first form had them apart, in `grounds`, by the names of the lines."""
    if not isinstance(stored, dict) or "grounds" not in stored:
        return stored
    claims = {each["where"]: each["claims"] for each in stored["grounds"]}
    issue = {key: value for key, value in stored.items() if key != "grounds"}
    issue["findings"] = [
        {
            "text": text.removesuffix(DAGGER),
            "claims": claims.get(f"findings.{place}", ()),
            "disputed": text.endswith(DAGGER),
        }
        for place, text in enumerate(stored["findings"])
    ]
    for block in ("changes", "more", "followed"):
        for place, each in enumerate(issue.get(block, ())):
            each["words"] = {"text": each["words"], "claims": claims.get(f"{block}.{place}", ())}
    led = [("lead", issue["lead"])] if issue["lead"] is not None else []
    led += [(f"weeks.{place}", each) for place, each in enumerate(issue.get("weeks", ()))]
    for where, each in led:
        each["bottom_line"] = {"text": each["bottom_line"], "claims": claims.get(where, ())}
        for pick in ("pick_left_if", "pick_right_if"):
            each[pick] = {"text": each[pick]}
    rows = issue["lead"]["decision"] if issue["lead"] is not None else []
    for row in rows:
        row["is_words"] = row["label"] in ("Best for", "Category")
        for side in ("left", "right"):
            row[side]["counts_votes"] = row["label"].startswith("Community")
    for label, fact in (fact for card in issue["cards"] for fact in card["facts"]):
        fact["counts_votes"] = label == "Community"
    return issue


_STORED: TypeAdapter[IssueContent] = TypeAdapter(Annotated[IssueContent, BeforeValidator(_from_first_form)])

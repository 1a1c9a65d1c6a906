"""A pack: what one source, or several, say about tools. What files, pages and the site's database all become.

Values only. Reading files is `packfile`, reading pages is `pages/`, writing a pack to the store is `record`.
Tools are named by id (`slug` makes one from a name). What a source does not say stays None or empty. `line` is
the line of the source's text on which the statement stands, from 1. The `seen` fields are for exports, which
carry the store's history with them; everyone else leaves them out and the moment of the import counts.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from sqlite3 import Row
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic import StringConstraints as Chars

# The rows of `content.db` as values. Unknown is None, never a guess.
#
# Moments (`…_at`) are aware UTC; days (`…_on`, `as_of`) are dates; prices are Decimal.


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


#: Longest text of a source, in characters.
TEXT_LIMIT = 1_000_000

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff]")


def slug(name: str) -> str:
    """An id from a name: "Mistral 3 Small (22B)" → "mistral-3-small-22b".

    What ASCII cannot spell becomes a short hash, so that names in other scripts stay apart.
    """
    spelt = unicodedata.normalize("NFKD", name.casefold()).replace("+", " plus ").replace("#", " sharp ")
    letters = "".join(each for each in spelt if not unicodedata.combining(each))
    plain = "-".join(re.findall(r"[a-z0-9]+(?:\.[a-z0-9]+)*", letters))[:100].rstrip("-.")
    if plain and not any(each.isalnum() and not each.isascii() for each in letters):
        return plain
    return "-".join(filter(None, (plain, hashlib.sha256(name.casefold().encode()).hexdigest()[:8])))


def _no_control_characters(text: str) -> str:
    text = text.replace("\r\n", "\n")
    if _CONTROL.search(text):
        raise ValueError("it holds control characters: plain text is right")
    return text


def _one_line(text: str) -> str:
    return " ".join(_no_control_characters(text).split())


def _web_address(url: str) -> str:
    if url and not re.fullmatch(r"https?://[^\s<>\"']+", url):
        raise ValueError("it is no web address: one that begins with https:// or http:// is right")
    return url


def _as_text(value: Any) -> Any:
    """Numbers may be written without quotes where a value is text: 0.10 is as good as "0.10"."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal) and abs(value.adjusted()) > 60:
        raise ValueError("it has more digits than any value here: 60 are enough")
    return (
        f"{value:f}"
        if isinstance(value, Decimal)
        else str(value)
        if isinstance(value, int | float)
        else value
    )


Slug = Annotated[str, Chars(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=220)]
Line = Annotated[str, Chars(max_length=400), AfterValidator(_one_line)]
Words = Annotated[str, Chars(max_length=20_000), AfterValidator(_no_control_characters)]
WholeText = Annotated[
    str, Chars(max_length=TEXT_LIMIT, strip_whitespace=False), AfterValidator(_no_control_characters)
]
Url = Annotated[str, Chars(max_length=2_000), AfterValidator(_web_address)]
Value = Annotated[
    str,
    BeforeValidator(_as_text, json_schema_input_type=str | Decimal | bool),
    Chars(min_length=1, max_length=2_000),
    AfterValidator(_one_line),
]
Count = Annotated[int, Field(ge=0, le=10**12)]
Amount = Annotated[Decimal, Field(ge=0, le=10**12, max_digits=24)]
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=12)]
LineNumber = Annotated[int, Field(ge=1, le=10**8)]


class Entry(BaseModel):
    """A record: frozen, and refused with any field it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class SourceEntry(Entry):
    """Where statements come from. `ours` is true for our own site: only our own prose enters an issue.

    Without `ours` it stays what the store knows of the source; a source the store does not know is not ours.
    """

    name: Line = Field(min_length=1)
    url: Url = ""
    ours: bool | None = None
    published_on: date | None = None
    text: WholeText = ""
    #: None: made from the address, or else from the name.
    id: Slug | None = None
    seen_on: date | None = None

    @property
    def key(self) -> str:
        """The id under which records name this source."""
        return self.id or slug(re.sub(r"^https?://(www\.)?", "", self.url) or self.name)


class Record(Entry):
    """A record that comes from a source: the one it names, or else the pack's own."""

    source: Slug | None = None


class TextEntry(Entry):
    """An earlier or later text of a source; exports only."""

    source: Slug
    text: WholeText
    seen_at: AwareDatetime


class ToolEntry(Record):
    """A product. `entry` is how one gets in, as the site words it: "Free", "Paid"."""

    id: Slug
    name: Line = Field(min_length=1)
    maker: Line = ""
    family: Line = ""
    category: Line = ""
    tagline: Words = ""
    description: Words = ""
    type: Line = ""
    status: Line = ""
    entry: Line = ""
    url: Url = ""
    tags: tuple[Line, ...] = ()
    first_seen_at: AwareDatetime | None = None
    last_seen_at: AwareDatetime | None = None


class AliasEntry(Entry):
    """Someone says that another name means the same tool: records about `alias` are records about `tool`."""

    alias: Slug
    tool: Slug


class ReviewerEntry(Entry):
    """A member of the panel."""

    name: Line = Field(min_length=1)
    about: Words = ""


class Statement(Record):
    """A record about one tool, at a line of its source."""

    tool: Slug
    line: LineNumber | None = None
    seen_at: AwareDatetime | None = None


class ReviewEntry(Statement):
    """A panel member's words on a tool; who, the score (0–100) and the decision may each be unknown."""

    reviewer: Line | None = None
    score: Annotated[int, Field(ge=0, le=100)] | None = None
    decision: Decision | None = None
    words: Words = ""


class VerdictEntry(Statement):
    """The panel's outcome. `share` is the percentage that ships; `derived`: the split follows from it."""

    ships: Count | None = None
    skips: Count | None = None
    share: Percent | None = None
    derived: bool = False
    as_of: date | None = None


class VotesEntry(Statement):
    """The community's totals."""

    ship: Count
    skip: Count


class ClaimEntry(Statement):
    """One attribute's value as the source states it, in `unit`; `words` is the statement as it stands there."""

    attribute: Annotated[str, Chars(pattern=r"^[a-z][A-Za-z0-9_]*$", max_length=60)]
    value: Value
    unit: Line = ""
    words: Words = ""
    as_of: date | None = None
    verified_on: date | None = None


class OfferEntry(Statement):
    """One provider's terms: prices in USD per million tokens, latency in ms, uptime in percent of 30 days."""

    provider: Line = Field(min_length=1)
    context_tokens: Count | None = None
    input_price: Amount | None = None
    output_price: Amount | None = None
    p50_latency_ms: Count | None = None
    throughput_tps: Amount | None = None
    uptime_percent: Percent | None = None
    as_of: date | None = None


class BenchmarkEntry(Statement):
    """A result in a test; `score` None: the test exists and this tool is untested in it."""

    test: Line = Field(min_length=1)
    score: Annotated[Decimal, Field(ge=-(10**12), le=10**12, max_digits=24)] | None = None
    out_of: Amount | None = None
    as_of: date | None = None


class ComparisonEntry(Record):
    """Two tools side by side. Without `id` it is "<left>-vs-<right>"."""

    id: Slug | None = None
    left: Slug
    right: Slug
    url: Url = ""
    headline: Words = ""
    summary: Words = ""
    cost_read: Words = ""
    performance_read: Words = ""
    pick_left_if: Words = ""
    pick_right_if: Words = ""
    published_on: date | None = None
    first_seen_at: AwareDatetime | None = None
    last_seen_at: AwareDatetime | None = None

    @property
    def key(self) -> str:
        return self.id or f"{self.left}-vs-{self.right}"


class NoteEntry(Statement):
    """Something said about a tool; `other` is the other tool's name for "versus", the title else."""

    kind: NoteKind
    other: Line = ""
    words: Words = Field(min_length=1)


class QuestionEntry(Record):
    """A question and its answer, about a comparison or else about a tool."""

    question: Words = Field(min_length=1)
    answer: Words = Field(min_length=1)
    comparison: Slug | None = None
    tool: Slug | None = None
    line: LineNumber | None = None
    seen_at: AwareDatetime | None = None


class ImportEntry(Entry):
    """A pack that a store had already imported; exports only."""

    digest: Annotated[str, Chars(pattern=r"^[0-9a-f]{64}$")]
    seen_at: AwareDatetime


class RevisionEntry(Entry):
    """What a tool or comparison was described as before; exports only."""

    kind: Literal["tools", "comparisons"]
    key: Slug
    field: Line
    before: Words
    after: Words
    seen_at: AwareDatetime


class ReaderVotesEntry(Entry):
    """What readers voted on one side of a comparison; exports only."""

    comparison: Slug
    tool: Slug
    ship: Count
    skip: Count
    closed_at: AwareDatetime


class Pack(Entry):
    """Everything a file, a page or a database says. Records without `source` come from the pack's `source`."""

    source: SourceEntry | None = None
    sources: tuple[SourceEntry, ...] = ()
    reviewers: tuple[ReviewerEntry, ...] = ()
    tools: tuple[ToolEntry, ...] = ()
    aliases: tuple[AliasEntry, ...] = ()
    comparisons: tuple[ComparisonEntry, ...] = ()
    reviews: tuple[ReviewEntry, ...] = ()
    verdicts: tuple[VerdictEntry, ...] = ()
    votes: tuple[VotesEntry, ...] = ()
    claims: tuple[ClaimEntry, ...] = ()
    offers: tuple[OfferEntry, ...] = ()
    benchmarks: tuple[BenchmarkEntry, ...] = ()
    notes: tuple[NoteEntry, ...] = ()
    questions: tuple[QuestionEntry, ...] = ()
    texts: tuple[TextEntry, ...] = ()
    revisions: tuple[RevisionEntry, ...] = ()
    reader_votes: tuple[ReaderVotesEntry, ...] = ()
    #: None for everything but an export.
    imports: tuple[ImportEntry, ...] | None = None

    def all_sources(self) -> Iterator[SourceEntry]:
        """The pack's own source, then the others."""
        if self.source is not None:
            yield self.source
        yield from self.sources


# Rows of `content.db` to the values of `model`, and the texts in which it keeps moments and days.


def moment_text(moment: datetime) -> str:
    """An aware moment as UTC text of one width, so that texts sort as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def decimal_text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number.normalize():f}"


def decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def seen_on(row: Row) -> date:
    return moment(row["seen_at"]).date()


def to_tool(row: Row) -> Tool:
    return Tool(
        id=row["id"],
        name=row["name"],
        maker=row["maker"],
        family=row["family"],
        category=row["category"],
        tagline=row["tagline"],
        description=row["description"],
        type=row["type"],
        status=row["status"],
        entry=row["entry"],
        url=row["url"],
        tags=tuple(json.loads(row["tags"])),
        source_id=row["source_id"],
        first_seen_at=moment(row["first_seen_at"]),
        last_seen_at=moment(row["last_seen_at"]),
    )


def to_source(row: Row) -> Source:
    return Source(
        id=row["id"],
        name=row["name"],
        url=row["url"],
        ours=bool(row["ours"]),
        published_on=day(row["published_on"]),
        seen_on=date.fromisoformat(row["seen_on"]),
        text=row["text"],
    )


def to_comparison(row: Row, left_id: str, right_id: str) -> Comparison:
    return Comparison(
        id=row["id"],
        left_id=left_id,
        right_id=right_id,
        url=row["url"],
        headline=row["headline"],
        summary=row["summary"],
        cost_read=row["cost_read"],
        performance_read=row["performance_read"],
        pick_left_if=row["pick_left_if"],
        pick_right_if=row["pick_right_if"],
        published_on=day(row["published_on"]),
        source_id=row["source_id"],
        first_seen_at=moment(row["first_seen_at"]),
        last_seen_at=moment(row["last_seen_at"]),
    )


def to_verdict(row: Row, tool_id: str) -> Verdict:
    return Verdict(
        id=row["id"],
        tool_id=tool_id,
        ships=row["ships"],
        skips=row["skips"],
        share=decimal(row["share"]),
        derived=bool(row["derived"]),
        as_of=day(row["as_of"]),
        seen_at=moment(row["seen_at"]),
        source_id=row["source_id"],
        line=row["line"],
    )


def to_votes(row: Row, tool_id: str) -> Votes:
    return Votes(
        tool_id=tool_id,
        ship=row["ship"],
        skip=row["skip"],
        seen_at=moment(row["seen_at"]),
        source_id=row["source_id"],
    )


def to_claim(row: Row, tool_id: str) -> Claim:
    return Claim(
        id=row["id"],
        tool_id=tool_id,
        attribute=row["attribute"],
        value=row["value"],
        number=decimal(row["number"]),
        unit=row["unit"],
        words=row["words"],
        as_of=day(row["as_of"]),
        verified_on=day(row["verified_on"]),
        seen_on=seen_on(row),
        source_id=row["source_id"],
        line=row["line"],
    )


def to_offer(row: Row, tool_id: str) -> Offer:
    return Offer(
        tool_id=tool_id,
        provider=row["provider"],
        context_tokens=row["context_tokens"],
        input_price=decimal(row["input_price"]),
        output_price=decimal(row["output_price"]),
        p50_latency_ms=row["p50_latency_ms"],
        throughput_tps=decimal(row["throughput_tps"]),
        uptime_percent=decimal(row["uptime_percent"]),
        as_of=day(row["as_of"]),
        seen_on=seen_on(row),
        source_id=row["source_id"],
        line=row["line"],
    )


def to_benchmark(row: Row, tool_id: str) -> Benchmark:
    return Benchmark(
        tool_id=tool_id,
        test=row["test"],
        score=decimal(row["score"]),
        out_of=decimal(row["out_of"]),
        as_of=day(row["as_of"]),
        seen_on=seen_on(row),
        source_id=row["source_id"],
        line=row["line"],
    )


def to_revision(row: Row, key: str) -> Revision:
    return Revision(
        id=row["id"],
        kind=row["kind"],
        key=key,
        field=row["field"],
        before=row["before"],
        after=row["after"],
        seen_at=moment(row["seen_at"]),
    )


def to_note(row: Row, tool_id: str) -> Note:
    return Note(
        id=row["id"],
        tool_id=tool_id,
        kind=NoteKind(row["kind"]),
        other=row["other"],
        words=row["words"],
        source_id=row["source_id"],
        line=row["line"],
    )


def to_question(row: Row, tool_id: str | None) -> Question:
    return Question(
        id=row["id"],
        comparison_id=row["comparison_id"],
        tool_id=tool_id,
        question=row["question"],
        answer=row["answer"],
        source_id=row["source_id"],
        line=row["line"],
        first_seen_at=moment(row["seen_at"]),
    )


def to_decision(text: str | None) -> Decision | None:
    return None if text is None else Decision(text)


# Ids made from contents, so that the same statement has the same id in every store.


def content_id(kind: str, *parts: object) -> str:
    """A short id from what makes a record itself."""
    text = json.dumps([kind, *(None if part is None else str(part) for part in parts)], ensure_ascii=False)
    return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


# Which of a source's statements on one thing hold now, when it has made several.
#
# The newest date counts; on one date, what was seen last. What is undated never replaces what is dated: said later,
# it stands beside it, so that an editor sees both.

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stated(Generic[T]):
    """What was stated, the day it gives itself ("" for none), and the moment it was seen; both sort as text."""

    what: T
    dated: str
    seen_at: str


def current(statements: Iterable[Stated[T]]) -> list[Stated[T]]:
    """The statements that hold; several when a source said several at once, or an undated one later."""
    every = list(statements)
    dated = [each for each in every if each.dated]
    undated = _last_seen([each for each in every if not each.dated])
    if not dated:
        return undated
    newest = max(each.dated for each in dated)
    holding = _last_seen([each for each in dated if each.dated == newest])
    return [*holding, *(each for each in undated if each.seen_at > holding[0].seen_at)]


def _last_seen(statements: list[Stated[T]]) -> list[Stated[T]]:
    last = max((each.seen_at for each in statements), default="")
    return [each for each in statements if each.seen_at == last]

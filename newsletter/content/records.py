"""The records: what sources say about tools. Each is declared once, with its columns, its pack fields and their limits.

A class `…PackEntry` is a record as a pack holds it: what pydantic checks when a pack is read, what the pack's JSON schema
shows, and a row's columns. The class derived from it is the same record as the store returns it, with what only the
store knows. A field that names another record (`tool_id`) is called without `_id` in packs. Tools are named by id
(`slug` makes one from a name). What is unknown stays None or empty, never a guess.

Moments (`…_at`) are aware UTC; days (`…_on`, `as_of`) are dates; money and scores are Decimal. `line` is the line of
the source's text on which something stands, from 1. Reading pack files is `packs`, writing a pack is `importing`.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from html import unescape
from html.entities import html5
from sqlite3 import Row
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic import StringConstraints as Chars


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


# The types of fields, with what a pack may write in them.

#: Longest text of a source, in characters.
TEXT_LIMIT = 1_000_000

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff]")


_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def without_entities(text: str) -> str:
    """Write out the entities of HTML, "&amp;" and "&#8217;": sites keep texts as their pages have them, some encoded twice.

    What looks like one and has no semicolon stays, as in an address: "?a=1&copy=2".
    """
    while "&" in text and (written := _ENTITY.sub(_character, text)) != text:
        text = written
    return text


def _character(entity: re.Match[str]) -> str:
    """Return what an entity stands for; a blank for what cannot be seen, and an unknown one as it is."""
    name = entity[0][1:]
    written = unescape(entity[0]) if name.startswith("#") else html5.get(name, entity[0])
    return " " if _CONTROL.search(written) or not written else written


def _text_of(value: Any) -> Any:
    return without_entities(value) if isinstance(value, str) else value


def _no_control_characters(text: str) -> str:
    text = text.replace("\r\n", "\n")
    if _CONTROL.search(text):
        raise ValueError("it holds control characters: plain text is right")
    return text


def _one_line(text: str) -> str:
    return " ".join(_no_control_characters(text).split())


def _web_address(url: str) -> str:
    if url and not is_web_address(url):
        raise ValueError("it is no web address: one that begins with https:// or http:// is right")
    return url


def is_web_address(url: str) -> bool:
    return re.fullmatch(r"https?://[^\s<>\"']+", url) is not None


def _as_text(value: Any) -> Any:
    """Accept numbers without quotes where a value is text: 0.10 is as good as "0.10"."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        if abs(value.adjusted()) > 60:
            raise ValueError("it has more digits than any value here: 60 are enough")
        return f"{value:f}"
    return str(value) if isinstance(value, int | float) else _text_of(value)


_Text = Annotated[str, BeforeValidator(_text_of)]
Slug = Annotated[str, Chars(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=220)]
OneLine = Annotated[_Text, Chars(max_length=400), AfterValidator(_one_line)]
Name = Annotated[OneLine, Field(min_length=1)]
Words = Annotated[_Text, Chars(max_length=20_000), AfterValidator(_no_control_characters)]
SomeWords = Annotated[Words, Field(min_length=1)]
WholeText = Annotated[
    str, Chars(max_length=TEXT_LIMIT, strip_whitespace=False), AfterValidator(_no_control_characters)
]
Url = Annotated[_Text, Chars(max_length=2_000), AfterValidator(_web_address)]
Value = Annotated[
    str,
    BeforeValidator(_as_text, json_schema_input_type=str | Decimal | bool),
    Chars(min_length=1, max_length=2_000),
    AfterValidator(_one_line),
]
Attribute = Annotated[str, Chars(pattern=r"^[a-z][A-Za-z0-9_]*$", max_length=60)]
Count = Annotated[int, Field(ge=0, le=10**12)]
Amount = Annotated[Decimal, Field(ge=0, le=10**12, max_digits=24)]
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=12)]
Points = Annotated[Decimal, Field(ge=-(10**12), le=10**12, max_digits=24)]
LineNumber = Annotated[int, Field(ge=1, le=10**8)]
Moment = Annotated[datetime, AwareDatetime]
#: Whether the site's own database has it: "" where it was never read from there, else by the last sync.
AtSite = Literal["", "listed", "gone"]


def pack_name(field: str) -> str:
    """Return what packs call a field: `tool_id` is "tool" there."""
    return field.removesuffix("_id")


# What all records have in common.


@dataclass(frozen=True, slots=True, kw_only=True)
class PackEntry:
    """A record of a pack. A pack that gives it any field it does not know is refused."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", str_strip_whitespace=True, alias_generator=pack_name
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcedEntry(PackEntry):
    """A record that comes from a source: the one it names, or else the pack's own."""

    source_id: Slug | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementEntry(SourcedEntry):
    """A record about one tool, at a line of its source.

    `seen_at` is for exports, which carry the store's history; else it is None and the moment of the import counts.
    """

    tool_id: Slug
    line: LineNumber | None = None
    seen_at: Moment | None = None


class _Seen:
    """What the store first saw at a moment."""

    __slots__ = ()
    seen_at: datetime

    @property
    def seen_on(self) -> date:
        return self.seen_at.date()


# The records.


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEntry(PackEntry):
    """Where statements come from. `ours` is true for our own site: only our own prose enters an issue.

    Without `ours` it stays what the store knows of the source; a source the store does not know is not ours.
    """

    name: Name
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(SourceEntry):
    """A source, with its last text where that was asked for."""

    id: str
    ours: bool = False
    seen_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEntry(PackEntry):
    """An earlier or later text of a source; exports only."""

    source_id: Slug
    text: WholeText
    seen_at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerEntry(PackEntry):
    """A member of the panel."""

    name: Name
    about: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolEntry(SourcedEntry):
    """A product. `entry` is how one gets in, as the site words it: "Free", "Paid"."""

    id: Slug
    name: Name
    maker: OneLine = ""
    family: OneLine = ""
    category: OneLine = ""
    tagline: Words = ""
    description: Words = ""
    type: OneLine = ""
    status: OneLine = ""
    entry: OneLine = ""
    url: Url = ""
    tags: tuple[OneLine, ...] = ()
    first_seen_at: Moment | None = None
    last_seen_at: Moment | None = None
    at_site: AtSite = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(ToolEntry):
    """A product. Its source is whose words tagline and description are; while that is unknown, no issue prints them."""

    source_id: str = ""
    first_seen_at: datetime
    last_seen_at: datetime


_GIVEN_UP = re.compile(r"deprecat|retir|sunset|discontinu|end of life|withdrawn|shut ?down", re.IGNORECASE)


def is_given_up(status: object) -> bool:
    """Return whether a tool's status says that its maker is giving it up."""
    return _GIVEN_UP.search(str(status)) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasEntry(PackEntry):
    """Someone says that another name means the same tool: records about `alias` are records about `tool`."""

    alias: Slug
    tool_id: Slug


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonEntry(SourcedEntry):
    """Two tools side by side. Without `id` it is "<left>-vs-<right>"."""

    id: Slug | None = None
    left_id: Slug
    right_id: Slug
    url: Url = ""
    headline: Words = ""
    summary: Words = ""
    cost_read: Words = ""
    performance_read: Words = ""
    pick_left_if: Words = ""
    pick_right_if: Words = ""
    published_on: date | None = None
    first_seen_at: Moment | None = None
    last_seen_at: Moment | None = None
    at_site: AtSite = ""

    @property
    def key(self) -> str:
        """The id under which records name this comparison."""
        return self.id or f"{self.left_id}-vs-{self.right_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(ComparisonEntry):
    """Two tools side by side, as the site published it."""

    source_id: str
    id: str
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewEntry(StatementEntry):
    """A panel member's words on a tool; who, the score (0–100) and the decision may each be unknown."""

    reviewer: OneLine | None = None
    score: Annotated[int, Field(ge=0, le=100)] | None = None
    decision: Decision | None = None
    words: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(ReviewEntry):
    """One panel member's review, as last stated; it was first seen at `seen_at`."""

    id: str
    source_id: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictEntry(StatementEntry):
    """The panel's outcome. `share` is the percentage that ships; `derived`: the split follows from it."""

    ships: Count | None = None
    skips: Count | None = None
    share: Percent | None = None
    derived: bool = False
    as_of: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(VerdictEntry):
    """The panel's outcome for a tool at a time."""

    id: str
    source_id: str
    seen_at: datetime


def share_of(verdict: VerdictEntry) -> Decimal | None:
    """Return the percentage that ships, as stated or by the split; None where neither is known."""
    if verdict.share is not None:
        return verdict.share
    if verdict.ships is None or verdict.skips is None or verdict.ships + verdict.skips == 0:
        return None
    return Decimal(100 * verdict.ships) / (verdict.ships + verdict.skips)


@dataclass(frozen=True, slots=True, kw_only=True)
class VotesEntry(StatementEntry):
    """The community's totals."""

    ship: Count
    skip: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes(VotesEntry):
    """The community's totals for a tool at a time."""

    source_id: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimEntry(StatementEntry):
    """One attribute's value as the source states it, in `unit`; `words` is the statement as it stands there."""

    attribute: Attribute
    value: Value
    unit: OneLine = ""
    words: Words = ""
    as_of: date | None = None
    verified_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(ClaimEntry, _Seen):
    """One source's statement of one attribute of one tool, normalised by `units.measure`.

    `number` is the value in `unit` where it is a number. `as_of` is the date the source gives, `verified_on` the one
    on which it says it checked.
    """

    id: str
    source_id: str
    number: Decimal | None
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEntry(StatementEntry):
    """One provider's terms: prices in USD per million tokens, latency in ms, uptime in percent of 30 days."""

    provider: Name
    context_tokens: Count | None = None
    input_price: Amount | None = None
    output_price: Amount | None = None
    p50_latency_ms: Count | None = None
    throughput_tps: Amount | None = None
    uptime_percent: Percent | None = None
    as_of: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(OfferEntry, _Seen):
    """One provider's terms for a tool, as last stated."""

    source_id: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkEntry(StatementEntry):
    """A result in a test; `score` None: the test exists and this tool is untested in it."""

    test: Name
    score: Points | None = None
    out_of: Amount | None = None
    as_of: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark(BenchmarkEntry, _Seen):
    """A tool's result in a test, as last stated."""

    source_id: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteEntry(StatementEntry):
    """Something said about a tool; `other` is the other tool's name for "versus", the title else."""

    kind: NoteKind
    other: OneLine = ""
    words: SomeWords


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(NoteEntry):
    """Something that a source says of a tool now."""

    id: str
    source_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionEntry(SourcedEntry):
    """A question and its answer, about a comparison or else about a tool."""

    question: SomeWords
    answer: SomeWords
    comparison_id: Slug | None = None
    tool_id: Slug | None = None
    line: LineNumber | None = None
    seen_at: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(QuestionEntry):
    """A question with the answer last given; it was first seen at `seen_at`."""

    id: str
    source_id: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionEntry(PackEntry):
    """What a tool or comparison was described as before; exports only."""

    kind: Literal["tools", "comparisons"]
    key: Slug
    field: OneLine
    before: Words
    after: Words
    seen_at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision(RevisionEntry):
    """What one field of a tool or comparison was described as before and after."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderVotes(PackEntry):
    """What readers voted from the mail on one side of a comparison, once voting has closed; exports only."""

    comparison_id: Slug
    tool_id: Slug
    ship: Count
    skip: Count
    closed_at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportEntry(PackEntry):
    """A pack that a store had already imported; exports only."""

    digest: Annotated[str, Chars(pattern=r"^[0-9a-f]{64}$")]
    seen_at: Moment


class Pack(BaseModel):
    """Everything a file, a page or a database says. Records without `source` come from the pack's `source`."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, serialize_by_alias=True)

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
    reader_votes: tuple[ReaderVotes, ...] = ()
    #: None for everything but an export.
    imports: tuple[ImportEntry, ...] | None = None

    def all_sources(self) -> Iterator[SourceEntry]:
        """Yield the pack's own source, then the others."""
        if self.source is not None:
            yield self.source
        yield from self.sources


# Values made from several records.


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """The value the desk resolved for an attribute, with the claim it stands on and those that differ.

    `reason` says which rule chose it: "ruling", "own page", "newest verified", "dated", "source order", "first seen", or
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


# Rows of `content.db`, derived from the declarations above.

R = TypeVar("R")
Column = str | int | None


def from_row(record: Callable[..., R], row: Row, **known: str | None) -> R:
    """Return a record from the columns of its fields' names; `known` are fields that the row has otherwise."""
    plain, read = _columns(record)
    values: dict[str, Any] = {name: row[name] for name in plain}
    for name, parse in read:
        value = row[name]
        values[name] = None if value is None else parse(value)
    if known:
        values.update(known)
    return record(**values)


def to_row(record: Any) -> dict[str, Column]:
    """Return the columns of a record's fields."""
    kind: Any = type(record)
    plain, read = _columns(kind)
    row: dict[str, Column] = {name: getattr(record, name) for name in plain}
    for name, _ in read:
        row[name] = _written(getattr(record, name))
    return row


def _written(value: Any) -> Column:
    if value is None:
        return None
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return json.dumps(value, ensure_ascii=False)
    return int(value) if isinstance(value, bool) else str(value)


def moment_text(moment: datetime) -> str:
    """Return an aware moment as UTC text of one width, so that texts sort as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


_PARSERS: dict[Any, Callable[[Any], Any]] = {
    bool: bool,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
    Decimal: Decimal,
    Decision: Decision,
    NoteKind: NoteKind,
    tuple: lambda text: tuple(json.loads(text)),
}


@cache
def _columns(record: Any) -> tuple[tuple[str, ...], tuple[tuple[str, Callable[[Any], Any]], ...]]:
    """Return the fields that are in their columns as they are, and the others, each with what reads its column."""
    hints = get_type_hints(record)
    parsers = {each.name: _parser(hints[each.name]) for each in fields(record)}
    plain = tuple(name for name, parse in parsers.items() if parse is None)
    return plain, tuple((name, parse) for name, parse in parsers.items() if parse is not None)


def _parser(hint: Any) -> Callable[[Any], Any] | None:
    kind = get_origin(hint) if get_origin(hint) is tuple else hint
    return next((_PARSERS[each] for each in (kind, *get_args(hint)) if each in _PARSERS), None)


# Ids.


def slug(name: str) -> str:
    """Return an id made from a name: "Mistral 3 Small (22B)" → "mistral-3-small-22b".

    What ASCII cannot spell becomes a short hash, so that names in other scripts stay apart.
    """
    spelt = unicodedata.normalize("NFKD", name.casefold()).replace("+", " plus ").replace("#", " sharp ")
    letters = "".join(each for each in spelt if not unicodedata.combining(each))
    plain = "-".join(re.findall(r"[a-z0-9]+(?:\.[a-z0-9]+)*", letters))[:100].rstrip("-.")
    if plain and not any(each.isalnum() and not each.isascii() for each in letters):
        return plain
    return "-".join(filter(None, (plain, hashlib.sha256(name.casefold().encode()).hexdigest()[:8])))


def content_id(kind: str, *parts: object) -> str:
    """Return a short id from what makes a record itself, so that it has the same id in every store."""
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
    """Return the statements that hold; several when a source said several at once, or an undated one later."""
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

"""A pack: what one source, or several, say about tools. What files, pages and the site's database all become.

Values only. Reading files is `packfile`, reading pages is `pages/`, writing a pack to the store is `record`.
Tools are named by id (`slug` makes one from a name). What a source does not say stays None or empty. `line` is
the line of the source's text on which the statement stands, from 1. The `seen` fields are for exports, which
carry the store's history with them; everyone else leaves them out and the moment of the import counts.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic import StringConstraints as Chars

from newsletter.content.model import Decision, NoteKind

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

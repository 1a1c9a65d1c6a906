"""What a check says: one finding, how grave it is, and what can be answered to it. How findings are made is beside this."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256

from newsletter.app import App
from newsletter.content.conflicts.findings import Contradiction
from newsletter.content.facts import resolve
from newsletter.content.records import Claim, Fact, Source
from newsletter.content.store import ContentStore
from newsletter.digest.content import IssueContent
from newsletter.digest.store import rulings_on
from newsletter.digest.wording import figures_in


class Severity(StrEnum):
    """Whether a finding holds the issue back."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A value that may be printed of a disputed figure; `said_by` names source, line and date."""

    claim_id: str
    value: str
    said_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """What can be ruled on. `both`: the issue can print the values side by side."""

    tool_id: str
    attribute: str
    choices: tuple[Choice, ...] = ()
    both: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to look at: what it is, where, why it matters, and how it is put right.

    `key` names it whatever it says now: "size", "disputed:heron-small:input_price". `link` leads to where it is mended: an
    anchor of the draft's page ("#subject") or another page of the desk; empty where that is no page. `firm` errors
    cannot be overridden: a mail with one of them is against the law, or is none. A firm warning goes by itself.
    """

    key: str
    severity: Severity
    what: str
    where: str
    why: str
    how: str
    link: str = ""
    firm: bool = False
    dispute: Dispute | None = None

    @property
    def sentence(self) -> str:
        return f"{self.what} ({self.where}): {self.how}"

    @property
    def fingerprint(self) -> str:
        """Of what it says; an answer holds as long as that does."""
        return sha256(f"{self.severity}\n{self.what}\n{self.where}".encode()).hexdigest()


def error(
    key: str, what: str, where: str, why: str, how: str, *, link: str = "", firm: bool = False
) -> Finding:
    return Finding(
        key=key,
        severity=Severity.ERROR,
        what=what,
        where=where,
        why=why,
        how=how,
        link=link,
        firm=firm,
    )


def warning(
    key: str,
    what: str,
    where: str,
    why: str,
    how: str,
    *,
    link: str = "",
    firm: bool = False,
    dispute: Dispute | None = None,
) -> Finding:
    return Finding(
        key=key,
        severity=Severity.WARNING,
        what=what,
        where=where,
        why=why,
        how=how,
        link=link,
        firm=firm,
        dispute=dispute,
    )


# What an issue prints, and what it stands on: claims, facts and sources of the tools that it shows.

#: What is printed of a tool's panel and votes, as the desk calls it, and of its name.
_OF_EVERY_SIDE = ("verdict", "community_share")
IDENTITY = "identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What the figures of a letter stand on, as the store has it now. `names` are of the tools it shows, by id."""

    ids: frozenset[str]
    names: Mapping[str, str]
    facts: Mapping[str, Mapping[str, Fact]]
    claims: Mapping[str, Claim]
    sources: Mapping[str, Source]
    attributes: frozenset[tuple[str, str]]

    def touched_by(self, found: Contradiction) -> bool:
        """Whether it is about a figure or a name that the issue prints."""
        if found.attribute == IDENTITY:
            return all(each in self.names for each in found.tool_ids)
        statements = (found.left, found.right, *found.also)
        printed = any(each.claim_id in self.ids for each in statements if each.claim_id)
        return printed or any((each, found.attribute) in self.attributes for each in found.tool_ids)


def read_printed(app: App, content: ContentStore, letter: IssueContent) -> Printed:
    """Look up everything that the letter's figures stand on, in a few queries."""
    ids = frozenset(_grounds(letter))
    tools = content.tools(dict.fromkeys(_tools(letter, content)))
    keys = tuple({tool.id: None for tool in tools.values()})
    claims = content.claims(keys)
    sources = content.sources({each.source_id for stated in claims.values() for each in stated})
    with app.database.read() as connection:
        ruled = rulings_on(connection, keys)
    order = app.settings.digest.source_order
    by_id = {each.id: each for stated in claims.values() for each in stated}
    printed = {(each.tool_id, each.attribute) for key, each in by_id.items() if key in ids}
    if letter.lead is not None and letter.lead.benchmarks is not None:
        printed |= {(side.tool_id, "benchmarks") for side in (letter.lead.left, letter.lead.right)}
    return Printed(
        ids=ids,
        names={key: tool.name for key, tool in tools.items()},
        facts={
            key: resolve(claims.get(key, ()), sources=sources, source_order=order, rulings=ruled.get(key, {}))
            for key in keys
        },
        claims=by_id,
        sources=sources,
        attributes=frozenset(printed | {(key, each) for key in keys for each in _OF_EVERY_SIDE}),
    )


def _grounds(letter: IssueContent) -> Iterator[str]:
    """The ids of everything that a common figure or line stands on."""
    for figure in figures_in((letter.lead, letter.cards)):
        yield from figure.claims
    for each in letter.grounds:
        if not each.where.startswith("followed."):
            yield from each.claims


def _tools(letter: IssueContent, content: ContentStore) -> Iterable[str]:
    """The tools that the lead, the briefs and the cards show."""
    if letter.lead is not None:
        yield from (letter.lead.left.tool_id, letter.lead.right.tool_id)
    for comparison in content.comparisons(each.comparison_id for each in letter.more).values():
        yield from (comparison.left_id, comparison.right_id)
    yield from (each.tool_id for each in letter.cards)


# Amounts in prose: which there are, and whether a sentence gives the value of a claim.

_AMOUNT = re.compile(
    r"(?P<currency>[$€£])?(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s?(?P<share>%)|[\s-]?(?P<scale>[kmbt]\b|thousand\b|million\b|billion\b))?",
    re.IGNORECASE,
)
_SCALES = {"k": 3, "thousand": 3, "m": 6, "million": 6, "b": 9, "billion": 9, "t": 12}
#: Closer than this share of each other is a rounding; 128K tokens may be 131,072.
_NEAR, _NEAR_SIZES = Decimal("0.001"), Decimal("0.05")


def amounts_in(text: str) -> set[str]:
    """The sums of money, percentages and large round numbers of a text, as written but for blanks."""
    return {
        "".join(found[0].split())
        for found in _AMOUNT.finditer(text)
        if found["currency"] or found["share"] or found["scale"]
    }


def states(text: str, claim: Claim) -> bool:
    """Whether a text gives the claim's value; numbers only in a form that can mean nothing else."""
    if claim.number is None:
        return _words_stand_in(claim.value, text)
    if claim.unit.startswith("USD"):
        return any(_close(each, claim.number, _NEAR) for each in _sums(text))
    return any(_close(each, claim.number, _NEAR_SIZES) for each in _sizes(text))


def _words_stand_in(value: str, text: str) -> bool:
    words = " ".join(value.split())
    if len(words) < 4 or words.isdigit():
        return False
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text, re.IGNORECASE) is not None


def _sums(text: str) -> Iterator[Decimal]:
    return (_number(found) for found in _AMOUNT.finditer(text) if found["currency"] == "$")


def _sizes(text: str) -> Iterator[Decimal]:
    """Numbers with a scale, or so large that they need none."""
    for found in _AMOUNT.finditer(text):
        number = _number(found)
        if not found["currency"] and not found["share"] and (found["scale"] or number >= 10_000):
            yield number


def _number(found: re.Match[str]) -> Decimal:
    scale = _SCALES.get((found["scale"] or "").lower(), 0)
    return Decimal(found["number"].replace(",", "")).scaleb(scale)


def _close(one: Decimal, other: Decimal, share: Decimal) -> bool:
    return abs(one - other) <= share * max(abs(one), abs(other))

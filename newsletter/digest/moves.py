"""What moved between the cutoffs of two issues, from the history in `content.db`. How it is written is in changes.py.

Two states are compared: what held before the cutoff of the issue before, and what held before this issue's. So a
move is found in one issue only, and what was first seen between the two is none. Its size is in points:

- the panel's **decision** turned: 200 and the points by which the share that ships moved; from or to a tie, 100 and
  those points;
- a **price**: the percentage it moved by, at most 100; 100 from or to nothing;
- the **share** that ships: the points it moved by;
- the **mean score**: twice the points it moved by, counted only where a reviewer's own score moved;
- a tool is being given up (its status says so): 150; any other new **status** or **release**: 20;
- a **comparison** published before and described otherwise since: 5;
- **votes** of our readers on a comparison, counted since: as many as voted.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from newsletter.content.facts import differs
from newsletter.content.model import Claim, Offer, ReaderVotes, Review, Revision, Verdict, Votes
from newsletter.content.store import ContentStore
from newsletter.content.votes_store import reader_votes
from newsletter.digest.amounts import unit_price, whole
from newsletter.digest.panel import Panel, panel_of
from newsletter.digest.prices import offer_key

PRICES = {"input_price": "input", "output_price": "output"}
RELEASED = ("released", "version")
TURNED, TIED, GIVEN_UP, RELEASE, UPDATE = Decimal(200), Decimal(100), Decimal(150), Decimal(20), Decimal(5)
MOST = Decimal(100)

_AMOUNT = re.compile(r"[$€£]\s?(\d[\d,]*(?:\.\d+)?)")
_FREE = re.compile(r"free", re.IGNORECASE)
_GIVEN_UP = re.compile(r"deprecat|retir|sunset|discontinu|end of life|withdrawn|shut ?down", re.IGNORECASE)


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


def find_moves(content: ContentStore, span: Span | None, published: Collection[str]) -> tuple[Move, ...]:
    """Everything that moved, the largest first. `published` are the comparisons in earlier issues."""
    if span is None or span.since >= span.until:
        return ()
    ids = content.stated_between(span.since, span.until)
    was, now = (_State.read(content, ids, moment) for moment in (span.since, span.until))
    found = [move for key in ids for move in _of_tool(key, was, now)]
    found += _of_descriptions(content.revisions(span.since, span.until), published)
    found += _of_votes(reader_votes(content, since=span.since, before=span.until))
    return tuple(
        sorted(found, key=lambda each: (-each.size, each.kind, each.key, each.source_id, each.provider))
    )


@dataclass(frozen=True, slots=True)
class _State:
    """What held of some tools before a moment."""

    verdicts: Mapping[str, tuple[Verdict, ...]]
    reviews: Mapping[str, tuple[Review, ...]]
    claims: Mapping[str, tuple[Claim, ...]]
    offers: Mapping[str, tuple[Offer, ...]]
    votes: Mapping[str, Votes]
    ours: frozenset[str]

    @classmethod
    def read(cls, content: ContentStore, ids: Collection[str], moment: datetime) -> "_State":
        return cls(
            content.verdicts(ids, before=moment),
            content.reviews(ids, before=moment),
            content.claims(ids, before=moment),
            content.offers(ids, before=moment),
            content.votes(ids, before=moment),
            frozenset(each.id for each in content.all_sources() if each.ours),
        )

    def panel(self, key: str) -> Panel:
        return panel_of(self.verdicts.get(key, ()), self.reviews.get(key, ()))

    def judged_on(self, key: str, panel: Panel) -> date | None:
        """The day of the verdict that the panel's split stands on; None where it is added up from reviews."""
        known = (each for each in self.verdicts.get(key, ()) if each.id in panel.split_grounds)
        return next((each.as_of or each.seen_at.date() for each in known), None)

    def stated(self, key: str) -> dict[tuple[str, str], list[Claim]]:
        """The claims on each attribute, by source and attribute, the last one last."""
        found: dict[tuple[str, str], list[Claim]] = {}
        for claim in self.claims.get(key, ()):
            found.setdefault((claim.source_id, claim.attribute), []).append(claim)
        return found

    def offered(self, key: str) -> dict[tuple[str, str], Offer]:
        return {(each.source_id, each.provider): each for each in self.offers.get(key, ())}


def _of_tool(key: str, was: _State, now: _State) -> Iterator[Move]:
    yield from _of_panel(key, was, now)
    yield from _of_score(key, was, now)
    yield from _merged(_of_prices(key, was, now))
    yield from _of_releases(key, was, now)


def _of_panel(key: str, was: _State, now: _State) -> Iterator[Move]:
    before, after = was.panel(key), now.panel(key)
    if before.share is None or after.share is None or before.split == after.split:
        return
    points = abs(after.share - before.share)
    if whole(before.share) == whole(after.share):
        return
    turned = before.ships_it is not after.ships_it
    tie = None in (before.ships_it, after.ships_it)
    yield Move(
        kind=MoveKind.DECISION if turned else MoveKind.SHARE,
        key=key,
        size=points + ((TIED if tie else TURNED) if turned else 0),
        before=before.split,
        after=after.split,
        before_on=was.judged_on(key, before),
        after_on=now.judged_on(key, after),
        panel=after,
        votes=now.votes.get(key),
        claims=(*before.split_grounds, *after.split_grounds),
    )


def _of_score(key: str, was: _State, now: _State) -> Iterator[Move]:
    before, after = was.panel(key).rounded_mean, now.panel(key).rounded_mean
    scored = {_who(each): each.score for each in was.reviews.get(key, ()) if each.score is not None}
    moved = [
        each.id
        for each in now.reviews.get(key, ())
        if each.score is not None and scored.get(_who(each), each.score) != each.score
    ]
    if before is None or after is None or before == after or not moved:
        return
    yield Move(
        kind=MoveKind.SCORE,
        key=key,
        size=Decimal(2 * abs(after - before)),
        before=str(before),
        after=str(after),
        panel=now.panel(key),
        votes=now.votes.get(key),
        claims=tuple(dict.fromkeys((*was.panel(key).mean_grounds, *now.panel(key).mean_grounds))),
    )


def _who(review: Review) -> str:
    """Whose review it is: its reviewer's, else its own."""
    return review.reviewer or review.id


def _of_prices(key: str, was: _State, now: _State) -> Iterator[Move]:
    """One move for each source, or source and provider, with all the prices that moved."""
    before, after = was.stated(key), now.stated(key)
    ours = dict(_across_our_pages(was.claims.get(key, ()), now.claims.get(key, ()), now.ours))
    by_source: dict[str, list[tuple[Priced, Claim, Claim]]] = {}
    for where in sorted(after, key=_place):
        pair = _moved(before[where], after[where]) if where in before else ours.get(where)
        priced = _priced(*pair) if pair is not None else None
        if pair is not None and priced is not None:
            by_source.setdefault(where[0], []).append((priced, *pair))
    for source_id, parts in by_source.items():
        claims = tuple(claim.id for _, *pair in parts for claim in pair)
        yield _price_move(key, [priced for priced, *_ in parts], claims, source_id)
    offered = was.offered(key)
    for (source_id, provider), offer in now.offered(key).items():
        if (source_id, provider) in offered:
            parts_ = list(_offer_prices(offered[source_id, provider], offer))
            if parts_:
                yield _price_move(key, parts_, (offer_key(offer),), source_id, provider)


def _place(where: tuple[str, str]) -> tuple[str, bool, str]:
    """By source, and of one source input before output, before prices in words."""
    return where[0], where[1] not in PRICES, where[1]


def _across_our_pages(
    before: Iterable[Claim], after: Iterable[Claim], ours: frozenset[str]
) -> Iterator[tuple[tuple[str, str], tuple[Claim, Claim]]]:
    """What a new page of ours says otherwise than our last page on it, where both say when that was so."""
    last = {each.attribute: each for each in sorted(_dated(before, ours), key=_said_on)}
    newest = {each.attribute: each for each in sorted(_dated(after, ours), key=_said_on)}
    for attribute, claim in newest.items():
        old = last.get(attribute)
        if old is not None and _said_on(old) < _said_on(claim) and differs(old, claim):
            yield (claim.source_id, attribute), (old, claim)


def _dated(claims: Iterable[Claim], ours: frozenset[str]) -> Iterator[Claim]:
    return (each for each in claims if each.source_id in ours and _said_on(each) != date.min)


def _said_on(claim: Claim) -> date:
    return claim.verified_on or claim.as_of or date.min


def _price_move(
    key: str, prices: list[Priced], claims: tuple[str, ...], source_id: str, provider: str = ""
) -> Move:
    return Move(
        kind=MoveKind.PRICE,
        key=key,
        size=max(MOST if each.percent is None else min(MOST, Decimal(abs(each.percent))) for each in prices),
        prices=tuple(prices),
        source_id=source_id,
        provider=provider,
        claims=claims,
    )


def _moved(before: list[Claim], after: list[Claim]) -> tuple[Claim, Claim] | None:
    """The last statement before and after, unless the later one was there before too."""
    last = after[-1]
    return (before[-1], last) if all(differs(each, last) for each in before) else None


def _priced(before: Claim, after: Claim) -> Priced | None:
    """The prices of two claims; None where they are not about one thing that has a price."""
    if after.attribute in PRICES and before.number is not None and after.number is not None:
        return _of_tokens(PRICES[after.attribute], before.number, after.number)
    return _of_words(before.value, after.value) if after.attribute == "price" else None


def _of_tokens(label: str, before: Decimal, after: Decimal) -> Priced:
    return Priced(
        label=label, before=unit_price(before), after=unit_price(after), percent=_percent(before, after)
    )


def _of_words(before: str, after: str) -> Priced | None:
    """Prices in words: the same words around one sum, or free on one side and one sum on the other."""
    sums = [_AMOUNT.findall(text) for text in (before, after)]
    around = [" ".join(_AMOUNT.sub(" ", text).split()).casefold() for text in (before, after)]
    counts = tuple(map(len, sums))
    if counts == (1, 1) and around[0] == around[1]:
        old, new = (Decimal(found[0].replace(",", "")) for found in sums)
        tail = _AMOUNT.split(after)[-1].strip()
        return Priced(label="", before=_sum(before), after=_sum(after), percent=_percent(old, new), tail=tail)
    if counts == (0, 1) and _FREE.fullmatch(before.strip()):
        return Priced(
            label="", before="free", after=_sum(after), percent=None, tail=_AMOUNT.split(after)[-1].strip()
        )
    if counts == (1, 0) and _FREE.fullmatch(after.strip()):
        return Priced(label="", before=_sum(before), after="free", percent=None)
    return None


def _sum(text: str) -> str:
    found = _AMOUNT.search(text)
    return "" if found is None else found[0].replace(" ", "")


def _percent(before: Decimal, after: Decimal) -> int | None:
    """Whole percent, never 0 for a price that moved; None from or to nothing."""
    if before == 0 or after == 0:
        return None
    exact = (after - before) * 100 / before
    return whole(exact) or (1 if exact > 0 else -1)


def _offer_prices(before: Offer, after: Offer) -> Iterator[Priced]:
    sides = (
        ("input", before.input_price, after.input_price),
        ("output", before.output_price, after.output_price),
    )
    for label, old, new in sides:
        if old is not None and new is not None and old != new:
            yield _of_tokens(label, old, new)


def _merged(moves: Iterable[Move]) -> Iterator[Move]:
    """The same prices, moved alike in several sources, once."""
    seen: dict[tuple[tuple[Priced, ...], str], Move] = {}
    for move in moves:
        seen.setdefault((move.prices, move.provider), move)
    yield from seen.values()


def _of_releases(key: str, was: _State, now: _State) -> Iterator[Move]:
    before, after = was.stated(key), now.stated(key)
    for where in sorted(after.keys() & before.keys()):
        pair = _moved(before[where], after[where]) if where[1] in RELEASED else None
        if pair is not None:
            yield Move(
                kind=MoveKind.RELEASE,
                key=key,
                size=RELEASE,
                before=pair[0].value,
                after=pair[1].value,
                source_id=where[0],
                claims=(pair[0].id, pair[1].id),
            )


def _of_descriptions(revisions: Iterable[Revision], published: Collection[str]) -> Iterator[Move]:
    """New statuses of tools, and comparisons of earlier issues that say something else now."""
    by_subject: dict[tuple[str, str], list[Revision]] = {}
    for each in revisions:
        field = "status" if each.kind == "tools" and each.field == "status" else each.kind
        by_subject.setdefault((each.key, field), []).append(each)
    for (key, field), found in by_subject.items():
        before, after = found[0].before, found[-1].after
        ids = tuple(each.id for each in found)
        if field == "status" and before.casefold() != after.casefold() and after:
            size = GIVEN_UP if _GIVEN_UP.search(after) else RELEASE
            yield Move(kind=MoveKind.STATUS, key=key, size=size, before=before, after=after, claims=ids)
        elif field == "comparisons" and key in published:
            yield Move(kind=MoveKind.COMPARISON, key=key, size=UPDATE, claims=ids)


def _of_votes(counted: Iterable[ReaderVotes]) -> Iterator[Move]:
    """One move for each comparison."""
    by_comparison: dict[str, list[ReaderVotes]] = {}
    for each in counted:
        by_comparison.setdefault(each.comparison_id, []).append(each)
    for key, totals in by_comparison.items():
        yield Move(
            kind=MoveKind.VOTES,
            key=key,
            size=Decimal(max(each.ship + each.skip for each in totals)),
            totals=tuple(totals),
            claims=tuple(f"reader-votes:{each.comparison_id}:{each.tool_id}" for each in totals),
        )

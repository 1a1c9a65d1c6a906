"""Prices that moved: of tokens, in words, and at providers."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from newsletter.content.facts import differs
from newsletter.content.model import Claim, Offer
from newsletter.digest.amounts import unit_price, whole
from newsletter.digest.moves.move import Move, MoveKind, Priced
from newsletter.digest.moves.state import State, pair_if_moved
from newsletter.digest.prices import offer_key

PRICES = {"input_price": "input", "output_price": "output"}
#: The size of the largest move of a price, and of one from or to nothing.
MOST = Decimal(100)

_AMOUNT = re.compile(r"[$€£]\s?(\d[\d,]*(?:\.\d+)?)")
_FREE = re.compile(r"free", re.IGNORECASE)


def price_moves(key: str, was: State, now: State) -> Iterator[Move]:
    """One move for each source, or source and provider, with all the prices that moved; alike in several, once."""
    yield from _merged(_of_prices(key, was, now))


def _of_prices(key: str, was: State, now: State) -> Iterator[Move]:
    before, after = was.stated(key), now.stated(key)
    ours = dict(_across_our_pages(was.claims.get(key, ()), now.claims.get(key, ()), now.ours))
    by_source: dict[str, list[tuple[Priced, Claim, Claim]]] = {}
    for where in sorted(after, key=_place):
        pair = pair_if_moved(before[where], after[where]) if where in before else ours.get(where)
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

"""Figures: how a printed value keeps what it stands on."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from decimal import Decimal

from newsletter.content.model import Fact
from newsletter.digest.letter import Figure


def figure(text: str, *facts: Fact | None) -> Figure:
    """A printed value and the facts it stands on."""
    known = [fact for fact in facts if fact is not None]
    return Figure(
        text=text,
        claims=tuple(fact.claim.id for fact in known),
        disputed=any(fact.disputed for fact in known),
    )


def join(text: str, *parts: Figure) -> Figure:
    """A printed value that stands on everything that these stand on."""
    claims = tuple(dict.fromkeys(claim for part in parts for claim in part.claims))
    return Figure(text=text, claims=claims, disputed=any(part.disputed for part in parts))


def number_of(fact: Fact | None) -> Decimal | None:
    return None if fact is None else fact.claim.number


def figures_in(block: object) -> Iterator[Figure]:
    """Every figure in a block, wherever it stands."""
    if isinstance(block, Figure):
        yield block
    elif isinstance(block, tuple):
        for each in block:
            yield from figures_in(each)
    elif is_dataclass(block):
        for field in fields(block):
            yield from figures_in(getattr(block, field.name))

"""Which of a source's statements on one thing hold now, when it has made several.

The newest date counts; on one date, what was seen last. What is undated never replaces what is dated: said later,
it stands beside it, so that an editor sees both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

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

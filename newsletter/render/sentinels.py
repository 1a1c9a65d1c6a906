"""Stand-ins for values while a template passes through Jinja2, MJML and the minifier.

PyPI `mjml` does not escape attributes, so no value ever enters MJML: each printed value is kept here and a
sentinel is printed in its place. When the HTML is finished it is split at the sentinels and the values are put in,
escaped. Sentinels are made of private-use characters, which no cleaned value holds (render/environment.py).
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.render.plan import PlanSlot

_OPEN, _CLOSE = "\ue000", "\ue001"
_SENTINEL = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
#: Marks of blocks travel as comments: in HTML they may stand between the rows of a table, where text may not.
_PIECE = re.compile(f"(?P<comment><!--)?{_OPEN}(?P<number>[0-9]+){_CLOSE}(?(comment)-->)")
_REMAINS = re.compile(f"[{_OPEN}{_CLOSE}]")


@dataclass(frozen=True, slots=True)
class Html:
    """Markup that is safe as it stands, such as the editor's sanitised note."""

    markup: str


@dataclass(frozen=True, slots=True)
class BlockBegin:
    """Here a block of the plan begins."""

    id: str


@dataclass(frozen=True, slots=True)
class BlockEnd:
    """Here the block that is open ends."""


Printed = str | PlanSlot | Html | BlockBegin | BlockEnd


@dataclass(frozen=True, slots=True)
class Literal:
    """Text of the template itself, between two sentinels."""

    text: str


class LostSentinel(ValueError):
    """A printed value did not come through: it stands in a comment, a layout attribute or a changed place."""


class Sentinels:
    """The values that one template printed, by the number in their sentinel."""

    def __init__(self) -> None:
        self._printed: list[Printed] = []

    def put(self, value: Printed) -> str:
        """Keep `value`; its sentinel."""
        self._printed.append(value)
        return f"{_OPEN}{len(self._printed) - 1}{_CLOSE}"

    def split(self, text: str) -> Iterator[Literal | Printed]:
        """Cut `text` at its sentinels, values in their places; raises LostSentinel for a damaged one."""
        end = 0
        for match in _PIECE.finditer(text):
            printed = self._printed[int(match["number"])]
            if match["comment"] and not isinstance(printed, BlockBegin | BlockEnd):
                raise LostSentinel(f"{printed!r} was printed in a comment")
            yield self._literal(text[end : match.start()])
            yield printed
            end = match.end()
        yield self._literal(text[end:])

    def check_all_arrived(self, sent: str, arrived: str) -> None:
        """Raise LostSentinel if a value that stands in `sent` is missing in `arrived`.

        A value may arrive more often than it was sent: a title becomes the label of the article too.
        """
        lost = Counter(_SENTINEL.findall(sent)) - Counter(_SENTINEL.findall(arrived))
        for number in lost:
            raise LostSentinel(f"{self._printed[int(number)]!r} was printed where MJML drops it")

    def _literal(self, text: str) -> Literal:
        if remains := _REMAINS.search(text):
            around = _REMAINS.sub("?", text[max(0, remains.start() - 30) : remains.end() + 30])
            raise LostSentinel(f"a printed value was changed on its way: …{around}…")
        return Literal(text)


def sentinels_in(text: str) -> list[str]:
    """Return all sentinels of `text`, in order."""
    return [match[0] for match in _SENTINEL.finditer(text)]


def without_sentinels(text: str, stand_in: str = "") -> str:
    """Return `text` with `stand_in` for each sentinel."""
    return _SENTINEL.sub(stand_in, text)

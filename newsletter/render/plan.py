"""A compiled mail: raw Unicode text with slots in it, in blocks that a reader's program includes, omits and orders.

A plan is what approval freezes. It knows nothing of bytes on the wire: quoted-printable and header encoding are in
render/encode.py, putting values in is in render/compose.py.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from newsletter.errors import StoreError
from newsletter.render.encode import body_segment, html_text
from newsletter.render.slots import SAMPLE_VALUES, SlotName

#: Raised when the stored form changes; `Plan.from_bytes` refuses forms that it does not know.
FORM = 1

#: The id of blocks that every reader gets, in their place.
FRAME = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """A reader's value. Escaped for HTML in the HTML part, bare in the text part, checked in a header."""

    name: SlotName


Segment = str | Slot


@dataclass(frozen=True, slots=True)
class Block:
    """A self-contained part of a mail. In the HTML part its text is already escaped."""

    id: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """A header with its value in plain Unicode; what its name says about encoding is in render/encode.py."""

    name: str
    segments: tuple[Segment, ...]

    @property
    def is_personal(self) -> bool:
        return any(isinstance(segment, Slot) for segment in self.segments)

    @property
    def static(self) -> str:
        """Its value, if the same for everyone; ValueError otherwise."""
        if self.is_personal:
            raise ValueError(f"header {self.name} differs from reader to reader")
        return "".join(segment for segment in self.segments if isinstance(segment, str))


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Bytes of a part: as a browser sees it, and as it travels."""

    decoded: int
    encoded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A mail for everyone.

    A program names the blocks that one reader gets, in order. Frame blocks (id "") stay where they are; each run
    of other blocks between two of them is a room in which the program's blocks stand in the program's order. No
    program means all blocks in the plan's order.
    """

    headers: tuple[Header, ...]
    text: tuple[Block, ...]
    html: tuple[Block, ...]

    def header(self, name: str) -> str:
        """The value of a header that is the same for everyone, such as Subject; KeyError where there is none."""
        for header in self.headers:
            if header.name.lower() == name.lower():
                return header.static
        raise KeyError(name)

    @property
    def subject(self) -> str:
        return self.header("Subject")

    @property
    def block_ids(self) -> tuple[str, ...]:
        """The ids that a program may name, in the plan's order."""
        return tuple(dict.fromkeys(block.id for block in (*self.html, *self.text) if block.id != FRAME))

    def slots(self) -> frozenset[SlotName]:
        """The names of all slots, wherever they are."""
        return frozenset(slot.name for slot in _slots(self._all_segments()))

    def text_blocks(self, program: Sequence[str] | None = None) -> tuple[Block, ...]:
        """The blocks of the text part that a program includes, in its order; ValueError for an unknown id."""
        return self._select(self.text, program)

    def html_blocks(self, program: Sequence[str] | None = None) -> tuple[Block, ...]:
        """The blocks of the HTML part that a program includes, in its order; ValueError for an unknown id."""
        return self._select(self.html, program)

    def html_size(self, program: Sequence[str] | None = None) -> Size:
        """How large the HTML part is with slot values of usual length."""
        decoded = encoded = 0
        for block in self.html_blocks(program):
            for segment in block.segments:
                piece = segment if isinstance(segment, str) else html_text(SAMPLE_VALUES[segment.name])
                decoded += len(piece.encode())
                encoded += len(body_segment(piece))
        return Size(decoded=decoded, encoded=encoded)

    def to_bytes(self) -> bytes:
        """The stored form; the same plan always gives the same bytes."""
        stored = {
            "form": FORM,
            "headers": [[header.name, _to_json(header.segments)] for header in self.headers],
            "text": [[block.id, _to_json(block.segments)] for block in self.text],
            "html": [[block.id, _to_json(block.segments)] for block in self.html],
        }
        return json.dumps(stored, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Plan":
        """Read the stored form; raises StoreError when it is damaged or of another program's making."""
        try:
            read = json.loads(stored)
            if read["form"] != FORM:
                raise ValueError(f"its form is {read['form']!r}, this program knows {FORM}")
            return cls(
                headers=tuple(Header(name, _from_json(segments)) for name, segments in read["headers"]),
                text=tuple(Block(id_, _from_json(segments)) for id_, segments in read["text"]),
                html=tuple(Block(id_, _from_json(segments)) for id_, segments in read["html"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"A stored plan cannot be read: {error}") from error

    def _all_segments(self) -> Iterator[Segment]:
        for header in self.headers:
            yield from header.segments
        for block in (*self.text, *self.html):
            yield from block.segments

    def _select(self, blocks: tuple[Block, ...], program: Sequence[str] | None) -> tuple[Block, ...]:
        if program is None:
            return blocks
        place = self._places(program)
        chosen: list[Block] = []
        for is_frame, room in groupby(blocks, key=lambda block: block.id == FRAME):
            if is_frame:
                chosen.extend(room)
            else:
                kept = [block for block in room if block.id in place]
                chosen.extend(sorted(kept, key=lambda block: place[block.id]))
        return tuple(chosen)

    def _places(self, program: Sequence[str]) -> dict[str, int]:
        """Where each id stands in the program; ValueError for ids that are unknown or named twice."""
        known = set(self.block_ids)
        places: dict[str, int] = {}
        for place, id_ in enumerate(program):
            if id_ not in known:
                raise ValueError(f"the plan has no block {id_!r}")
            if places.setdefault(id_, place) != place:
                raise ValueError(f"the program names block {id_!r} twice")
        return places


def _slots(segments: Iterable[Segment]) -> Iterator[Slot]:
    return (segment for segment in segments if isinstance(segment, Slot))


def _to_json(segments: tuple[Segment, ...]) -> list[Any]:
    return [{"slot": segment.name.value} if isinstance(segment, Slot) else segment for segment in segments]


def _from_json(segments: Any) -> tuple[Segment, ...]:
    return tuple(Slot(SlotName(each["slot"])) if isinstance(each, dict) else _text(each) for each in segments)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value

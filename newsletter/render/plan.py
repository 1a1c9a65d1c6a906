"""A compiled mail: raw Unicode text with slots in it, in blocks that a reader's program includes, omits and orders.

A plan is what approval freezes. It knows nothing of bytes on the wire: quoted-printable and header encoding are in
render/encode.py, putting values in is in render/compose.py.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from html import escape, unescape
from itertools import groupby
from typing import Any

from newsletter.digest.clicks import IssueLink
from newsletter.errors import StoreError
from newsletter.render.encode import body_segment, html_text

# The names of everything in a mail that differs from reader to reader. What fills them is in delivery/message.py.


class SlotName(StrEnum):
    """A place in a plan that each reader's mail fills with a value of its own."""

    #: The reader's mailbox as the To header wants it (`Mailbox.header_form` of render/headers.py).
    TO = "to"
    #: The bare address, as a person reads it.
    ADDRESS = "address"
    #: With its angle brackets.
    MESSAGE_ID = "message_id"
    #: As RFC 5322 writes it: "Thu, 26 Nov 2026 09:00:00 +0000".
    DATE = "date"
    UNSUBSCRIBE_URL = "unsubscribe_url"
    #: A whole mailto: URL.
    UNSUBSCRIBE_MAILTO = "unsubscribe_mailto"
    PREFERENCES_URL = "preferences_url"
    VIEW_URL = "view_url"
    #: The names of the followed tools of which there is no news: "Heron, Finch and 3 more".
    UNCHANGED = "unchanged"
    #: The reader's own volume, and what it costs with either side of the lead.
    VOLUME = "volume"
    VOLUME_LEFT = "volume_left"
    VOLUME_RIGHT = "volume_right"
    #: The reader's own team, and what it costs.
    TEAM = "team"
    TEAM_LEFT = "team_left"
    TEAM_RIGHT = "team_right"


#: Values of usual length, for measuring sizes and for a preview that has no reader.
SAMPLE_VALUES: dict[SlotName, str] = {
    SlotName.TO: "reader@example.org",
    SlotName.ADDRESS: "reader@example.org",
    SlotName.MESSAGE_ID: "<nl.12.0123456789abcdef01234567@news.example.org>",
    SlotName.DATE: "Thu, 26 Nov 2026 09:00:00 +0000",
    SlotName.UNSUBSCRIBE_URL: "https://news.example.org/unsubscribe/" + "a1B2c3D4e5" * 6,
    SlotName.UNSUBSCRIBE_MAILTO: "mailto:news@example.org?subject=unsubscribe%20" + "a1B2c3D4e5" * 6,
    SlotName.PREFERENCES_URL: "https://news.example.org/preferences/" + "a1B2c3D4e5" * 6,
    SlotName.VIEW_URL: "https://news.example.org/view/" + "a1B2c3D4e5" * 6,
    SlotName.UNCHANGED: "Heron Small, Pelican Large, Osprey 7B",
    SlotName.VOLUME: "25M tokens a month",
    SlotName.VOLUME_LEFT: "$57.50",
    SlotName.VOLUME_RIGHT: "$11.25",
    SlotName.TEAM: "Team of 12",
    SlotName.TEAM_LEFT: "$303.60",
    SlotName.TEAM_RIGHT: "$59.40",
}


#: Raised when the stored form changes; `Plan.from_bytes` refuses forms that it does not know.
FORM = 1

#: The id of blocks that every reader gets, in their place.
FRAME = ""


@dataclass(frozen=True, slots=True)
class PlanSlot:
    """A reader's value. Escaped for HTML in the HTML part, bare in the text part, checked in a header."""

    name: SlotName


Segment = str | PlanSlot


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
        return any(isinstance(segment, PlanSlot) for segment in self.segments)

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
        """Return the value of a header that is the same for everyone, such as Subject; KeyError where there is none."""
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
        """Return the names of all slots, wherever they are."""
        return frozenset(each.name for each in self._all_segments() if isinstance(each, PlanSlot))

    def text_blocks(self, program: Sequence[str] | None = None) -> tuple[Block, ...]:
        """Return the blocks of the text part that a program includes, in its order; ValueError for an unknown id."""
        return self._select(self.text, program)

    def html_blocks(self, program: Sequence[str] | None = None) -> tuple[Block, ...]:
        """Return the blocks of the HTML part that a program includes, in its order; ValueError for an unknown id."""
        return self._select(self.html, program)

    def html_size(self, program: Sequence[str] | None = None) -> Size:
        """Return how large the HTML part is with slot values of usual length."""
        decoded = encoded = 0
        for block in self.html_blocks(program):
            for segment in block.segments:
                piece = segment if isinstance(segment, str) else html_text(SAMPLE_VALUES[segment.name])
                decoded += len(piece.encode())
                encoded += len(body_segment(piece))
        return Size(decoded=decoded, encoded=encoded)

    def to_bytes(self) -> bytes:
        """Return the stored form; the same plan always gives the same bytes."""
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
        """Return where each id stands in the program; ValueError for ids that are unknown or named twice."""
        known = set(self.block_ids)
        places: dict[str, int] = {}
        for place, id_ in enumerate(program):
            if id_ not in known:
                raise ValueError(f"the plan has no block {id_!r}")
            if places.setdefault(id_, place) != place:
                raise ValueError(f"the program names block {id_!r} twice")
        return places


def _to_json(segments: tuple[Segment, ...]) -> list[Any]:
    return [
        {"slot": segment.name.value} if isinstance(segment, PlanSlot) else segment for segment in segments
    ]


def _from_json(segments: Any) -> tuple[Segment, ...]:
    return tuple(
        PlanSlot(SlotName(each["slot"])) if isinstance(each, dict) else _text(each) for each in segments
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


# The names of the blocks that not everybody gets; which of them a reader gets is in delivery/personal.py.

#: The heading over a reader's tools, and the line that names those without news.
YOUR_TOOLS, UNCHANGED = "your-tools", "unchanged"
#: The costs for everybody, and in their place the reader's own.
COSTS, YOUR_VOLUME, YOUR_TEAM = "costs", "your-volume", "your-team"
#: Lines about a reader's tools, with the one that names those without news.
TOOL_LINES = 4

_TOOL = "tool:"


def tool_block(tool_id: str) -> str:
    """Return the block with a followed tool's news."""
    return f"{_TOOL}{tool_id}"


def is_personal(block_id: str) -> bool:
    return block_id.startswith(_TOOL) or block_id in (YOUR_TOOLS, UNCHANGED, YOUR_VOLUME, YOUR_TEAM)


def common_blocks(block_ids: Iterable[str]) -> tuple[str, ...]:
    """Return the blocks of a copy that is nobody's in particular: a preview, the archive."""
    return tuple(each for each in block_ids if not is_personal(each))


def longest_program(plan: Plan) -> tuple[str, ...]:
    """Return the blocks of the largest copy that any reader can get."""
    tools = [each for each in plan.block_ids if each.startswith(_TOOL)]
    sizes = {
        block.id: sum(len(each) for each in block.segments if isinstance(each, str)) for block in plan.html
    }
    largest = sorted(tools, key=lambda each: -sizes.get(each, 0))[:TOOL_LINES]
    return tuple(each for each in plan.block_ids if not each.startswith(_TOOL) or each in largest)


# Links whose clicks are counted: the outward addresses of a plan give way to addresses of our own, the same for every reader.
#
# Approval does it once, on request. Left alone is whatever belongs to a reader (slots), to this newsletter, or to its privacy page.

_HREF = re.compile(r'(?<= href=")https?://[^"]+(?=")')


def counted_plan(
    plan: Plan, issue_id: int, public_url: str, left_alone: str
) -> tuple[Plan, tuple[IssueLink, ...]]:
    """Number the outward links of a plan; returns it and where each number leads. `left_alone` is one more address that stays.

    Their salt is still to come (`salted_plan`).
    """
    base = public_url.rstrip("/")
    links: dict[tuple[str, str], IssueLink] = {}
    for place, url in _outward(plan):
        if url != left_alone and url != base and not url.startswith(f"{base}/"):
            links.setdefault((place, url), IssueLink(number=len(links) + 1, url=url, place=place))

    def address(place: str, url: str) -> str:
        """Return our address for that one; in a place without it none of ours, so it stays."""
        found = links.get((place, url))
        return f"{base}{_counted(issue_id, 0)}{found.number}" if found else url

    counted = replace(
        plan,
        html=tuple(_changed(each, _in_html(each.id, address)) for each in plan.html),
        text=tuple(
            _changed(each, _in_text(each.id, [url for place, url in links if place == each.id], address))
            for each in plan.text
        ),
    )
    return counted, tuple(links.values())


def salted_plan(plan: Plan, issue_id: int, salt: int) -> Plan:
    """Return the plan with the salt in its counted links, which approval draws after what it froze was looked at.

    Where an earlier release froze it, they carry none, and stay.
    """
    before, after = _counted(issue_id, 0), _counted(issue_id, salt)

    def put(segment: str) -> str:
        return segment.replace(before, after)

    return replace(
        plan,
        html=tuple(_changed(each, put) for each in plan.html),
        text=tuple(_changed(each, put) for each in plan.text),
    )


def _counted(issue_id: int, salt: int) -> str:
    """Return the path of an issue's counted links, up to their number; what is frozen has salt 0."""
    return f"/to/{issue_id}.{salt:08x}/"


def _outward(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield the web addresses of the HTML part that are the same for every reader, with the block of each."""
    for block in plan.html:
        for segment in block.segments:
            if isinstance(segment, str):
                yield from ((block.id, unescape(url)) for url in _HREF.findall(segment))


def _changed(block: Block, change: Callable[[str], str]) -> Block:
    segments = (change(each) if isinstance(each, str) else each for each in block.segments)
    return replace(block, segments=tuple(segments))


def _in_html(place: str, address: Callable[[str, str], str]) -> Callable[[str], str]:
    return lambda segment: _HREF.sub(lambda url: escape(address(place, unescape(url[0]))), segment)


def _in_text(place: str, urls: list[str], address: Callable[[str, str], str]) -> Callable[[str], str]:
    """Replace bare addresses in the text part: each begins after a blank or bracket, and ends before one or a full stop."""
    if not urls:
        return str
    longest_first = "|".join(re.escape(each) for each in sorted(urls, key=len, reverse=True))
    bare = re.compile(rf"(?<![^\s(<\[])(?:{longest_first})(?=[)>\].,;:!?]*(?:\s|$))")
    return lambda segment: bare.sub(lambda url: address(place, url[0]), segment)

"""Finished HTML or text cut at its sentinels into the blocks of a plan.

Values go in here: escaped for HTML, bare for text. Checks that each block is complete in itself, so that a reader's
program can leave it out or move it.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from html import escape

from newsletter.errors import BadInput
from newsletter.render.environment import ISOLATES
from newsletter.render.plan import FRAME, Block, PlanSlot, Segment
from newsletter.render.sentinels import BlockBegin, BlockEnd, Html, Literal, Printed, Sentinels

#: The end of a tag that a value continues with an address.
_IN_ADDRESS = re.compile(r'\b(?:href|src|background|action)="$', re.IGNORECASE)
#: A path is one of our own pages as long as nobody has said where they are; nothing is sent before.
_ADDRESS = re.compile(r"https?://[^/\s]\S*|mailto:\S+|/(?:[^/\s]\S*)?", re.IGNORECASE)
#: Behind a whole tag, but for a title's, whose words are no markup.
_IN_TEXT = re.compile(r">[^<>]*\Z(?<!<title>)")
#: "4–0" on one line: browsers break after a dash.
_SPLIT = re.compile(r"\d+–\d+")
_UNBROKEN = r'<span style="white-space:nowrap">\g<0></span>'
_PAIRS = (
    ("<!--[if", "<![endif]"),
    ("<table", "</table"),
    ("<tr", "</tr"),
    ("<td", "</td"),
    ("<div", "</div"),
)


class BrokenBlock(ValueError):
    """A part of a template cannot stand alone."""


Filler = Callable[[str, Printed], Segment]


def html_blocks(html: str, sentinels: Sentinels) -> tuple[Block, ...]:
    """Return the blocks of an HTML part; raises BrokenBlock, LostSentinel, and BadInput for an address that is none."""
    blocks = tuple(block for block in _cut(sentinels.split(html), _html_value) if block.segments != (" ",))
    for block in blocks:
        if block.id != FRAME:
            _check_complete(block)
    return blocks


def text_blocks(text: str, sentinels: Sentinels) -> tuple[Block, ...]:
    """Return the blocks of a text part, each ended by one empty line, so that any of them can follow any other."""
    *blocks, last = (
        _spaced(block, "\n\n") for block in _cut(sentinels.split(text), _text_value) if not _blank(block)
    )
    return (*blocks, _spaced(last, "\n"))


def _cut(pieces: Iterable[Literal | Printed], fill: Filler) -> Iterator[Block]:
    id_, segments = FRAME, list[Segment]()
    for piece in pieces:
        if isinstance(piece, BlockBegin | BlockEnd):
            if isinstance(piece, BlockEnd) is (id_ == FRAME):
                raise BrokenBlock("parts cannot stand in each other")
            if segments:
                yield Block(id_, tuple(segments))
            id_, segments = (piece.id if isinstance(piece, BlockBegin) else FRAME), []
        else:
            before = segments[-1] if segments and isinstance(segments[-1], str) else ""
            _append(segments, piece.text if isinstance(piece, Literal) else fill(before, piece))
    if id_ != FRAME:
        raise BrokenBlock(f"part {id_} does not end")
    if segments:
        yield Block(id_, tuple(segments))


def _append(segments: list[Segment], segment: Segment) -> None:
    last = segments[-1] if segments else None
    if isinstance(segment, str) and isinstance(last, str):
        segments[-1] = last + segment
    elif segment:
        segments.append(segment)


def _html_value(before: str, value: Printed) -> Segment:
    if isinstance(value, PlanSlot):
        return value
    if isinstance(value, Html):
        return value.markup
    text = str(value)
    if _IN_ADDRESS.search(before[-40:]):
        return escape(_address(text.strip(ISOLATES)))
    return _SPLIT.sub(_UNBROKEN, escape(text)) if _IN_TEXT.search(before) else escape(text)


def _text_value(_before: str, value: Printed) -> Segment:
    return value if isinstance(value, PlanSlot) else str(value)


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise BadInput(
            f"{text!r:.120} is to be a link, but an address such as https://example.org was expected."
        )
    return text


def _check_complete(block: Block) -> None:
    static = "".join(segment for segment in block.segments if isinstance(segment, str))
    for opening, end in _PAIRS:
        if static.count(opening) != static.count(end):
            raise BrokenBlock(
                f"part {block.id} is not complete in itself: {opening}> and {end}> differ in number"
            )


def _blank(block: Block) -> bool:
    return all(isinstance(segment, str) and not segment.strip() for segment in block.segments)


def _spaced(block: Block, end: str) -> Block:
    """Return the block without empty lines around it, and with `end` behind it."""
    first, *rest = block.segments
    segments = [first.lstrip("\n") if isinstance(first, str) else first, *rest]
    last = segments[-1]
    if isinstance(last, str):
        segments[-1] = last.rstrip() + end
    else:
        segments.append(end)
    return Block(block.id, tuple(segments))

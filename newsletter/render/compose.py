"""A plan, a program and one reader's values become the bytes of a message, at the speed of joining bytes.

Everything that can be done once is done once: statics are encoded and merged when a `Composer` is made, and each
value is checked and encoded once, however often it is used. The standard library's generator stays out of it: it
costs ninety times as much and breaks long List-Unsubscribe headers; its parser is the tests' oracle.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Any

from newsletter.render.encode import (
    SOFT_BREAK,
    VALUE_LIMIT,
    ascii_header,
    body_segment,
    body_value,
    check_header,
    fold,
    header_form,
    html_text,
    plain_text,
)
from newsletter.render.plan import Block, Header, Plan, PlanSlot, Segment, SlotName


class _Use(Enum):
    """Where a slot stands, and so what its value is encoded for."""

    HEADER = "header"
    TEXT = "text"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class _Fill:
    """A slot in its place."""

    name: SlotName
    use: _Use


_Piece = bytes | _Fill

_PART = b"--%b\r\nContent-Type: text/%b; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"

#: The longest To value that surely needs no folding.
_UNFOLDED = 70
#: Octets on a line of quoted-printable, besides the `=` of a soft line break.
_LINE = 75
_FULL_STOP = ord(".")


def _allowing(octets: str, but: str = "") -> bytes:
    """Make a table for `bytes.translate` that changes everything except `octets` and LF.

    Where nothing changes, CPython returns the very bytes it was given: the fastest check that all of them are safe.
    """
    kept = set(octets.encode() + b"\n") - set(but.encode())
    return bytes(octet if octet in kept else octet ^ 1 for octet in range(256))


_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
_HEADER_SAFE = _allowing(_PRINTABLE)
#: The same in quoted-printable and escaped for HTML, but for a full stop or "From " at the start of a line.
_BODY_SAFE = _allowing(_PRINTABLE, but="=&<>\"'")


class EncodedPlan:
    """A plan whose statics are encoded, once for all its programs."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        boundary = b"=_" + sha256(plan.to_bytes()).hexdigest()[:32].encode()
        multipart = b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="%b"\r\n\r\n'
        head = (*_header_pieces(plan.headers), multipart % boundary, _PART % (boundary, b"plain"))
        self._head = tuple(_joined(head))
        self._between = b"\r\n" + _PART % (boundary, b"html")
        self._end = b"\r\n--%b--\r\n" % boundary
        self._text = {block: tuple(_joined(_body_pieces(block.segments, _Use.TEXT))) for block in plan.text}
        self._html = {block: tuple(_joined(_body_pieces(block.segments, _Use.HTML))) for block in plan.html}

    def pieces(self, program: Sequence[str] | None) -> Iterator[_Piece]:
        """Yield a whole message in order."""
        yield from self._head
        yield from _closed(piece for block in self.plan.text_blocks(program) for piece in self._text[block])
        yield self._between
        yield from _closed(piece for block in self.plan.html_blocks(program) for piece in self._html[block])
        yield self._end


class Composer:
    """Composes the messages of one plan and program. Holds no reader's data; threads may share it."""

    def __init__(
        self, plan: Plan, program: Sequence[str] | None = None, *, encoded: EncodedPlan | None = None
    ) -> None:
        self._encoded = encoded or EncodedPlan(plan)
        self._gaps: tuple[int, ...] | None = None
        if encoded is None:
            self._gapped, self._fills = _merge(self._encoded.pieces(program))
        else:
            # One of thousands of programs: it shares the statics with them all, and holds no copy.
            self._gapped, self._gaps, self._fills = _shared(self._encoded.pieces(program))
        in_body = dict.fromkeys(fill.name for fill in self._fills if fill.use is not _Use.HEADER)
        in_headers = dict.fromkeys(fill.name for fill in self._fills if fill.name not in in_body)
        # To leads, where it is in headers alone: its length decides on folding
        names = [*sorted(in_headers, key=lambda name: name is not SlotName.TO), *in_body]
        self._count, self._first_body = len(names), len(in_headers)
        self._fetch = _fetcher([name.value for name in names])
        self._place = _fetcher([self._quick_index(fill, names) for fill in self._fills])

    def compose(self, values: Mapping[str, str]) -> bytes:
        """Compose one reader's message, complete, with CRLF line ends.

        Raises KeyError for a slot without a value, BadHeader for a value that cannot stand in its header.
        """
        return b"".join(self.pieces(values))

    def pieces(self, values: Mapping[str, str]) -> list[bytes]:
        """Return what `compose` joins."""
        pieces = self._gapped.copy()
        encoded = self._encode_quickly(values) or self._encode_carefully(values)
        if self._gaps is None:
            pieces[1::2] = encoded
            return pieces
        for gap, piece in zip(self._gaps, encoded, strict=True):
            pieces[gap] = piece
        return pieces

    def _quick_index(self, fill: _Fill, names: Sequence[SlotName]) -> int:
        """Return where `_encode_quickly` has the bytes of a fill: values first, then those of bodies with their lines cut."""
        index = names.index(fill.name)
        return index if fill.use is _Use.HEADER else self._count + index - self._first_body

    def _encode_quickly(self, values: Mapping[str, str]) -> Sequence[bytes] | None:
        """Encode every fill, if no value needs any care: all of them are checked at once, in C. None otherwise.

        Usual values are the same bytes in a header, in quoted-printable and in HTML, but for one soft line break.
        """
        together = "\n".join(self._fetch(values)).encode("utf-8", "surrogatepass")
        encoded = together.split(b"\n")
        if (
            together.translate(_HEADER_SAFE) is not together
            or len(encoded) != self._count
            or len(together) > VALUE_LIMIT
            or len(encoded[0]) > _UNFOLDED
        ):
            return None
        for value in encoded[self._first_body :]:
            if value.translate(_BODY_SAFE) is not value or value[:1] == b"." or b"From " in value:
                return None
            if len(value) > _LINE:
                if len(value) > 2 * _LINE or value[_LINE] == _FULL_STOP:
                    return None
                value = value[:_LINE] + SOFT_BREAK + value[_LINE:]
            encoded.append(value)
        return self._place(encoded)

    def _encode_carefully(self, values: Mapping[str, str]) -> Sequence[bytes]:
        """Encode every fill, for any values; each once for each use."""
        encoded = {fill: _encode(fill, values[fill.name.value]) for fill in dict.fromkeys(self._fills)}
        return [encoded[fill] for fill in self._fills]


def _encode(fill: _Fill, value: str) -> bytes:
    if fill.use is _Use.TEXT:
        return body_value(plain_text(value))
    if fill.use is _Use.HTML:
        return body_value(html_text(value))
    if fill.name is SlotName.TO:
        return fold("To", check_header("To", value)).encode()
    return ascii_header(fill.name, value).encode()


def _header_pieces(headers: Iterable[Header]) -> Iterator[_Piece]:
    """Yield headers with their statics encoded and folded; one that has slots breaks after its commas."""
    for header in headers:
        yield f"{header.name}: ".encode()
        if header.is_personal:
            for segment in header.segments:
                yield _header_piece(header.name, segment)
        else:
            yield fold(header.name, header_form(header.name, header.static)).encode()
        yield b"\r\n"


def _header_piece(name: str, segment: Segment) -> _Piece:
    if isinstance(segment, PlanSlot):
        return _Fill(segment.name, _Use.HEADER)
    return header_form(name, segment).replace(", ", ",\r\n ").encode()


def _body_pieces(segments: Iterable[Segment], use: _Use) -> Iterator[_Piece]:
    """Yield a block's pieces in quoted-printable, each from column 0 to column 0."""
    for segment in segments:
        if isinstance(segment, PlanSlot):
            yield _Fill(segment.name, use)
            yield SOFT_BREAK
        else:
            yield body_segment(segment)


def _closed(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """Yield a part's pieces, ended by a line end: quoted-printable may not end in a soft line break."""
    last: _Piece = b""
    for piece in pieces:
        last = piece or last
        yield piece
    if isinstance(last, bytes) and last.endswith(SOFT_BREAK):
        yield b"\r\n"


def _merge(pieces: Iterable[_Piece]) -> tuple[list[bytes], tuple[_Fill, ...]]:
    """Return the statics of a message, merged, with an empty gap between each two; and the fills of the gaps."""
    statics: list[list[bytes]] = [[]]
    fills: list[_Fill] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            statics[-1].append(piece)
        else:
            fills.append(piece)
            statics.append([])
    gapped = [b""] * (2 * len(fills) + 1)
    gapped[::2] = map(b"".join, statics)
    return gapped, tuple(fills)


def _joined(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """Yield the same with statics that follow each other in one."""
    for is_static, run in groupby(pieces, key=lambda piece: isinstance(piece, bytes)):
        if is_static:
            yield b"".join(piece for piece in run if isinstance(piece, bytes))
        else:
            yield from run


def _shared(pieces: Iterable[_Piece]) -> tuple[list[bytes], tuple[int, ...], tuple[_Fill, ...]]:
    """Return the statics of a message as they are, with gaps between them; the places of the gaps, and their fills."""
    listed = list(pieces)
    gaps = tuple(place for place, piece in enumerate(listed) if isinstance(piece, _Fill))
    gapped = [piece if isinstance(piece, bytes) else b"" for piece in listed]
    return gapped, gaps, tuple(piece for piece in listed if isinstance(piece, _Fill))


def _fetcher(keys: Sequence[Any]) -> Callable[[Any], Sequence[Any]]:
    """Return what fetches a tuple of values by keys; `itemgetter` alone gives no tuple for a single key."""
    if len(keys) > 1:
        return itemgetter(*keys)
    return lambda source: tuple(source[key] for key in keys)


# A plan for a provider that puts readers' values in itself: tags where the slots are, and what each tag becomes.
#
# Such a provider inserts values as they are, in text and HTML alike, so a slot has two tags: one whose value is
# escaped for HTML and one whose value is bare. How the pieces make a request is the transport's business.

#: The provider writes these itself, from fields of its own.
_PROVIDERS_OWN = frozenset({"from", "to", "reply-to", "subject", "date"})


class TaggedMail:
    """A plan and program with tags. Headers are those that the provider does not write itself, on one line each."""

    def __init__(self, plan: Plan, program: Sequence[str] | None = None) -> None:
        # Nothing that a plan says can hold the plan's own digest, so no text is taken for a tag.
        self._salt = sha256(plan.to_bytes()).hexdigest()[:8]
        self._personal = tuple(header for header in _sendable(plan.headers) if header.is_personal)
        text, html = plan.text_blocks(program), plan.html_blocks(program)
        self._text_tags = {name: self._tag("text", name) for name in _names(text)}
        self._html_tags = {name: self._tag("html", name) for name in _names(html)}
        self.subject = plan.subject
        self.text = _tagged(text, self._text_tags)
        self.html = _tagged(html, self._html_tags)
        self.headers = {
            header.name: header_form(header.name, header.static)
            for header in _sendable(plan.headers)
            if not header.is_personal
        }

    def substitutions(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return what each tag becomes for one reader; KeyError for a slot without a value."""
        return {
            **{tag: plain_text(values[name]) for name, tag in self._text_tags.items()},
            **{tag: html_text(values[name]) for name, tag in self._html_tags.items()},
        }

    def personal_headers(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return one reader's own headers; raises BadHeader for a value that cannot stand in one."""
        return {header.name: _filled(header, values) for header in self._personal}

    def _tag(self, use: str, name: SlotName) -> str:
        return f"[%{self._salt}.{use}.{name}%]"


def _sendable(headers: Iterable[Header]) -> Iterable[Header]:
    return (header for header in headers if header.name.lower() not in _PROVIDERS_OWN)


def _names(blocks: Iterable[Block]) -> list[SlotName]:
    slots = (segment for block in blocks for segment in block.segments if isinstance(segment, PlanSlot))
    return list(dict.fromkeys(slot.name for slot in slots))


def _tagged(blocks: Iterable[Block], tags: Mapping[SlotName, str]) -> str:
    segments = (segment for block in blocks for segment in block.segments)
    return "".join(tags[segment.name] if isinstance(segment, PlanSlot) else segment for segment in segments)


def _filled(header: Header, values: Mapping[str, str]) -> str:
    return "".join(
        ascii_header(header.name, values[segment.name])
        if isinstance(segment, PlanSlot)
        else header_form(header.name, segment)
        for segment in header.segments
    )

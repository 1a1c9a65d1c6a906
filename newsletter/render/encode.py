"""Text as mail wants it: quoted-printable for bodies, RFC 2047 and RFC 5322 forms for headers.

Everything here works on single values; putting a message together is in render/compose.py.

Bodies are encoded piece by piece: each piece starts at column 0 and ends there, with a soft line break (`=` CRLF)
unless it ends with a line end of its own. So pieces can be joined in any order without a look at their neighbours.
Lines are at most 76 octets long (RFC 2045, 6.7); the standard library writes 78 where a line ends with a blank.
"""

import re
from html import escape

_MUST_QUOTE = re.compile(rb"[^\t !-<>-~]")
_LAST_BLANK = re.compile(rb"[\t ]\Z")

#: Quoted text for one line and the `=` after it: 75 octets that do not cut a quoted octet; fewer where the first
#: one will be quoted because it stands at the start of a line.
_LINE = re.compile(rb"(?:(?:\.|From ).{0,68}|.{1,75})(?<!=)(?<!=.)", re.DOTALL)

#: What no reader's value may bring into a part: control characters, line ends of any kind, halves of characters.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def plain_text(value: str) -> str:
    """A slot's value as the text part shows it: without control characters and line ends."""
    return _CONTROL.sub("", value)


def html_text(value: str) -> str:
    """A slot's value as the HTML part holds it: as `plain_text`, and escaped for text and quoted attributes."""
    return escape(plain_text(value), quote=True)


def body_segment(text: str) -> bytes:
    """One piece of a body in quoted-printable, from column 0 to column 0. Line ends (LF, CRLF) become CRLF."""
    *lines, rest = text.replace("\r\n", "\n").encode().split(b"\n")
    ended = b"".join(_quoted(line, last=True) + b"\r\n" for line in lines)
    return ended + _quoted(rest, last=False) + b"=\r\n" if rest else ended


def _quoted(line: bytes, *, last: bool) -> bytes:
    """A line without its end, cut by soft line breaks. `last`: a real line end follows, so a blank needs quoting."""
    quoted = _MUST_QUOTE.sub(_quote, line)
    if last:
        quoted = _LAST_BLANK.sub(_quote, quoted)
    return b"=\r\n".join(_guarded(physical) for physical in _LINE.findall(quoted))


def _quote(match: re.Match[bytes]) -> bytes:
    return b"=%02X" % ord(match[0])


def _guarded(line: bytes) -> bytes:
    """A line that SMTP need not stuff (`.`) and mailboxes need not mangle (`From `)."""
    if line.startswith((b".", b"From ")):
        return b"=%02X%b" % (line[0], line[1:])
    return line

"""Text as mail wants it: quoted-printable for bodies, RFC 2047 and RFC 5322 forms for headers.

Everything here works on single values; putting a message together is in render/compose.py.

Bodies are encoded piece by piece: each piece starts at column 0 and ends there, with a soft line break (`=` CRLF)
unless it ends with a line end of its own. So pieces can be joined in any order without a look at their neighbours.
Lines are at most 76 octets long (RFC 2045, 6.7); the standard library writes 78 where a line ends with a blank.
"""

import re
from base64 import b64encode
from html import escape

from newsletter.errors import BadHeader

SOFT_BREAK = b"=\r\n"

_MUST_QUOTE = re.compile(rb"[^\t !-<>-~]")
_LAST_BLANK = re.compile(rb"[\t ]\Z")

#: Quoted text for one line and the `=` after it: 75 octets that do not cut a quoted octet; fewer where the first
#: one will be quoted because it stands at the start of a line.
_LINE = re.compile(rb"(?:(?:\.|From ).{0,68}|.{1,75})(?<!=)(?<!=.)", re.DOTALL)

#: What no reader's value may bring into a part: control characters, line ends of any kind, halves of characters.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

_ADDRESS_HEADERS = frozenset({"from", "to", "reply-to", "sender"})

_LINE_LENGTH = 76
#: RFC 5322, 2.1.1.
_LINE_LIMIT = 998
#: A reader's value of this length fits on a header's line beside anything we write there.
VALUE_LIMIT = 900
#: RFC 2047 allows 75; this fits on one line behind "Reply-To: ", the longest name before an encoded word.
_WORD_LENGTH = 66
_WORD = re.compile(" *[^ ]+")

_HEADER_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
#: A name that needs no quotes: atoms with single blanks between them (RFC 5322, 3.2.3).
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+( [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_ADDRESS = re.compile(r'[^\s<>()\[\],;:\\"@]+@[^\s<>()\[\],;:\\"@]+')
_MAILBOX = re.compile(r"(?P<name>.*?) ?<(?P<inside>[^<>\s]+)>")
#: What an encoded word may hold as it is, wherever it stands (RFC 2047, 5 (3)).
_WORD_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


def plain_text(value: str) -> str:
    """Return a slot's value as the text part shows it: without control characters and line ends."""
    return _CONTROL.sub("", value)


def html_text(value: str) -> str:
    """Return a slot's value as the HTML part holds it: as `plain_text`, and escaped for text and quoted attributes."""
    return escape(plain_text(value), quote=True)


def body_segment(text: str) -> bytes:
    """Encode one static piece of a body, from column 0 to column 0. Line ends (LF, CRLF) become CRLF."""
    *lines, rest = text.replace("\r\n", "\n").encode().split(b"\n")
    ended = b"".join(_quoted(line, last=True) + b"\r\n" for line in lines)
    return ended + _quoted(rest, last=False) + SOFT_BREAK if rest else ended


def body_value(value: str) -> bytes:
    """Encode a reader's value on one line in quoted-printable, from column 0; a soft line break must follow."""
    return _quoted(value.encode(), last=False)


def _quoted(line: bytes, *, last: bool) -> bytes:
    """Quote a line without its end, cut by soft line breaks. `last`: a real line end follows, so a blank needs quoting."""
    quoted = _MUST_QUOTE.sub(_quote, line)
    if last:
        quoted = _LAST_BLANK.sub(_quote, quoted)
    return SOFT_BREAK.join(_guarded(physical) for physical in _LINE.findall(quoted))


def _quote(match: re.Match[bytes]) -> bytes:
    return b"=%02X" % ord(match[0])


def _guarded(line: bytes) -> bytes:
    """Guard a line so that SMTP need not stuff it (`.`) and mailboxes need not mangle it (`From `)."""
    if line.startswith((b".", b"From ")):
        return b"=%02X%b" % (line[0], line[1:])
    return line


def check_header(name: str, value: str) -> str:
    """Return the value, if it holds no control character and no line end; raises BadHeader otherwise."""
    if _HEADER_CONTROL.search(value):
        raise BadHeader(name, value, "it holds a line end or a control character")
    return value


def ascii_header(name: str, value: str) -> str:
    """Return the value, if it can stand in a header as it is and without folding; raises BadHeader otherwise."""
    if not check_header(name, value).isascii() or len(value) > VALUE_LIMIT:
        raise BadHeader(name, value, f"only ASCII can stand there, and at most {VALUE_LIMIT} characters")
    if "=?" in value:
        raise BadHeader(name, value, "receivers would take =? for the start of an encoded word")
    return value


def header_form(name: str, value: str) -> str:
    """Write a header's value in ASCII on one line; what needs encoding and how follows from the header's name.

    Raises BadHeader for control characters, and for anything but ASCII in headers that are no prose.
    """
    check_header(name, value)
    if name.lower() == "subject":
        return text_form(value)
    mailbox = _MAILBOX.fullmatch(value)
    if mailbox and name.lower() in _ADDRESS_HEADERS:
        return mailbox_form(mailbox["name"], mailbox["inside"])
    if mailbox and name.lower() == "list-id":
        value = f"{phrase_form(mailbox['name'])} <{mailbox['inside']}>".lstrip()
    if not value.isascii():
        raise BadHeader(name, value, "only ASCII can stand there")
    return value


def mailbox_form(name: str, address: str) -> str:
    """Write a name and an address as From, To and Reply-To want them, on one line; raises BadHeader.

    An address keeps its characters: one that is not ASCII needs a server with SMTPUTF8 (RFC 6532).
    """
    if not _ADDRESS.fullmatch(check_header("address", address)):
        raise BadHeader("address", address, "it is no address")
    return f"{phrase_form(check_header('name', name))} <{address}>" if name.strip() else address


def phrase_form(name: str) -> str:
    """Write a display name: bare, in quotes, or in encoded words."""
    if not _survives_folding(name):
        return encoded_words(name)
    if not name or _ATOMS.fullmatch(name):
        return name
    return '"' + name.replace("\\", r"\\").replace('"', r"\"") + '"'


def text_form(text: str) -> str:
    """Write free text: as it is where that survives, else in encoded words."""
    survives = _survives_folding(text) and text == text.strip(" ")
    return text if survives else encoded_words(text)


def _survives_folding(text: str) -> bool:
    return text.isascii() and "=?" not in text and max(map(len, text.split(" "))) <= _WORD_LENGTH


def encoded_words(text: str) -> str:
    """Write RFC 2047 encoded words with blanks between them; exact for any text. Mostly ASCII text stays legible."""
    octets = text.encode()
    legible = sum(octet in _WORD_SAFE or octet == 0x20 for octet in octets)
    kind, encode = ("q", _q_word) if legible >= len(octets) / 2 else ("b", _b_word)
    room = _WORD_LENGTH - len("=?utf-8?q??=")
    words = [""]
    for character in text:
        if len(encode(words[-1] + character)) > room:
            words.append("")
        words[-1] += character
    return " ".join(f"=?utf-8?{kind}?{encode(word)}?=" for word in words)


def _q_word(text: str) -> str:
    return "".join(
        "_" if octet == 0x20 else chr(octet) if octet in _WORD_SAFE else f"={octet:02X}"
        for octet in text.encode()
    )


def _b_word(text: str) -> str:
    return b64encode(text.encode()).decode()


def fold(name: str, value: str) -> str:
    """Fold a header's value before blanks, over as many lines as it needs; raises BadHeader for too long a word."""
    lines, room = [""], _LINE_LENGTH - len(f"{name}: ")
    for word in _WORD.findall(value):
        if word.startswith(" ") and len(lines[-1]) + len(word) > room:
            lines.append("")
            room = _LINE_LENGTH
        lines[-1] += word
    if len(f"{name}: ") + max(map(len, lines)) > _LINE_LIMIT:
        raise BadHeader(name, value, f"a line would be longer than {_LINE_LIMIT} characters")
    return "\r\n".join(lines)

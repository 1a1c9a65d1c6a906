"""Quoted-printable and header forms, against the standard library's decoders."""

import binascii
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.errors import BadHeader
from newsletter.render import encode
from tests.render.plans import HOSTILE, names, statics, texts


def _lines(encoded: bytes) -> list[bytes]:
    return encoded.split(b"\r\n")


def _is_well_formed(encoded: bytes) -> bool:
    return all(
        len(line) <= 76 and not line.startswith((b".", b"From ")) and not line.endswith((b" ", b"\t"))
        for line in _lines(encoded)
    )


@given(statics)
@example("x" * 75 + "\n")
@example("x" * 76 + " \n")
@example("x" * 74 + "é")
@example("." * 80)
@example("From " * 20)
def test_a_static_piece_decodes_to_itself_and_starts_and_ends_at_column_0(text: str) -> None:
    encoded = encode.body_segment(text)
    assert binascii.a2b_qp(encoded).decode() == text.replace("\n", "\r\n")
    assert _is_well_formed(encoded)
    assert encoded.endswith(b"\r\n") or not encoded


@given(st.lists(statics, max_size=5))
def test_pieces_may_be_joined_in_any_order(pieces: list[str]) -> None:
    encoded = b"".join(encode.body_segment(piece) for piece in pieces)
    assert binascii.a2b_qp(encoded).decode() == "".join(pieces).replace("\n", "\r\n")
    assert _is_well_formed(encoded)


@given(texts)
def test_a_value_decodes_to_its_printable_text(value: str) -> None:
    encoded = encode.body_value(encode.plain_text(value)) + encode.SOFT_BREAK
    assert binascii.a2b_qp(encoded).decode() == encode.plain_text(value)
    assert _is_well_formed(encoded)


@given(texts)
def test_a_value_in_html_is_its_printable_text_escaped(value: str) -> None:
    assert unescape(encode.html_text(value)) == encode.plain_text(value) or "&" in value
    assert not set("<>\"'") & set(encode.html_text(value))


def test_the_standard_library_still_writes_lines_of_78() -> None:
    """The reason for an encoder of our own; when this fails the reason is gone."""
    assert max(map(len, _lines(binascii.b2a_qp(b"x" * 75 + b" \n")))) > 76


def _as_read(name: str, form: str) -> tuple[bytes, str]:
    """The folded header, and what the parser makes of it."""
    wire = f"{name}: {encode.fold(name, form)}\r\n\r\n".encode()
    read = message_from_bytes(wire, policy=policy.default)[name]
    assert read.defects == ()
    return wire, str(read)


@given(names.filter(bool))
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    form = encode.header_form("Subject", subject)
    wire, read = _as_read("Subject", form)
    assert read == subject
    assert form.isascii()
    assert max(map(len, _lines(wire))) <= 76


@given(names)
def test_a_mailbox_is_read_as_it_was_written(name: str) -> None:
    form = encode.mailbox_form(name, "alice.b@example.org")
    wire, _ = _as_read("From", form)
    # the older of Python's parsers: the newer one leaves the blanks between the encoded words of a name
    read_name, read_address = parseaddr(message_from_bytes(wire)["From"].replace("\r\n", ""))
    decoded = str(make_header(decode_header(read_name))) if "=?utf-8?" in form else read_name
    assert (decoded, read_address) == (name if name.strip() else "", "alice.b@example.org")
    assert max(map(len, _lines(wire))) <= (76 if "=?utf-8?" in form else 998)


@given(names.filter(bool))
def test_encoded_words_are_short_and_whole(text: str) -> None:
    words = encode.encoded_words(text).split(" ")
    assert all(len(word) <= 75 for word in words)
    assert "".join(str(make_header(decode_header(word))) for word in words) == text


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Alice", "Alice <a@example.org>"),
        ("Alice B", "Alice B <a@example.org>"),
        ("Alice B.", '"Alice B." <a@example.org>'),
        ('O"Brien & Sons <x>', '"O\\"Brien & Sons <x>" <a@example.org>'),
        ("Zoë", "=?utf-8?q?Zo=C3=AB?= <a@example.org>"),
        ("漢字", "=?utf-8?b?5ryi5a2X?= <a@example.org>"),
        ("=?utf-8?q?x?=", "=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?= <a@example.org>"),
        ("", "a@example.org"),
        ("  ", "a@example.org"),
    ],
)
def test_names_take_the_simplest_form(name: str, form: str) -> None:
    assert encode.mailbox_form(name, "a@example.org") == form


@pytest.mark.parametrize(
    "address", ["", "a", "a@b, c@d", "a@b> <c@d", "a b@c", "a@b\r\nBcc: c@d", "a@b@c", "a\x00@b"]
)
def test_what_is_no_address_stands_in_no_mailbox(address: str) -> None:
    with pytest.raises(BadHeader):
        encode.mailbox_form("", address)


@pytest.mark.parametrize("fault", ["\r", "\n", "\r\n", "\x00", "\x0b", "\x85", "\u2028", "\x7f"])
@pytest.mark.parametrize("name", ["Subject", "From", "List-Id", "List-Archive", "Feedback-ID"])
def test_line_ends_and_control_characters_stand_in_no_header(name: str, fault: str) -> None:
    with pytest.raises(BadHeader, match=name):
        encode.header_form(name, f"a{fault}Bcc: x <a@example.org>")


@pytest.mark.parametrize("name", ["List-Archive", "List-Unsubscribe", "Feedback-ID", "Message-ID"])
def test_headers_that_are_no_prose_are_never_encoded(name: str) -> None:
    with pytest.raises(BadHeader, match="ASCII"):
        encode.header_form(name, "<https://example.org/é>")
    assert (
        encode.header_form(name, f"<https://example.org/{'x' * 300}>") == f"<https://example.org/{'x' * 300}>"
    )


def test_a_list_id_may_have_a_name_in_any_language() -> None:
    assert (
        encode.header_form("List-Id", "Wöchentlich <w.example.org>")
        == "=?utf-8?q?W=C3=B6chentlich?= <w.example.org>"
    )
    assert encode.header_form("List-Id", "<w.example.org>") == "<w.example.org>"


def test_a_line_that_cannot_be_folded_is_refused_where_the_standard_ends() -> None:
    with pytest.raises(BadHeader, match="998"):
        encode.fold("To", "x" * 995)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_of_an_ascii_header_passes_as_it_is_or_not_at_all(value: str) -> None:
    try:
        assert encode.ascii_header("Message-ID", value) == value
    except BadHeader:
        assert not (value.isascii() and value.isprintable()) or "=?" in value

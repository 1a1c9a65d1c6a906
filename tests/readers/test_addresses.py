import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import BadInput
from newsletter.readers.addresses import (
    NAME,
    Address,
    one_line,
    parse_address,
    split_mailbox,
    without_address,
)

hostile = st.text(st.sampled_from('aZé.ß@ \t\r\n\0<>",;:()[]\\+-_ıİ例x0’\u200b\u202e'), max_size=40)
plain = st.from_regex(r"[A-Za-z0-9_+.-]{1,70}@[a-zA-Z0-9.-]{1,40}\.(org|de|test|例子)", fullmatch=True)


def reference(text: str) -> str | None:
    """What email-validator makes of it, asked directly; None when it refuses."""
    try:
        checked = validate_email(split_mailbox(text)[1], check_deliverability=False, strict=True)
    except EmailNotValidError:
        return None
    return f"{checked.local_part}@{checked.ascii_domain}"


def parsed(text: str) -> Address | None:
    try:
        return parse_address(text)
    except BadInput:
        return None


@pytest.mark.parametrize(
    ("given", "text", "key"),
    [
        ("ada@example.org", "ada@example.org", "ada@example.org"),
        (" Ada.Lovelace@Example.ORG\t", "Ada.Lovelace@example.org", "ada.lovelace@example.org"),
        ("ada@bücher.de", "ada@xn--bcher-kva.de", "ada@xn--bcher-kva.de"),
        ("Ju\u0308rgen@example.org", "J\u00fcrgen@example.org", "j\u00fcrgen@example.org"),
        ("Jürgen@example.org", "Jürgen@example.org", "jürgen@example.org"),
        ("Straße@Example.org", "Straße@example.org", "straße@example.org"),
        ("STRASSE@example.org", "STRASSE@example.org", "strasse@example.org"),
        ("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v", "用户@xn--fsqu00a.xn--4rr70v"),
        ("o'hara+news@example.org", "o'hara+news@example.org", "o'hara+news@example.org"),
    ],
)
def test_an_address_is_written_one_way_and_known_by_its_key(given: str, text: str, key: str) -> None:
    assert parse_address(given) == Address(text, key)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "there is no mail address"),
        ("ada", "'ada' is no mail address. An email address must have an @-sign."),
        ("ada@", "There must be something after the @-sign"),
        ("ada@localhost", "It should have a period"),
        (
            "ada@example.org\r\nBcc: eve@example.org",
            r"'ada@example.org\\r\\nBcc: eve@example.org' is no mail",
        ),
        ("ada\0@example.org", "invalid characters before the @-sign"),
        ("eve@example.org <ada@example.org>", "invalid characters"),
        ("ada@example.org, eve@example.org", "invalid characters"),
        ("<ada@example.org> <eve@example.org>", "is no mail address"),
        ("mailto:ada@example.org,eve@example.org", "invalid characters"),
        ("mailto:ada%0D%0ABcc:@example.org", "is no mail address"),
        ("<>", "there is no mail address"),
        ("\u200b;", "there is no mail address"),
        ("a" * 65 + "@example.org", "too long before the @-sign"),
        ("ada@" + "b" * 300 + ".org", r"'ada@b+\.\.\.' is no mail address"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(given: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        parse_address(given)


@pytest.mark.parametrize(
    "space", [" ", "\t", "\r\n", "\xa0", "\u2003", "\u200b", "\u200f", "\u2060", "\u3000", "\ufeff"]
)
@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "<{}>",
        "mailto:{}",
        "MAILTO:{}?subject=Stop",
        "<mailto:{}>",
        "{};",
        "{},",
        "{}.",
        "'{}'",
        '"{}"',
        "Ada <{}>;",
        '"Ada, L." <{}>',
    ],
)
def test_what_people_write_around_an_address_is_taken_off(space: str, around: str) -> None:
    assert parse_address(f"{space}{around.format('Ada@example.org')}{space}").text == "Ada@example.org"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Fay <fay@example.org>", "Fay"),
        ('"Doe, Fay"\xa0<fay@example.org>', "Doe, Fay"),
        ("<fay@example.org>", ""),
        ("fay@example.org", ""),
        ("mailto:fay%40example.org", ""),
    ],
)
def test_a_mailbox_has_a_name_where_one_is_given(text: str, name: str) -> None:
    assert split_mailbox(text) == (name, "fay@example.org")


@given(hostile | plain | st.emails())
def test_an_accepted_address_is_what_the_library_says(text: str) -> None:
    address = parsed(text)
    assert (address.text if address else None) == reference(text)


@given(hostile | st.emails())
def test_an_accepted_address_is_safe_in_a_header_and_fits_the_database(text: str) -> None:
    address = parsed(text)
    if address is not None:
        assert not any(ord(each) <= 32 or ord(each) == 127 for each in address.text)
        assert address.text.count("@") == 1
        assert len(address.text.encode()) <= 254
        assert len(address.key) <= 320


@given(hostile | st.emails())
def test_parsing_again_changes_nothing(text: str) -> None:
    address = parsed(text)
    if address is not None:
        assert parse_address(address.text) == address
        assert parse_address(address.key).key == address.key


# What people write beside an address.


@pytest.mark.parametrize(
    "name", ["Ada", "Zoë O’Hara", "王小明", "Ada\u00a0Lovelace", "علی\u200cرضا", "R2-D2 <3", ""]
)
def test_names_of_every_script_are_kept(name: str) -> None:
    assert one_line(f" {name}\t", "the name", NAME) == name


@pytest.mark.parametrize("name", ["a\nb", "a\r\nBcc: b", "a\0b", "a\x1b[2J", "a\u2028b", "a\x85b", "\ud800"])
def test_line_breaks_and_control_characters_are_refused(name: str) -> None:
    with pytest.raises(BadInput, match="the name holds a line break or a control character"):
        one_line(name, "the name", NAME)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(BadInput, match="the name is longer than 200 characters"):
        one_line("a" * 201, "the name", NAME)


@pytest.mark.parametrize(
    ("text", "sentence"), [("from ada@example.org", "holds an address"), (" ", "is empty")]
)
def test_what_outlives_an_erased_reader_names_nobody(text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        without_address(text, "the reason", 100)

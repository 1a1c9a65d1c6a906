import hashlib
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer

from newsletter.clock import MovedClock
from newsletter.errors import BadLink, ExpiredLink
from newsletter.readers.links import LIFETIMES, LinkSigner, LinkTarget, Purpose, link, salt

OLD, NEW, FOREIGN = b"o" * 32, b"n" * 32, b"f" * 32
LASTING = sorted(set(Purpose) - set(LIFETIMES))
signer = LinkSigner([OLD, NEW])

reader_ids = st.integers(0, 2**48 - 1)
numbers = st.integers(0, 2**32 - 1)
lasting = st.sampled_from(LASTING)
dated = st.sampled_from(sorted(LIFETIMES))
seconds = st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))


def library(keys: list[bytes], purpose: Purpose) -> Signer:
    """itsdangerous itself, set up as the tokens are documented."""
    return Signer(keys, salt=salt(purpose), key_derivation="hmac", digest_method=hashlib.sha256)


@given(lasting, reader_ids, numbers)
def test_a_token_says_whom_it_is_for(purpose: Purpose, reader_id: int, issue_id: int) -> None:
    token = signer.token(purpose, reader_id, issue_id)
    assert signer.read(purpose, token) == LinkTarget(reader_id, issue_id)


@given(lasting, reader_ids, numbers)
def test_a_token_is_short_and_safe_in_a_url(purpose: Purpose, reader_id: int, issue_id: int) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_.-]{58}", signer.token(purpose, reader_id, issue_id))


@given(lasting, reader_ids, numbers)
def test_the_signature_is_that_of_itsdangerous(purpose: Purpose, reader_id: int, issue_id: int) -> None:
    token = signer.token(purpose, reader_id, issue_id)
    value = library([OLD, NEW], purpose).unsign(token)
    assert library([OLD, NEW], purpose).sign(value).decode() == token


@given(lasting, reader_ids, numbers)
def test_an_old_key_verifies_for_ever(purpose: Purpose, reader_id: int, issue_id: int) -> None:
    token = LinkSigner([OLD]).token(purpose, reader_id, issue_id)
    assert LinkSigner([OLD, NEW]).read(purpose, token) == LinkTarget(reader_id, issue_id)


def test_the_newest_key_signs() -> None:
    assert signer.token(Purpose.VIEW, 7) == LinkSigner([NEW]).token(Purpose.VIEW, 7)


@given(lasting, reader_ids, numbers)
def test_another_key_is_refused(purpose: Purpose, reader_id: int, issue_id: int) -> None:
    with pytest.raises(BadLink):
        signer.read(purpose, LinkSigner([FOREIGN]).token(purpose, reader_id, issue_id))


@given(lasting, lasting, reader_ids, numbers)
def test_a_token_of_another_purpose_is_refused(
    purpose: Purpose, other: Purpose, reader_id: int, issue_id: int
) -> None:
    token = signer.token(purpose, reader_id, issue_id)
    if other is not purpose:
        with pytest.raises(BadLink):
            signer.read(other, token)


@given(lasting, reader_ids, numbers, st.integers(0, 57))
def test_a_truncated_token_is_refused(purpose: Purpose, reader_id: int, issue_id: int, length: int) -> None:
    with pytest.raises(BadLink):
        signer.read(purpose, signer.token(purpose, reader_id, issue_id)[:length])


@given(lasting, reader_ids, numbers, st.integers(0, 57), st.characters())
def test_a_token_with_any_one_character_changed_is_refused(
    purpose: Purpose, reader_id: int, issue_id: int, position: int, character: str
) -> None:
    token = signer.token(purpose, reader_id, issue_id)
    changed = token[:position] + character + token[position + 1 :]
    if changed != token:
        with pytest.raises(BadLink):
            signer.read(purpose, changed)


@given(lasting, st.text())
def test_any_other_text_is_refused(purpose: Purpose, text: str) -> None:
    with pytest.raises(BadLink):
        signer.read(purpose, text)


@given(dated, reader_ids, seconds)
def test_a_dated_token_holds_for_its_lifetime_and_no_longer(
    purpose: Purpose, reader_id: int, signed_at: datetime
) -> None:
    token = signer.dated_token(purpose, reader_id, signed_at)
    last = signed_at + LIFETIMES[purpose]
    assert signer.read_dated(purpose, token, last) == LinkTarget(reader_id)
    with pytest.raises(ExpiredLink) as caught:
        signer.read_dated(purpose, token, last + timedelta(seconds=1))
    assert (caught.value.reader_id, caught.value.signed_at) == (reader_id, signed_at)


def test_a_forged_dated_token_is_refused_before_its_time_is_read(clock: MovedClock) -> None:
    forged = LinkSigner([FOREIGN]).dated_token(Purpose.CONFIRM, 7, clock.now() - timedelta(days=365))
    with pytest.raises(BadLink) as caught:
        signer.read_dated(Purpose.CONFIRM, forged, clock.now())
    assert not isinstance(caught.value, ExpiredLink)


def test_unsubscribe_links_never_carry_a_time(clock: MovedClock) -> None:
    with pytest.raises(KeyError):
        signer.dated_token(Purpose.UNSUBSCRIBE, 7, clock.now())
    with pytest.raises(KeyError):
        signer.token(Purpose.CONFIRM, 7)
    with pytest.raises(KeyError):
        signer.read(Purpose.CONFIRM, signer.dated_token(Purpose.CONFIRM, 7, clock.now()))


@pytest.mark.parametrize(("reader_id", "issue_id"), [(2**48, 0), (-1, 0), (1, 2**32), (1, -1)])
def test_a_number_without_room_is_refused_rather_than_cut(reader_id: int, issue_id: int) -> None:
    with pytest.raises(OverflowError):
        signer.token(Purpose.VIEW, reader_id, issue_id)


def test_a_link_is_the_public_address_the_purpose_and_the_token() -> None:
    assert (
        link("https://example.org/", Purpose.UNSUBSCRIBE, "token") == "https://example.org/unsubscribe/token"
    )

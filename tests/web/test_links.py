"""Every link that is forged, cut, swapped, too old or nobody's is answered alike."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.clock import MovedClock
from newsletter.db.statuses import ConsentChannel
from newsletter.readers.keys import make_link_keys, read_link_keys
from newsletter.readers.links import LIFETIMES, LinkSigner, Purpose
from tests.web.house import House, heading

PAGES = (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES, Purpose.CONFIRM, Purpose.PERSONAL)
SUFFIXES = {
    Purpose.UNSUBSCRIBE: ("", "/undo", "/pause", "/monthly"),
    Purpose.PREFERENCES: ("", "/link", "/follow/kite"),
    Purpose.CONFIRM: ("",),
    Purpose.PERSONAL: ("/address", "/erase"),
}


@pytest.fixture
def reader_id(house: House) -> int:
    house.import_tools(("kite", "Kite", "Coding"))
    return house.add("alice@example.org")


def refused(house: House, purpose: Purpose, token: str) -> set[str]:
    """What each page of a purpose says to a token; all must be refused."""
    answers = [house.get(f"/{purpose}/{token}")]
    answers += [house.post(f"/{purpose}/{token}{suffix}", sure="yes") for suffix in SUFFIXES[purpose]]
    assert {each.status_code for each in answers} == {400}
    return {each.text for each in answers}


@pytest.mark.parametrize("purpose", PAGES)
def test_bad_tokens_get_one_page_and_change_nothing(house: House, reader_id: int, purpose: Purpose) -> None:
    good = house.token(purpose, reader_id)
    make_link_keys(house.app.settings.folder / "foreign")
    foreign = LinkSigner(read_link_keys(house.app.settings.folder / "foreign"))
    forged = (
        foreign.dated_token(purpose, reader_id, house.app.clock.now())
        if purpose in LIFETIMES
        else foreign.token(purpose, reader_id)
    )
    swapped = [house.token(each, reader_id) for each in PAGES if each is not purpose]
    flipped = good[:-1] + ("A" if good[-1] != "A" else "B")
    nobodys = [house.token(purpose, 999_999)] if purpose is not Purpose.UNSUBSCRIBE else []
    bad = [forged, *swapped, flipped, good[:-1], good[1:], good + "A", good.upper(), "x", "…", *nobodys]
    before = house.rows()
    pages = set().union(*(refused(house, purpose, token) for token in bad))
    assert len(pages) == 1
    assert house.rows() == before


def test_expired_links_get_the_same_page(house: House, reader_id: int, clock: MovedClock) -> None:
    tokens = {purpose: house.token(purpose, reader_id) for purpose in LIFETIMES}
    clock.move(timedelta(days=31))
    pages = set().union(*(refused(house, purpose, token) for purpose, token in tokens.items()))
    assert len(pages) == 1
    assert "This link does not work" in pages.pop()


def test_an_erased_readers_links_get_the_same_page_but_leaving_does(house: House, reader_id: int) -> None:
    tokens = {purpose: house.token(purpose, reader_id) for purpose in PAGES}
    house.app.eraser.erase(reader_id, ConsentChannel.PAGE)
    others = [purpose for purpose in PAGES if purpose is not Purpose.UNSUBSCRIBE]
    assert len(set().union(*(refused(house, purpose, tokens[purpose]) for purpose in others))) == 1
    assert heading(house.post(f"/unsubscribe/{tokens[Purpose.UNSUBSCRIBE]}")) == "You are unsubscribed"


def test_any_text_for_a_token_is_refused(house: House, reader_id: int) -> None:
    page = house.get("/unsubscribe/x").text

    @given(st.text(st.characters(codec="utf-8", exclude_characters="/?#"), min_size=1, max_size=80))
    def check(token: str) -> None:
        answer = house.client.get("/unsubscribe/" + "".join(f"%{byte:02X}" for byte in token.encode()))
        if token not in (".", ".."):
            assert (answer.status_code, answer.text) in ((400, page), (404, answer.text))

    check()

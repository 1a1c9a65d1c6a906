"""Facts at the desk: what contradicts itself, a tool's claims with their sources, rulings and taking them back."""

import re
from datetime import datetime, timedelta

import pytest

from newsletter.editing.audit import list_entries
from newsletter.editing.facts import facts_of
from tests.content.conflicts.pages import SEEN_AT
from tests.content.packs import pack, tool
from tests.web.desk.desk import Desk, said
from tests.web.house import heading

PATH = "/desk/facts/heron"


def state(desk: Desk, shop: str, price: str, *, name: str = "Heron", at: datetime = SEEN_AT) -> None:
    """A shop says what a token costs."""
    dated = pack(
        source={"name": shop},
        tools=[tool("heron", name=name)],
        claims=[{"tool": "heron", "attribute": "input_price", "value": price, "as_of": "2026-11-01"}],
    )
    with desk.app.content() as content:
        content.import_pack(dated, at)


@pytest.fixture
def disputed(desk: Desk) -> Desk:
    state(desk, "Shop One", "$2/Mtok")
    state(desk, "Shop Two", "$1/Mtok")
    return desk


def claim_of(desk: Desk, shop: str) -> str:
    ((_, claims),) = facts_of(desk.app, "heron").facts
    return next(each.claim.id for each in claims if each.source.name == shop)


def test_what_is_open_stands_on_the_page_with_both_sides_and_leads_to_the_tool(disputed: Desk) -> None:
    page = disputed.writer.get("/desk/facts").text
    assert "1 is open" in page
    assert re.search(r"Shop One, as of 2026-11-01.*Shop Two, as of 2026-11-01", page, re.DOTALL)
    assert f'href="{PATH}#on-input_price"' in page


def test_a_ruling_settles_it_and_says_who_and_why(disputed: Desk) -> None:
    claim = claim_of(disputed, "Shop Two")
    form = {"attribute": "input_price", "answer": claim, "reason": "Their own price list."}
    assert disputed.writer.send(PATH, **form).headers["location"] == f"{PATH}?flash=ruled#main"
    assert said(disputed.writer.post(PATH, **form)).startswith("Ruling saved.")
    assert facts_of(disputed.app, "heron").facts[0][0].claim.id == claim
    page = disputed.writer.get("/desk/facts").text
    assert "No open contradictions." in page
    assert "Their own price list." in page
    with disputed.app.database.read() as connection:
        latest = list_entries(connection, 1)[0]
    assert (latest.by, latest.action) == ("Wendy", "ruled")
    assert "Their own price list." in latest.detail


def test_tools_and_rulings_are_told_by_name_and_value_never_by_key(disputed: Desk) -> None:
    claim = claim_of(disputed, "Shop Two")
    state(disputed, "Shop Three", "$9/Mtok", name="Heron Small")
    opened = disputed.writer.get("/desk/facts").text
    assert f'<a href="{PATH}#on-input_price">Heron Small</a>' in opened
    disputed.writer.post(PATH, attribute="input_price", answer=claim, reason="Their own price list.")
    page = disputed.writer.get("/desk/facts").text
    assert '<b>1 USD/Mtok</b> <span class="small muted">Shop Two, as of 2026-11-01</span>' in page
    with disputed.app.database.read() as connection:
        detail = list_entries(connection, 1)[0].detail
    assert detail == "Heron Small, input price: 1 USD/Mtok by Shop Two – Their own price list."
    assert claim not in page
    state(disputed, "Shop Two", "$3/Mtok", at=SEEN_AT + timedelta(days=1))
    assert "void: its source has changed since" in disputed.writer.get("/desk/facts").text


def test_a_ruling_is_taken_back_with_a_reason(disputed: Desk) -> None:
    disputed.writer.post(PATH, attribute="input_price", answer="leave-out", reason="Nobody knows.")
    assert "left out" in disputed.writer.get(PATH).text
    form = {"attribute": "input_price", "answer": "take-back", "reason": "Now somebody does."}
    assert said(disputed.publisher.post(PATH, **form)) == "Ruling withdrawn."
    assert "1 is open" in disputed.writer.get("/desk/facts").text
    with disputed.app.database.read() as connection:
        assert "taken back – Now somebody does." in list_entries(connection, 1)[0].detail


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({"answer": "leave-out", "reason": " "}, "Say why"),
        ({"answer": "", "reason": "So."}, "Choose an answer."),
    ],
)
def test_an_answer_without_a_choice_or_a_reason_is_asked_for_again(
    disputed: Desk, sent: dict[str, str], fault: str
) -> None:
    answer = disputed.writer.post(PATH, attribute="input_price", **sent)
    assert answer.status_code == 422
    assert fault in answer.text
    assert f'value="{sent["reason"]}"' in answer.text


def test_what_is_no_claim_of_this_tool_is_refused(disputed: Desk) -> None:
    other = disputed.writer.post(PATH, attribute="input_price", answer="x", reason="So.")
    assert other.status_code == 404
    assert disputed.writer.get("/desk/facts/nothing").status_code == 404


def test_a_tool_is_found_by_a_part_of_its_name(disputed: Desk) -> None:
    assert f'<a href="{PATH}">Heron</a>' in disputed.writer.get("/desk/facts", q="ERO").text
    assert "No tool’s name contains “zebra”" in disputed.writer.get("/desk/facts", q="zebra").text


def test_the_page_is_up_to_date_after_an_import(disputed: Desk) -> None:
    disputed.writer.get("/desk/facts")
    state(disputed, "Shop Two", "$3/Mtok")
    assert "one source gives input price" in disputed.writer.get("/desk/facts").text


def test_hostile_names_are_shown_and_do_nothing(desk: Desk) -> None:
    for shop, price in (("<script>alert(1)</script>", "$2/Mtok"), ("Shop Two", "$1/Mtok")):
        state(desk, shop, price, name='"><img src=x onerror=alert(2)>')
    for path in ("/desk/facts", PATH):
        page = desk.writer.get(path)
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
    assert "&lt;script&gt;" in desk.writer.get(PATH).text
    assert "onerror" in heading(desk.writer.get(PATH))

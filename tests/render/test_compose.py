"""Composed messages, against Python's parser and plain substitution."""

from itertools import permutations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.errors import BadHeader
from newsletter.render.compose import Composer, EncodedPlan
from newsletter.render.encode import mailbox_form
from newsletter.render.headers import single_mail_headers
from newsletter.render.plan import Block, Header, Plan, PlanSlot, SlotName
from tests.render.letters import FRAME
from tests.render.plans import (
    ADDRESS,
    HOSTILE,
    LEAVE,
    PLAN,
    TOKEN,
    VALUES,
    VIEW,
    parsed,
    part_text,
    plans,
    reader_values,
    substituted,
)

COMPOSER = Composer(PLAN)

Values = dict[str, str]


def _body_lines(message: bytes) -> list[bytes]:
    return message.split(b"\r\n\r\n", 1)[1].split(b"\r\n")


def _header_lines(message: bytes) -> list[bytes]:
    return message.split(b"\r\n\r\n", 1)[0].split(b"\r\n")


def _assert_says(message: bytes, plan: Plan, values: Values, program: list[str] | None = None) -> None:
    read = parsed(message)
    assert part_text(read, "plain") == substituted(plan.text_blocks(program), values, html=False)
    assert part_text(read, "html") == substituted(plan.html_blocks(program), values, html=True)


def _assert_well_formed(message: bytes) -> None:
    assert max(map(len, _body_lines(message))) <= 76
    assert max(map(len, _header_lines(message))) <= 998
    assert not any(line.startswith((b".", b"From ")) for line in _body_lines(message))
    assert b"\r" not in message.replace(b"\r\n", b"")
    assert b"\n" not in message.replace(b"\r\n", b"")


@given(reader_values)
def test_parts_are_the_plan_with_values_put_in(values: Values) -> None:
    message = COMPOSER.compose(values)
    _assert_says(message, PLAN, values)
    _assert_well_formed(message)


@given(plans(), reader_values)
def test_any_plan_says_what_it_holds(plan: Plan, values: Values) -> None:
    message = Composer(plan).compose(values)
    _assert_says(message, plan, values)
    _assert_well_formed(message)


@given(plans(), reader_values, st.data())
def test_programs_omit_and_order_blocks(plan: Plan, values: Values, data: st.DataObject) -> None:
    chosen = st.lists(st.sampled_from(plan.block_ids), unique=True) if plan.block_ids else st.just([])
    program = data.draw(chosen)
    message = Composer(plan, program).compose(values)
    _assert_says(message, plan, values, program)
    assert Composer(plan, program, encoded=EncodedPlan(plan)).compose(values) == message


@pytest.mark.parametrize(
    "program", [list(order) for n in range(3) for order in permutations(("lead", "more"), n)]
)
def test_a_program_gives_each_reader_the_blocks_in_the_readers_order(program: list[str]) -> None:
    _assert_says(Composer(PLAN, program).compose(VALUES), PLAN, VALUES, program)


@given(reader_values)
@example({**VALUES, "unsubscribe_url": "https://news.example.org/u/" + "x" * 350})
@example(VALUES)
def test_headers_arrive_whole_and_once(values: Values) -> None:
    read = parsed(COMPOSER.compose(values))
    names = [name.lower() for name in read.keys()]  # noqa: SIM118 - a message yields repeated names
    assert len(names) == len(set(names))
    assert read["From"] == "Weekly Verdicts <weekly@news.example.org>"
    assert read["To"].addresses[0].addr_spec == "alice@example.org"
    assert read["Subject"] == PLAN.subject
    assert read["Message-ID"] == values["message_id"]
    assert read["Date"] == values["date"]
    assert read["List-Unsubscribe"] == f"<{values['unsubscribe_url']}>, <{values['unsubscribe_mailto']}>"
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_an_issue_carries_what_bulk_mail_owes() -> None:
    assert list(parsed(COMPOSER.compose(VALUES)).keys()) == [
        "From",
        "To",
        "Reply-To",
        "Subject",
        "Date",
        "Message-ID",
        "List-Id",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "List-Archive",
        "Feedback-ID",
        "Precedence",
        "MIME-Version",
        "Content-Type",
    ]


def test_a_single_mail_says_that_a_machine_wrote_it() -> None:
    plan = Plan(headers=single_mail_headers(FRAME, "Please confirm"), text=PLAN.text, html=PLAN.html)
    read = parsed(Composer(plan).compose(VALUES))
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["List-Unsubscribe"] is None
    assert read["Precedence"] is None


def test_text_comes_first_and_both_parts_are_quoted_printable_utf_8() -> None:
    read = parsed(COMPOSER.compose(VALUES))
    assert read.get_content_type() == "multipart/alternative"
    described = [
        (part.get_content_type(), part.get_content_charset(), part["Content-Transfer-Encoding"])
        for part in read.iter_parts()
    ]
    assert described == [
        ("text/plain", "utf-8", "quoted-printable"),
        ("text/html", "utf-8", "quoted-printable"),
    ]


def test_the_same_reader_gets_the_same_bytes_and_plans_differ_in_their_boundary() -> None:
    other = Plan(headers=PLAN.headers, text=PLAN.text, html=(*PLAN.html, Block("", ("more",))))
    assert COMPOSER.compose(VALUES) == Composer(Plan.from_bytes(PLAN.to_bytes())).compose(VALUES)
    boundaries = {parsed(Composer(plan).compose(VALUES)).get_boundary() for plan in (PLAN, other)}
    assert len(boundaries) == 2


@pytest.mark.parametrize("name", ["to", "message_id", "date", "unsubscribe_url", "unsubscribe_mailto"])
@pytest.mark.parametrize("fault", ["\r\nBcc: x@example.org", "\r", "\n", "\x00", "\x0b", "\u2028", "\ud800"])
def test_a_header_value_with_a_line_end_is_refused(name: str, fault: str) -> None:
    with pytest.raises(BadHeader):
        COMPOSER.compose({**VALUES, name: VALUES[name] + fault})


def test_line_ends_that_would_make_up_for_each_other_are_refused() -> None:
    with pytest.raises(BadHeader):
        COMPOSER.compose({**VALUES, "message_id": "<a>\nBcc: b", "date": ""})


@pytest.mark.parametrize("value", ["https://example.org/é", "x" * 901, "https://example.org/=?utf-8?q?x?="])
def test_a_header_value_that_would_need_encoding_or_folding_is_refused(value: str) -> None:
    with pytest.raises(BadHeader):
        COMPOSER.compose({**VALUES, "unsubscribe_url": value})


def test_a_slot_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="view_url"):
        COMPOSER.compose({name: value for name, value in VALUES.items() if name != "view_url"})


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_comes_through_in_every_slot_of_a_body(value: str) -> None:
    plan = Plan(
        headers=(),
        text=(Block("", ("<", ADDRESS, ">", ADDRESS, "\n")),),
        html=(Block("", (ADDRESS, ADDRESS)),),
    )
    message = Composer(plan).compose({"address": value})
    _assert_says(message, plan, {"address": value})
    _assert_well_formed(message)


@pytest.mark.parametrize("length", [*range(70, 80), *range(145, 156), 300])
@pytest.mark.parametrize("character", ["x", "."])
def test_values_around_the_ends_of_lines_come_through(length: int, character: str) -> None:
    values = {**VALUES, "view_url": "h" + character * (length - 1), "address": character * length}
    message = COMPOSER.compose(values)
    _assert_says(message, PLAN, values)
    _assert_well_formed(message)


def test_a_long_name_in_to_is_folded() -> None:
    to = mailbox_form("Ünï ❤ " * 20, "alice@example.org")
    message = COMPOSER.compose({**VALUES, "to": to})
    lines = [line for line in _header_lines(message) if b"=?utf-8" in line]
    assert len(lines) > 2
    assert max(map(len, lines)) <= 76


def test_an_address_beyond_ascii_stays_as_it_is_for_servers_with_smtputf8() -> None:
    message = COMPOSER.compose({**VALUES, "to": mailbox_form("Zoë", "zoë@example.org")})
    assert "To: =?utf-8?q?Zo=C3=AB?= <zoë@example.org>\r\n".encode() in message


def test_a_long_unsubscribe_header_breaks_between_its_addresses_only() -> None:
    lines = _header_lines(COMPOSER.compose(VALUES))
    start = next(index for index, line in enumerate(lines) if line.startswith(b"List-Unsubscribe:"))
    assert lines[start].decode() == f"List-Unsubscribe: <https://news.example.org/unsubscribe/{TOKEN}>,"
    assert lines[start + 1].decode() == f" <mailto:weekly@news.example.org?subject=unsubscribe%20{TOKEN}>"


def test_plans_with_one_slot_or_none_compose_too() -> None:
    none = Plan(headers=(Header("Subject", ("s",)),), text=(Block("", ("a",)),), html=())
    one = Plan(headers=(), text=(), html=(Block("", (PlanSlot(SlotName.VIEW_URL),)),))
    assert part_text(parsed(Composer(none).compose({})), "plain") == "a\n"
    assert part_text(parsed(Composer(one).compose({"view_url": "v"})), "html") == "v\n"


def test_adjacent_slots_do_not_touch_each_other() -> None:
    plan = Plan(headers=(), text=(Block("", (VIEW, LEAVE, ADDRESS)),), html=(Block("", (VIEW, LEAVE)),))
    _assert_says(Composer(plan).compose(VALUES), plan, VALUES)

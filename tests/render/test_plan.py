"""Plans: what a program selects, the stored form, sizes."""

import pytest
from hypothesis import given

from newsletter.errors import StoreError
from newsletter.render.plan import SAMPLE_VALUES, Block, Header, Plan, PlanSlot, SlotName
from tests.render.plans import PLAN, plans

ROOMS = Plan(
    headers=(),
    text=(),
    html=(
        Block("", ("top",)),
        Block("a", ("A",)),
        Block("b", ("B",)),
        Block("", ("middle",)),
        Block("c", ("C",)),
    ),
)


def _said(blocks: tuple[Block, ...]) -> list[object]:
    return [segment for block in blocks for segment in block.segments]


def test_without_a_program_everything_is_included_in_the_plans_order() -> None:
    assert ROOMS.html_blocks() == ROOMS.html


def test_an_empty_program_leaves_the_frame() -> None:
    assert _said(ROOMS.html_blocks([])) == ["top", "middle"]


def test_a_program_orders_blocks_between_frame_blocks() -> None:
    assert _said(ROOMS.html_blocks(["c", "b", "a"])) == ["top", "B", "A", "middle", "C"]


def test_a_block_may_stand_in_one_part_only() -> None:
    assert ROOMS.text_blocks(["a"]) == ()


@pytest.mark.parametrize("program", [["nothing"], ["a", "a"], [""]])
def test_a_program_with_unknown_or_repeated_ids_is_refused(program: list[str]) -> None:
    with pytest.raises(ValueError, match="block"):
        ROOMS.html_blocks(program)


def test_the_plan_knows_its_slots_and_blocks() -> None:
    assert PLAN.slots() <= frozenset(SlotName)
    assert {SlotName.TO, SlotName.ADDRESS, SlotName.MESSAGE_ID, SlotName.UNSUBSCRIBE_URL} <= PLAN.slots()
    assert PLAN.block_ids == ("lead", "more")
    assert PLAN.subject == "Two verdicts, and a question — read “on”"


def test_a_header_that_differs_from_reader_to_reader_has_no_static_value() -> None:
    with pytest.raises(ValueError, match="To differs"):
        PLAN.header("To")
    with pytest.raises(KeyError):
        PLAN.header("X-Nothing")


@given(plans())
def test_the_stored_form_gives_the_same_plan_and_the_same_bytes(plan: Plan) -> None:
    stored = plan.to_bytes()
    assert Plan.from_bytes(stored) == plan
    assert Plan.from_bytes(stored).to_bytes() == stored


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        PLAN.to_bytes()[:-1],
        PLAN.to_bytes().replace(b'"form":1', b'"form":2'),
        PLAN.to_bytes().replace(b'"slot":"to"', b'"slot":"other"'),
        b'{"form":1,"headers":[["Subject",[7]]],"html":[],"text":[]}',
    ],
)
def test_a_damaged_stored_form_is_refused(stored: bytes) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        Plan.from_bytes(stored)


def test_sizes_count_values_of_usual_length_and_what_encoding_adds() -> None:
    plan = Plan(
        headers=(), text=(), html=(Block("", ("é=", PlanSlot(SlotName.ADDRESS))), Block("a", ("b\n",)))
    )
    address = len(SAMPLE_VALUES[SlotName.ADDRESS])
    assert plan.html_size().decoded == len("é=".encode()) + address + 2
    assert plan.html_size().encoded == len("=C3=A9=3D=\r\n") + address + len("=\r\n") + len("b\r\n")
    assert plan.html_size([]).decoded == plan.html_size().decoded - 2


def test_every_slot_has_a_sample_value() -> None:
    assert set(SAMPLE_VALUES) == set(SlotName)


def test_a_static_header_joins_its_segments() -> None:
    assert Header("Subject", ("a", "b")).static == "ab"

import random

import pytest

from newsletter.errors import BadInput
from newsletter.render.blocks import BrokenBlock, html_blocks, text_blocks
from newsletter.render.plan import FRAME, Block, PlanSlot, SlotName
from newsletter.render.sentinels import BlockBegin, BlockEnd, Html, LostSentinel, Sentinels
from tests.render.letters import plan_of
from tests.render.views import conditionals, for_browsers, for_outlook, html_of, parse_errors, text_of


def html(template: str, *values: object) -> tuple[Block, ...]:
    """The blocks of a template in which each `@` stands for the next value."""
    sentinels = Sentinels()
    pieces = template.split("@")
    marks = [sentinels.put(value) for value in values]  # type: ignore[arg-type]
    return html_blocks("".join(a + b for a, b in zip(pieces, [*marks, ""], strict=True)), sentinels)


def test_values_are_escaped_and_slots_stay() -> None:
    view = PlanSlot(SlotName.VIEW_URL)
    assert html('<a href="@">@</a> @', view, '<O\'Brien & "Sons">', Html("<b>note</b>")) == (
        Block(FRAME, ('<a href="', view, '">&lt;O&#x27;Brien &amp; &quot;Sons&quot;&gt;</a> <b>note</b>')),
    )


def test_scores_do_not_break_after_their_dash_where_they_are_text() -> None:
    whole = '<span style="white-space:nowrap">4–0</span>'
    (block,) = html(
        '<title>@</title><p title="@">@, then @ <i>@</i></p>', "4–0", "4–0", "4–0", "a–b", "in 4–0"
    )
    assert block.segments == (f'<title>4–0</title><p title="4–0">{whole}, then a–b <i>in {whole}</i></p>',)
    (slot,) = html('<a href="@/@" title="@">', PlanSlot(SlotName.VIEW_URL), "4–0", "4–0")
    assert slot.segments[-1] == '/4–0" title="4–0">'


def test_a_block_is_cut_out_with_its_comments() -> None:
    blocks = html(
        "<p><!--@-->a<!--@--><!--@-->b<!--@--></p>", BlockBegin("x"), BlockEnd(), BlockBegin("y"), BlockEnd()
    )
    assert blocks == (Block(FRAME, ("<p>",)), Block("x", ("a",)), Block("y", ("b",)), Block(FRAME, ("</p>",)))


@pytest.mark.parametrize(
    ("template", "values", "reason"),
    [
        (
            "@ @ x @ @",
            (BlockBegin("x"), BlockBegin("y"), BlockEnd(), BlockEnd()),
            "cannot stand in each other",
        ),
        ("@ x", (BlockEnd(),), "cannot stand in each other"),
        ("@ x", (BlockBegin("x"),), "part x does not end"),
        (
            "<td>@</td>@",
            (BlockBegin("x"), BlockEnd()),
            "part x is not complete in itself: <td> and </td> differ",
        ),
        ("@<!--[if mso]>@<![endif]-->", (BlockBegin("x"), BlockEnd()), "part x is not complete in itself"),
    ],
)
def test_a_part_that_cannot_stand_alone_is_refused(
    template: str, values: tuple[object, ...], reason: str
) -> None:
    with pytest.raises(BrokenBlock, match=reason):
        html(template, *values)


def test_a_value_in_a_comment_is_refused() -> None:
    with pytest.raises(LostSentinel, match="printed in a comment"):
        html("<!--@-->", "x")


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "//example.org", "data:text/html,x", "", "https://a b", "https://"]
)
def test_a_link_to_something_else_is_refused(address: str) -> None:
    with pytest.raises(BadInput, match=r"an address such as https://example\.org was expected"):
        html('<a href="@">x</a>', address)


def test_text_blocks_end_with_one_empty_line() -> None:
    sentinels = Sentinels()
    begin, end = sentinels.put(BlockBegin("x")), sentinels.put(BlockEnd())
    slot = sentinels.put(PlanSlot(SlotName.VIEW_URL))
    blocks = text_blocks(f"\nhead\n\n{begin}\n  a\n\n{slot}{end}\n\n\nfoot\n\n", sentinels)
    assert blocks == (
        Block(FRAME, ("head\n\n",)),
        Block("x", ("  a\n\n", PlanSlot(SlotName.VIEW_URL), "\n\n")),
        Block(FRAME, ("foot\n",)),
    )


def programs() -> list[list[str]]:
    """No block, all, all the other way round, and random choices in random order; always the same ones."""
    chance = random.Random(12)
    ids = list(plan_of("HEAVY").block_ids)
    chosen = [chance.sample(ids, chance.randint(1, len(ids))) for _ in range(12)]
    return [[], ids, ids[::-1], *chosen]


@pytest.mark.parametrize("program", programs())
def test_any_choice_of_blocks_in_any_order_is_good_html(program: list[str]) -> None:
    document = html_of(plan_of("HEAVY"), program)
    assert parse_errors(for_browsers(document)) == []
    assert parse_errors(for_outlook(document)) == []
    assert conditionals(document).count("<!--[if") == conditionals(document).count("<![endif]-->")


def test_a_program_leaves_out_and_reorders() -> None:
    program = ["card:harbor-agents", "brief:quill-inkwell"]
    for part in (html_of(plan_of("HEAVY"), program), text_of(plan_of("HEAVY"), program)):
        assert part.index("Harbor Agents") < part.index("Quill vs Inkwell")
        assert "Lumen Voice" not in part

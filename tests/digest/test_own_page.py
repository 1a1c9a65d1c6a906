"""A comparison prints what its own page says of its tools; what other pages of ours say instead is named."""

from pathlib import Path

import pytest

from newsletter.config import Settings
from newsletter.content.conflicts.find import find_contradictions
from newsletter.content.pages import read_page
from newsletter.content.records import Pack
from newsletter.digest.lead import lead_block
from newsletter.digest.material import gather
from tests.digest.golden import letter_of_week
from tests.digest.week import SEEN
from tests.installed import open_content

ADDRESS = "https://tools.example.org/"


def page(name: str, left: str, right: str, right_card: tuple[str, str, str], *, score: int = 0) -> Pack:
    """Return a panel page on which everybody ships the left tool; `right_card` is tagline, share and entry."""
    lines = ["AI tool comparison", f"{left} vs {right}"]
    for tool, card in ((left, ("Small and quick", "100%", "Free")), (right, right_card)):
        lines += ["Developer Tools", tool, card[0], card[1], "Panel ship", "—", "Community", card[2], "Entry"]
    lines += ["Reviewer scorecard"]
    for reviewer in ("Builder", "Skeptic", "Futurist", "Founder"):
        rating = [f"{score}/100 ship"] if score else []
        for tool in (left, right):
            lines += [*([reviewer] if score and tool == left else []), *rating]
            lines += [f"“{reviewer} on {tool} at {name}, which is fine.”"]
    lines += ["Weekly AI Tool Verdicts", "Get the next comparison in your inbox"]
    return read_page("\n".join(lines), name=f"{name}.txt", url=ADDRESS + name, ours=True)


OFFICE = page("office", "Kite 3", "Heron Medium 3", ("Long context for the office", "75%", "Paid"))
PHONES = page(
    "phones", "Finch 2", "Heron Medium 3", ("Function calling for everybody", "100%", "Free"), score=90
)
#: The same two tools as `OFFICE`, at another address.
AGAIN = page("again", "Kite 3", "Heron Medium 3", ("Half the price", "25%", "Paid"))


def test_each_page_keeps_its_own_verdict_reviews_entry_and_line(tmp_path: Path) -> None:
    packs = (OFFICE, PHONES, AGAIN)
    with open_content(tmp_path / "content.db") as store:
        for pack in packs:
            store.import_pack(pack, SEEN)
        heads = [each.id for each in store.comparison_heads()]
        material = gather(store, comparison_ids=heads, tool_ids=(), source_order=(), rulings=lambda ids: {})
        sides = {
            each.url: lead_block(each, material, Settings(folder=tmp_path))
            for each in material.comparisons.values()
        }
        said = find_contradictions(store)
    assert {
        url.removeprefix(ADDRESS): (
            lead.right.panel.text,
            lead.right.pricing.text,
            lead.right.best_for,
            lead.scorecard.right_mean if lead.scorecard else None,
        )
        for url, lead in sides.items()
    } == {
        "office": ("3 ship / 1 skip (the page says 75 %)", "Paid", "Long context for the office", None),
        "phones": ("4 ship / 0 skip (the page says 100 %)", "Free", "Function calling for everybody", 90),
        "again": ("1 ship / 3 skip (the page says 25 %)", "Paid", "Half the price", None),
    }
    assert all(lead.right.panel.disputed and not lead.left.panel.disputed for lead in sides.values())
    assert {(each.attribute, each.is_serious) for each in said} == {("verdict", True), ("entry", True)}


@pytest.mark.parametrize("packs", [(OFFICE, PHONES), (PHONES, OFFICE)])
def test_the_order_of_imports_changes_no_comparison(tmp_path: Path, packs: tuple[Pack, ...]) -> None:
    letter = letter_of_week(tmp_path, *packs)
    assert letter.lead is not None
    texts = [letter.lead.bottom_line.text, *(each.words.text for each in letter.more)]
    assert any("hree of four" in each for each in texts)


def test_two_verdicts_are_both_named_with_their_pages(tmp_path: Path) -> None:
    letter = letter_of_week(tmp_path, OFFICE, PHONES)
    disputes = {each.attribute: each.words for each in letter.sources.disputes}
    assert "3–1 (Kite 3 vs Heron Medium 3, panel comparison, seen 23 Nov 2026)" in disputes["verdict"]
    assert "4–0 (Finch 2 vs Heron Medium 3, panel comparison, seen 23 Nov 2026)" in disputes["verdict"]
    assert {f"{ADDRESS}office", f"{ADDRESS}phones"} <= {each.url for each in letter.sources.origins}


def test_pages_that_agree_are_no_dispute(tmp_path: Path) -> None:
    same = page("same", "Finch 2", "Heron Medium 3", ("Long context for the office", "75%", "Paid"))
    letter = letter_of_week(tmp_path, OFFICE, same)
    assert letter.sources.disputes == ()


LISTED = """Tern Large vs Tern Mini
Which Is Cheaper?
At 1M tokens/mo
Tern Large: $1
Tern Mini: $0
At 10M tokens/mo
Tern Large: $12
Tern Mini: $4
Which Should You Choose?
Pick Tern Large if you must. Pick Tern Mini if you can.
"""


def test_costs_that_a_page_lists_are_printed_where_no_token_price_is(tmp_path: Path) -> None:
    listed = read_page(LISTED, name="listed.txt", url=f"{ADDRESS}listed", ours=True)
    lead = letter_of_week(tmp_path, listed).lead
    assert lead is not None
    assert (lead.left.pricing.text, lead.right.pricing.text) == (
        "$12.00 a month for 10M tokens",
        "$4.00 a month for 10M tokens",
    )
    assert lead.left.pricing.claims

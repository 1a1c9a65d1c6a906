"""The pack in the how-to is a pack."""

import re
from pathlib import Path

from newsletter.content.packs import parse_pack
from tests.content.packs import store_with

HOW_TO = Path(__file__).parents[2] / "docs/how-to/packs-and-pages.md"


def test_the_pack_of_the_how_to_can_be_imported(tmp_path: Path) -> None:
    found = re.search(
        r"<!-- test: pack -->\n```yaml\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found is not None
    with store_with(tmp_path, parse_pack(found[1], HOW_TO).pack) as store:
        assert [each.id for each in store.comparison_heads()] == ["heron-2-vs-finch"]
        assert {each.attribute for each in store.claims(["heron-2"])["heron-2"]} == {
            "input_price",
            "output_price",
            "context",
        }

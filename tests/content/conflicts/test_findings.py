"""Every kind of contradiction is explained, in the order of the code, and there is no other."""

import re
from pathlib import Path

from newsletter.content.conflicts.contradiction import ContradictionKind

PAGE = Path(__file__).parents[3] / "docs" / "why" / "contradictions.md"


def test_the_page_explains_every_kind() -> None:
    rows = re.findall(r"(?m)^\| `([^`]+)` \|", PAGE.read_text(encoding="utf-8"))
    assert rows == [kind.value for kind in ContradictionKind]

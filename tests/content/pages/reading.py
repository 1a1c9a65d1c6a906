"""The pages written for these tests, and how tests read them."""

from datetime import date
from pathlib import Path

from newsletter.content.pages import read_page
from newsletter.content.records import Pack

WRITTEN = Path(__file__).parent / "written"
#: A page of each shape at least, and the panel comparison both with and without names and scores.
NAMES = tuple(sorted(path.stem for path in WRITTEN.glob("*.txt")))
SEEN_ON = date(2026, 11, 26)


def text_of(name: str) -> str:
    return (WRITTEN / f"{name}.txt").read_text(encoding="utf-8")


def read(text: str, name: str = "page.txt") -> Pack:
    return read_page(text, name=name, seen_on=SEEN_ON)


def stated(pack: Pack, tool: str, attribute: str) -> list[tuple[str, str, int | None]]:
    """Value, unit and line of each claim on an attribute, in the page's order."""
    claims = [claim for claim in pack.claims if (claim.tool_id, claim.attribute) == (tool, attribute)]
    return sorted(
        ((claim.value, claim.unit, claim.line) for claim in claims), key=lambda claim: claim[2] or 0
    )

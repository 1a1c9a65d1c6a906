"""The example weeks, as tests read them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from newsletter.content.packs import Provenance, find_files, read_material
from newsletter.content.records import Pack
from newsletter.content.store import ContentStore

EXAMPLES = Path(__file__).parents[2] / "examples"
SAMPLE_WEEK, LAST_WEEK = EXAMPLES / "sample-week", EXAMPLES / "last-week"
LAST_WEEK_AT = datetime(2026, 11, 13, 9, 0, tzinfo=UTC)
SAMPLE_WEEK_AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
LONG_RUN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A week's packs, by the names of their files."""

    packs: dict[str, Pack]

    @property
    def names(self) -> set[str]:
        return {tool.name for pack in self.packs.values() for tool in pack.tools}


def read_week(folder: Path) -> Week:
    return Week(
        packs={file.name: read_material(file, Provenance(ours=True)).pack for file in find_files([folder])}
    )


def import_week(content: ContentStore, folder: Path, at: datetime) -> int:
    """How many records the week added."""
    return sum(content.import_pack(pack, at).total for pack in read_week(folder).packs.values())


def runs(text: str, names: set[str]) -> Iterator[tuple[str, ...]]:
    """Every run of LONG_RUN words in a row; a tool's name counts as one word, since names are facts."""
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(re.escape(name), " name ", text, flags=re.IGNORECASE)
        text = re.sub(re.escape(re.sub(r"[ ()]+", "-", name).strip("-")), " name ", text, flags=re.IGNORECASE)
    words = re.findall(r"[a-z0-9]+", text.casefold())
    return zip(*(words[start:] for start in range(LONG_RUN)), strict=False)

"""An installation or a content store for a test: made by the program once in a process, then copied."""

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from newsletter.content.records import Pack
from newsletter.content.store import ContentStore
from newsletter.installation import make_installation


def install(folder: Path, *, example: bool = False) -> None:
    """What `make_installation` makes, in a tenth of its time; the keys are those of every other copy."""
    shutil.copytree(Path(_made(example=example).name), folder, dirs_exist_ok=True)


@cache
def _made(*, example: bool) -> TemporaryDirectory[str]:
    kept = TemporaryDirectory(prefix="newsletter-installed-")
    folder = Path(kept.name)
    make_installation(folder, example=example)
    # A copy of an installation sends nothing: this one has yet to make its marks.
    (folder / "keys" / "marks").unlink()
    with closing(sqlite3.connect(folder / "subscribers.db")) as connection, connection:
        connection.execute("UPDATE installation SET epoch = ''")
    return kept


def open_content(file: Path) -> ContentStore:
    """Open a content store, a new one where there is none: making its tables takes longer than most tests."""
    if not file.exists():
        fill_content(file)
    return ContentStore(file)


def fill_content(file: Path, *packs: Pack, at: datetime | None = None) -> None:
    """Make a content store into which these packs were imported at that time."""
    file.write_bytes(_made_content(packs, at))


@lru_cache(maxsize=32)
def _made_content(packs: tuple[Pack, ...], at: datetime | None) -> bytes:
    with TemporaryDirectory(prefix="newsletter-content-") as folder:
        file = Path(folder) / "content.db"
        with ContentStore(file) as content:
            for pack in packs:
                assert at is not None
                content.import_pack(pack, at)
        return file.read_bytes()

"""Makes a new installation: settings file, both stores, keys, outbox; all of it or nothing.

What the settings mean is in config/, how an installation is opened in app/.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import groupby
from pathlib import Path

from newsletter.config import FILE_NAME, Row, Settings, load_settings, setting_rows, toml_value
from newsletter.content.store import ContentStore
from newsletter.db.engine import open_database
from newsletter.db.migrate import upgrade
from newsletter.delivery.marks import Marks
from newsletter.delivery.transports import TRANSPORT_SETTINGS
from newsletter.errors import BadInput, Place
from newsletter.readers.keys import make_link_keys, make_suppression_key, read_suppression_key
from newsletter.readers.suppression import require_key

_HEADING = """\
# Settings of this newsletter. A line that begins with # is a comment: the settings commented out show their
# defaults. Each can also be set by the environment variable named NEWSLETTER_<SECTION>_<NAME>, which wins.
"""


def make_installation(folder: Path, *, example: bool = False) -> None:
    """Make an installation in `folder`, which may exist; raises BadInput where something would be overwritten.

    With `example` the needed settings get example values, enough to send to the outbox.
    """
    if (folder / FILE_NAME).exists():
        raise BadInput(
            "there is a newsletter here already; init overwrites nothing", Place(folder / FILE_NAME)
        )
    with _workshop(folder) as workshop:
        # It may hold passwords one day.
        (workshop / FILE_NAME).touch(mode=0o600)
        (workshop / FILE_NAME).write_text(settings_file(example=example), encoding="utf-8")
        _furnish(load_settings(workshop, TRANSPORT_SETTINGS, environ={}))
        _move_in(workshop, folder)


def _furnish(settings: Settings) -> None:
    make_link_keys(settings.path(settings.paths.link_keys))
    suppression_key = settings.path(settings.paths.suppression_key)
    make_suppression_key(suppression_key)
    with closing(open_database(settings.store_url)) as database:
        upgrade(database)
        require_key(database, read_suppression_key(suppression_key), suppression_key)
        Marks(database=database, file=settings.path(settings.paths.marks), anchor=suppression_key).require()
    (settings.folder / "subscribers.db").chmod(0o600)
    with ContentStore(settings.path(settings.paths.content_db)):
        pass
    for part in ("", "cur", "new", "tmp"):
        (settings.path(settings.paths.outbox) / part).mkdir(mode=0o700)


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """A folder inside `folder` to work in; neither outlives a failure unless `folder` was there before."""
    was_there = folder.is_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(dir=folder, prefix=".newsletter-"))
    except OSError as error:
        raise BadInput(f"this folder cannot be made or written: {error.strerror}", Place(folder)) from error
    done = False
    try:
        yield workshop
        done = True
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
        if not done and not was_there:
            folder.rmdir()


def _move_in(workshop: Path, folder: Path) -> None:
    """Move everything to its place, newsletter.toml last: only with it the folder is an installation."""
    parts = sorted(workshop.iterdir(), key=lambda part: part.name == FILE_NAME)
    for part in reversed(parts):
        if (folder / part.name).exists():
            raise BadInput(f"{part.name} is here already; init overwrites nothing", Place(folder))
    moved: list[Path] = []
    try:
        for part in parts:
            moved.append(part.rename(folder / part.name))
    except BaseException:
        for part in moved:
            part.rename(workshop / part.name)
        raise


def settings_file(*, example: bool = False) -> str:
    """The text of a new newsletter.toml: every setting with its help, the needed ones on top of their section."""
    text = _HEADING
    for section, rows in groupby(setting_rows(TRANSPORT_SETTINGS), key=lambda row: row.section):
        text += f"\n[{section}]\n"
        for row in sorted(rows, key=lambda row: not row.needed):
            text += "\n" + _entry(row, example=example)
    return text


def _entry(row: Row, *, example: bool) -> str:
    help_line = f"# {row.help}\n"
    if row.secret:
        how = f"# Secret: set {row.variable}, or name a file that holds it.\n"
        return f'{help_line}{how}# {row.key}_file = ""\n'
    if not row.needed:
        return f"{help_line}# {row.key} = {toml_value(row.default)}\n"
    shown = toml_value(row.example)
    if example:
        return f"{help_line}# Needed. This is an example.\n{row.key} = {shown}\n"
    return f'{help_line}# Needed before anything is sent. For example: {shown}\n{row.key} = ""\n'

"""A newsroom for tests of editing: real stores in a folder, a moved clock, a small week already seen."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from newsletter.app import App
from newsletter.clock import MovedClock
from newsletter.content.records import Pack
from newsletter.db.engine import Database
from newsletter.digest.draft import Drafted
from newsletter.digest.issues import Issue
from newsletter.editing.audit import COMMAND_LINE
from newsletter.editing.cache import DeskCache
from newsletter.editing.draft import draft_now
from newsletter.editing.edits import Write, make_edits
from tests.config.written import changed
from tests.digest.week import CUTOFF, SEEN, WEEK, furnish, settings_in
from tests.installed import fill_content


def newsroom(
    folder: Path, database: Database, *packs: Pack, settings: Mapping[str, object] = MappingProxyType({})
) -> App:
    """An App on these stores, with a week of content (`packs`, or the small one)."""
    own = settings_in(folder, settings)
    fill_content(own.path(own.paths.content_db), *(packs or WEEK), at=SEEN)
    return App(furnish(own), MovedClock(CUTOFF), database)


def with_settings(app: App, changes: Mapping[str, object]) -> App:
    return App(changed(app.settings, changes), app.clock, app.database)


def drafted(app: App, slot: str | None = None) -> Issue:
    made = draft_now(app, slot, even_thin=True)
    assert isinstance(made, Drafted)
    return made.issue


def edit(app: App, issue: Issue, **texts: str) -> Issue:
    """The draft with these texts written over what is computed."""
    return make_edits(app, issue, [Write(**texts)], by=COMMAND_LINE)


def cache_of(app: App) -> DeskCache:
    """What a desk on this installation remembers; the same one each time."""
    cache: DeskCache = app.__dict__.setdefault("_cache", DeskCache(app))
    return cache

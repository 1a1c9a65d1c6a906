"""Public pages as they were last written: while nothing that they are written from changes, nobody writes them again.

An issue's page costs a hundred times what handing it out again does, and it is the same for everybody.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock

from fastapi import Request, Response

from newsletter.app import App
from newsletter.digest.archived import ArchivedIssue
from newsletter.editing.remembered.kept import keep
from newsletter.web.public import answer

#: Pages that are kept: of a few hundred kilobytes at most each.
MOST_KEPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A page, and when what it says changed last."""

    body: str
    media_type: str
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Remembered:
    """The pages of one process, by their path, each with the state that it was written from."""

    _pages: OrderedDict[str, tuple[Hashable, Written]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def page(self, path: str, state: Hashable, write: Callable[[], Written]) -> Written:
        with self._lock:
            known = self._pages.get(path)
            if known is not None and known[0] == state:
                self._pages.move_to_end(path)
                return known[1]
        written = write()
        with self._lock:
            keep(self._pages, path, (state, written), MOST_KEPT)
        return written


def answer_again(
    request: Request, app: App, shown: Sequence[ArchivedIssue], write: Callable[[], Written]
) -> Response:
    """The page of this path, written from these issues and the store of content."""
    remembered: Remembered = request.app.state.remembered
    state = (_state_of(shown), _state_of_content(app))
    page = remembered.page(request.url.path, state, write)
    return answer(request, page.body, page.media_type, page.modified_at)


def _state_of(shown: Sequence[ArchivedIssue]) -> Hashable:
    return tuple((each.id, each.content_hash, each.errata) for each in shown)


def _state_of_content(app: App) -> Hashable:
    """Changes whenever somebody writes to the store of content: its files' sizes and times."""
    path = app.settings.path(app.settings.content_db)
    return tuple(_stamp(each) for each in (path, path.with_name(f"{path.name}-wal")))


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size

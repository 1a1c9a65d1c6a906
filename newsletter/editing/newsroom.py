"""What an editor's work needs of the installation it is done in."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from newsletter.clock import Clock
from newsletter.config import Settings
from newsletter.content.store import ContentStore
from newsletter.db.engine import Database
from newsletter.render.frame import MessageFrame


class Newsroom(Protocol):
    """The settings, the time, both stores, and what mails are made with; `newsletter.app.App` is one."""

    @property
    def settings(self) -> Settings: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def database(self) -> Database: ...

    @property
    def frame(self) -> MessageFrame: ...

    @property
    def template_folders(self) -> Sequence[Path]: ...

    def content(self) -> AbstractContextManager[ContentStore]: ...

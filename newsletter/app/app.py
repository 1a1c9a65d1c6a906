"""An opened installation."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.app.desk import DeskParts
from newsletter.app.feedback import FeedbackParts
from newsletter.app.readers import ReadersParts
from newsletter.app.sending import SendingParts
from newsletter.clock import Clock, SystemClock
from newsletter.config import load_settings
from newsletter.db.engine import in_plain_words, open_database, require_database
from newsletter.db.migrate import require_head

if TYPE_CHECKING:
    from newsletter.delivery.erasing import Eraser
    from newsletter.schedule.ticker import Ticker


@dataclass(frozen=True)
class App(DeskParts, ReadersParts, SendingParts, FeedbackParts):
    """One installation, opened.

    What it offers is made when it is first asked for, so that a command that needs only readers does not wait for
    the mail's machinery.
    """

    @cached_property
    def eraser(self) -> "Eraser":
        """What forgets a reader wherever something of them is kept."""
        from newsletter.delivery.erasing import Eraser

        return Eraser(
            database=self.database,
            suppression_key=self.suppression_key,
            marks=self.marks,
            outbox=self.settings.path(self.settings.outbox),
            clock=self.clock,
            empty_webhook=lambda: self.webhook.process(),
        )

    @cached_property
    def ticker(self) -> "Ticker":
        """The jobs that the settings name, and what runs them in this process."""
        from newsletter.schedule.jobs import load_jobs
        from newsletter.schedule.runner import Runner, scheduler_name
        from newsletter.schedule.ticker import Ticker

        runner = Runner(
            database=self.database,
            clock=self.clock,
            alerts=self.alerts,
            catch_up=self.settings.catch_up,
            owner=scheduler_name(),
        )
        return Ticker(runner, load_jobs(self.settings, self))

    def close(self) -> None:
        if "disputes" in self.__dict__:
            self.disputes.close()
        if "compiled" in self.__dict__:
            self.compiled.close()
        self.database.close()


def open_app(folder: Path, clock: Clock | None = None) -> App:
    """Open the installation in `folder`; raises ConfigError, or StoreBehind when the database is older."""
    settings = load_settings(folder)
    require_database(settings.store_url)
    database = open_database(settings.store_url)
    try:
        require_head(database)
    except Exception as error:
        database.close()
        said = in_plain_words(error)
        if said is None:
            raise
        raise said from error
    return App(settings, clock or SystemClock(), database)

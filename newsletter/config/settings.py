"""The settings as a whole, and the table of them.

A new setting is a row in the class of its section (newsletter/config/sections): its name in the file, its type,
default and help. `make docs` writes it into docs/reference/settings.md.
"""

from collections.abc import Iterator
from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from newsletter.config.sections.desk import Desk
from newsletter.config.sections.issue import DEFAULT_JOBS, Digest, Schedule
from newsletter.config.sections.mail import Alerts, Dkim, Mail, Sendgrid, Sending, Smtp
from newsletter.config.sections.readers import Feedback, Privacy, Readers, Retention
from newsletter.config.sections.site import Paths, Site, Web


@dataclass(frozen=True, kw_only=True)
class Settings(
    Site,
    Mail,
    Schedule,
    Digest,
    Desk,
    Web,
    Readers,
    Retention,
    Privacy,
    Paths,
    Sending,
    Smtp,
    Alerts,
    Dkim,
    Sendgrid,
    Feedback,
):
    """Every setting, checked. `folder` is where `newsletter.toml` stands; relative paths start there.

    The bases stand in the order in which sections are shown.
    """

    folder: Path

    @property
    def signing_domain(self) -> str:
        """The domain of DKIM signatures; empty while neither it nor mail.from_address is set."""
        return (self.dkim_domain or self.from_address.rpartition("@")[2]).lower()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def store_url(self) -> str:
        return self.database_url or f"sqlite:///{self.folder / 'subscribers.db'}"

    @property
    def scheduled_jobs(self) -> tuple[str, ...]:
        """The job modules in force: the default ones read the mailbox of reports, if there is one."""
        reads = self.jobs == DEFAULT_JOBS and self.reads_mail
        return (*self.jobs, "jobs.feedback") if reads else self.jobs

    @property
    def reads_mail(self) -> bool:
        """Whether there is a mailbox of bounces, complaints and requests to leave."""
        return self.feedback_maildir is not None or bool(self.feedback_imap_host)

    @property
    def leave_address(self) -> str:
        """Where a mail lets its writer leave; empty where nobody would read it."""
        return (self.feedback_address or self.reply_to) if self.reads_mail else ""

    def path(self, path: Path) -> Path:
        """A path of the settings, seen from their folder."""
        return self.folder / path


def setting_fields() -> Iterator[Field[Any]]:
    """The rows of the table, by section."""
    return (row for section in Settings.__bases__ for row in fields(section))


def env_name(name: str) -> str:
    """The environment variable that overrides setting `name`: "mail.reply_to" → NEWSLETTER_MAIL_REPLY_TO."""
    return "NEWSLETTER_" + name.replace(".", "_").upper()

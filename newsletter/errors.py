"""The error tree. A class's docstring is its default message.

Errors are handled in four places only: the CLI, the web, the job runner and the per-delivery loop. What readers are shown
names its values as messages of the catalogue do, `raise BadInput(N_("at most %(most)s tools"), most=200)`: `str` is
English, `Language.error` any language.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from newsletter.commands import suggest


def N_(message: str) -> str:
    """Mark a message that is translated where it is shown, so that `make messages` finds it."""
    return message


class NewsletterError(Exception):
    """Something went wrong."""

    exit_status = 1

    def __init__(self, message: str = "", **values: object) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.values = values
        english = {name: f"{each:,}" if isinstance(each, int) else each for name, each in values.items()}
        super().__init__(self.message % english if values else self.message)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in somebody's file a fault stands; `line` counts from 1."""

    file: Path | str
    line: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        line = f":{self.line}" if self.line is not None else ""
        field = f", field {self.field}" if self.field else ""
        return f"{self.file}{line}{field}"


class BadInput(NewsletterError):
    """The input cannot be used."""

    exit_status = 2

    def __init__(self, message: str = "", place: Place | None = None, **values: object) -> None:
        self.place, self.reason = place, message
        super().__init__(f"{place}: {message}" if place else message, **values)


class ConfigError(BadInput):
    """A setting is missing or wrong."""

    def __init__(self, message: str, *, setting: str, place: Place | None = None) -> None:
        self.setting = setting
        super().__init__(message, place)


class NotFound(BadInput):
    """There is no such thing."""

    def __init__(self, kind: str, key: object, hint: str = "") -> None:
        self.kind, self.key = kind, key
        super().__init__(f"There is no {kind} {key}." + (f" {hint}" if hint else ""))


class InvalidTransition(BadInput):
    """That step is not possible from here."""

    def __init__(self, kind: str, key: object, status: str, wanted: str, allowed: str = "") -> None:
        self.status, self.wanted = status, wanted
        hint = f" From {status} it can: {allowed}." if allowed else ""
        super().__init__(f"{kind} {key} is {status}: it cannot {wanted}.{hint}")


class ChangedMeanwhile(NewsletterError):
    """Somebody else changed this meanwhile. Look at it again, then repeat the step."""


class AlreadyPublished(BadInput):
    """An item would appear in two issues."""

    def __init__(self, item: object, label: object) -> None:
        self.item = item
        super().__init__(f"The {item} is already in issue {label}: nothing is published twice.")


def is_operators(error: Exception) -> bool:
    """Return whether an error is about files or settings of the installation: its words are for nobody who visits it."""
    is_ours = isinstance(error, ConfigError | TemplateError | LanguageError)
    return is_ours or (isinstance(error, BadInput) and error.place is not None)


class TemplateError(BadInput):
    """A template is broken."""


class LanguageError(BadInput):
    """A language has no catalogue, or one that is not finished."""


class BadHeader(BadInput):
    """That cannot stand in a mail's header."""

    def __init__(self, header: str, value: str, fault: str) -> None:
        self.header = header
        super().__init__(f"The header {header} cannot be {value!r}: {fault}.")


class StoreError(NewsletterError):
    """The store cannot be used."""


class StoreUnreachable(StoreError):
    """The database's server cannot be reached, or does not let us in."""

    exit_status = 2


class StoreBehind(StoreError):
    """The database is older than this program."""

    exit_status = 2

    def __init__(self) -> None:
        super().__init__(f"The database is older than this program. Run: {suggest('db', 'upgrade')}")


class StoreAhead(StoreError):
    """The database is newer than this program."""

    exit_status = 2

    def __init__(self, revision: str) -> None:
        self.revision = revision
        super().__init__(
            f"The database is newer than this program: a later release brought it to revision {revision}."
            " Install the release that made it, or put back the copy from before."
        )


class StoreStale(StoreError):
    """The database is not the one that sent last."""

    exit_status = 2


class StoreBusy(StoreError):
    """Another process holds the database. Try again in a moment."""


class BadLink(NewsletterError):
    """This link is not one of ours."""


class ExpiredLink(BadLink):
    """This link has expired."""

    def __init__(self, reader_id: int, signed_at: datetime) -> None:
        self.reader_id, self.signed_at = reader_id, signed_at
        super().__init__()


class SendError(NewsletterError):
    """The message could not be sent."""

    def __init__(
        self, message: str, *, permanent: bool, code: str = "", retry_after: timedelta | None = None
    ) -> None:
        self.permanent, self.code, self.retry_after = permanent, code, retry_after
        super().__init__(message)

"""The way out that needs no account: a Maildir on this machine, where each message becomes one file.

A file's name is made from its Message-ID, so that the same message can never lie there twice. A file appears
whole: written to tmp/, made durable, then moved to new/. What a killed sender left in tmp/ is removed: a file that nobody
holds a lock on.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from newsletter.delivery.ledger import Recipient
from newsletter.delivery.message import Mailing
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.transports.contract import Started
from newsletter.errors import BadHeader, SendError


@dataclass(frozen=True, slots=True)
class Outbox:
    """A transport to the Maildir `folder`, which it makes."""

    folder: Path
    name: str = "outbox"
    connections: int = 1
    window: int = 100
    one_answer: bool = False

    def open(self) -> "OutboxSession":
        return OutboxSession(self.folder)


@dataclass(frozen=True, slots=True)
class OutboxSession:
    folder: Path

    def send(self, recipients: Iterable[Recipient], mailing: Mailing, started: Started) -> Iterator[Outcome]:
        with _explained(self.folder):
            for part in ("tmp", "new", "cur"):
                (self.folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in (self.folder / "tmp").iterdir():
                _remove_unless_held(left)
        for recipient in recipients:
            try:
                message = mailing.compose(recipient)
            except BadHeader:
                yield Outcome(reader_id=recipient.reader_id, event=Event.REJECT, code="bad-address")
                continue
            started((recipient,))
            name = file_name(mailing.message_id(recipient))
            with _explained(self.folder):
                try:
                    self._keep(name, message)
                except OSError:
                    yield Outcome(reader_id=recipient.reader_id, event=Event.RETURN)
                    raise
            yield Outcome(reader_id=recipient.reader_id, event=Event.ACCEPT, code="250", provider_id=name)
        with _explained(self.folder):
            _make_durable(self.folder / "new")

    def _keep(self, name: str, message: bytes) -> None:
        draft = self.folder / "tmp" / name
        with _opened(draft) as file:
            file.write(message)
            file.flush()
            os.fsync(file.fileno())
            draft.replace(self.folder / "new" / name)

    def close(self) -> None:
        pass

    def cut_off(self) -> None:
        """Do nothing: no server is waited for."""


def file_name(message_id: str) -> str:
    """Return the message's name in the Maildir: "nl.12.0123456789abcdef01234567.eml"."""
    return message_id.strip("<>").partition("@")[0].replace("/", "_") + ".eml"


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        words = f"the outbox {folder} cannot be written: {error.strerror}"
        # Where a file stands in the way of a folder, waiting helps nobody.
        permanent = isinstance(error, NotADirectoryError | FileExistsError)
        raise SendError(words, permanent=permanent) from error


def _opened(draft: Path) -> BinaryIO:
    """Open the file, new and locked; another sender may have taken it for a leftover before it was."""
    while True:
        file = draft.open("wb")
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return file
        file.close()


def _remove_unless_held(draft: Path) -> None:
    try:
        with draft.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.unlink(missing_ok=True)
    except (BlockingIOError, FileNotFoundError):
        return


def _make_durable(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

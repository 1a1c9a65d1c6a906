"""A worker's journal: a local file that says which message was started and which was answered, for its successor.

Append-only between two commits of the ledger, and emptied after each, so that it never holds more than a window.
A line is written before a message's first body byte and after its reply; it survives the process (the kernel has
it), not the machine, which is why it names the boot it was written in. It holds reader ids, never an address.
A lock on the file says that its worker lives. What follows from a journal is in takeover.py.

The file is mapped into memory: a line costs a copy, no call to the system that would hand the interpreter to another
worker, and its blocks are there beforehand, so that no disk fills up between two messages. A line is there when its
first byte is: that is written last, and whatever stands behind the first NUL is not there.
"""

import fcntl
import mmap
import os
import re
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from newsletter.delivery.ledger import Lease
from newsletter.delivery.states import Event, Outcome
from newsletter.errors import StoreError

_SUFFIX = ".journal"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_BOOT, _STARTED, _ANSWERED = b"boot", b"started", b"answered"

#: Bytes by which the file grows: more than the window of any connection needs.
_PIECE = 65_536


def sender_name() -> str:
    """Return a name that no other sender has or had: "mailhost-4711-9f86d081"."""
    host = re.sub(r"[^A-Za-z0-9]+", "", socket.gethostname())[:40] or "host"
    return f"{host}-{os.getpid()}-{secrets.token_hex(4)}"


class JournalError(StoreError):
    """The journal cannot be written, so nothing may be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a journal says of one claim: who was started, and how those that were answered ended."""

    started: frozenset[int] = frozenset()
    answered: dict[int, Outcome] = field(default_factory=dict)


class Journal:
    """An open journal; only its worker writes to it."""

    def __init__(self, folder: Path, owner: str) -> None:
        """Make and lock the file; raises JournalError."""
        self._path = _path(folder, owner)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = _create_locked(self._path)
        except OSError as error:
            raise JournalError(f"The journal {self._path} cannot be made: {error.strerror}") from error
        try:
            os.ftruncate(self._file, 0)
            self._lines = self._grown(_PIECE)
        except BaseException:
            self._path.unlink(missing_ok=True)
            os.close(self._file)
            raise
        self._end = 0
        self._write(b"%s\t%s\n" % (_BOOT, boot_id().encode()))
        self._start = self._end

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close the file; remove it too unless something failed, since then its successor needs it."""
        if kind is None:
            self._path.unlink(missing_ok=True)
        # The mapping holds the lock too.
        self._lines.close()
        os.close(self._file)

    def started(self, lease: Lease, reader_ids: Sequence[int]) -> None:
        """Note that the first body byte of their message is about to leave; raises JournalError."""
        claim = b"%s\t%d\t%d\t" % (_STARTED, lease.batch_id, lease.fence)
        self._write(b"".join(b"%s%d\n" % (claim, reader_id) for reader_id in reader_ids))

    def answered(self, lease: Lease, outcome: Outcome) -> None:
        """Note a reply that has come; raises JournalError."""
        told = (
            f"{outcome.reader_id}\t{outcome.event.name}\t{_word(outcome.code)}\t{_word(outcome.provider_id)}"
        )
        self._write(b"%s\t%d\t%d\t%s\n" % (_ANSWERED, lease.batch_id, lease.fence, told.encode()))

    def clear(self) -> None:
        """Empty the journal after the commit that recorded everything in it."""
        self._lines[self._start] = 0
        self._end = self._start

    def _write(self, lines: bytes) -> None:
        begin, end = self._end, self._end + len(lines)
        if end >= len(self._lines):
            self._lines = self._grown(end + _PIECE)
        self._lines[end] = 0
        self._lines[begin + 1 : end] = lines[1:]
        self._lines[begin] = lines[0]
        self._end = end

    def _grown(self, size: int) -> mmap.mmap:
        """Return the file mapped, with blocks of its own for `size` bytes; raises JournalError."""
        more = bytes(size - os.fstat(self._file).st_size)
        try:
            written = os.write(self._file, more)
        except OSError as error:
            raise JournalError(f"The journal {self._path} cannot be written: {error.strerror}") from error
        if written != len(more):
            raise JournalError(f"The journal {self._path} cannot be written: the disk is full")
        return mmap.mmap(self._file, size)


class Found:
    """What is left of an owner on this machine."""

    def __init__(self, lines: Sequence[bytes] | None) -> None:
        self._lines = lines

    @property
    def owner_is_dead(self) -> bool:
        """It lived since this machine started and lives no more; False also where nothing is known."""
        return self._lines is not None

    def of(self, lease: Lease) -> Evidence | None:
        """Return the evidence on one claim; None where there is none to rely on."""
        if self._lines is None:
            return None
        claim = (b"%d" % lease.batch_id, b"%d" % lease.fence)
        rows = [line.split(b"\t") for line in self._lines]
        mine = [row for row in rows if tuple(row[1:3]) == claim]
        answers = [_outcome(row) for row in mine if row[0] == _ANSWERED]
        return Evidence(
            started=frozenset(int(row[3]) for row in mine if row[0] == _STARTED),
            answered={outcome.reader_id: outcome for outcome in answers},
        )


@contextmanager
def read_evidence(folder: Path, owner: str) -> Iterator[Found]:
    """Yield what is left of the owner here. Readers share its lock, so that two successors see the same."""
    try:
        file = os.open(_path(folder, owner), os.O_RDONLY)
    except OSError:
        yield Found(None)
        return
    try:
        yield Found(_lines_of_the_dead(file))
    finally:
        os.close(file)


def is_dead(folder: Path, sender: str) -> bool:
    """Return whether every worker of the sender whose journal lies here is dead; False also where none does."""
    found = [_is_of_the_dead(path) for path in folder.glob(f"{sender}-*{_SUFFIX}")]
    return bool(found) and all(found)


def _is_of_the_dead(path: Path) -> bool:
    with read_evidence(path.parent, path.name.removesuffix(_SUFFIX)) as left:
        return left.owner_is_dead


def remove_journal(folder: Path, owner: str) -> None:
    """Remove a dead owner's journal once the ledger holds what it said."""
    _path(folder, owner).unlink(missing_ok=True)


def sweep(folder: Path, is_needed: Callable[[str], bool]) -> None:
    """Remove the journals of dead owners who left nothing open."""
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        owner = path.name.removesuffix(_SUFFIX)
        if not is_needed(owner) and _is_of_the_dead(path):
            remove_journal(folder, owner)


def boot_id() -> str:
    """Return what tells this start of the machine from every other; empty where the system does not say."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _path(folder: Path, owner: str) -> Path:
    return folder / f"{owner}{_SUFFIX}"


def _create_locked(path: Path) -> int:
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        # Between the two lines above a sweep may have taken it for a dead one's.
        if path.exists() and path.stat().st_ino == os.fstat(file).st_ino:
            return file
        os.close(file)


def _lines_of_the_dead(file: int) -> list[bytes] | None:
    """Return the journal's whole lines; None when its worker lives or it is of another boot."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    with os.fdopen(os.dup(file), "rb") as reader:
        lines = reader.read().partition(b"\0")[0].split(b"\n")
    here = boot_id().encode()
    return lines[1:] if here and lines and lines[0] == b"%s\t%s" % (_BOOT, here) else None


def _outcome(row: Sequence[bytes]) -> Outcome:
    reader_id, event, code, provider_id = (part.decode() for part in row[3:7])
    return Outcome(reader_id=int(reader_id), event=Event[event], code=code, provider_id=provider_id)


def _word(text: str) -> str:
    """Return the text without what separates fields and lines."""
    return " ".join(text.split())

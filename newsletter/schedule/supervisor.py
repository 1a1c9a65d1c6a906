"""Looks after child processes: one for each piece of work that wants one, started again when it ends too early.

What the work is, the caller says: `serve` has a sender for each issue that is going out. Nothing here is needed for
safety. A child that outlives its parent, or meets another one's, is kept in order by the ledger.
"""

import logging
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from newsletter.clock import Clock
from newsletter.commands import suggest
from newsletter.schedule.runner import RaiseAlert, retry_delay

log = logging.getLogger(__name__)

#: After so many failures one after the other the operator is told.
TELL_AFTER = 3

#: How long a child that was asked to stop may finish what it has begun: a little longer than a sender takes at most, a little
#: less than the ten seconds after which whatever runs us kills.
PATIENCE = timedelta(seconds=9)


@dataclass
class _Child:
    """A piece of work, its process while there is one, and how often that has failed."""

    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    not_before: datetime | None = None


@dataclass
class Supervisor:
    """`wanted` lists the keys of the work there is; `command` is how a child does one.

    `name` is what a child is called in words, `advice` the command that shows why it fails.
    """

    wanted: Callable[[], Iterable[int]]
    command: Callable[[int], Sequence[str]]
    clock: Clock
    raise_alert: RaiseAlert
    name: Callable[[int], str] = lambda key: f"sender of issue {key}"
    advice: Callable[[int], str] = lambda key: suggest("status", key)
    #: Open files that every child gets too.
    pass_fds: tuple[int, ...] = ()
    _children: dict[int, _Child] = field(default_factory=dict, init=False)
    _stopping: bool = field(default=False, init=False)
    #: Held while children begin, and while they are asked to end.
    _lock: Lock = field(default_factory=Lock, init=False)

    def look(self) -> None:
        """Note which children have ended, and start those that are missing."""
        wanted = tuple(self.wanted())
        for key in (*wanted, *self._children):
            self._note_end(key)
        for key in self._children.keys() - set(wanted):
            if self._children[key].process is None:
                del self._children[key]
        for key in wanted:
            self._start(key)

    def stop(self, patience: timedelta = PATIENCE) -> None:
        """Ask every child to stop and wait for it; one that takes longer than `patience` is killed."""
        with self._lock:
            self._stopping = True
            running = [child.process for child in self._children.values() if child.process is not None]
            for process in running:
                process.terminate()
        until = self.clock.monotonic() + patience.total_seconds()
        for process in running:
            try:
                process.wait(max(0.0, until - self.clock.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("process %s did not stop in time and is killed", process.pid)
                process.kill()
                process.wait()

    def _note_end(self, key: int) -> None:
        child = self._children.get(key)
        if child is None or child.process is None:
            return
        status = child.process.poll()
        if status is None:
            return
        child.process = None
        if status == 0:
            child.failures, child.not_before = 0, None
            return
        child.failures += 1
        # The first failure is often somebody's pause that is over already.
        rest = retry_delay(child.failures - 1) if child.failures > 1 else timedelta(0)
        child.not_before = self.clock.now() + rest
        log.error("the %s ended with status %s", self.name(key), status)
        if child.failures >= TELL_AFTER:
            self.raise_alert(
                f"child-failed:{key}",
                f"The {self.name(key)} keeps failing",
                f"It ended {child.failures} times with an error, the last time with status {status}. It is started "
                f"again by itself. To see why:\n\n    {self.advice(key)}",
            )

    def _start(self, key: int) -> None:
        child = self._children.setdefault(key, _Child())
        resting = child.not_before is not None and child.not_before > self.clock.now()
        with self._lock:
            if self._stopping or resting or child.process is not None:
                return
            child.process = subprocess.Popen(
                self.command(key), stdin=subprocess.DEVNULL, pass_fds=self.pass_fds
            )
        log.info("the %s is process %s", self.name(key), child.process.pid)

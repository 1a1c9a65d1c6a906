"""Checks that take seconds and ask others: whether links open, what SpamAssassin says. They run only when somebody asks for them."""

import logging
import shutil
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock, Thread

from newsletter.config import Settings
from newsletter.editing.checks.findings import Finding
from newsletter.editing.checks.links import Opener, unreachable
from newsletter.editing.checks.spam import PROGRAM, spam
from newsletter.editing.compiled import CompiledIssue

log = logging.getLogger(__name__)

#: How many results are kept.
KEPT = 32


class SlowCheck(StrEnum):
    """What can be asked for."""

    LINKS = "links"
    SPAM = "spam"


def run_slow_check(
    check: SlowCheck, compiled: CompiledIssue, opener: Opener, spamassassin: str | None = None
) -> Iterator[Finding]:
    """Run one of them; `spamassassin` is the program's path, looked up where none is given."""
    if check is SlowCheck.LINKS:
        yield from unreachable(compiled.letter, opener)
    elif compiled.plan is not None:
        yield from spam(compiled.plan, spamassassin)


@dataclass(slots=True)
class SlowChecks:
    """The slow checks of one desk, run beside its pages and remembered by content; safe for many threads."""

    settings: Settings
    opener: Opener = field(default_factory=Opener)
    #: The path of SpamAssassin; None where there is none.
    spamassassin: str | None = field(default_factory=lambda: shutil.which(PROGRAM))
    #: Grows whenever a check has ended: a page that waits for it looks again.
    ended: int = 0
    _results: "OrderedDict[tuple[str, SlowCheck], tuple[Finding, ...] | None]" = field(
        default_factory=OrderedDict
    )
    _lock: Lock = field(default_factory=Lock)

    def offered(self) -> tuple[SlowCheck, ...]:
        """Return what can be asked for: links only where desk.check_links allows it, since opening them tells others that we look."""
        links = (SlowCheck.LINKS,) if self.settings.desk.check_links else ()
        return (*links, *((SlowCheck.SPAM,) if self.spamassassin else ()))

    def start(self, check: SlowCheck, compiled: CompiledIssue, patience: float) -> None:
        """Start a check unless it runs already, and wait for it up to `patience` in seconds; then it goes on beside."""
        key = (compiled.content_hash, check)
        with self._lock:
            if key in self._results and self._results[key] is None:
                return
            self._keep(key, None)
        # It is given nothing that is closed with the installation.
        thread = Thread(target=self._run, args=(key, compiled), daemon=True)
        thread.start()
        thread.join(patience)

    def results(self, content_hash: str) -> dict[SlowCheck, tuple[Finding, ...] | None]:
        """Return what was found in this content, by check; None while that still runs."""
        with self._lock:
            return {
                each: self._results[content_hash, each]
                for each in SlowCheck
                if (content_hash, each) in self._results
            }

    def found(self, content_hash: str) -> tuple[Finding, ...]:
        """Return everything found in this content so far."""
        return tuple(each for found in self.results(content_hash).values() for each in found or ())

    def _run(self, key: tuple[str, SlowCheck], compiled: CompiledIssue) -> None:
        try:
            found = tuple(run_slow_check(key[1], compiled, self.opener, self.spamassassin))
        except Exception:
            log.exception("the %s of an issue could not be checked", key[1])
            with self._lock:
                self._results.pop(key, None)
            return
        with self._lock:
            self._keep(key, found)
            self.ended += 1

    def _keep(self, key: tuple[str, SlowCheck], found: tuple[Finding, ...] | None) -> None:
        self._results[key] = found
        self._results.move_to_end(key)
        while len(self._results) > KEPT:
            self._results.popitem(last=False)

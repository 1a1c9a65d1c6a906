"""Checks that ask others, run beside the pages when an editor asks for them, and remembered for the content that they were of."""

import logging
import shutil
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock, Thread

from newsletter.config import Settings
from newsletter.editing.checks.findings import Finding
from newsletter.editing.checks.reach import Opener, unreachable
from newsletter.editing.checks.spam import PROGRAM, spam
from newsletter.editing.proofs.proof import Proof
from newsletter.editing.remembered.kept import keep

log = logging.getLogger(__name__)

#: How many answers are kept.
KEPT = 32


class Asked(StrEnum):
    """Whom an editor can ask."""

    LINKS = "links"
    SPAM = "spam"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """What came of asking: `found` is None while it is being asked."""

    asked: Asked
    found: tuple[Finding, ...] | None


@dataclass(slots=True)
class AskedChecks:
    """The memory of one installation; safe for many threads."""

    settings: Settings
    opener: Opener = field(default_factory=Opener)
    #: SpamAssassin; None where there is none.
    program: str | None = field(default_factory=lambda: shutil.which(PROGRAM))
    #: Grows whenever somebody has answered: a page that waits for it looks again.
    heard: int = 0
    _kept: "OrderedDict[tuple[str, Asked], tuple[Finding, ...] | None]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def offered(self) -> tuple[Asked, ...]:
        """Links only where desk.check_links allows it: opening them tells others that we look."""
        links = (Asked.LINKS,) if self.settings.check_links else ()
        return (*links, *((Asked.SPAM,) if self.program else ()))

    def ask(self, asked: Asked, proof: Proof, patience: float) -> None:
        """Ask about the proof, unless that is being done; what takes longer than `patience` in seconds goes on beside."""
        key = (proof.content_hash, asked)
        with self._lock:
            if key in self._kept and self._kept[key] is None:
                return
            keep(self._kept, key, None, KEPT)
        # It is given nothing that is closed with the installation.
        thread = Thread(target=self._run, args=(key, proof), daemon=True)
        thread.start()
        thread.join(patience)

    def answers(self, content_hash: str) -> tuple[Answering, ...]:
        """What was asked about this content, in the order of `offered`."""
        with self._lock:
            kept = [(asked, (content_hash, asked)) for asked in Asked if (content_hash, asked) in self._kept]
            return tuple(Answering(asked=asked, found=self._kept[key]) for asked, key in kept)

    def found(self, content_hash: str) -> tuple[Finding, ...]:
        return tuple(each for answer in self.answers(content_hash) for each in answer.found or ())

    def _run(self, key: tuple[str, Asked], proof: Proof) -> None:
        try:
            found = tuple(self._findings(key[1], proof))
        except Exception:
            log.exception("the %s of an issue could not be checked", key[1])
            with self._lock:
                self._kept.pop(key, None)
            return
        with self._lock:
            keep(self._kept, key, found, KEPT)
            self.heard += 1

    def _findings(self, asked: Asked, proof: Proof) -> Iterator[Finding]:
        if asked is Asked.LINKS:
            yield from unreachable(proof.letter, self.opener)
        elif proof.plan is not None:
            yield from spam(proof.plan, self.program)

"""How far an issue is, and who sends it: values only. Where they come from is store.py, what they mean report.py."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.digest.issues import Issue

#: A sender that gave no sign for so long, of one every other second, is not vouched for.
SILENCE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an issue is: every reader of its audience stands in exactly one of these."""

    readers: int = 0
    accepted: int = 0
    rejected: int = 0
    skipped: int = 0
    unsure: int = 0

    @property
    def open(self) -> int:
        """Those without a final state: waiting, on their way, or to be tried again."""
        return self.readers - self.accepted - self.rejected - self.skipped - self.unsure


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderSign:
    """A sender's last sign of life; `waits_for` says in words what keeps it from sending."""

    name: str
    issue_id: int
    started_at: datetime
    seen_at: datetime
    waits_for: str = ""
    waits_since: datetime | None = None
    waits_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known of an issue's delivery."""

    issue: Issue
    progress: Progress
    senders: tuple[SenderSign, ...]
    #: When the next batch of deferred readers comes due; None when none waits for a time.
    next_try: datetime | None
    #: When the next batch comes due that waits for a limit of ours, or for an hour of its readers' own.
    next_turn: datetime | None = None
    #: Senders of this machine that are known to have died: nobody has to wait until they are missed.
    dead: frozenset[str] = frozenset()
    #: When the last lease of a batch that somebody has ends: from then on it can be taken over from anybody.
    leases_until: datetime | None = None

    def senders_alive(self, now: datetime) -> tuple[SenderSign, ...]:
        """Those that gave a sign of late and are not known to be dead."""
        return tuple(
            each for each in self.senders if each.name not in self.dead and now - each.seen_at < SILENCE
        )

"""How far an issue is, and who sends it: values only. Where they come from is store.py, what they mean report.py."""

from array import array
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, String, select, type_coerce

from newsletter.db.schema import batches, deliveries, readers
from newsletter.db.statuses import Edition, IssueStatus
from newsletter.delivery.states import FINAL
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


# How fast an issue goes out, from looks at its progress: messages a second, and the time that is left.

#: What a rate is taken over; older looks are forgotten.
_OVER = timedelta(seconds=20)
#: Looks nearer to each other say nothing new.
_APART = timedelta(milliseconds=400)


@dataclass(slots=True)
class Pace:
    """The last looks at one issue; one thread at a time."""

    _looks: deque[tuple[datetime, int]] = field(default_factory=deque)

    def note(self, progress: Progress, now: datetime) -> None:
        done = progress.readers - progress.open
        if self._looks and (now < self._looks[-1][0] or done < self._looks[-1][1]):
            self._looks.clear()
        if not self._looks or now - self._looks[-1][0] >= _APART:
            self._looks.append((now, done))
        while now - self._looks[0][0] > _OVER and len(self._looks) > 1:
            self._looks.popleft()

    @property
    def rate(self) -> float | None:
        """Readers done a second; None before there were two looks."""
        if len(self._looks) < 2:
            return None
        (begun_at, before), (ended_at, after) = self._looks[0], self._looks[-1]
        return (after - before) / (ended_at - begun_at).total_seconds()

    def left(self, progress: Progress) -> timedelta | None:
        """How long it still takes at this rate; None where nobody can know."""
        rate = self.rate
        return timedelta(seconds=progress.open / rate) if rate else None


# The queries behind the count by domain: which batches have moved, and who of a batch is done.


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """A batch's bounds, and how many of it stand in each final state."""

    batch_id: int
    low: int
    high: int
    accepted: int
    rejected: int
    skipped: int
    unsure: int

    @property
    def done(self) -> int:
        return self.accepted + self.rejected + self.skipped + self.unsure


def batch_sums(connection: Connection, issue_id: int) -> tuple[Sums, ...]:
    """The sums of the issue's batches."""
    names = ("low", "high", "accepted", "rejected", "skipped", "unsure")
    columns = (batches.c.id.label("batch_id"), *(batches.c[name] for name in names))
    query = select(*columns).where(batches.c.issue_id == issue_id).order_by(batches.c.id)
    return tuple(Sums(**row._mapping) for row in connection.execute(query))


def batch_outcomes(connection: Connection, issue_id: int, sums: Sums) -> Sequence[tuple[str | None, str]]:
    """The casefolded address (None: erased) and state of everybody in the batch who is done.

    States come as texts: a million of them are read, and to make each a DeliveryStatus takes longer than to read it.
    """
    query = (
        select(readers.c.address_key, type_coerce(deliveries.c.status, String))
        .join_from(deliveries, readers, readers.c.id == deliveries.c.reader_id)
        .where(
            deliveries.c.issue_id == issue_id,
            deliveries.c.reader_id.between(sums.low, sums.high),
            deliveries.c.batch_id == sums.batch_id,
            deliveries.c.status.in_(FINAL),
        )
    )
    return connection.execute(query).all()


# What became of an issue at each of its readers' domains, counted batch by batch and remembered.
#
# The ledger keeps sums for each batch, not for each domain: what it has for a million readers would take seconds to read.
# So every look reads a few batches, those that are new or whose sums have moved, until all have been counted.

#: Batches of a thousand that one look reads: about thirty milliseconds.
BATCHES = 8

_OUTCOMES = tuple(sorted(each.value for each in FINAL))
_PLACES = {name: place for place, name in enumerate(_OUTCOMES)}
#: Who has no address any more.
ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainLine:
    """A domain's readers who are done, by outcome. `name` is empty for all the smaller domains together."""

    name: str
    accepted: int = 0
    rejected: int = 0
    skipped: int = 0
    unsure: int = 0

    @property
    def done(self) -> int:
        return self.accepted + self.rejected + self.skipped + self.unsure


@dataclass(slots=True)
class DomainCount:
    """The count of one issue; one thread at a time.

    For each batch it keeps one number a reader, so that a batch whose outcomes have moved is taken out and counted again.
    """

    issue_id: int
    #: Batches whose sums have moved since they were counted.
    stale: int = 0
    _places: dict[str, int] = field(default_factory=dict)
    _counts: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    _counted: dict[int, tuple[Sums, "array[int]"]] = field(default_factory=dict)

    def look(self, connection: Connection, most: int = BATCHES) -> None:
        """Count at most so many of the batches that need it."""
        moved = [each for each in batch_sums(connection, self.issue_id) if self._has_moved(each)]
        for sums in moved[:most]:
            self._count(connection, sums)
        self.stale = max(0, len(moved) - most)

    def lines(self, most: int) -> tuple[DomainLine, ...]:
        """The largest domains, the largest first, and the rest of them in one."""
        by_domain = [self._line(name, place) for name, place in self._places.items()]
        largest = sorted((each for each in by_domain if each.done), key=lambda each: (-each.done, each.name))
        shown, rest = largest[:most], largest[most:]
        return (*shown, _together(rest)) if rest else tuple(shown)

    def _has_moved(self, sums: Sums) -> bool:
        known = self._counted.get(sums.batch_id)
        return sums.done > 0 if known is None else known[0] != sums

    def _count(self, connection: Connection, sums: Sums) -> None:
        for code in self._counted.get(sums.batch_id, (None, ()))[1]:
            self._counts[code] -= 1
        places, counts, several = self._places, self._counts, len(_OUTCOMES)
        codes = array("L")
        for address_key, status in batch_outcomes(connection, self.issue_id, sums):
            domain = address_key.rpartition("@")[2] if address_key else ERASED
            code = places.setdefault(domain, len(places)) * several + _PLACES[status]
            codes.append(code)
            counts[code] += 1
        self._counted[sums.batch_id] = sums, codes

    def _line(self, name: str, place: int) -> DomainLine:
        first = place * len(_OUTCOMES)
        counts = {name: self._counts.get(first + at, 0) for at, name in enumerate(_OUTCOMES)}
        return DomainLine(name=name, **counts)


def _together(lines: list[DomainLine]) -> DomainLine:
    return DomainLine(
        name="",
        accepted=sum(each.accepted for each in lines),
        rejected=sum(each.rejected for each in lines),
        skipped=sum(each.skipped for each in lines),
        unsure=sum(each.unsure for each in lines),
    )


# Where an issue stands, in words: state, why, since when, what happens by itself, and the exact next command.

UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A situation in words; `since` is None where nothing was noted, `next_command` empty where none is needed."""

    state: str
    why: str
    since: datetime | None
    by_itself: str
    next_command: str


def report(situation: Situation, now: datetime, zone: ZoneInfo = UTC) -> Report:
    """The situation as an operator needs it, with the times of `zone`."""
    issue = situation.issue
    match issue.status:
        case IssueStatus.DRAFT:
            return _draft(issue, zone)
        case IssueStatus.APPROVED:
            return _approved(issue, zone)
        case IssueStatus.SENDING:
            return _sending(situation, now, zone)
        case IssueStatus.PAUSED:
            return _paused(issue)
        case IssueStatus.SENT:
            return _sent(situation)
        case IssueStatus.CANCELLED:
            return _cancelled(situation)


def unsure_words(code: str) -> str:
    """What is known of an unsure delivery, by its code."""
    return _UNSURE.get(code, "the connection ended before the server answered")


_UNSURE = {
    "no-journal": "its sender fell silent; whether it had begun with this reader is not known",
    "killed": "its sender was killed before the server's answer was written down",
    "no-reply": "the whole message had left, and the server never answered",
    "timeout": "the whole request had left, and the provider never answered",
}


def _draft(issue: Issue, zone: ZoneInfo) -> Report:
    return Report(
        state="draft",
        why="nobody has approved it yet",
        since=issue.created_at,
        by_itself=_schedule_words(issue, zone),
        next_command=f"newsletter approve {issue.id}",
    )


def _approved(issue: Issue, zone: ZoneInfo) -> Report:
    return Report(
        state="approved",
        why=f"approved by {issue.approved_by}" if issue.approved_by else "approved",
        since=issue.approved_at,
        by_itself=_schedule_words(issue, zone),
        next_command=f"newsletter send {issue.id}",
    )


def _paused(issue: Issue) -> Report:
    return Report(
        state="paused",
        why=issue.reason or "somebody paused it",
        since=issue.updated_at,
        by_itself="nothing: it waits for you",
        next_command=f"newsletter resume {issue.id}",
    )


def _cancelled(situation: Situation) -> Report:
    issue, left = situation.issue, situation.progress.open
    why, by_itself, command = issue.reason or "somebody cancelled it", "nothing: this is final", ""
    if left:
        why += f"; a sender that was at work then has not said yet what became of {left:,} of its readers"
        by_itself = "newsletter serve settles that if it runs; nobody is mailed"
        command = f"newsletter send {issue.id}"
    elif issue.number is None:
        # Nobody has it: then its number and what stood in it were given back.
        by_itself += "; nobody has it, and what stood in it waits for the next issue"
        command = f"newsletter draft --now{_edition_words(issue)}"
    else:
        by_itself += "; whoever has it keeps it"
        command = f"newsletter unsure {issue.id}" if situation.progress.unsure else ""
    return Report(
        state="cancelled", why=why, since=issue.updated_at, by_itself=by_itself, next_command=command
    )


def _edition_words(issue: Issue) -> str:
    return "" if issue.edition is Edition.WEEKLY else f" --edition {issue.edition}"


def _schedule_words(issue: Issue, zone: ZoneInfo) -> str:
    if issue.send_at is None:
        return "nothing"
    goes = f"goes out at {issue.send_at.astimezone(zone):%Y-%m-%d %H:%M} {zone.key} if newsletter serve runs"
    return goes if issue.status is IssueStatus.APPROVED else f"{goes} and it is approved by then"


def _sending(situation: Situation, now: datetime, zone: ZoneInfo) -> Report:
    issue, alive = situation.issue, situation.senders_alive(now)
    if not alive:
        return _sending_without_sender(situation, now, zone)
    since, waiting = issue.started_at, next((each for each in alive if each.waits_for), None)
    if waiting is not None:
        why, since = waiting.waits_for, waiting.waits_since or since
        by_itself = f"tries again{_at(waiting.waits_until, zone)} and goes on when that works"
    else:
        why = f"{_readers(situation.progress.open)} left"
        by_itself = "goes on until everybody is done"
        if situation.next_turn is not None and situation.next_turn > now:
            by_itself += (
                f"; readers who wait for a limit or for their own hour follow{_at(situation.next_turn, zone)}"
            )
        if situation.next_try is not None and situation.next_try > now:
            by_itself += f"; readers whose server put us off are tried again{_at(situation.next_try, zone)}"
    return Report(state="sending", why=why, since=since, by_itself=by_itself, next_command="")


def _sending_without_sender(situation: Situation, now: datetime, zone: ZoneInfo) -> Report:
    issue, until = situation.issue, situation.leases_until
    last = max(situation.senders, key=lambda each: each.seen_at, default=None)
    if last is None:
        words, by_itself = "no sender is at work", "newsletter serve starts a sender if it runs"
    elif last.name in situation.dead:
        words = f"its sender died after{_clock(last.seen_at, zone)}"
        by_itself = "newsletter serve starts another if it runs, which takes over at once"
    else:
        words = f"its sender has not been seen since{_clock(last.seen_at, zone)}"
        takes_over = f"takes over{_at(until, zone)}" if until and until > now else "takes over at once"
        by_itself = f"newsletter serve starts another once that has ended; whichever is next {takes_over}"
    return Report(
        state="sending",
        why=f"{_readers(situation.progress.open)} left and {words}",
        since=last.seen_at if last else issue.started_at,
        by_itself=by_itself,
        next_command=f"newsletter send {issue.id}",
    )


def _sent(situation: Situation) -> Report:
    issue, unsure = situation.issue, situation.progress.unsure
    words = (
        f"{unsure:,} {'reader' if unsure == 1 else 'readers'} may or may not have it"
        if unsure
        else "everybody is done"
    )
    return Report(
        state="sent",
        why=words,
        since=issue.finished_at,
        by_itself="nothing",
        next_command=f"newsletter unsure {issue.id}" if unsure else "",
    )


def _readers(count: int) -> str:
    return "1 reader is" if count == 1 else f"{count:,} readers are"


def _at(moment: datetime | None, zone: ZoneInfo) -> str:
    return f" at{_clock(moment, zone)}" if moment else ""


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f" {moment.astimezone(zone):%H:%M:%S} {zone.key}"

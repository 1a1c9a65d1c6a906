"""Where an issue stands: state, why, since when, what happens by itself, the exact next command; and who sends it."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, not_, or_, select, update

from newsletter.commands import suggest
from newsletter.db.schema import batches, senders
from newsletter.db.statuses import BatchStatus, Edition, IssueStatus
from newsletter.delivery.dry_run import DryRun, find_dry_run
from newsletter.delivery.journal import is_dead
from newsletter.delivery.ledger import LEASE_DURATION, WAS_TRIED
from newsletter.delivery.missed import count_missed
from newsletter.delivery.progress import Counts, get_counts
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_issue

#: A sender is not vouched for when its heartbeat, which comes every other second, has been missing for so long.
SILENCE = timedelta(seconds=10)

#: So far ahead no clock of a machine at work is.
_WRONG = timedelta(days=1)

UTC = ZoneInfo("UTC")


# ── senders ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A sender's last sign of life; `waits_for` says in words what keeps it from sending."""

    name: str
    issue_id: int
    started_at: datetime
    seen_at: datetime
    waits_for: str = ""
    waits_since: datetime | None = None
    waits_until: datetime | None = None


def save_heartbeat(connection: Connection, heartbeat: Heartbeat) -> None:
    """Write down that a sender lives, and what it waits for."""
    values = asdict(heartbeat)
    known = update(senders).where(senders.c.name == heartbeat.name).values(values)
    if connection.execute(known).rowcount == 0:
        connection.execute(insert(senders).values(values))


def delete_heartbeat(connection: Connection, name: str) -> None:
    """Forget a sender that has ended."""
    connection.execute(delete(senders).where(senders.c.name == name))


def delete_old_heartbeats(connection: Connection, seen_before: datetime) -> None:
    """Forget the senders that died: they leave their row behind. One seen days after that had a clock that was wrong."""
    gone = or_(senders.c.seen_at < seen_before, senders.c.seen_at > seen_before + _WRONG)
    connection.execute(delete(senders).where(gone))


def list_heartbeats(connection: Connection, issue_id: int) -> tuple[Heartbeat, ...]:
    """Return the heartbeat of everybody who says they work on the issue, dead or alive: `seen_at` tells."""
    query = select(senders).where(senders.c.issue_id == issue_id).order_by(senders.c.started_at)
    return tuple(Heartbeat(**row._mapping) for row in connection.execute(query))


# ── the issue ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known of an issue's delivery."""

    issue: Issue
    counts: Counts
    senders: tuple[Heartbeat, ...]
    #: When the next batch of deferred readers comes due; None when none waits for a time.
    next_try: datetime | None
    #: When the next batch comes due that waits for a limit of ours, or for an hour of its readers' own.
    next_turn: datetime | None = None
    #: The last time that a provider checked what is approved now, and delivered none of it.
    dry_run: DryRun | None = None
    #: Senders of this machine that are known to have died: nobody has to wait until they are missed.
    dead: frozenset[str] = frozenset()
    #: When the last lease of a batch that somebody has ends: from then on it can be taken over from anybody.
    leases_until: datetime | None = None
    #: How many missed it for no reason of theirs, and how many of them since their message was dropped.
    missed: int = 0
    dropped: int = 0

    @property
    def missed_words(self) -> str:
        """Say how many of them there are, where that is no exception; empty otherwise."""
        if not self.dropped and not (self.missed and self.counts.is_mostly_refused):
            return ""
        readers = "1 reader" if self.missed == 1 else f"{self.missed:,} readers"
        return f"{readers} missed it for no reason of theirs"

    def senders_alive(self, now: datetime) -> tuple[Heartbeat, ...]:
        """Return those that gave a sign of late and are not known to be dead."""
        return tuple(
            each
            for each in self.senders
            # Clocks of two machines may differ; one that is a lease ahead was wrong.
            if each.name not in self.dead and -LEASE_DURATION < now - each.seen_at < SILENCE
        )


def get_situation(connection: Connection, issue_id: int, journals: Path) -> Situation:
    """Return what is known of the issue's delivery; the journals tell at once which senders of this machine are dead.

    Raises NotFound.
    """
    heartbeats = list_heartbeats(connection, issue_id)
    leased = and_(batches.c.issue_id == issue_id, batches.c.status == BatchStatus.RUNNING)
    issue, counts = get_issue(connection, issue_id), get_counts(connection, issue_id)
    missed, dropped = count_missed(connection, issue_id) if counts.rejected else (0, 0)
    return Situation(
        issue=issue,
        counts=counts,
        missed=missed,
        dropped=dropped,
        senders=heartbeats,
        next_try=_next_due(connection, issue_id, WAS_TRIED),
        next_turn=_next_due(connection, issue_id, not_(WAS_TRIED)),
        dry_run=find_dry_run(connection, issue),
        dead=frozenset(each.name for each in heartbeats if is_dead(journals, each.name)),
        leases_until=connection.execute(select(func.max(batches.c.lease_until)).where(leased)).scalar(),
    )


def _next_due(connection: Connection, issue_id: int, which: ColumnElement[bool]) -> datetime | None:
    waiting = and_(batches.c.issue_id == issue_id, batches.c.status == BatchStatus.PENDING, which)
    return connection.execute(select(func.min(batches.c.not_before)).where(waiting)).scalar()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """A situation in words; `since` is None where nothing was noted, `next_command` empty where none is needed."""

    state: str
    why: str
    since: datetime | None
    by_itself: str
    next_command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why an issue may not go out, in words, and the next command. `cause` names it: "keys", "setting:smtp.host".

    `is_chosen`: an editor wants it to wait, so nothing is amiss.
    """

    words: str
    command: str
    cause: str
    is_chosen: bool = False


def describe(
    situation: Situation, now: datetime, zone: ZoneInfo = UTC, obstacle: Obstacle | None = None
) -> StatusReport:
    """Return the situation as an operator needs it, with the times of `zone`; nothing goes on by itself past an obstacle."""
    report = _describe(situation, now, zone)
    status = situation.issue.status
    waits = status in (IssueStatus.DRAFT, IssueStatus.APPROVED)
    is_left = status is IssueStatus.SENDING and not situation.senders_alive(now)
    if obstacle is None or not (waits or is_left):
        return report
    command = report.next_command if status is IssueStatus.DRAFT else obstacle.command
    return replace(report, by_itself=f"nothing: {obstacle.words}", next_command=command)


def _describe(situation: Situation, now: datetime, zone: ZoneInfo) -> StatusReport:
    issue, unsure = situation.issue, situation.counts.unsure
    match issue.status:
        case IssueStatus.DRAFT:
            return StatusReport(
                state="draft",
                why="nobody has approved it yet",
                since=issue.created_at,
                by_itself=_schedule_words(issue, zone),
                next_command=suggest("approve", issue.id),
            )
        case IssueStatus.APPROVED:
            return StatusReport(
                state="approved",
                why=_approval_words(situation, now, zone),
                since=issue.approved_at,
                by_itself=_schedule_words(issue, zone),
                next_command=suggest("send", issue.id),
            )
        case IssueStatus.SENDING:
            return _describe_sending(situation, now, zone)
        case IssueStatus.PAUSED:
            return StatusReport(
                state="paused",
                why=issue.reason or "somebody paused it",
                since=issue.updated_at,
                by_itself="nothing: it waits for you",
                next_command=suggest("resume", issue.id),
            )
        case IssueStatus.SENT:
            words = (
                f"{unsure:,} {'reader' if unsure == 1 else 'readers'} may or may not have it"
                if unsure
                else ""
            )
            refused = situation.counts.refused_words if situation.counts.is_mostly_refused else ""
            words = "; ".join(filter(None, (refused, situation.missed_words, words)))
            command = suggest("unsure", issue.id) if unsure else ""
            if situation.missed_words:
                command = suggest("send", "--to-missed", issue.id)
            return StatusReport(
                state="sent",
                why=words or "everybody is done",
                since=issue.finished_at,
                by_itself="nothing",
                next_command=command,
            )
        case IssueStatus.CANCELLED:
            return _describe_cancelled(situation)


def _approval_words(situation: Situation, now: datetime, zone: ZoneInfo) -> str:
    issue, tried = situation.issue, situation.dry_run
    words = f"approved by {issue.approved_by}" if issue.approved_by else "approved"
    return words if tried is None else f"{words}; in a dry run at {_clock(tried.at, now, zone)} {tried.words}"


def _describe_cancelled(situation: Situation) -> StatusReport:
    issue, left = situation.issue, situation.counts.open
    why, by_itself, command = issue.reason or "somebody cancelled it", "nothing: this is final", ""
    if left:
        why += f"; a sender that was at work then has not said yet what became of {left:,} of its readers"
        by_itself = "newsletter serve settles that if it runs; nobody is mailed"
        command = suggest("send", issue.id)
    elif issue.number is None:
        # Nobody has it: then its number and what stood in it were given back.
        by_itself += "; nobody has it, and what stood in it waits for the next issue"
        edition = () if issue.edition is Edition.WEEKLY else ("--edition", issue.edition)
        command = suggest("draft", "--now", *edition)
    else:
        by_itself += "; whoever has it keeps it"
        command = suggest("unsure", issue.id) if situation.counts.unsure else ""
    return StatusReport(
        state="cancelled", why=why, since=issue.updated_at, by_itself=by_itself, next_command=command
    )


def _schedule_words(issue: Issue, zone: ZoneInfo) -> str:
    if issue.send_at is None:
        return "nothing"
    goes = f"goes out at {issue.send_at.astimezone(zone):%Y-%m-%d %H:%M} {zone.key} if newsletter serve runs"
    return goes if issue.status is IssueStatus.APPROVED else f"{goes} and it is approved by then"


def _describe_sending(situation: Situation, now: datetime, zone: ZoneInfo) -> StatusReport:
    issue, alive = situation.issue, situation.senders_alive(now)
    if not alive:
        return _describe_without_sender(situation, now, zone)
    since, waiting = issue.started_at, next((each for each in alive if each.waits_for), None)
    if waiting is not None:
        why, since = waiting.waits_for, waiting.waits_since or since
        by_itself = f"tries again{_at(waiting.waits_until, now, zone)} and goes on when that works"
    else:
        why = f"{_readers(situation.counts.open)} left"
        by_itself = "goes on until everybody is done"
        if situation.next_turn is not None and situation.next_turn > now:
            by_itself += f"; readers who wait for a limit or for their own hour follow{_at(situation.next_turn, now, zone)}"
        if situation.next_try is not None and situation.next_try > now:
            by_itself += (
                f"; readers whose server put us off are tried again{_at(situation.next_try, now, zone)}"
            )
    # Nobody has to wait for that: a long rest may be of a time when the clock was wrong.
    is_long = situation.next_try is not None and situation.next_try - now > timedelta(hours=1)
    command = suggest("send", "--to-missed", issue.id) if is_long else ""
    return StatusReport(state="sending", why=why, since=since, by_itself=by_itself, next_command=command)


def _describe_without_sender(situation: Situation, now: datetime, zone: ZoneInfo) -> StatusReport:
    issue, until = situation.issue, situation.leases_until
    last = max(situation.senders, key=lambda each: each.seen_at, default=None)
    if last is None:
        words, by_itself = "no sender is at work", "newsletter serve starts a sender if it runs"
    elif last.name in situation.dead:
        words = f"its sender died after {_clock(last.seen_at, now, zone)}"
        by_itself = "newsletter serve starts another if it runs, which takes over at once"
    else:
        words = f"its sender has not been seen since {_clock(last.seen_at, now, zone)}"
        takes_over = f"takes over{_at(until, now, zone)}" if until and until > now else "takes over at once"
        by_itself = f"newsletter serve starts another once that has ended; whichever is next {takes_over}"
    return StatusReport(
        state="sending",
        why=f"{_readers(situation.counts.open)} left and {words}",
        since=last.seen_at if last else issue.started_at,
        by_itself=by_itself,
        next_command=suggest("send", issue.id),
    )


def _readers(count: int) -> str:
    return "1 reader is" if count == 1 else f"{count:,} readers are"


def _at(moment: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    return f" at {_clock(moment, now, zone)}" if moment else ""


def _clock(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Say the time of day, and of another day than today the date."""
    local = moment.astimezone(zone)
    is_today = local.date() == now.astimezone(zone).date()
    return f"{local:%H:%M:%S} {zone.key}" if is_today else f"{local:%Y-%m-%d %H:%M:%S} {zone.key}"

"""What a person wants to know of the schedule: each job's last, missed, waiting and next slots; and running one now."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from newsletter.db.statuses import SlotStatus
from newsletter.errors import BadInput, StoreBusy
from newsletter.schedule import store
from newsletter.schedule.jobs import Job, Result
from newsletter.schedule.runner import Failed
from newsletter.schedule.slots import plan_slots, slot_words
from newsletter.schedule.store import SlotRecord
from newsletter.schedule.ticker import Ticker

#: So many missed slots of a job are worth showing.
MISSED = 5


class State(StrEnum):
    """How a slot stands, for people."""

    MISSED = "missed"
    LAST = "last"
    WAITING = "waiting"
    RUNNING = "running"
    NEXT = "next"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A slot of a job, with moments in the job's zone."""

    job: str
    state: State
    #: When the issue that the slot serves is due, and when the job is.
    issue_at: datetime
    due_at: datetime
    outcome: str


def list_turns(connection: Connection, jobs: Iterable[Job], now: datetime) -> tuple[Turn, ...]:
    """Return by job what was missed, what was done last, what waits or runs, and what comes next."""
    return tuple(turn for job in jobs for turn in _turns(connection, job, now))


def _turns(connection: Connection, job: Job, now: datetime) -> Iterator[Turn]:
    missed = store.settled_slots(connection, job.name, SlotStatus.SKIPPED, MISSED)
    yield from (_turn(job, State.MISSED, each) for each in reversed(missed))
    last = store.settled_slots(connection, job.name, SlotStatus.DONE, 1)
    yield from (_turn(job, State.LAST, each) for each in last)
    for record in store.open_slots(connection, job.name):
        if record.status is SlotStatus.RUNNING:
            yield _turn(job, State.RUNNING, record)
        elif record.due_at <= now:
            yield _turn(job, State.WAITING, record)
    latest = store.last_slots(connection, [job.name], now).get(job.name)
    for slot in plan_slots(job.schedule, now=now, last=latest):
        state = State.NEXT if slot.due_at > now else State.WAITING
        at, due = (moment.astimezone(job.schedule.zone) for moment in (slot.at, slot.due_at))
        yield Turn(job=job.name, state=state, issue_at=at, due_at=due, outcome="")


def _turn(job: Job, state: State, record: SlotRecord) -> Turn:
    zone = job.schedule.zone
    at = job.schedule.slot(record.name).at.astimezone(zone)
    due = record.due_at.astimezone(zone)
    return Turn(job=job.name, state=state, issue_at=at, due_at=due, outcome=record.outcome)


# Running a job now because a person wants it: as its slot, so that the schedule does not run it a second time.


def find_slot_to_run(ticker: Ticker, job: Job) -> SlotRecord:
    """Return the job's slot that waits, or else the next one; raises BadInput when that is too far ahead to be meant.

    After a slot is done the next one can be run early from half-way between them: so running a job twice in a row
    does not use up the week after.
    """
    ticker.plan()
    now = ticker.runner.clock.now()
    with ticker.runner.database.read() as connection:
        record = store.open_slots(connection, job.name)[0]
        last = store.last_slots(connection, [job.name], now).get(job.name)
    if record.due_at <= now or last is None or record.due_at - now <= job.schedule.spacing:
        return record
    zone = job.schedule.zone
    raise BadInput(
        f"{job.name} has had its turn for {slot_words(last, zone)}. The next is for {slot_words(record.name, zone)}: "
        f"if you mean that one, say --slot {record.name}"
    )


def find_named_slot(ticker: Ticker, job: Job, name: str) -> SlotRecord:
    """Return the job's open slot of that name; raises BadInput when it is neither waiting nor the next."""
    ticker.plan()
    with ticker.runner.database.read() as connection:
        records = store.open_slots(connection, job.name)
    for record in records:
        if record.name == name:
            return record
    listed = ", ".join(record.name for record in records)
    raise BadInput(f"{job.name} has no open slot {name!r}; these are: {listed}")


def run_slot(ticker: Ticker, job: Job, record: SlotRecord) -> Result | Failed:
    """Run the slot now; raises StoreBusy when a scheduler is at it."""
    result = ticker.runner.run(job, record, at_once=True)
    if result is None:
        words = slot_words(record.name, job.schedule.zone)
        raise StoreBusy(f"Another scheduler is at {job.name} for {words}, or has just done it.")
    return result

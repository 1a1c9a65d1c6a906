"""What a person wants to know of the schedule: each job's last, missed, waiting and next slots. Writes nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from newsletter.db.statuses import SlotStatus
from newsletter.schedule import store
from newsletter.schedule.jobs import Job
from newsletter.schedule.slots import plan_slots
from newsletter.schedule.store import SlotRecord

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
    """By job: what was missed, what was done last, what waits or runs, and what comes next."""
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

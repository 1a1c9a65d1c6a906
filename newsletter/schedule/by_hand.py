"""Running a job now because a person wants it: as its slot, so that the schedule does not run it a second time."""

from newsletter.errors import BadInput, StoreBusy
from newsletter.schedule import store
from newsletter.schedule.jobs import Job, Result
from newsletter.schedule.runner import Failed
from newsletter.schedule.slots import slot_words
from newsletter.schedule.store import SlotRecord
from newsletter.schedule.ticker import Ticker


def find_slot_to_run(ticker: Ticker, job: Job) -> SlotRecord:
    """The job's slot that waits, or else the next one; raises BadInput when that is too far ahead to be meant.

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
    """The job's open slot of that name; raises BadInput when it is neither waiting nor the next."""
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

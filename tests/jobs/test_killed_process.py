"""A scheduler that is killed for real, with SIGKILL, in the middle of its turn."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from newsletter.clock import SystemClock
from newsletter.db.engine import Database
from newsletter.db.statuses import SlotStatus
from newsletter.schedule import store
from newsletter.schedule.slots import NAME
from tests.jobs.recording import THURSDAYS, RecordedJob, make_ticker

LEASE = timedelta(seconds=0.5)

#: A scheduler with one job that never comes back.
SCHEDULER = """
import sys, time
from datetime import timedelta
from newsletter.clock import SystemClock
from newsletter.db.engine import open_database
from newsletter.schedule.jobs import Job
from tests.jobs.recording import THURSDAYS, make_ticker

def hang(slot):
    print("begun", flush=True)
    time.sleep(600)

job = Job(name="dispatch", schedule=THURSDAYS, run=hang)
database = open_database(sys.argv[1])
make_ticker(database, SystemClock(), [job], lease=timedelta(seconds=0.5), owner="killed").tick()
"""


def test_its_slot_is_kept_while_it_lives_and_taken_over_when_it_is_killed(database: Database) -> None:
    clock, job = SystemClock(), RecordedJob()
    name = (clock.now() - timedelta(hours=5)).strftime(NAME)
    with database.write() as connection:
        store.record_plan(connection, "dispatch", [THURSDAYS.slot(name)], clock.now() - timedelta(days=2))
    url = database.write_engine.url.render_as_string(hide_password=False)
    ticker = make_ticker(database, clock, [job.job()], lease=LEASE, owner="alive")
    program = [sys.executable, "-c", SCHEDULER, url]
    with subprocess.Popen(program, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        clock.sleep(2 * LEASE)
        ticker.tick()
        assert job.slots == []
        process.kill()
    clock.sleep(LEASE + timedelta(seconds=0.1))
    ticker.tick()
    ticker.tick()
    assert job.slots == [name]
    with database.read() as connection:
        (record,) = store.settled_slots(connection, "dispatch", SlotStatus.DONE, 5)
    assert record.name == name

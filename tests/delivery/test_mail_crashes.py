"""Single mails whose sender is killed: nobody is lost, nobody is mailed twice, and whoever may be is listed.

The longer ones, marked `rehearsal`, run with `make rehearse`.
"""

import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.app import open_app
from newsletter.clock import MovedClock, SystemClock
from newsletter.config import template_folders
from newsletter.db.engine import Database, open_database
from newsletter.db.schema import alerts, mails, readers
from newsletter.db.statuses import ConsentChannel, MailKind, MailStatus
from newsletter.delivery.alerts import Alerts
from newsletter.delivery.journal import sweep
from newsletter.delivery.ledger import FaultHook, FaultPoint, no_fault
from newsletter.delivery.loopback import Loopback, Misbehavior, Phase
from newsletter.delivery.message import MessageIds
from newsletter.delivery.rehearsal import RandomTrouble, Trouble
from newsletter.delivery.store import list_owners
from newsletter.delivery.throttle import RetryPolicy
from newsletter.delivery.transactional import FORGOTTEN_AFTER, TransactionalSender, queue_mail
from newsletter.delivery.transports.smtp.sending import Smtp
from newsletter.delivery.transports.smtp.wire import Relay, Waits
from newsletter.readers.consents import ConsentOrigin
from newsletter.readers.links import LinkSigner
from newsletter.readers.subscribing import SignUpLimits, Subscribing
from tests.delivery.house import FRAME, KEY, hash_address
from tests.installed import install

FORM = ConsentOrigin(channel=ConsentChannel.FORM)
OPERATOR = "operator@example.org"
S = MailStatus


def subscribing(database: Database) -> Subscribing:
    return Subscribing(
        database=database,
        signer=LinkSigner([KEY]),
        suppression_key=KEY,
        limits=SignUpLimits(key=KEY, per_network=10**9, per_domain=10**9),
        public_url="https://news.example.org",
        again_after=timedelta(hours=12),
        queue_mail=queue_mail,
        welcome=lambda reader_id: {},
    )


def sender(database: Database, port: int, journals: Path, fault_hook: FaultHook) -> TransactionalSender:
    relay = Relay(host="127.0.0.1", port=port, waits=Waits(connect=5, command=5, body=5, final=5))
    return TransactionalSender(
        database=database,
        clock=SystemClock(),
        frame=replace(FRAME, list_id="", list_name="", archive_url=""),
        template_folders=template_folders(None),
        signer=LinkSigner([KEY]),
        message_ids=MessageIds(key=KEY, domain="news.example.org"),
        operator_address=OPERATOR,
        transport=lambda: Smtp(relay=relay),
        journals=journals,
        hash_address=hash_address,
        retry_policy=RetryPolicy(attempts=50, first=timedelta(0), longest=timedelta(0)),
        fault_hook=fault_hook,
    )


def deliver(url: str, port: int, journals: Path) -> None:
    """Send what waits, as `serve` does every few seconds, only in more of a hurry."""
    parent, clock, database = os.getppid(), SystemClock(), open_database(url)
    man = sender(database, port, journals, no_fault)
    while os.getppid() == parent:
        man.deliver()
        clock.sleep(timedelta(milliseconds=5))


def sign_up(url: str, first: int, promised: Path) -> None:
    """Let one after the other subscribe, and write down whom the page has promised a mail."""
    parent, clock, way_in = os.getppid(), SystemClock(), subscribing(open_database(url))
    for number in count(first):
        if os.getppid() != parent:
            return
        address = f"reader{number}@example.org"
        way_in.subscribe(address, "192.0.2.0/24", FORM, clock.now())
        with promised.open("a") as file:
            file.write(f"{address}\n")
        clock.sleep(timedelta(milliseconds=100))


def started(target: object, *arguments: object) -> BaseProcess:
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload([__name__])
    process = forks.Process(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
    process.start()
    return process


@dataclass(kw_only=True)
class Stage:
    """Single mails on their way to a server on this machine, and what became of them."""

    database: Database
    folder: Path
    server: Loopback
    promised: list[str] = field(default_factory=list)

    def subscribe(self, people: int) -> None:
        way_in, now = subscribing(self.database), SystemClock().now()
        for number in range(people):
            self.promised.append(f"reader{number}@example.org")
            way_in.subscribe(self.promised[-1], "192.0.2.0/24", FORM, now)

    def send(self, fault_hook: FaultHook = no_fault) -> None:
        sender(self.database, self.server.port, self.folder / "journal", fault_hook).deliver()

    def die_at(self, point: FaultPoint, times: int) -> None:
        """Send until the point is reached for the n-th time, and leave everything as a killed process does."""
        left = count(times, -1)

        def die(reached: FaultPoint) -> None:
            if reached is point and next(left) == 1:
                raise Died

        with pytest.raises(Died):
            self.send(die)

    def statuses(self) -> dict[str, MailStatus]:
        query = select(readers.c.address, mails.c.status).join_from(
            mails, readers, readers.c.id == mails.c.reader_id
        )
        with self.database.read() as connection:
            return {row.address: row.status for row in connection.execute(query)}

    @property
    def lost(self) -> list[str]:
        """Those who were promised a mail, have none, and are neither listed as unsure nor refused by their server."""
        found = self.statuses()
        excused = (S.UNSURE, S.REJECTED)
        return [
            each for each in self.promised if not self.server.counts[each] and found.get(each) not in excused
        ]

    @property
    def doubled(self) -> list[str]:
        return [each for each, times in self.server.counts.items() if times > 1 and each != OPERATOR]

    @property
    def unsure(self) -> int:
        return list(self.statuses().values()).count(S.UNSURE)

    @property
    def waiting(self) -> int:
        found = self.statuses().values()
        return sum(each in (S.PENDING, S.BEGUN) for each in found)


class Died(BaseException):
    """Stands for SIGKILL: nobody handles it."""


@pytest.fixture
def stage(database: Database, tmp_path: Path) -> Iterator[Stage]:
    with Loopback() as server:
        yield Stage(database=database, folder=tmp_path, server=server)


@pytest.mark.parametrize(
    ("point", "times", "unsure"),
    [
        (FaultPoint.WRITTEN, 1, 0),
        (FaultPoint.WRITTEN, 3, 0),
        (FaultPoint.BEGUN, 3, 0),
        (FaultPoint.CLEARED, 3, 0),
        (FaultPoint.STARTED, 5, 1),
        (FaultPoint.ANSWERED, 5, 1),
        (FaultPoint.NOTED, 5, 0),
        (FaultPoint.WINDOW_OVER, 2, 0),
    ],
)
def test_it_may_die_between_any_two_steps(stage: Stage, point: FaultPoint, times: int, unsure: int) -> None:
    stage.subscribe(12)
    stage.die_at(point, times)
    stage.send()
    assert (stage.lost, stage.doubled, stage.waiting) == ([], [], 0)
    assert stage.unsure == unsure
    assert list((stage.folder / "journal").iterdir()) == []


def test_it_may_die_while_it_takes_over(stage: Stage) -> None:
    stage.subscribe(12)
    stage.die_at(FaultPoint.STARTED, 5)
    stage.die_at(FaultPoint.TAKEN_OVER, 1)
    stage.send()
    assert (stage.lost, stage.doubled, stage.unsure) == ([], [], 1)


def test_without_its_journal_what_was_begun_is_unsure_once_its_time_is_over(stage: Stage) -> None:
    stage.subscribe(12)
    stage.die_at(FaultPoint.BEGUN, 3)
    shutil.rmtree(stage.folder / "journal")
    stage.send()
    assert (stage.doubled, stage.unsure, stage.waiting) == ([], 0, 4)
    later = replace(
        sender(stage.database, stage.server.port, stage.folder / "journal", no_fault),
        clock=MovedClock(SystemClock().now() + FORGOTTEN_AFTER),
    )
    later.deliver()
    assert (stage.lost, stage.doubled, stage.unsure, stage.waiting) == ([], [], 4, 0)


def test_two_at_once_double_nobody(stage: Stage) -> None:
    stage.subscribe(20)
    pair = [threading.Thread(target=stage.send) for _ in range(2)]
    for each in pair:
        each.start()
    for each in pair:
        each.join(60)
    stage.send()
    assert (stage.lost, stage.doubled, stage.unsure, stage.waiting) == ([], [], 0, 0)


def test_an_issues_sender_leaves_the_journal_for_the_successor(stage: Stage) -> None:
    stage.subscribe(3)
    stage.die_at(FaultPoint.STARTED, 1)
    with stage.database.read() as connection:
        needed = list_owners(connection)
    sweep(stage.folder / "journal", lambda owner: owner in needed)
    stage.send()
    assert (stage.lost, stage.doubled, stage.unsure) == ([], [], 1)


def test_an_alert_is_repeated_until_it_was_told(stage: Stage) -> None:
    told = Alerts(stage.database, SystemClock())
    for number in range(5):
        told.raise_once(f"paused:{number}", f"Issue #{number} is paused", "The server lets nobody in.")
    stage.die_at(FaultPoint.STARTED, 1)
    stage.die_at(FaultPoint.ANSWERED, 2)
    stage.send()
    with stage.database.read() as connection:
        assert connection.execute(select(alerts.c.key).where(alerts.c.delivered_at.is_(None))).all() == []
        kinds = connection.execute(select(mails.c.kind, mails.c.status)).all()
    assert {tuple(row) for row in kinds} == {(MailKind.ALERT, S.ACCEPTED)}
    # What was answered, and not noted before the sender died, is told twice.
    assert stage.server.counts[OPERATOR] == 6


def wait_until(is_so: Callable[[], bool]) -> None:
    clock = SystemClock()
    until = clock.monotonic() + 600
    while not is_so():
        assert clock.monotonic() < until
        clock.sleep(timedelta(milliseconds=2))


def rehearse(database: Database, folder: Path, kills: int, seed: int) -> Stage:
    """Kill senders and sign-ups at random until there were so many kills, then let the mails go out in peace."""
    chance, clock = random.Random(seed), SystemClock()
    trouble = RandomTrouble(tuple(Trouble), chance, share=0.02)
    promised = folder / "promised"
    promised.touch()
    with Loopback(faults=trouble) as server:
        stage = Stage(database=database, folder=folder, server=server)
        sending = (deliver, database.url, server.port, folder / "journal")
        man, visitors, first = started(*sending), started(sign_up, database.url, 0, promised), 0
        for _ in range(kills):
            if chance.random() < 0.7:
                enough = server.total + chance.randint(1, 5)
                wait_until(lambda: server.total >= enough)  # noqa: B023
            else:
                size = promised.stat().st_size
                wait_until(lambda: promised.stat().st_size > size)  # noqa: B023
            clock.sleep(timedelta(milliseconds=chance.uniform(0, 20)))
            if chance.random() < 0.7:
                man.kill()
                man.join()
                man = started(*sending)
            else:
                visitors.kill()
                visitors.join()
                first += 10_000
                visitors = started(sign_up, database.url, first, promised)
        visitors.kill()
        visitors.join()
        stage.promised = promised.read_text().split()
        wait_until(lambda: not stage.waiting)
        man.kill()
        man.join()
    assert stage.promised
    assert (stage.lost, stage.doubled, stage.waiting) == ([], [], 0)
    assert stage.unsure <= kills + trouble.dropped_after_the_dot
    return stage


def test_kills_at_random_moments_lose_and_double_nobody(sqlite_database: Database, tmp_path: Path) -> None:
    rehearse(sqlite_database, tmp_path, kills=3, seed=1)


@pytest.mark.rehearsal
@pytest.mark.parametrize("seed", [1, 2])
def test_a_hundred_kills_at_random_moments_lose_and_double_nobody(
    database: Database, tmp_path: Path, seed: int
) -> None:
    rehearse(database, tmp_path, kills=100, seed=seed)


# `newsletter serve` itself, with sign-ups waiting for a slow relay.


@contextmanager
def serving(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = [sys.executable, "-m", "newsletter", "--folder", str(folder), "serve"]
    with (
        (folder / "serve.log").open("ab") as log,
        subprocess.Popen(program, stdout=log, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def sign_up_and_kill_serve(folder: Path, people: int, kills: int) -> None:
    """Let people subscribe, kill `serve` again and again while their mails go out, and count."""
    chance, clock = random.Random(1), SystemClock()

    def slow(phase: Phase, recipient: str, connection: int) -> Misbehavior | None:
        return Misbehavior(wait=0.02) if phase in (Phase.RCPT, Phase.DOT, Phase.TAKEN) else None

    with Loopback(faults=slow) as server:
        install(folder, example=True)
        settings = folder / "newsletter.toml"
        smtp = f'[smtp]\nhost = "127.0.0.1"\nport = {server.port}\ntls = "none"\n'
        changes = {
            "http://localhost:8000": "https://news.example.org",
            "[mail]\n": '[mail]\ntransport = "smtp"\n',
            "[web]\n": "[web]\nport = 0\n",
            "[smtp]\n": smtp,
        }
        text = settings.read_text()
        for before, after in changes.items():
            text = text.replace(before, after, 1)
        settings.write_text(text)
        with closing(open_app(folder)) as app:
            stage = Stage(database=app.database, folder=folder, server=server)
            for killed in range(kills):
                for number in range(people):
                    address = f"reader{killed}-{number}@host{number}.example"
                    stage.promised.append(address)
                    app.subscribing.subscribe(address, f"{killed}.{number}", FORM, clock.now())
                with serving(folder) as process:
                    enough = server.total + chance.randint(1, people // 2)
                    while server.total < enough:
                        assert process.poll() is None, (folder / "serve.log").read_text()
                        clock.sleep(timedelta(milliseconds=2))
                    clock.sleep(timedelta(milliseconds=chance.uniform(0, 60)))
            app.transactional_sender.deliver()
            assert (stage.lost, stage.doubled, stage.waiting) == ([], [], 0)
            assert stage.unsure <= kills


def test_serve_is_killed_with_thirty_sign_ups_at_a_slow_relay(tmp_path: Path) -> None:
    sign_up_and_kill_serve(tmp_path / "weekly", people=30, kills=1)


@pytest.mark.rehearsal
def test_serve_is_killed_fifty_times_with_thirty_sign_ups_at_a_slow_relay(tmp_path: Path) -> None:
    sign_up_and_kill_serve(tmp_path / "weekly", people=30, kills=50)

"""The pages under load while an issue goes out: reading and subscribing mixed, and a flood of sign-ups.

The pages run as they do in `newsletter serve`, in a process of their own beside a sender; the visitors are connections
that ask again as soon as they are answered. Nothing that was answered may be lost, and no visitor may meet a fault.
"""

import asyncio
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from benchmarks.figures import Figure
from newsletter.app import App, open_app
from newsletter.db.statuses import ConsentChannel, ConsentEvent
from newsletter.delivery.store import start_issue
from newsletter.digest.draft import Drafted
from newsletter.editing.approve import approve
from newsletter.editing.draft import draft_at_once
from newsletter.installation import make_installation
from newsletter.readers.addresses import Address
from newsletter.readers.consents import ConsentOrigin
from newsletter.readers.links import Purpose
from newsletter.readers.store import NewReader, add_readers, get_reader
from tests.beside import run_beside
from tests.digest.week import WEEK

READERS = 100_000
SECONDS = 20.0
CONNECTIONS = 24
#: What is asked of the pages: requests a second, mixed; and sign-ups a second, of one who floods us.
MIXED, FLOOD = 200.0, 10_000 / 60

_OPEN = "\n[readers]\nnetwork_limit = 1000000\ndomain_limit = 1000000\n"


@dataclass(slots=True)
class Answers:
    """What came back: statuses, the addresses that were told to look into their mailbox, and how long answers took."""

    statuses: Counter[int] = field(default_factory=Counter)
    asked: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    seconds: float = 0.0
    #: What the pages' process took of the processors meanwhile: other work on the machine is not theirs.
    busy: float = 0.0
    locked: int = 0

    @property
    def rate(self) -> float:
        """Answers a second, by the clock."""
        return sum(self.statuses.values()) / self.seconds

    @property
    def rate_of_processor(self) -> float:
        """Answers a second of one processor's time."""
        return sum(self.statuses.values()) / max(self.busy, 1e-9)

    @property
    def faults(self) -> int:
        return sum(count for status, count in self.statuses.items() if status >= 500) + self.locked


def run() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        mixed, lost = mixed_load(Path(name) / "mixed", READERS, SECONDS)
        yield from _figures("load: reading and subscribing, 100k going out", mixed, MIXED)
        yield _none("load: faults", mixed.faults)
        yield _none("load: sign-ups lost", lost)
        flood, lost = flooded(Path(name) / "flood", SECONDS)
        yield from _figures("load: a flood of sign-ups", flood, FLOOD)
        yield _none("load: faults in the flood", flood.faults)
        yield _none("load: sign-ups of the flood lost", lost)


def mixed_load(folder: Path, readers: int, seconds: float) -> tuple[Answers, int]:
    """Reading, subscribing and choosing, mixed, while an issue goes out; the answers, and how many sign-ups are lost."""
    app = make_house(folder, readers)
    with app.database.read() as connection:
        salt = get_reader(connection, 1).salt
    preferences = f"/preferences/{app.links.token(Purpose.PREFERENCES, 1, reader_salt=salt)}"
    app.close()
    with pages(folder) as served, sending(folder):
        answers = visited(served, seconds, preferences)
    return answers, lost(folder, answers)


def flooded(folder: Path, seconds: float) -> tuple[Answers, int]:
    """Sign-ups only, each of another address; the answers, and how many are lost."""
    make_house(folder, 10).close()
    with pages(folder) as served:
        answers = visited(served, seconds, "")
    return answers, lost(folder, answers)


def make_house(folder: Path, readers: int) -> App:
    """An installation without limits, with an issue that begins to go out to these readers."""
    make_installation(folder, example=True)
    settings = folder / "newsletter.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("\n[readers]\n", _OPEN, 1), encoding="utf-8")
    app = open_app(folder)
    with app.content() as content:
        for pack in WEEK:
            content.import_pack(pack, app.clock.now())
    now = app.clock.now()
    fair = ConsentOrigin(channel=ConsentChannel.IMPORT, source="fair")
    with app.database.write() as connection:
        for start in range(0, readers, 2_000):
            addresses = (
                f"reader{number}@example.org" for number in range(start, min(start + 2_000, readers))
            )
            newcomers = [NewReader(address=Address(each, each), origin=fair) for each in addresses]
            add_readers(
                connection,
                newcomers,
                event=ConsentEvent.IMPORTED,
                suppression_key=app.suppression_key,
                now=now,
            )
    drafted = draft_at_once(app, even_thin=True)
    assert isinstance(drafted, Drafted)
    issue = approve(app, drafted.issue, "dora")
    start_issue(app.database, issue.id, now)
    return app


@dataclass(frozen=True, slots=True)
class Served:
    """The pages' port and process."""

    port: int
    process_id: int

    @property
    def busy(self) -> float:
        """Seconds that the process has had of the processors."""
        fields = Path(f"/proc/{self.process_id}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def visited(served: Served, seconds: float, preferences: str) -> Answers:
    """What visitors are answered in this time."""
    before = served.busy
    answers = run_beside(visit(served.port, seconds, preferences))
    answers.busy = served.busy - before
    return answers


@contextmanager
def pages(folder: Path) -> Iterator[Served]:
    """The pages in a process of their own."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "newsletter.web",
        "--folder",
        str(folder),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    with _process(command) as process_id:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield Served(port, process_id)


@contextmanager
def sending(folder: Path) -> Iterator[None]:
    """The sender of the latest issue, as `newsletter serve` starts it."""
    with _process([sys.executable, "-m", "newsletter", "--folder", str(folder), "send", "latest"]):
        yield


@contextmanager
def _process(command: list[str]) -> Iterator[int]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=os.getcwd(), **quiet)  # type: ignore[call-overload]
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


async def visit(port: int, seconds: float, preferences: str) -> Answers:
    """Visitors on some connections, each asking again once answered. Without `preferences` they only sign up."""
    answers = Answers()
    start = time.monotonic()
    await asyncio.gather(
        *(_visitor(port, start + seconds, preferences, answers, number) for number in range(CONNECTIONS))
    )
    answers.seconds = time.monotonic() - start
    return answers


async def _visitor(port: int, until: float, preferences: str, answers: Answers, number: int) -> None:
    chance = random.Random(number)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    turn = 0
    while time.monotonic() < until:
        turn += 1
        address = ""
        # Half read, a third choose or look at the form, the others sign up.
        wanted = chance.random() if preferences else 1.0
        if wanted < 0.5:
            path = chance.choice(("/archive", "/archive/weekly-1", "/feed.atom"))
        elif wanted < 0.75:
            path = chance.choice((preferences, "/subscribe"))
        else:
            path, address = "/subscribe", f"visitor{number}-{turn}@example.net"
        begun = time.monotonic()
        status, body = await _ask(reader, writer, path, address)
        answers.waits.append(time.monotonic() - begun)
        answers.statuses[status] += 1
        answers.locked += b"locked" in body
        if address and status == 200:
            answers.asked.append(address)
    writer.close()


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, address: str
) -> tuple[int, bytes]:
    """One request on an open connection: a form with the address, or a page to read."""
    body = f"address={quote(address)}".encode() if address else b""
    head = f"{'POST' if address else 'GET'} {path} HTTP/1.1\r\nHost: localhost:8000\r\n"
    if body:
        head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    writer.write(head.encode() + b"\r\n" + body)
    await writer.drain()
    answer = await reader.readuntil(b"\r\n\r\n")
    lines = answer.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    length = int(headers.get("content-length", "0"))
    return int(lines[0].split()[1]), await reader.readexactly(length)


def lost(folder: Path, answers: Answers) -> int:
    """How many addresses were told to look into their mailbox and have no mail that waits for them."""
    query = (
        "SELECT readers.address FROM mails JOIN readers ON readers.id = mails.reader_id "
        "WHERE mails.kind = 'confirmation'"
    )
    with closing(sqlite3.connect(folder / "subscribers.db")) as connection:
        queued = {address for (address,) in connection.execute(query)}
    return len(set(answers.asked) - queued)


def _figures(name: str, answers: Answers, asked: float) -> Iterator[Figure]:
    rates = (
        (name, "requests/s", "what is asked, by processor time", answers.rate_of_processor, 1.0),
        (f"{name}, by the clock", "requests/s", "what is asked", answers.rate, None),
    )
    for title, unit, beside, rate, at_least in rates:
        yield Figure(
            name=title,
            value=rate,
            unit=unit,
            beside=beside,
            limit=asked,
            ratio=rate / asked,
            at_least=at_least,
        )


def _none(name: str, count: int) -> Figure:
    return Figure(name=name, value=count, unit="", beside="none", limit=1, ratio=count, at_most=0)

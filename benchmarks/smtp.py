"""A whole issue by SMTP, ledger and journal included, beside Postfix's smtp-source with messages of the same size.

Both send to the same smtp-sink in turns, by the clock: from before the first connection until the issue is sent, or
the program has ended. What a sender can do where the sink does not limit is measured with one that only looks for the
end of a message. An issue is large enough for what it costs to begin (a tenth of a second) not to count, as in real
ones. With 20 ms between client and server what counts is round trips.
"""

import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure
from newsletter.clock import SystemClock
from newsletter.db.engine import open_database
from newsletter.db.schema import metadata
from newsletter.delivery.ledger import Recipient
from newsletter.delivery.message import Mailing
from newsletter.delivery.store import start_issue
from newsletter.delivery.transports.smtp.sending import Smtp
from newsletter.delivery.transports.smtp.wire import Relay
from newsletter.render.plan import Block, Plan
from tests.conftest import THURSDAY
from tests.delivery.house import PLAN, add_issue, add_readers, mailing, sender

MESSAGES, CONNECTIONS, TURNS = 12_000, 8, 5
RATE = 4_000
ROUND_TRIP, FAR_CONNECTIONS, FAR_MESSAGES = 0.020, 4, 1_600


def run() -> Iterator[Figure]:
    for size in (60_000, 100_000):
        yield _beside_smtp_source(size)
    yield from _unlimited()
    yield _far_away()


@dataclass(frozen=True, slots=True)
class _Speed:
    """Messages a second: by the clock, and by this process's own processor time."""

    by_clock: float
    by_work: float


def _beside_smtp_source(size: int) -> Figure:
    mail = mailing_of(size)
    with _smtp_sink() as port:
        _send(mail, port, MESSAGES // 4, CONNECTIONS)
        turns = [
            (_send(mail, port, MESSAGES, CONNECTIONS).by_clock, _source(mail, port)) for _ in range(TURNS)
        ]
    rates, limits = zip(*turns, strict=True)
    return Figure(
        name=f"SMTP, {size // 1000} KB",
        value=median(rates),
        unit="messages/s by the clock",
        beside="smtp-source to the same smtp-sink",
        limit=median(limits),
        ratio=median(rate / limit for rate, limit in turns),
        at_least=1,
    )


def _unlimited() -> Iterator[Figure]:
    """The best of several turns: other work on the machine can only take away."""
    mail = mailing_of(60_000)
    with _printing_its_port("benchmarks.sink") as port:
        turns = [_send(mail, port, MESSAGES, CONNECTIONS) for _ in range(TURNS)]
    yield _beside_the_promise("messages/s by the clock", max(each.by_clock for each in turns))
    yield _beside_the_promise("messages/s of own processor time", max(each.by_work for each in turns))


def _beside_the_promise(unit: str, value: float) -> Figure:
    return Figure(
        name="SMTP, 60 KB, into a sink that does not limit",
        value=value,
        unit=unit,
        beside="the promise",
        limit=RATE,
        ratio=value / RATE,
        at_least=1,
    )


def _far_away() -> Figure:
    """One round trip a message is the limit of what pipelining can do on a connection."""
    with _smtp_sink() as port, _printing_its_port("benchmarks.distance", port, ROUND_TRIP) as far:
        rate = _send(mailing_of(60_000), far, FAR_MESSAGES, FAR_CONNECTIONS).by_clock
    limit = FAR_CONNECTIONS / ROUND_TRIP
    return Figure(
        name="SMTP, 60 KB, 20 ms away",
        value=rate,
        unit="messages/s by the clock",
        beside="one message a round trip and connection",
        limit=limit,
        ratio=rate / limit,
        at_least=0.8,
    )


def mailing_of(size: int) -> Mailing:
    """A mail of about so many bytes on the wire."""
    line = "word " * 14 + "end\n"
    padding = Block("", ("<p>", line * ((size - 2_000) // (len(line) + 1)), "</p>\n"))
    return mailing(plan=Plan(headers=PLAN.headers, text=PLAN.text, html=(*PLAN.html, padding)))


def _send(mail: Mailing, port: int, messages: int, connections: int) -> _Speed:
    """Send an issue."""
    with tempfile.TemporaryDirectory() as name:
        database = open_database(f"sqlite:///{Path(name) / 'bench.db'}")
        metadata.create_all(database.write_engine)
        add_readers(database, messages)
        add_issue(database)
        start_issue(database, 1, THURSDAY)
        relay = Relay(host="127.0.0.1", port=port)
        transport = Smtp(relay=relay, connections=connections, messages_per_connection=messages)
        sending = sender(database, transport, Path(name), mailings={"everybody": mail})
        start, work = time.perf_counter(), _processor_seconds()
        sending.send()
        seconds, work = time.perf_counter() - start, _processor_seconds() - work
        database.close()
    return _Speed(messages / seconds, messages / work)


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _source(mail: Mailing, port: int) -> float:
    """smtp-source's messages a second with as many bytes."""
    size = len(mail.compose(Recipient(reader_id=1, address="reader1@example.org", attempts=0)))
    options = ("-d", "-l", str(size), "-m", str(MESSAGES), "-s", str(CONNECTIONS))
    command = (
        _program("smtp-source"),
        *options,
        "-f",
        "a@example.org",
        "-t",
        "b@example.org",
        f"127.0.0.1:{port}",
    )
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return MESSAGES / (time.perf_counter() - start)


@contextmanager
def _smtp_sink() -> Iterator[int]:
    """A running smtp-sink; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    command = (_program("smtp-sink"), "-u", "nobody", f"127.0.0.1:{port}", "500")
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as sink:
        try:
            _wait_until_it_listens(port)
            yield port
        finally:
            sink.terminate()


def _wait_until_it_listens(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            SystemClock().sleep(timedelta(milliseconds=20))
        else:
            return
    raise RuntimeError("smtp-sink does not listen")


def _program(name: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/bin")
    if found is None:
        raise RuntimeError(f"{name} is not installed (Debian package postfix); `make parts` installs it")
    return found


@contextmanager
def _printing_its_port(module: str, *arguments: object) -> Iterator[int]:
    """A server of ours in a process of its own, not to share our interpreter; yields its port."""
    command = (sys.executable, "-m", module, *map(str, arguments))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.terminate()

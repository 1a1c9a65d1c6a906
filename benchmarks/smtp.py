"""A whole issue by SMTP, ledger and journal included, beside Postfix's smtp-source with messages of the same size.

Both send to the same smtp-sink in turns. With 20 ms between client and server what counts is round trips.
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
from datetime import timedelta
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure
from newsletter.clock import SystemClock
from newsletter.db.engine import open_database
from newsletter.db.schema import metadata
from newsletter.delivery.ledger import Recipient
from newsletter.delivery.message import Mailing
from newsletter.delivery.smtp import Smtp
from newsletter.delivery.smtp_wire import Relay
from newsletter.delivery.store import start_issue
from newsletter.render.plan import Block, Plan
from tests.conftest import THURSDAY
from tests.delivery.house import PLAN, add_issue, add_readers, mailing, sender

MESSAGES, CONNECTIONS, TURNS = 4_000, 8, 3
RATE = 4_000
ROUND_TRIP, FAR_CONNECTIONS, FAR_MESSAGES = 0.020, 4, 1_600


def run() -> Iterator[Figure]:
    for size in (60_000, 100_000):
        yield from _beside_smtp_source(size)
    yield _far_away()


def _beside_smtp_source(size: int) -> Iterator[Figure]:
    mail = _mailing(size)
    with _smtp_sink() as port:
        turns = [(_send(mail, port, MESSAGES, CONNECTIONS), _source(mail, port)) for _ in range(TURNS)]
    rates, works, limits = zip(*((rate, work, limit) for (rate, work), limit in turns), strict=True)
    name = f"SMTP, {size // 1000} KB"
    yield Figure(
        name=name,
        value=median(rates),
        unit="messages/s",
        beside="smtp-source to the same smtp-sink",
        limit=median(limits),
        ratio=median(rate / limit for rate, limit in zip(rates, limits, strict=True)),
        at_least=1,
    )
    if size == 60_000:
        yield Figure(
            name=f"{name}: into a sink that does not limit",
            value=max(works),
            unit="messages/s of own processor time",
            beside="the promise",
            limit=RATE,
            ratio=max(works) / RATE,
            at_least=1,
        )


def _far_away() -> Figure:
    """One round trip a message is the limit of what pipelining can do on a connection."""
    with _smtp_sink() as port, _delayed(port, ROUND_TRIP) as far:
        rate, _ = _send(_mailing(60_000), far, FAR_MESSAGES, FAR_CONNECTIONS)
    limit = FAR_CONNECTIONS / ROUND_TRIP
    return Figure(
        name="SMTP, 60 KB, 20 ms away",
        value=rate,
        unit="messages/s",
        beside="one message a round trip and connection",
        limit=limit,
        ratio=rate / limit,
        at_least=0.8,
    )


def _mailing(size: int) -> Mailing:
    """A mail of about so many bytes on the wire."""
    line = "word " * 14 + "end\n"
    padding = Block("", ("<p>", line * ((size - 2_000) // (len(line) + 1)), "</p>\n"))
    return mailing(plan=Plan(headers=PLAN.headers, text=PLAN.text, html=(*PLAN.html, padding)))


def _send(mail: Mailing, port: int, messages: int, connections: int) -> tuple[float, float]:
    """Messages a second of an issue, by the clock and by this process's own processor time."""
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
    return messages / seconds, messages / work


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
        _wait_until_it_listens(port)
        yield port
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
def _delayed(port: int, round_trip: float) -> Iterator[int]:
    """A port that leads to another one, a round trip away; in a process of its own, not to share our interpreter."""
    command = (sys.executable, "-m", "benchmarks.distance", str(port), str(round_trip))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as distance:
        assert distance.stdout is not None
        yield int(distance.stdout.readline())
        distance.terminate()

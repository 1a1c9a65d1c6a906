"""Requests to SendGrid's API, prepared and posted to a server that only reads them, beside encoding the JSON alone."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.compose import issue_plan
from benchmarks.figures import Figure
from newsletter.clock import SystemClock
from newsletter.delivery.ledger import Recipient
from newsletter.delivery.states import Event
from newsletter.delivery.transports.sendgrid.sending import LIMIT, SendGrid
from tests.delivery.house import mailing

#: The best of many short turns: other work on the machine can only take away.
RATE, TURNS = 40_000, 151


def run() -> Iterator[Figure]:
    mail, readers = mailing(12, issue_plan()), _readers()
    with _server() as port:
        account = SendGrid(api_key="key", url=f"http://127.0.0.1:{port}", now=SystemClock().now)
        session = account.open()
        spent = []
        for _ in range(TURNS):
            start = time.process_time()
            outcomes = list(session.send(readers, mail, lambda who: None))
            spent.append(time.process_time() - start)
            assert {each.event for each in outcomes} == {Event.ACCEPT}
    rate = LIMIT / min(spent)
    bare = _encoding_alone()
    yield _figure(rate, "the promise", RATE, at_least=1)
    yield _figure(rate, "encoding the JSON alone", bare, at_least=None)


def _figure(rate: float, beside: str, limit: float, at_least: float | None) -> Figure:
    return Figure(
        name="SendGrid: prepared and posted",
        value=rate,
        unit="readers/s of own processor time",
        beside=beside,
        limit=limit,
        ratio=rate / limit,
        at_least=at_least,
    )


def _readers() -> list[Recipient]:
    return [
        Recipient(reader_id=number, address=f"reader{number}@example.org", attempts=0)
        for number in range(LIMIT)
    ]


def _encoding_alone() -> float:
    """Readers a second whose ready personalizations the standard library encodes."""
    from newsletter.delivery.transports.sendgrid.requests import RequestWriter

    writer = RequestWriter(mailing(12, issue_plan()), sandbox=False)
    request = json.loads(writer.request([writer.personalization(each) for each in _readers()]))
    spent = []
    for _ in range(TURNS):
        start = time.process_time()
        json.dumps(request).encode()
        spent.append(time.process_time() - start)
    return LIMIT / min(spent)


_SERVER = """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, 1 << 20)))
        self.send_response(202)
        self.send_header("X-Message-Id", "bench")
        self.end_headers()

    def log_message(self, *arguments):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


@contextmanager
def _server() -> Iterator[int]:
    """A server in a process of its own; yields its port."""
    command = (sys.executable, "-c", _SERVER)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.terminate()

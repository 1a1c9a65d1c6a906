"""Strangers who send half of something, much, or nothing: what they can hold, and for how long."""

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.requests import ClientDisconnect

from newsletter.clock import MovedClock, SystemClock
from newsletter.config import Settings
from newsletter.delivery.transports import TRANSPORTS, webhook_path
from newsletter.errors import ConfigError
from newsletter.schedule.listening import PortTaken, listen
from newsletter.web.application import make_web
from newsletter.web.security import MOST_BODY, MOST_UNDER_WAY, Guard
from newsletter.web.server import server_config
from tests.beside import run_beside
from tests.web.house import House

WEBHOOK = webhook_path("sendgrid")


async def read_all(scope: Any, receive: Any, send: Any) -> None:
    """A page that reads the body and says how long it is."""
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(length).encode()})


class Visitor:
    """One request to a guard, and what came back."""

    def __init__(self, guard: Guard, path: str = "/subscribe") -> None:
        self.guard, self.path = guard, path
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.status = 0

    async def go(self) -> int:
        async def send(message: Any) -> None:
            self.status = message.get("status", self.status)

        scope = {"type": "http", "method": "POST", "path": self.path, "query_string": b"", "headers": []}
        await self.guard(scope, self.sent.get, send)
        return self.status

    def say(self, body: bytes, *, more: bool) -> None:
        self.sent.put_nowait({"type": "http.request", "body": body, "more_body": more})


@pytest.fixture
def guard() -> Guard:
    return Guard(read_all, Settings(folder=Path()))


def test_a_body_has_a_time_in_all_however_it_is_cut() -> None:
    guard = Guard(read_all, Settings(folder=Path()), body_seconds=0.3)

    async def drip() -> int:
        visitor = Visitor(guard)
        answer = asyncio.create_task(visitor.go())
        while not answer.done():
            visitor.say(b"a", more=True)
            await asyncio.sleep(0.05)
        return answer.result()

    assert run_beside(drip()) == 408


def test_long_bodies_under_way_are_bounded_together_and_let_go(guard: Guard) -> None:
    async def many() -> tuple[list[int], int]:
        count = MOST_UNDER_WAY // 2**20
        visitors = [Visitor(guard, WEBHOOK) for _ in range(count + 3)]
        answers = [asyncio.create_task(each.go()) for each in visitors]
        for each in visitors:
            each.say(b"x" * 2**20, more=True)
        await asyncio.sleep(0.1)
        refused = [each.result() for each in answers if each.done()]
        form = Visitor(guard)
        form.say(b"x" * MOST_BODY, more=False)
        assert await form.go() == 200
        for each in visitors:
            each.say(b"", more=False)
        rest = await asyncio.gather(*answers)
        assert len(rest) - len(refused) == count
        return refused, guard.under_way

    refused, left = run_beside(many())
    assert (refused, left) == ([503, 503, 503], 0)


def test_who_goes_away_in_the_middle_leaves_no_trace_in_the_log(
    guard: Guard, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = Visitor(guard)
    visitor.say(b"a", more=True)
    visitor.sent.put_nowait({"type": "http.disconnect"})
    with caplog.at_level(logging.INFO):
        run_beside(visitor.go())
    assert caplog.records == []


def test_without_a_key_a_webhook_reads_no_body(house: House) -> None:
    headers = dict.fromkeys(TRANSPORTS["sendgrid"].webhook_headers, "1")

    asked: list[str] = []

    async def receive() -> Any:
        asked.append("body")
        return {"type": "http.disconnect"}

    async def go() -> int:
        status = 0

        async def send(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)

        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {
            "type": "http",
            "method": "POST",
            "path": WEBHOOK,
            "raw_path": WEBHOOK.encode(),
            "query_string": b"",
            "headers": raw,
        }
        await make_web(house.app)(scope, receive, send)
        return status

    assert run_beside(go()) == 403
    assert asked == []


@pytest.fixture
def impatient(house: House) -> Iterator[int]:
    """The pages as they are served, with little patience; the port."""
    with listen("127.0.0.1", 0) as listening:
        running = uvicorn.Server(server_config(make_web(house.app), house.app, head_seconds=0.3))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        while not running.started:
            SystemClock().sleep(timedelta(milliseconds=10))
        yield listening.getsockname()[1]
        running.should_exit = True
        thread.join()


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /hea",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    ],
)
def test_half_a_request_is_not_waited_for_for_ever(impatient: int, begun: bytes) -> None:
    with socket.create_connection(("127.0.0.1", impatient), timeout=10) as client:
        client.sendall(begun)
        said = b""
        while more := client.recv(4096):
            said += more
    assert said == b""


# The port of the pages.

NOW = timedelta(0)


def test_a_port_in_use_and_a_wrong_host_are_one_sentence() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} at 127.0.0.1 is taken by another program"):
            listen("127.0.0.1", port, patience=NOW)
    for host, words in (
        ("203.0.113.9", "no address of this machine"),
        ("no host.invalid", "no machine is called so"),
    ):
        with pytest.raises(ConfigError, match=words):
            listen(host, 0, patience=NOW)


def test_a_port_that_was_let_go_just_now_is_waited_for() -> None:
    taken = listen("127.0.0.1", 0)
    port = taken.getsockname()[1]

    class LettingGo(MovedClock):
        def sleep(self, duration: timedelta) -> None:
            super().sleep(duration)
            taken.close()

    listen("127.0.0.1", port, clock=LettingGo(SystemClock().now())).close()

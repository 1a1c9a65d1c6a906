"""Telling a URL of alerts: once each, again where it is not taken, on both databases."""

import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest

from newsletter.clock import MovedClock
from newsletter.db.engine import Database
from newsletter.delivery.alerts import NEWS, TRIES, Alerts, AlertWebhook
from tests.conftest import THURSDAY


class Hook(ThreadingHTTPServer):
    """Somebody's URL, which keeps what it is told and answers as it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.answer = 204
        self.released = Event()
        self.released.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?secret=word"


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.keys.append(self.headers["Idempotency-Key"])
        self.server.released.wait(10)
        self.send_response(self.server.answer)
        if self.server.answer == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as hook:
        Thread(target=hook.serve_forever, daemon=True).start()
        yield hook
        hook.released.set()
        hook.shutdown()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(THURSDAY)


def alert_webhook(database: Database, clock: MovedClock, url: str) -> AlertWebhook:
    return AlertWebhook(database=database, clock=clock, url=url, newsletter="Weekly Verdicts", timeout=0.5)


def raise_alert(database: Database, clock: MovedClock, key: str = "paused:1:3") -> None:
    Alerts(database, clock).raise_once(key, "Issue #1 is paused", "The server lets nobody in.")


def test_a_url_is_told_of_an_event_once(database: Database, clock: MovedClock, hook: Hook) -> None:
    raise_alert(database, clock)
    raise_alert(database, clock)
    assert [alert_webhook(database, clock, hook.url).deliver() for _ in range(2)] == [1, 0]
    assert hook.keys == ["paused:1:3"]
    assert hook.told == [
        {
            "event": "paused:1:3",
            "at": THURSDAY.isoformat(),
            "newsletter": "Weekly Verdicts",
            "subject": "Issue #1 is paused",
            "body": "The server lets nobody in.",
            "text": "Issue #1 is paused\n\nThe server lets nobody in.",
        }
    ]


@pytest.mark.parametrize("answer", [302, 404, 500])
def test_what_is_not_taken_is_told_again_later(
    database: Database, clock: MovedClock, hook: Hook, answer: int
) -> None:
    raise_alert(database, clock)
    hook.answer = answer
    man = alert_webhook(database, clock, hook.url)
    assert (man.deliver(), man.deliver()) == (0, 0)
    hook.answer = 200
    clock.move(timedelta(minutes=1))
    assert man.deliver() == 1
    assert len(hook.told) == 2


def test_a_url_that_never_answers_holds_nobody_up_for_long(
    database: Database, clock: MovedClock, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    raise_alert(database, clock)
    hook.released.clear()
    assert alert_webhook(database, clock, hook.url).deliver() == 0
    assert "cannot be reached (TimeoutError)" in caplog.text
    assert "secret" not in caplog.text


def test_it_gives_up_after_so_many_tries(database: Database, clock: MovedClock, hook: Hook) -> None:
    raise_alert(database, clock)
    hook.answer = 500
    for _ in range(TRIES + 3):
        alert_webhook(database, clock, hook.url).deliver()
        clock.move(timedelta(hours=1))
    assert len(hook.told) == TRIES


def test_old_events_are_no_news_to_a_new_url(database: Database, clock: MovedClock, hook: Hook) -> None:
    raise_alert(database, clock, "old")
    clock.move(NEWS)
    raise_alert(database, clock, "new")
    assert alert_webhook(database, clock, hook.url).deliver() == 1
    assert hook.keys == ["new"]


def test_without_a_url_nobody_is_told(database: Database, clock: MovedClock) -> None:
    raise_alert(database, clock)
    assert alert_webhook(database, clock, "").deliver() == 0

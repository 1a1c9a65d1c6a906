"""The pages behind a real server: a proxy's word, heads that are too long, reading and subscribing at once."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from newsletter.web.__main__ import main
from newsletter.web.server import MOST_HEAD
from tests.installed import install
from tests.web.house import House
from tests.web.test_browser import served as served


def ask(url: str, fields: dict[str, str] | None = None, **headers: str) -> int:
    """Request a page; the status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = urlencode(fields).encode() if fields is not None else None
    try:
        with urlopen(Request(url, body, named), timeout=30) as answer:
            answer.read()
            status: int = answer.status
            return status
    except HTTPError as error:
        error.close()
        return error.code


def test_visitors_behind_a_proxy_are_counted_by_their_own_networks(served: tuple[House, str]) -> None:
    _, base = served
    statuses = [
        ask(
            f"{base}/subscribe",
            {"address": f"a{number}@example{number}.org"},
            X_Forwarded_For=f"198.51.{number}.1",
        )
        for number in range(25)
    ]
    assert statuses == [200] * 25
    one = [
        ask(f"{base}/subscribe", {"address": f"b{number}@example{number}.org"}, X_Forwarded_For="203.0.113.9")
        for number in range(25)
    ]
    assert one == [200] * 20 + [429] * 5


def test_a_visitor_cannot_make_up_a_network(served: tuple[House, str]) -> None:
    """What stands before the address that the proxy added is the visitor's own invention."""
    _, base = served
    statuses = [
        ask(
            f"{base}/subscribe",
            {"address": f"a{number}@example{number}.org"},
            X_Forwarded_For=f"198.51.{number}.1, 203.0.113.9",
        )
        for number in range(25)
    ]
    assert statuses == [200] * 20 + [429] * 5


def test_a_head_that_is_too_long_is_refused(served: tuple[House, str]) -> None:
    _, base = served
    host, _, port = base.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as visitor:
        visitor.sendall(b"GET /subscribe HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * (2 * MOST_HEAD))
        assert visitor.recv(100).startswith(b"HTTP/1.1 400")


def test_reading_and_subscribing_at_once_loses_nothing(served: tuple[House, str]) -> None:
    house, base = served

    def visit(number: int) -> int:
        if number % 2:
            return ask(f"{base}/subscribe")
        return ask(
            f"{base}/subscribe",
            {"address": f"a{number}@example{number}.org"},
            X_Forwarded_For=f"198.{number % 250}.{number // 250}.1",
        )

    with ThreadPoolExecutor(20) as visitors:
        statuses = list(visitors.map(visit, range(400)))
    assert set(statuses) == {200}
    assert len(house.rows()["readers"]) == 200


def test_the_description_of_the_api_is_served(served: tuple[House, str]) -> None:
    _, base = served
    with urlopen(f"{base}/openapi.json", timeout=10) as answer:
        assert "/api/subscriptions" in json.loads(answer.read())["paths"]


def test_the_program_says_what_it_misses(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert main(["--folder", str(tmp_path)]) == 2
    assert f"newsletter --folder {tmp_path} init" in caplog.text


def test_a_port_that_is_taken_is_a_failure_in_one_sentence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install(tmp_path / "weekly", example=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["--folder", str(tmp_path / "weekly"), "--port", port]) == 1
    assert f"Port {port} at 127.0.0.1 is taken by another program" in caplog.text

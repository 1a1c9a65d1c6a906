"""Opening links: what answers and what does not, and that nothing reaches into a private network."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from newsletter.editing.checks.links import Opener, is_public

HERE = "127.0.0.1"


class Site(BaseHTTPRequestHandler):
    """A site with a page, a gap, a redirect to each, one in a circle, and one into the private network."""

    asked: list[tuple[str, str]] = []  # noqa: RUF012
    answers = {"/page": 200, "/gap": 404, "/shy": 403, "/only-get": 405}  # noqa: RUF012
    leads = {"/moved": "/page", "/circle": "/circle", "/inside": "http://10.0.0.1/", "/up": "/gap"}  # noqa: RUF012

    def do_HEAD(self) -> None:
        self.asked.append((self.path, self.headers["Host"]))
        status = 302 if self.path in self.leads else self.answers.get(self.path, 500)
        self.send_response(200 if self.command == "GET" else status)
        self.send_header("Location", self.leads.get(self.path, ""))
        self.end_headers()

    do_GET = do_HEAD

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer((HERE, 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def opener(port: int) -> Opener:
    """One that may open this machine's own server, and resolves every name to it."""
    return Opener(
        resolve=lambda host, _: (host if host[0].isdigit() else HERE,),
        allowed=frozenset({HERE}),
        ports=frozenset({port}),
        seconds=5,
    )


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/page", ""),
        ("/moved", ""),
        ("/shy", ""),
        ("/only-get", ""),
        ("/gap", "it answers 404"),
        ("/up", "it answers 404"),
        ("/circle", "it leads on more than 5 times"),
        ("/inside", "it leads into a private network and was not opened"),
    ],
)
def test_links_are_opened_and_followed_but_never_inside(port: int, path: str, fault: str) -> None:
    assert opener(port).fault(f"http://site.example:{port}{path}") == fault


def test_the_name_is_asked_for_once_and_the_connection_goes_where_it_pointed(port: int) -> None:
    names: list[str] = []

    def rebinding(host: str, _: int) -> tuple[str, ...]:
        names.append(host)
        return (HERE,) if len(names) == 1 else ("203.0.113.9",)

    mine = Opener(resolve=rebinding, allowed=frozenset({HERE}), ports=frozenset({port}), seconds=5)
    assert mine.fault(f"http://once.example:{port}/page") == ""
    assert names == ["once.example"]
    assert Site.asked[-1] == ("/page", f"once.example:{port}")


@pytest.mark.parametrize(
    ("scheme", "drip"),
    [
        ("http", b""),
        ("http", b"HTTP/1.1 200 OK\r\n"),
        ("http", b"HTTP/1.1 302 Found\r\nLocation: /page\r\nX-A: b"),
        # A record of a handshake, longer than what follows.
        ("https", b"\x16\x03\x03\x3f\xff"),
    ],
)
def test_a_server_that_drips_is_waited_for_no_longer_than_the_link_may_take(scheme: str, drip: bytes) -> None:
    over = threading.Event()

    def answer() -> None:
        # Whoever asked may be gone before a busy machine comes to accept.
        with suppress(OSError), server.accept()[0] as client:
            client.sendall(drip)
            while not over.wait(0.05):
                client.sendall(b"a")

    with socket.create_server((HERE, 0)) as server:
        port = server.getsockname()[1]
        dripping = threading.Thread(target=answer, daemon=True)
        dripping.start()
        mine = replace(opener(port), seconds=0.4)
        assert mine.fault(f"{scheme}://slow.example:{port}/") == "it takes longer than 0.4 seconds"
        over.set()
        dripping.join(10)


@pytest.mark.parametrize(
    "addresses", [(HERE,), ("203.0.114.1", "192.168.1.1"), ("::1",), ("::ffff:10.0.0.1",)]
)
def test_one_private_address_is_enough_to_open_nothing(port: int, addresses: tuple[str, ...]) -> None:
    asked = len(Site.asked)
    mine = Opener(resolve=lambda host, _: addresses, ports=frozenset({port}), seconds=5)
    assert (
        mine.fault(f"http://site.example:{port}/page") == "it leads into a private network and was not opened"
    )
    assert len(Site.asked) == asked


def test_other_ports_than_the_webs_are_not_opened() -> None:
    mine = Opener(resolve=lambda host, _: ("93.184.216.34",), seconds=1)
    assert mine.fault("http://site.example:25/") == "port 25 is none of the web's, and was not opened"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_public_addresses_are_those_of_the_open_network(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_nobody_there_is_said_in_words(port: int) -> None:
    def unknown(host: str, _: int) -> tuple[str, ...]:
        raise OSError

    assert Opener(resolve=unknown).fault("https://gone.example/") == "nobody answers (OSError)"
    assert Opener().fault("mailto:a@example.org") == "it is no web address"


def test_a_resolver_that_says_nothing_is_waited_for_no_longer_than_the_link_may_take(port: int) -> None:
    over = threading.Event()

    def resolve(host: str, port: int) -> tuple[str, ...]:
        over.wait(30)
        return (HERE,)

    try:
        slow = replace(opener(port), resolve=resolve, seconds=0.2)
        assert slow.fault(f"http://example.org:{port}/page") == "it takes longer than 0.2 seconds"
        assert not over.is_set()
    finally:
        over.set()

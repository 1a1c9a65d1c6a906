"""The link check: whether the issue's links can be opened. Never on a private network: what a pack names must not reach in where we stand.

Each name is resolved once, every address that it has must be a public one, and the connection goes to one of those very
addresses; each redirect is another link and is looked at in the same way. Only the first line of the answer is read.
"""

import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, ip_address
from threading import Thread, Timer
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from newsletter.digest.content import IssueContent
from newsletter.editing.checks.content import all_links, is_web_address
from newsletter.editing.checks.findings import Finding, warning

#: A host and port to its addresses; raises OSError.
Resolve = Callable[[str, int], tuple[str, ...]]

REDIRECTS, TOGETHER, SECONDS, MOST = 5, 8, 10.0, 200
#: 64:ff9b::/96, by which an IPv6 network reaches IPv4 addresses (RFC 6052).
_NAT64 = int(IPv6Address("64:ff9b::")) >> 32
_PORTS = {"http": 80, "https": 443}
_MOVED = (301, 302, 303, 307, 308)
_IN_PATHS = "/?&=%:@!$'()*+,;~-._"
#: These say that somebody is there who does not want to be asked by a program.
_THERE = (401, 403, 405, 406, 429, 503)


def resolve(host: str, port: int) -> tuple[str, ...]:
    """Look up the addresses of a host; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Opens links. `allowed` are addresses that are opened though they are no public ones, and `ports` more of their ports."""

    resolve: Resolve = resolve
    allowed: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset()
    seconds: float = SECONDS

    def fault(self, url: str) -> str:
        """Return why a link cannot be opened, in words; empty where it can. `seconds` are for all of it."""
        with _Deadline(self.seconds) as deadline:
            for _ in range(REDIRECTS + 1):
                try:
                    status, location = self._ask(url, deadline)
                except _RefusedError as refused:
                    return str(refused)
                except socket.gaierror:
                    return "nobody knows its host"
                except (OSError, HTTPException, UnicodeError, ValueError) as error:
                    if deadline.is_over:
                        return self._too_slow
                    return f"nobody answers ({type(error).__name__})"
                if deadline.is_over:
                    return self._too_slow
                if status not in _MOVED or not location:
                    return "" if status < 400 or status in _THERE else f"it answers {status}"
                url = urljoin(url, location)
        return f"it leads on more than {REDIRECTS} times"

    @property
    def _too_slow(self) -> str:
        return f"it takes longer than {self.seconds:g} seconds"

    def _ask(self, url: str, deadline: "_Deadline") -> tuple[int, str]:
        """Return status and Location of what stands there."""
        if not is_web_address(url):
            raise _RefusedError("it is no web address")
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
        host = _ascii(parts.hostname or "")
        address = self._address(host, port, deadline)
        with closing(_connect(parts, host, address, port, self.seconds)) as connection:
            deadline.watch(connection)
            status, location = _request(connection, "HEAD", parts)
            if status in (405, 501):
                connection.close()
                status, location = _request(connection, "GET", parts)
        return status, location

    def _address(self, host: str, port: int, deadline: "_Deadline") -> str:
        """Return one of the host's addresses, all of which are public."""
        addresses = deadline.wait_for(lambda: self.resolve(host, port))
        for each in addresses:
            if each not in self.allowed and not is_public(each):
                raise _RefusedError("it leads into a private network and was not opened")
        if port not in _PORTS.values() and port not in self.ports:
            raise _RefusedError(f"port {port} is none of the web's, and was not opened")
        if not addresses:
            raise OSError
        return addresses[0]


class _Deadline:
    """Shuts the connection of a link when its time is over: a time-out is of each read alone, and a server may drip."""

    def __init__(self, seconds: float) -> None:
        self._timer = Timer(seconds, self._end)
        self._timer.daemon = True
        self._connection: HTTPConnection | None = None
        self._asking: Future[tuple[str, ...]] | None = None
        self.is_over = False

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()

    def watch(self, connection: HTTPConnection) -> None:
        """Watch this connection from now on; raises TimeoutError when the time is over already."""
        self._connection = connection
        if self.is_over:
            raise TimeoutError

    def wait_for(self, ask: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        """Return what is found out, or raise what it raises; raises TimeoutError when the time is over: nothing stops a resolver."""
        asking = Future[tuple[str, ...]]()
        asking.set_running_or_notify_cancel()
        self._asking = asking

        def run() -> None:
            try:
                found = ask()
            except Exception as error:  # noqa: BLE001
                with suppress(InvalidStateError):
                    asking.set_exception(error)
            else:
                with suppress(InvalidStateError):
                    asking.set_result(found)

        Thread(target=run, daemon=True, name="resolver").start()
        if self.is_over:
            raise TimeoutError
        return asking.result()

    def _end(self) -> None:
        self.is_over = True
        if self._asking is not None:
            with suppress(InvalidStateError):
                self._asking.set_exception(TimeoutError())
        if self._connection is not None and self._connection.sock is not None:
            with suppress(OSError):
                self._connection.sock.shutdown(socket.SHUT_RDWR)


class _RefusedError(Exception):
    """The link is not opened, in words that go on."""


def is_public(address: str) -> bool:
    """Return whether an address belongs to the open network, also where it is an IPv4 address in IPv6 clothes."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if int(found) >> 32 == _NAT64:
            return is_public(str(IPv4Address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not found.is_multicast


def _ascii(host: str) -> str:
    """Return the name as it travels; an address stays as it is."""
    return host if host.isascii() else host.encode("idna").decode()


class _PinnedHttps(HTTPSConnection):
    """TLS to an address that was looked up before, with the certificate of the name."""

    def __init__(self, address: str, port: int, name: str, seconds: float) -> None:
        self._context_of_name = ssl.create_default_context()
        super().__init__(address, port, timeout=seconds, context=self._context_of_name)
        self._name = name

    def connect(self) -> None:
        plain = socket.create_connection((self.host, self.port), self.timeout)
        # Where the deadline finds it while hands are shaken.
        self.sock = encrypted = self._context_of_name.wrap_socket(
            plain, server_hostname=self._name, do_handshake_on_connect=False
        )
        encrypted.do_handshake()


def _connect(parts: SplitResult, host: str, address: str, port: int, seconds: float) -> HTTPConnection:
    if parts.scheme == "https":
        return _PinnedHttps(address, port, host, seconds)
    return HTTPConnection(address, port, timeout=seconds)


def _request(connection: HTTPConnection, method: str, parts: SplitResult) -> tuple[int, str]:
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    connection.putrequest(method, quote(path, safe=_IN_PATHS), skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", _ascii(parts.netloc))
    connection.putheader("User-Agent", "newsletter-link-check")
    connection.putheader("Connection", "close")
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.getheader("Location", "") or ""


def unreachable(letter: IssueContent, opener: Opener) -> Iterator[Finding]:
    """Find the issue's links that cannot be opened, each once."""
    urls = list(dict.fromkeys(each.url for each in all_links(letter) if is_web_address(each.url)))[:MOST]
    with ThreadPoolExecutor(TOGETHER) as pool:
        faults = list(pool.map(opener.fault, urls))
    for url, fault in zip(urls, faults, strict=True):
        if fault:
            yield warning(
                f"unreachable:{url[:200]}",
                f"{url[:120]} cannot be opened: {fault}",
                where="links",
                why="Readers who follow it come to nothing.",
                how="Correct it in its pack, or wait until it is there.",
                link="#items",
            )

"""The port of the pages: taken before anything else begins, and let go when the program that took it is gone.

`newsletter serve` takes it and hands it to the process of the pages: that one may end and start again meanwhile, and nobody
is told of pages that are not there.
"""

import errno
import os
import signal
import socket
from datetime import timedelta
from threading import Event, Thread

from newsletter.clock import Clock, SystemClock
from newsletter.errors import ConfigError, NewsletterError

#: How long a port may still be held by the pages of a program that was killed just now: they notice within a second.
PATIENCE = timedelta(seconds=2)
_BACKLOG = 2048
_LOOK_SECONDS = 0.2


class PortTaken(NewsletterError):
    """Another program has the port of the pages."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"Port {port} at {host} is taken by another program, perhaps by another newsletter serve. End that one, or set"
            " web.port to a free port."
        )


def listen(
    host: str, port: int, *, patience: timedelta = PATIENCE, clock: Clock | None = None
) -> socket.socket:
    """Return a socket that listens there; raises PortTaken, and ConfigError for a host or port that cannot be had."""
    clock = clock or SystemClock()
    until = clock.monotonic() + patience.total_seconds()
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"web.host is {host!r}: no machine is called so", setting="web.host") from error
    while True:
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
            listening.listen(_BACKLOG)
        except OSError as error:
            listening.close()
            if error.errno != errno.EADDRINUSE:
                raise _refused(host, port, error) from error
            if clock.monotonic() >= until:
                raise PortTaken(host, port) from error
            clock.sleep(timedelta(seconds=_LOOK_SECONDS))
        else:
            return listening


def _refused(host: str, port: int, error: OSError) -> ConfigError:
    if error.errno == errno.EADDRNOTAVAIL:
        return ConfigError(f"web.host is {host!r}, which is no address of this machine", setting="web.host")
    if error.errno in (errno.EACCES, errno.EPERM):
        said = f"web.port is {port}, which this user may not listen on: take one from 1024 on, and a web server before it"
        return ConfigError(said, setting="web.port")
    return ConfigError(f"nothing can listen at {host}, port {port}: {error.strerror}", setting="web.host")


def end_with_parent(parent: int) -> None:
    """Let this process end as by SIGTERM once its parent is gone: killed, that one cannot end it.

    To be called before anything that takes time.
    """

    def watch() -> None:
        while os.getppid() == parent:
            Event().wait(_LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, daemon=True, name="parent").start()

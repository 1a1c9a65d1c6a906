"""Runs the pages: one process with one port, by uvicorn. `newsletter serve` starts it and looks after it."""

import asyncio
import logging
import socket
from functools import partial
from pathlib import Path
from typing import Any, cast

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from newsletter.app import App, open_app
from newsletter.errors import NewsletterError
from newsletter.schedule.listening import listen
from newsletter.web.application import make_web

#: Seconds that open requests are given when the program stops.
PATIENCE = 5

#: Most bytes of a request's line and headers; a proxy's usual limit.
MOST_HEAD = 16 * 1024

#: Seconds in which a request's line and headers must be there, from its first byte or the connection's beginning.
MOST_HEAD_SECONDS = 20.0

#: Connections at once: a half of the open files that a process is usually given.
MOST_CONNECTIONS = 500


class PatientProtocol(H11Protocol):
    """Uvicorn's protocol, which waits for the head of a request for ever, with an end to its patience."""

    def __init__(self, *known: Any, head_seconds: float, **named: Any) -> None:
        super().__init__(*known, **named)
        self._head_seconds = head_seconds
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        if self._deadline is None and self._is_between_requests():
            self._wait_for_head()
        super().data_received(data)
        if not self._is_between_requests():
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait_for_head(self) -> None:
        self._deadline = self.loop.call_later(self._head_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self._is_between_requests() and not self.transport.is_closing():
            self.transport.close()


def run(folder: Path, host: str, port: int | None, fd: int | None) -> int:
    """Serve the installation in `folder` until SIGTERM or Ctrl-C; return the exit status.

    `fd` is a socket that listens already; else `host` and `port` count, or the settings' own where they are empty.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        app = open_app(folder)
    except NewsletterError as error:
        logging.error("%s", error)
        return error.exit_status
    try:
        web = app.settings.web
        listening = (
            listen(host or web.host, web.port if port is None else port)
            if fd is None
            else socket.socket(fileno=fd)
        )
        return serve(app, listening)
    except NewsletterError as error:
        logging.error("%s", error)
        return error.exit_status
    finally:
        app.close()


def serve(app: App, listening: socket.socket) -> int:
    """Serve an opened installation on a socket that listens; return the exit status."""
    server = uvicorn.Server(server_config(make_web(app), app))
    server.run(sockets=[listening])
    return 0 if server.started else 1


def server_config(web: FastAPI, app: App, *, head_seconds: float = MOST_HEAD_SECONDS) -> uvicorn.Config:
    """Return how uvicorn runs: its access log is off, since addresses of personal pages would stand in it."""
    return uvicorn.Config(
        web,
        # For its log alone: it gets a socket that listens, whose port it says.
        host=app.settings.web.host,
        port=0,
        # Uvicorn only calls it, for each connection.
        http=cast("type[asyncio.Protocol]", partial(PatientProtocol, head_seconds=head_seconds)),
        h11_max_incomplete_event_size=MOST_HEAD,
        proxy_headers=True,
        forwarded_allow_ips=",".join(app.settings.web.trusted_proxies),
        access_log=False,
        server_header=False,
        log_config=None,
        timeout_graceful_shutdown=PATIENCE,
        limit_concurrency=MOST_CONNECTIONS,
        lifespan="off",
    )

"""Runs the pages: one process with one port, by uvicorn. `newsletter serve` starts it and looks after it."""

import asyncio
import logging
import os
from argparse import ArgumentParser
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from newsletter.app import App, open_app
from newsletter.errors import NewsletterError
from newsletter.web.application import make_web

#: Seconds that open requests are given when the program stops.
PATIENCE = 5

#: Most bytes of a request's line and headers; a proxy's usual limit.
MOST_HEAD = 16 * 1024


def main(arguments: list[str] | None = None) -> int:
    """Run `python -m newsletter.web`: serve until SIGTERM or Ctrl-C; return the exit status."""
    parser = ArgumentParser(prog="python -m newsletter.web", description="Serve the readers' pages.")
    parser.add_argument("--folder", type=Path, default=Path(), help="where newsletter.toml stands")
    parser.add_argument("--host", default="", help="instead of web.host")
    parser.add_argument("--port", type=int, default=None, help="instead of web.port")
    parser.add_argument("--with-parent", action="store_true", help="stop when the parent process is gone")
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        app = open_app(asked.folder)
    except NewsletterError as error:
        logging.error("%s", error)
        return error.exit_status
    try:
        return serve(app, asked.host or app.settings.web.host, asked.port, stop_with_parent=asked.with_parent)
    finally:
        app.close()


def serve(app: App, host: str, port: int | None, *, stop_with_parent: bool = False) -> int:
    """Serve an opened installation, on `port` or that of the settings; return the exit status."""
    config = server_config(make_web(app), app, host, app.settings.web.port if port is None else port)
    server = uvicorn.Server(config)
    asyncio.run(_run(server, stop_with_parent=stop_with_parent))
    return 0 if server.started else 1


def server_config(web: FastAPI, app: App, host: str, port: int) -> uvicorn.Config:
    """Return how uvicorn runs: its access log is off, since addresses of personal pages would stand in it."""
    return uvicorn.Config(
        web,
        host=host,
        port=port,
        http="h11",
        h11_max_incomplete_event_size=MOST_HEAD,
        proxy_headers=True,
        forwarded_allow_ips=",".join(app.settings.web.trusted_proxies),
        access_log=False,
        server_header=False,
        log_config=None,
        timeout_graceful_shutdown=PATIENCE,
        lifespan="off",
    )


async def _run(server: uvicorn.Server, *, stop_with_parent: bool) -> None:
    watching = asyncio.create_task(_stop_with_parent(server)) if stop_with_parent else None
    await server.serve()
    if watching:
        watching.cancel()


async def _stop_with_parent(server: uvicorn.Server) -> None:
    """Stop when the parent is gone: killed, it cannot stop its child, which would keep the port from its successor."""
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(1)
    server.should_exit = True

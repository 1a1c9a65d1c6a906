"""Somebody who asks a web application for pages, in process."""

import atexit
from contextlib import ExitStack
from functools import cache
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from starlette.testclient import TestClient


class Visitor(TestClient):
    """A client whose requests are answered on one event loop for all: starting one for each takes as long as a page."""

    def __init__(self, web: FastAPI, **options: Any) -> None:
        super().__init__(web, **options)
        self.portal = _portal()


@cache
def _portal() -> BlockingPortal:
    until_the_end = ExitStack()
    atexit.register(until_the_end.close)
    return until_the_end.enter_context(start_blocking_portal())

"""A coroutine run to its end in a thread of its own: a test's own thread has a loop already where a browser is open in it."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run_beside(coroutine: Coroutine[Any, Any, T]) -> T:
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, coroutine).result()

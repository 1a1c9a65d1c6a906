"""A real Chromium for the tests of a process: lent to one test after the other, killed where it hangs, then started anew."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Timer

import pytest
from playwright.sync_api import Browser, Playwright

#: Less than pytest waits for a test, and more than Playwright waits for most things.
PATIENCE = timedelta(seconds=100)

#: Without these Chromium calls home at every start.
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Chromium:
    """Headless, with the same fonts on every machine."""

    def __init__(self, playwright: Playwright, program: str) -> None:
        self._playwright, self._program = playwright, program
        self._browser: Browser | None = None
        self.process = 0

    @contextmanager
    def lend(self) -> Iterator[Browser]:
        """Lend the browser to a test, which fails where it hangs; its pages are closed afterwards."""
        browser = self._running()
        with self.killed_after(PATIENCE):
            yield browser
            for context in browser.contexts if self._is_alive() else []:
                context.close()
        if self._browser is not browser:
            pytest.fail("Chromium did not answer and was killed; the next test gets another")

    @contextmanager
    def killed_after(self, patience: timedelta) -> Iterator[None]:
        """Kill the browser where the block takes longer.

        Playwright has no time limit for closing a page or asking it something: only the end of the process ends them.
        """
        watch = Timer(patience.total_seconds(), self._kill)
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def close(self) -> None:
        if self._browser is not None:
            with self.killed_after(timedelta(seconds=10)):
                self._browser.close()

    def _running(self) -> Browser:
        if self._browser is None or not self._is_alive():
            fonts = {"FONTCONFIG_FILE": str(Path(__file__).with_name("fonts.conf"))}
            self._browser = self._playwright.chromium.launch(
                executable_path=self._program, args=list(_QUIET), env={**os.environ, **fonts}
            )
            asked = self._browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
            self.process = next(each["id"] for each in asked["processInfo"] if each["type"] == "browser")
        return self._browser

    def _is_alive(self) -> bool:
        return self._browser is not None and self._browser.is_connected()

    def _kill(self) -> None:
        self._browser = None
        os.kill(self.process, signal.SIGKILL)

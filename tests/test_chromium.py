"""A Chromium that hangs takes its own test with it, and no other."""

import os
import signal
from contextlib import suppress
from datetime import timedelta

import pytest
from playwright.sync_api import Error

from tests.chromium import Chromium


def test_one_that_hangs_fails_its_test_and_the_next_gets_another(chromium: Chromium) -> None:
    with pytest.raises(pytest.fail.Exception, match="did not answer"):
        hang(chromium)
    killed = chromium.process
    with chromium.lend() as browser:
        assert browser.new_page().evaluate("1 + 1") == 2
    assert chromium.process != killed


def hang(chromium: Chromium) -> None:
    with chromium.lend() as browser:
        page = browser.new_page()
        with suppress(Error), chromium.killed_after(timedelta(seconds=1)):
            os.kill(chromium.process, signal.SIGSTOP)
            page.close()

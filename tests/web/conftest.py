"""What tests of the pages may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.app import App, open_app
from newsletter.clock import MovedClock
from newsletter.web.application import make_web
from tests.installed import install
from tests.web.house import House
from tests.web.visitor import Visitor


@pytest.fixture
def app(tmp_path: Path, clock: MovedClock) -> Iterator[App]:
    """A new installation that is ready to send to its outbox."""
    install(tmp_path / "weekly", example=True)
    opened = open_app(tmp_path / "weekly", clock)
    yield opened
    opened.close()


@pytest.fixture
def house(app: App) -> House:
    return House(app, Visitor(make_web(app), base_url="http://localhost:8000"))

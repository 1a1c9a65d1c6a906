"""The desk of a real installation, with a writer and a publisher signed in."""

import pytest

from newsletter.app import App
from tests.web.desk.desk import Desk, open_desk


@pytest.fixture
def desk(app: App) -> Desk:
    return open_desk(app)

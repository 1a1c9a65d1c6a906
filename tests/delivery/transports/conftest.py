import pytest

from newsletter.delivery.loopback import Loopback


@pytest.fixture
def closed_port() -> int:
    """A port on which nobody listens."""
    with Loopback() as gone:
        return gone.port

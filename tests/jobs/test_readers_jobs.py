"""The jobs that look after readers, run as the schedule runs them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from jobs import confirmations, retention
from newsletter.app import App, open_app
from newsletter.clock import MovedClock
from newsletter.db.statuses import ConsentChannel
from newsletter.readers.consents import ConsentOrigin
from newsletter.schedule.jobs import Done
from newsletter.schedule.slots import next_slot
from tests.installed import install


@pytest.fixture
def app(tmp_path: Path, clock: MovedClock) -> Iterator[App]:
    install(tmp_path / "weekly", example=True)
    opened = open_app(tmp_path / "weekly", clock)
    yield opened
    opened.close()


def test_the_unconfirmed_hear_once_more_and_are_forgotten(app: App, clock: MovedClock) -> None:
    app.subscribing.subscribe(
        "alice@example.org", "x", ConsentOrigin(channel=ConsentChannel.FORM), clock.now()
    )
    said = []
    for _day in range(31):
        clock.move(timedelta(days=1))
        for job in (confirmations, retention):
            slot = next_slot(job.schedule(app.settings), clock.now())
            said.append(job.run(app, slot))
    reminded = [each for each in said if each == Done("Reminded 1 who had not confirmed.")]
    forgotten = [each for each in said if isinstance(each, Done) and each.words.startswith("Forgot 1 unconf")]
    assert (len(reminded), len(forgotten)) == (1, 1)


def test_both_are_due_every_day_in_the_configured_zone(app: App, clock: MovedClock) -> None:
    slots = [next_slot(job.schedule(app.settings), clock.now()).name for job in (confirmations, retention)]
    assert slots == ["2026-11-26T10:00", "2026-11-27T04:00"]

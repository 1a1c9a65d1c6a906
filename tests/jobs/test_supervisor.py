import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from newsletter.clock import Clock, MovedClock, SystemClock
from newsletter.schedule.supervisor import Supervisor
from tests.jobs.recording import RecordedAlerts

#: A child that leaves a line per life in its file, and then does as told.
CHILD = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: {on_stop})
with open(sys.argv[1], "a") as file: file.write("begun\\n")
{then}
"""


@contextmanager
def supervised(
    path: Path,
    then: str,
    clock: Clock,
    wanted: list[int],
    alerts: RecordedAlerts,
    on_stop: str = "sys.exit(0)",
) -> Iterator[Supervisor]:
    program = CHILD.format(then=then, on_stop=on_stop)
    supervisor = Supervisor(
        wanted=lambda: wanted,
        command=lambda key: [sys.executable, "-c", program, str(path / f"{key}")],
        clock=clock,
        raise_alert=alerts.raise_once,
    )
    try:
        yield supervisor
    finally:
        supervisor.stop(timedelta(seconds=5))


def lives(path: Path, key: int) -> int:
    file = path / str(key)
    return len(file.read_text().splitlines()) if file.exists() else 0


def look_until(
    supervisor: Supervisor, holds: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None
) -> None:
    clock = SystemClock()
    until = clock.monotonic() + 10
    while not holds():
        assert clock.monotonic() < until
        supervisor.look()
        clock.sleep(timedelta(seconds=0.02))
        meanwhile()


def test_each_piece_of_work_has_one_child_for_as_long_as_it_lives(tmp_path: Path, clock: MovedClock) -> None:
    with supervised(tmp_path, "time.sleep(60)", clock, [1, 2], RecordedAlerts()) as supervisor:
        look_until(supervisor, lambda: lives(tmp_path, 1) == lives(tmp_path, 2) == 1)
        for _again in range(5):
            supervisor.look()
        assert (lives(tmp_path, 1), lives(tmp_path, 2)) == (1, 1)


def test_a_child_that_is_done_is_started_again_only_while_there_is_work(
    tmp_path: Path, clock: MovedClock
) -> None:
    wanted = [1]
    with supervised(tmp_path, "", clock, wanted, RecordedAlerts()) as supervisor:
        look_until(supervisor, lambda: lives(tmp_path, 1) >= 2)
        wanted.clear()
        supervisor.stop(timedelta(seconds=5))
        before = lives(tmp_path, 1)
        supervisor.look()
        assert lives(tmp_path, 1) == before


def test_a_child_that_fails_again_rests_before_its_next_start_and_the_operator_hears_of_it(
    tmp_path: Path, clock: MovedClock
) -> None:
    alerts = RecordedAlerts()
    with supervised(tmp_path, "sys.exit(1)", clock, [1], alerts) as supervisor:
        look_until(supervisor, lambda: lives(tmp_path, 1) == 2)
        SystemClock().sleep(timedelta(seconds=0.2))
        supervisor.look()
        supervisor.look()
        assert (lives(tmp_path, 1), alerts.raised) == (2, {})
        look_until(supervisor, lambda: bool(alerts.raised), meanwhile=lambda: clock.move(timedelta(hours=1)))
        assert list(alerts.raised) == ["child-failed:1"]
        assert lives(tmp_path, 1) == 3


def test_stopping_lets_a_child_finish(tmp_path: Path, clock: MovedClock) -> None:
    then = "time.sleep(0.3); pathlib.Path(sys.argv[1] + '.end').touch()"
    with supervised(tmp_path, then, clock, [1], RecordedAlerts(), on_stop="None") as supervisor:
        look_until(supervisor, lambda: lives(tmp_path, 1) == 1)
        supervisor.stop(timedelta(seconds=5))
        assert (tmp_path / "1.end").exists()


def test_a_child_that_does_not_stop_in_time_is_killed(tmp_path: Path) -> None:
    then = "while True: signal.pause()"
    with supervised(tmp_path, then, SystemClock(), [1], RecordedAlerts(), on_stop="None") as supervisor:
        look_until(supervisor, lambda: lives(tmp_path, 1) == 1)
        supervisor.stop(timedelta(seconds=0.1))
        supervisor.look()
        assert lives(tmp_path, 1) == 1

"""`newsletter serve` as a process of its own."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from newsletter.app import open_app
from newsletter.clock import SystemClock
from newsletter.db.engine import Database, open_database
from newsletter.db.statuses import IssueStatus, SlotStatus
from newsletter.digest.draft import Drafted
from newsletter.digest.store import get_issue
from newsletter.editing.approve import approve
from newsletter.editing.draft import draft_now
from newsletter.schedule import store
from newsletter.schedule.listening import listen
from newsletter.schedule.slots import NAME, Slot
from tests.installed import install
from tests.jobs.newsroom import add_comparisons, add_reader

#: Says that it has begun, takes a moment, says that it is over.
OWN_JOB = """
import time
from pathlib import Path
from newsletter.schedule.jobs import Done
from newsletter.schedule.slots import issue_schedule

NAME = "greet"
FOLDER = Path(__file__).parent

def schedule(settings):
    return issue_schedule(settings)

def run(app, slot):
    (FOLDER / "begun").touch()
    time.sleep(0.5)
    (FOLDER / "over").touch()
    return Done("Greeted.")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation with one job of its own, whose turn came an hour ago."""
    install(tmp_path)
    settings = tmp_path / "newsletter.toml"
    settings.write_text(
        settings.read_text().replace("[schedule]", '[schedule]\nextra_jobs = ["own_greeting"]')
    )
    serve_pages_on(tmp_path, 0)
    (tmp_path / "own_greeting.py").write_text(OWN_JOB)
    make_due(tmp_path, "greet")
    return tmp_path


def serve_pages_on(folder: Path, port: int) -> None:
    """Set the port of the pages; 0 for none."""
    settings = folder / "newsletter.toml"
    settings.write_text(settings.read_text().replace("[web]", f"[web]\nport = {port}"))


def make_due(folder: Path, job: str) -> str:
    """Let a job's turn have come an hour ago; the slot's name."""
    due = SystemClock().now() - timedelta(hours=1)
    slot = Slot(name=due.strftime(NAME), at=due, due_at=due)
    database = open_database(f"sqlite:///{folder / 'subscribers.db'}")
    with database.write() as connection:
        store.record_plan(connection, job, [slot], due - timedelta(days=1))
    database.close()
    return slot.name


@contextmanager
def serving(folder: Path) -> Iterator[subprocess.Popen[str]]:
    program = [sys.executable, "-m", "newsletter", "--folder", str(folder), "serve"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(file: Path, process: subprocess.Popen[str]) -> None:
    clock = SystemClock()
    until = clock.monotonic() + 30
    while not file.exists():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert clock.monotonic() < until
        clock.sleep(timedelta(seconds=0.02))


def outcomes(folder: Path) -> list[str]:
    database: Database = open_database(f"sqlite:///{folder / 'subscribers.db'}")
    with database.read() as connection:
        done = store.settled_slots(connection, "greet", SlotStatus.DONE, 5)
    database.close()
    return [each.outcome for each in done]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_does_what_is_due_and_finishes_it_before_it_stops(folder: Path, number: signal.Signals) -> None:
    with serving(folder) as process:
        wait_for(folder / "begun", process)
        for _ in range(20):
            process.send_signal(number)
        said, logged = process.communicate(timeout=30)
    assert process.returncode == 0, logged
    assert (folder / "over").exists()
    assert outcomes(folder) == ["Greeted."]
    assert "\ngreet: waiting, due " in said
    assert said.endswith("Stopping: what has begun is finished first.\nStopped.\n")


def test_a_second_wish_leaves_what_has_begun_to_the_next_start(folder: Path) -> None:
    job = folder / "own_greeting.py"
    job.write_text(job.read_text().replace("time.sleep(0.5)", "time.sleep(600)"))
    with serving(folder) as process:
        wait_for(folder / "begun", process)
        process.terminate()
        SystemClock().sleep(timedelta(seconds=1.2))
        process.terminate()
        said, logged = process.communicate(timeout=30)
    assert process.returncode == 0, logged
    assert said.endswith("Stopped. What was not finished in time is taken up at the next start.\n")
    assert outcomes(folder) == []


def test_an_approved_issue_goes_out_at_its_slot(tmp_path: Path) -> None:
    install(tmp_path, example=True)
    serve_pages_on(tmp_path, 0)
    slot = make_due(tmp_path, "dispatch")
    with closing(open_app(tmp_path)) as app:
        add_reader(app.database, "alice@example.org", app.clock.now())
        add_reader(app.database, "erin@example.org", app.clock.now())
        add_comparisons(app, "falcon", "kestrel", "merlin")
        drafted = draft_now(app, slot)
        assert isinstance(drafted, Drafted)
        approve(app, drafted.issue, "Erin")
        with serving(tmp_path) as process:
            while True:
                assert process.poll() is None, process.stderr and process.stderr.read()
                app.clock.sleep(timedelta(seconds=0.05))
                with app.database.read() as connection:
                    if get_issue(connection, drafted.issue.id).status is IssueStatus.SENT:
                        break
            process.terminate()
            process.communicate(timeout=30)
    assert process.returncode == 0
    assert len(list((tmp_path / "outbox" / "new").iterdir())) == 2


def test_it_does_not_begin_with_a_job_that_does_not_exist(folder: Path) -> None:
    (folder / "own_greeting.py").unlink()
    with serving(folder) as process:
        _, logged = process.communicate(timeout=30)
    assert process.returncode == 2
    assert logged == (
        f"newsletter: {folder / 'newsletter.toml'}: "
        "schedule.extra_jobs names own_greeting, but there is no such module\n"
    )


def test_it_serves_the_pages_and_they_end_with_it(tmp_path: Path) -> None:
    install(tmp_path, example=True)
    port = free_port()
    serve_pages_on(tmp_path, port)
    with serving(tmp_path) as process:
        assert wait_for_answer(f"http://127.0.0.1:{port}/readyz", process) == b'{"status":"ready"}'
        process.terminate()
        said, logged = process.communicate(timeout=30)
    assert process.returncode == 0
    assert not answers(port)
    # Nobody is at a terminal: whoever reads a log must not get in.
    assert "/desk/sign-in/" not in said + logged
    # Nor does whoever reads a log stand in the folder.
    assert f"To get in: newsletter --folder {tmp_path} editors invite ADDRESS --role publisher" in said


def test_the_pages_stop_when_their_parent_was_killed(tmp_path: Path) -> None:
    install(tmp_path, example=True)
    port = free_port()
    serve_pages_on(tmp_path, port)
    with serving(tmp_path) as process:
        wait_for_answer(f"http://127.0.0.1:{port}/healthz", process)
        process.kill()
        process.wait()
        until = SystemClock().monotonic() + 15
        while answers(port):
            assert SystemClock().monotonic() < until
            SystemClock().sleep(timedelta(seconds=0.1))


def test_pages_whose_parent_is_gone_before_they_began_end_by_themselves(tmp_path: Path) -> None:
    install(tmp_path, example=True)
    alone = [sys.executable, "-m", "newsletter.web", "--folder", str(tmp_path), "--with-parent", "1"]
    with listen("127.0.0.1", 0) as listening:
        fd = listening.fileno()
        ended = subprocess.run(
            [*alone, "--fd", str(fd)], pass_fds=(fd,), timeout=30, check=False, capture_output=True
        )
    assert ended.returncode in (0, -signal.SIGTERM)


def test_a_port_that_another_has_ends_it_with_one_sentence(tmp_path: Path) -> None:
    install(tmp_path, example=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        serve_pages_on(tmp_path, port)
        with serving(tmp_path) as process:
            said, logged = process.communicate(timeout=30)
    assert (process.returncode, said) == (1, "")
    assert logged.startswith(f"newsletter: Port {port} at 127.0.0.1 is taken by another program")
    assert logged.count("\n") == 1


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def wait_for_answer(url: str, process: subprocess.Popen[str]) -> bytes:
    clock = SystemClock()
    until = clock.monotonic() + 60
    while True:
        assert process.poll() is None, process.stderr and process.stderr.read()
        try:
            with urlopen(url, timeout=5) as answer:
                body: bytes = answer.read()
                return body
        except (URLError, TimeoutError):
            # The port is taken before the pages are loaded.
            assert clock.monotonic() < until
            clock.sleep(timedelta(seconds=0.1))


def test_it_does_not_begin_without_keys(tmp_path: Path) -> None:
    install(tmp_path, example=True)
    (tmp_path / "keys" / "links").unlink()
    with serving(tmp_path) as process:
        _, logged = process.communicate(timeout=30)
    assert (process.returncode, logged.count("\n")) == (2, 1)
    assert "links: the key file cannot be read" in logged

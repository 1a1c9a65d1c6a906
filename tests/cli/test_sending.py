"""`newsletter send`, `pause`, `resume`, `status`, `unsure` and `rehearse`, as an operator uses them."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert, update

from newsletter.cli.program import program
from newsletter.clock import SystemClock
from newsletter.db.engine import Database, open_database
from newsletter.db.schema import batches, deliveries, issues, plans, snapshots
from newsletter.db.statuses import BatchStatus, DeliveryStatus, IssueStatus
from newsletter.delivery.loopback import Loopback, Misbehavior, Phase
from newsletter.delivery.states import Event
from newsletter.delivery.takeover import settle
from newsletter.editing.audit import list_entries
from tests.conftest import THURSDAY
from tests.delivery.house import FRAME, PLAN, add_readers, statuses
from tests.installed import install

S = DeliveryStatus


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation with the outbox and an approved issue."""
    install(tmp_path / "weekly", example=True)
    return tmp_path / "weekly"


@pytest.fixture
def database(folder: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{folder / 'subscribers.db'}")
    values = {
        "id": 1,
        "number": 7,
        "edition": "weekly",
        "slot": "2026-11-26T09:00",
        "status": IssueStatus.APPROVED,
        "approved_by": "Eve",
        **dict.fromkeys(("cutoff_at", "created_at", "updated_at", "approved_at", "send_at"), THURSDAY),
    }
    with database.write() as connection:
        connection.execute(insert(issues).values(values))
        connection.execute(insert(plans).values(issue_id=1, variant="everybody", plan=PLAN.to_bytes()))
        connection.execute(insert(snapshots).values(issue_id=1, letter="", sender=FRAME.to_json()))
    with closing(database):
        yield database


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(program, arguments, env={"NEWSLETTER_FOLDER": str(folder)})


def test_sending_ends_with_the_number_of_mails_and_where_they_are(folder: Path, database: Database) -> None:
    add_readers(database, 3)
    result = run(folder, "send", "latest")
    assert result.exit_code == 0, result.output
    assert "Issue #7 is sent: 3 accepted." in result.output
    found = re.search(r"3 mails lie in the outbox (\S+); one of them: file://(\S+)", result.output)
    assert found
    assert Path(found[1]) == folder / "outbox" / "new"
    assert Path(found[2]).is_file()


def test_sending_twice_says_so_and_sends_nothing(folder: Path, database: Database) -> None:
    add_readers(database, 3)
    run(folder, "send", "#7")
    again = run(folder, "send", "1")
    assert (again.exit_code, again.output) == (0, "Issue #7 is sent already; nothing was done.\n")
    assert len(list((folder / "outbox" / "new").iterdir())) == 3


def test_whom_the_provider_dropped_is_sent_it_after_all_and_nobody_else_is(
    folder: Path, database: Database
) -> None:
    add_readers(database, 3)
    run(folder, "send", "1")
    with database.write() as connection:
        settle(connection, 1, 2, Event.BOUNCE, code="dropped", now=THURSDAY)
    (document,) = status(folder)
    assert document["why"] == "1 reader missed it for no reason of theirs"
    assert document["next_command"] == "newsletter send --to-missed 1"
    assert "nothing was done" in run(folder, "send", "1").output
    said = run(folder, "send", "--to-missed", "1")
    assert said.exit_code == 0, said.output
    assert "Issue #7 goes on: 1 reader who missed it is sent it now." in said.output
    assert "Issue #7 is sent: 3 accepted." in said.output
    assert "nothing was done" in run(folder, "send", "--to-missed", "1").output
    assert status(folder)[0]["next_command"] == ""


def test_a_draft_cannot_be_sent(folder: Path, database: Database) -> None:
    with database.write() as connection:
        connection.execute(update(issues).values(status=IssueStatus.DRAFT))
    result = run(folder, "send", "1")
    assert result.exit_code == 2
    assert "issue #7 is not approved. To approve it: newsletter approve 1" in result.output


def test_nothing_is_sent_while_a_needed_setting_is_missing(folder: Path, database: Database) -> None:
    settings = folder / "newsletter.toml"
    settings.write_text(re.sub(r"(?m)^postal_address.*$", "", settings.read_text()))
    result = run(folder, "send", "1")
    assert result.exit_code == 2
    assert "site.postal_address" in result.output


def test_a_paused_issue_waits_and_says_how_to_go_on(folder: Path, database: Database) -> None:
    add_readers(database, 1)
    with database.write() as connection:
        connection.execute(update(issues).values(status=IssueStatus.SENDING, started_at=THURSDAY))
    assert run(folder, "pause", "1", "--reason", "a typo in the lead").exit_code == 0
    refused = run(folder, "send", "1")
    assert refused.exit_code == 1
    assert "Issue #7 is paused: a typo in the lead." in refused.output
    assert "newsletter resume 1" in refused.output
    assert "newsletter send 1" in run(folder, "resume", "1").output
    assert run(folder, "resume", "1").exit_code == 2


def status(folder: Path, *arguments: str) -> Any:
    return json.loads(run(folder, "status", "--json", *arguments).stdout)


def test_status_says_state_why_since_what_comes_and_the_next_command(
    folder: Path, database: Database
) -> None:
    (document,) = status(folder)
    assert document["state"] == "approved"
    assert document["why"] == "approved by Eve"
    assert document["since"] == THURSDAY.isoformat()
    assert document["by_itself"] == "goes out at 2026-11-26 09:00 UTC if newsletter serve runs"
    assert document["next_command"] == "newsletter send 1"
    words = run(folder, "status", "1").output
    assert words.startswith("Issue #7: approved\n  why       approved by Eve\n")


@pytest.mark.parametrize(
    ("before", "state", "why", "command"),
    [
        ({"status": IssueStatus.DRAFT}, "draft", "nobody has approved it yet", "newsletter approve 1"),
        ({"status": IssueStatus.SENDING}, "sending", "no sender is at work", "newsletter send 1"),
        ({"status": IssueStatus.PAUSED, "reason": "a typo"}, "paused", "a typo", "newsletter resume 1"),
        ({"status": IssueStatus.CANCELLED, "reason": "too thin"}, "cancelled", "too thin", ""),
        ({"status": IssueStatus.SENT}, "sent", "everybody is done", ""),
    ],
)
def test_every_state_is_explained(
    folder: Path, database: Database, before: dict[str, Any], state: str, why: str, command: str
) -> None:
    with database.write() as connection:
        connection.execute(update(issues).values(before))
    (document,) = status(folder, "1")
    assert document["state"] == state
    assert why in document["why"]
    assert document["next_command"] == command


def make_unsure(database: Database) -> None:
    """Three readers have the issue, of two of them nobody knows."""
    from newsletter.delivery.store import start_issue

    add_readers(database, 3)
    start_issue(database, 1, THURSDAY)
    with database.write() as connection:
        lost = deliveries.c.reader_id.in_([1, 3])
        connection.execute(update(deliveries).values(status=S.ACCEPTED, at=THURSDAY, code="250"))
        connection.execute(update(deliveries).where(lost).values(status=S.UNSURE, code="no-reply"))
        connection.execute(update(batches).values(status=BatchStatus.DONE, accepted=1, unsure=2))
        connection.execute(update(issues).values(status=IssueStatus.SENT, finished_at=THURSDAY))


def test_the_unsure_are_listed_and_left_alone(folder: Path, database: Database) -> None:
    make_unsure(database)
    assert status(folder, "1")[0]["next_command"] == "newsletter unsure 1"
    listed = json.loads(run(folder, "unsure", "1", "--json").stdout)
    assert [row["address"] for row in listed] == ["reader1@example.org", "reader3@example.org"]
    assert listed[0]["what_is_known"] == "the whole message had left, and the server never answered"
    assert "nothing was done" in run(folder, "send", "1").output
    assert statuses(database)[S.UNSURE] == 2


@pytest.mark.parametrize("reader", ["3", "Reader3@example.org"])
def test_an_unsure_reader_is_sent_to_once_more_when_asked(
    folder: Path, database: Database, reader: str
) -> None:
    make_unsure(database)
    assert run(folder, "unsure", "1", "--send-again", "2").exit_code == 2
    asked = run(folder, "unsure", "1", "--send-again", reader)
    assert "1 reader gets issue #7 once more, and may then have it twice." in asked.output
    with database.read() as connection:
        [deed] = list_entries(connection, 9)
    assert (deed.by, deed.action, deed.detail) == ("command line", "sent", "once more to 1 unsure readers")
    assert run(folder, "send", "1").exit_code == 0
    assert statuses(database) == {S.ACCEPTED: 2, S.UNSURE: 1}
    assert len(list((folder / "outbox" / "new").iterdir())) == 1


def test_the_missed_are_tried_at_once(folder: Path, database: Database) -> None:
    from newsletter.delivery.store import start_issue

    add_readers(database, 3)
    assert "has not begun" in run(folder, "send", "1", "--to-missed").output
    start_issue(database, 1, THURSDAY)
    with database.write() as connection:
        late = SystemClock().now() + timedelta(hours=2)
        connection.execute(update(deliveries).where(deliveries.c.reader_id == 1).values(status=S.RETRY))
        connection.execute(update(batches).values(not_before=late, attempts=1))
    assert run(folder, "send", "1", "--to-missed").exit_code == 0
    assert statuses(database) == {S.ACCEPTED: 3}


def test_nobody_is_mailed_a_cancelled_issue(folder: Path, database: Database) -> None:
    make_unsure(database)
    with database.write() as connection:
        connection.execute(update(issues).values(status=IssueStatus.CANCELLED))
    refused = run(folder, "send", "1")
    assert (refused.exit_code, refused.stderr) == (
        2,
        "newsletter: issue #7 is cancelled: nobody is mailed. Why: newsletter status 1\n",
    )
    again = run(folder, "unsure", "1", "--send-all-again")
    assert (again.exit_code, "it cannot be reopened" in again.stderr) == (2, True)
    assert "send once more" not in run(folder, "unsure", "1").stdout
    assert statuses(database)[S.UNSURE] == 2


def test_a_cancelled_issue_stays_in_the_status_until_another_is_sent(
    folder: Path, database: Database
) -> None:
    with database.write() as connection:
        cancelled = {"status": IssueStatus.CANCELLED, "number": None, "reason": "too thin"}
        connection.execute(update(issues).values(cancelled))
    (document,) = status(folder)
    assert document["why"] == "too thin"
    assert document["by_itself"].endswith("what stood in it waits for the next issue")
    assert document["next_command"] == "newsletter draft --now"


@pytest.mark.parametrize(
    "arguments",
    [
        ("send", "99"),
        ("send", "next week"),
        ("send", "1", "--to-missed"),
        ("unsure", "#99"),
        ("unsure", "1", "--send-again", "5"),
        ("unsure", "1", "--send-again", ""),
        ("pause", "1", "--reason", "a typo"),
        ("resume", "1"),
        ("status", "99999999999999999999"),
    ],
)
def test_what_cannot_be_done_is_refused_with_one_sentence(
    folder: Path, database: Database, arguments: tuple[str, ...]
) -> None:
    refused = run(folder, *arguments)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.startswith("newsletter: ")
    assert refused.stderr.count("\n") == 1


def slowly(phase: Phase, recipient: str, connection: int) -> Misbehavior | None:
    return Misbehavior(wait=0.02) if phase is Phase.DOT else None


@pytest.fixture
def relay(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """The installation sends to this server."""
    with Loopback(faults=slowly) as server:
        for name, value in {
            "MAIL_TRANSPORT": "smtp",
            "SITE_PUBLIC_URL": "https://news.example.org",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(server.port),
            "SMTP_TLS": "none",
        }.items():
            monkeypatch.setenv(f"NEWSLETTER_{name}", value)
        yield server


def start(folder: Path, **more: Any) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "newsletter", "send", "1"]
    more["env"] = {**os.environ, **more.get("env", {}), "NEWSLETTER_FOLDER": str(folder)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **more)


def burst(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    """Signals as close together as a supervisor and its process group send them."""
    for _ in range(20):
        process.send_signal(number)
        SystemClock().sleep(timedelta(microseconds=50))


def wait_for(server: Loopback, messages: int) -> None:
    for _ in range(3000):
        if server.total >= messages:
            return
        SystemClock().sleep(timedelta(milliseconds=10))
    raise AssertionError(f"{messages} messages never came")


def test_status_tells_of_a_killed_sender_at_once_and_of_its_successor(
    folder: Path, database: Database, relay: Loopback
) -> None:
    add_readers(database, 300)
    with start(folder) as killed:
        wait_for(relay, 20)
        (at_work,) = status(folder)
        killed.kill()
    (left,) = status(folder)
    assert (at_work["by_itself"], at_work["next_command"]) == ("goes on until everybody is done", "")
    assert "its sender died after" in left["why"]
    assert left["by_itself"].endswith("which takes over at once")
    assert (left["next_command"], left["senders"]) == ("newsletter send 1", [])
    with start(folder) as successor:
        wait_for(relay, relay.total + 20)
        (again,) = status(folder)
        assert (again["next_command"], len(again["senders"])) == ("", 1)
        assert successor.wait(60) == 0


@pytest.mark.parametrize(("number", "exit_status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_send_stopped_by_a_burst_of_signals_loses_nothing_and_says_how_to_go_on(
    folder: Path, database: Database, relay: Loopback, number: signal.Signals, exit_status: int
) -> None:
    add_readers(database, 300)
    with start(folder) as process:
        wait_for(relay, 20)
        burst(process, number)
        output, _ = process.communicate(timeout=20)
    assert process.returncode == exit_status
    assert "Stopped; nothing is lost." in output
    assert "To go on: newsletter send 1" in output
    assert statuses(database) == {S.ACCEPTED: relay.total, S.PENDING: 300 - relay.total}
    with start(folder) as again:
        assert again.wait(60) == 0
    assert (len(relay.counts), set(relay.counts.values())) == (300, {1})
    told = run(folder, "status").stdout
    assert f"Relay 127.0.0.1:{relay.port}\n  pipelining  full, as seen on 20" in told


def test_a_send_to_a_server_that_says_nothing_stops_all_the_same(
    folder: Path, database: Database, relay: Loopback
) -> None:
    relay.faults = lambda phase, *_: Misbehavior(wait=60) if phase is Phase.TAKEN else None
    add_readers(database, 10)
    with start(folder) as process:
        wait_for(relay, 1)
        burst(process, signal.SIGTERM)
        output, _ = process.communicate(timeout=20)
    assert process.returncode == 143
    assert "Stopped; nothing is lost. So far 0 accepted" in output
    counted = statuses(database)
    assert (counted[S.UNSURE], counted[S.PENDING]) == (relay.total, 10 - relay.total)


def test_a_terminal_sees_how_far_it_is(folder: Path, database: Database, relay: Loopback) -> None:
    add_readers(database, 60)
    controller, terminal = pty.openpty()
    shown = b""
    with start(folder, stderr=terminal, env={**os.environ, "TERM": "xterm", "COLUMNS": "120"}) as process:
        os.close(terminal)
        # Reading a terminal that its last user has closed fails.
        with suppress(OSError):
            while piece := os.read(controller, 65_536):
                shown += piece
        process.wait(20)
    os.close(controller)
    assert b"Issue #7" in shown
    assert b"accepted" in shown


def test_a_rehearsal_counts_and_passes() -> None:
    result = CliRunner().invoke(program, ["rehearse", "--readers", "60", "--kills", "1", "--json"])
    assert result.exit_code == 0, result.output
    counted = json.loads(result.stdout)
    assert (counted["lost"], counted["doubled"], counted["kills"], counted["passed"]) == ([], [], 1, True)


def test_a_rehearsal_of_unknown_faults_is_refused() -> None:
    result = CliRunner().invoke(program, ["rehearse", "--faults", "4xx,fire"])
    assert result.exit_code == 2
    assert "'fire' is no kind of fault" in result.output

"""`newsletter send` with a provider's sandbox on: copies are checked, nobody has one, and the issue stays approved."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, insert, select, update

from newsletter.app import open_app
from newsletter.cli.program import program
from newsletter.db.engine import Database, open_database
from newsletter.db.schema import alerts, deliveries, issues, mails, plans, readers, snapshots
from newsletter.db.statuses import IssueStatus, MailKind, MailStatus
from newsletter.delivery.transactional import queue_mail
from newsletter.editing.issues import find_issue
from newsletter.editing.sending import send_now
from newsletter.errors import BadInput
from tests.conftest import THURSDAY
from tests.delivery.house import FRAME, PLAN, add_readers, statuses
from tests.installed import install
from tests.standins.sendgrid import API_KEY, Fault, SendGrid, dropped, too_many

WORDS = "sendgrid.sandbox is on, so SendGrid checks mails and delivers none"

SETTINGS = """
[site]
name = "Weekly"
public_url = "https://weekly.example.org"
postal_address = "1 Street"
controller = "Dora"
privacy_url = "https://weekly.example.org/privacy"
[mail]
transport = "sendgrid"
from_address = "news@example.org"
reply_to = "editors@example.org"
[sendgrid]
api_key_file = "keys/sendgrid"
url = "{url}"
sandbox = {sandbox}
"""


@pytest.fixture
def server() -> Iterator[SendGrid]:
    with SendGrid() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, server: SendGrid) -> Path:
    install(tmp_path, example=True)
    switch(tmp_path, server, sandbox=True)
    return tmp_path


@pytest.fixture
def database(folder: Path) -> Iterator[Database]:
    """With an approved issue and 1,205 readers, one of whom has an address that SendGrid refuses."""
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
    add_readers(database, 1_205)
    with database.write() as connection:
        connection.execute(insert(issues).values(values))
        connection.execute(insert(plans).values(issue_id=1, variant="everybody", plan=PLAN.to_bytes()))
        connection.execute(insert(snapshots).values(issue_id=1, letter="", sender=FRAME.to_json()))
        connection.execute(update(readers).where(readers.c.id == 5).values(address="reader5@nowhere"))
    with closing(database):
        yield database


def switch(folder: Path, server: SendGrid, *, sandbox: bool) -> None:
    said = SETTINGS.format(url=server.url, sandbox=str(sandbox).lower())
    (folder / "newsletter.toml").write_text(said)
    (folder / "keys" / "sendgrid").write_text(API_KEY)


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(program, ["--folder", str(folder), *arguments])


def status_of(database: Database) -> IssueStatus:
    with database.read() as connection:
        return IssueStatus(connection.execute(select(issues.c.status)).scalar_one())


def test_a_dry_run_is_no_sending_and_the_issue_goes_out_afterwards(
    folder: Path, database: Database, server: SendGrid
) -> None:
    tried = run(folder, "send", "1")
    assert (tried.exit_code, server.mails) == (0, []), tried.output
    assert (
        f"A dry run: {WORDS}. 1,204 of 1,205 copies would be taken, 1 refused; nobody has it." in tried.output
    )
    assert (status_of(database), statuses(database)) == (IssueStatus.APPROVED, {})
    told = run(folder, "status", "1").output
    assert f"Note: {WORDS}." in told
    assert "1,204 of 1,205 copies would be taken, 1 refused; nobody has it" in told

    switch(folder, server, sandbox=False)
    assert run(folder, "send", "1").exit_code == 0
    assert len(server.mails) == 1_204
    assert WORDS not in run(folder, "status", "1").output


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (Fault(status=401, message="no such key"), 1, "0 of 1,205 copies would be taken; it ended early:"),
        (dropped(accepts=False), 1, "took a request and did not answer"),
        (too_many(retry_after=1), 0, "1,204 of 1,205 copies would be taken"),
    ],
)
def test_trouble_on_a_dry_run_is_told(
    folder: Path, database: Database, server: SendGrid, fault: Fault, code: int, words: str
) -> None:
    server.misbehave(fault)
    tried = run(folder, "send", "1")
    assert tried.exit_code == code, tried.output
    assert words in tried.output
    assert (status_of(database), statuses(database)) == (IssueStatus.APPROVED, {})


def test_an_issue_on_its_way_is_paused_before_anybody_is_called_mailed(
    folder: Path, database: Database, server: SendGrid
) -> None:
    switch(folder, server, sandbox=False)
    server.misbehave(*[Fault(status=401, message="no such key")] * 10)
    assert run(folder, "send", "1").exit_code == 1
    server.mend()
    assert run(folder, "resume", "1").exit_code == 0
    switch(folder, server, sandbox=True)
    tried = run(folder, "send", "1")
    assert tried.exit_code == 1
    assert f"is paused: {WORDS}" in tried.output
    assert server.mails == []
    with database.read() as connection:
        accepted = select(func.count()).where(deliveries.c.status == "accepted")
        assert connection.execute(accepted).scalar_one() == 0
        assert "Issue #7 is paused" in connection.execute(select(alerts.c.subject)).scalars().all()


def test_the_desk_and_the_schedule_start_nothing(folder: Path, database: Database) -> None:
    with closing(open_app(folder)) as app, pytest.raises(BadInput, match=r"sendgrid\.sandbox is on"):
        send_now(app, find_issue(app.database, "1"), "eve", audience=1_205, typed="1205")
    assert status_of(database) is IssueStatus.APPROVED


def test_a_single_mail_waits_until_it_can_be_delivered(folder: Path, database: Database) -> None:
    with database.write() as connection:
        queue_mail(connection, MailKind.ALERT, "alert:x", None, ALERT, THURSDAY)
    told = run(folder, "mails", "send").output
    assert "0 mails sent." in told
    assert f"Note: {WORDS}." in told
    with database.read() as connection:
        assert connection.execute(select(mails.c.status)).scalar_one() is MailStatus.PENDING


ALERT = {"title": "t", "why": "w", "since": "", "next": "", "command": ""}

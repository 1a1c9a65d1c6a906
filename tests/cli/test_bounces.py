import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from newsletter.app import open_app
from newsletter.cli.program import program
from newsletter.readers.links import Purpose
from newsletter.readers.store import get_reader
from tests.installed import install


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "weekly"
    install(folder, example=True)
    (folder / "returned" / "new").mkdir(parents=True)
    return folder


def run(folder: Path, *arguments: str) -> Result:
    environment = {"NEWSLETTER_BOUNCES_MAILDIR": "returned"}
    return CliRunner().invoke(program, ["--folder", str(folder), *arguments], env=environment)


def put_farewell(folder: Path) -> None:
    """Alice subscribes, and her mail program writes to List-Unsubscribe's mailto."""
    assert run(folder, "readers", "add", "alice@example.org", "--consent", "fair").exit_code == 0
    app = open_app(folder)
    with app.database.read() as connection:
        salt = get_reader(connection, 1).salt
    token = app.links.token(Purpose.UNSUBSCRIBE, 1, reader_salt=salt)
    app.close()
    mail = f"From: alice@example.com\nSubject: unsubscribe {token}\n\n"
    (folder / "returned" / "new" / "1.host").write_text(mail)


def test_a_mailbox_is_read_and_what_came_of_it_is_told(folder: Path) -> None:
    put_farewell(folder)
    assert "leaving  left     1" in run(folder, "bounces", "read").output
    assert "Nothing new." in run(folder, "bounces", "read").output
    [counted] = json.loads(run(folder, "bounces", "show", "--json").stdout)
    assert counted == {"report": "leaving", "outcome": "left", "code": "", "count": 1}
    assert (
        json.loads(run(folder, "readers", "show", "alice@example.org", "--json").stdout)["status"] == "left"
    )


def test_the_job_reads_it_too(folder: Path) -> None:
    put_farewell(folder)
    environment = {"NEWSLETTER_BOUNCES_MAILDIR": "returned"}
    result = CliRunner().invoke(program, ["--folder", str(folder), "jobs", "run", "bounces"], env=environment)
    assert "Reports: 1 leaving (left). Other mails, left alone: 0." in result.output


def test_without_a_mailbox_the_settings_to_make_are_named(folder: Path) -> None:
    result = CliRunner().invoke(program, ["--folder", str(folder), "bounces", "read"])
    assert result.exit_code == 2
    assert "set bounces.maildir or bounces.imap_host" in result.output


def test_a_mailbox_without_tls_may_only_be_on_this_machine(folder: Path) -> None:
    environment = {
        "NEWSLETTER_BOUNCES_IMAP_HOST": "imap.example.org",
        "NEWSLETTER_BOUNCES_IMAP_TLS": "none",
    }
    result = CliRunner().invoke(program, ["--folder", str(folder), "bounces", "read"], env=environment)
    assert (result.exit_code, "only for a server on this machine" in result.output) == (2, True)

"""`newsletter editors`, and the link that serve prints for a new installation."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from newsletter.app import open_app
from newsletter.cli.program import program
from newsletter.editing.editors import first_link, sign_in
from tests.installed import install


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    install(tmp_path / "weekly", example=True)
    return tmp_path / "weekly"


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(program, ["--folder", str(folder), "editors", *arguments])


def enter(folder: Path, link: str) -> str:
    """Press the button behind a link; whose it was."""
    app = open_app(folder)
    try:
        return sign_in(app, link.rpartition("/")[2])[0].name
    finally:
        app.close()


def test_an_invited_editor_signs_in_by_the_printed_link(folder: Path) -> None:
    said = run(folder, "invite", "erin@example.org", "--role", "writer", "--name", "Erin")
    first, link = said.output.splitlines()
    assert first == "erin@example.org is a writer. This link signs them in, once, within 24 hours:"
    assert link.startswith("http://localhost:8000/desk/sign-in/")
    assert enter(folder, link) == "Erin"
    (session,) = json.loads(run(folder, "sessions", "--json").output)
    assert session["editor"] == "erin@example.org"


def test_editors_are_listed_changed_and_revoked(folder: Path) -> None:
    run(folder, "invite", "erin@example.org", "--role", "publisher")
    run(folder, "invite", "paul@example.org", "--role", "publisher")
    assert run(folder, "role", "erin@example.org", "writer").output == "erin@example.org is a writer.\n"
    assert run(folder, "revoke", "erin@example.org").output == "erin@example.org is no editor any more.\n"
    rows = json.loads(run(folder, "list", "--json").output)
    assert [(each["name"], each["role"], bool(each["revoked_at"])) for each in rows] == [
        ("erin", "writer", True),
        ("paul", "publisher", False),
    ]


def test_an_editor_is_signed_out_everywhere(folder: Path) -> None:
    link = run(folder, "invite", "erin@example.org", "--role", "writer").output.splitlines()[1]
    enter(folder, link)
    ended = run(folder, "sessions", "erin@example.org", "--end")
    assert ended.output == "erin@example.org is signed out: 1 session.\n"
    assert json.loads(run(folder, "sessions", "--json").output) == []
    assert run(folder, "sessions", "--end").exit_code == 2


def test_what_cannot_be_is_said_in_one_sentence(folder: Path) -> None:
    nobody = run(folder, "revoke", "nobody@example.org")
    assert nobody.exit_code == 2
    assert nobody.stderr.startswith("newsletter: There is no editor nobody@example.org.")
    run(folder, "invite", "paul@example.org", "--role", "publisher")
    assert "is the only publisher" in run(folder, "revoke", "paul@example.org").stderr
    assert run(folder, "invite", "no address", "--role", "writer").exit_code == 2


def test_a_new_installation_has_a_link_until_somebody_used_one(folder: Path) -> None:
    app = open_app(folder)
    first, again = first_link(app), first_link(app)
    assert first is not None
    assert again is not None
    signed_in, _ = sign_in(app, again.rpartition("/")[2])
    assert signed_in.address == app.settings.mail.reply_to
    assert first_link(app) is None
    app.close()


def test_a_newsletter_with_editors_prints_no_link(folder: Path) -> None:
    run(folder, "invite", "erin@example.org", "--role", "publisher")
    run(folder, "invite", "paul@example.org", "--role", "writer")
    app = open_app(folder)
    assert first_link(app) is None
    app.close()

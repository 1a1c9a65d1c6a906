import json
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from newsletter.cli.program import program
from newsletter.config import load_settings, setting_rows
from newsletter.delivery.transports import TRANSPORT_SETTINGS, require_ready_to_send
from newsletter.errors import BadInput
from newsletter.installation import make_installation, settings_file
from newsletter.readers.keys import read_link_keys


def run(folder: Path, *arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(program, arguments, env={"NEWSLETTER_FOLDER": str(folder), **environment})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_init_makes_everything_and_says_what_to_do_next(tmp_path: Path) -> None:
    folder = tmp_path / "weekly"
    result = CliRunner().invoke(program, ["init", str(folder)])
    assert result.exit_code == 0
    assert {"newsletter.toml", "content.db", "subscribers.db", "keys", "outbox"} <= set(os.listdir(folder))
    assert sorted(os.listdir(folder / "outbox")) == ["cur", "new", "tmp"]
    assert f"Made a newsletter in {folder}.\n" in result.output
    assert f"newsletter --folder {folder} content import" in result.output


@pytest.mark.parametrize(
    "name", ["weekly?test", "week%20ly", "50%", "wee#kly", "a b", "a&b=c", "a?mode=ro", "Übersicht"]
)
def test_a_folder_may_be_called_what_its_owner_likes(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    assert run(folder, "init").exit_code == 0
    assert os.listdir(tmp_path) == [name]
    assert run(folder, "backup").exit_code == 0
    backup = next((folder / "backups").glob("*.tar.gz"))
    assert run(folder, "restore", str(backup)).exit_code == 0
    assert run(folder, "db", "status").exit_code == 0
    assert "subscribers.db" in os.listdir(folder)


def test_what_holds_personal_data_is_for_its_owner_only(tmp_path: Path) -> None:
    make_installation(tmp_path)
    closed = ("subscribers.db", "content.db", "content.db.lock", "newsletter.toml")
    assert {mode(tmp_path / name) for name in closed} == {0o600}
    assert mode(tmp_path / "outbox") == mode(tmp_path / "keys") == 0o700


def test_a_new_installation_works(tmp_path: Path) -> None:
    assert run(tmp_path, "init").exit_code == 0
    assert json.loads(run(tmp_path, "readers", "list", "--json").output) == []
    # A long path makes the table wrap.
    assert "up to date" in " ".join(run(tmp_path, "db", "status").output.split())


def test_a_new_installation_cannot_send_before_it_is_set(tmp_path: Path) -> None:
    make_installation(tmp_path)
    with pytest.raises(BadInput, match=r"nothing can be sent before site\.public_url is set"):
        require_ready_to_send(load_settings(tmp_path, TRANSPORT_SETTINGS, environ={}))


def test_an_example_installation_can_send_to_the_outbox(tmp_path: Path) -> None:
    assert run(tmp_path, "init", "--example").exit_code == 0
    require_ready_to_send(load_settings(tmp_path, TRANSPORT_SETTINGS, environ={}))


def test_the_settings_file_explains_every_setting() -> None:
    text = settings_file()
    assert [row.name for row in setting_rows(TRANSPORT_SETTINGS) if f"# {row.help}\n" not in text] == []


def test_the_settings_file_with_every_comment_undone_holds_the_defaults(tmp_path: Path) -> None:
    lines = settings_file().splitlines()
    undone = [
        line[2:] if line.startswith("# ") and " = " in line and "_file" not in line else line
        for line in lines
    ]
    for name, text in (("commented", settings_file()), ("undone", "\n".join(undone))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "newsletter.toml").write_text(text)
    commented, defaults = (
        load_settings(tmp_path / name, TRANSPORT_SETTINGS, environ={}) for name in ("commented", "undone")
    )
    for row in setting_rows(TRANSPORT_SETTINGS):
        assert commented.value(row) == defaults.value(row), row.name


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    make_installation(tmp_path)
    keys = read_link_keys(tmp_path / "keys" / "links")
    result = run(tmp_path, "init")
    assert result.exit_code == 2
    assert "there is a newsletter here already" in result.stderr
    assert read_link_keys(tmp_path / "keys" / "links") == keys


@pytest.mark.parametrize("name", ["content.db", "subscribers.db", "keys", "outbox"])
def test_a_file_in_the_way_stops_init_before_anything_is_left(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    result = run(tmp_path, "init")
    assert result.exit_code == 2
    assert f"{name} is here already" in result.stderr
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_failed_init_leaves_no_folder_behind(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(program, ["init", str(tmp_path / "file" / "weekly")])
    assert result.exit_code == 2
    assert "this folder cannot be made or written: Not a directory" in result.stderr
    assert os.listdir(tmp_path) == ["file"]


def test_a_folder_without_a_newsletter_says_how_to_make_one(tmp_path: Path) -> None:
    result = run(tmp_path, "readers", "list")
    assert result.exit_code == 2
    assert result.stderr.endswith("there is no newsletter here. Make one with: newsletter init\n")


def test_settings_say_where_each_value_comes_from(tmp_path: Path) -> None:
    make_installation(tmp_path, example=True)
    result = run(tmp_path, "settings", "--json", NEWSLETTER_MAIL_FROM_NAME="The Weekly")
    rows = {row["setting"]: row for row in json.loads(result.output)}
    assert rows["mail.from_name"]["value"] == '"The Weekly"'
    assert rows["mail.from_name"]["from"] == "environment variable NEWSLETTER_MAIL_FROM_NAME"
    assert rows["site.public_url"]["from"].startswith(f"{tmp_path / 'newsletter.toml'}:")
    assert rows["schedule.day"] == {"setting": "schedule.day", "value": '"thu"', "from": "default"}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://weekly:letmein@localhost/weekly", "postgresql+psycopg://weekly:********@localhost/weekly"),
        ("postgresql+psycopg://weekly:p@letmein/or:letmein#1@localhost/weekly", "postgresql+psycopg://weekly:********@localhost/weekly"),
        ("postgresql+psycopg://h/weekly?user=w&password=letmein&x=1", "postgresql+psycopg://h/weekly?user=w&password=********&x=1"),
        ("postgresql+psycopg://h/weekly?sslpassword=letmein", "postgresql+psycopg://h/weekly?sslpassword=********"),
        ("postgresql+psycopg://weekly@localhost/weekly", "postgresql+psycopg://weekly@localhost/weekly"),
    ],
)  # fmt: skip
def test_settings_hide_secrets(tmp_path: Path, url: str, shown: str) -> None:
    make_installation(tmp_path)
    result = run(tmp_path, "settings", NEWSLETTER_SMTP_PASSWORD="letmein", NEWSLETTER_PATHS_DATABASE_URL=url)
    assert result.exit_code == 0
    assert "letmein" not in result.output
    assert shown in result.output

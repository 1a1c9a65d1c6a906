"""Other programs' exports: files as they write them, made up here."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from newsletter.cli.program import program
from tests.installed import install

EXPORTS = Path(__file__).parent / "exports"

FILES = ("substack", "beehiiv", "buttondown", "ghost", "listmonk")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    install(tmp_path / "weekly", example=True)
    return tmp_path / "weekly"


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(program, ["--folder", str(folder), "readers", *arguments])


def readers(folder: Path) -> dict[str, str]:
    listed = json.loads(run(folder, "list", "--json").stdout)
    return {each["address"]: each["name"] for each in listed}


def import_(folder: Path, name: str, of: str) -> Result:
    return run(folder, "import", str(EXPORTS / f"{name}.csv"), "--from", of, "--consent", "moved from there")


@pytest.mark.parametrize("name", FILES)
def test_an_export_brings_its_active_readers_and_nobody_else(folder: Path, name: str) -> None:
    result = import_(folder, name, name)
    assert result.exit_code == 0, result.output
    assert set(readers(folder)) == {"alice@example.org", "bob@example.org"}
    assert f"{name}.csv:4: the status is" in result.output


def test_mailchimp_has_a_postal_address_too(folder: Path) -> None:
    import_(folder, "mailchimp-subscribed", "mailchimp")
    assert readers(folder) == {"alice@example.org": "Alice", "bob@example.org": "Bob"}


def test_who_left_at_mailchimp_is_not_imported(folder: Path) -> None:
    result = import_(folder, "mailchimp-unsubscribed", "mailchimp")
    assert readers(folder) == {}
    assert "only active readers are imported" in result.output


def test_an_import_says_where_consent_comes_from_or_is_refused(folder: Path) -> None:
    result = run(folder, "import", str(EXPORTS / "ghost.csv"), "--from", "ghost")
    assert (result.exit_code, "consent comes from" in result.output) == (2, True)


def test_an_export_of_another_program_is_refused(folder: Path) -> None:
    result = import_(folder, "ghost", "mailchimp")
    assert result.exit_code == 2
    assert "It does not look like an export of Mailchimp." in result.output


def test_a_column_may_still_be_mapped_by_hand(folder: Path) -> None:
    file = str(EXPORTS / "ghost.csv")
    run(folder, "import", file, "--from", "ghost", "--consent", "moved", "--map", "labels=topics")
    shown = json.loads(run(folder, "show", "alice@example.org", "--json").stdout)
    assert shown["topics"] == ["a", "b"]


def test_who_left_elsewhere_is_suppressed_and_stays_so(folder: Path) -> None:
    file = str(EXPORTS / "mailchimp-unsubscribed.csv")
    said = run(folder, "suppress", "--file", file, "--from", "mailchimp", "--reason", "left before")
    assert (said.exit_code, "suppressed  1" in said.output) == (0, True)
    again = run(folder, "suppress", "--file", file, "--from", "mailchimp", "--reason", "left before")
    assert "suppressed before  1" in again.output
    assert "suppression list" in run(folder, "add", "carol@example.org", "--consent", "fair").output


def test_readers_who_are_on_the_list_leave(folder: Path, tmp_path: Path) -> None:
    run(folder, "add", "alice@example.org", "--consent", "fair")
    listed = tmp_path / "bounced.csv"
    listed.write_text("email\nALICE@example.org\nno address\n")
    said = run(folder, "suppress", "--file", str(listed), "--reason", "bounced elsewhere")
    assert f"{listed}:3: 'no address' is no mail address" in said.output
    assert json.loads(run(folder, "show", "alice@example.org", "--json").stdout)["status"] == "left"


def test_a_list_without_one_address_is_refused(folder: Path, tmp_path: Path) -> None:
    listed = tmp_path / "bounced.csv"
    listed.write_text("email\nno address\n")
    said = run(folder, "suppress", "--file", str(listed), "--reason", "bounced elsewhere")
    assert (said.exit_code, f"{listed}: none of its lines can be used" in said.output) == (2, True)


@pytest.mark.parametrize("name", FILES)
def test_active_readers_of_a_wrong_file_are_not_suppressed(folder: Path, name: str) -> None:
    file = str(EXPORTS / f"{name}.csv")
    said = run(folder, "suppress", "--file", file, "--from", name, "--reason", "left")
    assert "suppressed  1" in said.output
    assert said.output.count("this reader is not to be suppressed") == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--file", str(EXPORTS / "mailchimp-subscribed.csv"), "--from", "mailchimp"), "no column says who"),
        ((), "give an address, or --file"),
        (("a@example.org", "--file", "x.csv"), "give an address, or --file"),
        (("--file", "absent.csv"), "cannot be read"),
    ],
)
def test_a_list_that_cannot_be_meant_is_refused(
    folder: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    said = run(folder, "suppress", *arguments, "--reason", "left")
    assert (said.exit_code, sentence in said.output) == (2, True)

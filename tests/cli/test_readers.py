import json
import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from newsletter.app import open_app
from newsletter.cli.program import program
from newsletter.editing.audit import list_entries
from newsletter.readers.importing import CHUNK
from tests.installed import install


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new installation."""
    install(tmp_path / "weekly")
    return tmp_path / "weekly"


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(program, ["--folder", str(folder), "readers", *arguments])


def listed(folder: Path, *arguments: str) -> list[str]:
    return [row["address"] for row in json.loads(run(folder, "list", "--json", *arguments).stdout)]


def add(folder: Path, *addresses: str) -> None:
    for address in addresses:
        assert run(folder, "add", address, "--consent", "fair").exit_code == 0


def test_a_reader_is_added_once(folder: Path) -> None:
    assert (
        run(folder, "add", "Ada@example.org", "--consent", "fair").output
        == "Ada@example.org is a reader now.\n"
    )
    again = run(folder, "add", "ada@example.org", "--consent", "fair")
    assert (again.exit_code, again.output) == (0, "ada@example.org is a reader already.\n")
    assert listed(folder) == ["Ada@example.org"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nonsense", "--consent", "fair"], "'nonsense' is no mail address"),
        (["ada@example.org", "--consent", " "], "the consent source is empty"),
        (["ada@example.org", "--consent", "mail of ada@example.org"], "the consent source holds an address"),
        (["ada@example.org", "--consent", "fair", "--name", "Ada\r\nBcc: x"], "the name holds a line break"),
        (["ada@example.org"], "Missing option '--consent'"),
        (["ada@example.org", "--consent", "fair", "--edition", "hourly"], "'hourly' is not one of"),
    ],
)
def test_bad_input_exits_2_and_adds_nobody(folder: Path, arguments: list[str], sentence: str) -> None:
    result = run(folder, "add", *arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert listed(folder) == []


def test_who_left_is_not_brought_back(folder: Path) -> None:
    add(folder, "ada@example.org")
    assert run(folder, "leave", "ada@example.org").output == "ada@example.org has left.\n"
    assert run(folder, "leave", "ada@example.org").output == "ada@example.org had left before.\n"
    result = run(folder, "add", "ada@example.org", "--consent", "fair")
    assert result.exit_code == 1
    assert result.stderr == (
        "newsletter: ada@example.org is not added: they left. Only they can come back, by subscribing.\n"
    )


def test_a_suppressed_address_leaves_and_stays_away(folder: Path) -> None:
    add(folder, "ada@example.org")
    run(folder, "suppress", "ada@example.org", "--reason", "asked by letter")
    assert listed(folder, "--status", "left") == ["ada@example.org"]
    result = run(folder, "add", "ADA@example.org", "--consent", "fair")
    assert "the address is on the suppression list" in result.stderr
    assert run(folder, "suppress", "x@example.org", "--reason", "mail of x@example.org").exit_code == 2


@pytest.mark.parametrize("from_file", [False, True])
def test_a_mistake_on_the_suppression_list_is_undone_and_a_complaint_stays(
    folder: Path, tmp_path: Path, from_file: bool
) -> None:
    why = {"ada@example.org": "wrong file", "bob@example.org": "complained", "cy@example.org": "erased"}
    for address, reason in why.items():
        run(folder, "suppress", address, "--reason", reason)
    hints = {each: run(folder, "add", each, "--consent", "fair").stderr for each in why}
    assert ["unsuppress" in each for each in hints.values()] == [True, False, False]
    assert ["by subscribing" in each for each in hints.values()] == [False, False, True]
    (tmp_path / "wrong.csv").write_text("\n".join(("email", *why, "dan@example.org", "nonsense")))
    who = ("--file", str(tmp_path / "wrong.csv")) if from_file else (*why, "dan@example.org")
    assert run(folder, "unsuppress", *who, "--reason", "of ada@example.org").exit_code == 2
    said = run(folder, "unsuppress", *who, "--reason", "a mistake")
    counts = dict(re.findall(r"^([a-z ]+?) +(\d)$", said.stdout, re.MULTILINE))
    assert counts == {"taken off": "1", "not on the list": "1", "erased": "1", "complained": "1"} | (
        {"not usable": "1"} if from_file else {}
    )
    with closing(open_app(folder)) as app, app.database.read() as connection:
        written = [(each.action, each.detail) for each in list_entries(connection, 9)]
    assert written == [("unsuppressed", "1 address: a mistake")]
    for address in why:
        run(folder, "add", address, "--consent", "fair")
    assert listed(folder) == ["ada@example.org"]


def test_show_tells_what_is_known_with_the_ledger(folder: Path) -> None:
    add(folder, "ada@example.org")
    shown = json.loads(run(folder, "show", "ADA@example.org", "--json").stdout)
    assert (shown["address"], shown["status"], shown["topics"]) == ("ada@example.org", "active", [])
    assert [(each["event"], each["source"]) for each in shown["consents"]] == [("added", "fair")]
    assert "fair" in run(folder, "show", "ada@example.org").stdout


def test_who_is_suppressed_is_said_to_be_with_the_reason(folder: Path) -> None:
    run(folder, "add", "ada@example.org", "--consent", "fair")
    assert "suppressed" not in run(folder, "show", "ada@example.org").stdout
    run(folder, "set", "ada@example.org", "--tool", "kite", "--topic", "Coding")
    run(folder, "suppress", "ada@example.org", "--reason", "asked by letter")
    said = run(folder, "show", "ada@example.org").stdout
    for field, value in (("suppressed", "asked by letter"), ("tools", "kite"), ("topics", "Coding")):
        assert any(line.split()[:1] == [field] and value in line for line in said.splitlines()), said
    run(folder, "suppress", "bob@example.org", "--reason", "asked by letter")
    unknown = run(folder, "show", "bob@example.org")
    assert unknown.exit_code == 2
    assert "on the suppression list: asked by letter" in unknown.output


def test_a_reader_who_is_not_there_is_said_to_be_missing(folder: Path) -> None:
    for command in ("show", "leave"):
        result = run(folder, command, "nobody@example.org")
        assert (result.exit_code, result.stderr) == (
            2,
            "newsletter: There is no reader nobody@example.org.\n",
        )


def test_a_long_list_says_that_there_is_more(folder: Path) -> None:
    add(folder, "ada@example.org", "bob@example.org", "eve@example.org")
    result = run(folder, "list", "--limit", "2")
    assert "bob@example.org" in result.stdout
    assert "eve@example.org" not in result.stdout
    assert result.stderr == "2 of 3 readers; --limit 0 lists all.\n"
    assert len(listed(folder, "--limit", "0")) == 3


def test_an_import_reports_bad_lines_and_counts(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("E-Mail;Vorname;Telefon\nada@example.org;Ada;1\nnonsense;;\nADA@example.org;;\n")
    result = run(folder, "import", str(path), "--consent", "fair", "--map", "Vorname=name", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "added": 1,
        "known": 1,
        "left": 0,
        "bounced": 0,
        "complained": 0,
        "suppressed": 0,
        "gone": 0,
        "neither": 0,
        "not_usable": 1,
        "dry_run": False,
    }
    assert result.stderr.splitlines() == [
        "Not read: Telefon.",
        f"{path}:3: 'nonsense' is no mail address. An email address must have an @-sign.",
    ]


def test_a_dry_run_says_what_would_be(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("email,consent\nada@example.org,fair\n")
    result = run(folder, "import", str(tmp_path / "new.csv"), "--dry-run")
    assert result.stdout.splitlines() == ["Would be  Lines", "added     1"]
    assert listed(folder) == []


@pytest.mark.parametrize("mapping", ["Vorname", "Vorname=vorname", "=name"])
def test_a_map_that_maps_nothing_is_refused(folder: Path, tmp_path: Path, mapping: str) -> None:
    (tmp_path / "new.csv").write_text("email,Vorname\nada@example.org,Ada\n")
    result = run(folder, "import", str(tmp_path / "new.csv"), "--consent", "fair", "--map", mapping)
    assert result.exit_code == 2
    assert "must be COLUMN=FIELD" in result.stderr


def test_an_export_is_imported_again_as_it_was(folder: Path, tmp_path: Path) -> None:
    rows = [
        "address,name,edition,time zone,topics,consent",
        'ada@example.org,"=Lovelace, ""Ada""",monthly,Europe/London,coding; vision,form',
        "-bob@example.org,'Bob,weekly,,,fair",
        "eve@example.org,,weekly,,,fair",
    ]
    (tmp_path / "first.csv").write_text("\n".join(rows) + "\n")
    run(folder, "import", str(tmp_path / "first.csv"))
    run(folder, "leave", "eve@example.org")
    out = tmp_path / "out.csv"
    assert run(folder, "export", "-o", str(out), "--status", "active").stderr == "2 readers written.\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "'=Lovelace" in out.read_text()
    install(tmp_path / "second")
    run(tmp_path / "second", "import", str(out))
    for address in ("ada@example.org", "-bob@example.org"):
        before, after = (
            json.loads(run(each, "show", "--json", "--", address).stdout)
            for each in (folder, tmp_path / "second")
        )
        same = ("address", "name", "edition", "time_zone", "topics", "status")
        assert {key: before[key] for key in same} == {key: after[key] for key in same}


def test_a_failed_export_leaves_no_file(folder: Path, tmp_path: Path) -> None:
    (folder / "newsletter.toml").write_text('[paths]\ndatabase_url = "sqlite:///missing/subscribers.db"\n')
    result = run(folder, "export", "-o", str(tmp_path / "out.csv"))
    assert result.exit_code != 0
    assert sorted(os.listdir(tmp_path)) == ["weekly"]


def test_export_without_a_file_goes_to_stdout(folder: Path) -> None:
    add(folder, "ada@example.org")
    assert run(folder, "export").stdout.splitlines()[1].startswith("ada@example.org,,active,")


def test_ctrl_c_stops_an_import_between_two_chunks(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("email\n" + "".join(f"reader{number}@example.org\n" for number in range(60_000)))
    arguments = ["--folder", str(folder), "readers", "import", str(path), "--consent", "fair"]
    command = [sys.executable, "-m", "newsletter", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not count(folder):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "newsletter: stopped\n")
    assert 0 < count(folder) < 60_000
    assert count(folder) % CHUNK == 0


def count(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "subscribers.db")) as connection:
        counted: int = connection.execute("SELECT count(*) FROM readers").fetchone()[0]
        return counted


def test_choices_are_set_and_what_is_not_named_stays(folder: Path) -> None:
    add(folder, "ada@example.org")
    set_ = ["set", "ada@example.org"]
    assert (
        run(folder, *set_, "--topic", "Image Tools", "--tool", "kestrel-draw", "--tokens", "25").exit_code
        == 0
    )
    assert run(folder, *set_, "--team", "12", "--hour", "7", "--zone", "Europe/Berlin").exit_code == 0
    known = json.loads(run(folder, "show", "ada@example.org", "--json").stdout)
    assert (known["topics"], known["monthly_tokens"], known["team_size"]) == (["Image Tools"], 25, 12)
    assert (known["send_hour"], known["time_zone"]) == (7, "Europe/Berlin")


def test_choices_that_cannot_be_are_refused_and_nothing_is_set(folder: Path) -> None:
    add(folder, "ada@example.org")
    bad = run(folder, "set", "ada@example.org", "--team", "12", "--zone", "Europe/Atlantis")
    assert (bad.exit_code, "'Europe/Atlantis' is no time zone" in bad.output) == (2, True)
    assert run(folder, "set", "ada@example.org", "--hour", "24").exit_code == 2
    assert json.loads(run(folder, "show", "ada@example.org", "--json").stdout)["team_size"] is None


def test_a_file_that_cannot_be_written_is_said_in_one_line(folder: Path) -> None:
    result = run(folder, "export", "-o", "/nonexistent/out.csv")
    assert result.exit_code == 1
    assert result.stderr.startswith("newsletter: /nonexistent/")
    assert result.stderr.endswith(": No such file or directory\n")


def test_a_full_disk_is_said_in_one_line(folder: Path) -> None:
    add(folder, "ada@example.org")
    command = [sys.executable, "-m", "newsletter", "--folder", str(folder), "readers", "export"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "newsletter: the output cannot be written: No space left on device"
    assert "Traceback" not in done.stderr

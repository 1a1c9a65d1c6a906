"""Every command that a message suggests: the program takes it, and in the usual states it runs as it is printed."""

import ast
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import insert, update

from newsletter import commands
from newsletter.app import open_app
from newsletter.cli.program import SECTIONS, program
from newsletter.commands import suggest
from newsletter.db.schema import batches, deliveries, issues, mails, plans, snapshots
from newsletter.db.statuses import BatchStatus, DeliveryStatus, IssueStatus, MailKind, MailStatus
from newsletter.delivery.store import start_issue
from tests.conftest import THURSDAY
from tests.delivery.house import FRAME, PLAN, add_readers
from tests.installed import install

ROOT = Path(__file__).parents[2]
SOURCES = sorted(file for room in ("newsletter", "jobs") for file in (ROOT / room).rglob("*.py"))
NAMES = [name for named in SECTIONS.values() for name in named if name not in ("serve", "completion")]
#: A command in words, where the code does not make it with `suggest`: "newsletter serve" is a thing that runs.
GLUED = re.compile(rf"\bnewsletter (?:{'|'.join(NAMES)})\b")
#: What the reader fills in.
FILLED_IN = {"READER": "1", "MAIL": "1", "FILE": __file__, "ATTRIBUTE": "input_price"}


def suggested() -> Iterator[tuple[str, list[str]]]:
    """Yield the place of each suggestion in the code, and its words; what is computed is 1."""
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "suggest":
                words = [_word(each) for each in node.args if not isinstance(each, ast.Starred)]
                yield f"{file.relative_to(ROOT)}:{node.lineno}", words


def _word(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return FILLED_IN.get(str(node.value), str(node.value))
    # An option whose name is computed: --subject, --preheader.
    return "--subject" if isinstance(node, ast.JoinedStr) else "1"


def parse(words: list[str]) -> None:
    """Read a command line as the program does, without running it; raises UsageError."""
    context = program.make_context("newsletter", list(words))
    command: click.Command = program
    while isinstance(command, click.Group):
        left = [*context._protected_args, *context.args]
        assert left, "a group alone does nothing"
        name, found, rest = command.resolve_command(context, left)
        assert found is not None
        command = found
        try:
            context = command.make_context(name, rest, parent=context)
        except click.exceptions.Exit:
            # It says --help.
            return


ALL = list(suggested())


@pytest.mark.parametrize(("place", "words"), ALL, ids=[place for place, _ in ALL])
def test_the_program_takes_what_is_suggested(place: str, words: list[str]) -> None:
    if len(words) == 2 and words[1] == "import":
        # Before PATH and CSV, in the words of `newsletter init`.
        words = [*words, __file__]
    parse(words)


def test_no_suggestion_is_glued_together_anywhere_else() -> None:
    assert len(ALL) > 80
    glued = []
    for file in SOURCES:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        spoken = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) or (isinstance(node, ast.keyword) and node.arg == "help")
            for part in ast.walk(node.value)
            if not isinstance(node, ast.Expr) or isinstance(node.value, ast.Constant)
        }
        glued += [
            f"{file.relative_to(ROOT)}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spoken
            if GLUED.search(node.value) and "migrations" not in file.parts and file.name != "program.py"
        ]
    assert glued == []


def test_commands_in_pages_are_commands() -> None:
    found = [
        words
        for page in sorted((ROOT / "templates").rglob("*.j2"))
        for words in re.findall(r"<code>newsletter ([^<{]+)</code>", page.read_text(encoding="utf-8"))
    ]
    assert found
    for words in found:
        parse(shlex.split(words))


ODD = 'it\'s a "very" odd $HOME; `folder` & co'


@pytest.mark.parametrize("name", ["weekly", "two words", ODD, "-dash", "ümläut"])
def test_a_line_names_its_folder_so_that_a_shell_takes_it(tmp_path: Path, name: str) -> None:
    commands.name_folder(tmp_path / name)
    try:
        line = suggest("send", "--to-missed", 12)
    finally:
        commands.name_folder(None)
    printed = subprocess.run(
        ["bash", "-c", f'newsletter() {{ printf "%s\\n" "$@"; }}; {line}'],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert printed.stdout.splitlines() == ["--folder", str(tmp_path / name), "send", "--to-missed", "12"]
    assert suggest("status") == "newsletter status"


# In the usual states: what `newsletter status` names runs as it is printed, from another folder.


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(tmp_path / ODD, example=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / ODD


def run(*words: str) -> str:
    done = CliRunner().invoke(program, words)
    # 2 is what the program does not take.
    assert done.exit_code in (0, 1), done.output
    assert "Traceback" not in done.output
    return done.output


def approved(folder: Path, **values: object) -> None:
    with closing(open_app(folder)) as app:
        add_readers(app.database, 3)
        row = {"id": 1, "number": 7, "edition": "weekly", "slot": "2026-11-26T09:00"}
        row |= {"status": IssueStatus.APPROVED, "approved_by": "Eve", "content_hash": "a" * 64}
        row |= dict.fromkeys(("cutoff_at", "created_at", "updated_at", "approved_at"), THURSDAY) | values
        with app.database.write() as connection:
            connection.execute(insert(issues).values(row))
            connection.execute(insert(plans).values(issue_id=1, variant="everybody", plan=PLAN.to_bytes()))
            connection.execute(insert(snapshots).values(issue_id=1, letter="", sender=FRAME.to_json()))


def sending(folder: Path, status: IssueStatus = IssueStatus.SENDING) -> None:
    approved(folder)
    with closing(open_app(folder)) as app:
        start_issue(app.database, 1, THURSDAY)
        with app.database.write() as connection:
            connection.execute(update(issues).values(status=status))


def ended(folder: Path, status: DeliveryStatus, code: str) -> None:
    sending(folder, IssueStatus.SENT)
    with closing(open_app(folder)) as app, app.database.write() as connection:
        connection.execute(update(deliveries).values(status=status, code=code, at=THURSDAY))
        done = {"status": BatchStatus.DONE, status.value: batches.c.readers}
        connection.execute(update(batches).values(done))


def unsure_mail(folder: Path) -> None:
    row = {"kind": MailKind.ALERT, "key": "alert:a", "values": {"title": "A"}, "status": MailStatus.UNSURE}
    with closing(open_app(folder)) as app, app.database.write() as connection:
        connection.execute(insert(mails).values(**row, not_before=THURSDAY, queued_at=THURSDAY, at=THURSDAY))


STATES: dict[str, tuple[Callable[[Path], None], str]] = {
    "none": (lambda folder: None, "draft"),
    "approved": (approved, "send 1"),
    "on hold": (lambda folder: approved(folder, held_at=THURSDAY), "release 1"),
    "sending, and nobody sends": (sending, "send 1"),
    "paused": (lambda folder: sending(folder, IssueStatus.PAUSED), "resume 1"),
    "unsure": (lambda folder: ended(folder, DeliveryStatus.UNSURE, "killed"), "unsure 1"),
    "dropped": (lambda folder: ended(folder, DeliveryStatus.REJECTED, "dropped"), "send --to-missed 1"),
    "cancelled": (
        lambda folder: approved(folder, status=IssueStatus.CANCELLED, number=None, content_hash=None),
        "draft --now",
    ),
    "a mail is unsure": (unsure_mail, "mails list"),
}


@pytest.mark.parametrize("state", STATES)
def test_the_next_command_runs_as_it_is_printed(folder: Path, state: str) -> None:
    make, expected = STATES[state]
    make(folder)
    said = run("--folder", str(folder), "status")
    line = re.findall(r"(?:next      |with: )(newsletter .*)", said)[-1]
    words = shlex.split(line)
    assert words == ["newsletter", "--folder", str(folder), *expected.split()]
    run(*words[1:])


def test_an_older_database_says_how_it_is_upgraded(folder: Path) -> None:
    with closing(open_app(folder)) as app, app.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    refused = CliRunner().invoke(program, ["--folder", str(folder), "status"])
    words = shlex.split(refused.output.rpartition("Run: ")[2])
    assert words == ["newsletter", "--folder", str(folder), "db", "upgrade"]

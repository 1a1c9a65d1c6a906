import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import click
from click.testing import CliRunner

from newsletter.cli.frame import print_table, progress


def printed(action: Callable[[], None]) -> str:
    """What `action` prints, run as a command."""
    return CliRunner().invoke(click.Command("printing", callback=action), []).stdout


ROWS = [
    ("ada@example.org", datetime(2026, 11, 26, 9, tzinfo=UTC), None),
    ("名@example.org", Decimal("1.50"), True),
]


def test_a_table_without_a_terminal_is_aligned_text() -> None:
    assert printed(lambda: print_table(["Address", "Added at", "Left"], ROWS)).splitlines() == [
        "Address          Added at              Left",
        "ada@example.org  2026-11-26 09:00 UTC",
        "名@example.org   1.50                  yes",
    ]


def test_a_table_wider_than_a_screen_goes_on_below_and_keeps_words_whole() -> None:
    address = "https://example.org/" + "a" * 60
    rows = [("warning", "Sources differ on the price. " * 4, address), ("error", "Short.", "")]
    lines = printed(lambda: print_table(["Severity", "What", "Where"], rows)).splitlines()
    assert max(map(len, lines)) <= 120
    assert lines[1].split()[0] == "warning"
    assert lines[1].endswith(address)
    assert lines[2].startswith("          ")
    said = " ".join(line.removesuffix(address)[10:].strip() for line in lines[1:-1])
    assert said == "Sources differ on the price. " * 3 + "Sources differ on the price."
    assert lines[-1] == "error     Short."


def test_a_table_as_json_is_a_list_of_objects() -> None:
    assert json.loads(printed(lambda: print_table(["Address", "Added at", "Left"], ROWS, as_json=True))) == [
        {"address": "ada@example.org", "added_at": "2026-11-26T09:00:00+00:00", "left": None},
        {"address": "名@example.org", "added_at": "1.50", "left": True},
    ]


def test_an_empty_table_as_json_is_an_empty_list() -> None:
    assert printed(lambda: print_table(["Address"], [], as_json=True)) == "[]\n"


def test_progress_is_silent_without_a_terminal() -> None:
    def work() -> None:
        with progress("Reading", 3) as advance:
            advance(3)

    result = CliRunner().invoke(click.Command("working", callback=work), [])
    assert (result.stdout, result.stderr) == ("", "")


def test_on_a_terminal_a_table_keeps_other_peoples_brackets_and_a_bar_shows_progress() -> None:
    code = (
        "from newsletter.cli.frame import print_table, progress\n"
        "with progress('Reading', 2) as advance:\n"
        "    advance(2)\n"
        "print_table(['Name'], [['[bold]Ada']])\n"
    )
    terminal, end = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80"}
    subprocess.run(
        [sys.executable, "-c", code], stdout=end, stderr=end, env=environment, check=True, timeout=60
    )
    os.close(end)
    shown = os.read(terminal, 100_000).decode()
    os.close(terminal)
    assert "Reading" in shown
    assert "[bold]Ada" in shown

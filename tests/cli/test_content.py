import json
import sqlite3
from contextlib import chdir, closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from newsletter.cli.program import program
from tests.content.pages.reading import WRITTEN
from tests.content.test_packs import GOOD
from tests.content.test_sync import ROWS, sql
from tests.installed import install


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new installation, with a good and a broken pack beside it."""
    install(tmp_path / "weekly")
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs/a.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "broken.yaml").write_text(GOOD.replace("name: Heron 2", "nam: Heron 2"), encoding="utf-8")
    return tmp_path / "weekly"


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(program, ["--folder", str(folder), "content", *arguments])


def rows(folder: Path, *arguments: str) -> Any:
    result = run(folder, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_pack_is_imported_and_counted(folder: Path) -> None:
    file = str(folder.parent / "packs/a.yaml")
    assert rows(folder, "import", file) == [
        {"file": file, "state": "imported", "added": {"claims": 1, "tools": 1}, "changed": 0}
    ]
    assert rows(folder, "import", file) == [{"file": file, "state": "nothing new", "added": {}, "changed": 0}]


def test_a_dry_run_says_what_would_change(folder: Path) -> None:
    file = str(folder.parent / "packs/a.yaml")
    assert rows(folder, "import", "--dry-run", file) == [
        {"file": file, "state": "would change", "added": {"claims": 1, "tools": 1}, "changed": 0}
    ]
    assert rows(folder, "list", "tools") == []


def test_pages_and_packs_of_a_folder_go_in_together(folder: Path) -> None:
    page = folder.parent / "packs/page.txt"
    page.write_text((WRITTEN / "profile.txt").read_text(encoding="utf-8"), encoding="utf-8")
    imported = rows(folder, "import", "--ours", str(folder.parent / "packs"))
    assert [Path(each["file"]).name for each in imported] == ["a.yaml", "page.txt"]
    assert [each["ours"] for each in rows(folder, "list", "sources")] == [True, True]


def test_a_broken_file_is_named_and_leaves_nothing(folder: Path) -> None:
    broken = folder.parent / "broken.yaml"
    result = run(folder, "import", str(broken))
    assert result.exit_code == 2
    assert (
        result.output
        == f"newsletter: {broken}:8, field tools[1].nam: there is no such field: do you mean name? (and 1 more)\n"
    )
    assert rows(folder, "list", "tools") == []


def test_a_broken_file_among_others_does_not_keep_them_out(folder: Path) -> None:
    good, broken = str(folder.parent / "packs"), str(folder.parent / "broken.yaml")
    result = run(folder, "import", broken, good)
    assert result.exit_code == 2
    assert "broken.yaml:8, field tools[1].nam" in result.stderr
    assert result.stderr.endswith("newsletter: 1 of 2 files could not be imported; the others were\n")
    assert [each["id"] for each in rows(folder, "list", "tools")] == ["heron-2"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--source", "https://x.example/", "packs", "broken.yaml"], "--source is the address of one page: import these 2 files one at a time"),
        (["--source", "x.example", "packs"], "x.example is no web address: one that begins with https:// is right"),
        (["--published", "yesterday", "packs"], "--published yesterday is no date: one such as 2026-03-01 is right"),
        (["--as-of", "2026-02-30", "packs"], "--as-of 2026-02-30 is no date: one such as 2026-03-01 is right"),
        (["nowhere.yaml"], "nowhere.yaml: it cannot be read: No such file or directory"),
    ],
)  # fmt: skip
def test_bad_arguments_are_one_sentence(folder: Path, arguments: list[str], said: str) -> None:
    with chdir(folder.parent):
        result = run(folder, "import", *arguments)
    assert (result.exit_code, result.output) == (2, f"newsletter: {said}\n")


def test_dates_and_addresses_reach_the_store(folder: Path) -> None:
    page = str(WRITTEN / "head-to-head.txt")
    address = "https://verdicts.example/compare/1"
    result = run(
        folder,
        "import",
        page,
        "--ours",
        "--source",
        address,
        "--published",
        "2026-11-20",
        "--as-of",
        "2026-11-19",
    )
    assert result.exit_code == 0
    (comparison,) = rows(folder, "list", "comparisons")
    assert comparison["published"] == "2026-11-20"
    shown = rows(folder, "show", comparison["id"])
    assert {"field": "url", "value": address} in shown["comparison"]
    assert "2026-11-19" in {each["dated"] for each in shown["facts"]}


def test_an_export_makes_the_same_store(folder: Path) -> None:
    run(folder, "import", str(WRITTEN), "--ours")
    output = folder.parent / "export.json"
    assert run(folder, "export", "-o", str(output)).output == f"Wrote {output}.\n"
    install(folder.parent / "second")
    assert run(folder.parent / "second", "import", str(output)).exit_code == 0
    assert run(folder.parent / "second", "export").stdout == output.read_text(encoding="utf-8")


def test_an_export_that_cannot_be_written_is_one_sentence(folder: Path) -> None:
    output = folder / "nowhere" / "export.json"
    result = run(folder, "export", "-o", str(output))
    assert result.exit_code == 2
    assert result.output == f"newsletter: {output}: it cannot be written: No such file or directory\n"


def test_a_tool_is_shown_with_who_says_what(folder: Path) -> None:
    run(folder, "import", str(WRITTEN), "--ours")
    (tool, *_) = [each["id"] for each in rows(folder, "list", "tools", "--limit", "1")]
    result = run(folder, "show", tool)
    assert result.exit_code == 0
    assert result.output.startswith("Tool\nField")
    assert "\nFacts\nTool" in result.output
    assert {"tool", "facts"} <= rows(folder, "show", tool).keys()


def test_what_is_not_there_is_said(folder: Path) -> None:
    result = run(folder, "show", "heron-9")
    assert result.exit_code == 2
    assert result.output.startswith("newsletter: There is no tool or comparison heron-9.")


def test_words_are_searched_for(folder: Path) -> None:
    run(folder, "import", str(folder.parent / "packs"))
    assert rows(folder, "search", "heron") == [
        {"kind": "tool", "id": "heron-2", "title": "Heron 2", "words": "Heron 2"}
    ]
    assert rows(folder, "search", "AND", "(") == []


def test_sync_brings_the_site_over(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "site.db")) as connection:
        connection.executescript(sql("site") + ROWS)
    (folder / "views.sql").write_text(sql("views"), encoding="utf-8")
    text = (folder / "newsletter.toml").read_text(encoding="utf-8")
    paths = '[paths]\nsite_db = "site.db"\nsite_views = "views.sql"\n'
    (folder / "newsletter.toml").write_text(text.replace("[paths]\n", paths), encoding="utf-8")
    assert rows(folder, "sync", "--dry-run")[0]["state"] == "would change"
    assert run(folder, "sync").exit_code == 0
    assert [each["id"] for each in rows(folder, "list")] == ["heron-against-finch"]


def test_sync_without_its_settings_says_what_is_missing(folder: Path) -> None:
    result = run(folder, "sync")
    assert result.exit_code == 2
    assert "newsletter.toml: sync needs paths.site_db: see docs/how-to/your-own-database.md" in result.output


def test_a_source_that_is_ours_stays_so_until_told_otherwise(folder: Path) -> None:
    page = folder.parent / "page.txt"
    page.write_text((WRITTEN / "profile.txt").read_text(encoding="utf-8"), encoding="utf-8")
    flags: tuple[list[str], ...] = (["--ours"], [], [], ["--not-ours"], ["--ours"], ["--ours"])
    states, ours = [], []
    for flag in flags:
        states.append(rows(folder, "import", str(page), *flag)[0]["state"])
        ours.append(rows(folder, "list", "sources")[0]["ours"])
    assert states == [
        "imported", "nothing new, still ours", "nothing new, still ours",
        "imported, now not ours", "imported, now ours", "nothing new",
    ]  # fmt: skip
    assert ours == [True, True, True, False, True, True]


def test_a_page_first_taken_for_somebody_elses_can_become_ours(folder: Path) -> None:
    page = folder.parent / "page.txt"
    page.write_text((WRITTEN / "profile.txt").read_text(encoding="utf-8"), encoding="utf-8")
    rows(folder, "import", str(page))
    assert rows(folder, "import", "--ours", str(page))[0]["state"] == "imported, now ours"
    assert rows(folder, "list", "sources")[0]["ours"] is True


def test_readers_votes_go_out_as_a_file(folder: Path) -> None:
    heading = "comparison_id,tool_id,ship,skip,closed_at\n"
    assert run(folder, "export-votes").output == heading
    assert rows(folder, "export-votes") == []
    file = folder.parent / "votes.csv"
    assert run(folder, "export-votes", "-o", str(file)).output.split() == ["Wrote", f"{file}."]
    assert file.read_text() == heading

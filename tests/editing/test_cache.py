"""The compiled mail of a draft is remembered for as long as it reads the same, and not a moment longer."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.config import template_folders
from newsletter.content.records import ComparisonEntry, Pack, SourceEntry, ToolEntry
from newsletter.db.engine import Database
from newsletter.digest.issues import Issue
from newsletter.editing.approve import approve
from newsletter.editing.facts import rule
from tests.digest.week import CUTOFF
from tests.editing.desk import cache_of, drafted, edit, newsroom

RENAMED = Pack(
    source=SourceEntry(name="Tool desk", url="https://tools.example.org/new", ours=True),
    tools=(ToolEntry(id="pelican-large", name="Pelican XL"),),
)
MORE = Pack(
    source=SourceEntry(name="Tool desk", url="https://tools.example.org/more", ours=True),
    tools=(ToolEntry(id="gannet", name="Gannet"), ToolEntry(id="fulmar", name="Fulmar")),
    comparisons=(ComparisonEntry(left_id="gannet", right_id="fulmar"),),
)


@pytest.fixture
def app(tmp_path: Path, sqlite_database: Database) -> Iterator[App]:
    folder = tmp_path / "own" / "email" / "weekly"
    folder.mkdir(parents=True)
    app = newsroom(tmp_path, sqlite_database, settings={"paths.templates": tmp_path / "own"})
    yield app
    cache_of(app).close()


def own_subject(app: App, text: str) -> None:
    file = app.template_folders[0] / "email" / "weekly" / "subject.txt.j2"
    file.write_text(text)
    # A clock of files that ticks seldom must not hide the change.
    os.utime(file, ns=(len(text), len(text)))


def test_what_reads_the_same_is_compiled_once(app: App) -> None:
    issue = drafted(app)
    assert cache_of(app).compiled(issue) is cache_of(app).compiled(issue)


def test_an_edit_is_seen(app: App) -> None:
    issue = drafted(app)
    cache_of(app).compiled(issue)
    assert cache_of(app).compiled(edit(app, issue, subject="Ours")).letter.subject == "Ours"


def test_an_import_is_seen(app: App) -> None:
    issue = drafted(app)
    before, stamp = cache_of(app).compiled(issue), cache_of(app).stamp(issue)
    with app.content() as content:
        content.import_pack(RENAMED, CUTOFF)
    assert cache_of(app).stamp(issue) != stamp
    assert cache_of(app).compiled(issue) is not before


def test_a_ruling_is_seen(app: App) -> None:
    issue = drafted(app)
    before = cache_of(app).compiled(issue)
    rule(app, "heron-small", "input_price", None, reason="nobody knows", by="dora")
    after = cache_of(app).compiled(issue)
    assert "Heron" in str(before.letter.sources.disputes)
    assert "Heron" not in str(after.letter.sources.disputes)


def test_a_changed_template_is_seen(app: App) -> None:
    issue = drafted(app)
    cache_of(app).compiled(issue)
    own_subject(app, "{{ letter.subject }}, our way")
    plan = cache_of(app).compiled(issue).plan
    assert plan is not None
    assert b"our way" in plan.to_bytes()


def test_a_broken_template_is_named_with_its_line_and_mended_again(app: App) -> None:
    issue = drafted(app)
    own_subject(app, "One\n{{ letter.subjct }}")
    broken = cache_of(app).compiled(issue)
    assert broken.plan is None
    assert broken.fault is not None
    assert broken.fault.place is not None
    assert str(broken.fault.place.file).endswith("subject.txt.j2")
    assert (broken.fault.place.line, "subjct" in broken.fault.reason) == (2, True)
    assert broken.letter.subject
    own_subject(app, "{{ letter.subject }}")
    assert cache_of(app).compiled(issue).plan is not None


def test_another_issues_approval_changes_the_number(app: App) -> None:
    first = drafted(app)
    with app.content() as content:
        content.import_pack(MORE, CUTOFF - timedelta(hours=1))
    second = drafted(app, "2026-12-03T09:00")
    before = cache_of(app).compiled(second).letter.masthead.number
    approve(app, first, "dora")
    assert (before, cache_of(app).compiled(second).letter.masthead.number) == (1, 2)


def test_of_an_approved_issue_it_is_what_was_approved(app: App) -> None:
    issue = approve(app, drafted(app), "dora")
    before = cache_of(app).compiled(issue)
    own_subject(app, "{{ nonsense")
    assert cache_of(app).compiled(issue) is before
    assert before.fault is None


def test_our_own_templates_are_found(app: App, tmp_path: Path) -> None:
    assert app.template_folders == template_folders(tmp_path / "own")
    assert isinstance(drafted(app), Issue)

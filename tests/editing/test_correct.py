"""Correcting an issue that went out: beside what was frozen, and once in the next issue."""

from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.db.engine import Database
from newsletter.db.statuses import Edition
from newsletter.delivery.store import start_issue
from newsletter.digest.archive import Archive
from newsletter.digest.errata import errata_of
from newsletter.digest.issues import Issue
from newsletter.digest.store import add_issue, get_frozen
from newsletter.editing.approve import approve, cancel, withdraw
from newsletter.editing.audit import list_entries
from newsletter.editing.compiled import compile_issue, letter_of
from newsletter.editing.correct import correct
from newsletter.editing.preview import Format, preview
from newsletter.errors import BadInput
from tests.digest.week import PANEL_PAGE, PRICE_PAGE, VERDICT_PAGE
from tests.editing.desk import drafted, newsroom

NEXT, AFTER = "2026-12-03T09:00", "2026-12-10T09:00"
WORDS = "Correction to No. 1 (26 Nov 2026): we wrote “$0.10”. Right is: $0.07"


@pytest.fixture
def app(tmp_path: Path, sqlite_database: Database) -> App:
    return newsroom(tmp_path, sqlite_database, PANEL_PAGE, PRICE_PAGE)


def sent(app: App) -> Issue:
    issue = approve(app, drafted(app), "dora")
    start_issue(app.database, issue.id, app.clock.now())
    return issue


def next_draft(app: App, slot: str) -> Issue:
    """A draft for the slot, with what the store has for it: what it corrects needs no items."""
    with app.database.write() as connection:
        return add_issue(
            connection,
            edition=Edition.WEEKLY,
            slot=slot,
            cutoff_at=app.clock.now(),
            send_at=app.clock.now(),
            now=app.clock.now(),
        )


def following_issue(app: App) -> Issue:
    """The next issue with a week of its own, approved."""
    with app.content() as content:
        content.import_pack(VERDICT_PAGE, app.clock.now() - timedelta(minutes=1))
    return approve(app, drafted(app, NEXT), "dora")


def wrong(app: App, issue: Issue, *, to_tell: bool = True) -> None:
    correct(app, issue, said="$0.10", right="$0.07", to_tell=to_tell, by="dora")


def told(app: App, issue: Issue) -> list[str]:
    return [each.words for each in letter_of(app, issue).corrections]


def test_a_correction_stands_beside_what_was_sent_and_changes_none_of_it(app: App) -> None:
    issue = sent(app)
    with app.database.read() as connection:
        before = get_frozen(connection, issue.id)
    (shown,) = Archive(database=app.database).issues()
    wrong(app, issue)
    with app.database.read() as connection:
        assert get_frozen(connection, issue.id) == before
        assert [(each.action, each.by, each.detail) for each in list_entries(connection, 1)] == [
            ("corrected", "dora", "“$0.10” → “$0.07”; for the next issue too")
        ]
    (corrected,) = Archive(database=app.database).issues()
    assert corrected.letter == shown.letter
    assert [(each.said, each.right, each.by) for each in corrected.errata] == [("$0.10", "$0.07", "dora")]
    assert corrected.updated_at == app.clock.now()


def test_an_archive_that_has_read_an_issue_shows_its_correction_at_once(app: App) -> None:
    issue, archive = sent(app), Archive(database=app.database)
    assert archive.issue("weekly-1").errata == ()
    wrong(app, issue)
    assert [each.right for each in archive.issue("weekly-1").errata] == ["$0.07"]


def test_the_next_issue_says_so_in_both_parts(app: App) -> None:
    wrong(app, sent(app))
    following = next_draft(app, NEXT)
    assert told(app, following) == [WORDS]
    text = preview(app, compile_issue(app, following), None, Format.TEXT).decode()
    assert "! Correction to No. 1 (26 Nov 2026)" in text
    assert "/archive/weekly-1#corrections" in text
    assert "we wrote “$0.10”" in preview(app, compile_issue(app, following), None, Format.HTML).decode()


def test_what_one_issue_says_the_one_after_does_not(tmp_path: Path, database: Database) -> None:
    app = newsroom(tmp_path, database, PANEL_PAGE, PRICE_PAGE)
    wrong(app, sent(app))
    following = following_issue(app)
    assert told(app, following) == [WORDS]
    assert told(app, next_draft(app, AFTER)) == []


def test_what_the_next_issue_need_not_say_stays_on_the_page(app: App) -> None:
    wrong(app, sent(app), to_tell=False)
    assert told(app, next_draft(app, NEXT)) == []


@pytest.mark.parametrize("undo", [withdraw, lambda app, issue: cancel(app, issue, "a mistake")])
def test_an_issue_that_does_not_go_out_leaves_it_to_the_next(app: App, undo: object) -> None:
    wrong(app, sent(app))
    following = following_issue(app)
    with app.database.read() as connection:
        assert [each.told_in for each in errata_of(connection, 1)] == [following.id]
    assert callable(undo)
    undo(app, following)
    with app.database.read() as connection:
        assert [each.told_in for each in errata_of(connection, 1)] == [None]
    assert told(app, next_draft(app, AFTER)) == [WORDS]


def test_a_correction_that_comes_after_approval_waits_for_the_issue_after(app: App) -> None:
    first = sent(app)
    following = following_issue(app)
    wrong(app, first)
    assert told(app, following) == []
    assert told(app, next_draft(app, AFTER)) == [WORDS]


@pytest.mark.parametrize(
    ("said", "right", "why"),
    [
        ("", "$0.07", "Say what the issue said"),
        ("$0.10", " \u202e ", "Say what is right"),
        ("$0.10", "$0.10", "are the same"),
        ("$0.10", "x" * 201, "has 201|have 201"),
    ],
)
def test_words_that_say_nothing_or_too_much_are_refused(app: App, said: str, right: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        correct(app, sent(app), said=said, right=right, to_tell=True, by="dora")


def test_only_an_issue_that_went_out_can_be_corrected(app: App) -> None:
    issue = drafted(app)
    with pytest.raises(BadInput, match="has not gone out: change the draft instead"):
        wrong(app, issue)
    cancelled = cancel(app, issue, "a mistake")
    with pytest.raises(BadInput, match="was cancelled"):
        wrong(app, cancelled)


def test_hostile_words_stay_words(app: App) -> None:
    correct(app, sent(app), said="<script>{{ 1 }}</script>", right="<mj-text>", to_tell=True, by="dora")
    html = preview(app, compile_issue(app, next_draft(app, NEXT)), None, Format.HTML).decode()
    assert "&lt;script&gt;{{ 1 }}&lt;/script&gt;" in html
    assert "<script" not in html

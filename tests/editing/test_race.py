"""Two processes at once: one slot is drafted once, one issue approved once, no item published twice."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.clock import MovedClock
from newsletter.db.engine import Database, open_database
from newsletter.db.schema import publications
from newsletter.db.statuses import Edition
from newsletter.digest import store
from newsletter.digest.draft import Drafted
from newsletter.digest.issues import Issue
from newsletter.editing.approve import approve
from newsletter.editing.draft import draft_now
from newsletter.errors import NewsletterError
from tests.digest.week import CUTOFF, PANEL_PAGE, PRICE_PAGE, settings_in
from tests.editing.desk import drafted, newsroom


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """Two processes that outlive a test: importing us takes them longer than what they race for."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


def approve_in_another_process(folder: Path, url: str, issue: Issue) -> str:
    """What becomes of an approval: its number, or the name of the error."""
    database = open_database(url)
    try:
        return str(approve(App(settings_in(folder), MovedClock(CUTOFF), database), issue, "dora").number)
    except NewsletterError as error:
        return type(error).__name__
    finally:
        database.close()


def race(pool: ProcessPoolExecutor, folder: Path, database: Database, issues: Iterable[Issue]) -> list[str]:
    runs = [pool.submit(approve_in_another_process, folder, database.url, issue) for issue in issues]
    return sorted(run.result() for run in runs)


def draft_in_another_process(folder: Path, url: str) -> tuple[int, bool]:
    """The issue's id, and whether this process made it."""
    database = open_database(url)
    made = draft_now(App(settings_in(folder), MovedClock(CUTOFF), database))
    database.close()
    assert isinstance(made, Drafted)
    return made.issue.id, made.fresh


def test_one_slot_is_drafted_by_one_of_two(
    pool: ProcessPoolExecutor, tmp_path: Path, database: Database
) -> None:
    newsroom(tmp_path, database)
    runs = [pool.submit(draft_in_another_process, tmp_path, database.url) for _ in range(2)]
    made = sorted(run.result() for run in runs)
    assert [fresh for _, fresh in made] == [False, True]
    assert len({issue_id for issue_id, _ in made}) == 1


def test_one_issue_is_approved_by_one_of_two(
    pool: ProcessPoolExecutor, tmp_path: Path, database: Database
) -> None:
    issue = drafted(newsroom(tmp_path, database))
    assert race(pool, tmp_path, database, (issue, issue)) == ["1", "InvalidTransition"]


def test_of_two_issues_with_one_item_only_one_is_approved(
    pool: ProcessPoolExecutor, tmp_path: Path, postgres_database: Database
) -> None:
    issue = drafted(newsroom(tmp_path, postgres_database))
    with postgres_database.write() as connection:
        twin = store.add_issue(
            connection,
            edition=Edition.WEEKLY,
            slot="2026-12-03T09:00",
            cutoff_at=CUTOFF,
            send_at=CUTOFF,
            now=CUTOFF,
        )
        store.put_items(connection, twin.id, store.items_of(connection, issue.id))
    assert race(pool, tmp_path, postgres_database, (issue, twin)) == ["1", "AlreadyPublished"]


def test_two_issues_at_once_get_two_numbers(
    pool: ProcessPoolExecutor, tmp_path: Path, postgres_database: Database
) -> None:
    app = newsroom(tmp_path, postgres_database, PANEL_PAGE)
    first = drafted(app)
    with app.content() as content:
        content.import_pack(PRICE_PAGE, CUTOFF.replace(hour=1))
    second = drafted(app, "2026-12-03T09:00")
    assert race(pool, tmp_path, postgres_database, (first, second)) == ["1", "2"]
    with postgres_database.read() as connection:
        held = connection.execute(select(publications.c.issue_id).distinct()).scalars().all()
    assert set(held) == {first.id, second.id}

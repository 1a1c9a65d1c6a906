"""Every page of the desk with a million readers, five hundred issues and fifty thousand comparisons, while one goes out.

`python -m benchmarks.desk` shows each page, the slowest first.
"""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from fastapi.routing import APIRoute, iter_route_contexts
from rich.console import Console
from rich.progress import track
from sqlalchemy import text
from starlette.testclient import TestClient

from benchmarks.figures import Figure
from newsletter.app import App, open_app
from newsletter.clock import MovedClock, SystemClock
from newsletter.db.statuses import EditorRole
from newsletter.delivery.store import start_issue
from newsletter.digest.draft import Drafted
from newsletter.digest.issues import Issue
from newsletter.editing.approve import approve
from newsletter.editing.draft import draft_now
from newsletter.editing.editors import invite
from newsletter.editing.reports import remember
from newsletter.installation import make_installation
from newsletter.web.application import make_web
from tests.digest.many import many_comparisons
from tests.digest.week import CUTOFF, SEEN, WEEK

READERS, ISSUES, COMPARISONS = 1_000_000, 500, 50_000
MILLISECONDS = 100.0
TURNS = 7

#: Pages that do not end, and files that are no page.
_ENDLESS = re.compile(r"/events$|^/desk-assets/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """How long the server takes for a page, in milliseconds: the first time, and in the middle of the others."""

    path: str
    status: int
    first: float
    usual: float


def run() -> Iterator[Figure]:
    pages = measure(READERS, ISSUES, COMPARISONS)
    slowest = max(pages, key=lambda each: each.usual)
    yield _figure(f"the desk's slowest page, {slowest.path}", slowest.usual, promised=True)
    yield _figure(f"the desk's {len(pages)} pages, in the middle", median(each.usual for each in pages))


def measure(readers: int, issues: int, comparisons: int) -> list[Timed]:
    """Each page that can be read, at these sizes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "weekly"
        make_installation(folder, example=True)
        sending, draft = _furnish(folder, readers, issues, comparisons)
        with _going_out(folder, sending), closing(open_app(folder)) as app, _signed_in(app) as client:
            time.sleep(3)
            paths = list(_paths(client, sending, draft))
            return [
                _timed(client, path) for path in track(paths, "measuring", disable=not sys.stderr.isatty())
            ]


def _furnish(folder: Path, readers: int, issues: int, comparisons: int) -> tuple[int, int]:
    """Fill both stores, and do what the nightly jobs would; the ids of an issue that has begun to go out, and of a draft."""
    clock = MovedClock(CUTOFF)
    with closing(open_app(folder, clock)) as app:
        with app.content() as content:
            content.import_pack(many_comparisons(comparisons), SEEN)
        _add_readers(app, readers)
        sent = _made(app)
        approved = approve(app, sent, "Erin")
        _add_history(app, approved.id, issues, readers)
        remember(app.database, SystemClock().now())
        start_issue(app.database, approved.id, app.clock.now())
        clock.move(timedelta(days=7))
        with app.content() as content:
            for pack in WEEK:
                content.import_pack(pack, clock.now() - timedelta(hours=1))
        return approved.id, _made(app).id


def _made(app: App) -> Issue:
    made = draft_now(app, even_thin=True)
    assert isinstance(made, Drafted), made
    return made.issue


def _numbers(count: int) -> str:
    return f"WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < {count}) "


def _add_readers(app: App, count: int) -> None:
    """Each twentieth has a name, each hundredth has left; a thousand have not confirmed."""
    with app.database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO readers (address, address_key, name, status, status_at, edition, added_at) "
                + _numbers(count)
                + "SELECT 'reader' || i || '@example.org', 'reader' || i || '@example.org',"
                " CASE WHEN i % 20 THEN '' ELSE 'Ada Number ' || i END,"
                " CASE WHEN i % 100 = 0 THEN 'left' WHEN i % 1000 = 1 THEN 'unconfirmed' ELSE 'active' END,"
                " '2026-01-01 00:00:00.000000', 'weekly', '2026-01-01 00:00:00.000000' FROM g"
            )
        )
        connection.execute(
            text(
                "INSERT INTO consents (reader_id, event, at, source) "
                "SELECT id, 'imported', added_at, 'readers.csv' FROM readers"
            )
        )


def _add_history(app: App, model: int, issues: int, readers: int) -> None:
    """Issues of the weeks before: what was frozen, a thousand readers to a batch, and the copies of a hundred readers."""
    columns = "edition, cutoff_at, version, created_at, updated_at, content_hash, approved_at, approved_by"
    week = "strftime('%Y-%m-%d{}', '2015-01-01', (i * 7) || ' days')"
    moment = week.format(" 09:00:00.000000")
    statements = (
        f"INSERT INTO issues (id, number, slot, status, started_at, finished_at, {columns}) "
        + _numbers(issues - 2)
        + f"SELECT 1000 + i, 1000 + i, {week.format('T09:00')}, 'sent', {moment}, {moment}, {columns}"
        " FROM g, issues WHERE id = :model",
        "INSERT INTO snapshots (issue_id, letter, sender, record) SELECT i.id, s.letter, s.sender, s.record"
        " FROM issues i, snapshots s WHERE i.id > 1000 AND s.issue_id = :model",
        "INSERT INTO plans (issue_id, variant, plan) SELECT i.id, p.variant, p.plan"
        " FROM issues i, plans p WHERE i.id > 1000 AND p.issue_id = :model",
        "INSERT INTO batches (issue_id, variant, low, high, status, readers, accepted, rejected) "
        + _numbers(max(1, readers // 1000))
        + "SELECT issues.id, 'everybody', i * 1000 - 999, i * 1000, 'done', 1000, 990, 10 FROM g, issues"
        " WHERE issues.id > 1000",
        "INSERT INTO deliveries (issue_id, reader_id, batch_id, status, attempts, at) "
        + _numbers(100)
        + "SELECT b.issue_id, i, min(b.id), 'accepted', 1, '2026-01-01 00:00:00.000000' FROM g, batches b"
        " GROUP BY b.issue_id, i",
    )
    with app.database.write() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement, {"model": model} if ":model" in statement else {})


@contextmanager
def _going_out(folder: Path, issue_id: int) -> Iterator[None]:
    """A sender of its own, as `serve` has one, while the block runs."""
    command = [sys.executable, "-m", "newsletter", "--folder", str(folder), "send", str(issue_id)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as sender:
        try:
            yield
            assert sender.poll() is None, "the issue had gone out before all pages were seen"
        finally:
            sender.terminate()
            sender.wait()


@contextmanager
def _signed_in(app: App) -> Iterator[TestClient]:
    link = invite(app, "paul@example.org", EditorRole.PUBLISHER, name="Paul", by="benchmark")
    with TestClient(make_web(app), base_url="http://localhost:8000") as client:
        assert client.post(urlsplit(link).path).status_code == 200
        yield client


def _paths(client: TestClient, sending: int, draft: int) -> Iterator[str]:
    """Every page that can be read, those of issues for one that goes out, for a draft and for one of before."""
    routes = [each.route for each in iter_route_contexts(client.app.router.routes)]  # type: ignore[attr-defined]
    pages = {each.path for each in routes if isinstance(each, APIRoute) and "GET" in (each.methods or ())}
    for page in sorted(pages):
        if not page.startswith("/desk") or _ENDLESS.search(page) or "{token}" in page:
            continue
        if page.startswith("/desk/outbox/"):
            yield _filled(page, sending)
        elif "{issue_id}" in page:
            yield from (_filled(page, issue) for issue in (sending, draft, 1100))
        else:
            yield _filled(page, sending)
    yield from ("/desk/readers?status=unconfirmed", "/desk/readers?before=500000", "/desk/facts?q=tool")


def _filled(page: str, issue_id: int) -> str:
    values = {"issue_id": str(issue_id), "reader_id": "7", "tool_id": "tool-7"}
    return re.sub(r"{(\w+)[^}]*}", lambda found: values.get(found[1], "1"), page)


def _timed(client: TestClient, path: str) -> Timed:
    took = []
    for _ in range(TURNS):
        start = time.perf_counter()
        status = client.get(path, follow_redirects=False).status_code
        took.append((time.perf_counter() - start) * 1000)
    return Timed(path=path, status=status, first=took[0], usual=median(took[1:]))


def _figure(name: str, value: float, *, promised: bool = False) -> Figure:
    return Figure(
        name=name,
        value=value,
        unit="ms",
        beside="the promise",
        limit=MILLISECONDS,
        ratio=value / MILLISECONDS,
        at_most=1 if promised else None,
    )


def _show(pages: list[Timed]) -> None:
    console = Console(width=120)
    for each in sorted(pages, key=lambda page: page.usual, reverse=True):
        console.print(f"{each.usual:8.1f} ms  first {each.first:8.1f} ms  {each.status}  {each.path}")


if __name__ == "__main__":
    sizes = [int(each) for each in sys.argv[1:4]] or [READERS, ISSUES, COMPARISONS]
    _show(measure(*sizes))

"""An issue on its way: its counts as they grow, and pause, resume, cancel; and the readers of whom nobody knows whether they have it.

One look a second at the database, however many watch (`ProgressFeed`), and server-sent events from it. A viewer holds no
thread and no connection of the database. A stream lasts a minute at most, then the browser comes again by itself: so a
session that was revoked ends, and a server that stops is not held up. Too many viewers get one look and are asked to come
again later. What became of an issue is in reports.py.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from newsletter.app import App
from newsletter.db.statuses import IssueStatus
from newsletter.delivery.progress import COUNTED, Counts, DomainCounts, SendRate, get_counts
from newsletter.delivery.status import Situation, StatusReport, describe, get_situation
from newsletter.delivery.unsure import list_unsure_page
from newsletter.digest.issues import steps_from
from newsletter.digest.wording import clip
from newsletter.editing import approve, sending
from newsletter.editing.cache import keep
from newsletter.editing.schedule import find_delay
from newsletter.errors import StoreBusy
from newsletter.web.dependencies import Installed, OneIssue
from newsletter.web.desk.auth import AnyEditor, DeskForm, Publisher
from newsletter.web.desk.flash import take_step
from newsletter.web.desk.layout import show_desk

router = APIRouter(include_in_schema=False)

#: A snapshot is shown to everybody who asks within this time.
FRESH = timedelta(seconds=0.9)
#: Seconds between two events, between two while only the count by domain is behind, and how many events a stream has.
PAUSE, SHORT, MOST_EVENTS = 1.0, 0.1, 60
#: Streams at once, and when a browser that found them all taken comes again, in milliseconds.
MOST_VIEWERS, COME_AGAIN = 40, 10_000
#: Issues whose domains stay counted: of a million readers four megabytes.
KEPT = 4
#: Domains with a line of their own.
DOMAINS = 15
#: Readers on a page of the unsure, and characters of a reason.
MOST_UNSURE, MOST_REASON = 50, 300

OVER = (IssueStatus.SENT, IssueStatus.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """An issue's delivery at a moment. `stale` batches are still to be counted by domain; `rate` is in readers a second."""

    at: datetime
    situation: Situation
    report: StatusReport
    rate: float | None
    left: timedelta | None
    #: By name, the largest first, and all others under "".
    domains: dict[str, Counts]
    stale: int

    @property
    def is_over(self) -> bool:
        """Return whether nothing more is to come: the issue is done, and everybody in it is counted."""
        return self.situation.issue.status in OVER and not self.stale

    @property
    def is_behind(self) -> bool:
        """Return whether the next snapshot has more to count though nothing moves: while an issue goes out, that can wait."""
        return self.situation.issue.status in OVER and self.stale > 0


@dataclass(slots=True)
class _Watched:
    """What is remembered of one issue."""

    domains: DomainCounts
    rate: SendRate = field(default_factory=SendRate)
    last: Snapshot | None = None
    lock: Lock = field(default_factory=Lock)


@dataclass(slots=True)
class ProgressFeed:
    """The memory of one server process."""

    app: App
    viewers: int = 0
    _watched: "OrderedDict[int, _Watched]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def snapshot(self, issue_id: int) -> Snapshot:
        """Return the issue as it is, or was a moment ago; raises NotFound."""
        watched = self._of(issue_id)
        with watched.lock:
            now = self.app.clock.now()
            last = watched.last
            if last is None or last.is_behind or not timedelta() <= now - last.at < FRESH:
                last = watched.last = self._take(issue_id, watched, now)
            return last

    def forget(self, issue_id: int) -> None:
        """Take a new snapshot next time: somebody has just changed the issue."""
        watched = self._of(issue_id)
        with watched.lock:
            watched.last = None

    def _of(self, issue_id: int) -> _Watched:
        with self._lock:
            watched = self._watched.get(issue_id) or _Watched(DomainCounts(issue_id))
            keep(self._watched, issue_id, watched, KEPT)
            return watched

    def _take(self, issue_id: int, watched: _Watched, now: datetime) -> Snapshot:
        with self.app.database.read() as connection:
            situation = get_situation(connection, issue_id, self.app.journals)
            watched.domains.update(connection)
        watched.rate.add(situation.counts, now)
        going = situation.issue.status is IssueStatus.SENDING
        return Snapshot(
            at=now,
            situation=situation,
            report=describe(situation, now, self.app.settings.zone, find_delay(self.app, situation.issue)),
            rate=watched.rate.per_second if going else None,
            left=watched.rate.time_left(situation.counts) if going else None,
            domains=watched.domains.largest(DOMAINS),
            stale=watched.domains.stale,
        )

    async def events(self, issue_id: int) -> AsyncIterator[str]:
        """Yield what a browser is told: `counts` events with texts by name, and `over` at the end."""
        if self.viewers >= MOST_VIEWERS:
            yield f"retry: {COME_AGAIN}\n\n"
            yield _event("counts", texts_of(await run_in_threadpool(self.snapshot, issue_id)))
            return
        self.viewers += 1
        try:
            yield "retry: 2000\n\n"
            for _ in range(MOST_EVENTS):
                snapshot = await run_in_threadpool(self.snapshot, issue_id)
                yield _event("over" if snapshot.is_over else "counts", texts_of(snapshot))
                if snapshot.is_over:
                    return
                await asyncio.sleep(SHORT if snapshot.is_behind else PAUSE)
        finally:
            self.viewers -= 1


def texts_of(snapshot: Snapshot) -> dict[str, str]:
    """Return what the page shows of a snapshot, by the name of its place; `status` is the state alone."""
    counts = snapshot.situation.counts
    of_domains = ("accepted", "rejected", "skipped", "unsure")
    domains: dict[str, str] = {}
    for place, (domain, of_domain) in enumerate(snapshot.domains.items()):
        domains[f"domain-{place}-name"] = domain or "all others"
        domains |= {f"domain-{place}-{name}": f"{getattr(of_domain, name):,}" for name in of_domains}
    return {
        "status": snapshot.situation.issue.status.value,
        **{name: f"{getattr(counts, name):,}" for name in (*COUNTED, "open")},
        "done": str(counts.done),
        "rate": "–" if snapshot.rate is None else f"{snapshot.rate:,.0f} a second",
        "left": duration(snapshot.left),
        "why": snapshot.report.why,
        "by_itself": snapshot.report.by_itself,
        **domains,
    }


def duration(left: timedelta | None) -> str:
    """Return "1 h 5 min", "3 min" or "20 s"; a dash where nobody knows."""
    if left is None:
        return "–"
    seconds = round(left.total_seconds())
    if seconds < 90:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _event(name: str, texts: dict[str, str]) -> str:
    return f"event: {name}\ndata: {json.dumps(texts)}\n\n"


def feed_of(request: Request) -> ProgressFeed:
    """Return the snapshots of this server, which all requests share."""
    state = request.app.state
    if not hasattr(state, "progress"):
        state.progress = ProgressFeed(state.newsletter)
    feed: ProgressFeed = state.progress
    return feed


@router.get("/desk/issues/{issue_id}/progress")
def progress(request: Request, editor: AnyEditor, issue_id: int) -> Response:
    snapshot = feed_of(request).snapshot(issue_id)
    issue = snapshot.situation.issue
    return show_desk(
        request,
        "desk/progress",
        editor,
        "issues",
        issue=issue,
        snapshot=snapshot,
        texts=texts_of(snapshot),
        # One line more for all the others.
        most_domains=DOMAINS + 1,
        may=steps_from(issue.status),
    )


@router.get("/desk/issues/{issue_id}/events")
async def events(request: Request, app: Installed, editor: AnyEditor, issue_id: int) -> Response:
    """Send the snapshots as server-sent events. An issue that is over has none: 204 tells a browser not to come again."""
    feed = feed_of(request)
    snapshot = await run_in_threadpool(feed.snapshot, issue_id)
    if snapshot.is_over:
        return Response(status_code=204)
    # Proxies that gather an answer before they pass it on would make one event of a minute.
    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    return StreamingResponse(feed.events(issue_id), media_type="text/event-stream", headers=headers)


def _steer(request: Request, issue_id: int, step: Callable[[], str], *, page: str = "progress") -> Response:
    """Take a step and lead back to a page of the issue's, which shows what became of it."""
    response = take_step(f"/desk/issues/{issue_id}/{page}", step, codes={StoreBusy: "pause-first"})
    feed_of(request).forget(issue_id)
    return response


@router.post("/desk/issues/{issue_id}/pause")
def pause(request: Request, app: Installed, editor: Publisher, issue_id: int, form: DeskForm) -> Response:
    def step() -> str:
        sending.pause(app, issue_id, editor.name, reason=clip(form.get("reason"), MOST_REASON))
        return "paused"

    return _steer(request, issue_id, step)


@router.post("/desk/issues/{issue_id}/resume")
def resume(request: Request, app: Installed, editor: Publisher, issue_id: int, form: DeskForm) -> Response:
    def step() -> str:
        sending.resume(app, issue_id, editor.name)
        return "resumed"

    return _steer(request, issue_id, step)


@router.post("/desk/issues/{issue_id}/cancel")
def cancel(request: Request, app: Installed, editor: Publisher, issue: OneIssue, form: DeskForm) -> Response:
    reason = clip(form.get("cancel-reason"), MOST_REASON) or f"{editor.name} cancelled it"

    def step() -> str:
        approve.cancel(app, issue, reason, editor.name)
        return "cancelled"

    return _steer(request, issue.id, step)


@router.get("/desk/issues/{issue_id}/unsure")
def unsure(request: Request, app: Installed, editor: Publisher, issue: OneIssue, after: int = 0) -> Response:
    with app.database.read() as connection:
        number = get_counts(connection, issue.id).unsure
        listed = list_unsure_page(connection, issue.id, after=after, limit=MOST_UNSURE + 1)
    shown = listed[:MOST_UNSURE]
    return show_desk(
        request,
        "desk/unsure",
        editor,
        "issues",
        issue=issue,
        number=number,
        readers=shown,
        after=shown[-1].reader_id if len(listed) > MOST_UNSURE else None,
    )


@router.post("/desk/issues/{issue_id}/unsure")
def send_again(
    request: Request, app: Installed, editor: Publisher, issue_id: int, form: DeskForm
) -> Response:
    """Send it again to the readers selected, or to all the unsure. Whoever is not selected is left alone."""
    everybody = form.get("who") == "all"
    selected = set(form.numbers("reader"))

    def step() -> str:
        if not selected and not everybody:
            return "none-selected"
        sending.send_once_more(app, issue_id, None if everybody else selected, editor.name)
        return "sent-again"

    return _steer(request, issue_id, step, page="unsure")

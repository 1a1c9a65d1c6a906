"""Watch an issue go: its counts as they grow, pause, resume, cancel, and those of whom nobody knows whether they have it."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import ClassVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from newsletter.app import App
from newsletter.db.statuses import IssueStatus
from newsletter.delivery.progress import COUNTED, Counts, DomainCounts, SendRate, get_counts
from newsletter.delivery.status import Situation, StatusReport, describe, get_situation
from newsletter.delivery.unsure import Unsure, list_unsure_page
from newsletter.digest.issues import Issue, Step, steps_from
from newsletter.digest.store import get_issue
from newsletter.digest.wording import clip
from newsletter.editing import sending as steering
from newsletter.editing.approve import cancel as cancel_issue
from newsletter.editing.cache import keep
from newsletter.errors import InvalidTransition, StoreBusy
from newsletter.web.desk.auth import AnyEditor, DeskForm, Publisher
from newsletter.web.desk.layout import DeskFrame, DeskPage, done
from newsletter.web.pages import Installed, show

# Issues on their way as the desk shows them: one look a second, however many watch, and server-sent events from it.
#
# A viewer holds no thread and no connection of the database. A stream lasts a minute at most, then the browser comes again by
# itself: so a session that was revoked ends, and a server that stops is not held up. Too many viewers get one look and are asked
# to come again later.

#: A look is shown to everybody who asks within this time.
FRESH = timedelta(seconds=0.9)
#: Seconds between two events, between two while only the count by domain is behind, and how many events a stream has.
PAUSE, SHORT, MOST_EVENTS = 1.0, 0.1, 60
#: Streams at once, and when a browser that found them all taken comes again, in milliseconds.
MOST_VIEWERS, COME_AGAIN = 40, 10_000
#: Issues whose domains stay counted: of a million readers four megabytes.
KEPT = 4
#: Domains with a line of their own.
DOMAINS = 15

OVER = (IssueStatus.SENT, IssueStatus.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
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
        """Whether nothing more is to come: the issue is done, and everybody in it is counted."""
        return self.situation.issue.status in OVER and not self.stale

    @property
    def is_behind(self) -> bool:
        """Whether the next look has more to count though nothing moves: while an issue goes out, that can wait."""
        return self.situation.issue.status in OVER and self.stale > 0


@dataclass(slots=True)
class _Watched:
    """What is remembered of one issue."""

    domains: DomainCounts
    rate: SendRate = field(default_factory=SendRate)
    last: Look | None = None
    lock: Lock = field(default_factory=Lock)


@dataclass(slots=True)
class Live:
    """The memory of one server process."""

    app: App
    viewers: int = 0
    _watched: "OrderedDict[int, _Watched]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def look(self, issue_id: int) -> Look:
        """The issue now, or as it was a moment ago; raises NotFound."""
        watched = self._of(issue_id)
        with watched.lock:
            now = self.app.clock.now()
            last = watched.last
            if last is None or last.is_behind or not timedelta() <= now - last.at < FRESH:
                last = watched.last = self._take(issue_id, watched, now)
            return last

    def forget(self, issue_id: int) -> None:
        """Look anew: somebody has just changed it."""
        watched = self._of(issue_id)
        with watched.lock:
            watched.last = None

    def _of(self, issue_id: int) -> _Watched:
        with self._lock:
            watched = self._watched.get(issue_id) or _Watched(DomainCounts(issue_id))
            keep(self._watched, issue_id, watched, KEPT)
            return watched

    def _take(self, issue_id: int, watched: _Watched, now: datetime) -> Look:
        with self.app.database.read() as connection:
            situation = get_situation(connection, issue_id, self.app.journals)
            watched.domains.update(connection)
        watched.rate.add(situation.counts, now)
        going = situation.issue.status is IssueStatus.SENDING
        return Look(
            at=now,
            situation=situation,
            report=describe(situation, now, self.app.settings.zone),
            rate=watched.rate.per_second if going else None,
            left=watched.rate.time_left(situation.counts) if going else None,
            domains=watched.domains.largest(DOMAINS),
            stale=watched.domains.stale,
        )

    async def events(self, issue_id: int) -> AsyncIterator[str]:
        """What a browser is told: `look` events with texts by name, and `over` at the end."""
        if self.viewers >= MOST_VIEWERS:
            yield f"retry: {COME_AGAIN}\n\n"
            yield _event("look", texts_of(await run_in_threadpool(self.look, issue_id)))
            return
        self.viewers += 1
        try:
            yield "retry: 2000\n\n"
            for _ in range(MOST_EVENTS):
                look = await run_in_threadpool(self.look, issue_id)
                yield _event("over" if look.is_over else "look", texts_of(look))
                if look.is_over:
                    return
                await asyncio.sleep(SHORT if look.is_behind else PAUSE)
        finally:
            self.viewers -= 1


def texts_of(look: Look) -> dict[str, str]:
    """What the page shows of a look, by the name of its place; `status` is the state alone."""
    counts = look.situation.counts
    return {
        "status": look.situation.issue.status.value,
        **{name: f"{getattr(counts, name):,}" for name in (*COUNTED, "open")},
        "done": str(counts.done),
        "rate": "–" if look.rate is None else f"{look.rate:,.0f} a second",
        "left": duration(look.left),
        "why": look.report.why,
        "by_itself": look.report.by_itself,
        **{f"domain-{place}-{name}": text for place, name, text in _domain_texts(look)},
    }


def _domain_texts(look: Look) -> list[tuple[int, str, str]]:
    names = ("accepted", "rejected", "skipped", "unsure")
    found = []
    for place, (domain, counts) in enumerate(look.domains.items()):
        found.append((place, "name", domain or "all others"))
        found += [(place, name, f"{getattr(counts, name):,}") for name in names]
    return found


def duration(left: timedelta | None) -> str:
    """ "1 h 5 min", "3 min", "20 s"; a dash where nobody knows."""
    if left is None:
        return "–"
    seconds = round(left.total_seconds())
    if seconds < 90:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _event(name: str, texts: dict[str, str]) -> str:
    return f"event: {name}\ndata: {json.dumps(texts)}\n\n"


router = APIRouter(include_in_schema=False)

#: Readers on a page of the unsure, and letters of a reason.
MOST_UNSURE, MOST_REASON = 50, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPage(DeskPage):
    """An issue on its way, or after it. `texts` are what events bring anew, by the name of their place."""

    template: ClassVar[str] = "desk/watch"
    issue: Issue
    label: str
    look: Look
    texts: dict[str, str]
    most_domains: int
    may: frozenset[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsurePage(DeskPage):
    """A page of the unsure; `after` is where the next begins, None on the last."""

    template: ClassVar[str] = "desk/unsure"
    issue: Issue
    label: str
    number: int
    readers: tuple[Unsure, ...]
    after: int | None


def live_of(request: Request) -> Live:
    """The looks of this server, which all requests share."""
    state = request.app.state
    if not hasattr(state, "live"):
        state.live = Live(state.newsletter)
    live: Live = state.live
    return live


@router.get("/desk/issues/{issue_id}/watch")
def watch(request: Request, editor: AnyEditor, issue_id: int) -> Response:
    look = live_of(request).look(issue_id)
    issue = look.situation.issue
    page = WatchPage(
        desk=DeskFrame.of(request, editor, "issues"),
        issue=issue,
        label=label_of(issue),
        look=look,
        texts=texts_of(look),
        # One line more for all the others.
        most_domains=DOMAINS + 1,
        may=frozenset(steps_from(issue.status)),
    )
    return show(request, page)


@router.get("/desk/issues/{issue_id}/events")
async def events(request: Request, app: Installed, editor: AnyEditor, issue_id: int) -> Response:
    """The looks as server-sent events. An issue that is over has none: 204 tells a browser not to come again."""
    from starlette.concurrency import run_in_threadpool

    live = live_of(request)
    look = await run_in_threadpool(live.look, issue_id)
    if look.is_over:
        return Response(status_code=204)
    # Proxies that gather an answer before they pass it on would make one event of a minute.
    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    return StreamingResponse(live.events(issue_id), media_type="text/event-stream", headers=headers)


@router.post("/desk/issues/{issue_id}/pause")
def pause(request: Request, app: Installed, editor: Publisher, issue_id: int, form: DeskForm) -> Response:
    reason = clip(form.get("reason"), MOST_REASON)
    try:
        steering.pause(app, issue_id, editor.name, reason=reason)
    except InvalidTransition:
        return _back(request, issue_id, "too-late")
    return _back(request, issue_id, "paused")


@router.post("/desk/issues/{issue_id}/resume")
def resume(request: Request, app: Installed, editor: Publisher, issue_id: int, form: DeskForm) -> Response:
    try:
        steering.resume(app, issue_id, editor.name)
    except InvalidTransition:
        return _back(request, issue_id, "too-late")
    return _back(request, issue_id, "resumed")


@router.post("/desk/issues/{issue_id}/cancel")
def cancel(request: Request, app: Installed, editor: Publisher, issue_id: int, form: DeskForm) -> Response:
    reason = clip(form.get("cancel-reason"), MOST_REASON) or f"{editor.name} cancelled it"
    with app.database.read() as connection:
        issue = get_issue(connection, issue_id)
    try:
        cancel_issue(app, issue, reason, editor.name)
    except InvalidTransition:
        return _back(request, issue_id, "too-late")
    return _back(request, issue_id, "cancelled")


@router.get("/desk/issues/{issue_id}/unsure")
def unsure(request: Request, app: Installed, editor: Publisher, issue_id: int, after: int = 0) -> Response:
    with app.database.read() as connection:
        issue = get_issue(connection, issue_id)
        number = get_counts(connection, issue_id).unsure
        listed = list_unsure_page(connection, issue_id, after=after, limit=MOST_UNSURE + 1)
    shown = listed[:MOST_UNSURE]
    page = UnsurePage(
        desk=DeskFrame.of(request, editor, "issues"),
        issue=issue,
        label=label_of(issue),
        number=number,
        readers=shown,
        after=shown[-1].reader_id if len(listed) > MOST_UNSURE else None,
    )
    return show(request, page)


@router.post("/desk/issues/{issue_id}/unsure")
def once_more(request: Request, app: Installed, editor: Publisher, issue_id: int, form: DeskForm) -> Response:
    """Send it once more to the readers chosen, or to all the unsure. Whoever is not chosen is left alone."""
    path = f"/desk/issues/{issue_id}/unsure"
    everybody = form.get("who") == "all"
    chosen = {int(each) for each in form.many.get("reader", ()) if each.isdecimal()}
    if not chosen and not everybody:
        return done(path, "nobody-chosen")
    try:
        steering.send_once_more(app, issue_id, None if everybody else chosen, editor.name)
    except StoreBusy:
        return done(path, "pause-first")
    except InvalidTransition:
        return done(path, "too-late")
    live_of(request).forget(issue_id)
    return done(path, "once-more")


def label_of(issue: Issue) -> str:
    return f"{issue.edition.value.capitalize()} {issue.label}"


def _back(request: Request, issue_id: int, said: str) -> Response:
    live_of(request).forget(issue_id)
    return done(f"/desk/issues/{issue_id}/watch", said)

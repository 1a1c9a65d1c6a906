"""Watch an issue go: its counts as they grow, pause, resume, cancel, and those of whom nobody knows whether they have it."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from newsletter.delivery.report import unsure_words
from newsletter.delivery.store import progress_of
from newsletter.delivery.unsure_store import Unsure, page_of_unsure
from newsletter.digest.issues import Issue, Step, steps_from
from newsletter.digest.sentences import clip
from newsletter.digest.store import get_issue
from newsletter.editing.release import steering
from newsletter.editing.release.approve import cancel as cancel_issue
from newsletter.errors import InvalidTransition, StoreBusy
from newsletter.web.desk.frame import DeskFrame, DeskPage, done
from newsletter.web.desk.live import DOMAINS, Live, Look, texts_of
from newsletter.web.desk.people import AnyEditor, DeskForm, Publisher
from newsletter.web.installation import Installed
from newsletter.web.pages import show

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
class UnsureLine:
    """A reader who may or may not have the issue, and what is known of it."""

    unsure: Unsure
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsurePage(DeskPage):
    """A page of the unsure; `after` is where the next begins, None on the last."""

    template: ClassVar[str] = "desk/unsure"
    issue: Issue
    label: str
    number: int
    lines: tuple[UnsureLine, ...]
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
        number = progress_of(connection, issue_id).unsure
        listed = page_of_unsure(connection, issue_id, after=after, limit=MOST_UNSURE + 1)
    shown = listed[:MOST_UNSURE]
    page = UnsurePage(
        desk=DeskFrame.of(request, editor, "issues"),
        issue=issue,
        label=label_of(issue),
        number=number,
        lines=tuple(UnsureLine(unsure=each, words=unsure_words(each.code)) for each in shown),
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

"""Leaving: by one click (RFC 8058), by a page with a button, with an undo and two offers that are not in the way.

The one-click request carries no cookie and gets no redirect. A valid signature is answered with 200 for ever, even
when there is nobody left to leave; an invalid one with the page of all bad links.
"""

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.db.statuses import ConsentChannel, Edition, ReaderStatus, WithdrawalReason
from newsletter.errors import N_
from newsletter.readers import leaving
from newsletter.readers.consents import ConsentOrigin
from newsletter.readers.links import Purpose
from newsletter.readers.store import find_reader_by_id, resolve_target
from newsletter.web.dependencies import AnyForm, Form, Installed
from newsletter.web.pages import show

router = APIRouter(include_in_schema=False)

_REASONS = {
    WithdrawalReason.TOO_OFTEN: N_("It comes too often"),
    WithdrawalReason.NOT_FOR_ME: N_("It is not for me"),
    WithdrawalReason.NOT_TRUE: N_("I found things that are not true"),
    WithdrawalReason.NEVER_ASKED: N_("I never asked for it"),
    WithdrawalReason.OTHER: N_("Something else"),
}


@router.get("/unsubscribe/{token}")
def ask(request: Request, app: Installed, token: str) -> Response:
    """Show the button; whoever has left already, by one click perhaps, reads that and may take it back for a day."""
    signed = app.links.read(Purpose.UNSUBSCRIBE, token)
    with app.database.read() as connection:
        target = resolve_target(connection, signed)
        reader = find_reader_by_id(connection, target.reader_id)
        may_undo = leaving.may_undo(connection, target.reader_id, app.suppression_key, app.clock.now())
    if reader is not None and reader.status is ReaderStatus.LEFT:
        return show(request, "left", token=token, may_undo=may_undo)
    return show(
        request,
        "unsubscribe",
        token=token,
        reasons=[(each.value, app.settings.language.gettext(words)) for each, words in _REASONS.items()],
        is_monthly=reader is not None and reader.preferences.edition is Edition.MONTHLY,
    )


@router.post("/unsubscribe/{token}")
def leave(request: Request, app: Installed, token: str, form: AnyForm) -> Response:
    """Take the button's and the mail program's request; what stands in the body never stops it."""
    signed = app.links.read(Purpose.UNSUBSCRIBE, token)
    now = app.clock.now()
    with app.database.write() as connection:
        target = resolve_target(connection, signed)
        origin = ConsentOrigin(
            channel=ConsentChannel.ONE_CLICK if form.get("List-Unsubscribe") else ConsentChannel.PAGE,
            issue_id=target.issue_id or None,
            reason=next((each for each in _REASONS if each.value == form.get("reason")), None),
        )
        leaving.leave(connection, target.reader_id, origin, now)
        may_undo = leaving.may_undo(connection, target.reader_id, app.suppression_key, now)
    return show(request, "left", token=token, may_undo=may_undo)


@router.post("/unsubscribe/{token}/undo")
def undo(request: Request, app: Installed, token: str, form: Form) -> Response:
    signed = app.links.read(Purpose.UNSUBSCRIBE, token)
    with app.database.write() as connection:
        target = resolve_target(connection, signed)
        back = leaving.undo(connection, target.reader_id, app.suppression_key, app.clock.now())
    gettext = app.settings.language.gettext
    if back:
        title = gettext("You are still subscribed")
        words = gettext("Nothing has changed: you will get the next issue as before.")
    else:
        title = gettext("You are unsubscribed")
        words = gettext("You can undo this for one day only. You are welcome to subscribe again.")
    return show(request, "stayed", title=title, words=words, token=token)


@router.post("/unsubscribe/{token}/pause")
def pause(request: Request, app: Installed, token: str, form: Form) -> Response:
    signed = app.links.read(Purpose.UNSUBSCRIBE, token)
    today = app.clock.now().astimezone(app.settings.zone).date()
    with app.database.write() as connection:
        target = resolve_target(connection, signed)
        until = leaving.pause(connection, target.reader_id, today)
    if until is None:
        return _show_gone(request, app, token)
    language = app.settings.language
    words = language.gettext("You will not get any issues before %(day)s.", day=language.long_date(until))
    return show(request, "stayed", title=language.gettext("Paused"), words=words, token=token)


@router.post("/unsubscribe/{token}/monthly")
def monthly(request: Request, app: Installed, token: str, form: Form) -> Response:
    signed = app.links.read(Purpose.UNSUBSCRIBE, token)
    with app.database.write() as connection:
        target = resolve_target(connection, signed)
        changed = leaving.take_monthly(connection, target.reader_id)
    if not changed:
        return _show_gone(request, app, token)
    gettext = app.settings.language.gettext
    words = gettext("From now on you will only get the monthly issue.")
    return show(request, "stayed", title=gettext("Once a month"), words=words, token=token)


def _show_gone(request: Request, app: App, token: str) -> Response:
    gettext = app.settings.language.gettext
    words = gettext("You will not get any more issues.")
    return show(request, "stayed", title=gettext("You are unsubscribed"), words=words, token=token)

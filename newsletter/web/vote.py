"""Voting from the mail: a page with a button, open to whoever has the link until voting closes.

The link is the one of the preferences with the comparison behind it. Opening it counts nothing.
"""

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from newsletter.app import App
from newsletter.content.store import ContentStore
from newsletter.db.statuses import ReaderStatus, Vote
from newsletter.digest.votes import Ballot, find_ballot
from newsletter.errors import N_
from newsletter.readers.links import Purpose
from newsletter.readers.store import Reader
from newsletter.web.dependencies import Form, Installed, reader_of
from newsletter.web.pages import show

router = APIRouter(include_in_schema=False)

COUNTED, TAKEN_BACK = N_("Your vote has been counted."), N_("Your vote has been withdrawn.")


@router.get("/preferences/{token}/vote/{comparison_id}")
def look(
    request: Request, app: Installed, token: str, comparison_id: str, ship: str = "", skip: str = ""
) -> Response:
    """Show the page; the link's own choice is marked in it and counts only when it is sent."""
    with app.database.read() as connection:
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
        ballot = _ballot(app, connection, comparison_id)
        voted = app.ballots.cast_by(connection, reader.id, comparison_id, ballot.tool_ids)
    marked = {tool_id: vote for tool_id, vote in ((skip, Vote.SKIP), (ship, Vote.SHIP)) if tool_id}
    return _show(request, app, token, reader, ballot, voted | marked, has_voted=bool(voted))


@router.post("/preferences/{token}/vote/{comparison_id}")
def vote(request: Request, app: Installed, token: str, comparison_id: str, form: Form) -> Response:
    """Count the votes, or change them."""
    with app.database.write() as connection:
        reader = reader_of(app, connection, Purpose.PREFERENCES, token)
        ballot = _ballot(app, connection, comparison_id)
        if not ballot.is_open or reader.status is not ReaderStatus.ACTIVE:
            return _show(request, app, token, reader, ballot, {}, status_code=409)
        typed = {ballot.left.tool_id: form.get("left"), ballot.right.tool_id: form.get("right")}
        votes = {key: Vote(text) if text in set(Vote) else None for key, text in typed.items()}
        app.ballots.cast(connection, reader.id, comparison_id, votes)
    chosen = {tool_id: each for tool_id, each in votes.items() if each is not None}
    said = COUNTED if chosen else TAKEN_BACK
    return _show(request, app, token, reader, ballot, chosen, has_voted=bool(chosen), counted=said)


def _ballot(app: App, connection: Connection, comparison_id: str) -> Ballot:
    with ContentStore.read_only(app.settings.path(app.settings.paths.content_db)) as content:
        return find_ballot(
            connection, content, comparison_id, vote_for=app.settings.digest.vote_for, now=app.clock.now()
        )


def _show(
    request: Request,
    app: App,
    token: str,
    reader: Reader,
    ballot: Ballot,
    chosen: dict[str, Vote],
    *,
    has_voted: bool = False,
    counted: str = "",
    status_code: int = 200,
) -> Response:
    """Show the page: `counted` says what was just done."""
    names = {side.tool_id: side.name for side in (ballot.left, ballot.right)}
    return show(
        request,
        "vote",
        status_code=status_code,
        token=token,
        ballot=ballot,
        chosen=chosen,
        is_reader=reader.status is ReaderStatus.ACTIVE,
        has_voted=has_voted,
        closes_on=ballot.closes_at.astimezone(app.settings.zone).date(),
        counted=app.settings.language.gettext(counted) if counted else "",
        totals=[
            (names[each.tool_id], each.ship, each.skip) for each in ballot.totals if each.tool_id in names
        ],
    )

"""An editor's own page: where they are signed in."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from newsletter.editing.people.editors_store import Session
from newsletter.editing.people.signing_in import is_session_of, sessions_of
from newsletter.web.desk.frame import DeskFrame, DeskPage
from newsletter.web.desk.people import AnyEditor, session_token
from newsletter.web.installation import Installed
from newsletter.web.pages import show

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MePage(DeskPage):
    """The sessions, the latest used first; `mine` marks this browser's."""

    template: ClassVar[str] = "desk/me"
    sessions: tuple[tuple[Session, bool], ...]


@router.get("/desk/me")
def me(request: Request, app: Installed, editor: AnyEditor) -> Response:
    token = session_token(request)
    open_ones = tuple((each, is_session_of(each, token)) for each in sessions_of(app, editor.id))
    return show(request, MePage(desk=DeskFrame.of(request, editor, "me"), sessions=open_ones))

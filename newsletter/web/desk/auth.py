"""Who may see a page of the desk, and whose form is taken: what its routes ask for.

- `AnyEditor`: somebody signed in; `Publisher`: one who may let issues go and see readers. Each route has one of them.
- `DeskForm`: the fields of a form that our own page made for this very session.
"""

from hmac import compare_digest
from typing import Annotated

from fastapi import Depends, Request

from newsletter.editing.editors import Editor, find_signed_in, form_token
from newsletter.errors import NewsletterError
from newsletter.web.dependencies import Fields, Form, Installed

COOKIE = "desk"
#: The name of the form's field that says which session's page it is from.
FORM_TOKEN = "csrf"


class NotSignedIn(NewsletterError):
    """Please sign in first. Nothing was changed."""


class NotAllowed(NewsletterError):
    """Only publishers can do this. Nothing was changed."""


class ForeignForm(NewsletterError):
    """This form belongs to another session, so nothing was changed. Go back, reload the page, and try again."""


def require_editor(request: Request, app: Installed) -> Editor:
    """Return whoever is signed in; raises NotSignedIn."""
    editor = find_signed_in(app, session_token(request))
    if editor is None:
        raise NotSignedIn
    return editor


AnyEditor = Annotated[Editor, Depends(require_editor)]


def require_publisher(editor: AnyEditor) -> Editor:
    """Return the publisher who is signed in; raises NotSignedIn and NotAllowed."""
    if not editor.may_publish:
        raise NotAllowed
    return editor


Publisher = Annotated[Editor, Depends(require_publisher)]


def read_desk_form(request: Request, editor: AnyEditor, form: Form) -> Fields:
    """Return the fields of our own page's form; raises ForeignForm for any other."""
    if not compare_digest(form.get(FORM_TOKEN).encode(), csrf_of(request).encode()):
        raise ForeignForm
    return form


DeskForm = Annotated[Fields, Depends(read_desk_form)]


def session_token(request: Request) -> str:
    return request.cookies.get(COOKIE, "")


def csrf_of(request: Request) -> str:
    """Return what the forms on this session's pages carry."""
    return form_token(session_token(request))

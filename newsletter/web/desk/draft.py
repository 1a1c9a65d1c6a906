"""An issue's page: its mail beside what is to do, and for a draft everything that may be edited; merging newer items.

Each form carries the version of the draft that its page showed. Where somebody was faster, nothing is lost: a page shows both
texts. A form that arrives twice is done once. What is to do before an issue is sent is in sending.py, the frame with the
mail in preview.py.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from markupsafe import Markup

from newsletter.app import App
from newsletter.db.statuses import ExclusionReach, IssueStatus, Room
from newsletter.digest.arranging import Way
from newsletter.digest.edition import EDITIONS
from newsletter.digest.issues import Issue, ItemKey
from newsletter.digest.store import read_items
from newsletter.digest.wording import count_words
from newsletter.editing import revisions
from newsletter.editing.cache import DeskCache
from newsletter.editing.compiled import CompiledIssue
from newsletter.editing.draft import merge
from newsletter.editing.editors import Editor
from newsletter.editing.edits import (
    FIELDS,
    ITEM_NOTE,
    BringBack,
    ChooseQuote,
    Edit,
    Exclude,
    MoveItem,
    Pin,
    Write,
    WriteNote,
    check_text,
    make_edits,
)
from newsletter.editing.outline import outline_of
from newsletter.editing.revisions import revisions_since
from newsletter.errors import BadInput, ChangedMeanwhile, InvalidTransition
from newsletter.render.markdown import to_html
from newsletter.web.dependencies import Cached, Fields, Installed, OneIssue, cache_of, issue_of
from newsletter.web.desk.auth import FORM_TOKEN, AnyEditor, DeskForm
from newsletter.web.desk.flash import done
from newsletter.web.desk.layout import show_desk
from newsletter.web.desk.preview import MailFrame
from newsletter.web.desk.sending import todo_of

router = APIRouter(include_in_schema=False)

#: Sections of the page.
_PLACES = ("texts", "quotes", "items", "history")


@router.get("/desk/issues/{issue_id}")
def show_draft(request: Request, app: Installed, editor: AnyEditor, issue: OneIssue) -> Response:
    return _show(request, app, editor, issue)


@router.get("/desk/issues/{issue_id}/stamp")
def stamp(cache: Cached, editor: AnyEditor, issue: OneIssue) -> Response:
    """Answer with another text whenever the page would show something else: a small script asks for it."""
    return JSONResponse({"stamp": _stamp(cache, cache.stamp(issue))})


@router.post("/desk/issues/{issue_id}/texts")
def write(request: Request, app: Installed, editor: AnyEditor, issue: OneIssue, form: DeskForm) -> Response:
    """Save the texts; a button beside a proposal takes that in the place of what was typed."""
    wanted = (name for name in FIELDS if name in form.one and _touched(form.one, name))
    texts = {name: form.get(f"take_{name}") or form.get(name) for name in wanted}
    return _edit(request, app, editor, issue, form, lambda: [Write(**texts)], "texts", "saved")


@router.post("/desk/issues/{issue_id}/note-preview")
def preview_note(editor: AnyEditor, issue_id: int, form: DeskForm) -> Response:
    """Show the note as it would be printed, or why it cannot be; nothing is saved."""
    try:
        text = check_text("note", form.get("note"))
    except BadInput as error:
        return HTMLResponse(Markup("<p class='fault-words'>{}</p>").format(str(error)), 422)
    return HTMLResponse(to_html(text).markup)


@router.post("/desk/issues/{issue_id}/item-note")
def write_note(
    request: Request, app: Installed, editor: AnyEditor, issue: OneIssue, form: DeskForm
) -> Response:
    edit = lambda: [WriteNote(_item(form), form.get("note"))]  # noqa: E731
    return _edit(request, app, editor, issue, form, edit, form.get("item"), "saved")


@router.post("/desk/issues/{issue_id}/quote")
def quote(request: Request, app: Installed, editor: AnyEditor, issue: OneIssue, form: DeskForm) -> Response:
    edit = ChooseQuote(form.get("comparison"), form.get("review"), form.get("words"))
    return _edit(request, app, editor, issue, form, lambda: [edit], "quotes", "saved")


@router.post("/desk/issues/{issue_id}/order")
def order(request: Request, app: Installed, editor: AnyEditor, issue: OneIssue, form: DeskForm) -> Response:
    """Move an item up or down in its room, or into another one."""

    def edits() -> Sequence[Edit]:
        to = form.get("to")
        if to not in {*Way, *Room}:
            raise BadInput("This form names no place. Please load the page again.")
        return [MoveItem(_item(form), Way(to) if to in set(Way) else Room(to))]

    return _edit(request, app, editor, issue, form, edits, "items", "moved")


@router.post("/desk/issues/{issue_id}/lead")
def lead(request: Request, app: Installed, editor: AnyEditor, issue: OneIssue, form: DeskForm) -> Response:
    edit = lambda: [MoveItem(_item(form), Room.LEAD)]  # noqa: E731
    return _edit(request, app, editor, issue, form, edit, "items", "led")


@router.post("/desk/issues/{issue_id}/pin")
def pin(request: Request, app: Installed, editor: AnyEditor, issue: OneIssue, form: DeskForm) -> Response:
    edit = lambda: [Pin(_item(form), form.get("pinned") == "yes")]  # noqa: E731
    return _edit(request, app, editor, issue, form, edit, "items", "saved")


@router.post("/desk/issues/{issue_id}/exclude")
def exclude(request: Request, app: Installed, editor: AnyEditor, issue: OneIssue, form: DeskForm) -> Response:
    """Remove an item from "this-issue" or "for-ever", or bring it "back"."""

    def edits() -> Sequence[Edit]:
        reach = form.get("reach")
        if reach == "back":
            return [BringBack(_item(form))]
        if reach not in set(ExclusionReach):
            raise BadInput("This form does not say for how long. Please load the page again.")
        return [Exclude(_item(form), ExclusionReach(reach))]

    return _edit(request, app, editor, issue, form, edits, "items", "saved")


@router.post("/desk/issues/{issue_id}/undo")
def undo(request: Request, app: Installed, editor: AnyEditor, issue: OneIssue, form: DeskForm) -> Response:
    """Take back the last step, or with `redo` do it again."""
    step = revisions.redo if form.get("redo") else revisions.undo

    def change(shown: Issue, asked: str) -> Issue:
        return step(app, shown, by=editor.name, request=asked)

    code = "redone" if form.get("redo") else "undone"
    return change_draft(request, app, editor, issue, form, change, "history", code)


def change_draft(
    request: Request,
    app: App,
    editor: Editor,
    current: Issue,
    form: Fields,
    change: Callable[[Issue, str], Issue],
    at: str,
    code: str,
) -> Response:
    """Change the draft of the form's version: back to its page, or what did not work beside what was typed."""
    issue = replace(current, version=next(iter(form.numbers("version")), 0))
    try:
        change(issue, request_of(request, form))
    except (ChangedMeanwhile, InvalidTransition):
        return _conflict(request, app, editor, issue_of(app, current.id), issue.version, form)
    except BadInput as error:
        return _show(request, app, editor, current, form, str(error), at)
    # Back to where somebody was at work; the notice stays in sight there.
    return done(f"/desk/issues/{current.id}", code, anchor=at if at in _PLACES else "items")


def request_of(request: Request, form: Fields) -> str:
    """Return a hash of what is asked for: a second click asks for the same."""
    fields = sorted((name, value) for name, value in form.one.items() if name != FORM_TOKEN)
    return sha256(repr((request.url.path, fields)).encode("utf-8", "surrogatepass")).hexdigest()


def _edit(
    request: Request,
    app: App,
    editor: Editor,
    issue: Issue,
    form: Fields,
    edits: Callable[[], Sequence[Edit]],
    at: str,
    code: str,
) -> Response:
    def change(shown: Issue, asked: str) -> Issue:
        return make_edits(app, shown, edits(), by=editor.name, request=asked)

    return change_draft(request, app, editor, issue, form, change, at, code)


def _item(form: Fields) -> ItemKey:
    key = ItemKey.of_name(form.get("item"))
    if key is None:
        raise BadInput("This form names no item. Please load the page again.")
    return key


def _show(
    request: Request,
    app: App,
    editor: Editor,
    issue: Issue,
    form: Fields | None = None,
    fault: str = "",
    at: str = "",
) -> Response:
    """Show an issue, whatever its state; `fault` is what did not work, at this place of the page."""
    look = cache_of(request).checked(issue)
    return show_desk(
        request,
        "desk/draft",
        editor,
        "issues",
        status_code=422 if fault else 200,
        issue=issue,
        frame=MailFrame(issue=issue, look=look),
        todo=todo_of(request, app, issue, look, editor),
        forms=_forms(app, issue, look.compiled, form, fault, at)
        if issue.status is IssueStatus.DRAFT
        else None,
        stamp=_stamp(cache_of(request), look.stamp),
    )


def _stamp(cache: DeskCache, mail: str) -> str:
    return f"{mail}-{cache.slow_checks.ended}"


def _forms(
    app: App, issue: Issue, mail: CompiledIssue, form: Fields | None, fault: str, at: str
) -> dict[str, object]:
    """Return all that may be edited in a draft, for templates/web/desk/_draft_edit.html.j2."""
    return {
        "texts": list(_texts(issue, mail, form if at == "texts" else None)),
        "note": Markup(to_html(mail.letter.note).markup),
        "board": outline_of(app, issue, mail.letter),
        "lead_id": mail.letter.lead.comparison_id if mail.letter.lead is not None else "",
        "item_note_words": ITEM_NOTE.words,
        "has_items": EDITIONS[issue.edition].has_items,
        "fault": fault,
        "fault_at": at,
        "typed": "" if form is None else form.get("note"),
    }


def _texts(issue: Issue, mail: CompiledIssue, typed: Fields | None) -> Iterator[dict[str, object]]:
    """Yield what may be written over: as an editor wrote it, as it is stored, as it is printed, and what is proposed."""
    letter = mail.letter
    printed = {
        "subject": letter.subject,
        "preheader": letter.preheader,
        "note": letter.note,
        "bottom_line": letter.lead.bottom_line.text if letter.lead is not None else "",
    }
    proposed = {"subject": mail.proposals.subjects, "preheader": mail.proposals.preheaders}
    for name, limits in FIELDS.items():
        written, fault = getattr(issue, name), ""
        if typed is not None:
            written = typed.get(name)[: 2 * limits.chars]
            try:
                check_text(name, typed.get(name))
            except BadInput as error:
                fault = str(error)
        shown = written or printed[name]
        yield {
            "name": name,
            "label": name.replace("_", " ").capitalize(),
            "written": written,
            "stored": getattr(issue, name),
            "printed": printed[name],
            "limits": limits,
            "length": count_words(shown) if limits.words else len(shown),
            "proposed": [each for each in proposed.get(name, ()) if each != printed[name]],
            "fault": fault,
        }


# When somebody was faster: what was typed beside what is stored now, so that nothing is lost and somebody decides.

#: What a form was to do, in words, by the end of its path.
_ACTIONS = {
    "texts": "save your texts",
    "item-note": "save a note on an item",
    "quote": "quote another sentence",
    "order": "move an item",
    "lead": "choose another lead",
    "pin": "pin or unpin an item",
    "exclude": "remove an item, or bring it back",
    "merge": "merge newer items",
    "undo": "undo or redo a step",
}


def _touched(fields: Mapping[str, str], name: str) -> bool:
    """Return whether somebody changed this text: a page sends along what each field held (was_subject)."""
    taken = fields.get(f"take_{name}", "") or fields.get(name, "")
    was = fields.get(f"was_{name}")
    return was is None or was.replace("\r\n", "\n") != taken.replace("\r\n", "\n")


def _conflict(
    request: Request, app: App, editor: Editor, current: Issue, version: int, form: Fields
) -> Response:
    """Answer a form that came too late: with status 409, and nothing changed."""
    asked = request.url.path.rpartition("/")[2]
    typed = form.one
    item = ItemKey.of_name(form.get("item")) if asked == "item-note" else None
    with app.database.read() as connection:
        meanwhile = revisions_since(connection, current.id, version)
        stored = read_items(connection, current.id, [item] if item is not None else []).values()
    noted = next((each.note for each in stored), "")
    taken = {name: form.get(f"take_{name}") or form.get(name) for name in FIELDS}
    names = [name for name in FIELDS if asked == "texts" and name in typed and _touched(typed, name)]
    # What was typed the same as it is stored needs no decision, but goes with the form; what was not touched stays as it is.
    both = [
        (name, name.replace("_", " ").capitalize(), taken[name], getattr(current, name))
        for name in names
        if taken[name] != getattr(current, name)
    ]
    note = form.get("note") if asked == "item-note" else ""
    if note:
        both = [("note", "Note on the item", note, noted)]
    untouched = [name for name in FIELDS if asked == "texts" and name not in names]
    left = {FORM_TOKEN, "version", *(name for name, *_ in both), *untouched}
    carried = [
        (name, value)
        for name, value in typed.items()
        if name not in left and not name.startswith(("take_", "was_"))
    ]
    return show_desk(
        request,
        "desk/conflict",
        editor,
        "issues",
        status_code=409,
        issue=current,
        is_draft=current.status is IssueStatus.DRAFT,
        path=request.url.path,
        action=_ACTIONS.get(asked, "change it"),
        texts=both,
        fields=carried,
        meanwhile=meanwhile,
    )


# Merging what arrived since into a draft: a page that shows what would change, and the button that does exactly that.


@router.get("/desk/issues/{issue_id}/merge")
def show_merge(request: Request, cache: Cached, editor: AnyEditor, issue: OneIssue) -> Response:
    if issue.status is not IssueStatus.DRAFT:
        return done(f"/desk/issues/{issue.id}")
    return show_desk(request, "desk/merge", editor, "issues", issue=issue, merge=cache.merge_plan(issue))


@router.post("/desk/issues/{issue_id}/merge")
def do_merge(
    request: Request, app: Installed, editor: AnyEditor, issue: OneIssue, form: DeskForm
) -> Response:
    def change(shown: Issue, asked: str) -> Issue:
        return merge(app, shown, by=editor.name, cutoff_at=_moment(form.get("cutoff")), request=asked)

    return change_draft(request, app, editor, issue, form, change, "items", "merged")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput("This form does not say up to when. Please load the page again.") from error
    if moment.tzinfo is None:
        raise BadInput("This form does not say up to when. Please load the page again.")
    return moment.astimezone(UTC)

"""When somebody was faster: what was typed beside what is stored now, so that nothing is lost and somebody decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from fastapi import Request, Response
from sqlalchemy import Connection

from newsletter.app import App
from newsletter.db.statuses import IssueStatus, ItemKind
from newsletter.digest.draft_store import read_items
from newsletter.digest.issues import Issue, ItemKey
from newsletter.editing.drafts.revisions import since
from newsletter.editing.drafts.revisions_store import Revision
from newsletter.editing.people.editors_store import Editor
from newsletter.web.desk.frame import DeskFrame, DeskPage
from newsletter.web.desk.people import FORM_TOKEN
from newsletter.web.pages import show

#: What else a form may have asked for, in words, by the end of its path.
_WISHES = {
    "texts": "save your words",
    "item-note": "save a note on an item",
    "quote": "quote another sentence",
    "order": "move an item",
    "lead": "choose another lead",
    "pin": "pin an item, or let it go",
    "exclude": "take an item out, or bring it back",
    "merge": "merge what arrived since",
    "undo": "take the last step back, or do it again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A form that came too late: where to, and its fields, of which `texts` are words that somebody typed."""

    path: str
    fields: tuple[tuple[str, str], ...]
    texts: tuple[str, ...]


def touched(fields: Mapping[str, str], name: str) -> bool:
    """Whether somebody changed this text: a page sends along what each field held (was_subject)."""
    taken = fields.get(f"take_{name}", "") or fields.get(name, "")
    was = fields.get(f"was_{name}")
    return was is None or was.replace("\r\n", "\n") != taken.replace("\r\n", "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """A text twice: as it was typed, and as it is stored."""

    name: str
    label: str
    yours: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictPage(DeskPage):
    """Both texts, and what was done meanwhile. `fields` go with the form; it is not offered for what is no draft any more."""

    template: ClassVar[str] = "desk/conflict"
    issue: Issue
    is_draft: bool
    path: str
    wish: str
    both: tuple[Both, ...]
    fields: tuple[tuple[str, str], ...]
    meanwhile: tuple[Revision, ...]


def conflict(
    request: Request, app: App, editor: Editor, current: Issue, version: int, wanted: Wanted
) -> Response:
    """The page, with status 409; nothing was changed."""
    asked = wanted.path.rpartition("/")[2]
    typed = dict(wanted.fields)
    with app.database.read() as connection:
        meanwhile = since(connection, current.id, version)
        noted = _note_on(connection, current.id, typed.get("item", "")) if asked == "item-note" else ""
    taken = {name: typed.get(f"take_{name}", "") or typed.get(name, "") for name in wanted.texts}
    names = [name for name in wanted.texts if asked == "texts" and name in typed and touched(typed, name)]
    # What was typed the same as it is stored needs no decision, but goes with the form; what was not touched stays as it is.
    both = tuple(
        Both(
            name=name,
            label=name.replace("_", " ").capitalize(),
            yours=taken[name],
            theirs=getattr(current, name),
        )
        for name in names
        if taken[name] != getattr(current, name)
    )
    note = typed.get("note", "") if asked == "item-note" else ""
    if note:
        both = (Both(name="note", label="Note on the item", yours=note, theirs=noted),)
    untouched = [name for name in wanted.texts if asked == "texts" and name not in names]
    left = {FORM_TOKEN, "version", *(each.name for each in both), *untouched}
    carried = tuple(
        (name, value)
        for name, value in wanted.fields
        if name not in left and not name.startswith(("take_", "was_"))
    )
    page = ConflictPage(
        desk=DeskFrame.of(request, editor, "issues"),
        issue=current,
        is_draft=current.status is IssueStatus.DRAFT,
        path=wanted.path,
        wish=_WISHES.get(asked, "change it"),
        both=both,
        fields=carried,
        meanwhile=meanwhile,
    )
    return show(request, page, 409)


def _note_on(connection: Connection, issue_id: int, name: str) -> str:
    """The note that is stored on an item, "comparison:kite-vs-wren"."""
    kind, _, key = name.partition(":")
    if kind not in set(ItemKind):
        return ""
    found = read_items(connection, issue_id, [ItemKey(ItemKind(kind), key)]).values()
    return next((each.note for each in found), "")

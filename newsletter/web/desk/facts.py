"""Facts: what contradicts itself, what an issue would print of a tool and why, and the editors' rulings."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.content.conflicts.contradiction import Contradiction
from newsletter.editing.cache import DeskCache
from newsletter.editing.editors import Editor
from newsletter.editing.facts import (
    FactSheet,
    Ruling,
    facts_of,
    in_words,
    list_rulings,
    rule,
    withdraw_ruling,
)
from newsletter.errors import BadInput, NotFound
from newsletter.web.dependencies import Fields, Installed, cache_of
from newsletter.web.desk.auth import AnyEditor, DeskForm
from newsletter.web.desk.flash import done
from newsletter.web.desk.layout import show_desk

router = APIRouter(include_in_schema=False)

PATH = "/desk/facts"
#: Contradictions on a page, rulings below them, tools that a search shows.
MOST, MOST_RULINGS, MOST_TOOLS = 20, 50, 50
#: Answers to a question that are no claim.
LEAVE_OUT, TAKE_BACK = "leave-out", "take-back"

#: A contradiction as pages show it, with its tools: the name of each, and where to rule on it.
Open = tuple[Contradiction, tuple[tuple[str, str], ...]]


@router.get("/desk/facts")
def look(request: Request, app: Installed, editor: AnyEditor, q: str = "", page: int = 1) -> Response:
    query = " ".join(q[:200].split())
    tools: Sequence[tuple[str, str]] = ()
    if query:
        with app.content() as content:
            tools = tuple(content.find_tools(query, MOST_TOOLS))
    known = cache_of(request).contradictions.open()
    found = known.found
    page = min(max(page, 1), -(-len(found) // MOST) or 1)
    with app.database.read() as connection:
        rulings = list_rulings(connection, MOST_RULINGS)
    return show_desk(
        request,
        "desk/facts",
        editor,
        "facts",
        query=query,
        found=[(name, _path(tool_id)) for tool_id, name in tools],
        contradictions=_with_tools(app, found[(page - 1) * MOST : page * MOST]),
        total=len(found),
        page=page,
        is_last=page * MOST >= len(found),
        is_current=known.is_current,
        rulings=[(each, _path(each.ruling.tool_id)) for each in in_words(app, rulings)],
    )


@router.get("/desk/facts/{tool_id:path}")
def look_at_tool(request: Request, app: Installed, editor: AnyEditor, tool_id: str) -> Response:
    return _show_tool(request, app, editor, tool_id)


@router.post("/desk/facts/{tool_id:path}")
def answer(request: Request, app: Installed, editor: AnyEditor, form: DeskForm, tool_id: str) -> Response:
    try:
        _rule(app, cache_of(request), editor, tool_id, form)
    except NotFound:
        raise
    except BadInput as error:
        return _show_tool(request, app, editor, tool_id, form, str(error))
    # Not to the attribute, which is closed now: to the notice, and to what is open still.
    code = "taken-back" if form.get("answer") == TAKE_BACK else "ruled"
    return done(_path(tool_id), code, anchor="main")


def _rule(app: App, cache: DeskCache, editor: Editor, tool_id: str, form: Fields) -> None:
    attribute, wanted, reason = form.get("attribute"), form.get("answer"), form.get("reason")
    if not wanted:
        raise BadInput("Choose an answer.")
    if not reason.strip():
        raise BadInput("Say why: the activity log keeps it.")
    if wanted == TAKE_BACK:
        withdraw_ruling(app, tool_id, attribute, reason=reason, by=editor.name)
        return
    rule(
        app,
        tool_id,
        attribute,
        None if wanted == LEAVE_OUT else wanted,
        reason=reason,
        by=editor.name,
        contradictions=cache.contradictions.open().found,
    )


def _show_tool(
    request: Request, app: App, editor: Editor, tool_id: str, form: Fields | None = None, fault: str = ""
) -> Response:
    """Show a tool: what contradicts itself, then every attribute with a form to rule on it."""
    sheet = facts_of(app, tool_id, cache_of(request).contradictions.open().found)
    with app.database.read() as connection:
        ruled = {each.attribute: each for each in list_rulings(connection, 1000, sheet.tool.id)}
    return show_desk(
        request,
        "desk/tool-facts",
        editor,
        "facts",
        status_code=422 if fault else 200,
        path=_path(sheet.tool.id),
        tool=sheet.tool,
        contradictions=_with_tools(app, sheet.contradictions),
        attributes=list(_attributes(sheet, ruled, form, fault)),
    )


def _attributes(
    sheet: FactSheet, ruled: Mapping[str, Ruling], form: Fields | None, fault: str
) -> Iterator[dict[str, object]]:
    """Yield what is open first, then what was ruled on, then the rest; also what is left out, and what is no claim at all.

    Of each attribute `claims` begin with what is printed; `answer`, `reason` and `fault` are what was answered and could not be taken.
    """
    standing = {fact.attribute: fact for fact, _ in sheet.facts}
    claims = {fact.attribute: stated for fact, stated in sheet.facts}
    open_ones = {each.attribute for each in sheet.contradictions}
    for attribute in dict.fromkeys((*sorted(open_ones), *ruled, *standing)):
        found = standing.get(attribute)
        typed = form if form is not None and form.get("attribute") == attribute else Fields()
        yield {
            "attribute": attribute,
            "anchor": _anchor(attribute),
            "rule": found.reason if found else "",
            "is_open": attribute in open_ones or bool(typed.one) or (found is not None and found.disputed),
            "claims": claims.get(attribute, ()),
            "ruling": ruled.get(attribute),
            "answer": typed.get("answer"),
            "reason": typed.get("reason"),
            "fault": fault if typed.one else "",
        }


def _with_tools(app: App, found: Sequence[Contradiction]) -> tuple[Open, ...]:
    with app.content() as content:
        tools = content.tools({id_ for each in found for id_ in each.tool_ids})
    names = {key: each.name for key, each in tools.items()}
    return tuple(
        (
            each,
            tuple(
                (name, f"{_path(id_)}#{_anchor(each.attribute)}")
                for id_, name in zip(each.tool_ids, _told_apart(each.tool_ids, names), strict=True)
            ),
        )
        for each in found
    )


def _told_apart(ids: Sequence[str], names: Mapping[str, str]) -> Sequence[str]:
    """Return what the tools are called; where two are called the same, with what tells them apart."""
    found = [names.get(each, each) for each in ids]
    if len(set(found)) == len(found):
        return found
    return [f"{name} ({id_})" for id_, name in zip(ids, found, strict=True)]


def _path(tool_id: str) -> str:
    return f"{PATH}/{quote(tool_id)}"


def _anchor(attribute: str) -> str:
    return f"on-{quote(attribute, safe='')}"

"""Facts: what contradicts itself, what an issue would print of a tool and why, and the editors' rulings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.content.conflicts.findings import Contradiction, Side
from newsletter.editing.cache import DeskCache
from newsletter.editing.editors import Editor
from newsletter.editing.facts import (
    FactSheet,
    Ruled,
    Ruling,
    Standing,
    Stated,
    facts_of,
    in_words,
    list_rulings,
    rule,
    withdraw_ruling,
)
from newsletter.errors import BadInput, NotFound
from newsletter.web.desk.auth import AnyEditor, DeskForm
from newsletter.web.desk.layout import DeskFrame, DeskPage, done
from newsletter.web.pages import Installed, cache_of, show

router = APIRouter(include_in_schema=False)

PATH = "/desk/facts"
#: Contradictions on a page, rulings below them, tools that a search shows.
MOST, MOST_RULINGS, MOST_TOOLS = 20, 50, 50
#: Answers to a question that are no claim.
LEAVE_OUT, TAKE_BACK = "leave-out", "take-back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A contradiction, and its sides; `tools` are names, each with where to rule on it."""

    kind: str
    is_serious: bool
    is_certain: bool
    attribute: str
    reason: str
    tools: tuple[tuple[str, str], ...]
    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsPage(DeskPage):
    """A page of what is open, then the rulings; with a `query` the tools whose name holds it. Paths lead to tools.

    Not `is_current`: what is open is looked for at this moment.
    """

    template: ClassVar[str] = "desk/facts"
    query: str
    found: tuple[tuple[str, str], ...]
    disputes: tuple[Dispute, ...]
    total: int
    page: int
    is_last: bool
    is_current: bool
    rulings: tuple[tuple[Ruled, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An attribute, and everything that is said of it: what is printed stands first. `ruling` is None where nobody ruled."""

    attribute: str
    anchor: str
    rule: str
    is_open: bool
    claims: tuple[Stated, ...]
    ruling: Ruling | None
    fault: str
    answer: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFactsPage(DeskPage):
    """A tool: what contradicts itself, then every attribute with a form to rule on it."""

    template: ClassVar[str] = "desk/tool-facts"
    path: str
    name: str
    tool_id: str
    disputes: tuple[Dispute, ...]
    questions: tuple[Question, ...]


@router.get("/desk/facts")
def look(request: Request, app: Installed, editor: AnyEditor, q: str = "", page: int = 1) -> Response:
    query = " ".join(q[:200].split())
    known = cache_of(request).contradictions.open()
    found = known.found
    page = min(max(page, 1), -(-len(found) // MOST) or 1)
    with app.database.read() as connection:
        rulings = list_rulings(connection, MOST_RULINGS)
    shown = FactsPage(
        desk=DeskFrame.of(request, editor, "facts"),
        query=query,
        found=_search(app, query) if query else (),
        disputes=_disputes(app, found[(page - 1) * MOST : page * MOST]),
        total=len(found),
        page=page,
        is_last=page * MOST >= len(found),
        is_current=known.is_current,
        rulings=tuple((each, _path(each.ruling.tool_id)) for each in in_words(app, rulings)),
    )
    return show(request, shown)


@router.get("/desk/facts/{tool_id:path}")
def look_at_tool(request: Request, app: Installed, editor: AnyEditor, tool_id: str) -> Response:
    return show(request, _tool_page(request, app, editor, tool_id))


@router.post("/desk/facts/{tool_id:path}")
def answer(request: Request, app: Installed, editor: AnyEditor, form: DeskForm, tool_id: str) -> Response:
    attribute, wanted, reason = form.get("attribute"), form.get("answer"), form.get("reason")
    try:
        _rule(app, cache_of(request), editor, tool_id, attribute, wanted, reason)
    except NotFound:
        raise
    except BadInput as error:
        typed = Typed(attribute=attribute, answer=wanted, reason=reason, fault=str(error))
        return show(request, _tool_page(request, app, editor, tool_id, typed), 422)
    back = done(_path(tool_id), "taken-back" if wanted == TAKE_BACK else "ruled")
    # Not to the question, which is closed now: to the notice, and to what is open still.
    back.headers["Location"] += "#main"
    return back


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What was sent and could not be taken."""

    attribute: str
    answer: str
    reason: str
    fault: str


def _rule(
    app: App, cache: DeskCache, editor: Editor, tool_id: str, attribute: str, wanted: str, reason: str
) -> None:
    if not wanted:
        raise BadInput("Choose an answer.")
    if not reason.strip():
        raise BadInput("Say why: the log keeps it.")
    if wanted == TAKE_BACK:
        withdraw_ruling(app, tool_id, attribute, reason=reason, by=editor.name)
    else:
        claim = None if wanted == LEAVE_OUT else wanted
        rule(
            app,
            tool_id,
            attribute,
            claim,
            reason=reason,
            by=editor.name,
            contradictions=cache.contradictions.open().found,
        )


def _search(app: App, query: str) -> tuple[tuple[str, str], ...]:
    """Tools by name and path."""
    with app.content() as content:
        return tuple((name, _path(tool_id)) for tool_id, name in content.find_tools(query, MOST_TOOLS))


def _tool_page(
    request: Request, app: App, editor: Editor, tool_id: str, typed: Typed | None = None
) -> ToolFactsPage:
    sheet = facts_of(app, tool_id, cache_of(request).contradictions.open().found)
    with app.database.read() as connection:
        ruled = {each.attribute: each for each in list_rulings(connection, 1000, sheet.tool.id)}
    return ToolFactsPage(
        desk=DeskFrame.of(request, editor, "facts"),
        path=_path(sheet.tool.id),
        name=sheet.tool.name,
        tool_id=sheet.tool.id,
        disputes=_disputes(app, sheet.contradictions),
        questions=tuple(_questions(sheet, ruled, typed)),
    )


def _questions(sheet: FactSheet, ruled: dict[str, Ruling], typed: Typed | None) -> Sequence[Question]:
    """What is open first, then what was ruled on, then the rest; also what is left out, and what is no claim at all."""
    standing = {each.fact.attribute: each for each in sheet.facts}
    disputed = {each.attribute for each in sheet.contradictions}
    attributes = dict.fromkeys((*sorted(disputed), *ruled, *standing))
    return [
        _question(attribute, standing.get(attribute), attribute in disputed, ruled.get(attribute), typed)
        for attribute in attributes
    ]


def _question(
    attribute: str, standing: Standing | None, disputed: bool, ruling: Ruling | None, typed: Typed | None
) -> Question:
    mine = typed if typed is not None and typed.attribute == attribute else None
    return Question(
        attribute=attribute,
        anchor=f"on-{quote(attribute, safe='')}",
        rule=standing.fact.reason if standing else "",
        is_open=disputed or mine is not None or (standing is not None and standing.fact.disputed),
        claims=(standing.chosen, *standing.others) if standing else (),
        ruling=ruling,
        fault=mine.fault if mine else "",
        answer=mine.answer if mine else "",
        reason=mine.reason if mine else "",
    )


def _disputes(app: App, found: Sequence[Contradiction]) -> tuple[Dispute, ...]:
    with app.content() as content:
        names = {
            key: each.name
            for key, each in content.tools({id_ for each in found for id_ in each.tool_ids}).items()
        }
    return tuple(_dispute(each, names) for each in found)


def _dispute(found: Contradiction, names: Mapping[str, str]) -> Dispute:
    return Dispute(
        kind=found.kind.value,
        is_serious=found.is_serious,
        is_certain=found.certain,
        attribute=found.attribute,
        reason=found.reason,
        tools=tuple(
            (name, f"{_path(id_)}#on-{quote(found.attribute, safe='')}")
            for id_, name in zip(found.tool_ids, _told_apart(found.tool_ids, names), strict=True)
        ),
        sides=(found.left, found.right, *found.also),
    )


def _told_apart(ids: Sequence[str], names: Mapping[str, str]) -> Sequence[str]:
    """What the tools are called; where two are called the same, with what tells them apart."""
    found = [names.get(each, each) for each in ids]
    if len(set(found)) == len(found):
        return found
    return [f"{name} ({id_})" for id_, name in zip(ids, found, strict=True)]


def _path(tool_id: str) -> str:
    return f"{PATH}/{quote(tool_id)}"

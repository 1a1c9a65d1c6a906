"""Facts as an editor looks after them: the facts on a tool, the contradictions that are open, and rulings.

How facts are resolved from claims is in newsletter/content; what a digest asks of rulings in digest/store.py; what a running desk
remembers of contradictions in contradictions.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, delete, insert, select

from newsletter.app import App
from newsletter.commands import suggest
from newsletter.content.conflicts.contradiction import Contradiction, ContradictionSide, claim_side
from newsletter.content.conflicts.find import find_contradictions, of_tools
from newsletter.content.facts import day_of, is_stale, resolve
from newsletter.content.records import Claim, Fact, Source, Tool
from newsletter.content.store import ContentStore
from newsletter.db.schema import rulings
from newsletter.editing.audit import COMMAND_LINE, Action, record_action
from newsletter.errors import BadInput, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """An editor's word on an attribute of a tool. `claim_id` is None where nothing is to be printed."""

    tool_id: str
    attribute: str
    claim_id: str | None
    reason: str
    by: str
    at: datetime


def list_rulings(connection: Connection, limit: int, tool_id: str | None = None) -> tuple[Ruling, ...]:
    """List rulings, the latest first; on one tool where asked for."""
    query = select(rulings).order_by(rulings.c.at.desc(), rulings.c.tool_id, rulings.c.attribute)
    if tool_id is not None:
        query = query.where(rulings.c.tool_id == tool_id)
    return tuple(Ruling(**row._mapping) for row in connection.execute(query.limit(limit)))


def all_rulings(connection: Connection) -> dict[str, dict[str, str | None]]:
    """Return every ruling by tool and attribute: a claim's id, or None to leave the figure out."""
    found: dict[str, dict[str, str | None]] = {}
    for row in connection.execute(select(rulings).order_by(rulings.c.tool_id, rulings.c.attribute)):
        found.setdefault(row.tool_id, {})[row.attribute] = row.claim_id
    return found


def record_ruling(
    connection: Connection,
    tool_id: str,
    attribute: str,
    claim_id: str | None,
    *,
    reason: str,
    by: str,
    at: datetime,
) -> None:
    """Record what an editor says now, in place of what was said before; in the caller's transaction."""
    delete_ruling(connection, tool_id, attribute)
    connection.execute(
        insert(rulings).values(
            tool_id=tool_id, attribute=attribute, claim_id=claim_id, reason=reason, by=by, at=at
        )
    )


def delete_ruling(connection: Connection, tool_id: str, attribute: str) -> bool:
    """Delete a ruling; return whether there was one."""
    ruling = (rulings.c.tool_id == tool_id) & (rulings.c.attribute == attribute)
    return connection.execute(delete(rulings).where(ruling)).rowcount > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedClaim:
    """A claim with its source, the day of its statement, and whether that is too long ago."""

    claim: Claim
    source: Source
    day: date
    stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSheet:
    """All facts on one tool, each with its claims, of which the first is printed; and the attributes that an editor leaves out."""

    tool: Tool
    facts: tuple[tuple[Fact, tuple[DatedClaim, ...]], ...]
    left_out: tuple[str, ...]
    contradictions: tuple[Contradiction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedRuling:
    """A ruling in words. `holds` is None where nothing is printed, or where the source says something else by now."""

    ruling: Ruling
    tool: str
    holds: ContradictionSide | None


def facts_of(app: App, tool_id: str, contradictions: Iterable[Contradiction] | None = None) -> FactSheet:
    """Return what an issue would print of a tool, and why; raises NotFound.

    `contradictions` are all that are open, where somebody knows them already.
    """
    with app.content() as content:
        tool = content.get_tool(tool_id)
        claims = content.claims([tool.id]).get(tool.id, ())
        sources = content.sources(each.source_id for each in claims)
        ruled = _rulings(app).get(tool.id, {})
        facts = resolve(claims, sources=sources, source_order=app.settings.digest.source_order, rulings=ruled)
        known = _contradictions(app, content) if contradictions is None else contradictions
        found = of_tools(known, [tool.id])

    def stated(claim: Claim) -> DatedClaim:
        source = sources[claim.source_id]
        return DatedClaim(
            claim=claim,
            source=source,
            day=day_of(claim, source),
            stale=is_stale(claim, source, app.clock.now().date(), app.settings.digest.stale_after),
        )

    return FactSheet(
        tool=tool,
        facts=tuple(
            (fact, tuple(stated(each) for each in (fact.claim, *fact.others))) for fact in facts.values()
        ),
        left_out=tuple(attribute for attribute, claim_id in ruled.items() if claim_id is None),
        contradictions=found,
    )


def open_contradictions(
    app: App, not_understood: list[ContradictionSide] | None = None
) -> tuple[Contradiction, ...]:
    """Return every contradiction in the content store that nobody has ruled on.

    Price sentences with which nothing could be compared go to `not_understood`.
    """
    with app.content() as content:
        return _contradictions(app, content, not_understood)


def rule(
    app: App,
    tool_id: str,
    attribute: str,
    claim_id: str | None,
    *,
    reason: str,
    by: str,
    issue_id: int | None = None,
    contradictions: Iterable[Contradiction] | None = None,
) -> Tool:
    """Say which claim is the fact, or with None that nothing is printed and nothing more is asked. Commits.

    `issue_id` is the issue that it was said over, if it was. Raises NotFound for a tool or a claim, BadInput for an attribute, that
    is not there, and BadInput without a reason.
    """
    if not reason.strip():
        raise BadInput("a ruling needs a reason: say it with --reason TEXT")
    with app.content() as content:
        tool = content.get_tool(tool_id)
        stated = content.claims([tool.id]).get(tool.id, ())
        known = {each.attribute for each in stated}
        if attribute not in known:
            found = _contradictions(app, content) if contradictions is None else contradictions
            known |= {each.attribute for each in of_tools(found, [tool.id])}
        holds = next((each for each in stated if (each.id, each.attribute) == (claim_id, attribute)), None)
        words = "left out"
        if holds is not None:
            said = claim_side(holds, content.sources([holds.source_id])[holds.source_id])
            words = f"{said.value} by {said.source}"
    if attribute not in known:
        raise BadInput(
            f"nothing is stated of {tool.name} as {attribute}: one of {', '.join(sorted(known)) or 'none'} is right"
        )
    if claim_id is not None and holds is None:
        raise NotFound(
            f"current claim on {attribute} with id", claim_id, f"See: {suggest('facts', 'show', tool.id)}"
        )
    now, reason = app.clock.now(), reason.strip()
    detail = f"{tool.name}, {attribute.replace('_', ' ')}: {words} – {reason}"
    with app.database.write() as connection:
        record_ruling(connection, tool.id, attribute, claim_id, reason=reason, by=by, at=now)
        record_action(connection, by=by, action=Action.RULED, issue_id=issue_id, detail=detail, at=now)
    return tool


def withdraw_ruling(
    app: App, tool_id: str, attribute: str, *, reason: str = "", by: str = COMMAND_LINE
) -> None:
    """Ask the question again. Commits; raises NotFound when there is no such ruling."""
    said = f"{tool_id} {attribute}: taken back" + (f" – {reason.strip()}" if reason.strip() else "")
    now = app.clock.now()
    with app.database.write() as connection:
        if not delete_ruling(connection, tool_id, attribute):
            raise NotFound("ruling on", f"{tool_id} {attribute}")
        record_action(connection, by=by, action=Action.RULED, detail=said, at=now)


def in_words(app: App, rulings: Sequence[Ruling]) -> tuple[ExplainedRuling, ...]:
    """Return rulings with the names and values that they are about."""
    tool_ids = {each.tool_id for each in rulings}
    with app.content() as content:
        tools = content.tools(tool_ids)
        claims = [each for stated in content.claims(tool_ids).values() for each in stated]
        sources = content.sources(each.source_id for each in claims)
    statements = {each.id: claim_side(each, sources[each.source_id]) for each in claims}
    return tuple(
        ExplainedRuling(
            ruling=each,
            tool=tools[each.tool_id].name if each.tool_id in tools else each.tool_id,
            holds=statements.get(each.claim_id or ""),
        )
        for each in rulings
    )


def _contradictions(
    app: App, content: ContentStore, not_understood: list[ContradictionSide] | None = None
) -> tuple[Contradiction, ...]:
    return find_contradictions(
        content,
        source_order=app.settings.digest.source_order,
        rulings=_rulings(app),
        not_understood=not_understood,
    )


def _rulings(app: App) -> Mapping[str, Mapping[str, str | None]]:
    with app.database.read() as connection:
        return all_rulings(connection)

"""The facts desk at work: the facts on a tool, the contradictions that are open, and an editor's ruling."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from newsletter.content.desk.check import find_contradictions, of_tools
from newsletter.content.desk.findings import Contradiction, Statement, state_claim
from newsletter.content.facts import resolve
from newsletter.content.freshness import day_of, is_stale
from newsletter.content.model import Claim, Fact, Source, Tool
from newsletter.content.store import ContentStore
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.people.audit import COMMAND_LINE, Action, audit
from newsletter.editing.rulings_store import Ruling, all_rulings, delete_ruling, record_ruling
from newsletter.errors import BadInput, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A claim with its source, the day of its statement, and whether that is too long ago."""

    claim: Claim
    source: Source
    day: date
    stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A fact as it stands: what is printed, by which rule, and the claims that differ."""

    fact: Fact
    chosen: Stated
    others: tuple[Stated, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSheet:
    """All facts on one tool, and the attributes that an editor leaves out."""

    tool: Tool
    facts: tuple[Standing, ...]
    left_out: tuple[str, ...]
    contradictions: tuple[Contradiction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """A ruling in words. `holds` is None where nothing is printed, or where the source says something else by now."""

    ruling: Ruling
    tool: str
    holds: Statement | None


def facts_of(
    newsroom: Newsroom, tool_id: str, contradictions: Iterable[Contradiction] | None = None
) -> FactSheet:
    """What an issue would print of a tool, and why; raises NotFound.

    `contradictions` are all that are open, where somebody knows them already.
    """
    with newsroom.content() as content:
        tool = content.get_tool(tool_id)
        claims = content.claims([tool.id]).get(tool.id, ())
        sources = content.sources(each.source_id for each in claims)
        ruled = _rulings(newsroom).get(tool.id, {})
        facts = resolve(claims, sources=sources, source_order=newsroom.settings.source_order, rulings=ruled)
        known = _contradictions(newsroom, content) if contradictions is None else contradictions
        found = of_tools(known, [tool.id])

    def stated(claim: Claim) -> Stated:
        source = sources[claim.source_id]
        return Stated(
            claim=claim,
            source=source,
            day=day_of(claim, source),
            stale=is_stale(claim, source, newsroom.clock.now().date(), newsroom.settings.stale_after),
        )

    return FactSheet(
        tool=tool,
        facts=tuple(
            Standing(fact=fact, chosen=stated(fact.claim), others=tuple(stated(each) for each in fact.others))
            for fact in facts.values()
        ),
        left_out=tuple(attribute for attribute, claim_id in ruled.items() if claim_id is None),
        contradictions=found,
    )


def open_contradictions(newsroom: Newsroom) -> tuple[Contradiction, ...]:
    """Every contradiction in the content store that nobody has ruled on."""
    with newsroom.content() as content:
        return _contradictions(newsroom, content)


def rule(
    newsroom: Newsroom,
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

    `issue_id` is the issue that it was said over, if it was. Raises NotFound for a tool, or BadInput for a claim or an attribute, that is not there.
    """
    if not reason.strip():
        raise BadInput("a ruling needs a reason: say it with --reason TEXT")
    with newsroom.content() as content:
        tool = content.get_tool(tool_id)
        stated = content.claims([tool.id]).get(tool.id, ())
        known = {each.attribute for each in stated}
        if attribute not in known:
            found = _contradictions(newsroom, content) if contradictions is None else contradictions
            known |= {each.attribute for each in of_tools(found, [tool.id])}
        holds = next((each for each in stated if (each.id, each.attribute) == (claim_id, attribute)), None)
        words = "left out" if holds is None else _words(content, holds)
    if attribute not in known:
        raise BadInput(
            f"nothing is stated of {tool.name} as {attribute}: one of {', '.join(sorted(known)) or 'none'} is right"
        )
    if claim_id is not None and holds is None:
        raise NotFound(f"current claim on {attribute} with id", claim_id, f"See: newsletter facts {tool.id}")
    now, reason = newsroom.clock.now(), reason.strip()
    said = f"{tool.name}, {attribute.replace('_', ' ')}: {words} – {reason}"
    with newsroom.database.write() as connection:
        record_ruling(connection, tool.id, attribute, claim_id, reason=reason, by=by, at=now)
        audit(connection, by=by, action=Action.RULED, issue_id=issue_id, detail=said, at=now)
    return tool


def withdraw_ruling(
    newsroom: Newsroom, tool_id: str, attribute: str, *, reason: str = "", by: str = COMMAND_LINE
) -> None:
    """Ask the question again. Commits; raises NotFound when there is no such ruling."""
    said = f"{tool_id} {attribute}: taken back" + (f" – {reason.strip()}" if reason.strip() else "")
    now = newsroom.clock.now()
    with newsroom.database.write() as connection:
        if not delete_ruling(connection, tool_id, attribute):
            raise NotFound("ruling on", f"{tool_id} {attribute}")
        audit(connection, by=by, action=Action.RULED, detail=said, at=now)


def in_words(newsroom: Newsroom, rulings: Sequence[Ruling]) -> tuple[Ruled, ...]:
    """Rulings by the names and values that they are about."""
    tool_ids = {each.tool_id for each in rulings}
    with newsroom.content() as content:
        tools = content.tools(tool_ids)
        claims = [each for stated in content.claims(tool_ids).values() for each in stated]
        sources = content.sources(each.source_id for each in claims)
    statements = {each.id: state_claim(each, sources) for each in claims}
    return tuple(
        Ruled(
            ruling=each,
            tool=tools[each.tool_id].name if each.tool_id in tools else each.tool_id,
            holds=statements.get(each.claim_id or ""),
        )
        for each in rulings
    )


def _words(content: ContentStore, claim: Claim) -> str:
    said = state_claim(claim, content.sources([claim.source_id]))
    return f"{said.value} by {said.source}"


def _contradictions(newsroom: Newsroom, content: ContentStore) -> tuple[Contradiction, ...]:
    return find_contradictions(
        content, source_order=newsroom.settings.source_order, rulings=_rulings(newsroom)
    )


def _rulings(newsroom: Newsroom) -> Mapping[str, Mapping[str, str | None]]:
    with newsroom.database.read() as connection:
        return all_rulings(connection)

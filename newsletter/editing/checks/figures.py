"""Checks on the figures that the issue prints and that may be wrong: disputed, contradicted, stale, or standing on nothing.

Only what touches the issue is listed; everything that contradicts itself is `newsletter facts check`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from urllib.parse import quote

from newsletter.app import App
from newsletter.commands import suggest
from newsletter.content.conflicts.contradiction import Contradiction, ContradictionKind
from newsletter.content.conflicts.identity import IDENTITY
from newsletter.content.facts import day_of, is_stale, resolve
from newsletter.content.records import Claim, Fact, Source
from newsletter.content.store import ContentStore
from newsletter.digest.content import IssueContent, figures_for_everybody, figures_in
from newsletter.digest.figures import dated, label_of, value_of
from newsletter.digest.issues import Issue
from newsletter.digest.store import rulings_on
from newsletter.digest.wording import clip
from newsletter.editing.checks.amounts import amounts_in, states
from newsletter.editing.checks.findings import ClaimOption, Conflict, Finding, warning
from newsletter.editing.compiled import CompiledIssue
from newsletter.language import ENGLISH

#: What is printed of a tool's panel and votes, as the desk calls it, and of its name.
_OF_EVERY_SIDE = ("verdict", "community_share")
#: Of these the issue can print both values; the others are two things, of which one is not printed.
_SIDE_BY_SIDE = (ContradictionKind.SOURCES_DIFFER, ContradictionKind.SAID_TWICE)
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedFigures:
    """What an issue prints, and what that stands on as the store has it now; the tools are those that it shows."""

    issue: Issue
    letter: IssueContent
    #: The ids of every claim that a figure or line stands on.
    ids: frozenset[str]
    #: The tools' names by id, and their facts by id and attribute.
    names: Mapping[str, str]
    facts: Mapping[str, Mapping[str, Fact]]
    #: Every current claim on the tools, and its source, by id.
    claims: Mapping[str, Claim]
    sources: Mapping[str, Source]
    #: What is printed, by tool and attribute.
    attributes: frozenset[tuple[str, str]]
    contradictions: tuple[Contradiction, ...]
    today: date
    stale_after: timedelta


def check_figures(
    app: App, compiled: CompiledIssue, contradictions: Iterable[Contradiction]
) -> Iterator[Finding]:
    """Run every check on the figures of a draft, given all `contradictions` that are open."""
    with app.content() as content:
        printed = _read_printed(app, content, compiled, contradictions)
    for check in CHECKS:
        yield from check(printed)


def _read_printed(
    app: App, content: ContentStore, compiled: CompiledIssue, contradictions: Iterable[Contradiction]
) -> PrintedFigures:
    """Read everything that the figures stand on, in a few queries."""
    letter, settings = compiled.letter, app.settings
    tools = content.tools(dict.fromkeys(_shown_tools(letter, content)))
    keys = tuple({tool.id: None for tool in tools.values()})
    claims = content.claims(keys)
    sources = content.sources({each.source_id for stated in claims.values() for each in stated})
    with app.database.read() as connection:
        ruled = rulings_on(connection, keys)
    ids = frozenset(claim for each in figures_for_everybody(letter) for claim in each.claims)
    by_id = {each.id: each for stated in claims.values() for each in stated}
    attributes = {(each.tool_id, each.attribute) for key, each in by_id.items() if key in ids}
    attributes |= {(key, each) for key in keys for each in _OF_EVERY_SIDE}
    if letter.lead is not None and letter.lead.benchmarks is not None:
        attributes |= {(side.tool_id, "benchmarks") for side in (letter.lead.left, letter.lead.right)}
    return PrintedFigures(
        issue=compiled.issue,
        letter=letter,
        ids=ids,
        names={key: tool.name for key, tool in tools.items()},
        facts={
            key: resolve(
                claims.get(key, ()),
                sources=sources,
                source_order=settings.digest.source_order,
                rulings=ruled.get(key, {}),
            )
            for key in keys
        },
        claims=by_id,
        sources=sources,
        attributes=frozenset(attributes),
        contradictions=tuple(contradictions),
        today=app.clock.now().date(),
        stale_after=settings.digest.stale_after,
    )


def _shown_tools(letter: IssueContent, content: ContentStore) -> Iterable[str]:
    """Yield the tools that the lead, the briefs and the cards show."""
    if letter.lead is not None:
        yield from (letter.lead.left.tool_id, letter.lead.right.tool_id)
    for comparison in content.comparisons(each.comparison_id for each in letter.more).values():
        yield from (comparison.left_id, comparison.right_id)
    yield from (each.tool_id for each in letter.cards)


def _disputed(printed: PrintedFigures) -> Iterator[Finding]:
    """Find printed figures on which sources differ: the editor sees them first."""
    for each in printed.letter.sources.disputes:
        fact = printed.facts.get(each.tool_id, {}).get(each.attribute)
        yield warning(
            f"disputed:{each.tool_id}:{each.attribute}",
            f"Sources differ: {each.words}",
            where="sources",
            why="The issue prints the first and names them all.",
            how="Correct the page that is wrong, or leave it to the readers."
            if each.attribute == "verdict"
            else "Rule on it, or leave it to the readers.",
            link=_facts_page(each.tool_id, each.attribute),
            conflict=Conflict(
                tool_id=each.tool_id,
                attribute=each.attribute,
                options=() if fact is None else _options((fact.claim, *fact.others), printed.sources),
                both=True,
            ),
        )


def _contradicted(printed: PrintedFigures) -> Iterator[Finding]:
    """Find contradictions about what is printed, arithmetic among them, that are no dispute listed already."""
    disputed = _disputed_attributes(printed.letter)
    for each in printed.contradictions:
        if any((tool_id, each.attribute) in disputed for tool_id in each.tool_ids):
            continue
        if _is_printed(each, printed) or _is_quoted(each, printed.letter):
            yield _contradiction(each, printed)


def _disputed_attributes(letter: IssueContent) -> set[tuple[str, str]]:
    return {(each.tool_id, each.attribute) for each in letter.sources.disputes}


def _is_printed(found: Contradiction, printed: PrintedFigures) -> bool:
    """Return whether it is about a figure or a name that the issue prints."""
    if found.attribute == IDENTITY:
        return all(each in printed.names for each in found.tool_ids)
    statements = (found.left, found.right, *found.also)
    on_claims = any(each.claim_id in printed.ids for each in statements if each.claim_id)
    return on_claims or any((each, found.attribute) in printed.attributes for each in found.tool_ids)


def _is_quoted(found: Contradiction, letter: IssueContent) -> bool:
    """Return whether the featured answer repeats one of the statements."""
    if letter.answer is None:
        return False
    answer = _plain(letter.answer.answer)
    said = (_plain(each.words) for each in (found.left, found.right, *found.also))
    return any(len(each) >= 20 and (each in answer or answer in each) for each in said)


def _plain(words: str) -> str:
    return " ".join(words.casefold().split()).strip(" .“”\"'")


def _contradiction(found: Contradiction, printed: PrintedFigures) -> Finding:
    tool_id = found.left.tool_id
    names = dict.fromkeys(printed.names.get(each, each) for each in found.tool_ids)
    statements = (found.left, found.right, *found.also)
    stated = [printed.claims[each.claim_id] for each in statements if each.claim_id in printed.claims]
    same = [each for each in stated if (each.tool_id, each.attribute) == (tool_id, found.attribute)]
    how = f"Say which is right: {suggest('facts', 'rule', 'TOOL', 'ATTRIBUTE', 'CLAIM', '--reason', 'TEXT')}, or correct the pack."
    if found.attribute == IDENTITY:
        how = "If they are two, say so; if they are one, an alias in a pack joins them."
    kind = found.kind.replace(" ", "-").replace(",", "")
    said = sha256(f"{found.left.value}\n{found.right.value}\n{found.right.words}".encode()).hexdigest()[:6]
    return warning(
        f"contradiction:{kind}:{'+'.join(found.tool_ids)}:{found.attribute}:{said}",
        f"{', '.join(names)}: {found.reason}",
        where="; ".join(dict.fromkeys(each.place for each in (found.left, found.right))),
        why=f"“{clip(found.left.words, 120)}” against “{clip(found.right.words, 120)}”.",
        how=how,
        link=_facts_page(tool_id, found.attribute),
        conflict=Conflict(
            tool_id=tool_id,
            attribute=found.attribute,
            options=_options(same, printed.sources) if len(same) > 1 else (),
            both=found.kind in _SIDE_BY_SIDE,
        ),
    )


def _retold(printed: PrintedFigures) -> Iterator[Finding]:
    """Find prose that tells a value which another source, or the editor's ruling, contradicts."""
    disputed = _disputed_attributes(printed.letter)
    for where, link, words, tool_ids in _prose(printed.letter, printed.names):
        for tool_id in tool_ids:
            for attribute, fact in printed.facts.get(tool_id, {}).items():
                told = _told(words, fact)
                if told is not None and (tool_id, attribute) not in disputed:
                    yield _retelling(where, link, printed, fact, told)


def _prose(letter: IssueContent, names: Mapping[str, str]) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Yield sentences not written from the facts: where, the place on the draft's page, the words, and about which tools."""
    if letter.answer is not None:
        about = tuple(key for key, name in names.items() if name in letter.answer.about)
        yield "question", "#question", letter.answer.answer, about
    if letter.lead is not None:
        for side, pick in (
            (letter.lead.left, letter.lead.pick_left_if),
            (letter.lead.right, letter.lead.pick_right_if),
        ):
            yield "lead", "#lead", f"{pick.text} {side.best_for}", (side.tool_id,)
    for card in letter.cards:
        yield f"card {card.name}", "#items", card.line, (card.tool_id,)


def _told(words: str, fact: Fact) -> Claim | None:
    """Return the disputed claim whose value the words give: one that differs, or the fact itself while it is disputed."""
    other = next((each for each in fact.others if states(words, each)), None)
    own = states(words, fact.claim)
    if other is not None and not own:
        return other
    return fact.claim if fact.disputed and own else None


def _retelling(where: str, link: str, printed: PrintedFigures, fact: Fact, told: Claim) -> Finding:
    name, label = printed.names.get(fact.tool_id, fact.tool_id), label_of(fact.attribute)
    others = [each for each in (fact.claim, *fact.others) if value_of(each) != value_of(told)]
    against = "; ".join(
        dict.fromkeys(f"{value_of(each)} ({_said_by(each, printed.sources)})" for each in others)
    )
    return warning(
        f"retold:{where.replace(' ', '-')}:{fact.tool_id}:{fact.attribute}",
        f"It says {value_of(told)} as {label} of {name}, which others contradict: {against}",
        where=where,
        why="Prose carries no mark of a dispute: readers take it for certain.",
        how="Rule on it, choose another text, or leave the item out.",
        link=link,
        conflict=Conflict(
            tool_id=fact.tool_id,
            attribute=fact.attribute,
            options=_options((fact.claim, *fact.others), printed.sources),
            both=True,
        ),
    )


def _stale(printed: PrintedFigures) -> Iterator[Finding]:
    """Find printed figures whose statement is too old, by source."""
    old: dict[str, list[Claim]] = {}
    for key, claim in printed.claims.items():
        source = printed.sources.get(claim.source_id)
        if key in printed.ids and is_stale(claim, source, printed.today, printed.stale_after):
            old.setdefault(claim.source_id, []).append(claim)
    for source_id, claims in old.items():
        source = printed.sources.get(source_id)
        newest = max(day_of(each, source) for each in claims)
        yield warning(
            f"stale:{source_id}",
            f"{_listed(claims, printed.names)}: last said on {ENGLISH.short_date(newest)}",
            where=source.name if source is not None else "unnamed source",
            why=f"More than {printed.stale_after.days} days (digest.stale_after) have passed since.",
            how="Look at the source again and import what it says now, or leave it to the readers.",
            link=_facts_page(claims[0].tool_id),
        )


def _listed(claims: Iterable[Claim], names: Mapping[str, str]) -> str:
    """Return "Heron Small, input price, licence; Osprey 7B, context"."""
    by_tool: dict[str, dict[str, None]] = {}
    for claim in claims:
        by_tool.setdefault(names.get(claim.tool_id, claim.tool_id), {})[label_of(claim.attribute)] = None
    return "; ".join(f"{name}, {', '.join(labels)}" for name, labels in by_tool.items())


def _unsourced(printed: PrintedFigures) -> Iterator[Finding]:
    """Find figures that stand on no claim, and amounts in an editor's words that the issue has nowhere else."""
    letter, issue = printed.letter, printed.issue
    rows = [row for row in (letter.lead.decision if letter.lead else ()) if not row.is_words]
    figures = [figure for row in rows for figure in (row.left, row.right)]
    figures += figures_in((letter.lead and (letter.lead.costs, letter.lead.benchmarks), letter.cards))
    for text in dict.fromkeys(each.text for each in figures if not each.claims and _DIGIT.search(each.text)):
        yield _no_source(f"unsourced:{text[:100]}", f"“{text}” stands on no recorded statement", "items")
    for key, claim in printed.claims.items():
        if key in printed.ids and claim.source_id not in printed.sources:
            yield _no_source(f"no-source:{key}", f"The statement {key} has no source", "sources")
    written = {name: getattr(issue, name) for name in ("subject", "preheader", "note", "bottom_line")}
    known = amounts_in(" ".join(text for text in _texts_in(letter) if text not in {*written.values()} - {""}))
    for field, words in written.items():
        for amount in sorted(amounts_in(words) - known):
            what = f"{amount} in the {field.replace('_', ' ')} stands nowhere else in the issue"
            yield _no_source(f"unsourced:{field}:{amount}", what, field.replace("_", " "), f"#{field}")


def _no_source(key: str, what: str, where: str, link: str = "#items") -> Finding:
    return warning(
        key,
        what,
        where=where,
        why="Every number in an issue comes from a recorded claim with a source and a date.",
        how="Correct it, or import a pack that says where it is from.",
        link=link,
    )


def _texts_in(block: object) -> Iterator[str]:
    """Yield every text in a block, wherever it stands."""
    if isinstance(block, str):
        yield block
    elif isinstance(block, tuple):
        for each in block:
            yield from _texts_in(each)
    elif hasattr(block, "__dataclass_fields__"):
        for name in block.__dataclass_fields__:
            yield from _texts_in(getattr(block, name))


def _options(claims: Iterable[Claim], sources: Mapping[str, Source]) -> tuple[ClaimOption, ...]:
    """Return one option for each value, by the first claim that says it."""
    by_value: dict[str, Claim] = {}
    for claim in claims:
        by_value.setdefault(value_of(claim), claim)
    return tuple(
        ClaimOption(claim_id=claim.id, value=value, said_by=_said_by(claim, sources))
        for value, claim in by_value.items()
    )


def _said_by(claim: Claim, sources: Mapping[str, Source]) -> str:
    source = sources.get(claim.source_id)
    name = source.name if source is not None else "unnamed source"
    line = "" if claim.line is None else f", line {claim.line}"
    return f"{name}{line}, {dated(claim, source)}"


def _facts_page(tool_id: str, attribute: str = "") -> str:
    place = f"#on-{quote(attribute, safe='')}" if attribute else ""
    return f"/desk/facts/{quote(tool_id)}{place}"


CHECKS = (_disputed, _contradicted, _retold, _stale, _unsourced)

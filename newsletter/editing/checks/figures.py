"""Figures that this issue prints and that may be wrong: disputed, contradicted, stale, or standing on nothing.

Only what touches the issue is listed; everything that contradicts itself is `newsletter facts check`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from hashlib import sha256
from urllib.parse import quote

from newsletter.content.desk.findings import Contradiction, Kind
from newsletter.content.freshness import day_of, is_stale
from newsletter.content.model import Claim, Fact, Source
from newsletter.digest.amounts import day
from newsletter.digest.attributes import dated, label_of, value_of
from newsletter.digest.figures import figures_in
from newsletter.digest.issues import Issue
from newsletter.digest.letter import Figure, Letter
from newsletter.editing.checks.findings import Choice, Dispute, Finding, warning
from newsletter.editing.checks.printed import IDENTITY, Printed
from newsletter.editing.checks.prose import amounts_in, states

#: Of these the issue can print both values; the others are two things, of which one is not printed.
_SIDE_BY_SIDE = (Kind.SOURCES_DIFFER, Kind.SAID_TWICE)
#: Rows of the decision table that hold no figures.
_WORDS = ("Best for", "Category")
_DIGIT = re.compile(r"\d")


def disputed(letter: Letter, printed: Printed) -> Iterator[Finding]:
    """Printed figures on which sources differ: the editor sees them first."""
    for each in letter.sources.disputes:
        fact = printed.facts.get(each.tool_id, {}).get(each.attribute)
        yield warning(
            f"disputed:{each.tool_id}:{each.attribute}",
            f"Sources differ: {each.words}",
            "sources",
            "The issue prints the first and names them all.",
            "Rule on it, or leave it to the readers.",
            link=_facts_page(each.tool_id, each.attribute),
            dispute=Dispute(
                tool_id=each.tool_id,
                attribute=each.attribute,
                choices=() if fact is None else _choices((fact.claim, *fact.others), printed.sources),
                both=True,
            ),
        )


def contradicted(letter: Letter, printed: Printed, found: Iterable[Contradiction]) -> Iterator[Finding]:
    """Contradictions about what is printed, arithmetic among them, that are no dispute listed already."""
    listed = {(each.tool_id, each.attribute) for each in letter.sources.disputes}
    for each in found:
        if any((tool_id, each.attribute) in listed for tool_id in each.tool_ids):
            continue
        if printed.touched_by(each) or _is_quoted(each, letter):
            yield _contradiction(each, printed)


def _contradiction(found: Contradiction, printed: Printed) -> Finding:
    tool_id = found.left.tool_id
    names = dict.fromkeys(printed.names.get(each, each) for each in found.tool_ids)
    statements = (found.left, found.right, *found.also)
    stated = [printed.claims[each.claim_id] for each in statements if each.claim_id in printed.claims]
    same = [each for each in stated if (each.tool_id, each.attribute) == (tool_id, found.attribute)]
    places = "; ".join(dict.fromkeys(each.place for each in (found.left, found.right)))
    how = "Say which is right: newsletter facts rule, or correct the pack."
    if found.attribute == IDENTITY:
        how = "If they are two, say so; if they are one, an alias in a pack joins them."
    return warning(
        f"contradiction:{found.kind.replace(' ', '-').replace(',', '')}:{'+'.join(found.tool_ids)}:{found.attribute}"
        f":{_short(found)}",
        f"{', '.join(names)}: {found.reason}",
        places,
        f"“{_clipped(found.left.words)}” against “{_clipped(found.right.words)}”.",
        how,
        link=_facts_page(tool_id, found.attribute),
        dispute=Dispute(
            tool_id=tool_id,
            attribute=found.attribute,
            choices=_choices(same, printed.sources) if len(same) > 1 else (),
            both=found.kind in _SIDE_BY_SIDE,
        ),
    )


def _short(found: Contradiction) -> str:
    said = f"{found.left.value}\n{found.right.value}\n{found.right.words}"
    return sha256(said.encode()).hexdigest()[:6]


def _is_quoted(found: Contradiction, letter: Letter) -> bool:
    """Whether the featured answer repeats one of the two statements."""
    if letter.answer is None:
        return False
    answer = _plain(letter.answer.answer)
    said = (_plain(each.words) for each in (found.left, found.right, *found.also))
    return any(len(each) >= 20 and (each in answer or answer in each) for each in said)


def _plain(words: str) -> str:
    return " ".join(words.casefold().split()).strip(" .“”\"'")


def retold(letter: Letter, printed: Printed) -> Iterator[Finding]:
    """Prose that tells a value which another source, or the editor's ruling, contradicts."""
    disputes = {(each.tool_id, each.attribute) for each in letter.sources.disputes}
    for where, link, words, tool_ids in _prose(letter, printed.names):
        for tool_id in tool_ids:
            for attribute, fact in printed.facts.get(tool_id, {}).items():
                told = _told(words, fact)
                if told is not None and (tool_id, attribute) not in disputes:
                    yield _retold(where, link, printed, fact, told)


def _told(words: str, fact: Fact) -> Claim | None:
    """The disputed claim whose value the words give: one that differs, or the fact itself while it is disputed."""
    other = next((each for each in fact.others if states(words, each)), None)
    own = states(words, fact.claim)
    if other is not None and not own:
        return other
    return fact.claim if fact.disputed and own else None


def _retold(where: str, link: str, printed: Printed, fact: Fact, told: Claim) -> Finding:
    name, label = printed.names.get(fact.tool_id, fact.tool_id), label_of(fact.attribute)
    others = [each for each in (fact.claim, *fact.others) if value_of(each) != value_of(told)]
    against = "; ".join(dict.fromkeys(_said(each, printed.sources) for each in others))
    return warning(
        f"retold:{where.replace(' ', '-')}:{fact.tool_id}:{fact.attribute}",
        f"It says {value_of(told)} as {label} of {name}, which others contradict: {against}",
        where,
        "Prose carries no mark of a dispute: readers take it for certain.",
        "Rule on it, choose another text, or leave the item out.",
        link=link,
        dispute=Dispute(
            tool_id=fact.tool_id,
            attribute=fact.attribute,
            choices=_choices((fact.claim, *fact.others), printed.sources),
            both=True,
        ),
    )


def _prose(letter: Letter, names: Mapping[str, str]) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Sentences that are not written from the facts: where, the place on the page, the words, and about which tools."""
    if letter.answer is not None:
        about = tuple(key for key, name in names.items() if name in letter.answer.about)
        yield "question", "#question", letter.answer.answer, about
    if letter.lead is not None:
        for side, pick in (
            (letter.lead.left, letter.lead.pick_left_if),
            (letter.lead.right, letter.lead.pick_right_if),
        ):
            yield "lead", "#lead", f"{pick} {side.best_for}", (side.tool_id,)
    for card in letter.cards:
        yield f"card {card.name}", "#items", card.line, (card.tool_id,)


def stale(printed: Printed, today: date, after: timedelta) -> Iterator[Finding]:
    """Printed figures whose statement is too old, by source."""
    old: dict[str, list[Claim]] = {}
    for key, claim in printed.claims.items():
        if key in printed.ids and is_stale(claim, printed.sources.get(claim.source_id), today, after):
            old.setdefault(claim.source_id, []).append(claim)
    for source_id, claims in old.items():
        source = printed.sources.get(source_id)
        newest = max(day_of(each, source) for each in claims)
        yield warning(
            f"stale:{source_id}",
            f"{_listed(claims, printed.names)}: last said on {day(newest)}",
            source.name if source is not None else "unnamed source",
            f"More than {after.days} days (digest.stale_after) have passed since.",
            "Look at the source again and import what it says now, or leave it to the readers.",
            link=_facts_page(claims[0].tool_id),
        )


def _listed(claims: Iterable[Claim], names: Mapping[str, str]) -> str:
    """ "Heron Small, input price, licence; Osprey 7B, context"."""
    by_tool: dict[str, dict[str, None]] = {}
    for claim in claims:
        by_tool.setdefault(names.get(claim.tool_id, claim.tool_id), {})[label_of(claim.attribute)] = None
    return "; ".join(f"{name}, {', '.join(labels)}" for name, labels in by_tool.items())


def unsourced(letter: Letter, issue: Issue, printed: Printed) -> Iterator[Finding]:
    """Figures that stand on no claim, and amounts in an editor's words that the issue has nowhere else."""
    bare = [each.text for each in _figures(letter) if not each.claims and _DIGIT.search(each.text)]
    for text in dict.fromkeys(bare):
        yield _no_source(f"unsourced:{text[:100]}", f"“{text}” stands on no recorded statement", "items")
    lost = [key for key in printed.claims if key in printed.ids and not _has_source(printed, key)]
    for key in lost:
        yield _no_source(f"no-source:{key}", f"The statement {key} has no source", "sources")
    written = {
        "subject": issue.subject,
        "preheader": issue.preheader,
        "note": issue.note,
        "bottom_line": issue.bottom_line,
    }
    known = amounts_in(" ".join(_computed(letter, {each for each in written.values() if each})))
    for field, words in written.items():
        for amount in sorted(amounts_in(words) - known):
            what = f"{amount} in the {field.replace('_', ' ')} stands nowhere else in the issue"
            yield _no_source(f"unsourced:{field}:{amount}", what, field.replace("_", " "), f"#{field}")


def _figures(letter: Letter) -> Iterator[Figure]:
    """The printed figures but for the rows of the decision table that are words."""
    for row in letter.lead.decision if letter.lead is not None else ():
        if row.label not in _WORDS:
            yield from (row.left, row.right)
    yield from figures_in((letter.lead and (letter.lead.costs, letter.lead.benchmarks), letter.cards))


def _no_source(key: str, what: str, where: str, link: str = "#items") -> Finding:
    return warning(
        key,
        what,
        where,
        "Every number in an issue comes from a recorded claim with a source and a date.",
        "Correct it, or import a pack that says where it is from.",
        link=link,
    )


def _has_source(printed: Printed, claim_id: str) -> bool:
    return printed.claims[claim_id].source_id in printed.sources


def _computed(letter: Letter, written: set[str]) -> Iterator[str]:
    """The letter's texts but for those that an editor wrote."""
    for text in texts_in(letter):
        if text not in written:
            yield text


def texts_in(block: object) -> Iterator[str]:
    """Every text in a block, wherever it stands."""
    if isinstance(block, str):
        yield block
    elif isinstance(block, tuple):
        for each in block:
            yield from texts_in(each)
    elif hasattr(block, "__dataclass_fields__"):
        for name in block.__dataclass_fields__:
            yield from texts_in(getattr(block, name))


def _choices(claims: Iterable[Claim], sources: Mapping[str, Source]) -> tuple[Choice, ...]:
    """One for each value, the first that says it."""
    by_value: dict[str, Claim] = {}
    for claim in claims:
        by_value.setdefault(value_of(claim), claim)
    return tuple(
        Choice(claim_id=claim.id, value=value, said_by=_who(claim, sources))
        for value, claim in by_value.items()
    )


def _who(claim: Claim, sources: Mapping[str, Source]) -> str:
    source = sources.get(claim.source_id)
    name = source.name if source is not None else "unnamed source"
    line = "" if claim.line is None else f", line {claim.line}"
    return f"{name}{line}, {dated(claim, source)}"


def _said(claim: Claim, sources: Mapping[str, Source]) -> str:
    return f"{value_of(claim)} ({_who(claim, sources)})"


def _clipped(words: str) -> str:
    plain = " ".join(words.split())
    return plain if len(plain) <= 120 else f"{plain[:119].rstrip()}…"


def _facts_page(tool_id: str, attribute: str = "") -> str:
    place = f"#on-{quote(attribute, safe='')}" if attribute else ""
    return f"/desk/facts/{quote(tool_id)}{place}"

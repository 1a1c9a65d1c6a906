"""Figures that this issue prints and that may be wrong: disputed, contradicted, stale, or standing on nothing.

Only what touches the issue is listed; everything that contradicts itself is `newsletter facts check`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from urllib.parse import quote

from newsletter.app import App
from newsletter.content.conflicts.findings import Contradiction, Kind
from newsletter.content.facts import day_of, is_stale
from newsletter.content.records import Claim, Fact, Source
from newsletter.digest.content import Card, Costs, Figure, IssueContent, Lead, Scorecard, Side, TableRow
from newsletter.digest.costs import VOLUMES
from newsletter.digest.issues import Issue
from newsletter.digest.lead import SCORE_ROWS
from newsletter.digest.panel import COMMUNITY
from newsletter.digest.wording import dated, day, figures_in, label_of, money, value_of, whole
from newsletter.editing.checks.findings import (
    IDENTITY,
    Choice,
    Dispute,
    Finding,
    Printed,
    amounts_in,
    states,
    warning,
)
from newsletter.editing.preview import Proof, written_letter

#: Of these the issue can print both values; the others are two things, of which one is not printed.
_SIDE_BY_SIDE = (Kind.SOURCES_DIFFER, Kind.SAID_TWICE)
#: Rows of the decision table that hold no figures.
_WORDS = ("Best for", "Category")
_DIGIT = re.compile(r"\d")


def disputed(letter: IssueContent, printed: Printed) -> Iterator[Finding]:
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


def contradicted(letter: IssueContent, printed: Printed, found: Iterable[Contradiction]) -> Iterator[Finding]:
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


def _is_quoted(found: Contradiction, letter: IssueContent) -> bool:
    """Whether the featured answer repeats one of the two statements."""
    if letter.answer is None:
        return False
    answer = _plain(letter.answer.answer)
    said = (_plain(each.words) for each in (found.left, found.right, *found.also))
    return any(len(each) >= 20 and (each in answer or answer in each) for each in said)


def _plain(words: str) -> str:
    return " ".join(words.casefold().split()).strip(" .“”\"'")


def retold(letter: IssueContent, printed: Printed) -> Iterator[Finding]:
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


def _prose(letter: IssueContent, names: Mapping[str, str]) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
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


def unsourced(letter: IssueContent, issue: Issue, printed: Printed) -> Iterator[Finding]:
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


def _figures(letter: IssueContent) -> Iterator[Figure]:
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


def _computed(letter: IssueContent, written: set[str]) -> Iterator[str]:
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


# Figures of the issue reckoned again from the others that it prints: means from scores, costs from prices.


def reckoned(letter: IssueContent) -> Iterator[Finding]:
    """What does not follow from the figures beside it."""
    if letter.lead is None:
        return
    if letter.lead.scorecard is not None:
        yield from _means(letter.lead, letter.lead.scorecard)
    if letter.lead.costs is not None:
        yield from _costs(letter.lead, letter.lead.costs)


def _means(lead: Lead, card: Scorecard) -> Iterator[Finding]:
    """Only where every score is printed that the mean is of."""
    if len(card.rows) >= SCORE_ROWS:
        return
    for side, mean, scores in (
        (lead.left, card.left_mean, [row.left.score for row in card.rows if row.left]),
        (lead.right, card.right_mean, [row.right.score for row in card.rows if row.right]),
    ):
        known = [each for each in scores if each is not None]
        if mean is not None and known and whole(Decimal(sum(known)) / len(known)) != mean:
            yield _wrong("mean", side, " + ".join(map(str, known)), f"a mean of {mean}")


def _costs(lead: Lead, costs: Costs) -> Iterator[Finding]:
    if costs.rates is None:
        return
    tokens = dict(VOLUMES)
    for row in costs.volumes:
        for side, rate, cell in (
            (lead.left, costs.rates.left, row.left),
            (lead.right, costs.rates.right, row.right),
        ):
            if rate is not None and row.label in tokens:
                cost = money(rate * tokens[row.label] / 1_000_000)
                if cell.text != cost:
                    yield _wrong(row.label, side, f"{money(rate)} a million", cell.text)


def _wrong(what: str, side: Side, given: str, printed: str) -> Finding:
    return warning(
        f"arithmetic:{side.tool_id}:{what.replace(' ', '-')}",
        f"{side.name}, {what}: {given} does not make {printed}",
        "lead",
        "Somebody will reckon it again, and trust no other number.",
        "Correct the source's figures in its pack, or choose another lead.",
        link="#lead",
    )


# Figures that an approved issue prints and that are recorded otherwise by now.
#
# Both letters are written out as figures with the place of each, and compared. The community's votes move by the hour and are
# left out: the issue says how they stood.

#: The finding's key.
CHANGED = "figures-changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A figure as approved and as it would be printed now; `now` is empty where nothing is recorded any more."""

    where: str
    approved: str
    now: str

    @property
    def words(self) -> str:
        return f"{self.where}: {self.approved} → {self.now or 'not recorded any more'}"


def moved_figures(app: App, proof: Proof) -> tuple[Moved, ...]:
    """What an approved issue prints and would print otherwise if it were approved now."""
    before = dict(_printed_figures(proof.letter))
    after = dict(_printed_figures(written_letter(app, proof.issue)[0]))
    return tuple(
        Moved(where=where, approved=text, now=after.get(where, ""))
        for where, text in before.items()
        if after.get(where) != text
    )


def changed(app: App, proof: Proof) -> Iterator[Finding]:
    """One warning with everything that moved since approval."""
    moved = moved_figures(app, proof)
    if moved:
        listed = "; ".join(each.words for each in moved[:5])
        more = f"; and {len(moved) - 5} more" if len(moved) > 5 else ""
        yield warning(
            CHANGED,
            f"Figures changed since approval: {listed}{more}",
            "the approved issue",
            "Readers would get what was true when it was approved.",
            "Withdraw it and approve it again, or acknowledge this to let it go as it is.",
        )


def _printed_figures(letter: IssueContent) -> Iterator[tuple[str, str]]:
    if letter.lead is not None:
        yield from _lead(letter.lead)
    for card in letter.cards:
        yield from _card(card)
    for brief in letter.more:
        yield brief.headline, brief.words


def _lead(lead: Lead) -> Iterator[tuple[str, str]]:
    names = (lead.left.name, lead.right.name)
    for side in (lead.left, lead.right):
        yield from _side(side)
    tables = (
        lead.decision,
        lead.costs.volumes if lead.costs else (),
        lead.benchmarks.rows if lead.benchmarks else (),
    )
    for table in tables:
        for row in table:
            yield from _row(row, names)
    for score in lead.scorecard.rows if lead.scorecard else ():
        for name, each in zip(names, (score.left, score.right), strict=True):
            if each is not None:
                yield f"{score.reviewer} on {name}", f"{each.score} {each.decision}".strip()


def _side(side: Side) -> Iterator[tuple[str, str]]:
    yield f"{side.name}, panel", side.panel.text
    yield f"{side.name}, pricing", side.pricing.text


def _row(row: TableRow, names: tuple[str, str]) -> Iterator[tuple[str, str]]:
    if not row.label.startswith(COMMUNITY):
        for name, figure in zip(names, (row.left, row.right), strict=True):
            yield f"{name}, {row.label}", figure.text


def _card(card: Card) -> Iterator[tuple[str, str]]:
    yield f"{card.name}, panel", card.split.text
    for label, figure in card.facts:
        if label != COMMUNITY:
            yield f"{card.name}, {label}", figure.text

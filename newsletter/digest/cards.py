"""New verdicts and new models, in one card shape of at most thirty-five words."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from newsletter.config import Settings
from newsletter.content.model import Claim, Fact, Source
from newsletter.db.statuses import ItemKind
from newsletter.digest.attributes import dated, value_of
from newsletter.digest.categories import category_name
from newsletter.digest.costs import dates_of
from newsletter.digest.figures import figure
from newsletter.digest.letter import Card, Figure
from newsletter.digest.links import link_to
from newsletter.digest.material import Dossier
from newsletter.digest.panel import COMMUNITY, NO_VOTES, community, votes_day
from newsletter.digest.pricing import pricing_kind
from newsletter.digest.sentences import count_words, fit

CARD_WORDS = 35
KICKERS = {ItemKind.VERDICT: "new verdict", ItemKind.MODEL: "new model"}
#: What a new model's card says of it, in this order.
MODEL_FACTS = (
    ("context", "Context"),
    ("input_price", "Input"),
    ("output_price", "Output"),
    ("licence", "Licence"),
)
#: Units that a value is not written with, as short as a card needs them.
UNITS = {"USD/Mtok": "/1M tokens", "tokens": " tokens"}
FACT_WORDS = 5


def card_block(
    kind: ItemKind, dossier: Dossier, settings: Settings, sources: Mapping[str, Source], note: str = ""
) -> Card:
    """The card of a tool's first verdict, or of a model that the panel has not seen."""
    facts = tuple(
        _model_facts(dossier, sources) if kind is ItemKind.MODEL else _verdict_facts(dossier, sources)
    )
    split = dossier.panel.figure()
    spoken = (dossier.name, KICKERS[kind], split.text, *(f"{label} {value.text}" for label, value in facts))
    left = max(0, CARD_WORDS - count_words(" ".join(spoken)))
    return Card(
        tool_id=dossier.tool.id,
        topic=category_name(dossier.tool.category),
        name=dossier.name,
        kicker=KICKERS[kind],
        split=split,
        share=dossier.panel.rounded_share,
        line=fit(dossier.tagline, left) or fit(dossier.best_for, left),
        facts=facts,
        link=link_to(dossier.name, dossier.tool.url, settings),
        note=note,
    )


def _verdict_facts(dossier: Dossier, sources: Mapping[str, Source]) -> Iterator[tuple[str, Figure]]:
    if dossier.panel.split and dossier.panel.mean is not None:
        yield "Mean", Figure(text=str(dossier.panel.rounded_mean), claims=dossier.panel.mean_grounds)
    votes = community(dossier.votes)
    if votes.text != NO_VOTES:
        yield COMMUNITY, replace(votes, text=f"{votes.text} ({votes_day(dossier.votes)})")
    pricing = pricing_kind(dossier)
    if pricing.text:
        when = dates_of(pricing.claims, dossier, sources)
        yield "Pricing", replace(pricing, text=f"{pricing.text} ({when})") if when else pricing


def _model_facts(dossier: Dossier, sources: Mapping[str, Source]) -> Iterator[tuple[str, Figure]]:
    said = []
    for attribute, label in MODEL_FACTS:
        fact = dossier.facts.get(attribute)
        if fact is not None and count_words(_with_unit(fact.claim)) <= FACT_WORDS:
            said.append(fact)
            yield label, figure(_with_unit(fact.claim), fact)
    if said:
        yield _dates(said, sources)


def _dates(facts: Iterable[Fact], sources: Mapping[str, Source]) -> tuple[str, Figure]:
    """ "Checked", "1 Mar 2026": when these were looked at, each day once."""
    by_day: dict[str, Fact] = {}
    for fact in facts:
        by_day.setdefault(dated(fact.claim, sources.get(fact.claim.source_id)), fact)
    how, day = re.split(r" (?=\d)", ", ".join(by_day), maxsplit=1)
    return how.capitalize(), Figure(text=day, claims=tuple(each.claim.id for each in by_day.values()))


def _with_unit(claim: Claim) -> str:
    """ "$0.40/1M tokens", "128K tokens", "Apache 2.0"."""
    return f"{value_of(claim)}{UNITS.get(claim.unit, '') if claim.number is not None else ''}"

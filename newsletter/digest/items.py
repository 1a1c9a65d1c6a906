"""The other blocks of an issue: other comparisons in short, cards, the question, and the tools that readers follow."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from newsletter.config import Settings
from newsletter.content.records import Claim, Comparison, Fact, Question, Source, Tool
from newsletter.db.statuses import ItemKind
from newsletter.digest.categories import category_name
from newsletter.digest.changes import Change, change_line
from newsletter.digest.content import (
    NOTHING,
    AnsweredQuestion,
    Brief,
    Card,
    ChangeLine,
    Figure,
    Followed,
    ToolName,
)
from newsletter.digest.figures import date_of, date_words, figure, join, value_of
from newsletter.digest.lead import brief_lines, clear_pick, headline_of, versus
from newsletter.digest.links import link_or_words, link_to
from newsletter.digest.material import Dossier, Material
from newsletter.digest.panel import COMMUNITY, community, votes_day
from newsletter.digest.prices import dates_of, price_figure, price_sentence, prices_of, pricing_kind
from newsletter.digest.quotes import backed_start
from newsletter.digest.wording import clip, count_words, fit, plain, split_sentences
from newsletter.errors import N_
from newsletter.language import Language

# The other comparisons, each in a sentence on the panel and the site's own summary.

BRIEF_WORDS = 65
SUMMARY_WORDS = 40


def brief_blocks(
    comparisons: Iterable[tuple[Comparison, str]], material: Material, settings: Settings
) -> tuple[Brief, ...]:
    """Return the comparisons in short, no two neighbours in the same words; with each comes an editor's note."""
    said, briefs = "", list[Brief]()
    for place, (comparison, note) in enumerate(comparisons):
        lines = brief_lines(*material.sides(comparison), settings.digest.clear_margin)
        ways = [*lines][place % len(lines) :] + [*lines][: place % len(lines)]
        said = next((way for way in ways if way != said), ways[0])
        briefs.append(_brief(comparison, lines[said], material, settings, note))
    return tuple(briefs)


def _brief(comparison: Comparison, line: Figure, material: Material, settings: Settings, note: str) -> Brief:
    left, right = material.sides(comparison)
    own = headline_of(comparison, left, right)
    # The line below may name the winner only: the headline has to say which tools it is about.
    headline = own if left.name in own and right.name in own else versus(left, right)
    summary = backed_start(comparison.summary, (left, right), SUMMARY_WORDS)
    more = Figure(text=summary) if summary else price_sentence(left, right)
    return Brief(
        comparison_id=comparison.id,
        topic=category_name(left.tool.category or right.tool.category),
        headline=headline,
        words=join(f"{line.text} {more.text}".strip(), line, more),
        link=link_or_words(headline, comparison.url, settings),
        note=note,
        sides=tuple(ToolName(tool_id=each.tool.id, name=each.name) for each in (left, right)),
    )


# New verdicts and new models, in one card shape of at most thirty-five words.

CARD_WORDS = 35
KICKERS = {ItemKind.VERDICT: N_("new verdict"), ItemKind.MODEL: N_("new model")}
#: What a new model's card says of it, in this order.
MODEL_FACTS = (
    ("context", N_("Context")),
    ("input_price", N_("Input")),
    ("output_price", N_("Output")),
    ("licence", N_("Licence")),
)
FACT_WORDS = 5


def card_block(
    kind: ItemKind, dossier: Dossier, settings: Settings, sources: Mapping[str, Source], note: str = ""
) -> Card:
    """Return the card of a tool's first verdict, or of a model that the panel has not seen."""
    facts = tuple(
        _model_facts(dossier, sources) if kind is ItemKind.MODEL else _verdict_facts(dossier, sources)
    )
    # Of a model the kicker says enough: the panel has not seen it.
    split = NOTHING if kind is ItemKind.MODEL and not dossier.panel.exists else dossier.panel.figure()
    kicker = dossier.language.gettext(KICKERS[kind])
    spoken = (dossier.name, kicker, split.text, *(f"{label} {value.text}" for label, value in facts))
    left = max(0, CARD_WORDS - count_words(" ".join(spoken)))
    return Card(
        tool_id=dossier.tool.id,
        topic=category_name(dossier.tool.category),
        name=dossier.name,
        kicker=kicker,
        split=split,
        share=dossier.panel.rounded_share,
        line=fit(dossier.tagline, left) or fit(dossier.best_for, left),
        facts=facts,
        link=link_to(dossier.name, dossier.tool.url, settings),
        note=note,
    )


def _verdict_facts(dossier: Dossier, sources: Mapping[str, Source]) -> Iterator[tuple[str, Figure]]:
    _ = dossier.language.gettext
    if dossier.panel.split and dossier.panel.mean is not None:
        yield _("Mean"), Figure(text=str(dossier.panel.rounded_mean), claims=dossier.panel.mean_grounds)
    if when := votes_day(dossier.votes, dossier.language):
        votes = community(dossier.votes, dossier.language)
        yield _(COMMUNITY), replace(votes, text=f"{votes.text} ({when})")
    if pricing := price_figure(dossier) if prices_of(dossier).known else pricing_kind(dossier):
        when = dates_of(pricing.claims, dossier, sources)
        yield _("Pricing"), replace(pricing, text=f"{pricing.text} ({when})") if when else pricing


def _model_facts(dossier: Dossier, sources: Mapping[str, Source]) -> Iterator[tuple[str, Figure]]:
    language, said = dossier.language, []
    for attribute, label in MODEL_FACTS:
        fact = dossier.facts.get(attribute)
        if fact is None or count_words(_with_unit(fact.claim, language)) > FACT_WORDS:
            continue
        # Of numbers on which sources differ readers get both; of words the page has the room.
        if fact.claim.number is not None or not fact.disputed:
            said.append(fact)
            yield language.gettext(label), figure(_with_unit(fact.claim, language), fact)
    if said:
        yield _dates(said, sources, language)


#: What the date of a value says, over it.
_DATED = {"checked": N_("Checked"), "as of": N_("As of"), "published": N_("Published"), "seen": N_("Seen")}


def _dates(facts: Iterable[Fact], sources: Mapping[str, Source], language: Language) -> tuple[str, Figure]:
    """Return "Checked", "1 Mar 2026, seen 2 Mar 2026": when these were looked at, each day once."""
    by_date: dict[tuple[str, date], Fact] = {}
    for fact in facts:
        by_date.setdefault(date_of(fact.claim, sources.get(fact.claim.source_id)), fact)
    (how, first), *others = by_date
    text = ", ".join((language.short_date(first), *(date_words(*each, language) for each in others)))
    return language.gettext(_DATED[how]), Figure(
        text=text, claims=tuple(each.claim.id for each in by_date.values())
    )


def _with_unit(claim: Claim, language: Language) -> str:
    """Return "$0.40/1M tokens", "128K tokens", "Apache 2.0"."""
    value = value_of(claim, language)
    if claim.number is not None and claim.unit == "USD/Mtok":
        return language.gettext("%(price)s/1M tokens", price=value)
    if claim.number is not None and claim.unit == "tokens":
        return language.gettext("%(count)s tokens", count=value)
    return value


# One question answered: whole sentences of our own answer, with no figure that the recorded facts do not back.
#
# Nor does it name a winner that the issue does not name: its comparison's bottom line would say another thing.

ANSWER_WORDS = 50
#: How a sentence says that one tool is above another.
_JUDGING = re.compile(
    r"\b(better|superior|stronger|strongest|worse|inferior|wins?|winner|beats?|outperforms?|outclasses|leads|"
    r"ahead of|prefer|recommend(s|ed)?|the best|the right (pick|choice)|top (pick|choice))\b",
    re.IGNORECASE,
)


def find_question(
    material: Material,
    comparison_ids: Sequence[str],
    tool_ids: Sequence[str],
    answered: Container[str] = (),
    *,
    margin: int,
) -> Question | None:
    """Return the first that can be answered and was not yet: by comparison, then by tool, in the order given."""
    places = {("comparison", each): place for place, each in enumerate(comparison_ids)}
    places |= {("tool", each): len(places) + place for place, each in enumerate(tool_ids)}
    about = [each for each in material.questions if _subject(each) in places and each.id not in answered]
    about.sort(key=lambda each: places[_subject(each)])
    return next((each for each in about if answer_words(each, material, margin)), None)


def answer_words(question: Question, material: Material, margin: int) -> str:
    """Return as much of the answer as fits, is backed and agrees with the issue's pick; empty where nothing is left."""
    about = _about(question, material)
    words = backed_start(question.answer, about, ANSWER_WORDS - count_words(question.question))
    return _agreed(words, about, margin)


def full_answer(question: Question, material: Material, margin: int) -> str:
    """Return every sentence of the answer that is backed, from its start; empty where it does not agree with the pick."""
    about = _about(question, material)
    return _agreed(backed_start(question.answer, about, count_words(question.answer)), about, margin)


def _agreed(words: str, about: Sequence[Dossier], margin: int) -> str:
    """Return the words, unless they name another winner than the issue does."""
    pick = clear_pick(about[0], about[1], margin) if len(about) == 2 else None
    return "" if any(_contradicts(each, about, pick) for each in split_sentences(words)) else words


def answer_block(
    question: Question, material: Material, settings: Settings, shown: Container[str] = ()
) -> AnsweredQuestion | None:
    """Return the question with its answer; it leads to its page unless the issue shows that comparison or tool, `shown` by id."""
    words = answer_words(question, material, settings.digest.clear_margin)
    if not words:
        return None
    about = _about(question, material)
    comparison = material.comparisons.get(question.comparison_id or "")
    url = comparison.url if comparison else "".join(each.tool.url for each in about)
    if (question.comparison_id or question.tool_id) in shown:
        url = ""
    return AnsweredQuestion(
        question=plain(question.question),
        answer=words,
        about=versus(*about) if len(about) == 2 else "".join(each.name for each in about),
        link=link_to(material.language.gettext("Read more"), url, settings),
    )


def _contradicts(sentence: str, about: Sequence[Dossier], pick: Dossier | None) -> bool:
    """Return whether it judges without the issue's own pick being the first that it names."""
    if not _JUDGING.search(sentence):
        return False
    named = [each for each in about if each.name.casefold() in sentence.casefold()]
    first = min(named, key=lambda each: sentence.casefold().index(each.name.casefold()), default=None)
    return pick is None or first is not pick


def _subject(question: Question) -> tuple[str, str]:
    if question.comparison_id is not None:
        return "comparison", question.comparison_id
    return "tool", question.tool_id or ""


def _about(question: Question, material: Material) -> tuple[Dossier, ...]:
    comparison = material.comparisons.get(question.comparison_id or "")
    if comparison is not None:
        return material.sides(comparison)
    dossier = material.dossiers.get(question.tool_id or "")
    return () if dossier is None else (dossier,)


# A line for every tool that some reader follows: its largest change, or where this issue shows it; else no change.


def followed_block(
    tools: Mapping[str, Tool],
    changes: Sequence[Change],
    shown: Mapping[str, str],
    material: Material,
    settings: Settings,
) -> tuple[Followed, ...]:
    """Return the followed tools, under the ids by which they are followed.

    Changes come first, the largest before the others, then what this issue shows (`shown`: where, by tool), then the
    tools of which there is nothing to say.
    """
    followed_as: dict[str, list[str]] = {}
    for key, tool in tools.items():
        followed_as.setdefault(tool.id, []).append(key)
    news: dict[str, ChangeLine] = {}
    for change in changes:
        if change.key in followed_as and change.key not in news:
            line = change_line(change, material, settings)
            if line is not None:
                news[change.key] = line
    names = {key: clip(tools[ids[0]].name) for key, ids in followed_as.items()}
    for key, where in shown.items():
        if key in followed_as and key not in news:
            said = material.language.gettext("%(tool)s: %(where)s.", tool=names[key], where=where)
            words = Figure(text=said)
            news[key] = ChangeLine(tool_id=key, words=words, link=None)
    for key in sorted(followed_as.keys() - news.keys()):
        news[key] = ChangeLine(tool_id=key, words=NOTHING, link=None)
    return tuple(
        Followed(tool_id=each, name=names[key], words=line.words, link=line.link)
        for key, line in news.items()
        for each in followed_as[key]
    )


def changed_tools(changes: Iterable[Change], followed: Mapping[str, Tool]) -> list[str]:
    """Return the followed tools of which something changed."""
    ids = {tool.id for tool in followed.values()}
    return [each.key for each in changes if each.is_about_tool and each.key in ids]

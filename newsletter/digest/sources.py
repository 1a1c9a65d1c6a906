"""What the printed figures stand on: their sources with dates, and where sources differ on one of them."""

from collections.abc import Iterable, Iterator
from datetime import date

from newsletter.config import Settings
from newsletter.content.records import Benchmark, Claim, Offer, Review, Source, Verdict, Votes
from newsletter.digest.content import CitedSource, Figure, PrintedDispute, Sources
from newsletter.digest.figures import (
    benchmark_key,
    date_words,
    dated,
    label_of,
    offer_key,
    value_of,
    votes_key,
)
from newsletter.digest.links import safe_url
from newsletter.digest.material import Dossier, Material
from newsletter.digest.panel import panel_of
from newsletter.digest.wording import clip
from newsletter.language import Language

#: A record that a printed figure can stand on.
Statement = Claim | Verdict | Review | Benchmark | Offer | Votes


def sources_block(printed: Iterable[Figure], material: Material, settings: Settings) -> Sources:
    """Return the sources of what is printed, in its order, and the disputes about it.

    Whoever differs about a printed figure is named with the dispute, and so is among the sources.
    """
    ids = dict.fromkeys(claim for each in printed for claim in each.claims)
    for each in tuple(material.every_dossier()):
        disputed = [fact for fact in each.facts.values() if fact.disputed and fact.claim.id in ids]
        ids |= dict.fromkeys(other.id for fact in disputed for other in fact.others)
        if not ids.keys().isdisjoint(each.panel.split_grounds):
            ids |= dict.fromkeys(other.id for other in each.panel.others)
    disputes: dict[tuple[str, str], PrintedDispute] = {}
    for each in material.every_dossier():
        for dispute in _disputes(each, set(ids), material):
            disputes.setdefault((dispute.tool_id, dispute.attribute), dispute)
    statements = statements_by_id(material)
    by_source: dict[str, list[Statement]] = {}
    for statement in (statements[each] for each in ids if each in statements):
        by_source.setdefault(statement.source_id, []).append(statement)
    origins = (_origin(material.sources.get(key), said, settings) for key, said in by_source.items())
    return Sources(
        origins=tuple(each for each in origins if each is not None),
        disputes=tuple(disputes.values()),
    )


def statements_by_id(material: Material) -> dict[str, Statement]:
    """Return everything a figure can stand on, by the id under which figures name it."""
    found: dict[str, Statement] = {}
    for dossier in material.every_dossier():
        for fact in dossier.facts.values():
            found |= {claim.id: claim for claim in (fact.claim, *fact.others)}
        found |= {verdict.id: verdict for verdict in dossier.verdicts}
        found |= {review.id: review for review in dossier.reviews}
        found |= {benchmark_key(result): result for result in dossier.benchmarks}
        found |= {offer_key(offer): offer for offer in dossier.offers}
        if dossier.votes is not None:
            found[votes_key(dossier.votes)] = dossier.votes
    return found


def _origin(source: Source | None, said: list[Statement], settings: Settings) -> CitedSource | None:
    if source is None:
        return None
    verified = [each.verified_on for each in said if isinstance(each, Claim) and each.verified_on is not None]
    dated_ = (each for each in said if not isinstance(each, Review | Votes))
    stated = [each.as_of for each in dated_ if each.as_of is not None]
    language = settings.language
    if verified:
        when = language.gettext("checked %(day)s", day=_span(verified, language))
    elif stated:
        when = _span(stated, language)
    elif source.published_on is not None:
        when = date_words("published", source.published_on, language)
    else:
        when = date_words("seen", source.seen_on, language)
    dates = [*verified, *stated, *([source.published_on] if source.published_on else [])]
    return CitedSource(
        name=clip(source.name),
        url=safe_url(source.url, settings),
        dated=when,
        newest_on=max(dates, default=None),
    )


def _span(dates: list[date], language: Language) -> str:
    """Return "18 Nov 2026", or "18–19 Nov 2026" where the printed statements have several dates."""
    first, last = min(dates), max(dates)
    if first == last:
        return language.short_date(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{language.day_of_month(first)}–{language.short_date(last)}"
    return language.gettext(
        "%(first)s to %(last)s", first=language.short_date(first), last=language.short_date(last)
    )


def _disputes(dossier: Dossier, printed: set[str], material: Material) -> Iterator[PrintedDispute]:
    """Yield what is said about the printed figures of a tool; the same sources are not named again."""
    panel, language = dossier.panel, material.language
    if panel.others and not printed.isdisjoint(panel.split_grounds):
        by_id: dict[str, Verdict | Review] = {each.id: each for each in dossier.verdicts}
        by_id |= {each.id: each for each in dossier.reviews}
        own = next(by_id[each] for each in panel.split_grounds)
        splits = [
            (panel.split, own),
            *((panel_of([each], (), language).split, each) for each in panel.others),
        ]
        said = "; ".join(f"{split} ({_who_says(each, material)})" for split, each in splits)
        words = language.gettext("%(tool)s, panel: %(said)s", tool=dossier.name, said=said)
        yield PrintedDispute(tool_id=dossier.tool.id, attribute="verdict", words=words)
    named = list[str]()
    for attribute, fact in dossier.facts.items():
        if fact.disputed and fact.claim.id in printed:
            by_value: dict[str, list[Claim]] = {}
            for claim in (fact.claim, *fact.others):
                by_value.setdefault(value_of(claim, material.language), []).append(claim)
            who = [_who_say(claims, material) for claims in by_value.values()]
            if who == named:
                said = material.language.gettext("%(values)s (likewise)", values="; ".join(by_value))
            else:
                said = "; ".join(f"{value} ({each})" for value, each in zip(by_value, who, strict=True))
            named = who
            words = f"{dossier.name}, {label_of(attribute, material.language)}: {said}"
            yield PrintedDispute(tool_id=dossier.tool.id, attribute=attribute, words=words)


def _who_says(statement: Verdict | Review, material: Material) -> str:
    """Return "Kite vs Heron, panel comparison, published 1 Mar 2026"."""
    source, language = material.sources[statement.source_id], material.language
    if isinstance(statement, Verdict) and statement.as_of is not None:
        when = date_words("as of", statement.as_of, language)
    elif source.published_on is not None:
        when = date_words("published", source.published_on, language)
    else:
        when = date_words("seen", statement.seen_at.date(), language)
    return f"{clip(source.name, 60)}, {when}"


def _who_say(claims: Iterable[Claim], material: Material) -> str:
    """Return "Model almanac, checked 1 Mar 2026"; those who said so on one day share its date."""
    by_day: dict[str, list[str]] = {}
    for claim in claims:
        source = material.sources.get(claim.source_id)
        name = clip(source.name, 60) if source is not None else material.language.gettext("unnamed source")
        by_day.setdefault(dated(claim, source, material.language), []).append(name)
    return "; ".join(f"{' & '.join(names)}, {when}" for when, names in by_day.items())

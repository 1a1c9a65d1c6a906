"""The lead comparison: the whole block, put together from its parts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from newsletter.config import Settings
from newsletter.content.model import Benchmark, Comparison, Review, Source
from newsletter.digest.amounts import number
from newsletter.digest.attributes import said_by
from newsletter.digest.backing import backed_start
from newsletter.digest.bottom_line import bottom_line
from newsletter.digest.categories import category_name
from newsletter.digest.costs import costs_block, price_figure
from newsletter.digest.letter import Benchmarks, Figure, Lead, Row, Score, Scorecard, ScoreRow, Side
from newsletter.digest.links import link_or_words
from newsletter.digest.material import Dossier, Material
from newsletter.digest.panel import COMMUNITY, community, votes_day
from newsletter.digest.picks import pick_lines
from newsletter.digest.pricing import pricing_figure
from newsletter.digest.quotes import NOTHING_CHOSEN, quotes
from newsletter.digest.sentences import clip, count_words, fit, plain

HEADLINE_WORDS = 12
WHY_WORDS = 30
BEST_FOR_WORDS = 12
SCORE_ROWS = 8
BENCHMARK_ROWS = 3
UNTESTED = "untested"
#: As many tests without any result are named.
UNTESTED_NAMED = 2
#: A review whose reviewer the source does not name.
UNNAMED = "Unnamed"


def lead_block(
    comparison: Comparison,
    material: Material,
    settings: Settings,
    *,
    written_line: str = "",
    note: str = "",
    chosen: Mapping[str, str] = NOTHING_CHOSEN,
) -> tuple[Lead, Figure]:
    """The block, and its computed bottom line with what that stands on; the editor's line takes its place.

    `chosen` are sentences to quote, by their reviews.
    """
    left, right = material.sides(comparison)
    computed = bottom_line(left, right, settings.clear_margin)
    pick_left, pick_right = pick_lines(comparison, left, right, settings.clear_margin)
    sides = side_of(left, material), side_of(right, material)
    lead = Lead(
        comparison_id=comparison.id,
        headline=headline_of(comparison, left, right),
        bottom_line=plain(written_line) or computed.text,
        left=sides[0],
        right=sides[1],
        pick_left_if=pick_left.text,
        pick_right_if=pick_right.text,
        decision=decision_table(*sides, left, right),
        scorecard=_first_scores(left, right),
        quotes=quotes(left, right, material, chosen),
        costs=costs_block(left, right, settings, material.sources),
        benchmarks=first_benchmarks(left, right, material.sources),
        link=link_or_words("Full comparison", comparison.url, settings),
        note=note,
        why=_why(comparison, left, right),
    )
    return lead, _grounds(computed if not plain(written_line) else None, pick_left, pick_right)


def _why(comparison: Comparison, left: Dossier, right: Dossier) -> str:
    """What the comparison itself says where no panel has reasons, so far as the recorded facts back it."""
    if left.panel.exists or right.panel.exists:
        return ""
    return backed_start(comparison.summary, (left, right), WHY_WORDS)


def headline_of(comparison: Comparison, left: Dossier, right: Dossier) -> str:
    """The comparison's own headline where it is short, else the two names."""
    own = plain(comparison.headline)
    return own if own and count_words(own) <= HEADLINE_WORDS else f"{left.name} vs {right.name}"


def side_of(dossier: Dossier, material: Material) -> Side:
    return Side(
        tool_id=dossier.tool.id,
        name=dossier.name,
        panel=dossier.panel.figure(),
        share=dossier.panel.rounded_share,
        community=community(dossier.votes),
        pricing=pricing_figure(dossier, material),
        best_for=fit(dossier.best_for, BEST_FOR_WORDS),
        category=category_name(dossier.tool.category),
    )


def _grounds(*figures: Figure | None) -> Figure:
    known = [each for each in figures if each is not None]
    claims = tuple(dict.fromkeys(claim for each in known for claim in each.claims))
    return Figure(text="", claims=claims, disputed=any(each.disputed for each in known))


def decision_table(left: Side, right: Side, ours: Dossier, theirs: Dossier) -> tuple[Row, ...]:
    """The decision table; a row of which neither side says anything, and a category of both, is left out."""
    rows = [
        Row(label="Panel", left=left.panel, right=right.panel),
        _community(left, right, ours, theirs),
        Row(label="Pricing", left=left.pricing, right=right.pricing),
        Row(
            label="1M tokens",
            left=price_figure(ours.prices, ""),
            right=price_figure(theirs.prices, ""),
        ),
        Row(label="Best for", left=Figure(text=left.best_for), right=Figure(text=right.best_for)),
    ]
    if left.category != right.category:
        rows.append(Row(label="Category", left=Figure(text=left.category), right=Figure(text=right.category)))
    if left.pricing == price_figure(ours.prices) and right.pricing == price_figure(theirs.prices):
        del rows[3]
    return tuple(row for row in rows if row.left.text or row.right.text)


def _community(left: Side, right: Side, ours: Dossier, theirs: Dossier) -> Row:
    """The votes of either side; the day on which they were seen stands once, or with each where it is another."""
    days = votes_day(ours.votes), votes_day(theirs.votes)
    known = dict.fromkeys(filter(None, days))
    if len(known) < 2:
        return Row(label=", ".join((COMMUNITY, *known)), left=left.community, right=right.community)
    dated = [
        replace(side.community, text=f"{side.community.text} ({when})")
        for side, when in zip((left, right), days, strict=True)
    ]
    return Row(label=COMMUNITY, left=dated[0], right=dated[1])


def all_scores(left: Dossier, right: Dossier) -> Scorecard | None:
    """Each reviewer's scores on both sides; unnamed reviews stand alone, since their order says nothing."""
    mine, others = _named(left), _named(right)
    rows = [
        ScoreRow(reviewer=clip(name, 40), left=score_of(mine.get(name)), right=score_of(others.get(name)))
        for name in dict.fromkeys((*mine, *others))
    ]
    rows += [ScoreRow(reviewer=UNNAMED, left=score_of(each), right=None) for each in _unnamed(left)]
    rows += [ScoreRow(reviewer=UNNAMED, left=None, right=score_of(each)) for each in _unnamed(right)]
    if not rows:
        return None
    return Scorecard(
        rows=tuple(rows),
        left_mean=left.panel.rounded_mean,
        right_mean=right.panel.rounded_mean,
    )


def _first_scores(left: Dossier, right: Dossier) -> Scorecard | None:
    """As many as the mail has room for."""
    card = all_scores(left, right)
    return card and replace(card, rows=card.rows[:SCORE_ROWS])


def _named(dossier: Dossier) -> dict[str, Review]:
    return {each.reviewer: each for each in dossier.reviews if each.reviewer and _says(each)}


def _unnamed(dossier: Dossier) -> list[Review]:
    return [each for each in dossier.reviews if not each.reviewer and _says(each)]


def _says(review: Review) -> bool:
    return review.score is not None or review.decision is not None


def score_of(review: Review | None) -> Score | None:
    if review is None:
        return None
    return Score(score=review.score, decision=review.decision.value if review.decision else "")


def first_benchmarks(left: Dossier, right: Dossier, sources: Mapping[str, Source]) -> Benchmarks | None:
    """As many as the mail has room for, and how many results it leaves out."""
    tested = all_benchmarks(left, right, sources)
    if tested is None or len(tested.rows) <= BENCHMARK_ROWS:
        return tested
    shown = f"{BENCHMARK_ROWS} of {len(tested.rows)} tests with a result are shown"
    rows = tested.rows[:BENCHMARK_ROWS]
    return Benchmarks(
        rows=rows,
        untested="; ".join(filter(None, (shown, tested.untested))),
        origin=_origin(rows, left, right, sources),
    )


def all_benchmarks(left: Dossier, right: Dossier, sources: Mapping[str, Source]) -> Benchmarks | None:
    """The tests with a score on a side, those scored on both first; None where nothing was tested."""
    mine = {each.test: each for each in left.benchmarks}
    others = {each.test: each for each in right.benchmarks}
    tests = tuple(dict.fromkeys((*mine, *others)))
    scored = [test for test in tests if _scored(mine.get(test)) or _scored(others.get(test))]
    if not scored:
        return None
    scored.sort(key=lambda test: not (_scored(mine.get(test)) and _scored(others.get(test))))
    rows = tuple(
        Row(label=clip(test, 40), left=result_figure(mine.get(test)), right=result_figure(others.get(test)))
        for test in scored
    )
    return Benchmarks(
        rows=rows,
        untested=_neither([test for test in tests if test not in scored]),
        origin=_origin(rows, left, right, sources),
    )


def _origin(rows: Sequence[Row], left: Dossier, right: Dossier, sources: Mapping[str, Source]) -> str:
    """ "Model lab, as of 10 Nov 2026."; where they are several, each with the tool or the test that it is about."""
    said = {
        benchmark_key(each): said_by(each, sources.get(each.source_id))
        for each in (*left.benchmarks, *right.benchmarks)
    }
    lefts, rights = _said(said, (row.left for row in rows)), _said(said, (row.right for row in rows))
    everybody = dict.fromkeys((*lefts, *rights))
    if len(everybody) == 1:
        return f"{next(iter(everybody))}."
    parts = {left.name: lefts, right.name: rights}
    if max(len(lefts), len(rights)) > 1:
        parts = {row.label: _said(said, (row.left, row.right)) for row in rows}
    told = [f"{about}: {' and '.join(by)}" for about, by in parts.items() if by]
    return f"{'; '.join(told)}."


def _said(by_key: Mapping[str, str], figures: Iterable[Figure]) -> list[str]:
    return list(dict.fromkeys(by_key[key] for each in figures for key in each.claims))


def _neither(untested: Sequence[str]) -> str:
    """ "Old Languages: untested": such a test has no row of its own. Many are counted."""
    if len(untested) > UNTESTED_NAMED:
        return f"{len(untested)} more tests: untested"
    return f"{', '.join(clip(each, 40) for each in untested)}: untested" if untested else ""


def _scored(benchmark: Benchmark | None) -> bool:
    return benchmark is not None and benchmark.score is not None


def result_figure(benchmark: Benchmark | None) -> Figure:
    if benchmark is None or benchmark.score is None:
        return Figure(text=UNTESTED)
    out_of = f" of {number(benchmark.out_of)}" if benchmark.out_of is not None else ""
    return Figure(text=f"{number(benchmark.score)}{out_of}", claims=(benchmark_key(benchmark),))


def benchmark_key(benchmark: Benchmark) -> str:
    """What a printed score stands on: benchmarks have no id of their own."""
    return f"benchmark:{benchmark.tool_id}:{benchmark.test}:{benchmark.source_id}"

"""A comparison: what it comes down to, when to pick which side, and its tables; the lead of an issue from all of these.

The mail prints the first rows of a table, the archive all. The other comparisons, in short, are in items.py.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from newsletter.config import Settings
from newsletter.content.records import Benchmark, Comparison, Review, Source
from newsletter.digest.categories import category_in, category_name
from newsletter.digest.content import (
    NOTHING,
    Benchmarks,
    Compared,
    Figure,
    Lead,
    Link,
    Score,
    Scorecard,
    ScoreRow,
    Side,
    TableRow,
)
from newsletter.digest.figures import benchmark_key, figure, join, number_of, said_by
from newsletter.digest.links import link_to
from newsletter.digest.material import Dossier, Material
from newsletter.digest.panel import COMMUNITY, NO_PANEL, NO_VOTES, Panel, community, votes_day
from newsletter.digest.prices import (
    NO_PRICE,
    NO_PRICING,
    VOLUMES,
    costs_block,
    costs_of_mail,
    price_figure,
    price_sentence,
    prices_of,
    pricing_figure,
    pricing_kind,
    volume_label,
)
from newsletter.digest.quotes import NOTHING_CHOSEN, backed_start, is_backed, quotes
from newsletter.digest.wording import clip, count_words, fit, plain, start_with_capital
from newsletter.errors import N_
from newsletter.language import ENGLISH, Language

# What a comparison comes down to, and what that stands on, computed. It names a winner only where the panel has one.

#: A reason not to follow the bottom line is no longer than this.
UNLESS_WORDS = 12


def bottom_line(
    left: Dossier, right: Dossier, margin: int, unless: tuple[Figure, Figure] = (NOTHING, NOTHING)
) -> Figure:
    """Return "Use Borealis, unless your code may not leave your machines.".

    `unless` are what makes either side the one to pick, as in "Pick … if". Below `margin` points between the means it
    says "No clear pick."; what is unknown is said to be unknown.
    """
    _ = left.language.gettext
    winner = clear_pick(left, right, margin)
    if winner is not None:
        other = unless[1 if winner is left else 0]
        clause = other.text.rstrip(".")
        if not winner.panel.split:
            line = _("%(winner)s scores higher.", winner=winner.name)
        elif clause and count_words(clause) <= UNLESS_WORDS:
            line = _("Use %(winner)s, unless %(reason)s.", winner=winner.name, reason=clause)
            return join(line, judged("", left, right), other)
        else:
            line = _("Use %(winner)s.", winner=winner.name)
    elif _skips(left) and _skips(right):
        line = _("Use neither.")
    elif left.panel.exists or right.panel.exists:
        line = _("No clear pick.")
    else:
        line = _("No pick: our panel has reviewed neither yet.")
    return judged(line, left, right)


def reason_line(left: Dossier, right: Dossier, margin: int) -> Figure:
    """Return "Three of four reviewers would use it, two of four Meridian. It costs $23.00 a month …": what the bottom line stands on."""
    winner = clear_pick(left, right, margin)
    first, second = (right, left) if winner is right else (left, right)
    opinion = standings(first, second) if winner is None else _why(first, second)
    price = price_sentence(first, second)
    said = " ".join(filter(None, (opinion, price.text)))
    return join(said, judged("", left, right), price)


def _why(winner: Dossier, loser: Dossier) -> str:
    """Return how the panel prefers the winner, in a sentence that follows one with its name."""
    ours, theirs = winner.panel, loser.panel
    language = winner.language
    if ours.split and theirs.split and ours.share != theirs.share:
        said = language.ngettext(
            "%(members)s would use it, %(part)s %(loser)s.",
            "%(members)s would use it, %(part)s %(loser)s.",
            ours.agreement,
            members=ours.members,
            part=theirs.part,
            loser=loser.name,
        )
        return start_with_capital(said)
    return language.gettext(
        "Our panel scores it %(mean)s of 100, %(loser)s %(other)s.",
        mean=ours.rounded_mean,
        loser=loser.name,
        other=theirs.rounded_mean,
    )


def standings(left: Dossier, right: Dossier) -> str:
    """Return how the panel stands on both, in sentences; empty where it has judged neither."""
    known = [each for each in (left, right) if each.panel.exists]
    language = left.language
    if not known:
        return ""
    if len(known) == 1:
        other = right if known[0] is left else left
        unseen = language.gettext("%(tool)s is not reviewed yet.", tool=other.name)
        return f"{_stands(known[0])} {unseen}"
    if left.panel.split and right.panel.split:
        said = language.ngettext(
            "%(members)s would use %(left)s, %(part)s %(right)s.",
            "%(members)s would use %(left)s, %(part)s %(right)s.",
            left.panel.agreement,
            members=left.panel.members,
            left=left.name,
            part=right.panel.part,
            right=right.name,
        )
        return start_with_capital(said)
    if left.panel.mean is not None and right.panel.mean is not None:
        return scores_line(left, right)
    return f"{_stands(left)} {_stands(right)}"


def scores_line(first: Dossier, second: Dossier) -> str:
    return first.language.gettext(
        "Our panel scores %(one)s %(mean)s of 100, %(other)s %(other_mean)s.",
        one=first.name,
        mean=first.panel.rounded_mean,
        other=second.name,
        other_mean=second.panel.rounded_mean,
    )


def _stands(dossier: Dossier) -> str:
    panel, language = dossier.panel, dossier.language
    if not panel.split:
        return language.gettext(
            "Our panel scores %(tool)s %(mean)s of 100.", tool=dossier.name, mean=panel.rounded_mean
        )
    said = language.ngettext(
        "%(members)s would use %(tool)s.",
        "%(members)s would use %(tool)s.",
        panel.agreement,
        members=panel.members,
        tool=dossier.name,
    )
    return start_with_capital(said)


def judged(line: str, *dossiers: Dossier) -> Figure:
    """Return a line that stands on everything that the panel said of these."""
    return Figure(
        text=line,
        claims=tuple(dict.fromkeys(key for each in dossiers for key in each.panel.grounds)),
        disputed=any(each.panel.others for each in dossiers),
    )


# The same in a sentence of a brief, in as many ways that no two neighbours sound alike.


def brief_lines(left: Dossier, right: Dossier, margin: int) -> dict[str, Figure]:
    """Return ways to say what a comparison comes down to under a headline with both names, by what each is called."""
    winner = clear_pick(left, right, margin)
    said = dict(
        _ways(left, right) if winner is None else _ways_to_win(winner, right if winner is left else left)
    )
    return {way: judged(line, left, right) for way, line in said.items()}


def _ways_to_win(winner: Dossier, loser: Dossier) -> Iterator[tuple[str, str]]:
    ours, theirs = winner.panel, loser.panel
    language = winner.language
    values: dict[str, object] = {"winner": winner.name, "loser": loser.name}
    if ours.split and theirs.split and ours.share != theirs.share:
        counted = {**values, "members": ours.members, "part": theirs.part}
        yield (
            "wins",
            language.ngettext(
                "%(winner)s wins: %(members)s would use it, %(part)s the other.",
                "%(winner)s wins: %(members)s would use it, %(part)s the other.",
                ours.agreement,
                **counted,
            ),
        )
        line = language.ngettext(
            "%(members)s would use %(winner)s, %(part)s %(loser)s.",
            "%(members)s would use %(winner)s, %(part)s %(loser)s.",
            ours.agreement,
            **counted,
        )
        yield "would use", start_with_capital(line)
    if ours.mean is not None and theirs.mean is not None:
        means: dict[str, object] = {**values, "mean": ours.rounded_mean, "other": theirs.rounded_mean}
        yield (
            "prefers",
            language.gettext("Our panel prefers %(winner)s, %(mean)s points to %(other)s.", **means),
        )
        yield (
            "ahead",
            language.gettext(
                "%(winner)s is ahead: our panel scores it %(mean)s, the other %(other)s.", **means
            ),
        )
    if ours.split and theirs.split:
        yield "rather", language.gettext("Our panel would rather use %(winner)s than %(loser)s.", **values)


def _ways(left: Dossier, right: Dossier) -> Iterator[tuple[str, str]]:
    _ = left.language.gettext
    values = {"left": left.name, "right": right.name}
    if not left.panel.exists and not right.panel.exists:
        yield "neither yet", _("Our panel has reviewed neither yet.")
        yield "still to come", _("What our panel thinks of the two is still to come.")
    elif _skips(left) and _skips(right):
        lines = {"neither": _("Use neither."), "convinces": _("Neither convinces our panel.")}
        yield from ((way, f"{line} {standings(left, right)}") for way, line in lines.items())
    else:
        lines = {
            "no pick": _("No clear pick."),
            "undecided": _("Our panel cannot decide between %(left)s and %(right)s.", **values),
        }
        yield from ((way, f"{line} {standings(left, right)}") for way, line in lines.items())


def clear_pick(left: Dossier, right: Dossier, margin: int) -> Dossier | None:
    """Return the side that the panel prefers by at least `margin` points of the mean, and whose split agrees.

    A tool that most of the panel would not ship is never the pick. Without means on both sides only opposite
    decisions, ship against skip, make one.
    """
    ours, theirs = left.panel, right.panel
    if ours.mean is not None and theirs.mean is not None:
        if abs(ours.mean - theirs.mean) < margin or ours.mean == theirs.mean:
            return None
        winner, loser = (left, right) if ours.mean > theirs.mean else (right, left)
        return winner if _agrees(winner.panel, loser.panel) else None
    if ours.ships_it and theirs.ships_it is False:
        return left
    if theirs.ships_it and ours.ships_it is False:
        return right
    return None


def _agrees(winner: Panel, loser: Panel) -> bool:
    """Return whether the split says the same as the means, as far as it is known."""
    if winner.share is None:
        return True
    return bool(winner.ships_it) and (loser.share is None or winner.share >= loser.share)


def _skips(dossier: Dossier) -> bool:
    return dossier.panel.ships_it is False


# When to pick which side: in the comparison's own words, else from what is recorded.

PICK_WORDS = 25
REASONS = 2


def pick_lines(comparison: Comparison, left: Dossier, right: Dossier, margin: int) -> tuple[Figure, Figure]:
    """Return what follows "Pick … if" for either side, to the full stop; empty where nothing speaks for it.

    The panel speaks for one only where the bottom line names it: `margin` is the points that that takes.
    """
    return (
        _pick(comparison.pick_left_if, left, right, margin),
        _pick(comparison.pick_right_if, right, left, margin),
    )


def _pick(written: str, mine: Dossier, other: Dossier, margin: int) -> Figure:
    words = _clause(written, mine)
    backed = words and is_backed(words, (mine, other))
    pick = Figure(text=words) if backed else _computed(mine, other, margin)
    return replace(pick, text=f"{pick.text}.") if pick.text and pick.text[-1] not in "!?…" else pick


def _clause(written: str, mine: Dossier) -> str:
    """Return the line without its own "Pick … if" and final stop, so that it can follow ours."""
    pattern = rf"^\s*(?:pick|choose)\s+{re.escape(mine.name)}\s+if\s+"
    return fit(re.sub(pattern, "", written, flags=re.IGNORECASE), PICK_WORDS).rstrip(".")


def _computed(mine: Dossier, other: Dossier, margin: int) -> Figure:
    """Return up to two recorded reasons: the price, the context, the panel; else what a note says it is best for."""
    known = (_price(mine, other), _context(mine, other), _panel(mine, other, margin))
    reasons = [each for each in known if each]
    if reasons:
        chosen = reasons[:REASONS]
        said = mine.language.listed(each.text for each in chosen)
        return join(mine.language.gettext("you %(reasons)s", reasons=said), *chosen)
    best_for = fit(mine.best_for, PICK_WORDS - 8)
    if not best_for:
        return Figure(text="")
    return Figure(
        text=mine.language.gettext(
            "you need it for what it does best: %(best_for)s", best_for=best_for.rstrip(".")
        )
    )


def _price(mine: Dossier, other: Dossier) -> Figure | None:
    ours, theirs = prices_of(mine), prices_of(other)
    _ = mine.language.gettext
    if ours.even is not None and theirs.even is not None:
        if ours.even >= theirs.even:
            return None
        words = _(
            "want the lower price (%(input)s in, %(output)s out)",
            input=mine.language.price(ours.input or Decimal(0)),
            output=mine.language.price(ours.output or Decimal(0)),
        )
        return ours.figure(words)
    kind = pricing_kind(mine)
    other_kind = pricing_kind(other).text
    if kind.text == _("free") and other_kind not in (_("free"), ""):
        return Figure(text=_("want it free"), claims=kind.claims, disputed=kind.disputed)
    return None


def _context(mine: Dossier, other: Dossier) -> Figure | None:
    ours, theirs = mine.facts.get("context"), other.facts.get("context")
    longer, shorter = number_of(ours), number_of(theirs)
    if longer is None or shorter is None or longer <= shorter:
        return None
    words = mine.language.gettext(
        "need %(longer)s tokens of context, not %(shorter)s",
        longer=mine.language.compact(longer),
        shorter=mine.language.compact(shorter),
    )
    return figure(words, ours, theirs)


def _panel(mine: Dossier, other: Dossier, margin: int) -> Figure | None:
    ours, theirs = mine.panel, other.panel
    if ours.mean is None or theirs.mean is None or clear_pick(mine, other, margin) is not mine:
        return None
    words = mine.language.gettext(
        "go by the panel (mean %(ours)s against %(theirs)s)",
        ours=ours.rounded_mean,
        theirs=theirs.rounded_mean,
    )
    return Figure(text=words, claims=(*ours.grounds, *theirs.grounds))


# The tables, and the lead from all of these.

#: The words of the link to the site's own page.
FULL = N_("Full comparison")
HEADLINE_WORDS = 12
WHY_WORDS = 40
TAGLINE_WORDS = 16
BEST_FOR_WORDS = 12
SCORE_ROWS = 8
BENCHMARK_ROWS = 3
UNTESTED = N_("untested")
#: As many tests without any result are named.
UNTESTED_NAMED = 2
#: A review whose reviewer the source does not name.
UNNAMED = N_("Unnamed")


def lead_block(
    comparison: Comparison,
    material: Material,
    settings: Settings,
    *,
    written_line: str = "",
    note: str = "",
    chosen: Mapping[str, str] = NOTHING_CHOSEN,
) -> Lead:
    """Return the lead as the mail prints it. `written_line` is an editor's, and takes the place of the bottom line.

    `chosen` are sentences to quote, by their reviews.
    """
    full = compare(comparison, material, settings)
    left, right = material.sides(comparison)
    pick_left, pick_right = pick_lines(comparison, left, right, settings.digest.clear_margin)
    written, margin = plain(written_line), settings.digest.clear_margin
    return Lead(
        comparison_id=full.comparison_id,
        headline=full.headline,
        bottom_line=Figure(text=written)
        if written
        else bottom_line(left, right, margin, (pick_left, pick_right)),
        reason=NOTHING if written else reason_line(left, right, margin),
        left=full.left,
        right=full.right,
        pick_left_if=pick_left,
        pick_right_if=pick_right,
        decision=_rows_of_mail(full, left, right, has_picks=bool(pick_left or pick_right)),
        scorecard=full.scorecard and replace(full.scorecard, rows=full.scorecard.rows[:SCORE_ROWS]),
        quotes=quotes(left, right, material, clear_pick(left, right, margin), chosen),
        costs=full.costs and costs_of_mail(full.costs, left.language),
        benchmarks=full.benchmarks and first_benchmarks(full.benchmarks, left, right, material.sources),
        link=full.link or Link(label=material.language.gettext(FULL), url=""),
        note=note,
        why=backed_start(comparison.summary, (left, right), WHY_WORDS),
    )


def compare(comparison: Comparison, material: Material, settings: Settings) -> Compared:
    """Return a comparison with every row of its tables."""
    left, right = material.sides(comparison)
    sides = side_of(left, material), side_of(right, material)
    return Compared(
        comparison_id=comparison.id,
        headline=headline_of(comparison, left, right),
        left=sides[0],
        right=sides[1],
        decision=decision_table(*sides, left, right),
        scorecard=all_scores(left, right),
        costs=costs_block(left, right, settings, material.sources),
        benchmarks=all_benchmarks(left, right, material.sources),
        link=link_to(material.language.gettext(FULL), comparison.url, settings),
    )


def headline_of(comparison: Comparison, left: Dossier, right: Dossier) -> str:
    """Return the comparison's own headline where it is short, else the two names."""
    own = plain(comparison.headline)
    return own if own and count_words(own) <= HEADLINE_WORDS else versus(left, right)


def versus(left: Dossier, right: Dossier) -> str:
    """Return "Borealis vs Meridian"."""
    return left.language.gettext("%(left)s vs %(right)s", left=left.name, right=right.name)


def side_of(dossier: Dossier, material: Material) -> Side:
    return Side(
        tool_id=dossier.tool.id,
        name=dossier.name,
        panel=dossier.panel.figure(),
        share=dossier.panel.rounded_share,
        community=community(dossier.votes, dossier.language),
        pricing=pricing_figure(dossier, material),
        best_for=fit(dossier.best_for, BEST_FOR_WORDS),
        category=category_name(dossier.tool.category),
        maker=clip(dossier.tool.maker, 40),
        tagline=fit(dossier.tagline, TAGLINE_WORDS),
    )


def decision_table(left: Side, right: Side, ours: Dossier, theirs: Dossier) -> tuple[TableRow, ...]:
    """Return the decision table, without rows of which neither side says anything, or that would say a thing twice."""
    language = ours.language
    rows = [
        _panel_row(left, right, language),
        _community(left, right, ours, theirs),
        _pricing_row(left, right, language),
    ]
    prices = [price_figure(each) for each in (ours, theirs)]
    if [left.pricing, right.pricing] != prices:
        rows.append(
            TableRow(
                label=volume_label(VOLUMES[0], language),
                left=price_figure(ours, with_unit=False),
                right=price_figure(theirs, with_unit=False),
            )
        )
    rows.append(_best_for_row(left, right, language))
    if left.category != right.category:
        named = [category_in(each.category, language) for each in (left, right)]
        rows.append(_row_of_words(language.gettext("Category"), *named))
    return _said_rows(rows, language)


def _rows_of_mail(full: Compared, ours: Dossier, theirs: Dossier, *, has_picks: bool) -> tuple[TableRow, ...]:
    """Return the rows that say what nothing else of the lead says: the scorecard has the panel, the costs have token prices."""
    language, left, right = ours.language, full.left, full.right
    rows = [_community(left, right, ours, theirs)]
    if full.scorecard is None:
        rows.insert(0, _panel_row(left, right, language))
    if any(prices_of(each).even is None for each in (ours, theirs)):
        rows.append(_pricing_row(left, right, language))
    if not has_picks:
        rows.append(_best_for_row(left, right, language))
    return _said_rows(rows, language)


def _panel_row(left: Side, right: Side, language: Language) -> TableRow:
    return TableRow(label=language.gettext("Panel"), left=left.panel, right=right.panel)


def _pricing_row(left: Side, right: Side, language: Language) -> TableRow:
    return TableRow(label=language.gettext("Pricing"), left=left.pricing, right=right.pricing)


def _best_for_row(left: Side, right: Side, language: Language) -> TableRow:
    return _row_of_words(language.gettext("Best for"), left.best_for, right.best_for)


def _row_of_words(label: str, left: str, right: str) -> TableRow:
    return TableRow(label=label, left=Figure(text=left), right=Figure(text=right), is_words=True)


#: What a cell says of which nothing is recorded.
_UNKNOWN = (NO_PANEL, NO_VOTES, NO_PRICING, NO_PRICE)


def _said_rows(rows: Iterable[TableRow], language: Language) -> tuple[TableRow, ...]:
    """Return the rows of which at least one side says something."""
    empty = {"", *map(language.gettext, _UNKNOWN)}
    return tuple(row for row in rows if not {row.left.text, row.right.text} <= empty)


def _community(left: Side, right: Side, ours: Dossier, theirs: Dossier) -> TableRow:
    """Return the votes of either side; the day on which they were seen stands once, or with each where it is another."""
    days = votes_day(ours.votes, ours.language), votes_day(theirs.votes, theirs.language)
    whose = ours.language.gettext(COMMUNITY)
    known = dict.fromkeys(filter(None, days))
    if len(known) < 2:
        return TableRow(label=", ".join((whose, *known)), left=left.community, right=right.community)
    dated = [
        replace(side.community, text=f"{side.community.text} ({when})")
        for side, when in zip((left, right), days, strict=True)
    ]
    return TableRow(label=whose, left=dated[0], right=dated[1])


def all_scores(left: Dossier, right: Dossier) -> Scorecard | None:
    """Return each reviewer's scores on both sides; unnamed reviews stand alone, since their order says nothing."""
    mine, others = (
        [each for each in side.reviews if each.score is not None or each.decision is not None]
        for side in (left, right)
    )
    named = [{each.reviewer: each for each in said if each.reviewer} for said in (mine, others)]
    rows = [
        ScoreRow(
            reviewer=clip(name, 40), left=score_of(named[0].get(name)), right=score_of(named[1].get(name))
        )
        for name in dict.fromkeys((*named[0], *named[1]))
    ]
    unnamed = left.language.gettext(UNNAMED)
    rows += [
        ScoreRow(reviewer=unnamed, left=score_of(each), right=None) for each in mine if not each.reviewer
    ]
    rows += [
        ScoreRow(reviewer=unnamed, left=None, right=score_of(each)) for each in others if not each.reviewer
    ]
    if not rows:
        return None
    return Scorecard(
        rows=tuple(rows),
        left_mean=left.panel.rounded_mean,
        right_mean=right.panel.rounded_mean,
    )


def score_of(review: Review | None) -> Score | None:
    if review is None:
        return None
    return Score(score=review.score, decision=review.decision.value if review.decision else "")


def first_benchmarks(
    tested: Benchmarks, left: Dossier, right: Dossier, sources: Mapping[str, Source]
) -> Benchmarks:
    """Return as many of the tests as the mail has room for, saying how many results it leaves out, but not those without any."""
    if len(tested.rows) <= BENCHMARK_ROWS:
        return replace(tested, untested="")
    shown = left.language.gettext(
        "%(count)s of %(all)s tests with a result are shown", count=BENCHMARK_ROWS, all=len(tested.rows)
    )
    rows = tested.rows[:BENCHMARK_ROWS]
    return Benchmarks(
        rows=rows,
        untested=shown,
        origin=_origin(rows, left, right, sources),
    )


def all_benchmarks(left: Dossier, right: Dossier, sources: Mapping[str, Source]) -> Benchmarks | None:
    """Return the tests with a score on a side, those scored on both first; None where nothing was tested."""
    mine = {each.test: each for each in left.benchmarks}
    others = {each.test: each for each in right.benchmarks}
    tests = tuple(dict.fromkeys((*mine, *others)))
    scored = [test for test in tests if _scored(mine.get(test)) or _scored(others.get(test))]
    if not scored:
        return None
    scored.sort(key=lambda test: not (_scored(mine.get(test)) and _scored(others.get(test))))
    rows = tuple(
        TableRow(
            label=clip(test, 40),
            left=result_figure(mine.get(test), left.language),
            right=result_figure(others.get(test), right.language),
        )
        for test in scored
    )
    return Benchmarks(
        rows=rows,
        untested=_neither([test for test in tests if test not in scored], left.language),
        origin=_origin(rows, left, right, sources),
    )


def _origin(rows: Sequence[TableRow], left: Dossier, right: Dossier, sources: Mapping[str, Source]) -> str:
    """Return "Model lab, as of 10 Nov 2026."; where they are several, each with the tool or the test that it is about."""
    said = {
        benchmark_key(each): said_by(each, sources.get(each.source_id), left.language)
        for each in (*left.benchmarks, *right.benchmarks)
    }
    lefts, rights = _said(said, (row.left for row in rows)), _said(said, (row.right for row in rows))
    everybody = dict.fromkeys((*lefts, *rights))
    if len(everybody) == 1:
        return f"{next(iter(everybody))}."
    parts = {left.name: lefts, right.name: rights}
    if max(len(lefts), len(rights)) > 1:
        parts = {row.label: _said(said, (row.left, row.right)) for row in rows}
    told = [f"{about}: {left.language.listed(by)}" for about, by in parts.items() if by]
    return f"{'; '.join(told)}."


def _said(by_key: Mapping[str, str], figures: Iterable[Figure]) -> list[str]:
    return list(dict.fromkeys(by_key[key] for each in figures for key in each.claims))


def _neither(untested: Sequence[str], language: Language) -> str:
    """Return "Old Languages: untested": such a test has no row of its own. Many are counted."""
    if len(untested) > UNTESTED_NAMED:
        return language.gettext("%(count)s more tests: untested", count=len(untested))
    tests = ", ".join(clip(each, 40) for each in untested)
    return language.gettext("%(tests)s: untested", tests=tests) if untested else ""


def _scored(benchmark: Benchmark | None) -> bool:
    return benchmark is not None and benchmark.score is not None


def result_figure(benchmark: Benchmark | None, language: Language = ENGLISH) -> Figure:
    if benchmark is None or benchmark.score is None:
        return Figure(text=language.gettext(UNTESTED))
    text = language.number(benchmark.score)
    if benchmark.out_of is not None:
        text = language.gettext("%(score)s of %(most)s", score=text, most=language.number(benchmark.out_of))
    return Figure(text=text, claims=(benchmark_key(benchmark),))

"""Statements of what a tool is and what the panel made of it: context, answers, size, licence, dates, scores, shares."""

import re
from collections.abc import Iterator
from decimal import Decimal

from newsletter.content.statements import lexicon
from newsletter.content.statements.sentence import (
    Magnitude,
    Quantity,
    Sentence,
    is_under_circumstances,
    nearest,
)
from newsletter.content.statements.statement import Matter, Statement
from newsletter.content.units import measure, plain

_SPECIAL_LIMIT = lexicon.any_of(
    r"""
    plans?; free (?:accounts?|users?|version); new accounts?; accounts?; version of; trial;
    free tier; the app; web app; beta; previews?; on trial; hosts?; third[- ]part\w+; resellers?;
    fine-?tun\w+; train\w*; extended; distill\w*
    """
)
_ELSEWHERE = {"negated", "past", "future", "supposed", "earlier", "others"}


def read_limits(sentence: Sentence) -> Iterator[Statement]:
    """Yield what a sentence says of context, answers, size and licence, which are claims by themselves."""
    if sentence.figures:
        yield from _limits(sentence)
        yield from _sizes(sentence)
    yield from _licences(sentence)


def read_figures(sentence: Sentence) -> Iterator[Statement]:
    """Yield what other figures of a sentence say, money aside: words for tokens, and dates."""
    yield from _words(sentence)
    yield from _dates(sentence)


def _is_said_of_it(sentence: Sentence, position: int, *, past: bool = False) -> bool:
    """Return whether a clause speaks of the tool itself, now and without condition."""
    return not sentence.conditions(position) & (_ELSEWHERE - {"past"} if past else _ELSEWHERE)


# What a tool can take and give.


def _limits(sentence: Sentence) -> Iterator[Statement]:
    text = sentence.text
    counts = [
        each
        for each in sentence.of(Quantity.TOKENS, Quantity.COUNT)
        if each.value >= 500
        and each.unit in ("", "text", "context", "output", "generated", "completion", "input", "prompt")
    ]
    if not counts or not (_ANY_LIMIT.search(text)):
        return
    for figure in counts:
        matter = _limit_of(sentence, figure)
        if (
            matter is None
            or not _is_said_of_it(sentence, figure.start)
            or is_under_circumstances(sentence, figure.start)
        ):
            continue
        if figure.vague and matter is Matter.CONTEXT and not _AT_MOST.search(text[: figure.start]):
            continue
        first, last = sentence.clause(figure.start)
        clause = text[first:last]
        if (
            _NEEDED.search(text[: figure.start])
            or _SPECIAL_LIMIT.search(clause)
            or lexicon.OTHER_COUNT.search(text[max(first, figure.start - 40) : min(last, figure.end + 25)])
        ):
            continue
        tool = sentence.owner(figure.start, figure.end)
        if tool is None:
            continue
        value = figure.text.strip().removesuffix("-token").strip()
        stated = re.sub(
            r"[\s-]*(?:input|output|prompt|text|context|generated|completion)?[\s-]*tok(?:en)?s?.*$",
            "",
            value,
        ).replace("-", " ")
        measured = measure(matter.value, stated)
        yield Statement(
            matter=matter,
            tool=tool,
            value=measured.value,
            number=figure.value,
            unit=measured.unit,
            words=sentence.words,
            line=sentence.line,
            about=bool(_ROUGHLY.search(text[max(0, figure.start - 16) : figure.start])),
        )


_NEEDED = re.compile(r"\bneeds? (?:only |just |at least |about )?(?:an? )?$")
_ROUGHLY = re.compile(r"(?:about|around|roughly|some|nearly|almost|close to|approximately|~|≈)\s*$")
_AT_MOST = re.compile(r"\bat most\s*$")
_ANY_LIMIT = re.compile("|".join(each.pattern for each in (lexicon.WINDOW, lexicon.REPLY)))


def _limit_of(sentence: Sentence, figure: Magnitude) -> Matter | None:
    """Return whether a count of tokens is the context or the longest answer; None where it is neither."""
    text = sentence.text
    first, last = sentence.clause(figure.start)
    if (
        re.match(
            r"[\s-]*(?:tokens?[\s-]*)?(?:of )?(?:input )?(?:context|window|prompts?)\b", text[figure.end :]
        )
        or figure.unit == "context"
    ):
        return Matter.CONTEXT
    if any(first <= each.start < last for each in sentence.of(Quantity.MONEY)) and not re.search(
        r"\b(?:context|window)\b", text[max(first, figure.start - 20) : min(last, figure.end + 20)]
    ):
        return None
    is_tokens = figure.quantity is Quantity.TOKENS
    if figure.unit in ("output", "generated", "completion"):
        return Matter.MAX_OUTPUT if lexicon.LIMIT.search(text, first, last) or figure.vague else None
    governing = _governing(sentence, figure, first, last)
    if governing is Matter.MAX_OUTPUT:
        limited = lexicon.LIMIT.search(text, first, last) is not None or figure.vague
        return (
            governing
            if limited and (is_tokens or (figure.value >= 1000 and _is_count_of_tokens(sentence)))
            else None
        )
    if governing is None or (
        lexicon.PRICE.search(text, first, last) and not re.search(r"\b(?:context|window)\b", text[first:last])
    ):
        return None
    named = re.search(r"\b(?:context|window)\b", text[first:last])
    return Matter.CONTEXT if is_tokens or (named and figure.value >= 1000) else None


def _governing(sentence: Sentence, figure: Magnitude, first: int, last: int) -> Matter | None:
    """Return what the word is of that a count of tokens belongs to: the last before it, else the first after it."""
    text = sentence.text
    words = sorted(
        [
            *(
                (found.start(), found.end(), Matter.CONTEXT)
                for found in lexicon.WINDOW.finditer(text, first, last)
            ),
            *(
                (found.start(), found.end(), Matter.MAX_OUTPUT)
                for found in lexicon.REPLY.finditer(text, first, last)
            ),
        ]
    )
    before = [each for each in words if each[1] <= figure.start]
    after = [each for each in words if each[0] >= figure.end]
    if before and before[-1][2] is Matter.CONTEXT and not _NOUN.fullmatch(text, before[-1][0], before[-1][1]):
        # "One response can hold 4,096 tokens" is said of the response, whatever the verb.
        nouns = [each for each in before if _NOUN.fullmatch(text, each[0], each[1])]
        return nouns[-1][2] if nouns else Matter.CONTEXT
    return before[-1][2] if before else after[0][2] if after else None


_NOUN = re.compile(r"context|window|prompts?|inputs?|answers?|repl(?:y|ies)|responses?|outputs?|completions?")


def _is_count_of_tokens(sentence: Sentence) -> bool:
    return bool(sentence.of(Quantity.TOKENS))


def _words(sentence: Sentence) -> Iterator[Statement]:
    """Yield how many words for each token a sentence makes of a context."""
    words = [each for each in sentence.of(Quantity.WORDS) if each.value >= 1000]
    tokens = [each for each in sentence.of(Quantity.TOKENS, Quantity.COUNT) if each.value >= 1000]
    if len(words) != 1 or len(tokens) != 1:
        return
    start = max(words[0].start, tokens[0].start)
    tool = sentence.owner(tokens[0].start, tokens[0].end) or sentence.owner(words[0].start, words[0].end)
    if (
        tool is None
        or sentence.conditions(start) & (_ELSEWHERE - {"past"})
        or tokens[0].vague
        or words[0].vague
    ):
        return
    yield Statement(
        matter=Matter.WORDS,
        tool=tool,
        value=f"{words[0].text} in {tokens[0].text}",
        number=words[0].value / tokens[0].value,
        words=sentence.words,
        line=sentence.line,
    )


# Size and licence.


def _sizes(sentence: Sentence) -> Iterator[Statement]:
    sizes = sentence.of(Quantity.SIZE)
    if not sizes or len({each.value for each in sizes}) > 1:
        return
    text = sentence.text
    for figure in sizes:
        after = text[figure.end : figure.end + 60]
        parameters = lexicon.OF_PARAMETERS.search(text[max(0, figure.start - 40) : figure.end + 30])
        model = re.match(
            r"[\s-]*(?:[\w-]+[\s-]){0,3}(?:models?|transformer|network|design|architecture)\b", after
        )
        if figure.vague or not (parameters or model) or not _is_said_of_it(sentence, figure.start):
            continue
        before = text[: figure.start]
        if (
            re.search(
                r"\b(?:than|as|like|beside|from|for|with|any|of) (?:an? |the |any )?(?:[\w-]+ )?$",
                before[-40:],
            )
            and not re.search(r"§[^§]{0,30}\b(?:with|of|for|from) (?:an? |the )?(?:[\w-]+ )?$", before[-40:])
            and not re.search(
                r"\b(?:count|number|total|size|parameters) (?:of|is) (?:§+ is )?$|\bwith (?:an? |its |all )?(?:[\w-]+ )?$",
                before[-40:],
            )
        ):
            continue
        if _WORKED_ON.search(before) or (not parameters and _is_subject(sentence, figure)):
            continue
        tool = sentence.owner(figure.start, figure.end)
        if tool is None:
            continue
        digits = re.match(r"[\d.,]+", figure.text)
        value = (
            f"{digits[0] if digits else plain(figure.value / 10**9)} billion"
            if "b" in figure.text
            else figure.text
        )
        measured = measure("parameters", value)
        yield Statement(
            matter=Matter.PARAMETERS,
            tool=tool,
            value=measured.value,
            number=figure.value,
            unit=measured.unit,
            words=sentence.words,
            line=sentence.line,
        )


#: "to fine-tune a 405B model": what it works on is not what it is.
_WORKED_ON = re.compile(
    r"\b(?:fine-?tun\w+|tun(?:es?|ing)|trains?|training|host\w*|serv(?:es?|ing)|runs?|running|distil\w*|compress\w*|quanti[sz]\w*|deploy\w*) "
    r"(?:an? |the |any )?$"
)


def _is_subject(sentence: Sentence, figure: Magnitude) -> bool:
    """Return whether "a 70B model" is what the sentence speaks of, and not what its tool is."""
    first, last = sentence.clause(figure.start)
    before = sentence.text[first : figure.start].strip(" ,")
    if before not in ("a", "an", "the", "any", "even a", "even the"):
        return False
    noun = re.match(
        r"[\s-]*(?:[\w-]+[\s-]){0,3}?(?:models?|transformer|network|design|architecture)\b",
        sentence.text[figure.end :],
    )
    after = sentence.text[figure.end + (noun.end() if noun else 0) : last]
    named = re.match(r"\s*,?\s*§", after)
    return not named and bool(
        re.match(r"\s+(?!for|with|of|from|by|in|to|that|on|tuned|built|made|and)\w", after)
    )


_LICENCE = re.compile(
    r"(?P<apache>apache(?:[ -](?:licen[cs]e)?,?(?: version)?[ -]?2(?:\.0)?|-2\.0)?)|(?P<mit>(?<![\w])mit(?![\w]))|(?P<bsd>(?:\d-clause )?bsd(?:[ -]\d(?:-clause)?)?)"
    r"|(?P<gpl>(?:gnu )?[al]?gpl(?:[ -]?v?\d(?:\.\d)?)?)|(?P<mpl>mpl[ -]?2\.0|mozilla public licen[cs]e)|(?P<cc>cc[ -](?:by(?:-[a-z]{2})*(?: \d\.\d)?|0)|cc0)"
    r"|(?P<closed>(?:a |an )?(?:proprietary|closed-source|closed) (?:licen[cs]e|model|weights)|weights are closed)"
)
_WRITTEN = {"apache": "Apache 2.0", "mit": "MIT", "closed": "proprietary"}


def _licences(sentence: Sentence) -> Iterator[Statement]:
    found = list(_LICENCE.finditer(sentence.text)) if _LICENCE_HINT.search(sentence.text) else []
    for each in found:
        first, last = sentence.clause(each.start())
        clause = sentence.text[first:last]
        near = sentence.text[max(first, each.start() - 60) : min(last, each.end() + 60)]
        part = lexicon.PARTS_OF_TOOL.search(clause)
        if not lexicon.LICENSED.search(near) or (part and not (part[0] == "code" and "weights" in clause)):
            continue
        if not _is_said_of_it(sentence, each.start()) or _SHARED.search(clause):
            continue
        tool = sentence.owner(each.start(), each.end())
        kind = each.lastgroup or ""
        if tool and len({one.lastgroup for one in found}) == 1:
            yield Statement(
                matter=Matter.LICENCE,
                tool=tool,
                value=_WRITTEN.get(kind, sentence.words[each.start() : each.end()]),
                words=sentence.words,
                line=sentence.line,
            )


_LICENCE_HINT = re.compile(
    r"apache|(?<!\w)mit(?!\w)|bsd|gpl|mpl|mozilla|(?<!\w)cc[ -]?(?:by|0)|proprietary|closed"
)
_SHARED = re.compile(r"\b(?:such as|similar to|unlike|compatible with|would be|licen[cs]ing and)\b|\bwhen\b")


# Dates.


def _dates(sentence: Sentence) -> Iterator[Statement]:
    dates = sentence.of(Quantity.DATE)
    if len(dates) != 1:
        return
    figure = dates[0]
    text = sentence.text
    first, last = sentence.clause(figure.start)
    clause = text[first:last]
    value = sentence.words[figure.start : figure.end]
    day = measure("updated", re.sub(r"(?<=\d)(?:st|nd|rd|th)\b|(?<=\w)\.(?= \d)|\bof ", "", value)).value
    if not re.fullmatch(r"\d{4}(-\d\d){0,2}", day):
        return
    conditions = sentence.conditions(figure.start) - {"past"}
    checked = nearest(figure, lexicon.CHECKED, text, first, last)
    released = nearest(figure, lexicon.RELEASED, text, first, last)
    if (
        checked is not None
        and (released is None or checked <= released)
        and not lexicon.NOT_CHECK.search(clause)
    ):
        if not conditions & {"negated", "future", "supposed", "earlier", "others"}:
            tool = sentence.owner(figure.start, figure.end) or sentence.subject
            if tool:
                yield Statement(
                    matter=Matter.CHECKED, tool=tool, value=day, words=sentence.words, line=sentence.line
                )
        return
    if released is None or lexicon.NOT_RELEASE.search(clause):
        return
    if conditions & {"negated", "future", "supposed", "earlier", "others", "special"}:
        return
    tool = sentence.owner(figure.start, figure.end)
    if tool:
        yield Statement(
            matter=Matter.RELEASED, tool=tool, value=day, words=sentence.words, line=sentence.line
        )


# The panel and the community.


def read_panel(sentence: Sentence) -> Iterator[Statement]:
    """Yield what a sentence says of the reviewers' scores and decisions, and of the community's votes."""
    text = sentence.text
    if lexicon.MEAN.search(text):
        yield from _mean(sentence)
    panel, community = lexicon.PANEL.search(text), lexicon.COMMUNITY.search(text)
    if panel or re.search(r"\bpanel\b|\bships?\b.*\bskips?\b", text):
        yield from _ships(sentence)
    for figure in sentence.of(Quantity.PERCENT):
        yield from _share(sentence, figure, community is not None)


def _stands(sentence: Sentence, position: int) -> bool:
    conditions = sentence.conditions(position)
    return (
        not conditions & {"future", "earlier", "others"}
        and not lexicon.SOME_OF.search(sentence.text)
        and not (
            "past" in conditions
            and re.search(r"\b(?:was|were|had|used to)\b(?! (?:\w+ed|given)\b)", sentence.text)
        )
    )


def _mean(sentence: Sentence) -> Iterator[Statement]:
    text = sentence.text
    numbers = [
        each
        for each in sentence.of(Quantity.COUNT, Quantity.SCORE)
        if each.text[0].isdigit()
        and 1 <= each.value <= 100
        and (each.of in (None, 100))
        and not re.match(r"\s*(?:reviewers?|panel|of|scores|judges|votes)\b", text[each.end :])
    ]
    if (
        len(numbers) != 1
        or sentence.of(Quantity.MONEY, Quantity.TOKENS, Quantity.PERCENT)
        or not _stands(sentence, numbers[0].start)
    ):
        return
    tool = sentence.owner(numbers[0].start, numbers[0].end)
    if tool and "negated" not in sentence.conditions(numbers[0].start):
        yield Statement(
            matter=Matter.MEAN,
            tool=tool,
            value=plain(numbers[0].value),
            number=numbers[0].value,
            words=sentence.words,
            line=sentence.line,
            about=bool(_ROUGHLY.search(text[: numbers[0].start])),
        )


def _ships(sentence: Sentence) -> Iterator[Statement]:
    """Yield how many reviewers would ship a tool."""
    text = sentence.text
    if lexicon.SOME_OF.search(text) or sentence.of(Quantity.PERCENT):
        return
    found = _counted(sentence)
    if found is None:
        return
    ships, total, place = found
    conditions = sentence.conditions(place) - {"negated"}
    if conditions & {"future", "earlier", "others", "supposed"} or re.search(
        r"\b(?:was still|were still|used to|had)\b", text
    ):
        return
    tool = sentence.owner(place, place) or (sentence.tools()[0] if len(sentence.tools()) == 1 else None)
    if tool:
        yield Statement(
            matter=Matter.SHIPS,
            tool=tool,
            value=plain(ships),
            number=ships,
            of=total,
            words=sentence.words,
            line=sentence.line,
        )


def _counted(sentence: Sentence) -> tuple[Decimal, Decimal | None, int] | None:
    """Return how many of how many ship, and where that is said."""
    text = sentence.text
    ship, skip = list(lexicon.SHIP.finditer(text)), list(lexicon.SKIP.finditer(text))
    split = next(iter(sentence.of(Quantity.SPLIT)), None)
    if split and split.of is not None:
        skips_first = (skip and ship and skip[0].start() < ship[0].start()) or (skip and not ship)
        left, right = (split.of, split.value) if skips_first else (split.value, split.of)
        return left, left + right, split.start
    score = next(
        (each for each in sentence.of(Quantity.SCORE) if each.of is not None and each.of <= 12), None
    )
    counts = [
        each for each in sentence.of(Quantity.COUNT) if each.value <= 12 and each.value == int(each.value)
    ]
    everyone = re.search(
        rf"\b(?:all|every|each)(?: of)?(?: the| our)?(?: \w+)? {lexicon.REVIEWER}\b|\bunanimous\w*", text
    )
    if not score and not counts and not everyone:
        return None
    if not ship and not skip:
        return None
    if score and score.of is not None:
        return (
            (score.of - score.value if _skips(ship, skip, score.end) else score.value),
            score.of,
            score.start,
        )
    total = next(
        (
            each
            for each in counts
            if re.match(rf"\s*(?:\w+ )?{lexicon.REVIEWER}\b", text[each.end :])
            and re.search(r"\b(?:of|from|our|the|all)\s*(?:the |our |its )?$", text[: each.start])
        ),
        None,
    )
    rest = [each for each in counts if each is not total]
    if len(rest) >= 2 and ship and skip:
        first, second = rest[:2]
        ships_first = ship[0].start() < skip[0].start()
        ships, skips = (first, second) if ships_first else (second, first)
        return ships.value, ships.value + skips.value, first.start
    if len(rest) == 1:
        if total is None and not re.match(
            rf"\s*(?:of|out of)?\s*(?:the |our )?(?:\w+ )?{lexicon.REVIEWER}|\s*(?:would|said|say|back|ship|skip|vote)",
            text[rest[0].end :],
        ):
            return None
        value = rest[0].value
        if _skips(ship, skip, rest[0].end):
            return None if total is None else (total.value - value, total.value, rest[0].start)
        return value, total.value if total else None, rest[0].start
    if total is not None and everyone and not rest:
        return (Decimal(0) if skip and not ship else total.value), total.value, total.start
    return None


def _skips(ship: list[re.Match[str]], skip: list[re.Match[str]], position: int) -> bool:
    if not skip:
        return False
    if not ship:
        return True
    after_ship = min((each.start() for each in ship if each.start() >= position), default=10**6)
    after_skip = min((each.start() for each in skip if each.start() >= position), default=10**6)
    return after_skip < after_ship


def _share(sentence: Sentence, figure: Magnitude, has_community: bool) -> Iterator[Statement]:
    text = sentence.text
    if not _stands(sentence, figure.start) or "negated" in sentence.conditions(figure.start):
        return
    panel_words = re.compile(rf"\bpanel\b|{lexicon.PANEL.pattern}")
    community = nearest(figure, lexicon.COMMUNITY, text) if has_community else None
    panel = nearest(figure, panel_words, text)
    judged = lexicon.SHIP.search(text) or lexicon.SKIP.search(text)
    if (panel is None and community is None) or (panel is not None and not judged):
        return
    if (
        community is not None
        and not judged
        and not re.search(
            r"\b(?:vote|votes|voted|poll|gives?|gets?|gave|got|has|reach\w*|approval|stands?|at)\b", text
        )
    ):
        return
    share = figure.value
    if lexicon.SKIP.search(text) and not lexicon.SHIP.search(text):
        share = 1 - share
    matter = (
        Matter.COMMUNITY if community is not None and (panel is None or community <= panel) else Matter.SHARE
    )
    tool = sentence.owner(figure.start, figure.end)
    if tool and 0 <= share <= 1:
        yield Statement(
            matter=matter,
            tool=tool,
            value=plain(share * 100),
            number=share * 100,
            unit="%",
            words=sentence.words,
            line=sentence.line,
            about=bool(_ROUGHLY.search(text[: figure.start])),
        )

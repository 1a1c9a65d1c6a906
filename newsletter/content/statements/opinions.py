"""Statements of results and opinions: scores, wins, who is ahead, who is untested, which is the better one."""

import re
from collections.abc import Iterator
from decimal import Decimal

from newsletter.content.statements import lexicon
from newsletter.content.statements.sentence import Magnitude, Named, Quantity, Sentence
from newsletter.content.statements.statement import Matter, Statement
from newsletter.content.units import plain

#: A sentence without any of these says nothing of results.
_ANY = re.compile(
    r"test|categor|benchmark|bench |score|row|task|dimension|round|disciplin|evaluat|better|best|strong|winner|win|won|pick|choose|choice|recommend|default|"
    r"ahead|sweep|swept|board|take|go for|go with|get|answer|graded|grade|measured|run|points|scale|rated|mark|superior|on top|prefer|lose|everywhere|exception|table|result|hands down|favou?rite|\d (?:points )?(?:out )?of (?:a |the )?\d"
)


def read_results(sentence: Sentence) -> Iterator[Statement]:
    """Yield what a sentence says of tests and of which tool is the better one."""
    text = sentence.text
    if not _ANY.search(text) and not sentence.of(Quantity.SCORE):
        return _only_a_name(sentence)
    return _read(sentence)


def _read(sentence: Sentence) -> Iterator[Statement]:
    yield from _scores(sentence)
    yield from _small_phrases(sentence)
    every = list(_every_test(sentence))
    yield from every
    yield from _wins(sentence)
    if not every:
        yield from _tests(sentence)
    yield from _untested(sentence)
    yield from _better(sentence)
    yield from _only_a_name(sentence)


def _say(sentence: Sentence, matter: Matter, tool: str, value: str = "", **more: object) -> Statement:
    return Statement(
        matter=matter,
        tool=tool,
        rival=sentence.names.rival(tool),
        value=value or matter.value,
        words=sentence.words,
        line=sentence.line,
        **more,  # type: ignore[arg-type]
    )


# Scores.

_SCALE = re.compile(
    r"\b(?:(?:scale of|from) (?:0|1|zero|one) to (?P<to>\d+|five|ten)|(?P<point>\d+|five|ten)-point scale)"
)


_OUT_OF = re.compile(
    r"(?<![\w.])(\d+(?:\.\d+)?) (?:points? )?(?:out of|of) (?:the |a possible |a maximum of |its )?(\d+)\b"
    r"(?! (?:\w+ )?(?:reviewers?|panel|tests|rows|categories|benchmarks|votes|judges|cases|users|questions|tasks)|[\w.%])"
)


def _scores(sentence: Sentence) -> Iterator[Statement]:
    """Yield scores with what they are out of."""
    text = sentence.text
    conditions = {"past", "future", "supposed", "earlier", "others"}
    scale = _SCALE.search(text)
    for figure in sentence.of(Quantity.SCORE):
        out_of = figure.of
        if out_of is None or re.match(
            r"\s*(?:reviewers?|panel|tests|rows|categories|votes|judges|times|cases|users)\b",
            text[figure.end :],
        ):
            continue
        if not sentence.conditions(figure.start) & (conditions - {"past"}):
            tool = sentence.owner(figure.start, figure.end)
            if tool:
                yield _say(sentence, Matter.SCORE, tool, figure.text, number=figure.value, of=out_of)
    counts = [each for each in sentence.of(Quantity.COUNT) if each.text[0].isdigit()]
    if scale:
        out_of = _number(scale["to"] or scale["point"])
        points = [each for each in counts if not scale.start() <= each.start < scale.end()]
    else:
        pair = _OUT_OF.search(text)
        out_of = Decimal(pair[2]) if pair else Decimal(0)
        points = [each for each in counts if pair and each.start == pair.start()]
    if out_of and len(points) == 1 and not sentence.conditions(points[0].start) & (conditions - {"past"}):
        tool = sentence.owner(points[0].start, points[0].end)
        if tool:
            yield _say(
                sentence,
                Matter.SCORE,
                tool,
                f"{points[0].text} of {plain(out_of)}",
                number=points[0].value,
                of=out_of,
            )


def _number(text: str) -> Decimal:
    worded = lexicon.NUMBERS.get(text)
    return Decimal(text) if worded is None else Decimal(worded)


#: Statements that are made in few words: a grade, a share of successes, a lead, "no public benchmarks".
_PHRASES = (
    (Matter.GRADE, re.compile(r"(?:\bgrade of|\bgraded|\brated|'s) [\"'](?P<value>[a-z][\w -]{1,30})[\"']")),
    (
        Matter.ZERO,
        re.compile(
            r"\bscor(?:ed|es) (?P<value>zero|nothing|0|\d+) (?:across the board|in every|everywhere|in all)"
        ),
    ),
    (Matter.SUCCESS, re.compile(r"(?P<value>\d+/\d+) success rate\b")),
    (Matter.LEAD, re.compile(r"\bby (?P<value>\d+(?:[-–]\d+)?)% in (?:[\w-]+ )?bench\s?marks?\b")),
    (Matter.STRENGTH, re.compile(r"\boverall strength[\"']? score of (?P<value>\d+(?:\.\d+)?(?:/\d+)?)")),
    (Matter.NOT_PUBLIC, re.compile(r"\b(?P<value>(?:no|without) public bench\s?marks)\b")),
)


def _small_phrases(sentence: Sentence) -> Iterator[Statement]:
    for matter, pattern in _PHRASES:
        for found in pattern.finditer(sentence.text):
            tool = sentence.owner(
                found.start() if matter is Matter.GRADE else found.start("value"), found.end()
            )
            if found[0].startswith("'s"):
                tool = next((each.tool for each in sentence.named if each.end == found.start()), tool)
            if tool is None:
                continue
            start, end = found.span("value")
            value = sentence.words[start:end]
            if matter is Matter.ZERO:
                value = {"zero": "0", "nothing": "0"}.get(value.lower(), value)
            elif matter is Matter.NOT_PUBLIC:
                value = "none public"
            yield _say(sentence, matter, tool, value, unit="%" if matter is Matter.LEAD else "")


# Wins.

_OTHER_SOURCE = {"future", "supposed", "earlier", "others"}


def _is_of_this_page(sentence: Sentence, position: int) -> bool:
    return (
        not sentence.conditions(position) & _OTHER_SOURCE
        and not lexicon.OTHER_TESTS.search(sentence.text)
        and not sentence.names_others
    )


def _subject(sentence: Sentence, position: int) -> Named | None:
    """Return the name before a verb that its clause speaks of."""
    first, _ = sentence.clause(position)
    before = [each for each in sentence.named if first <= each.start and each.end <= position]
    return before[-1] if before else None


def _every_test(sentence: Sentence) -> Iterator[Statement]:
    """Yield which tool is ahead in every test, said of it or of the one that is never ahead."""
    text = sentence.text
    none = lexicon.NO_TEST.search(text)
    every = none or lexicon.EVERY_TEST.search(text) or _all_of(sentence)
    if every is None or not _is_of_this_page(sentence, every.start()):
        return
    if any(
        each.quantity is Quantity.COUNT and each.value > 1 and every.start() <= each.start < every.end()
        for each in sentence.figures
    ):
        return
    verbs = [
        each for each in lexicon.WINNING.finditer(text) if each[0] not in ("better", "first", "over") or none
    ]
    losing = lexicon.LOSING.search(text)
    sweep = re.search(r"sweep|swept", every[0]) is not None
    if not (verbs or losing or sweep):
        return
    tools = [each for each in sentence.named if each.tool]
    if not tools:
        return
    verb = losing or (verbs[0] if verbs else every)
    if (
        re.search(
            r"\b(?:not|n't|never|no longer|hardly|may|might|could|would|can|should|to)\s+(?:\w+\s+)?$",
            text[: verb.start()][-24:],
        )
        and not none
    ):
        return
    passive = re.search(
        r"\b(?:was|were|is|are|been|being|gets?|got)\s+(?:\w+\s+)?$", text[: verb.start()][-20:]
    ) and re.search(
        r"^(?:beat|outscored|outperformed|led|defeated|surpassed|swept|topped|won|bested)", verb[0]
    )
    winner = _winner(sentence, verb, tools)
    if winner is None:
        return
    turned = (losing is not None) ^ bool(passive) ^ (none is not None)
    tool = sentence.names.rival(winner) if turned else winner
    if tool:
        yield _say(sentence, Matter.EVERY_TEST, tool)


def _winner(sentence: Sentence, verb: re.Match[str], tools: list[Named]) -> str | None:
    """Return the tool that a verb is said of."""
    if verb[0] in (
        "goes to",
        "go to",
        "went to",
        "belong to",
        "belongs to",
        "sweep",
        "clean sweep",
        "wins",
        "win",
    ) or verb[0].startswith("clean"):
        goes = re.search(
            r"(?:goes|go|went|belongs?) to\s+|(?:sweep|wins?|clean sweep) (?:for|by)\s+", sentence.text
        )
        if goes:
            after = [each for each in tools if each.start >= goes.end()]
            if after and after[0].start - goes.end() < 6:
                return after[0].tool
    before = [each for each in tools if each.end <= verb.start()]
    if before:
        subject = before[-1]
        return None if sentence.text[subject.end : subject.end + 2] in ("'s", "' ") else subject.tool
    return (
        tools[0].tool
        if re.search(r"\bfor\s+$|\bdoes\s+$|\bdo\s+$|\bdid\s+$", sentence.text[: tools[0].start])
        or tools[0].start < verb.start() + 60
        else None
    )


def _all_of(sentence: Sentence) -> re.Match[str] | None:
    return re.search(rf"\ball (?:\w+ )?(?:\w+ )?(?:of the )?{lexicon.TESTS}\b", sentence.text)


def _wins(sentence: Sentence) -> Iterator[Statement]:
    """Yield in how many tests a tool is said to be ahead."""
    text = sentence.text
    if not lexicon.WINNING.search(text) or not (
        lexicon.TEST.search(text) or re.search(r"\bleads? in\b", text)
    ):
        return
    found = _count_of_wins(sentence)
    if found is None:
        return
    figure, total = found
    if (
        sentence.conditions(figure.start) & _OTHER_SOURCE
        or sentence.names_others
        or "negated" in sentence.conditions(figure.start)
        or lexicon.LOSING.search(text)
    ):
        return
    tools = [each for each in sentence.named if each.tool]
    goes = re.search(r"\b(?:goes?|go|went|belongs?) to\s+(?=§)", text)
    if goes:
        tool = next((each.tool for each in tools if each.start >= goes.end()), None)
    else:
        before = _subject(sentence, figure.start)
        tool = (
            (before.tool if not _is_beaten(sentence, before) else _other_before(sentence, before))
            if before
            else next((each.tool for each in tools), None) or sentence.subject
        )
    if tool:
        elsewhere = "elsewhere" if lexicon.OTHER_TESTS.search(text) else ""
        yield _say(
            sentence, Matter.WINS, tool, plain(figure.value), number=figure.value, of=total, unit=elsewhere
        )


def _is_beaten(sentence: Sentence, name: Named) -> bool:
    return bool(
        re.search(
            r"\b(?:beats?|outscore[sd]?|outperform(?:s|ed)?|leads|defeat(?:s|ed)|from|over|against|than|tops|ahead of|past)\s+$",
            sentence.text[: name.start],
        )
    )


def _other_before(sentence: Sentence, name: Named) -> str | None:
    return next(
        (
            each.tool
            for each in reversed(sentence.named)
            if each.end <= name.start and each.tool and each.tool != name.tool
        ),
        None,
    )


def _count_of_wins(sentence: Sentence) -> tuple[Magnitude, Decimal | None] | None:
    text = sentence.text
    score = next(
        (
            each
            for each in sentence.of(Quantity.SCORE)
            if each.of is not None and re.match(rf"\s*(?:\w+ )?{lexicon.TESTS}\b", text[each.end :])
        ),
        None,
    )
    if score:
        return score, score.of
    counts = [
        each
        for each in sentence.of(Quantity.COUNT, Quantity.TIMES)
        if each.value <= 100
        and each.value == int(each.value)
        and (each.quantity is Quantity.COUNT or "times" in each.text)
    ]
    joint = "of|out of|from|in|among|across" if len(counts) > 1 else "of|out of|from"
    total = next(
        (
            each
            for each in counts
            if re.match(rf"\s*(?:\w+ )?{lexicon.TESTS}\b", text[each.end :])
            and re.search(rf"\b(?:{joint})\s+(?:the |our |its |all )?$", text[: each.start])
        ),
        None,
    )
    rest = [
        each
        for each in counts
        if each is not total
        and not re.match(r"\s*(?:reviewers?|panel|-)", text[each.end :])
        and each.value > 0
    ]
    if len(rest) != 1:
        return None
    is_count = total is not None or re.match(
        rf"\s*(?:of the |of our |\w+ )?(?:\w+ )?(?:{lexicon.TESTS}|wins|victories)\b|\W*$|\s*(?:of|to)\b",
        text[rest[0].end :],
    )
    return (rest[0], total.value if total else None) if is_count else None


_AHEAD_IN_TESTS = re.compile(
    r"\b(?:outperform(?:s|ed)?|outscore[sd]?|beats?)\b(?=.*(?:bench\s?mark|\btests?\b|head-to-head|\d%))"
)


def _tests(sentence: Sentence) -> Iterator[Statement]:
    """Yield that a tool is ahead of the other in tests."""
    found = _AHEAD_IN_TESTS.search(sentence.text)
    if (
        not found
        or lexicon.OTHER_TESTS.search(sentence.text)
        or _TURNED.search(sentence.text[: found.start()])
    ):
        return
    subject = _subject(sentence, found.start())
    if (
        subject
        and subject.tool
        and not sentence.text[subject.end :].startswith("'")
        and any(
            each.tool and each.tool != subject.tool for each in sentence.named if each.start >= found.end()
        )
    ):
        yield _say(sentence, Matter.TESTS, subject.tool)


_TURNED = re.compile(
    r"\b(?:not|never|no longer|hardly|rarely|may|might|can|could|would|should|to|was|were|is|are|been|being|gets?)\s+(?:\w+\s+)?$|n't\s+(?:\w+\s+)?$"
)


# Untested.


def _untested(sentence: Sentence) -> Iterator[Statement]:
    text = sentence.text
    only = re.search(
        r"\bonly (?:untested|untried|ungraded) (?:area|category|test|dimension|skill|row|thing)\b", text
    )
    if only:
        of = next((each.tool for each in sentence.named if each.start >= only.end()), "")
        if of:
            yield _say(sentence, Matter.ONLY_UNTESTED, of)
        return
    found = lexicon.UNTESTED.search(text)
    if (
        not found
        or lexicon.PART_UNTESTED.search(text, found.end())
        or _PART.search(text)
        or re.search(r"\bpublic\b", text)
    ):
        return
    if sentence.conditions(found.start()) & {
        "past",
        "future",
        "supposed",
        "earlier",
        "others",
    } and not re.search(r"(?:has|have|was|were)(?: not|n't)", text):
        return
    if (
        lexicon.OTHER_TESTS.search(text)
        or lexicon.WINNING.search(text[: found.start()])
        or ("'untested'" in text and len(sentence.tools()) > 1)
    ):
        return
    tools = sentence.tools()
    tool = tools[0] if len(tools) == 1 and not sentence.names_others else None
    if tool is None and len(tools) == 2:
        tool = sentence.owner(found.start(), found.end())
    if tool:
        yield _say(sentence, Matter.UNTESTED, tool)


_PART = lexicon.any_of(
    r"""
    skills?; abilit\w+; parts? of; side of; features?; only (?:area|part); area; aspects?; handling;
    recognition; support
    """
)


# The better one.


def _better(sentence: Sentence) -> Iterator[Statement]:
    text = sentence.text
    found = lexicon.BETTER.search(text)
    if not found or text.rstrip().endswith("?") or sentence.names_others:
        return
    after = re.split(r"[.;,—:]", text[found.end() :])[0]
    if (
        lexicon.CONDITION.search(text[: found.start()])
        or lexicon.CONDITION.search(after)
        or (lexicon.TEST.search(text) and re.search(rf"\b(?:in|of) [\w ]*{lexicon.TESTS}", text))
    ):
        return
    tools = [each for each in sentence.named if each.tool]
    if not tools and sentence.subject is None:
        return
    tool: str | None
    if not tools:
        tool = sentence.subject
    else:
        plain_names = [
            each
            for each in tools
            if not _is_second(sentence, each) and sentence.text[each.end : each.end + 2] != "'s"
        ]
        after = [each for each in plain_names if each.start >= found.end()]
        before = [each for each in plain_names if each.end <= found.start()]
        names = {each.tool for each in plain_names}
        tool = (
            next(iter(names))
            if len(names) == 1
            else before[-1].tool
            if before
            else after[0].tool
            if after
            else None
        )
    if tool and sentence.names.rival(tool):
        yield _say(sentence, Matter.BETTER, tool)


def _is_second(sentence: Sentence, name: Named) -> bool:
    """Return whether a name is what the better one is better than."""
    before = sentence.text[max(0, name.start - 24) : name.start]
    after = sentence.text[name.end : name.end + 30]
    return bool(
        re.search(
            r"\b(?:over|than|not|against|versus|vs\.?|instead of|rather than|ahead of|beats?|or|above|leave|skip|forget)\s+$",
            before,
        )
        or re.match(r"\s+(?:has no|cannot|can't|is not|isn't|falls|loses|trails|comes second)", after)
    )


def _only_a_name(sentence: Sentence) -> Iterator[Statement]:
    """Yield that an answer which is only a name is for that tool."""
    if (
        len(sentence.named) == 1
        and sentence.named[0].tool
        and re.fullmatch(
            r"(?:\w+,? ){0,2}§+(?:, (?:hands down|of course|clearly|no question|without (?:a )?doubt|no contest|by far|every time|easily|definitely))?[.!]?",
            sentence.text,
        )
    ):
        yield _say(sentence, Matter.BETTER, sentence.named[0].tool)

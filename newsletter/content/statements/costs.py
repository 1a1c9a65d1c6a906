"""Statements of money: prices of tokens, costs of volumes, and how much one tool costs against another.

An amount is read with the volume, the direction and the tool that stand beside it; what one amount of a list leaves out,
its neighbours say. A comparison is read from a figure or a word such as "half", the side that it makes cheap, and the tool
that it is measured by.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from newsletter.content.statements import lexicon
from newsletter.content.statements.sentence import (
    Magnitude,
    Named,
    Quantity,
    Sentence,
    between,
    is_under_circumstances,
)
from newsletter.content.statements.statement import Matter, Statement

MILLION = Decimal(1_000_000)
#: Conditions under which a price is not the tool's price.
_NOT_PLAIN = {"negated", "past", "future", "supposed", "special", "earlier", "others"}
#: A unit: a price for so many tokens is a price per token.
_UNITS = (Decimal(1_000), MILLION)
#: What may stand between an amount and what it is for.
_FILLER = re.compile(
    r"(?:[\s~(/,]|\b(?:per|for|a|an|each|every|the|of|on|in|is|are|to|by|at|as|that|it|your|you|any|one|only|just|about|roughly|rate|price[ds]?|"
    r"pricing|side|way|usd|flat|what|whole|single|full|month|monthly|mo|daily|day|year|total|when|tokens?)\b)*"
)
_PERIOD = re.compile(
    r"(?P<day>\b(?:a|per|each|every) day\b|\bdaily\b|/ ?day\b|\bday\b)"
    r"|(?P<month>\b(?:a|per|each|every) month\b|\bmonthly\b|/ ?mo(?:nth)?\b|\bmonths?\b)"
    r"|(?P<year>\b(?:a|per|each|every|over a|in a|one) year\b|\b(?:yearly|annual(?:ly)?)\b|/ ?(?:yr|year)\b|\btwelve months\b|\b12 months\b|\byear\b)"
)
#: How many of one period make another.
_TIMES: dict[tuple[str, str], tuple[Decimal | int, Decimal | int]] = {
    ("day", "day"): (1, 1),
    ("day", "month"): (22, 31),
    ("day", "year"): (240, 366),
    ("month", "month"): (1, 1),
    ("month", "year"): (12, 12),
    ("month", "day"): (Decimal(1) / 31, Decimal(1) / 20),
    ("year", "year"): (1, 1),
    ("year", "month"): (Decimal(1) / 12, Decimal(1) / 12),
    ("day", ""): (1, 31),
    ("", "year"): (1, 12),
    ("", "day"): (Decimal(1) / 31, 1),
}
#: What ties a second amount to the first as the other tool's, in the same respect.
_AGAINST = re.compile(
    r"\s*(?:on § )?,?\s*\(?(?:versus|vs\.?|against|compared (?:to|with)|where|as opposed to|not)\b[^$€£]{0,30}"
)
_SET_AGAINST = re.compile(r"^[^;]{0,40}\b(?:versus|vs\.?|against|compared (?:to|with)|as opposed to)(?!\w)")
_SEVERAL = re.compile(r"\b(?:both|the two|each|either|all|together|respectively)\b")


def read_costs(sentence: Sentence) -> Iterator[Statement]:
    """Yield what a sentence says of prices and costs."""
    moneys = sentence.of(Quantity.MONEY)
    compared = list(_compared(sentence, moneys))
    yield from compared
    used = {
        each.start
        for each in moneys
        if any(each.text == one.value for one in compared if one.matter is Matter.SAVING)
    }
    exchanged = list(_exchanged(sentence, moneys))
    yield from (each for each, _ in exchanged)
    second = {place for _, place in exchanged}
    amounts = [each for each in moneys if each.start not in used and each.start not in second]
    if amounts:
        yield from _without_doubt(_amounts(sentence, amounts))


def _without_doubt(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Yield what a sentence says of each price once: where it seems to say two, it was not understood."""
    found: dict[tuple[object, ...], list[Statement]] = {}
    for each in statements:
        key = (each.matter, each.tool, each.volume, each.high, "USD" if each.unit == "USD" else each.unit)
        found.setdefault(key, []).append(each)
    for same in found.values():
        if len({each.number for each in same}) == 1:
            yield from same[:1]


# Amounts.


def _amounts(sentence: Sentence, moneys: Sequence[Magnitude]) -> Iterator[Statement]:
    volumes = _volumes(sentence, moneys)
    directions = _directions(sentence, moneys)
    tools = _owners(sentence, moneys)
    for index, money in enumerate(moneys):
        tool, volume, direction = tools[index], volumes[index], directions[index]
        if tool is None or volume is None or money.vague:
            continue
        conditions = sentence.conditions(money.start)
        unit = volume.value in _UNITS and not volume.vague
        times = _times_of(sentence, money, volume)
        is_price = unit and times == (1, 1) and not _is_period_beside(sentence, volume)
        if (
            not is_price
            and conditions & {"supposed"}
            and re.search(r"\bif (?:you|your|a|one|we)\b", sentence.text)
        ):
            conditions = conditions - {"supposed"}
        if conditions & _NOT_PLAIN or _is_partial(sentence, money) or _is_elsewhere(sentence, money):
            continue
        if is_price and is_under_circumstances(sentence, money.start):
            continue
        if is_price:
            price = money.value * MILLION / volume.value
            yield Statement(
                matter=Matter(f"{direction}_price") if direction else Matter.TOKEN_PRICE,
                tool=tool,
                value=f"{money.text.lstrip('~≈')} per {'1M' if volume.value == MILLION else '1K'} tokens",
                number=price,
                unit=money.unit,
                direction=direction,
                words=sentence.words,
                line=sentence.line,
            )
        elif money.unit == "USD" and volume.value >= 1000 and _is_cost(sentence, money, volume):
            yield Statement(
                matter=Matter.COST,
                tool=tool,
                value=money.text.lstrip("~≈"),
                number=money.value,
                volume=volume.value,
                direction=direction if not _both_named(sentence) else "",
                low=Decimal(times[0]),
                high=Decimal(times[1]),
                words=sentence.words,
                line=sentence.line,
            )


def _is_elsewhere(sentence: Sentence, money: Magnitude) -> bool:
    """Return whether a price is asked by somebody else, or if one does something first: "use the queue and it costs"."""
    first, last = sentence.clause(money.start)
    hosted = any(
        not each.tool and first <= each.start < last and _ON.search(sentence.text[: each.start])
        for each in sentence.named
    )
    return hosted or _DO_AND.match(sentence.text) is not None


_ON = re.compile(r"\b(?:on|through|via|at|with|by way of|inside)\s+(?:the \w+ of )?$")
_DO_AND = re.compile(
    r"\W*(?:use|sign|repeat|wait|commit|book|reserve|prepay|submit|queue|schedule|enable|turn|opt|ask|share|agree|join|promise|let)\b[^.;]* and (?:§|it\b|the (?:price|rate))"
)


def _is_partial(sentence: Sentence, money: Magnitude) -> bool:
    """Return whether an amount is a saving, or no price of tokens alone."""
    before, after = (
        sentence.text[max(0, money.start - 30) : money.start],
        sentence.text[money.end : money.end + 30],
    )
    return bool(_SAVED_BEFORE.search(before) or _DIFFERENCE_AFTER.match(after) or _MORE.search(sentence.text))


_MORE = lexicon.any_of(
    r"""
    included; including; staff; support contract; customer saved; plus; with caching; on top of
    """
)
_SAVED_BEFORE = re.compile(
    r"\b(?:sav(?:es?|ing|ings)(?: you| us| of)?|keep|frees?|worth|raised|spent)(?: up to| about| roughly)?\s*[~≈]?$"
)
_DIFFERENCE_AFTER = re.compile(r"\s*(?:cheaper|less|more|dearer|lower|higher|off|below|above|under|saved)\b")


def _is_cost(sentence: Sentence, money: Magnitude, volume: Magnitude) -> bool:
    return bool(lexicon.PRICE.search(sentence.text) or _COMES_TO.search(sentence.text))


_COMES_TO = lexicon.any_of(
    r"""
    come[s]? (?:to|in at|out at); runs? (?:to|you|at)?; sets? you back; adds? up; makes?; amounts? to;
    reads?; is; are; works? out; totals?; lands?; for; means?; equals?; takes?
    """
)


def _volumes(sentence: Sentence, moneys: Sequence[Magnitude]) -> list[Magnitude | None]:
    """Return the tokens that each amount is for: said beside it, before it, or of its neighbour."""
    text = sentence.text
    counts = [each for each in sentence.of(Quantity.TOKENS) if not _is_window(sentence, each)]
    own: list[Magnitude | None] = []
    taken: set[int] = set()
    for index, money in enumerate(moneys):
        following = moneys[index + 1].start if index + 1 < len(moneys) else len(text)
        found = next(
            (
                each
                for each in between(counts, money.end, following)
                if _FILLER.fullmatch(_bare(sentence, money.end, each.start))
            ),
            None,
        )
        if found:
            taken.add(found.start)
        own.append(found)
    for index, money in enumerate(moneys):
        if own[index] is None:
            earlier = moneys[index - 1].end if index else 0
            before = [each for each in between(counts, earlier, money.start) if each.start not in taken]
            own[index] = before[-1] if before else None
            if own[index] is None and index == len(moneys) - 1:
                after = between(counts, money.end, sentence.clause(money.start)[1])
                own[index] = after[0] if after else None
    for index in range(1, len(own)):
        own[index] = own[index] or own[index - 1]
    for index in reversed(range(len(own) - 1)):
        following_volume = own[index + 1]
        if own[index] is None and following_volume is not None and following_volume.value in _UNITS:
            own[index] = following_volume
    if not any(own) and any(_PRICING.match(text[each.end :]) for each in moneys):
        return [Magnitude(Quantity.TOKENS, MILLION, each.end, each.end, "") for each in moneys]
    return own


#: "$0.15/$0.60 pricing", "$2.00 output pricing": a price of tokens that does not say of how many.
_PRICING = re.compile(
    r"(?:\s*/\s*[$€£][\d.,]+)?\s*(?:input|output)?\s*(?:token )?(?:pricing|prices?|rates?)\b(?! (?:point|tag|range|gap|cut))"
)


def _bare(sentence: Sentence, start: int, end: int) -> str:
    return lexicon.OUTPUT.sub(" ", lexicon.INPUT.sub(" ", sentence.text[start:end]))


def _is_window(sentence: Sentence, figure: Magnitude) -> bool:
    """Return whether a count of tokens is said of a context window or an answer."""
    after = sentence.text[figure.end : figure.end + 24]
    before = sentence.text[max(0, figure.start - 24) : figure.start]
    return bool(_WINDOW_AFTER.match(after) or _WINDOW_BEFORE.search(before))


_WINDOW_AFTER = re.compile(r"[\s-]*(?:tokens?[\s-]*)?(?:of )?(?:context|window)\b")
_WINDOW_BEFORE = re.compile(r"\b(?:context|window)(?: \w+)? (?:of|is|holds)\s*$")


_MIX = lexicon.any_of(
    r"""
    mix(?:es|ed)?; blend\w*; for (?:each|every) output token; per output token; on balance; averages?;
    averaged; weighted; all-in; combined; ratio
    """
)


def _directions(sentence: Sentence, moneys: Sequence[Magnitude]) -> list[str]:
    """Return input or output for each amount: said beside it, before it, or by its place in a pair."""
    text = sentence.text
    if _MIX.search(text):
        return [""] * len(moneys)
    words = sorted(
        [
            *((found.start(), found.end(), "input") for found in lexicon.INPUT.finditer(text)),
            *((found.start(), found.end(), "output") for found in lexicon.OUTPUT.finditer(text)),
        ]
    )
    after = [
        _direction_after(text, words, money, moneys[index + 1] if index + 1 < len(moneys) else None)
        for index, money in enumerate(moneys)
    ]
    taken = {place for _, place in filter(None, after)}
    directions: list[str] = []
    for index, money in enumerate(moneys):
        found = after[index]
        before = [word for word in words if word[1] <= money.start and word[0] not in taken]
        if (
            text[money.end : money.end + 1] == "/"
            and index + 1 < len(moneys)
            and moneys[index + 1].start <= money.end + 2
        ):
            directions.append("input")
        elif index and text[moneys[index - 1].end : money.start].strip() == "/":
            directions.append("output")
        elif found:
            directions.append(found[0])
        elif before:
            directions.append(before[-1][2])
        else:
            directions.append("")
    for index in range(1, len(moneys)):
        if not directions[index] and _SET_AGAINST.search(text[moneys[index - 1].end : moneys[index].start]):
            paired = directions[index - 2 : index] == ["input", "output"] and directions[
                index + 1 : index + 2
            ] == [""]
            directions[index : index + 1 + paired] = (
                ["input", "output"] if paired else directions[index - 1 : index]
            )
    return _completed(directions, {each for _, _, each in words})


def _completed(directions: list[str], said: set[str]) -> list[str]:
    """Return the directions with those that a sentence leaves out: by pairs, or the only one that it speaks of."""
    if "" in directions and len(directions) % 2 == 0 and len(directions) >= 4:
        pairs = list(zip(directions[::2], directions[1::2], strict=True))
        if ("input", "output") in pairs:
            return [each for one in pairs for each in (("input", "output") if "" in one else one)]
    if "" in directions and len(said) == 1:
        return [each or next(iter(said)) for each in directions]
    return directions


def _direction_after(
    text: str, words: Sequence[tuple[int, int, str]], money: Magnitude, following: Magnitude | None
) -> tuple[str, int] | None:
    limit = following.start if following else len(text)
    for start, _, direction in words:
        if money.end <= start < limit:
            gap = re.sub(
                r"\b(?:million|thousand|1m|1k|m|k|m?tok(?:en)?s?|1,000(?:,000)?)\b",
                " ",
                text[money.end : start],
            )
            return (direction, start) if _FILLER.fullmatch(gap) else None
    return None


def _both_named(sentence: Sentence) -> bool:
    return bool(re.search(r"\binputs?\b", sentence.text) and re.search(r"\boutputs?\b", sentence.text))


def _owners(sentence: Sentence, moneys: Sequence[Magnitude]) -> list[str | None]:
    """Return whose each amount is; where two stand against each other without a name, they go by the order of the names."""
    owners: list[str | None] = []
    for index, money in enumerate(moneys):
        limit = moneys[index + 1].start if index + 1 < len(moneys) else len(sentence.text)
        tied = sentence.attached(money.start, money.end)
        if tied is not None and tied.start >= limit:
            tied = None
        if tied is not None:
            owners.append(tied.tool or None)
        elif index and _AGAINST.fullmatch(sentence.text[moneys[index - 1].end : money.start]):
            owners.append(_second_owner(sentence, moneys, owners, index))
        elif index and not _is_renamed(sentence, moneys[index - 1].end, money.start):
            owners.append(owners[-1])
        elif _for_nobody(sentence, money, limit):
            owners.append(None)
        else:
            owners.append(sentence.owner(money.start, money.end) if tied is None else tied.tool or None)
    against = [
        index > 0 and _SET_AGAINST.search(sentence.text[moneys[index - 1].end : money.start]) is not None
        for index, money in enumerate(moneys)
    ]
    for index in range(3, len(moneys)):
        if against[index] and against[index - 2] and not against[index - 1]:
            owners[index - 1 : index + 1] = owners[index - 3 : index - 1]
    return owners


def _is_renamed(sentence: Sentence, start: int, end: int) -> bool:
    """Return whether another tool may be spoken of between two amounts."""
    return ";" in sentence.text[start:end] or any(start <= each.start < end for each in sentence.named)


def _second_owner(
    sentence: Sentence, moneys: Sequence[Magnitude], owners: list[str | None], index: int
) -> str | None:
    """Return whose the amount after "against" is, and set the one before it right."""
    names = sentence.tools()
    if len(names) == 2 and not sentence.names_others:
        start = moneys[index - 1].end
        own = [each for each in sentence.named if start <= each.start and each.end <= moneys[index].start]
        if own:
            return own[-1].tool or None
        if index >= 3 and owners[index - 2] and owners[index - 3]:
            owners[index - 1] = owners[index - 3]
            return owners[index - 2]
        if owners[index - 1] is not None:
            return next((each for each in names if each != owners[index - 1]), None)
    if not sentence.names_others and owners[index - 1]:
        own = [each for each in sentence.named if moneys[index - 1].end <= each.start]
        return own[0].tool if own else sentence.names.rival(owners[index - 1] or "") or None
    return None


def _for_nobody(sentence: Sentence, money: Magnitude, limit: int) -> bool:
    """Return whether what follows the amount ties it to a product that is none of ours."""
    after = [each for each in sentence.named if money.end <= each.start < limit]
    return (
        bool(after)
        and not after[0].tool
        and re.search(r"\b(?:on|for|with|by|from)\s+(?:the\s+)?$", sentence.text[: after[0].start])
        is not None
        and not any(each.tool for each in sentence.named if each.end <= money.start)
    )


def _times_of(sentence: Sentence, money: Magnitude, volume: Magnitude) -> tuple[Decimal | int, Decimal | int]:
    """Return by how much the periods of an amount and its volume multiply what the volume costs once."""
    text = sentence.text
    for_money = for_volume = ""
    for found in _PERIOD.finditer(text):
        period = found.lastgroup or ""
        gap_money = text[money.end : found.start()]
        gap_volume = text[volume.end : found.start()]
        if found.start() >= money.end and re.fullmatch(r"\s*(?:in total )?(?:on § ?)?", gap_money):
            for_money = period
        elif found.start() >= volume.end and re.fullmatch(
            r"[\s-]*(?:of )?(?:(?:input|output|text|prompt) ?)?(?:tokens?)?[\s-]*(?:each |every )?",
            gap_volume,
        ):
            for_volume = period
        elif found.end() <= volume.start and re.fullmatch(
            r"s?\s*(?:of|with|at) (?:about )?", text[found.end() : volume.start]
        ):
            for_volume = {"year": "month"}.get(period, period)
            for_money = for_money or period
        elif _BILL.match(text[found.end() :]):
            for_money = period
        elif volume.end <= found.start() < money.start or money.end <= found.start() < volume.start:
            for_volume = for_volume or period
        elif found.end() <= min(money.start, volume.start):
            for_money = for_money or period
    return _TIMES.get((for_volume, for_money), (1, 1))


_BILL = re.compile(
    r"\s(?:token )?(?:bills?|costs?|totals?|invoices?|spend(?:ing)?|sum|expenses?|outlay|charges?)\b"
)


def _is_period_beside(sentence: Sentence, volume: Magnitude) -> bool:
    return bool(
        re.match(
            r"\s*(?:a|per|each|every|/) ?(?:month|day|year)|\s*(?:monthly|daily)",
            sentence.text[volume.end : volume.end + 16],
        )
    )


# One tool against another.

_REFERENCE = (
    (
        3,
        re.compile(
            r"(?:\bthan|\bcompared (?:to|with)|\bnext to|\binstead of|\brather than|\bversus|\bvs\.?|\bagainst|\brelative to|\bin place of|\bas opposed to|\bover)\s+(?:for |on |with |to |from |the |that of |those of |what |one on |one for |a |dearer |pricier |cheaper )*$"
        ),
    ),
    (3, re.compile(r"\bas\s+(?:for |on |with |to |from |in )?(?:one on |one for )?(?:the )?$")),
    (
        3,
        re.compile(
            r"\bwhat (?:it |they |you pay |you would pay )?(?:costs? |charges? |cost )?(?:for |on |with |to )?(?:the )?$"
        ),
    ),
    (3, re.compile(r"\bfrom (?:the )?$")),
    (
        3,
        re.compile(
            r"\b(?:undercut(?:s|ting)?|beats?|halves|doubles|triples|matches|tops|exceeds?|under those of|below those of|(?:the )?(?:price|cost|rate|bill|rates|prices) (?:of|for)(?: one call to)?)\s+(?:the )?(?:dearer |cheaper )?$"
        ),
    ),
    (1, re.compile(r"\b(?:of|below|under|above)\s+(?:the )?$")),
)
_WHOSE = re.compile(
    r"'s? (?:price|prices|cost|costs|rate|rates|bill|bills|pricing|invoice|own)|'s?(?=\W*$|[.,;])"
)
_MUCH = lexicon.any_of(
    r"""
    as (?:much|expensive|costly|dear|high|cheap|steep); the (?:price|cost|rate|bill|money|amount|outlay)s?;
    (?:that|those|what|the \w+ (?:price|bill|cost|rate))(?: of)?; price; cost; rate; of; more (?:than)?
    """
)


def _compared(sentence: Sentence, moneys: Sequence[Magnitude]) -> Iterator[Statement]:
    """Yield how much one tool costs against the other: times, percent, half, the same, or an amount less."""
    text = sentence.text
    if sentence.names_others:
        return
    if not (
        lexicon.PRICE.search(text)
        or _volume_compared(sentence) is not None
        or lexicon.CHEAPER.search(text)
        or moneys
    ):
        return
    yield from _same_cost(sentence)
    for figure in sentence.of(Quantity.TIMES, Quantity.PERCENT):
        yield from _ratio(sentence, figure)
    for money in moneys:
        if not money.vague or lexicon.CHEAPER.search(text):
            yield from _difference(sentence, money)
    yield from _just_cheaper(sentence)


def _volume_compared(sentence: Sentence) -> Magnitude | None:
    """Return the volume for which two tools are compared, a unit aside."""
    return next((each for each in sentence.of(Quantity.TOKENS, Quantity.COUNT) if each.value > MILLION), None)


def _sides(sentence: Sentence, magnitude: Magnitude | None) -> tuple[str, str] | None:
    """Return the tool that a comparison is about and the one that it is measured by; None where that is in doubt."""
    text = sentence.text
    first, last = (0, len(text)) if magnitude is None else sentence.clause(magnitude.start)
    named = [each for each in sentence.named if each.tool and first <= each.start < last] or [
        each for each in sentence.named if each.tool
    ]
    tools = list(dict.fromkeys(each.tool for each in named))
    if len(tools) == 1 and len(sentence.tools()) == 1:
        rival = sentence.names.rival(tools[0])
        if not rival or _SEVERAL.search(text, first, last):
            return None
        return (rival, tools[0]) if _strength(sentence, named[0], magnitude) >= 3 else (tools[0], rival)
    if len(tools) == 1 and len(sentence.tools()) == 2:
        other = next(each for each in sentence.tools() if each != tools[0])
        return (other, tools[0]) if _strength(sentence, named[0], magnitude) >= 3 else (tools[0], other)
    if len(tools) != 2:
        return None
    strengths = {
        tool: max(_strength(sentence, each, magnitude) for each in named if each.tool == tool)
        for tool in tools
    }
    one, other = tools
    if strengths[one] == strengths[other]:
        return (one, other) if strengths[one] == 0 else None
    return (one, other) if strengths[other] > strengths[one] else (other, one)


def _strength(sentence: Sentence, name: Named, magnitude: Magnitude | None) -> int:
    """Return how clearly a name is what the others are measured by, from 0."""
    text = sentence.text
    before = text[max(0, name.start - 50) : name.start]
    strength = next((rank for rank, pattern in _REFERENCE if pattern.search(before)), 0)
    if magnitude is not None and name.start >= magnitude.end:
        gap = text[magnitude.end : name.start]
        if "§" not in gap and (
            _WHOSE.match(text[name.end :])
            or re.search(r"\b(?:of|what|than)\b|\bas (?:on |for |to |with |from |in )?$", gap)
        ):
            strength = max(strength, 4)
    elif (
        magnitude is not None
        and strength == 3
        and re.search(r"\b(?:price|cost|rate|bill) (?:of|for)\s+$", before)
    ):
        strength = 1 if "for the price of" not in before else 3
    return strength


def _blocked(sentence: Sentence, position: int) -> bool:
    conditions = sentence.conditions(position)
    if conditions & {"past", "future", "earlier", "others", "special", "negated"}:
        return True
    return "supposed" in conditions and not re.search(r"\bif you\b", sentence.text)


def _ratio(sentence: Sentence, figure: Magnitude) -> Iterator[Statement]:
    text = sentence.text
    first, last = sentence.clause(figure.start)
    clause = text[first:last]
    about_money = (
        _OFF_TOKENS.search(clause)
        or lexicon.PRICE.search(clause)
        or (
            _volume_compared(sentence)
            and (
                lexicon.CHEAPER.search(clause)
                or lexicon.DEARER.search(clause)
                or "bill" in clause
                or figure.quantity is Quantity.TIMES
            )
        )
    )
    if (
        not about_money
        or lexicon.NOT_PRICE.search(text[max(first, figure.start - 45) : min(last, figure.end + 45)])
        or _blocked(sentence, figure.start)
    ):
        return
    ratio = _said_ratio(text, figure, first, last)
    if ratio is None or not 0 < ratio < 100_000:
        return
    sides = _sides(sentence, figure)
    if sides is None:
        return
    tool, rival = sides
    volume = _volume_compared(sentence)
    either = bool(re.search(r"\b(?:gap|difference|spread|apart|between)\b", clause)) and not re.search(
        r"\bthan\b", clause
    )
    calls = re.search(r"for the (?:price|cost|money) of (?:one|a single|a)\b", clause)
    if calls and figure.start > calls.start():
        tool, rival = rival, tool
    yield Statement(
        matter=Matter.COST_RATIO,
        tool=tool,
        rival=rival,
        value=_plain(ratio),
        number=ratio,
        unit="magnitude" if figure.unit == "magnitude" else "x",
        volume=volume.value if volume else None,
        about=bool(_ABOUT.search(text[max(0, figure.start - 24) : figure.start])),
        either=either,
        words=sentence.words,
        line=sentence.line,
    )


_OFF_TOKENS = re.compile(r"%[^%]{0,20}\boff\b[^%]{0,20}\b(?:input|output|tokens?)\b")
_ABOUT = re.compile(
    r"(?:about|around|roughly|nearly|almost|some|close to|more than|over|less than|well over|at least|up to|approximately|~|by)\s*(?:an?\s*)?$"
)


def _said_ratio(text: str, figure: Magnitude, first: int, last: int) -> Decimal | None:
    """Return the cost of the tool spoken of as a share of the other's."""
    before = text[max(first, figure.start - 60) : figure.start]
    after = text[figure.end : min(last, figure.end + 70)]
    if figure.quantity is Quantity.PERCENT:
        if _PERCENT_OF.match(after):
            return figure.value if lexicon.PRICE.search(text[first:last]) else None
        if _cheap_side(before, after):
            return 1 - figure.value if figure.value < 1 else None
        return 1 + figure.value if _dear_side(before, after) else None
    if figure.value < 1 and figure.unit != "magnitude":
        return _said_part(text[first:last], figure.value, before, after)
    if _TIMES_OTHER.match(after):
        return None
    return 1 / figure.value if _TIMES_LESS.match(after) else figure.value


def _said_part(clause: str, value: Decimal, before: str, after: str) -> Decimal | None:
    """Return what "half" or "a third" comes to: "half more" is 1.5, "a third less" 0.67, "a tenth of" 0.1."""
    if not (_NEAR_HALF.match(after) or lexicon.PRICE.search(before + after) or "bill" in clause):
        return None
    if re.match(r"\s*(?:more|again|higher|dearer)\b", after):
        return 1 + value
    return 1 - value if re.match(r"\s*(?:less|cheaper|lower|off|below|under)\b", after) else value


_PERCENT_OF = re.compile(
    r"\s*(?:of|as much as|as expensive)\b(?! (?:use|the (?:quality|time|tests|cases|panel|community|readers)))"
)
#: "three times the work for one budget" is no ratio of prices.
_TIMES_OTHER = re.compile(
    r"\s*(?:the|as many|its|their) (?!(?:token )?(?:price|cost|rate|bill|money|amount|outlay|expense|sum|total|fee))\w"
)
_TIMES_LESS = re.compile(r"[\s-]*(?:cheaper|less|lower|below|under|smaller)\b")
_NEAR_HALF = re.compile(
    r"\s*(?:(?:of|as)\b|(?:of )?(?:the )?(?:price|cost|rate|bill|money)|as (?:much|expensive|costly|dear)|of what|for §|the|off)"
)


def _cheap_side(before: str, after: str) -> bool:
    return bool(
        re.match(
            r"\s*(?:per token |on the bill )?(?:cheaper|less|lower|below|under|off|beneath|is what you save|saved|saving|reduction|discount|smaller)\b",
            after,
        )
        or re.search(
            r"\b(?:undercuts?|sav(?:e|es|ing|ings)|cuts?|cutting|reduc\w+|lowers?|trims?|shaves?|knocks?|drops?|falls?|slashe?s?|shrinks?|takes?|beats?)\b[^$%]*$",
            before,
        )
    )


def _dear_side(before: str, after: str) -> bool:
    return bool(
        re.match(
            r"\s*(?:per token )?(?:more|dearer|pricier|costlier|higher|above|extra|on top|steeper)\b", after
        )
        or re.search(
            r"\b(?:raises?|adds?|exceeds?|premium of|surcharge of|rises?|climbs?|grows?)\b[^$%]*$", before
        )
    )


def _same_cost(sentence: Sentence) -> Iterator[Statement]:
    text = sentence.text
    found = lexicon.NO_MORE.search(text) or lexicon.SAME.search(text) or _NEITHER.search(text)
    if (
        not found
        or not lexicon.PRICE.search(text)
        or sentence.of(Quantity.TIMES, Quantity.PERCENT, Quantity.MONEY)
    ):
        return
    first, last = sentence.clause(found.start())
    if _NOT_SAME.search(text[first:last]):
        return
    conditions = sentence.conditions(found.start())
    if conditions & {"past", "future", "supposed", "special", "earlier", "others"} or (
        "negated" in conditions and not _NEITHER.search(text)
    ):
        return
    tools = sentence.tools()
    if len(tools) < 2 and not (_SEVERAL.search(text) and len(sentence.names.tools) == 2):
        return
    tool, rival = tools if len(tools) == 2 else sentence.names.tools
    volume = _volume_compared(sentence)
    yield Statement(
        matter=Matter.COST_RATIO,
        tool=tool,
        rival=rival,
        value="1",
        number=Decimal(1),
        unit="at most" if lexicon.NO_MORE.search(text) else "same",
        volume=volume.value if volume else None,
        words=sentence.words,
        line=sentence.line,
    )


_NEITHER = re.compile(r"\bneither\b.*\b(?:cheaper|dearer|more expensive|less expensive|pricier)\b")
_NOT_SAME = lexicon.any_of(
    r"""
    same (?:time|provider|vendor|maker|licen[cs]e|limits?|seats?|way|reason|model|family|quality);
    as fast as; plans?; seats?
    """
)


def _difference(sentence: Sentence, money: Magnitude) -> Iterator[Statement]:
    """Yield how much less one tool costs than the other."""
    text = sentence.text
    first, last = sentence.clause(money.start)
    before, after = (
        text[max(first, money.start - 70) : money.start],
        text[money.end : min(last, money.end + 60)],
    )
    cheap = re.match(
        r"\s*(?:a month |per month |monthly |(?:per|on|for) [\w ]{0,30})?(?:cheaper|less|lower|off|below|under|beneath|saved|saving)\b",
        after,
    ) or re.search(
        r"\b(?:undercut(?:s|ting)?|sav(?:e|es|ing|ings)|keeps?|frees?|leaves?|cuts?|beats?|knocks?|trims?|shaves?)\b(?:(?!\bat\b|[$€£]).)*$",
        before,
    )
    dear = re.match(
        r"\s*(?:a month |per month |monthly )?(?:more|dearer|pricier|costlier|higher|above|extra|on top)\b",
        after,
    ) or re.search(r"\b(?:premium of|surcharge of|exceeds? .* by)\s*$", before)
    gap = re.search(r"\b(?:gap|difference|spread)\b(?:(?![$€£]).)*$", before) or re.match(
        r"\s*(?:gap|difference|apart|spread|lies? between|separates?)\b", after
    )
    by = re.search(r"\bby (?:about |roughly |some )?\s*$", before) and re.search(
        r"\bcheaper\b", text[first:last]
    )
    if not (cheap or dear or gap or by) or money.unit != "USD" or _blocked(sentence, money.start):
        return
    sides = _sides(sentence, money)
    if sides is None:
        return
    tool, rival = sides
    if dear and not cheap:
        tool, rival = rival, tool
    volume = _volumes(sentence, [money])[0] or _volume_compared(sentence)
    yield Statement(
        matter=Matter.SAVING,
        tool=tool,
        rival=rival,
        value=money.text,
        number=money.value,
        unit="USD",
        volume=volume.value if volume else None,
        direction=(_directions(sentence, [money])[0] if not _both_named(sentence) else ""),
        either=bool(gap and not cheap),
        words=sentence.words,
        line=sentence.line,
    )


def _just_cheaper(sentence: Sentence) -> Iterator[Statement]:
    """Yield which of two is said to be cheaper, without a figure."""
    found = _CHEAPER_ONE.search(sentence.text)
    if not found or sentence.conditions(found.start()) - {"negated"} or _NOT_WHOLE.search(sentence.text):
        return
    first, _ = sentence.clause(found.start())
    before = [each for each in sentence.named if first <= each.start and each.end <= found.start()]
    negated = "negated" in sentence.conditions(found.start())
    sides = _sides(sentence, None)
    if (
        not before
        or sides is None
        or not before[-1].tool
        or negated
        or re.match(r"'", sentence.text[before[-1].end :])
    ):
        return
    tool = before[-1].tool
    yield Statement(
        matter=Matter.CHEAPER,
        tool=tool,
        rival=next(each for each in sides if each != tool),
        value="cheaper",
        words=sentence.words,
        line=sentence.line,
    )


_CHEAPER_ONE = re.compile(
    r"\bis (?:\w+ly |much |far |also |the |always )*(?:cheaper|less expensive|more affordable)\b(?! (?:to|for|at|in|on|when|if|than (?!§)))"
)
_NOT_WHOLE = lexicon.any_of(
    r"""
    if; when; where; for; at; on; unless; once; in terms of; to train; seats?; plans?; sometimes; often;
    usually; only
    """
)


# Two currencies.

#: What may stand between two amounts that are one.
_EQUAL = re.compile(
    r"\b(?:or|same|well|which|that|is|are|equals?|makes?|about|around|roughly|some|convert(?:ed|s)|at|today's|the|current|exchange|rate|come[s]?|to|amounts?|"
    r"i|e|per|million|mtok|tokens?|tok|output|input|generated|of|in|euros?|dollars?|us|each|a|for|price[ds]?|currently|worth|nearly|almost|"
    r"approximately|works?|out|as|m|1m|mo|month|s|translates?|into|corresponds?|buys?|on|with|completion|prompt|it|them)\b|[\W_]"
)


def _exchanged(sentence: Sentence, moneys: Sequence[Magnitude]) -> Iterator[tuple[Statement, int]]:
    """Yield two amounts of two currencies that are said to be one, and the place of the second."""
    text = sentence.text
    for left, right in pairwise(moneys):
        if (
            left.unit == right.unit
            or "USD" not in (left.unit, right.unit)
            or not left.value
            or not right.value
        ):
            continue
        gap = text[left.end : right.start]
        if len(gap) > 90 or _EQUAL.sub("", gap) or sentence.conditions(right.start) & _NOT_PLAIN:
            continue
        dollars, other = (left, right) if left.unit == "USD" else (right, left)
        tool = sentence.owner(left.start, left.end) or sentence.owner(right.start, right.end)
        if tool is None:
            continue
        yield (
            Statement(
                matter=Matter.EXCHANGE,
                tool=tool,
                value=f"{left.text} and {right.text}",
                number=other.value / dollars.value,
                unit=other.unit,
                words=sentence.words,
                line=sentence.line,
            ),
            other.start,
        )


def _plain(number: Decimal) -> str:
    text = f"{number:.3g}" if number < 1000 else f"{number:.0f}"
    text = f"{Decimal(text):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

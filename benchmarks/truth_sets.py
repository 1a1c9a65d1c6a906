"""Sets of pages for the truth benchmark: planted ones, clean ones, and near misses.

A set is two to four pages about a pair of invented tools. In a clean set everything agrees, in a planted one a single
statement does not, and the set knows which and where. In a near-miss set true sentences stand that only look untrue. A
seed makes a set, always the same one; amounts are Decimal and agree as printed.

`STATEMENTS` says which values make a wording true or false, `CASES` and `FIELD_PLANTS` which kinds of contradiction
they make. How the statements are worded is in truth_words.py, how pages look in truth_pages.py.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from types import ModuleType

from benchmarks.truth_pages import (
    REVIEWERS,
    TESTS,
    Fields,
    Line,
    Page,
    Tool,
    World,
    american,
    head_to_head,
    model_page,
    money,
    panel,
    profile,
    thousands,
)

BRANDS = (
    "Corvane",
    "Tessel",
    "Orrin",
    "Maristel",
    "Quenby",
    "Halden",
    "Lumora",
    "Tarnis",
    "Kestrion",
    "Selwick",
)
VARIANTS = ("Swift", "Grand", "Lite", "Core", "Edge", "Pro", "Mini", "Prime")
VERSIONS = ("2", "3", "4", "1.5", "2.1", "3.2")
MAKERS = ("Northmere", "Halvard Labs", "Osterby AI", "Kelmar Research", "Tidewell", "Lindmark AI")
THIRDS = ("Quillon 5", "Ravelin Max 2", "Sorrel 7", "Ambit Large 3")
LICENCES = ("Apache 2.0", "MIT")
CONTEXTS = (32_000, 64_000, 128_000, 200_000, 256_000, 1_000_000)
OUTPUTS = (4_096, 8_192, 16_384, 32_768)
SIZES = (3, 7, 9, 13, 24, 32, 70)
FRACTIONS = {2: "half", 3: "a third", 4: "a quarter", 5: "a fifth", 8: "an eighth", 10: "a tenth"}
NUMBERS = [
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
EURO = Decimal("0.92")
CENT = Decimal("0.01")

Values = dict[str, str]

#: The labels of the lines that speak of a matter, fields first; sentences carry the last one. {k}: one tool's only.
TOPICS: dict[str, tuple[str, ...]] = {
    "cost": ("input:a", "input:b", "output:a", "output:b", "total:a", "total:b", "cost"),
    "context": ("context:{k}",),
    "parameters": ("name:{k}", "parameters:{k}"),
    "licence": ("licence:{k}",),
    "max output": ("max output:{k}",),
    "dates": ("released:{k}", "updated:{k}", "verified:{k}", "checked:{k}"),
    "panel": ("share:{k}", "split:{k}", "score:{k}", "decision:{k}", "panel:{k}"),
    "community": ("votes:{k}", "community:{k}"),
    "performance": ("table", "performance"),
}


@dataclass(frozen=True, slots=True)
class Plant:
    """The contradiction in a set: which kind, about which tools, on which lines of which pages."""

    kind: str
    in_field: bool
    #: Names of tools; a finding must name one of them, or with `every` all.
    tools: frozenset[str]
    #: What was planted, and beside which wording if the other side is a sentence too.
    wording: str
    beside: str
    #: The sentence or field as it stands on the page.
    said: str
    lines: frozenset[tuple[str, int]]
    partners: frozenset[tuple[str, int]]
    every: bool = False


@dataclass(frozen=True, slots=True)
class PageSet:
    """Pages that are read together."""

    pages: tuple[Page, ...]
    plant: Plant | None = None


# What is true.


def make_world(rng: Random, *, ratio: int | None = None, table: str | None = None) -> World:
    """Make two tools of which everything is known. `table` is "mixed", "sweep" (b has no win) or "untested" (b)."""
    ratio = ratio or rng.choice((1, 2, 2, 3, 4, 5, 8, 10))
    low, multiple = rng.choice(("0.10", "0.20", "0.30", "0.40", "0.50", "0.60")), rng.choice((2, 3, 4))
    cheap = (Decimal(low), Decimal(low) * multiple)
    prices = [cheap, (cheap[0] * ratio, cheap[1] * ratio)]
    brands, variants = rng.sample(BRANDS, 2), rng.sample(VARIANTS, 2)
    makers = rng.sample(MAKERS, 2)
    if rng.random() < 0.4:
        brands[1], makers[1] = brands[0], makers[0]
    results = _results(rng, table or rng.choice(("mixed", "mixed", "mixed", "sweep", "untested")))
    verified = date(2026, rng.randint(1, 3), rng.randint(1, 28))
    tools = []
    for index, key in enumerate("ab"):
        licence, context = rng.choice((*LICENCES, "proprietary")), rng.choice(CONTEXTS)
        version = rng.choice(VERSIONS)
        name = f"{brands[index]} {variants[index]} {version}"
        tools.append(
            Tool(
                key=key,
                name=name,
                short=f"{variants[index]} {version}",
                maker=makers[index],
                family=brands[index],
                parameters=rng.choice(SIZES),
                context=context,
                output_limit=rng.choice([each for each in OUTPUTS if each * 2 <= context]),
                licence=licence,
                input=prices[index][0],
                output=prices[index][1],
                released=date(rng.choice((2024, 2025)), rng.randint(1, 9), rng.randint(1, 28)),
                scores=_scores(rng, rng.randint(1, 4)),
                votes=(rng.randint(8, 60), rng.randint(8, 60)),
                results=results[index],
                plan="$20/mo per seat" if licence == "proprietary" else f"Free ({licence} weights)",
            )
        )
    if rng.random() < 0.5:
        tools = [_as_key(tools[1], "a"), _as_key(tools[0], "b")]
    return World(a=tools[0], b=tools[1], ratio=ratio, updated=verified, verified=verified)


def _as_key(tool: Tool, key: str) -> Tool:
    tool.key = key
    return tool


def _scores(rng: Random, ships: int) -> tuple[int, ...]:
    while True:
        scores = [rng.randint(62, 92) for _ in range(ships)]
        scores += [rng.randint(34, 57) for _ in range(len(REVIEWERS) - ships)]
        if sum(scores) % len(scores) == 0:
            rng.shuffle(scores)
            return tuple(scores)


def _results(rng: Random, table: str) -> list[dict[str, int | None]]:
    """Return what the tools reached of five points in each test; the first one is ahead."""
    if table == "untested":
        return [{test: rng.randint(2, 5) for test in TESTS}, dict.fromkeys(TESTS)]
    ahead = 12 if table == "sweep" else rng.randint(5, 7)
    behind = 0 if table == "sweep" else rng.randint(2, 3)
    pairs = [_two(rng) for _ in range(ahead)] + [_two(rng)[::-1] for _ in range(behind)]
    for _ in range(len(TESTS) - len(pairs)):
        score = rng.randint(2, 5)
        pairs.append((score, score))
    rng.shuffle(pairs)
    return [dict(zip(TESTS, side, strict=True)) for side in zip(*pairs, strict=True)]


def _two(rng: Random) -> tuple[int, int]:
    low, high = sorted(rng.sample(range(1, 6), 2))
    return high, low


def wins(tool: Tool, other: Tool) -> int:
    return sum((tool.results[test] or 0) > (other.results[test] or 0) for test in TESTS)


def is_untested(tool: Tool) -> bool:
    return not any(tool.results.values())


def favourite(world: World) -> tuple[Tool, Tool]:
    """Return the tool that the table puts ahead, which is also the advised one, and the other."""
    a, b = world.tools
    return (a, b) if wins(a, b) > wins(b, a) else (b, a)


def cheaper(world: World) -> tuple[Tool, Tool]:
    a, b = world.tools
    return (a, b) if a.input <= b.input else (b, a)


# What can be said of it. Each function returns the values that make a wording true, or with `wrong` false; None
# where the world gives no such statement.


@dataclass(frozen=True, slots=True)
class Teller:
    """A world, the tool that a sentence is about, the other one, whether the sentence is to be false, and chance."""

    world: World
    tool: Tool
    other: Tool
    wrong: bool
    rng: Random

    def pick(self, truth: int, choices: Iterable[int], apart: float) -> int:
        """Return the truth, or a choice that is `apart` times more or less."""
        if not self.wrong:
            return truth
        return self.rng.choice([each for each in choices if each >= truth * apart or each * apart <= truth])

    def amount(self, truth: Decimal, *factors: str) -> str:
        """Return an amount as printed, or another so many times as large."""
        if not self.wrong:
            return money(truth)
        return money(truth * Decimal(self.rng.choice(factors or ("3", "4", "5"))))


def _context(say: Teller) -> Values:
    tokens = say.pick(say.tool.context, CONTEXTS, 1.9)
    return {"k": _k(tokens, say.rng), "n": f"{tokens:,}"}


def _k(tokens: int, rng: Random) -> str:
    return thousands(tokens) if rng.random() < 0.6 or tokens >= 1_000_000 else thousands(tokens).lower()


def _parameters(say: Teller) -> Values:
    billions = say.pick(int(say.tool.parameters), SIZES, 1.7)
    return {"p": f"{billions}B", "b": str(billions)}


def _input(say: Teller) -> Values:
    return _price(say.amount(say.tool.input))


def _output(say: Teller) -> Values:
    return _price(say.amount(say.tool.output))


def _price(dollars: str) -> Values:
    return {"v": dollars, "cents": re.sub(r"^\$0\.(\d\d)$", r"\1 cents", dollars)}


def _both(say: Teller) -> Values:
    return {"i": say.amount(say.tool.input), "u": say.amount(say.tool.output)}


def _licence(say: Teller) -> Values | None:
    if say.wrong:
        return {"l": say.rng.choice([each for each in LICENCES if each != say.tool.licence])}
    return None if say.tool.licence == "proprietary" else {"l": say.tool.licence}


def _max_output(say: Teller) -> Values:
    return {"n": f"{say.pick(say.tool.output_limit, OUTPUTS, 1.9):,}"}


def _days(day: date, rng: Random) -> Values:
    return {"d": rng.choice((american(day), f"{day.day} {day:%B %Y}")), "my": f"{day:%B %Y}"}


def _released(say: Teller) -> Values:
    off = timedelta(days=say.rng.choice((-400, -300, -200, -120)) if say.wrong else 0)
    return _days(say.tool.released + off, say.rng)


def _checked(say: Teller) -> Values:
    before = say.tool.released - timedelta(days=say.rng.randint(60, 300))
    return _days(before if say.wrong else say.world.verified, say.rng)


def _per_thousand(say: Teller) -> Values:
    parts = 1 if say.wrong else 1_000
    return {"vi": money(say.tool.input / parts), "vo": money(say.tool.output / parts)}


def _currencies(say: Teller) -> Values:
    rate = Decimal(say.rng.choice(("2.5", "3.1", "4"))) if say.wrong else EURO
    euros = (say.tool.output * rate).quantize(CENT, ROUND_HALF_UP)
    return {"v": money(say.tool.output), "e": money(euros).replace("$", "€")}


def _words(say: Teller) -> Values:
    words = say.tool.context * 3 // 4
    if say.wrong:
        words = int(words * say.rng.choice((3, 4, Decimal("0.1"))))
    return {"k": _k(say.tool.context, say.rng), "n": f"{say.tool.context:,}", "w": f"{words:,}"}


def _pair_prices(say: Teller) -> Values:
    t, o = say.tool, say.other
    values = {"ti": t.input, "tu": t.output, "oi": o.input, "ou": o.output}
    moved = say.rng.choice((("ti", "tu"), ("oi", "ou")))
    return {name: say.amount(price) if name in moved else money(price) for name, price in values.items()}


def _times(say: Teller) -> Values | None:
    if say.world.ratio == 1:
        return None
    times = say.pick(say.world.ratio, FRACTIONS, 1.9)
    return {"n": str(times), "nw": NUMBERS[times], "frac": FRACTIONS[times]}


def _percent(say: Teller) -> Values | None:
    if say.world.ratio == 1:
        return None
    percent = int((100 - Decimal(100) / say.world.ratio).quantize(Decimal(1), ROUND_HALF_UP))
    if say.wrong:
        percent = say.rng.choice([each for each in (10, 20, 30, 50, 70, 90) if abs(each - percent) >= 20])
    return {"p": str(percent)}


def _half(say: Teller) -> Values | None:
    ratio = say.world.ratio
    return {} if (ratio > 3 and say.wrong) or (ratio == 2 and not say.wrong) else None


def _same(say: Teller) -> Values | None:
    return {} if (say.world.ratio >= 2) is say.wrong else None


def _saving(say: Teller) -> Values | None:
    gap = say.other.output - say.tool.output
    return {"v": say.amount(gap, "3", "5", "8")} if gap else None


def _one_price(say: Teller) -> Values:
    price = say.tool.output
    if say.wrong:
        price = say.rng.choice((price * 3, price * 5, (say.tool.input / 4).quantize(CENT, ROUND_HALF_UP)))
    return {"v": money(price), "w": money(say.other.output)}


def _total(say: Teller) -> Values:
    # only volumes at which the list of costs needs no rounding
    exact = [volume for volume in (10, 100) if say.tool.total(volume * 1_000_000) % 1 == 0]
    volume = say.rng.choice(exact)
    return {"V": f"{volume}M", "c": say.amount(say.tool.total(volume * 1_000_000), "10", "0.1", "12")}


def _over_time(say: Teller) -> Values:
    volume = say.rng.choice((10, 20, 50))
    once = say.tool.input * volume
    factor = Decimal(say.rng.choice(("10", "0.1", "12"))) if say.wrong else Decimal(1)
    times = {"cd": 1, "cm": 30, "cy": 12, "cyd": 365}
    return {"D": f"{volume}M"} | {name: money(once * days * factor) for name, days in times.items()}


def _undercuts(say: Teller) -> Values | None:
    gap = abs(say.other.total(100_000_000) - say.tool.total(100_000_000))
    return {"v": money(gap)} if gap else None


def _mean(say: Teller) -> Values:
    mean = say.tool.mean
    return {
        "v": str(mean + say.rng.choice((-15, -11, 11) if mean < 85 else (-15, -11)) if say.wrong else mean)
    }


def _split(say: Teller) -> Values | None:
    ships = say.tool.ships
    if say.wrong:
        ships = say.rng.choice([each for each in (1, 2, 3) if each != ships])
    if ships == len(REVIEWERS):
        return None
    skips = len(REVIEWERS) - ships
    words = {
        "s": NUMBERS[ships],
        "S": NUMBERS[ships].title(),
        "r": NUMBERS[skips],
        "R": NUMBERS[skips].title(),
    }
    return {"x": str(ships), "y": str(skips)} | words


def _share(say: Teller) -> Values:
    return {"p": str(say.pick(say.tool.share, (25, 50, 75, 100), 1.2))}


def _community(say: Teller) -> Values:
    percent = say.tool.community
    return {"p": str(percent + (21 if percent < 60 else -21) if say.wrong else percent)}


def _score(say: Teller) -> Values | None:
    scored = [test for test in TESTS if say.tool.results[test]]
    if not scored:
        return None
    test = say.rng.choice(scored)
    points = say.rng.choice(("6", "7", "8", "5.5")) if say.wrong else str(say.tool.results[test])
    return {"v": points, "max": "5", "test": test.lower()}


def _wins(say: Teller) -> Values | None:
    if is_untested(say.tool) or is_untested(say.other):
        return None
    won = wins(say.tool, say.other)
    if say.wrong:
        won = say.rng.randint(won + 3, 11) if won < 9 else 0
    return {"x": str(won), "s": NUMBERS[won], "S": NUMBERS[won].title()} if won >= 2 else None


def _sweep(say: Teller) -> Values | None:
    mine, theirs = wins(say.tool, say.other), wins(say.other, say.tool)
    if is_untested(say.tool) or is_untested(say.other):
        return None
    return {} if (theirs >= 2 if say.wrong else mine == len(TESTS)) else None


def _untested(say: Teller) -> Values | None:
    return {} if is_untested(say.tool) is not say.wrong else None


def _advice(say: Teller) -> Values:
    return {}


@dataclass(frozen=True, slots=True)
class Statement:
    """A matter of which something is said: about which tool, by which values, and where on pages it may stand."""

    topic: str
    values: Callable[[Teller], Values | None]
    #: By shape of page, the places on it.
    places: Mapping[str, tuple[str, ...]]
    #: Which tool it is about, and the other one.
    about: Callable[[World], tuple[Tool, Tool]] | None = None
    #: It becomes false by being said of the other tool.
    turns: bool = False


_PANEL: dict[str, tuple[str, ...]] = {"panel": ("description",)}
_COST: dict[str, tuple[str, ...]] = {"head-to-head": ("cost", "cost", "verdict", "questions")}
_TABLE: dict[str, tuple[str, ...]] = {"head-to-head": ("performance", "performance", "verdict", "questions")}
_MODEL: dict[str, tuple[str, ...]] = {"model": ("intro", "strengths", "trade-offs", "use-case", "questions")}
_PROFILE: dict[str, tuple[str, ...]] = {
    "profile": ("overview", "capabilities", "technical", "pricing", "best")
}
_OWN = _MODEL | _PROFILE
_ANY = _OWN | _PANEL

STATEMENTS: dict[str, Statement] = {
    "context": Statement("context", _context, _ANY),
    "parameters": Statement("parameters", _parameters, _ANY),
    "input": Statement("cost", _input, _ANY),
    "output": Statement("cost", _output, _ANY),
    "both prices": Statement("cost", _both, _ANY),
    "licence": Statement("licence", _licence, _ANY),
    "max output": Statement("max output", _max_output, _ANY),
    "released": Statement("dates", _released, _ANY),
    "checked": Statement("dates", _checked, {"profile": ("overview", "technical", "pricing")}),
    "per 1K": Statement("cost", _per_thousand, _OWN),
    "currencies": Statement("cost", _currencies, _OWN),
    "words": Statement("context", _words, _ANY),
    "pair prices": Statement("cost", _pair_prices, _COST, cheaper),
    "times cheaper": Statement("cost", _times, _COST, cheaper),
    "percent cheaper": Statement("cost", _percent, _COST, cheaper),
    "half or double": Statement("cost", _half, _COST, cheaper),
    "same price": Statement("cost", _same, _COST, cheaper),
    "total times cheaper": Statement("cost", _times, _COST, cheaper),
    "total percent cheaper": Statement("cost", _percent, _COST, cheaper),
    "total half or double": Statement("cost", _half, _COST, cheaper),
    "total same": Statement("cost", _same, _COST, cheaper),
    "saving": Statement("cost", _saving, _COST, cheaper),
    "one price": Statement("cost", _one_price, _COST, cheaper),
    "total": Statement("cost", _total, _COST | _OWN),
    "over time": Statement("cost", _over_time, _OWN),
    "undercuts": Statement("cost", _undercuts, _COST, cheaper, turns=True),
    "mean": Statement("panel", _mean, _PANEL),
    "split": Statement("panel", _split, _PANEL),
    "share": Statement("panel", _share, _PANEL),
    "community": Statement("community", _community, _PANEL),
    "score": Statement("performance", _score, _TABLE),
    "wins": Statement("performance", _wins, _TABLE, favourite),
    "sweep": Statement("performance", _sweep, _TABLE, favourite),
    "untested": Statement("performance", _untested, _TABLE),
    "advice": Statement(
        "performance", _advice, {"head-to-head": ("verdict", "performance", "choose")}, favourite
    ),
    "answer": Statement("performance", _advice, {"head-to-head": ("questions",)}, favourite, turns=True),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of contradiction made by a false sentence: in which shapes it stands, and what must stand beside it."""

    kind: str
    statement: str
    shapes: tuple[str, ...]
    #: Pages of which one is there too, since the other side stands on it.
    beside: tuple[str, ...] = ()
    #: A true sentence on the same page that is the other side.
    base: str = ""
    ratio: tuple[int, ...] = (2, 3, 4, 5, 8, 10)
    table: str = "mixed"


_SELF = ("model", "profile")
_FACE = ("head-to-head",)

CASES: tuple[Case, ...] = (
    Case("sources differ", "context", ("panel",), _SELF),
    Case("sources differ", "parameters", ("panel", "profile"), ("model",)),
    Case("sources differ", "input", ("panel",), _SELF),
    Case("sources differ", "output", ("panel",), _SELF),
    Case("sources differ", "both prices", ("panel",), _SELF),
    Case("sources differ", "pair prices", _FACE, _SELF),
    Case("said twice", "context", _SELF),
    Case("said twice", "parameters", ("model",)),
    Case("said twice", "input", _SELF),
    Case("said twice", "output", _SELF),
    Case("said twice", "both prices", _SELF),
    Case("total against price", "total", _FACE, base="pair prices"),
    Case("total against price", "total", _SELF),
    Case("saving against price", "saving", _FACE, base="pair prices"),
    Case("ratio against price", "times cheaper", _FACE, base="pair prices"),
    Case("ratio against price", "percent cheaper", _FACE, base="pair prices"),
    Case("ratio against price", "half or double", _FACE, base="pair prices", ratio=(4, 5, 8, 10)),
    Case("ratio against price", "same price", _FACE, base="pair prices"),
    Case("price against price", "one price", _FACE, base="pair prices"),
    Case("share against split", "share", ("panel",)),
    Case("wins against table", "wins", _FACE),
    Case("untested against results", "untested", _FACE),
    Case("who is ahead", "sweep", _FACE),
    Case("text against its answer", "answer", _FACE, base="advice"),
    Case("mean against scores", "mean", ("panel",)),
    Case("panel split", "split", ("panel",)),
    Case("community share", "community", ("panel",)),
    Case("release after check", "checked", ("profile",)),
    Case("score above maximum", "score", _FACE),
    Case("per 1K against per 1M", "per 1K", _SELF),
    Case("two currencies", "currencies", _SELF),
    Case("words against tokens", "words", ("model", "profile", "panel")),
    Case("ratio against totals", "total times cheaper", _FACE),
    Case("ratio against totals", "total percent cheaper", _FACE),
    Case("ratio against totals", "total half or double", _FACE, ratio=(4, 5, 8, 10)),
    Case("ratio against totals", "total same", _FACE),
    Case("total over time", "over time", _SELF),
    Case("undercuts the wrong way", "undercuts", _FACE),
    Case("licence", "licence", _SELF),
    Case("licence", "licence", ("panel",), _SELF),
    Case("maximum output", "max output", _SELF),
    Case("maximum output", "max output", ("panel",), _SELF),
    Case("release date", "released", _SELF),
    Case("release date", "released", ("panel",), _SELF),
)


@dataclass(frozen=True, slots=True)
class FieldPlant:
    """A kind of contradiction between fields: what some say in place of the truth, and which others they exclude."""

    kind: str
    topic: str
    #: The pages that it takes, the one with the false fields first.
    pages: tuple[str, ...]
    #: The false fields and what they say; a field is a label without the tool, such as "card input".
    false: Callable[[Teller], dict[str, str]]
    #: Labels of lines that are read together with them, such as the split that a share goes with.
    also: tuple[str, ...] = ()
    #: Whether the tool is to have an open licence.
    open: bool | None = None


def _false_context(say: Teller) -> str:
    return thousands(say.pick(say.tool.context, CONTEXTS, 1.9))


def _false_licence(say: Teller) -> str:
    return say.rng.choice([each for each in LICENCES if each != say.tool.licence])


def _false_prices(say: Teller) -> dict[str, str]:
    """Return one price twice as large or more, wherever the profile states it."""
    name = say.rng.choice(("input", "output"))
    price = say.amount(say.tool.input if name == "input" else say.tool.output)
    return {f"card {name}": f"{price}/1M tok", f"bullet {name}": f"• {name.title()}: {price} per 1M tokens"}


def _false_bullet(say: Teller) -> dict[str, str]:
    name = say.rng.choice(("input", "output"))
    price = say.amount(say.tool.input if name == "input" else say.tool.output)
    return {f"bullet {name}": f"• {name.title()}: {price} per 1M tokens"}


def _false_row(say: Teller) -> dict[str, str]:
    name = say.rng.choice(("input", "output"))
    price = say.amount(say.tool.input if name == "input" else say.tool.output)
    return {f"row {name}": f"{price}/Mtok"}


def _false_total(say: Teller) -> dict[str, str]:
    volume = say.rng.choice((10, 100))
    return {f"total {volume}M": say.amount(say.tool.total(volume * 1_000_000), "10", "12", "0.1")}


def _false_unit(say: Teller) -> dict[str, str]:
    """Return a price of a million tokens as that of a thousand, on the profile."""
    return say.rng.choice(
        (
            {"card input": f"{money(say.tool.input)}/1K tok"},
            {"card output": f"{money(say.tool.output)}/1K tok"},
            {"bullet input": f"• Input: {money(say.tool.input)} per 1K tokens"},
            {"bullet output": f"• Output: {money(say.tool.output)} per 1K tokens"},
        )
    )


def _false_split(say: Teller) -> dict[str, str]:
    ships = say.rng.choice([each for each in (1, 3, 4) if each != say.tool.ships])
    return {"split": f"{'Skip' if ships == 1 else 'Ship'} · {ships} ship / {len(REVIEWERS) - ships} skip"}


def _false_release(say: Teller) -> dict[str, str]:
    return {"card released": f"{say.world.verified + timedelta(days=say.rng.randint(60, 200)):%B %Y}"}


def _false_check(say: Teller) -> dict[str, str]:
    day = say.tool.released - timedelta(days=say.rng.randint(60, 300))
    return {"card updated": american(day), "note verified": american(day)}


FIELD_PLANTS: tuple[FieldPlant, ...] = (
    FieldPlant(
        "sources differ",
        "context",
        ("profile", "model"),
        lambda say: {"card context": f"{_false_context(say)} tokens"},
    ),
    FieldPlant("sources differ", "cost", ("profile", "model"), _false_prices),
    FieldPlant("said twice", "cost", ("profile",), _false_bullet),
    FieldPlant(
        "maximum output",
        "max output",
        ("profile", "model"),
        lambda say: {"card max output": f"{say.pick(say.tool.output_limit, OUTPUTS, 1.9):,} tokens"},
    ),
    FieldPlant(
        "licence",
        "licence",
        ("profile", "model"),
        lambda say: {"card licence": _false_licence(say)},
        open=True,
    ),
    FieldPlant(
        "licence",
        "licence",
        ("panel", "profile"),
        lambda say: {"plan": f"Free ({_false_licence(say)} weights)"},
        open=True,
    ),
    FieldPlant(
        "release date",
        "dates",
        ("model", "profile"),
        lambda say: {
            "spec released": (say.tool.released - timedelta(days=say.rng.randint(100, 400))).isoformat()
        },
    ),
    FieldPlant("row against row", "cost", ("model",), _false_row, ("row",)),
    FieldPlant(
        "row against row",
        "context",
        ("model",),
        lambda say: {"row context": _false_context(say).lower()},
        ("row",),
    ),
    FieldPlant("total against price", "cost", ("head-to-head",), _false_total),
    FieldPlant(
        "share against split",
        "panel",
        ("panel",),
        lambda say: {"card share": f"{say.pick(say.tool.share, (25, 50, 75, 100), 1.2)}%"},
        ("split",),
    ),
    FieldPlant("share against split", "panel", ("panel",), _false_split, ("card share",)),
    FieldPlant(
        "community share",
        "community",
        ("panel",),
        lambda say: {"card community": f"{_community(say)['p']}%"},
        ("votes",),
    ),
    FieldPlant("per 1K against per 1M", "cost", ("profile",), _false_unit),
    FieldPlant(
        "per 1K against per 1M",
        "cost",
        ("model",),
        lambda say: {"spec output": f"{money(say.tool.output)}/Ktok"},
    ),
    FieldPlant("release after check", "dates", ("profile",), _false_release, ("checked",)),
    FieldPlant("release after check", "dates", ("profile",), _false_check, ("checked",)),
    FieldPlant(
        "score above maximum",
        "performance",
        ("head-to-head",),
        lambda say: {f"result {say.rng.choice(TESTS)}": say.rng.choice(("4/3", "7/5", "6/5", "12/10"))},
    ),
    FieldPlant(
        "two currencies",
        "cost",
        ("profile",),
        lambda say: {"card output": "{v}/1M tok ({e})".format(**_currencies(say))},
    ),
    FieldPlant(
        "two currencies",
        "cost",
        ("panel",),
        lambda say: {"plan": say.rng.choice(("$20/mo (€55)", "$15/mo (€4)", "€10/mo ($38)"))},
        open=False,
    ),
    FieldPlant(
        "words against tokens",
        "context",
        ("profile",),
        lambda say: {"card context": "{k} tokens (about {w} words)".format(**_words(say))},
    ),
    FieldPlant(
        "words against tokens",
        "context",
        ("model",),
        lambda say: {"spec context": "{n} tokens (about {w} words)".format(**_words(say))},
    ),
)

#: Two names for one tool, and two sizes under one name; {m} is the maker, {f} the brand, {v} {n} the rest of the name.
NAME_PLANTS: tuple[tuple[str, str, str], ...] = (
    ("two records, one tool", "{f} {v} {n}", "{m}: {f} {v} {n}"),
    ("two records, one tool", "{f} {v} {n}", "{m} {f} {v} {n}"),
    ("two records, one tool", "{f} {v} {n}", "{f} {n} {v}"),
    ("two records, one tool", "{f} {v} {n}", "{v} {n} {f}"),
    ("two records, one tool", "{m}: {f} {v} {n} 24B", "{f} {v} {n} (24B)"),
    ("two records, one tool", "{f} {v} {n}", "{f} {v} v{n}"),
    ("one name, two tools", "{f} {v} {n} (22B)", "{f} {v} {n} (24B)"),
    ("one name, two tools", "{f} {v} {n} 8B", "{f} {v} {n} 7.5B"),
    ("one name, two tools", "{f} {v} {n} (70B)", "{f} {v} {n} (72B)"),
    ("one name, two tools", "{f} {v} {n} (32B)", "{f} {v} {n} (30B)"),
)


# Putting pages together.


@dataclass(slots=True)
class Draft:
    """A page being written: its paragraphs by place. `key` is the tool it is about, empty for pages about both."""

    shape: str
    key: str
    prose: dict[str, list[Line]] = field(default_factory=dict)
    #: Statements, and questions, that are on the page already.
    said: set[str] = field(default_factory=set)
    #: Places that a planted sentence has to itself.
    closed: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return f"{self.shape}-{self.key}".rstrip("-")


#: Places that are one line of a page.
_ONE_LINE = ("tagline", "description", "intro", "lead")
#: Places that are never empty.
_NEEDED = {
    "panel": ("tagline:a", "tagline:b", "description:a", "description:b"),
    "head-to-head": ("cost", "performance"),
    "model": ("intro", "strengths", "trade-offs", "use-case"),
    "profile": ("lead", "overview", "capabilities", "technical", "pricing", "best"),
}


class Writer:
    """Writes sets in the wordings of a module such as truth_words."""

    def __init__(self, words: ModuleType) -> None:
        self.words = words
        self.wordings: Mapping[str, Sequence[str]] = words.WORDINGS

    def clean(self, seed: str) -> PageSet:
        """Write a set in which everything agrees."""
        rng = Random(seed)
        world = make_world(rng)
        drafts = self._drafts(rng)
        self._fill(drafts, world, rng, most=7, whole=True)
        return PageSet(self._pages(drafts, world, rng, dense=True))

    def near_miss(self, seed: str) -> PageSet:
        """Write a set with three true sentences that look untrue, two on one tool and one on both."""
        rng = Random(seed)
        world = make_world(rng, ratio=rng.choice((2, 3, 4, 5, 8, 10)), table="mixed")
        pair, single = Draft("head-to-head", ""), Draft("model", rng.choice("ab"))
        traps = self.words.PAIR_NEAR_MISSES
        wording, mistaken = rng.choice(traps[rng.choice(sorted(traps))])
        say = Teller(world, *favourite(world), False, rng)
        place = "cost" if STATEMENTS[mistaken].topic == "cost" else "performance"
        self._add(pair, place, self._around(self._sentence(wording, say, near_values(say)), rng), "near miss")
        traps = self.words.NEAR_MISSES
        for trap in rng.sample(sorted(traps), 2):
            wording, mistaken = rng.choice(traps[trap])
            say = self._teller(STATEMENTS[mistaken], single, world, rng, wrong=False, key=single.key)
            place = rng.choice(("strengths", "trade-offs", "use-case"))
            text = self._sentence(wording, say, near_values(say))
            self._add(single, place, self._around(text, rng), "near miss")
        drafts = self._drafts(rng, pair, single)
        self._fill(drafts, world, rng, most=2, whole=True)
        return PageSet(self._pages(drafts, world, rng))

    def planted(self, case: Case, wording: str, seed: str) -> PageSet:
        """Write a set in which one sentence is false."""
        rng = Random(seed)
        statement = STATEMENTS[case.statement]
        values = None
        while values is None:
            world = make_world(rng, ratio=rng.choice(case.ratio), table=case.table)
            shape, key = rng.choice(case.shapes), rng.choice("ab")
            draft = Draft(shape, key if shape in _SELF else "")
            say = self._teller(statement, draft, world, rng, wrong=True, key=key)
            values = statement.values(say)
        text = self._sentence(wording, say, values)
        base = self._put_base(draft, case.base, world, rng) if case.base else ""
        self._put(draft, case.statement, self._around(text, rng), say, "plant")
        beside: tuple[Draft, ...] = ()
        if case.beside:
            # of the prices of a pair either may be the false ones
            keys = "ab" if shape == "head-to-head" else key
            other = rng.choice([each for each in case.beside if each != shape])
            beside = tuple(Draft(other, each) for each in keys)
        drafts = self._drafts(rng, draft, *beside)
        no_prices = frozenset({"cost"}) if case.kind == "ratio against totals" else frozenset[str]()
        self._fill(drafts, world, rng, most=2, without=no_prices)
        pages = self._pages(drafts, world, rng)
        names = {say.tool.name, say.other.name} if statement.about else {say.tool.name}
        plant = Plant(
            kind=case.kind,
            in_field=False,
            tools=frozenset(names),
            wording=wording,
            beside=base,
            said=text,
            lines=_places(pages, {"plant"}),
            partners=_places(pages, {"plant", *_labels(statement.topic, say.tool.key)}),
        )
        return PageSet(pages, plant)

    def planted_field(self, spec: FieldPlant, seed: str) -> PageSet:
        """Write a set in which a field contradicts another, or itself."""
        rng = Random(seed)
        world = make_world(rng, ratio=rng.choice((2, 4, 5)), table="mixed")
        key = rng.choice("ab")
        tool, other = (world.a, world.b) if key == "a" else (world.b, world.a)
        if spec.open is not None:
            tool.licence = rng.choice(LICENCES) if spec.open else "proprietary"
            tool.plan = f"Free ({tool.licence} weights)" if spec.open else "$20/mo per seat"
        false = spec.false(Teller(world, tool, other, True, rng))
        drafts = [Draft(shape, key if shape in _SELF else "") for shape in spec.pages]
        base = ""
        if "head-to-head" in spec.pages and spec.topic == "cost":
            base = self._put_base(drafts[0], "pair prices", world, rng)
        if len(drafts) == 1:
            drafts.append(Draft(rng.choice(_SELF), other.key))
        self._fill(drafts, world, rng, most=2, without=frozenset({spec.topic}))
        fields = Fields({f"{place}:{key}": said for place, said in false.items()})
        pages = self._pages(drafts, world, rng, fields)
        mine = {f"{each}:{key}" for each in (*false, *spec.also)}
        plant = Plant(
            kind=spec.kind,
            in_field=True,
            tools=frozenset({tool.name}),
            wording=", ".join(false),
            beside=base,
            said=" … ".join(false.values()),
            lines=_places(pages, mine),
            partners=_places(pages, mine | _labels(spec.topic, key)),
        )
        return PageSet(pages, plant)

    def planted_name(self, kind: str, first: str, second: str, seed: str) -> PageSet:
        """Write a set in which one tool has two names, or two tools have one."""
        rng = Random(seed)
        world = make_world(rng, table="mixed")
        key = rng.choice("ab")
        tool = world.a if key == "a" else world.b
        variant, version = tool.short.split(" ")
        parts = {"m": tool.maker, "f": tool.family, "v": variant, "n": version}
        names = first.format(**parts), second.format(**parts)
        drafts = Draft(rng.choice(("panel", "head-to-head")), ""), Draft("profile", key)
        pages: tuple[Page, ...] = ()
        for draft, tool.name in zip(drafts, names, strict=True):
            self._fill([draft], world, rng, most=1, without=frozenset({"parameters"}))
            pages += self._pages([draft], world, rng)
        everywhere = frozenset(
            (page.name, number) for page in pages for number in range(1, len(page.lines) + 1)
        )
        plant = Plant(
            kind=kind,
            in_field=True,
            tools=frozenset(names),
            wording=f"{first} / {second}",
            beside="",
            said=" / ".join(names),
            lines=everywhere,
            partners=everywhere,
            every=True,
        )
        return PageSet(pages, plant)

    # Sentences and paragraphs.

    def _sentence(self, wording: str, say: Teller, values: Mapping[str, str]) -> str:
        """Return a wording with its values; names are now and then the short ones, as writers have it."""
        tools = say.tool, say.other
        names = [each.short for each in tools] if say.rng.random() < 0.3 else [each.name for each in tools]
        truth = {
            "true_k": thousands(say.tool.context),
            "true_out": f"{say.tool.output_limit:,}",
            "true_p": f"{say.tool.parameters}B",
            "true_my": f"{say.tool.released:%B %Y}",
        }
        return wording.format(t=names[0], o=names[1], m=say.tool.maker, f=say.tool.family, **truth, **values)

    def _wording(self, name: str, rng: Random, *, whole: bool = False, named: bool = False) -> str:
        """Choose a wording, with `named` one that names its tool.

        Only `whole` pages take those that say two things: beside a plant either might be contradicted.
        """
        fit = [each for each in self.wordings[name] if whole or "{true_" not in each]
        return rng.choice([each for each in fit if not named or "{t}" in each])

    def _teller(
        self, statement: Statement, draft: Draft, world: World, rng: Random, *, wrong: bool, key: str
    ) -> Teller:
        """Choose of whom a statement is; `key` says which tool where it may be either."""
        tool, other = (world.a, world.b) if key == "a" else (world.b, world.a)
        if statement.about is not None and draft.shape == "head-to-head":
            tool, other = statement.about(world)
            if wrong and statement.turns:
                tool, other = other, tool
        return Teller(world, tool, other, wrong, rng)

    def _around(self, text: str, rng: Random) -> str:
        """Return a paragraph with the sentence in it, first, last, alone or between."""
        before = [rng.choice(self.words.FILLERS)] if rng.random() < 0.5 else []
        after = [rng.choice(self.words.FILLERS)] if rng.random() < 0.5 else []
        return " ".join([*before, text, *after])

    def _put(self, draft: Draft, name: str, text: str, say: Teller, *labels: str, place: str = "") -> None:
        """Put a paragraph on the page, at one of the statement's places; with labels it has that place to itself."""
        statement = STATEMENTS[name]
        place = place or say.rng.choice(statement.places[draft.shape])
        topic = TOPICS[statement.topic][-1].format(k=say.tool.key)
        if place == "questions":
            about = "one" if draft.shape == "model" else "answer" if name == "answer" else statement.topic
            asked = self._question(draft, about, say)
            self._add(draft, place, asked, topic, *labels)
        elif draft.shape == "panel":
            place = f"{place}:{say.tool.key}"
        self._add(draft, place, text, topic, *labels)
        if labels:
            draft.closed.add(place)

    def _question(self, draft: Draft, about: str, say: Teller) -> str:
        asked = [each for each in self.words.QUESTIONS[about] if each not in draft.said]
        question: str = say.rng.choice(asked or self.words.QUESTIONS["other"])
        draft.said.add(question)
        return question.format(t=say.tool.name, o=say.other.name)

    def _add(self, draft: Draft, place: str, text: str, *labels: str) -> None:
        draft.prose.setdefault(place, []).append(Line(text, frozenset(labels)))

    def _put_base(self, draft: Draft, name: str, world: World, rng: Random) -> str:
        """Put the true sentences that a plant contradicts; return their wordings.

        The prices of a pair stand in one sentence, or in one for each tool.
        """
        statement = STATEMENTS[name]
        say = self._teller(statement, draft, world, rng, wrong=False, key="a")
        tellers = [(name, say)]
        if name == "pair prices" and rng.random() < 0.5:
            tellers = [("both prices", say), ("both prices", Teller(world, say.other, say.tool, False, rng))]
        place = "cost" if statement.topic == "cost" else "performance"
        wordings = []
        for stated, each in tellers:
            wordings.append(self._wording(stated, rng, named=True))
            text = self._sentence(wordings[-1], each, STATEMENTS[stated].values(each) or {})
            self._put(draft, stated, text, each, place=place)
        draft.said.add(name)
        return " + ".join(wordings)

    def _fill(
        self,
        drafts: Sequence[Draft],
        world: World,
        rng: Random,
        *,
        most: int,
        whole: bool = False,
        without: frozenset[str] = frozenset(),
    ) -> None:
        """Say true things on every page, at most so many, none of the topics `without`."""
        for draft in drafts:
            names = [name for name, each in STATEMENTS.items() if draft.shape in each.places]
            rng.shuffle(names)
            wanted = rng.randint((most + 1) // 2, most)
            for name in names:
                if wanted == 0:
                    break
                statement = STATEMENTS[name]
                say = self._teller(
                    statement, draft, world, rng, wrong=False, key=draft.key or rng.choice("ab")
                )
                values = statement.values(say)
                if values is None or name in draft.said or statement.topic in without:
                    continue
                open_places = [
                    each
                    for each in statement.places[draft.shape]
                    if (f"{each}:{say.tool.key}" if draft.shape == "panel" else each) not in draft.closed
                ]
                if not open_places:
                    continue
                text = self._sentence(self._wording(name, rng, whole=whole), say, values)
                self._put(draft, name, text, say, place=rng.choice(open_places))
                draft.said.add(name)
                wanted -= 1

    # Pages.

    def _drafts(self, rng: Random, *there: Draft) -> list[Draft]:
        """Return the pages that are there and some more, two to four in all, in any order."""
        known = {each.name for each in there}
        free = [Draft("panel", ""), Draft("head-to-head", "")]
        free += [Draft(shape, key) for shape in _SELF for key in "ab"]
        free = [each for each in free if each.name not in known]
        rng.shuffle(free)
        more = rng.randint(max(2 - len(there), 0), 4 - len(there))
        drafts = [*there, *free[:more]]
        rng.shuffle(drafts)
        return drafts

    def _pages(
        self,
        drafts: Sequence[Draft],
        world: World,
        rng: Random,
        fields: Fields | None = None,
        *,
        dense: bool = False,
    ) -> tuple[Page, ...]:
        """Lay the drafts out; in dense ones several statements share a paragraph."""
        return tuple(self._page(each, world, rng, fields or Fields(), dense=dense) for each in drafts)

    def _page(self, draft: Draft, world: World, rng: Random, fields: Fields, *, dense: bool) -> Page:
        tool, other = (world.b, world.a) if draft.key == "b" else (world.a, world.b)
        self._furnish(draft, Teller(world, tool, other, False, rng), dense=dense)
        prose = {
            place: lines
            if place in ("questions", "reviews", "comparisons")
            else _joined(lines, place, dense, rng)
            for place, lines in draft.prose.items()
        }
        if rng.random() < 0.5:
            prose = {
                place: [Line(line.text.replace("'", "’"), line.labels) for line in lines]
                for place, lines in prose.items()
            }
        if draft.shape == "panel":
            return panel(world, prose, fields, name=draft.name)
        if draft.shape == "head-to-head":
            return head_to_head(world, prose, fields, name=draft.name)
        if draft.shape == "model":
            return model_page(tool, prose, fields, name=draft.name)
        return profile(world, tool, prose, fields, name=draft.name)

    def _furnish(self, draft: Draft, say: Teller, *, dense: bool) -> None:
        """Fill the places that are never empty, and in dense pages some others, with what says nothing."""
        rng, words = say.rng, self.words
        for place in _NEEDED[draft.shape]:
            if place not in draft.prose or (dense and rng.random() < 0.3):
                self._add(draft, place, rng.choice(words.FILLERS))
        if draft.shape in ("head-to-head", "model"):
            self._add(draft, "questions", self._question(draft, "other", say))
            self._add(draft, "questions", rng.choice(words.FILLERS))
        if draft.shape == "head-to-head":
            self._add(draft, "choose", rng.choice(words.CHOICES).format(t=say.tool.name, o=say.other.name))
        elif draft.shape == "profile":
            for line in words.COMPARED:
                self._add(draft, "comparisons", f"• {line.format(t=say.tool.short)}")
        elif draft.shape == "panel":
            for line in rng.sample(words.REVIEWS, 2 * len(REVIEWERS)):
                self._add(draft, "reviews", line)


def _joined(lines: Sequence[Line], place: str, dense: bool, rng: Random) -> list[Line]:
    """Return paragraphs: one of a place that is one line, else some joined where they are to be dense."""
    joined: list[Line] = []
    for line in lines:
        if joined and (place.partition(":")[0] in _ONE_LINE or (dense and rng.random() < 0.7)):
            last = joined.pop()
            line = Line(f"{last.text} {line.text}", last.labels | line.labels)
        joined.append(line)
    return joined


def _labels(topic: str, key: str) -> set[str]:
    return {each.format(k=key) for each in TOPICS[topic]}


def _places(pages: Iterable[Page], labels: Iterable[str]) -> frozenset[tuple[str, int]]:
    wanted = frozenset(labels)
    return frozenset((page.name, number) for page in pages for number in page.numbers(wanted))


def near_values(say: Teller) -> Values:
    """Return what the near misses are filled with; all of it is true of the world."""
    tool, other, rng = say.tool, say.other, say.rng
    big = rng.choice([each for each in (120, 235, 405) if each != tool.parameters])
    total = tool.total(100_000_000)
    later = (say.world.verified - tool.released).days
    past = tool.released + timedelta(days=rng.randint(45, max(later - 60, 46)))
    before = tool.released - timedelta(days=rng.randint(120, 300))
    tokens = tool.context
    binary = 1_048_576 if tokens == 1_000_000 else tokens // 1_000 * 1_024
    rough = {32: "33K", 64: "65K", 128: "130K", 200: "205K", 256: "260K", 1_000: "1.05M"}[tokens // 1_000]
    return {
        "i": money(tool.input),
        "u": money(tool.output),
        "i2": money(tool.input / 2),
        "u2": money(tool.output / 2),
        "i10": money(tool.input / 10),
        "i3": money(tool.input * 3),
        "u3": money(tool.output * 3),
        "t2": money(tool.output / 2),
        "o2": money(other.output / 2),
        "o3": money(other.output * 3),
        "e3": money((tool.output * 3 * EURO).quantize(CENT, ROUND_HALF_UP)).replace("$", "€"),
        "k": thousands(tokens),
        "K2": thousands(tokens * 2),
        "Kh": thousands(tokens // 2),
        "binary": f"{binary:,}",
        "over": rough,
        "bp": str(big),
        "lo": rng.choice([each for each in LICENCES if each != tool.licence]),
        "third": rng.choice(THIRDS),
        "past": f"{past:%B %Y}",
        "before": f"{before:%B %Y}",
        "after": f"{rng.choice(('March', 'June', 'October'))} 2027",
        "mix31": money((tool.input * 3 + tool.output) / 4),
        "mix11": money((tool.input + tool.output) / 2),
        "in100": money(tool.input * 100),
        "out100": money(tool.output * 100),
        "tot40": money(total * Decimal("0.4")),
        "tot5": money(total * 5),
        "near": str(5 * round(tool.community / 5)),
        "paying": str(min(tool.community + 14, 97)),
        "without": str(round(Decimal(sum(tool.scores[:3])) / 3)),
        "mean_then": str(tool.mean - 9),
        "share_then": str(75 if tool.share < 75 else 50),
        "builder": str(tool.scores[0]),
        "toomany": f"{tokens * 2:,}",
    }

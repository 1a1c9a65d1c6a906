"""A sentence with what stands in it: tools, other products, quantities, clauses and the conditions that they are under.

Positions are those of the sentence itself. Reading is careful on purpose: where a figure's owner is in doubt there is none.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

from newsletter.content.statements import lexicon
from newsletter.content.statements.names import Names

#: Where one sentence ends: the next begins with a capital, a quotation mark or a figure.
_BOUNDARY = re.compile(
    r"(?<!\bvs\.)(?<!\bv\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bca\.)(?<!\bNo\.)(?<!\bapprox\.)(?<!\best\.)(?<!\bInc\.)"
    r"(?<=[.!?])[”\"'’)\]]*\s+(?=[A-Z“\"'‘(\d$€£~≈])"
)
#: A longer one is no sentence, and would take long to search.
SENTENCE_LENGTH = 2_000


class Quantity(StrEnum):
    """What kind of quantity a figure is."""

    MONEY = "money"
    TOKENS = "tokens"
    SIZE = "size"
    WORDS = "words"
    PERCENT = "percent"
    TIMES = "times"
    SCORE = "score"
    SPLIT = "split"
    DATE = "date"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Magnitude:
    """A quantity at a place. `value` is in dollars or another currency (`unit`), tokens, parameters, words or parts of one.

    `unit` is a currency, or of tokens "input", "output" or another kind; `of` is what a score is out of. `vague` is one that is
    a bound or a range.
    """

    quantity: Quantity
    value: Decimal
    start: int
    end: int
    text: str
    unit: str = ""
    of: Decimal | None = None
    vague: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A tool at a place; `tool` is empty for a product that is none of ours."""

    tool: str
    start: int
    end: int


_N = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_W = "|".join(sorted(lexicon.NUMBERS, key=len, reverse=True))
_SCALE = r"k|m|bn|thousand|million|billion"
_KIND = r"(?:input|output|prompt|completion|generated|training|cached|blended|incoming|outgoing|written)"
_MONTH = lexicon.MONTHS
_PARTS = "|".join(lexicon.PARTS)
_MULTIPLES = "|".join(lexicon.MULTIPLES)
_QUANTITY = re.compile(
    rf"(?P<date>(?<!\w)(?:(?:{_MONTH})\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}|\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{_MONTH}),? \d{{4}}|"
    rf"(?:{_MONTH}),? (?:of )?\d{{4}}|\d{{4}}-\d\d(?:-\d\d)?)(?![\w-]))"
    rf"|(?P<money>(?<!\w)[~≈]?(?:us ?)?(?P<sign>[$€£¥₹]) ?(?P<amount>{_N})(?:(?P<more>[+]|\d|[.,]\d| ?[-–] ?(?P=sign)?\d)|(?P<mscale> ?(?:thousand|billion)\b|[kb]\b| ?m(?:illion)?\b(?! (?:in|out|of) |[ -]*(?:{_KIND}|tok)))?))"
    rf"|(?P<coded>(?<![\w.,])(?P<camount>{_N}) ?(?P<code>cents?|¢|usd|us dollars?|dollars?|euros?|eur|gbp|pounds?)(?!\w)|(?<!\w)(?P<code2>usd|eur|gbp) ?(?P<camount2>{_N}))"
    rf"|(?P<percent>(?<![\w.,])(?P<pn>{_N})(?: ?[-–] ?\d+)? ?(?:%|per ?cent\b))"
    rf"|(?P<words>(?<![\w.,$])(?P<wn>{_N}) ?(?P<wscale>{_SCALE})?[ -]words?\b)"
    rf"|(?P<size>(?<![\w.,$€£])(?:(?:(?P<sn>{_N})|(?P<sw>{_W}))(?:[ -]?b(?:n|illion)?)(?P<plus>\+)?(?![\w$]|[ -]*(?:{_KIND}[ -])?tok)))"
    rf"|(?P<times>(?<![\w.,$])(?:(?P<tn>{_N}|{_W}) ?(?:[x×](?!\w)|(?:[ -]times|-?fold)\b)|(?P<multiple>{_MULTIPLES})[sd]?\b"
    rf"|(?P<half>hal(?:f|ve[sd]?))\b|(?:an?|one|two|three)[ -](?P<part>{_PARTS})s?\b(?![- ]part)|(?P<magnitude>order of magnitude)))"
    rf"|(?P<score>(?<![\w.,$/])(?P<x>\d+(?:\.\d+)?) ?(?:/|out of(?: a possible| a maximum of| the)?) ?(?P<y>\d+(?:\.\d+)?|four|five|ten|twelve)(?![\w/]|\.\d|[ -]?(?:%|tok)))"
    rf"|(?P<split>(?<![\w.,$-])(?P<left>\d{{1,2}}) ?[-–—:] ?(?P<right>\d{{1,2}})(?![\w%]| ?%|[.,]\d| ?[-–]))"
    rf"|(?P<rate>(?:(?<!\w)(?:a|per|each|every|one) (?:1 ?)?(?=million|thousand)|(?:\bper |/ ?)(?:1 ?)?)(?P<rscale>million|thousand|[mk])\b(?![ -]*(?:{_KIND}[ -]|m?tok)))"
    rf"|(?P<mtok>(?:(?P<mkind>{_KIND}) )?(?<![a-z])(?P<mn>[mk])-?tok(?:en)?s?\b)"
    rf"|(?P<tokens>(?<![\w.,$€£])(?P<kn>{_N}|{_W}|)(?:[ -]?(?P<kscale>{_SCALE}))?(?:[ -](?P<kind>{_KIND}))?(?:[ -]+|(?<=\d))tok(?:en)?s?\b(?: of (?P<kindafter>input|output|prompt|completion|text|context))?)"
    rf"|(?P<count>(?<![\w.,$€£])(?P<cn>{_N}|{_W})(?: ?(?P<cscale>k|m|thousand|million)\b)?(?![\w%$]|\.\d))"
)
_SCALES = {"k": 3, "thousand": 3, "m": 6, "million": 6, "b": 9, "bn": 9, "billion": 9}
_CURRENCY = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR"}
_CODES = {"usd": "USD", "us": "USD", "dol": "USD", "eur": "EUR", "gbp": "GBP", "pou": "GBP"}
_BOUND = re.compile(
    r"(?:(?<!add )(?<!adds )(?<!run )(?<!runs )(?<!come )(?<!comes )(?<!adding )up to|less than|more than|fewer than|under|over|below|above|at least|starting (?:at|from)|as low as|as little as|"
    r"between|cheaper than|beyond|exceed\w*)\s*[~≈]?$"
)
_FOLD = {
    ord(upper): ord(lower)
    for upper, lower in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", strict=True)
}
_FOLD |= {
    ord("’"): ord("'"),
    ord("‘"): ord("'"),
    ord("“"): ord('"'),
    ord("”"): ord('"'),
    ord("\u00a0"): ord(" "),
    ord("\u202f"): ord(" "),
}
#: Where a statement ends and another begins.
_CUT = re.compile(
    r";|\.(?=\s)|—|,?\s(?:while|whereas|but|yet|although|though)\s|,\s(?:where|which|because|letting|so)\s|,\sand\s(?=§)"
)

#: Capitals that name no product.
_NO_NAME = re.compile(
    r"[A-Z]{1,5}s?|[A-Z][a-z]{2,}(?:ing|ed|ly|ion|ions|ment|ments|ness|ity|ance|ence|ers)|M[Tt]oks?|Q&A|At|With|For|Its?|The|This|That|These|An?|"
    r"Pric(?:e|es|y)|Input|Output|Inputs|Outputs|Costs?|From|And|While|If|Yes|No|Official|Both|Only|On|In|Where|Context|Pick|Choose|Up|"
    r"Per|Prompts?|Completions?|Tokens?|Every|Each|All|Any|Of|To|By|As|But|Or|So|Since|Until|Before|After|When|Then|There|"
    r"Here|What|Which|Who|How|Why|Not|Nothing|Nobody|None|Neither|Expect|Take|Go|Budget|Count|Think|You|Your|We|Our|They|Their|He|She|I|"
    r"One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten|Eleven|Twelve|January|February|March|April|May|June|July|August|September|"
    r"October|November|December|Monday|Sunday|English|European|French|German|Chinese|American|Apache|MIT|BSD|Open|Weights?|"
    r"Licen[cs]e|Source|Free|Paid|Ship|Skip|Mixed|Builder|Skeptic|Futurist|Founder|Batch|Cached|Everything|Figures?|Prices|Last|"
    r"Rates?|Token|Model|Models|Tool|Between|Over|Under|Through|Compared|Switching|Choosing|Half|Twice|Double|Against|Next|Once|"
    r"Most|Many|Some|Other|Rivals?|Frontier|Analysts?|Customers?|Support|Community|Readers?|Panel|Reviewers?|Answers?|Replies|"
    r"Release|Parameters?|Window|Maximum|Max|Minimum|Average|Mean|Score|Total|Bill|Vision|Text|Version|Did|Does|Do|Is|Are|Was|Were|Has|"
    r"Have|Had|Can|Could|Will|Would|Should|May|Might|Let|Get|Run|Use|Buy|Send|Feed|Push|Move|Scale|Pay|Save|Weekly|Monthly|Daily|"
    r"Roughly|About|Around|Nearly|Almost|Just|Even|Still|Yet|Also|Because|Although|Though|Unless|Whether|Whatever|However|"
    r"Taken|Given|Either|Rather|Instead|Without|Within|Beyond|Despite|Except|Like|Unlike|Overall|First|Second|Third|Same|Among|Across|Around|Above|Below|Behind|Besides?|During|Inside|Outside|Throughout|Towards?|Via|Upon|Plus|Thanks|"
    r"Perhaps|Maybe|Thus|Hence|Again|Now|Today|Later|Meanwhile|People|Users?|Teams?|Work|Tests?|Results?|Money|Price|Speed|Size|Whole|Full|Such"
)
_PRODUCT = re.compile(
    r"(?<![\w'\"“‘§-])(?:[A-Z][\w&]*(?:\.\w+)*(?:-[\w.]*\w)?|[a-z]+[A-Z]\w*|[a-z]+-?\d+(?:\.\d+)?(?![\w%]))"
    r"(?: (?:[A-Z][\w&]*(?:-[\w.]*\w)?|v?\d+(?:\.\d+)*[bB]?(?![\w%,.]\d)))*(?: (?:mini|nano|turbo|lite|flash|preview)\b)?"
)
_DIGIT = re.compile(r"\d")
_VERB_AFTER = re.compile(r"\s*(?:'s\s|(?:is|has|does|was|can|will|[a-z]+[^s\W]s|won|beat|led)\b)")


class Sentence:
    """One sentence with its marks in order. `text` is folded to lower case, with "§" in place of every name."""

    def __init__(
        self,
        words: str,
        names: Names,
        *,
        line: int | None = None,
        subject: str | None = None,
        going_on: bool = False,
    ) -> None:
        """`subject` is what it is about if it names nothing; `going_on`: its first word is no name for being capital."""
        self.words = words
        self.line = line
        self.names = names
        self.subject = subject if subject is not None else names.subject
        masked = words
        tools = []
        for each in names.mentions(words):
            tools.append(Named(each.tool, each.start, each.end))
            masked = masked[: each.start] + "§" * (each.end - each.start) + masked[each.end :]
        others = (
            []
            if "§" not in masked and masked.islower()
            else list(_others(masked, names, bool(tools), going_on))
        )
        for other in others:
            masked = masked[: other.start] + "§" * (other.end - other.start) + masked[other.end :]
        self.named: list[Named] = sorted([*tools, *others], key=lambda each: each.start)
        self.text = masked.translate(_FOLD)

    @cached_property
    def figures(self) -> list[Magnitude]:
        return list(_figures(self.text))

    def of(self, *quantities: Quantity) -> list[Magnitude]:
        return [each for each in self.figures if each.quantity in quantities]

    @cached_property
    def cuts(self) -> list[int]:
        return [0, *(each.start() for each in _CUT.finditer(self.text)), len(self.text)]

    def clause(self, position: int) -> tuple[int, int]:
        """Return where the clause around a position begins and ends."""
        start = max(each for each in self.cuts if each <= position)
        return start, min((each for each in self.cuts if each > position), default=len(self.text))

    @cached_property
    def flags(self) -> list[tuple[str, int]]:
        return [(found.lastgroup or "", found.start()) for found in lexicon.FLAG.finditer(self.text)]

    def conditions(self, position: int) -> set[str]:
        """Return which conditions the clause at a position is under; a negation counts where it stands before it."""
        start, end = self.clause(position)
        return {
            flag
            for flag, place in self.flags
            if start <= place < end and (flag != "negated" or place < position)
        }

    def tools(self) -> list[str]:
        """Return the tools that are named, each once, in their order."""
        return list(dict.fromkeys(each.tool for each in self.named if each.tool))

    @property
    def names_others(self) -> bool:
        return any(not each.tool for each in self.named)

    def owner(self, start: int, end: int) -> str | None:
        """Return the tool that what stands from `start` to `end` is said of; None when that is in doubt."""
        attached = self.attached(start, end)
        if attached is not None:
            return attached.tool or None
        first, last = self.clause(start)
        before = [
            each
            for each in self.named
            if first <= each.start and each.end <= start and not self._is_object(each)
        ]
        if before:
            return before[-1].tool or None
        after = [each for each in self.named if end <= each.start < last]
        if after and not self._is_object(after[0]):
            made = (
                len(after) > 1
                and not after[0].tool
                and _MADE.fullmatch(self.text[after[0].end : after[1].start])
            )
            return after[1 if made else 0].tool or None
        earlier = [each for each in self.named if each.end <= start and not self._is_object(each)]
        if earlier:
            return earlier[-1].tool or None
        return None if after and not _PRONOUN.search(self.text[first : after[0].start]) else self.subject

    def attached(self, start: int, end: int) -> Named | None:
        """Return the name that a possessive or a preposition ties to what stands here."""
        for each in self.named:
            if each.end <= start and _POSSESSED.fullmatch(self.text[each.end : start]):
                return each
            if each.end <= start and self._is_object(each) and _AT.fullmatch(self.text[each.end : start]):
                return each
            if each.start >= end:
                return each if _TIED.fullmatch(self.text[end : each.start]) else None
        return None

    def _is_object(self, name: Named) -> bool:
        """Return whether a name is what something is compared with, not what the sentence speaks of."""
        return bool(_OBJECT_AFTER.search(self.text[max(0, name.start - 40) : name.start]))


#: "Northmere launched Swift 3": a maker, its verb, and the tool that is spoken of.
_MADE = re.compile(
    r"\s+(?:has |have )?(?:\w+ed|put|built|made|brought|sold|sells|gave|\w+es|\w+s)\s+(?:out\s+)?"
)
_AT = re.compile(r"\s*(?:at|for|with|and its|,|\()\s*[~≈]?")
_PRONOUN = re.compile(r"\b(?:it|its|it's)\b")
_POSSESSED = re.compile(
    r"'s? (?:own |(?:very )?[a-z]+ )?(?:(?:input|output|token|list)(?: price| rate)?(?: of| is|:)? )?[~\"(]?"
)
_TIED = re.compile(
    r"(?:\s*(?:[\"')]|/|a|per|each|every|of|the|input|output|prompt|completion|generated|million|thousand|tokens?|m?toks?|1?[mk]|1,000(?:,000)?|"
    r"roughly|about|text|context|parameters?|window|words?|points?|percent|monthly|daily|month|day|year|in|out)(?![a-z]))*"
    r"\s*(?:on|for|with|from|to|by|of|at|via|behind|using|in|through)\s+(?:the\s+)?"
)
_OBJECT_AFTER = re.compile(
    r"(?:\b(?:than|versus|vs\.?|against|over|like|below|above|beats?|trails?|undercuts?|outscore[sd]?|outperform(?:s|ed)?|matche[sd]|"
    r"leads|led|as|compared (?:\w+ )?(?:to|with)|next to|instead of|rather than|unlike|besides?|version of|before)\s+(?:the\s+|on\s+|for\s+|to\s+|with\s+)?)$"
)


def split_sentences(text: str) -> list[str]:
    cuts = [0, *(each.end() for each in _BOUNDARY.finditer(text)), len(text)]
    return [text[start:end].strip() for start, end in pairwise(cuts)]


def _others(masked: str, names: Names, has_tools: bool, going_on: bool) -> Iterator[Named]:
    """Yield products that are none of ours."""
    for found in _PRODUCT.finditer(masked):
        words, start = found[0].split(" "), found.start()
        opens = not masked[:start].strip("\"“‘('§ ") or masked[:start].rstrip()[-1:] in (".", ":", "?", "!")
        while words and (
            _NO_NAME.fullmatch(words[0])
            or (not _DIGIT.search(words[0]) and _NO_NAME.fullmatch(words[0].partition("-")[0]))
        ):
            start += len(words.pop(0)) + 1
            opens = False if words and not words[0][:1].isdigit() else opens
        if not words or words[0][:1].isdigit():
            continue
        has_number = any(character.isdigit() for word in words for character in word)
        if names.is_own(words) or (names.is_own(words[:1]) and not has_number):
            continue
        if (
            opens
            and not has_number
            and (going_on or has_tools or len(words) > 1 or not _VERB_AFTER.match(masked[found.end() :]))
        ):
            continue
        yield Named("", start, found.end())


def _figures(text: str) -> Iterator[Magnitude]:
    if not any(character.isdigit() for character in text) and not _WORDED.search(text):
        return
    for found in _QUANTITY.finditer(text):
        each = _figure(next(name for name in _READ if found[name] is not None), found, text)
        if each is not None:
            yield each


_WORDED = re.compile(
    rf"\b(?:{_W}|{_MULTIPLES}|{_PARTS}|halves|halved|doubles|magnitude|million|mtok|per m)\w*\b"
)


def _figure(group: str, found: re.Match[str], text: str) -> Magnitude | None:
    read = _READ[group](found)
    if read is None:
        return None
    quantity, value, unit, more = read
    start, end = found.span()
    of, bounded = (more, True) if isinstance(more, Decimal) else (None, more is not False)
    vague = more is True or (bounded and _BOUND.search(text[max(0, start - 24) : start]) is not None)
    return Magnitude(quantity, value, start, end, found[0], unit, of, vague)


#: What is read of a match: quantity, value, unit, and what it is out of; or True for vague, False for never vague.
_Read = tuple[Quantity, Decimal, str, Decimal | bool | None] | None


def _read_money(found: re.Match[str]) -> _Read:
    value = _scaled(found["amount"], (found["mscale"] or "").strip()[:1])
    return Quantity.MONEY, value, _CURRENCY[found["sign"]], True if found["more"] is not None else None


def _read_coded(found: re.Match[str]) -> _Read:
    code = found["code"] or found["code2"]
    value = number(found["camount"] or found["camount2"])
    if code.startswith(("cent", "¢")):
        return Quantity.MONEY, value / 100, "USD", None
    return Quantity.MONEY, value, _CODES[code[:3].strip()], None


def _read_tokens(found: re.Match[str]) -> _Read:
    if not found["kn"] and not found["kscale"]:
        return None
    return (
        Quantity.TOKENS,
        _scaled(found["kn"] or "1", found["kscale"]),
        found["kind"] or found["kindafter"] or "",
        None,
    )


_READ: dict[str, Callable[[re.Match[str]], _Read]] = {
    "date": lambda found: (Quantity.DATE, Decimal(0), "", False),
    "money": _read_money,
    "coded": _read_coded,
    "percent": lambda found: (Quantity.PERCENT, number(found["pn"]) / 100, "", None),
    "words": lambda found: (Quantity.WORDS, _scaled(found["wn"], found["wscale"]), "", None),
    "size": lambda found: (
        Quantity.SIZE,
        number(found["sn"] or found["sw"]) * 10**9,
        "",
        True if found["plus"] else None,
    ),
    "times": lambda found: (Quantity.TIMES, _times(found), "magnitude" if found["magnitude"] else "", False),
    "score": lambda found: (Quantity.SCORE, number(found["x"]), "", number(found["y"])),
    "split": lambda found: (Quantity.SPLIT, number(found["left"]), "", number(found["right"])),
    "rate": lambda found: (Quantity.TOKENS, _scaled("1", found["rscale"]), "rate", False),
    "mtok": lambda found: (Quantity.TOKENS, _scaled("1", found["mn"]), found["mkind"] or "", False),
    "tokens": _read_tokens,
    "count": lambda found: (Quantity.COUNT, _scaled(found["cn"], found["cscale"]), "", None),
}


def number(text: str) -> Decimal:
    """Return the number of digits or of a word."""
    worded = lexicon.NUMBERS.get(text)
    return Decimal(text.replace(",", "").rstrip(".")) if worded is None else Decimal(worded)


def _scaled(text: str, scale: str | None) -> Decimal:
    return number(text) * Decimal(10 ** _SCALES.get(scale or "", 0))


def _times(found: re.Match[str]) -> Decimal:
    if found["tn"]:
        return number(found["tn"])
    if found["multiple"]:
        return Decimal(lexicon.MULTIPLES[found["multiple"]])
    if found["half"]:
        return Decimal("0.5")
    if found["magnitude"]:
        return Decimal(10)
    several = {"two": 2, "three": 3}.get(re.split(r"[ -]", found[0])[0], 1)
    return Decimal(several) / lexicon.PARTS[found["part"]]


def nearest(
    figure: Magnitude, pattern: re.Pattern[str], text: str, first: int = 0, last: int | None = None
) -> int | None:
    """Return how many characters lie between a figure and the nearest of some words; None where there is none."""
    distances = [
        found.start() - figure.end if found.start() >= figure.end else figure.start - found.end()
        for found in pattern.finditer(text, first, len(text) if last is None else last)
    ]
    return min((each for each in distances if each >= 0), default=None)


def between(figures: Sequence[Magnitude], start: int, end: int) -> list[Magnitude]:
    return [each for each in figures if start <= each.start and each.end <= end]


#: Circumstances that change nothing.
_NEUTRAL = lexicon.any_of(
    r"""
    practice; short; total; all; fact; general; addition; return; turn; particular; contrast; comparison; paper; balance; top; the whole;
    average; its own; record; example; instance; most; everyday; daily use; present; moment; last; first; the end; our view; this; that;
    course; everyone; everybody; one; once; time; go; mind; hand; side; way; itself; the (?:box|market|table|page|list|card|rate card);
    sale; offer; dollars?; euros?; cents?; money; budget\w*; volume; scale; work; use; text; texts; class; price; name; size
    """
)
_KNOWN = re.compile(
    "|".join(each.pattern for each in (_NEUTRAL, lexicon.INPUT, lexicon.OUTPUT, lexicon.PRICE))
    + r"|tokens?|m?tok|million|window|context|§|\d"
)
_LEADING = re.compile(
    r"\W*(?:in|on|during|under|outside|after|within|over|inside|throughout|between)\s(?P<noun>[^,§$€£\d]{2,60}?)(?:,|\s(?=§)|\s(?=it\b))"
)
_TRAILING = re.compile(
    r"[^,;]*?\b(?:in|during|under|outside|after|within|when|while|once|for (?:those|people|anyone|whoever|teams|customers))\s(?P<noun>[^,§$€£\d]{3,60})\W*$"
)


def is_under_circumstances(sentence: Sentence, position: int) -> bool:
    """Return whether a figure stands under circumstances that are not known to be neutral: "in the nightly run …"."""
    first, last = sentence.clause(position)
    leading = _LEADING.match(sentence.text, first, last)
    if leading and leading.end() <= position and not _KNOWN.search(leading["noun"]):
        return True
    trailing = _TRAILING.match(sentence.text, position, last)
    return bool(trailing) and not _KNOWN.search(trailing["noun"] if trailing else "")

"""Who a sentence is about: the ways to write a tool's name, and which of them a number belongs to.

Careful on purpose: where the owner is in doubt there is none, and the number stays unclaimed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from newsletter.content.pack import slug

#: After these a name is what something is compared with, not what the sentence speaks of.
_OBJECT_AFTER = re.compile(
    r"\b(?:than|versus|vs\.?|against|over|to|like|from|below|above|beats?|trails?|undercuts?|"
    r"outscore[sd]?|outperform(?:s|ed)?|matche[sd]|leads|led)\s+(?:the\s+)?$",
    re.I,
)
_VERSUS = re.compile(r"\b(?:than|versus|vs\.?|against|undercuts?|compare[ds]? (?:\w+ )?(?:to|with))\s", re.I)
#: "… at $0.20 versus $2.00": the second amount is the other tool's.
_OTHERS_AMOUNT = re.compile(r"[$€£][^$€£]*\b(?:versus|vs\.?|against)\s+[~\w ]{0,15}$", re.I)
_POSSESSIVE = re.compile(
    r"(?<!\bit)(?<!\bthat)(?<!\bthere)(?<!\bwhat)['’]s?\s+(?:own\s|input\s|output\s|roughly\s|about\s)?[‘'“\"]?$",
    re.I,
)
#: "… $0.07 versus Kite's $0.40 and output at …" speaks of the first tool again.
_ANEW = re.compile(r"(?<=[$€£\d])[ ,]+and (?:input|output)\b[^$€£]*$")
_FOR_WHOM = re.compile(r"[^.;,($—–]{0,25}?\b(?:on|for|with)\s+(?=[A-Z])")
#: What would make a name another one: "Heron" is not "Heron 2", "Heron Pro" or "Heron-mini".
_NOT_LONGER = (
    r"(?!\w|\.\d|-\w|\s+v?\d|\s+(?:Pro|Plus|Mini|Max|Lite|Ultra|Large|Medium|Small|Nano|Turbo|Flash)\b)"
)
#: Capitals that name no product: "API", "JSON", and what opens a sentence about prices.
_NO_NAME = re.compile(
    r"[A-Z]{1,4}s?|[A-Z][a-z]+-[a-z]+|[A-Z][a-z]{2,}ing|M[Tt]oks?|Q&A|At|With|For|Its?|The|This|An?|Pricing|Prices?|"
    r"Input|Output|Costs?|From|And|While|If|Yes|No|Published|Official|Both|Only|On|In|Where|Vision|Context|Pick|"
    r"Choose|Up|Per"
)
#: "Weights are …", "Prices start …": what opens with a plural or a preposition is no product.
_PLAIN_OPENING = re.compile(r"[A-Z][a-z]+ (?:are|were|start|begin|sit|stay|of|in|for|at|per|on|from|to)\b")
_CAPITALISED = re.compile(r"(?<![\w'‘“\"-])(?:[A-Z][\w&.-]*[\w&]|[A-Z]|[a-z]+[A-Z]\w*|[A-Za-z]+-?\d[\w.-]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A tool named at a place of a sentence."""

    tool: str
    start: int
    end: int


class Names:
    """The tools that a text may speak of: ids by name; `subject` is the one it speaks of when it names none."""

    def __init__(self, names: Iterable[str], *, subject: str | None = None, also: Iterable[str] = ()) -> None:
        every = tuple(names)
        self.subject = slug(subject) if subject else None
        self._tool_by_alias = {alias: slug(name) for name in every for alias in _aliases(name, every)}
        longest_first = sorted(self._tool_by_alias, key=len, reverse=True)
        self._pattern = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, longest_first))}){_NOT_LONGER}")
        self._words = {word for name in (*every, *also) for word in re.split(r"[\s:()-]+", name) if word}
        self._tools = tuple(slug(name) for name in every)

    def tool(self, text: str) -> str | None:
        """The tool that `text` names and nothing else."""
        ids = {slug(alias): tool for alias, tool in self._tool_by_alias.items()}
        return ids.get(slug(text))

    def mentions(self, sentence: str) -> list[Mention]:
        return [
            Mention(tool=self._tool_by_alias[found[0]], start=found.start(), end=found.end())
            for found in self._pattern.finditer(sentence)
        ]

    def owner(self, sentence: str, start: int, end: int) -> str | None:
        """The tool that the words from `start` to `end` are said of; None when that is in doubt."""
        before, after = sentence[:start], sentence[end:]
        possessive = _POSSESSIVE.search(before)
        if possessive:
            return self._ending(before[: possessive.start()])
        whom = _FOR_WHOM.match(after)
        if whom and self._names_something(after[whom.end() :]):
            return self._beginning(after[whom.end() :])
        return self._subject_of(sentence, start)

    def _subject_of(self, sentence: str, start: int) -> str | None:
        """The tool that `sentence` is about where it comes to `start`."""
        mention = self._spoken_of(sentence, start)
        between = sentence[mention.end if mention else 0 : start]
        if mention and _OTHERS_AMOUNT.search(between):
            return self._other(mention.tool)
        anew = _ANEW.search(between)
        if _VERSUS.search(anew[0] if anew else between) or self._names_others(between):
            return None
        return mention.tool if mention else self.subject

    def _spoken_of(self, sentence: str, start: int) -> Mention | None:
        """The last name before `start` that its sentence is about."""
        told = (
            mention
            for mention in self.mentions(sentence)
            if mention.end <= start
            and not _OBJECT_AFTER.search(sentence[: mention.start])
            and not re.match(r"['’]s?\s+(?:\w+\s+)?[‘'“\"$~]", sentence[mention.end :])
        )
        return max(told, key=lambda mention: mention.start, default=None)

    def _other(self, tool: str) -> str | None:
        return next((each for each in self._tools if each != tool), None)

    def _ending(self, text: str) -> str | None:
        return next((each.tool for each in self.mentions(text) if each.end == len(text)), None)

    def _beginning(self, text: str) -> str | None:
        return next((each.tool for each in self.mentions(text) if each.start == 0), None)

    def _names_something(self, text: str) -> bool:
        """Whether `text` begins with a product's name, ours or not."""
        word = _CAPITALISED.match(text)
        return bool(self._beginning(text)) or bool(word and not _is_no_name(word[0]))

    def _names_others(self, text: str) -> bool:
        """Whether a product that is none of ours stands in `text`."""
        without = self._pattern.sub(lambda found: " " * len(found[0]), text)
        opening = _PLAIN_OPENING.match(without)
        found = _CAPITALISED.finditer(without, opening.end() if opening else 0)
        return any(
            not _is_no_name(each[0]) and not self._is_own(each[0], without[each.end() :]) for each in found
        )

    def _is_own(self, word: str, after: str) -> bool:
        """Whether a capital is a part of our names, and not of "Heron 12B" where we are Heron 9B."""
        return word.split("-")[0] in self._words and not re.match(r"\s+v?\d", after)


def _is_no_name(word: str) -> bool:
    return bool(_NO_NAME.fullmatch(word) or _NO_NAME.fullmatch(word.split("-")[0]))


def _aliases(name: str, every: tuple[str, ...]) -> set[str]:
    """The name, and its shorter forms that no other of the names can mean."""
    own = name.partition(": ")[2] or name
    words = re.sub(r"\s*\([^)]*\)", "", own).split()
    others = [(other.partition(": ")[2] or other).split() for other in every if other != name]
    shared = max((len(_shared_start(words, other)) for other in others), default=0)
    starts = {0, shared} | ({1} if len(words) > 2 else set())
    runs = {" ".join(words[first:last]) for first in starts for last in range(first + 1, len(words) + 1)}
    taken = {
        " ".join(other[first:last])
        for other in others
        for first in range(len(other))
        for last in range(first + 1, len(other) + 1)
    }
    fit = {run for run in runs if run not in taken and re.match(r"[A-Z]", run) and len(run) > 2}
    return {name, own} | {run for run in fit if others or " " in run}


def _shared_start(words: list[str], others: list[str]) -> list[str]:
    return [left for left, _ in takewhile(lambda pair: pair[0] == pair[1], zip(words, others, strict=False))]

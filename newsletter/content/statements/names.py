"""The tools that a text may speak of, and the ways to write their names."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from newsletter.content.records import slug

#: What would make a name another one: "Heron" is not "Heron 2", "Heron Pro" or "Heron-mini".
_NOT_LONGER = r"(?!\w|\.\d|-\w|\s+(?:Pro|Plus|Mini|Max|Lite|Ultra|Large|Medium|Small|Nano|Turbo|Flash)\b)"
#: A number after a name that has none is its version, unless it counts something.
_NO_VERSION = r"(?:(?<=\d)|(?!\s+v?\d+(?:\.\d+)*(?![\w,%]|\s+(?:points|tokens|percent|out|of|million|billion|ships?|words)\b)))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A tool named at a place of a sentence."""

    tool: str
    start: int
    end: int


class Names:
    """The tools that a text may speak of: ids by name; `subject` is the one it speaks of when it names none.

    `also` are names that are no product's, such as the maker's.
    """

    def __init__(self, names: Iterable[str], *, subject: str | None = None, also: Iterable[str] = ()) -> None:
        every = tuple(names)
        self.subject = slug(subject) if subject else None
        self.tools = tuple(slug(name) for name in every)
        self._tool_by_alias = {alias: slug(name) for name in every for alias in _aliases(name, every)}
        longest_first = sorted(self._tool_by_alias, key=len, reverse=True)
        self._pattern = re.compile(
            rf"(?<![\w.])(?:{'|'.join(map(re.escape, longest_first))}){_NOT_LONGER}{_NO_VERSION}"
        )
        self._words = {word for name in (*every, *also) for word in re.split(r"[\s:()-]+", name) if word}

    def tool(self, text: str) -> str | None:
        """Return the tool that `text` names and nothing else."""
        ids = {slug(alias): tool for alias, tool in self._tool_by_alias.items()}
        return ids.get(slug(text))

    def mentions(self, sentence: str) -> list[Mention]:
        return [
            Mention(tool=self._tool_by_alias[found[0]], start=found.start(), end=found.end())
            for found in self._pattern.finditer(sentence)
        ]

    def rival(self, tool: str) -> str:
        """Return the other one of two tools, else nothing."""
        others = [each for each in self.tools if each != tool]
        return others[0] if len(others) == 1 else ""

    def is_own(self, words: Iterable[str]) -> bool:
        """Return whether all these words are parts of our names."""
        return all(word in self._words for word in words)


def _aliases(name: str, every: tuple[str, ...]) -> set[str]:
    """Return the name, and its shorter forms that no other of the names can mean."""
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

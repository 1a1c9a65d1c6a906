"""What a kind of page is: the lines that give it away, and how its records are read."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from newsletter.content.pages.lines import (
    HEADING,
    Line,
    PageText,
    Sections,
    is_broken,
    is_prose,
    without_glue,
)
from newsletter.content.records import PackEntry, slug

#: Longest line that may be the title of a comparison, and how many such lines are looked at.
TITLE_LENGTH, TITLES = 300, 20
_TITLE = re.compile(r"(?P<left>\S.*?)\s+(?:vs\.?|versus)\s+(?P<right>\S.*)", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A kind of page: `marks` are patterns of whole lines by what they are called in a refusal."""

    name: str
    marks: dict[str, str]
    read: Callable[[PageText], Iterator[PackEntry]]

    def found(self, page: PageText) -> list[str]:
        """Return the marks that the page carries."""
        return [mark for mark, pattern in self.marks.items() if page.matching(pattern)]

    def twice(self, page: PageText, mark: str) -> list[Line]:
        """Return the lines of a mark that stands more than once, but for a question that readers ask in its words."""
        lines, asked = page.matching(self.marks[mark]), page.matching(HEADING)
        again = [each for each in lines[1:] if not _is_question(page, each, asked)]
        return [lines[0], *again] if again else []


def _is_question(page: PageText, line: Line, asked: list[Line]) -> bool:
    """Return whether a line is a question under the heading of questions, with no other page's title between."""
    above = [each.number for each in asked if each.number < line.number]
    if not above or not line.text.endswith("?"):
        return False
    return not any(above[-1] < pair.line.number < line.number for pair in pairs(page))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The two names of a "left vs right" line."""

    left: str
    right: str
    line: Line

    @property
    def names(self) -> tuple[str, str]:
        return self.left, self.right

    @property
    def ids(self) -> tuple[str, str]:
        return slug(self.left), slug(self.right)


def pairs(page: PageText) -> list[Pair]:
    """Return the first lines that could be the title of a comparison."""
    found: list[Pair] = []
    for line in page.lines:
        if len(line.text) > TITLE_LENGTH or line.bulleted or line.text.endswith(("?", ".")):
            continue
        title = _TITLE.fullmatch(line.text)
        if title:
            left = re.sub(r"^compare\s*[/>:]\s*", "", title["left"], flags=re.I)
            found.append(Pair(left=left, right=title["right"], line=line))
            if len(found) == TITLES:
                break
    return found


def check_end(page: PageText, sections: Sections, closing: dict[str, str]) -> None:
    """Refuse a page that ends before every section of `closing` (names by key), or inside its last one."""
    if not any(key in sections for key in closing):
        message = f"{' and '.join(closing.values())} are missing: the page is cut before them"
        raise page.refusal(message, page.lines[-1], "sections")
    key = sections.last
    lines, heading = sections.lines(key), sections.headings[key]
    if not any(map(is_prose, lines)) or is_broken(without_glue(lines[-1].text)):
        raise page.refusal(f'the page breaks off in "{heading.text}"', page.lines[-1], heading.text)

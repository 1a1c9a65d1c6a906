"""What a model page lists under titles: starter prompts, example outputs, use cases."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from newsletter.content.pages.lines import Line, Page, is_sentence

#: The button under each prompt; text extraction glues it to the prompt, and the next title to it.
_BUTTON = re.compile(r"\s*\bOpen in (?:a|the|your) \w+\s*→?\s*")
_INTRODUCTION = re.compile(r"illustrative\b", re.I)
#: Longest title of a note, in characters.
_TITLE_LENGTH = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What was asked, what came back, and the page's comment on it."""

    prompt: Line
    output: Line
    comment: Line | None

    @property
    def words(self) -> str:
        return "\n\n".join([self.output.text, *([self.comment.text] if self.comment else [])])


def read_prompts(page: Page, lines: Sequence[Line]) -> Iterator[tuple[Line, str]]:
    """Titles and texts of the prompts: up to a button each, or in twos where there are no buttons."""
    if not any(_BUTTON.search(line.text) for line in lines):
        yield from _in_twos(page, lines, "prompts")
        return
    waiting: list[Line] = []
    for line in lines:
        *closed, rest = _BUTTON.split(line.text)
        for text in closed:
            waiting += _piece(line, text)
            if len(waiting) > 1:
                yield waiting[0], "\n".join(each.text for each in waiting[1:])
            waiting = []
        waiting += _piece(line, rest)


def read_use_cases(page: Page, lines: Sequence[Line]) -> Iterator[tuple[Line, str]]:
    """Each title with the sentences under it."""
    starts = [index for index, line in enumerate(lines) if not is_sentence(line.text)]
    for start, end in pairwise([*starts, len(lines)]):
        if end == start + 1:
            raise page.refusal("this use case has no text: the page is cut there", lines[start], "use case")
        yield lines[start], "\n\n".join(line.text for line in lines[start + 1 : end])


def read_examples(page: Page, lines: Sequence[Line]) -> list[Example]:
    """Prompt, output and comment in threes, or prompt and output in twos."""
    listed = [line for line in lines if not _INTRODUCTION.match(line.text)]
    step = 3 if len(listed) % 3 == 0 else 2
    if len(listed) % step:
        raise page.refusal("an example has no output: the page is cut there", listed[-1], "example")
    return [
        Example(prompt=listed[at], output=listed[at + 1], comment=listed[at + 2] if step == 3 else None)
        for at in range(0, len(listed), step)
    ]


def shortened(text: str) -> str:
    """A prompt as the title of a note."""
    return text if len(text) <= _TITLE_LENGTH else text[: _TITLE_LENGTH - 1].rstrip() + "…"


def _piece(line: Line, text: str) -> list[Line]:
    return [Line(number=line.number, text=text)] if text else []


def _in_twos(page: Page, lines: Sequence[Line], field: str) -> Iterator[tuple[Line, str]]:
    if len(lines) % 2:
        raise page.refusal("this title has no text: the page is cut there", lines[-1], field)
    for title, text in zip(lines[::2], lines[1::2], strict=True):
        yield title, text.text

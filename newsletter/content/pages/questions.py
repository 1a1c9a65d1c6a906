"""Questions and answers, as two kinds of page list them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from newsletter.content.pack import QuestionEntry
from newsletter.content.pages.lines import Line, Page, Sections, is_furniture, is_sentence, without_glue

HEADING = r"(?:faqs?|frequently asked(?: questions)?)"


def read_questions(
    page: Page, sections: Sections, key: str, *, comparison: str | None = None, tool: str | None = None
) -> Iterator[QuestionEntry]:
    """Each question with the paragraphs under it, up to the next one."""
    for question, answer in _answered(page, sections.lines(key)):
        yield QuestionEntry(
            question=question.text, answer=answer, comparison=comparison, tool=tool, line=question.number
        )


def _answered(page: Page, lines: Sequence[Line]) -> Iterator[tuple[Line, str]]:
    starts = [index for index, line in enumerate(lines) if _is_question(line)]
    for start, end in pairwise([*starts, len(lines)]):
        question, answer = lines[start], lines[start + 1 : end]
        if not answer:
            raise page.refusal(f'"{question.text}" has no answer: the page is cut there', question, "answer")
        # What follows the first paragraph and is no sentence belongs to the site around the page.
        more = [line for line in answer[1:] if is_sentence(line.text) and not is_furniture(line.text)]
        yield question, "\n\n".join([without_glue(answer[0].text), *(line.text for line in more)])


def _is_question(line: Line) -> bool:
    return line.text.endswith("?") and len(line.text) <= 200

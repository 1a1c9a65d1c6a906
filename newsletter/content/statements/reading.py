"""Statements of a paragraph: every sentence of it, each with what the one before it spoke of."""

import re
from collections.abc import Iterator

from newsletter.content.statements.costs import read_costs
from newsletter.content.statements.figures import read_figures, read_panel
from newsletter.content.statements.names import Names
from newsletter.content.statements.opinions import read_results
from newsletter.content.statements.sentence import SENTENCE_LENGTH, Sentence, split_sentences
from newsletter.content.statements.statement import Statement

_PRONOUN = re.compile(r"\W*(?:it|its|it's|the model|the tool|that|this)\b", re.IGNORECASE)


def read_statements(
    text: str, names: Names, *, line: int | None = None, about: bool = False
) -> Iterator[Statement]:
    """Yield what the sentences of a paragraph state of the tools of `names`; `about`: it describes their subject."""
    spoken_of: str | None = None
    for words in split_sentences(text):
        if len(words) > SENTENCE_LENGTH:
            continue
        subject = names.subject
        if subject is None and spoken_of and _PRONOUN.match(words):
            subject = spoken_of
        sentence = Sentence(words, names, line=line, subject=subject, going_on=about)
        yield from read_sentence(sentence)
        tools = sentence.tools()
        if len(tools) == 1 and not sentence.names_others:
            spoken_of = tools[0]
        elif tools or sentence.names_others:
            spoken_of = None


def read_sentence(sentence: Sentence) -> Iterator[Statement]:
    """Yield what one sentence states."""
    yield from read_figures(sentence)
    yield from read_panel(sentence)
    yield from read_costs(sentence)
    yield from read_results(sentence)

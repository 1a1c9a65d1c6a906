"""Statements of a paragraph: every sentence of it, each with what the one before it spoke of."""

import re
from collections.abc import Iterable, Iterator

from newsletter.content.statements import lexicon
from newsletter.content.statements.costs import read_costs
from newsletter.content.statements.figures import read_figures, read_limits, read_panel
from newsletter.content.statements.names import Names
from newsletter.content.statements.opinions import read_results
from newsletter.content.statements.sentence import SENTENCE_LENGTH, Quantity, Sentence, split_sentences
from newsletter.content.statements.statement import Matter, Statement

_PRONOUN = re.compile(r"\W*(?:it|its|it's|the model|the tool|that|this)\b", re.IGNORECASE)


#: A sentence without any of these states nothing that is read.
_MAY_STATE = re.compile(
    r"\d|test|categor|bench|score|\brow|task|better|best|strong|winn|\bwins?\b|won\b|pick|choose|choice|recommend|suggest|prefer|default|"
    r"ahead|sweep|swept|board|take|\bgo\b|\bget|grade|result|superior|\bon top|lose|trail|behind|pric|cost|cheap|expensive|bill|same|"
    r"licen|apache|proprietary|\bmit\b|closed|bsd|gpl|half|twice|double|triple|third|quarter|fifth|tenth|times|reviewer|panel|communit|"
    r"everywhere|exception|hands down|favou?rite|answer|identical|equal|charge|no more|undercut",
    re.IGNORECASE,
)


def read_statements(
    text: str,
    names: Names,
    *,
    subject: str | None = None,
    line: int | None = None,
    about: bool = False,
    compared: bool = False,
) -> Iterator[Statement]:
    """Yield what the sentences of a paragraph state of the tools of `names`.

    `subject` is the tool that they speak of where they name none; `about`: they describe it; `compared`: only what is
    compared as a statement, without what is a claim by itself.
    """
    spoken_of: str | None = None
    for words in split_sentences(text):
        if len(words) > SENTENCE_LENGTH:
            continue
        own = subject or names.subject
        if own is None and spoken_of and _PRONOUN.match(words):
            own = spoken_of
        if not (_MAY_STATE.search(words) or (len(words) < 80 and names.mentions(words))):
            continue
        sentence = Sentence(words, names, line=line, subject=own, going_on=about)
        stated = list(read_sentence(sentence, compared=compared))
        yield from stated
        if is_left_over(sentence, stated):
            yield Statement(matter=Matter.NOT_UNDERSTOOD, tool=own or "", value=words, words=words, line=line)
        tools = sentence.tools()
        if len(tools) == 1 and not sentence.names_others:
            spoken_of = tools[0]
        elif tools or sentence.names_others:
            spoken_of = None


def read_sentence(sentence: Sentence, *, compared: bool = False) -> Iterator[Statement]:
    """Yield what one sentence states; `compared`: without what is a claim by itself."""
    if not compared:
        yield from read_limits(sentence)
    if sentence.figures:
        yield from read_figures(sentence)
        yield from read_panel(sentence)
    elif _PANEL.search(sentence.text):
        yield from read_panel(sentence)
    yield from read_costs(sentence)
    yield from read_results(sentence)


_PANEL = re.compile(r"\b(?:all|every|each|unanim\w+)\b.*\b(?:reviewer|panel|judge)")


def is_left_over(sentence: Sentence, stated: Iterable[Statement]) -> bool:
    """Return whether a sentence speaks of token prices, plainly and of our tools, and nothing was understood of it."""
    text = sentence.text
    figures = sentence.of(Quantity.MONEY)
    if not figures and _COMPARED.search(text) and lexicon.PRICE.search(text):
        figures = sentence.of(Quantity.TIMES, Quantity.PERCENT)
    if (
        not figures
        or not (lexicon.PRICE.search(text) or sentence.of(Quantity.TOKENS))
        or sentence.names_others
    ):
        return False
    if any(each.matter in _OF_COSTS for each in stated) or lexicon.NOT_PRICE.search(text):
        return False
    return not any(sentence.conditions(each.start) or each.vague for each in figures)


_COMPARED = lexicon.any_of("cheaper; dearer; expensive; price; cost; costs; bill")
_OF_COSTS = {
    Matter.INPUT_PRICE,
    Matter.OUTPUT_PRICE,
    Matter.TOKEN_PRICE,
    Matter.COST,
    Matter.COST_RATIO,
    Matter.SAVING,
    Matter.EXCHANGE,
}

"""How long an issue is to read: the words that its blocks bring, and its minutes.

What the templates add (headings, names over tables) counts too: `read_words` counts a finished text part.
"""

from collections.abc import Iterator

from newsletter.digest.letter import Benchmarks, Costs, Footer, Lead, Letter, Row, Scorecard
from newsletter.digest.sentences import count_words

#: Of a finished issue, of which 600 to 750 are usual.
MOST_WORDS = 800
WORDS_A_MINUTE = 200


def letter_words(letter: Letter) -> int:
    """How many words of the issue a reader reads; addresses, ids and the templates' own words not counted."""
    return sum(count_words(each) for each in _texts(letter))


def read_words(text: str) -> int:
    """How many words a finished text part has; addresses are not read."""
    return count_words(" ".join(word for word in text.split() if "://" not in word))


def minutes(words: int) -> int:
    return max(1, -(-words // WORDS_A_MINUTE))


def lead_words(lead: Lead) -> int:
    return sum(count_words(each) for each in _lead(lead))


def _texts(letter: Letter) -> Iterator[str]:
    yield from (letter.masthead.name, letter.note, letter.key, *letter.findings)
    if letter.lead is not None:
        yield from _lead(letter.lead)
    yield from (each.words for each in letter.changes)
    for brief in letter.more:
        yield from (brief.topic, brief.headline, brief.words, brief.note)
    for card in letter.cards:
        yield from (card.topic, card.kicker, card.name, card.split.text, card.line, card.note)
        yield from (f"{label} {value.text}" for label, value in card.facts)
    for week in letter.weeks:
        yield from (week.headline, week.bottom_line, week.pick_left_if, week.pick_right_if)
    yield from (f"{each.link.label} {each.split.text}" for each in letter.lines)
    yield from (each.label for each in letter.rest)
    if letter.answer is not None:
        yield from (letter.answer.question, letter.answer.answer)
    yield from (f"{each.name} {each.dated}" for each in letter.sources.origins)
    yield from (each.words for each in letter.sources.disputes)
    yield from _footer(letter.footer)


def _lead(lead: Lead) -> Iterator[str]:
    yield from (lead.headline, lead.bottom_line, lead.left.name, lead.right.name)
    yield from (lead.why, lead.pick_left_if, lead.pick_right_if, lead.note, lead.link.label)
    yield from _rows(lead.decision)
    yield from _scorecard(lead.scorecard)
    yield from (f"{each.words} {each.reviewer} {each.tool}" for each in lead.quotes)
    yield from _costs(lead.costs)
    yield from _benchmarks(lead.benchmarks)


def _rows(rows: tuple[Row, ...]) -> Iterator[str]:
    return (f"{row.label} {row.left.text} {row.right.text}" for row in rows)


def _scorecard(scorecard: Scorecard | None) -> Iterator[str]:
    for row in scorecard.rows if scorecard is not None else ():
        yield row.reviewer
        yield from (f"{each.score} {each.decision}" for each in (row.left, row.right) if each is not None)


def _costs(costs: Costs | None) -> Iterator[str]:
    if costs is not None:
        yield from _rows((*costs.volumes, costs.team) if costs.team is not None else costs.volumes)
        yield from (costs.basis, costs.dated)


def _benchmarks(benchmarks: Benchmarks | None) -> Iterator[str]:
    if benchmarks is not None:
        yield from (*_rows(benchmarks.rows), benchmarks.untested, benchmarks.origin)


def _footer(footer: Footer) -> tuple[str, ...]:
    return footer.why, footer.postal_address, footer.controller, footer.affiliate_notice

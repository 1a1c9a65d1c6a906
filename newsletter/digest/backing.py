"""Whether our own prose says numbers that the recorded facts do not back. Such a sentence is not printed."""

import re
from collections.abc import Iterable
from decimal import Decimal

from newsletter.digest.figures import number_of
from newsletter.digest.material import Dossier
from newsletter.digest.sentences import count_words, split_sentences

_MONEY = re.compile(r"[$€£]\s?(\d[\d,]*(?:\.\d+)?)")
_COMPARING = re.compile(
    r"\d\s?[x×]\b|\d\s?%|\b(?:twice|half|double|triple|tenfold|(?:two|three|four|five|ten|\d+)[ -]times)\b"
    r"|\border of magnitude\b",
    re.IGNORECASE,
)


def is_backed(text: str, dossiers: Iterable[Dossier]) -> bool:
    """False for a sum of money that is no undisputed fact of these tools, and for any multiple or percentage."""
    if _COMPARING.search(text):
        return False
    backed = {number_of(fact) for each in dossiers for fact in each.facts.values() if not fact.disputed}
    return all(Decimal(sum_.replace(",", "")) in backed for sum_ in _MONEY.findall(text))


def backed_start(text: str, dossiers: Iterable[Dossier], most: int) -> str:
    """The whole sentences from the start that are backed, at most so many words; may be empty."""
    known, kept = tuple(dossiers), ""
    for sentence in split_sentences(text):
        longer = f"{kept} {sentence}".strip()
        if count_words(longer) > most or not is_backed(sentence, known):
            break
        kept = longer
    return kept

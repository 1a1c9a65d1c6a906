"""One question answered: whole sentences of our own answer, with no figure that the recorded facts do not back.

Nor does it name a winner that the issue does not name: its comparison's bottom line would say another thing.
"""

import re
from collections.abc import Container, Sequence

from newsletter.config import Settings
from newsletter.content.model import Question
from newsletter.digest.backing import backed_start
from newsletter.digest.bottom_line import clear_pick
from newsletter.digest.letter import Answer
from newsletter.digest.links import link_to
from newsletter.digest.material import Dossier, Material
from newsletter.digest.sentences import count_words, plain, split_sentences

ANSWER_WORDS = 50
#: How a sentence says that one tool is above another.
_JUDGING = re.compile(
    r"\b(better|superior|stronger|strongest|worse|inferior|wins?|winner|beats?|outperforms?|outclasses|leads|"
    r"ahead of|prefer|recommend(s|ed)?|the best|the right (pick|choice)|top (pick|choice))\b",
    re.IGNORECASE,
)


def find_question(
    material: Material,
    comparison_ids: Sequence[str],
    tool_ids: Sequence[str],
    answered: Container[str] = (),
    *,
    margin: int,
) -> Question | None:
    """The first that can be answered and was not yet: by comparison, then by tool, in the order given."""
    places = {("comparison", each): place for place, each in enumerate(comparison_ids)}
    places |= {("tool", each): len(places) + place for place, each in enumerate(tool_ids)}
    about = [each for each in material.questions if _subject(each) in places and each.id not in answered]
    about.sort(key=lambda each: places[_subject(each)])
    return next((each for each in about if answer_words(each, material, margin)), None)


def answer_words(question: Question, material: Material, margin: int) -> str:
    """As much of the answer as fits, is backed and agrees with the issue's pick; empty where nothing is left."""
    about = _about(question, material)
    words = backed_start(question.answer, about, ANSWER_WORDS - count_words(question.question))
    return _agreed(words, about, margin)


def full_answer(question: Question, material: Material, margin: int) -> str:
    """Every sentence of the answer that is backed, from its start; empty where it does not agree with the pick."""
    about = _about(question, material)
    return _agreed(backed_start(question.answer, about, count_words(question.answer)), about, margin)


def _agreed(words: str, about: Sequence[Dossier], margin: int) -> str:
    """The words, unless they name another winner than the issue does."""
    pick = clear_pick(about[0], about[1], margin) if len(about) == 2 else None
    return "" if any(_contradicts(each, about, pick) for each in split_sentences(words)) else words


def answer_block(question: Question, material: Material, settings: Settings) -> Answer | None:
    words = answer_words(question, material, settings.clear_margin)
    if not words:
        return None
    comparison = material.comparisons.get(question.comparison_id or "")
    url = comparison.url if comparison else "".join(each.tool.url for each in _about(question, material))
    return Answer(
        question=plain(question.question),
        answer=words,
        about=" vs ".join(each.name for each in _about(question, material)),
        link=link_to("Read more", url, settings),
    )


def _contradicts(sentence: str, about: Sequence[Dossier], pick: Dossier | None) -> bool:
    """Whether it judges without the issue's own pick being the first that it names."""
    if not _JUDGING.search(sentence):
        return False
    named = [each for each in about if each.name.casefold() in sentence.casefold()]
    first = min(named, key=lambda each: sentence.casefold().index(each.name.casefold()), default=None)
    return pick is None or first is not pick


def _subject(question: Question) -> tuple[str, str]:
    if question.comparison_id is not None:
        return "comparison", question.comparison_id
    return "tool", question.tool_id or ""


def _about(question: Question, material: Material) -> tuple[Dossier, ...]:
    comparison = material.comparisons.get(question.comparison_id or "")
    if comparison is not None:
        return material.sides(comparison)
    dossier = material.dossiers.get(question.tool_id or "")
    return () if dossier is None else (dossier,)

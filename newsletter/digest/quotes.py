"""Which sentence of the panel's reviews to print: one for and one against, whole, as it was written."""

import re
from collections.abc import Iterable

from newsletter.content.model import Decision, Review
from newsletter.digest.letter import Quote
from newsletter.digest.material import Dossier, Material
from newsletter.digest.sentences import clip, count_words, is_whole, split_sentences

FOR, AGAINST = "for", "against"
#: Who said it when the source does not say.
SOMEBODY = "a panel reviewer"
FEWEST_WORDS, MOST_WORDS = 6, 36
#: The length that reads best.
IDEAL_WORDS = 22

_TELLING = {
    FOR: re.compile(
        r"\b(earns?|real|wins?|strong(est)?|best|right|clean|gift|better|cheap(er|est)?|fast(er|est)?|ship)\b"
    ),
    AGAINST: re.compile(
        r"\b(breaks?|problem|kills?|risk|thin|fails?|limits?|expensive|slow|lacks?|wall|missing|weak|worse|"
        r"hasn't|isn't|doesn't|don't|can't|until|without|skip)\b"
    ),
}
#: A sentence that begins like this leans on the one before it.
_LEANING = re.compile(
    r"(it|its|this|that|that's|these|those|they|he|she|but|and|or|so|still|also|yet|until then|instead)\b"
)
#: A list, or a label before a colon, tells little out of its place.
_LABEL = re.compile(r"^\W*[\w' /-]{1,40}:\s")


def quotes(left: Dossier, right: Dossier, material: Material) -> tuple[Quote, ...]:
    """The most telling sentence for one side and the most telling against one, from our own reviews."""
    said = [(each, review) for each in (left, right) for review in each.reviews if material.is_ours(review)]
    chosen_for = _best(_friendly(said), FOR, taken="")
    chosen_against = _best(_critical(said), AGAINST, taken=chosen_for.words if chosen_for else "")
    return tuple(each for each in (chosen_for, chosen_against) if each is not None)


def telling(sentence: str, stance: str) -> int:
    """How well a sentence stands alone and takes a stance; higher is better. The rules are this function."""
    lowered = sentence.casefold()
    points = 10 - abs(count_words(sentence) - IDEAL_WORDS)
    points += 8 * min(2, len(_TELLING[stance].findall(lowered)))
    points -= 12 * bool(_LEANING.match(lowered))
    points -= 10 * bool(_LABEL.match(sentence))
    points -= 6 * bool(re.search(r"[`<>{}|]|https?:", sentence))
    return points


def _friendly(said: Iterable[tuple[Dossier, Review]]) -> list[tuple[Dossier, Review]]:
    """Reviews that may speak for a tool, the highest score first; never one that skips it."""
    willing = [pair for pair in said if pair[1].decision is not Decision.SKIP]
    return sorted(willing, key=lambda pair: -(pair[1].score or 0))


def _critical(said: Iterable[tuple[Dossier, Review]]) -> list[tuple[Dossier, Review]]:
    """Reviews that may speak against one: those that skip it first, then the lowest score."""
    return sorted(said, key=lambda pair: (pair[1].decision is not Decision.SKIP, pair[1].score or 100))


def _best(said: list[tuple[Dossier, Review]], stance: str, taken: str) -> Quote | None:
    """The most telling sentence; an earlier review wins a tie, a later one has to be better by its rank."""
    best: tuple[int, Quote] | None = None
    for rank, (dossier, review) in enumerate(said):
        for sentence in split_sentences(review.words):
            if not FEWEST_WORDS <= count_words(sentence) <= MOST_WORDS or not is_whole(sentence):
                continue
            points = telling(sentence, stance) - 3 * rank
            if sentence != taken and (best is None or points > best[0]):
                best = points, _quote(sentence, dossier, review, stance)
    return None if best is None else best[1]


def _quote(sentence: str, dossier: Dossier, review: Review, stance: str) -> Quote:
    return Quote(
        words=sentence,
        reviewer=clip(review.reviewer or SOMEBODY, 40),
        tool=dossier.name,
        stance=stance,
        review_id=review.id,
    )

"""Which sentence of the panel's reviews to print: one for the pick and one against it, whole, as it was written.

The review's decision says which: a ship speaks for its tool, a skip against it, one without a decision for neither.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType

from newsletter.content.records import Decision, Review
from newsletter.digest.content import Quote
from newsletter.digest.figures import number_of
from newsletter.digest.material import Dossier, Material
from newsletter.digest.wording import clip, count_words, is_whole, split_sentences
from newsletter.errors import N_

FOR, AGAINST = "for", "against"
#: Who said it when the source does not say.
SOMEBODY = N_("a panel reviewer")
FEWEST_WORDS, MOST_WORDS = 6, 36
#: Of a review that has no longer sentence.
FEWEST_WORDS_AT_ALL = 3
#: A review is longer by mistake only, and what is longer is not looked at.
MOST_CHARS = 20_000
#: The length that reads best.
IDEAL_WORDS = 18
NOTHING_CHOSEN: Mapping[str, str] = MappingProxyType({})

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
#: A sentence that begins with another's words would begin with two marks.
_MARKS = ("“", '"')
#: It takes back half of what it says.
_TAKING_BACK = re.compile(r"\b(but|though|although|however|unless|except|yet)\b")
#: A list, or a label before a colon, tells little out of its place.
_LABEL = re.compile(r"^\W*[\w' /-]{1,40}:\s")


def quotes(
    left: Dossier,
    right: Dossier,
    material: Material,
    pick: Dossier | None,
    chosen: Mapping[str, str] = NOTHING_CHOSEN,
) -> tuple[Quote, ...]:
    """Return the most telling sentence for the pick and against it, from our own reviews; where nobody skips it, one for the other.

    Without a pick it is one for either tool. A sentence that an editor has chosen, by its review's id, is quoted instead while
    the review still has it.
    """
    sides = (right, left) if pick is right else (left, right)
    said = [(each, review) for each in sides for review in each.reviews if material.is_ours(review)]
    first, second = ([pair for pair in said if pair[0] is side] for side in sides)
    if pick is None:
        found = [most_telling(each, FOR) or most_telling(each, AGAINST) for each in (first, second)]
    else:
        found = [most_telling(first, FOR), most_telling(first, AGAINST) or most_telling(second, FOR)]
    shown = [each for each in found if each is not None]
    for stance in (FOR, AGAINST):
        own = _chosen(said, stance, chosen)
        if own is not None:
            same = (each for each in shown if each.stance == stance)
            replaced = max(
                same, key=lambda each: each.tool == own.tool, default=shown[-1] if shown[1:] else None
            )
            shown = [own if each is replaced else each for each in shown] if replaced else [*shown, own]
    return tuple(shown)


def quotable(review: Review) -> tuple[str, ...]:
    """Return the sentences of a review that an editor may choose from, in its order."""
    whole = (each for each in split_sentences(review.words[:MOST_CHARS]) if is_whole(each))
    bare = (_without_own_marks(each) for each in whole if 0 < count_words(each) <= MOST_WORDS)
    return tuple(each for each in bare if not each.startswith(_MARKS))


def telling(sentence: str, stance: str) -> int:
    """Rate how well a sentence stands alone and takes a stance; higher is better. The rules are this function."""
    lowered = sentence.casefold()
    points = 10 - abs(count_words(sentence) - IDEAL_WORDS)
    points += 8 * min(2, len(_TELLING[stance].findall(lowered)))
    points -= 12 * bool(_LEANING.match(lowered))
    points -= 16 * bool(_TAKING_BACK.search(lowered))
    points -= 10 * bool(_LABEL.match(sentence))
    points -= 6 * bool(re.search(r"[`<>{}|]|https?:", sentence))
    return points


def _chosen(said: Iterable[tuple[Dossier, Review]], stance: str, chosen: Mapping[str, str]) -> Quote | None:
    for dossier, review in said:
        words = chosen.get(review.id)
        if words is not None and _takes(review, stance) and words in quotable(review):
            return _quote(words, dossier, review, stance)
    return None


def _takes(review: Review, stance: str) -> bool:
    return review.decision is (Decision.SHIP if stance == FOR else Decision.SKIP)


def most_telling(said: Iterable[tuple[Dossier, Review]], stance: str) -> Quote | None:
    """Return the most telling sentence of the reviews that take the stance; a short one where they have no other.

    The clearest score comes first: an earlier review wins a tie, a later one has to be better by its rank.
    """
    against = stance == AGAINST
    ranked = [pair for pair in said if _takes(pair[1], stance)]
    ranked.sort(key=lambda pair: _score(pair[1], against=against) * (1 if against else -1))
    return _best(ranked, stance, FEWEST_WORDS) or _best(ranked, stance, FEWEST_WORDS_AT_ALL)


def _score(review: Review, *, against: bool) -> int:
    return (100 if against else 0) if review.score is None else review.score


def _best(said: Iterable[tuple[Dossier, Review]], stance: str, fewest: int) -> Quote | None:
    best: tuple[int, Quote] | None = None
    for rank, (dossier, review) in enumerate(said):
        for sentence in split_sentences(review.words[:MOST_CHARS]):
            if not fewest <= count_words(sentence) <= MOST_WORDS or not is_whole(sentence):
                continue
            sentence = _without_own_marks(sentence)
            if sentence.startswith(_MARKS):
                continue
            points = telling(sentence, stance) - 3 * rank
            if best is None or points > best[0]:
                best = points, _quote(sentence, dossier, review, stance)
    return None if best is None else best[1]


def _without_own_marks(sentence: str) -> str:
    """Return the words of a sentence that stands in quotation marks as a whole: the issue sets its own around them."""
    own = sentence[:1] + sentence[-1:] in ("“”", '""') and not any(mark in sentence[1:-1] for mark in '“”"')
    return sentence[1:-1] if own else sentence


def _quote(sentence: str, dossier: Dossier, review: Review, stance: str) -> Quote:
    return Quote(
        words=sentence,
        reviewer=clip(review.reviewer or dossier.language.gettext(SOMEBODY), 40),
        tool=dossier.name,
        stance=stance,
        review_id=review.id,
    )


# Whether our own prose says numbers that the recorded facts do not back. Such a sentence is not printed.

_MONEY = re.compile(r"[$€£]\s?(\d[\d,]*(?:\.\d+)?)")
_COMPARING = re.compile(
    r"\d\s?[x×]\b|\d\s?%|\b(?:twice|half|double|triple|tenfold|(?:two|three|four|five|ten|\d+)[ -]times)\b"
    r"|\border of magnitude\b",
    re.IGNORECASE,
)


def is_backed(text: str, dossiers: Iterable[Dossier]) -> bool:
    """Return False for a sum of money that is no undisputed fact of these tools, and for any multiple or percentage."""
    if _COMPARING.search(text):
        return False
    backed = {number_of(fact) for each in dossiers for fact in each.facts.values() if not fact.disputed}
    return all(Decimal(sum_.replace(",", "")) in backed for sum_ in _MONEY.findall(text))


def backed_start(text: str, dossiers: Iterable[Dossier], most: int) -> str:
    """Return the whole sentences from the start that are backed, at most so many words; may be empty."""
    known, kept = tuple(dossiers), ""
    for sentence in split_sentences(text):
        longer = f"{kept} {sentence}".strip()
        if count_words(longer) > most or not is_backed(sentence, known):
            break
        kept = longer
    return kept

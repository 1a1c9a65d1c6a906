"""The reviewer scorecard of a panel comparison: who said what of which side.

The page shows two columns, left and right in turn, under each reviewer's name where it gives one. That turn is
the only thing that order decides here: reviewer, score and decision are known where they are written, else not.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from newsletter.content.model import Decision
from newsletter.content.pages.lines import Line, Page, is_furniture, is_sentence

HEADING = "reviewer scorecard"
_RATING = re.compile(
    r"(?P<score>\d{1,3})\s*/\s*100(?:\s*[·•|,:–—-]?\s*(?P<decision>ship|skip))?|(?P<only>ship|skip)|"
    r"(?P<empty>[—–-]|n/a|not reviewed|no review(?: yet)?)",
    re.I,
)
_OPENING, _CLOSING = '“"„«', '”"“»'


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One review as the page shows it; `line` is where its rating stands, or else its words."""

    reviewer: str | None
    score: int | None
    decision: Decision | None
    words: str
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """Both columns. `whole` is whether the page goes on after it, so that no review can be missing at its end."""

    left: tuple[Review, ...]
    right: tuple[Review, ...]
    reviewers: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """What stands under one reviewer's name, or under none: slots in the page's order, None for "—"."""

    reviewer: Line | None
    slots: tuple[Review | None, ...]


def read_scorecard(page: Page) -> Scorecard:
    headings = page.matching(HEADING)
    if not headings:
        raise page.refusal(
            'the "Reviewer scorecard" is missing: the page is cut before it', field="scorecard"
        )
    lines = page.lines[page.lines.index(headings[0]) + 1 :]
    reader = _Reader(page, lines)
    groups = reader.groups()
    if not any(slot for group in groups for slot in group.slots):
        raise page.refusal(
            "the reviewer scorecard holds no review: the page is cut there", headings[0], "scorecard"
        )
    for group in groups:
        _check_sides(page, group, headings[0])
    rest = lines[reader.position :]
    _check_rest(page, rest)
    return Scorecard(
        left=_column(groups, 0),
        right=_column(groups, 1),
        reviewers=tuple(group.reviewer.text for group in groups if group.reviewer),
        # A lone line may be the name of a reviewer whose words are cut off.
        whole=len(rest) > 1 or any(is_furniture(line.text) for line in rest),
    )


def _column(groups: Sequence[_Group], side: int) -> tuple[Review, ...]:
    return tuple(slot for group in groups for slot in group.slots[side::2] if slot)


def _check_sides(page: Page, group: _Group, heading: Line) -> None:
    number = len(group.slots)
    if group.reviewer and number != 2:
        message = (
            f"{group.reviewer.text} has not two reviews for two tools but {number}: the page is cut there"
        )
        raise page.refusal(message, group.reviewer, "scorecard")
    if number % 2:
        message = f"the number of reviews, {number}, is odd for two tools: the page is cut there"
        raise page.refusal(
            message, next((slot.line for slot in reversed(group.slots) if slot), heading), "scorecard"
        )


def _check_rest(page: Page, rest: Sequence[Line]) -> None:
    lost = next((line for line in rest if (found := _RATING.fullmatch(line.text)) and found["score"]), None)
    if lost:
        raise page.refusal(
            "this rating stands apart from the scorecard: something before it is missing", lost, "score"
        )


class _Reader:
    """Goes through the lines under the heading once; `position` ends at the first line that is no review."""

    def __init__(self, page: Page, lines: Sequence[Line]) -> None:
        self._page = page
        self._lines = lines
        self._rated = any(_is_rating(line.text) and _is_said(words.text) for line, words in pairwise(lines))
        self.position = 0

    def groups(self) -> list[_Group]:
        groups: list[_Group] = []
        while self._peek():
            reviewer = self._reviewer()
            slots = self._slots(reviewer)
            if not slots and not reviewer:
                break
            groups.append(_Group(reviewer=reviewer, slots=slots))
        return groups

    def _peek(self, ahead: int = 0) -> Line | None:
        index = self.position + ahead
        return self._lines[index] if index < len(self._lines) else None

    def _reviewer(self) -> Line | None:
        """The name that stands here, if one does: a short line over a rating or over quoted words."""
        line, below = self._peek(), self._peek(1)
        if not line or not _is_title(line.text):
            return None
        if below and (_is_rating(below.text) or (not self._rated and below.text[0] in _OPENING)):
            self.position += 1
            return line
        return None

    def _slots(self, reviewer: Line | None) -> tuple[Review | None, ...]:
        slots: list[Review | None] = []
        while (line := self._peek()) and not (reviewer and len(slots) == 2):
            rating = _is_rating(line.text)
            if not rating and not self._are_words(line):
                break
            slots.append(self._review(line, reviewer, rated=rating))
        return tuple(slots)

    def _are_words(self, line: Line) -> bool:
        """Whether unrated words stand here: where some reviews are rated, words without a rating are none."""
        if self._rated or is_furniture(line.text):
            return False
        return _is_said(line.text)

    def _review(self, line: Line, reviewer: Line | None, *, rated: bool) -> Review | None:
        found = _RATING.fullmatch(line.text) if rated else None
        self.position += rated
        if found and found["empty"]:
            return None
        score = int(found["score"]) if found and found["score"] else None
        if score is not None and score > 100:
            raise self._page.refusal(f"{score}/100 is more than all: 0 to 100 is right", line, "score")
        return Review(
            reviewer=reviewer.text if reviewer else None,
            score=score,
            decision=_decision(found),
            words=self._words(line),
            line=line,
        )

    def _words(self, rating: Line) -> str:
        """One paragraph, to its closing quotation mark or the end of a sentence, over broken lines."""
        taken: list[str] = []
        while not taken or not _is_closed(taken):
            line = self._peek()
            if line is None:
                message = "the page breaks off in the words of this review: it is cut there"
                raise self._page.refusal(message, rating, "scorecard")
            if self._opens_another(line) or (taken and is_furniture(line.text)):
                break
            if not taken and _is_title(line.text):
                raise self._page.refusal("the words of this review are missing", rating, "scorecard")
            taken.append(line.text)
            self.position += 1
        return " ".join(taken).strip(_OPENING + _CLOSING)

    def _opens_another(self, line: Line) -> bool:
        below = self._peek(1)
        return _is_rating(line.text) or (
            _is_title(line.text) and bool(below) and _is_rating(below.text if below else "")
        )


def _is_closed(taken: Sequence[str]) -> bool:
    """Whether the words that begin with `taken[0]` are complete with the last of them."""
    if taken[0][0] in _OPENING:
        return len("".join(taken)) > 1 and taken[-1][-1] in _CLOSING
    return is_sentence(taken[-1])


def _decision(found: re.Match[str] | None) -> Decision | None:
    word = found and (found["decision"] or found["only"])
    return Decision(word.lower()) if word else None


def _is_rating(text: str) -> bool:
    return bool(text) and bool(_RATING.fullmatch(text))


def _is_said(text: str) -> bool:
    return text[0] in _OPENING or is_sentence(text)


def _is_title(text: str) -> bool:
    return len(text) <= 60 and not is_sentence(text) and not _is_rating(text) and text[0] not in _OPENING

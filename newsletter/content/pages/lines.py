"""A page's text as lines: decoding, white space, sections, tables, sentences. What the lines mean is not here."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from newsletter.content.records import TEXT_LIMIT, QuestionEntry, without_entities
from newsletter.errors import BadInput, Place

#: UTF-8 needs at most four bytes a character.
BYTE_LIMIT = 4 * TEXT_LIMIT

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_BULLET = re.compile(r"(?:[-*–•▪◦]|\d+\.) +(?=\S)")
_SENTENCE_END = re.compile(r"[.!?…][”\"'’)\]*]*$")
_GLUED = re.compile(r"(.*[\w)”\"'%][.!?][”\"'’)]?)(?=[A-Z@©][^.!?]{0,80}$)")
_QUESTION_START = re.compile(
    r"(?:which|what|is|are|can|could|does|do|how|should|why|who|when|where|will|would)\b", re.I
)
#: "$2." may be what is left of "$2.00".
_CUT_AMOUNT = re.compile(r"[$€£]\d[\d,]*\.$")
#: What surrounds a page on its site: sign-up boxes, plan adverts, bookmarks, credits.
_FURNITURE = re.compile(
    r"your inbox|sign[ -]?up|subscribe|bookmark|log ?in\b|cookies|@-mention|open in a space|all rights reserved|©|"
    r"\b(?:shared|pooled|org)\b[^.]*\bcredit|credits?/month|credit pool|no card|free forever|free trial|"
    r"ship or skip|\bdaily\. we\b|^weekly\b|^loading\b|^compare/",
    re.I,
)
_ABSENT = re.compile(r"(?:[-–—−]+|n/?a|unknown|not (?:stated|available|tested)|untested|tbd|\?)?", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that holds something. White space is single, bullets are off; `number` is the text's, from 1."""

    number: int
    text: str
    bulleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """The lines of a page under its headings, by the key of each; `head` is what stands before the first."""

    head: tuple[Line, ...]
    lines_by_key: Mapping[str, tuple[Line, ...]]
    #: The headings' own lines, in the order of the page.
    headings: Mapping[str, Line]

    def __contains__(self, key: str) -> bool:
        return key in self.headings

    def lines(self, key: str) -> tuple[Line, ...]:
        return self.lines_by_key.get(key, ())

    def paragraphs(self, *keys: str) -> tuple[Line, ...]:
        """Return the lines that are whole sentences and belong to the page."""
        return tuple(line for key in keys for line in self.lines(key) if is_prose(line))

    @property
    def last(self) -> str:
        """The key of the section that the page ends with."""
        return list(self.lines_by_key)[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """The lines of one page; `name` is what its faults are reported under."""

    name: str
    lines: tuple[Line, ...]

    def refusal(self, message: str, line: Line | None = None, field: str | None = None) -> BadInput:
        return BadInput(message, Place(self.name, line.number if line else None, field))

    def matching(self, pattern: str) -> list[Line]:
        """Return the lines that are nothing but `pattern`, in any letter case."""
        whole = re.compile(pattern, re.I)
        return [line for line in self.lines if not line.bulleted and whole.fullmatch(line.text)]

    def sections(self, patterns: Mapping[str, str]) -> Sections:
        """Return the page in sections; a heading is a line that is one of `patterns` and nothing else.

        A heading that readers ask again among the questions is one of those.
        """
        starts: list[tuple[int, str]] = []
        for index, line in enumerate(self.lines):
            key = None if line.bulleted else _key(line.text, patterns)
            known = [each for _, each in starts]
            if key and not (line.text.endswith("?") and key in known and known[-1] == "questions"):
                starts.append((index, key))
        found: dict[str, tuple[Line, ...]] = {}
        for (start, key), (end, _) in pairwise([*starts, (len(self.lines), "")]):
            found[key] = found.pop(key, ()) + self.lines[start + 1 : end]
        return Sections(
            head=self.lines[: starts[0][0]] if starts else self.lines,
            lines_by_key=found,
            headings={key: self.lines[index] for index, key in reversed(starts)},
        )


def decode(data: bytes, name: str) -> str:
    """Return the text of a file that should hold a page."""
    if len(data) > BYTE_LIMIT:
        raise BadInput(f"a page has at most {TEXT_LIMIT:,} characters, this file has more", Place(name))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput("this is not UTF-8 text: save the page as UTF-8", Place(name, line)) from error


def clean(text: str, name: str) -> str:
    """Return the text with one kind of line end, as it is kept and as its lines are counted."""
    if len(text) > TEXT_LIMIT:
        raise BadInput(f"a page has at most {TEXT_LIMIT:,} characters, this text has more", Place(name))
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"[\v\f\x1c-\x1e\x85\u2028\u2029]", " ", text)
    strange = re.search(r"[\x00-\x08\x0e-\x1f\ud800-\udfff]", text)
    if strange:
        line = text.count("\n", 0, strange.start()) + 1
        raise BadInput("this holds control characters: a page is plain text", Place(name, line))
    if not text.strip():
        raise BadInput("this page is empty", Place(name))
    return text


def split_lines(text: str, name: str) -> PageText:
    """Return the page of a clean text."""
    lines = []
    for number, raw in enumerate(text.split("\n"), 1):
        plain = " ".join(unicodedata.normalize("NFC", without_entities(raw)).translate(_INVISIBLE).split())
        bullet = _BULLET.match(plain)
        if plain:
            lines.append(
                Line(number=number, text=plain[bullet.end() :] if bullet else plain, bulleted=bool(bullet))
            )
    return PageText(name=name, lines=tuple(lines))


def is_sentence(text: str) -> bool:
    return bool(_SENTENCE_END.search(text))


def is_furniture(text: str) -> bool:
    return len(text) < 200 and bool(_FURNITURE.search(text))


def is_prose(line: Line) -> bool:
    """Return whether a line is a sentence of the page, and none of the site's around it."""
    return is_sentence(line.text) and not is_furniture(line.text)


def is_absent(text: str) -> bool:
    """Return whether a cell says that there is nothing to say: "—", "n/a"."""
    return bool(_ABSENT.fullmatch(text.strip()))


def is_broken(text: str) -> bool:
    """Return whether the last line of a page stops in the middle of a sentence, question or amount."""
    return bool(_CUT_AMOUNT.search(text)) or (
        not is_sentence(text) and (len(text) > 60 or bool(_QUESTION_START.match(text)))
    )


def without_glue(text: str) -> str:
    """Return a sentence without the label that a page's button left on its end: "It holds.Share" → "It holds."."""
    glued = None if is_sentence(text) else _GLUED.match(text)
    return glued[1] if glued else text


def joined(lines: Iterable[Line]) -> str:
    """Join paragraphs to one text."""
    return "\n\n".join(line.text for line in lines)


def labelled(lines: Iterable[Line], labels: Mapping[str, str]) -> Iterator[tuple[str, Line, str]]:
    """Return key, line of the value and value of each known label: "Label" and then "Value", or "Label: Value".

    A label that another label follows has no value. What follows no known label is left alone.
    """
    waiting: str | None = None
    for line in lines:
        key = _key(line.text, labels)
        if key:
            waiting = key
            continue
        before, colon, after = line.text.partition(":")
        key = _key(before, labels) if colon and after else None
        if key:
            yield key, line, after.strip()
        elif waiting and not is_absent(line.text):
            yield waiting, line, line.text
        waiting = None


def read_table(
    page: PageText, lines: Iterable[Line]
) -> tuple[tuple[str, ...], list[tuple[Line, tuple[str, ...]]]]:
    """Return the headings and rows of the first `| a | b |` table; nothing where there is none."""
    rows = [
        (line, tuple(cell.strip() for cell in line.text.strip("|").split("|")))
        for line in lines
        if line.text.startswith("|")
    ]
    if not rows:
        return (), []
    width = len(rows[0][1])
    for line, cells in rows:
        if len(cells) != width or not line.text.endswith("|"):
            raise page.refusal(f"this row has {len(cells)} of {width} cells: it is cut", line, rows[0][1][0])
    return rows[0][1], [(line, cells) for line, cells in rows[1:] if not _is_rule(cells)]


def _key(text: str, patterns: Mapping[str, str]) -> str | None:
    plain = text.strip("#*: ").casefold()
    return next((key for key, pattern in patterns.items() if re.fullmatch(pattern, plain)), None)


def _is_rule(cells: Iterable[str]) -> bool:
    return all(re.fullmatch(r":?-{2,}:?", cell) for cell in cells)


# Questions and answers, as two kinds of page list them.

HEADING = r"(?:faqs?|frequently asked(?: questions)?)"


def read_questions(
    page: PageText, sections: Sections, key: str, *, comparison: str | None = None, tool: str | None = None
) -> Iterator[QuestionEntry]:
    """Yield each question with the paragraphs under it, up to the next one."""
    for question, answer in _answered(page, sections.lines(key)):
        yield QuestionEntry(
            question=question.text,
            answer=answer,
            comparison_id=comparison,
            tool_id=tool,
            line=question.number,
        )


def _answered(page: PageText, lines: Sequence[Line]) -> Iterator[tuple[Line, str]]:
    starts = [index for index, line in enumerate(lines) if line.text.endswith("?") and len(line.text) <= 200]
    for start, end in pairwise([*starts, len(lines)]):
        question, answer = lines[start], lines[start + 1 : end]
        if not answer:
            raise page.refusal(f'"{question.text}" has no answer: the page is cut there', question, "answer")
        # What follows the first paragraph and is no sentence belongs to the site around the page.
        more = [line for line in answer[1:] if is_sentence(line.text) and not is_furniture(line.text)]
        yield question, "\n\n".join([without_glue(answer[0].text), *(line.text for line in more)])

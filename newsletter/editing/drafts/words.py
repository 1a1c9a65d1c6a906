"""What an editor may write into a draft: how long, on how many lines, and without what nobody can see.

Control, zero-width and direction characters are removed, as from every text of an issue (digest/sentences.py); images are
refused, since a mail of ours fetches nothing.
"""

from dataclasses import dataclass

from newsletter.digest.sentences import count_words, plain
from newsletter.digest.subject import PREHEADER_CHARS, SUBJECT_CHARS
from newsletter.errors import BadInput
from newsletter.render.clean import clean_lines
from newsletter.render.markdown import has_image

NOTE_WORDS = 60
ITEM_NOTE_WORDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a text may be written: characters, and of what phones show so many; words, where they are counted."""

    chars: int
    shown: int = 0
    words: int = 0


#: What may be written over what is computed.
FIELDS = {
    "subject": Limits(chars=150, shown=SUBJECT_CHARS),
    "preheader": Limits(chars=200, shown=PREHEADER_CHARS),
    "note": Limits(chars=2_000, words=NOTE_WORDS),
    "bottom_line": Limits(chars=300),
}
ITEM_NOTE = Limits(chars=500, words=ITEM_NOTE_WORDS)


def check_text(field: str, text: str) -> str:
    """The text as it is stored; raises BadInput, in a sentence, for what cannot be."""
    return _checked(f"The {field.replace('_', ' ')}", text, FIELDS[field], markdown=field == "note")


def check_item_note(text: str) -> str:
    """The same for the note on an item: Markdown on one line."""
    return plain(_checked("The note on an item", text, ITEM_NOTE, markdown=True))


def _checked(what: str, text: str, limits: Limits, *, markdown: bool) -> str:
    # Before anything reads it: nobody writes ten megabytes by hand.
    if len(text) > 10 * limits.chars:
        raise BadInput(f"{what} has {len(text):,} characters; at most {limits.chars:,} are allowed.")
    # In Markdown lines count; the others stand on one.
    text = clean_lines(text).strip() if markdown else plain(text)
    if len(text) > limits.chars:
        raise BadInput(f"{what} has {len(text):,} characters; at most {limits.chars:,} are allowed.")
    if limits.words and count_words(text) > limits.words:
        raise BadInput(f"{what} has {count_words(text)} words; at most {limits.words} are allowed.")
    if markdown and has_image(text):
        raise BadInput(
            f"{what} has an image; images are not allowed: link to it instead, [words](https://…)."
        )
    return text

"""A letter as JSON and back: what approval freezes, and the archive and the checks read."""

from pydantic import TypeAdapter, ValidationError

from newsletter.digest.letter import Letter
from newsletter.errors import StoreError

_LETTER = TypeAdapter(Letter)


def letter_to_json(letter: Letter) -> str:
    """The same letter always gives the same text."""
    return _LETTER.dump_json(letter).decode()


def letter_from_json(stored: str) -> Letter:
    """Raises StoreError for what is no letter."""
    try:
        return _LETTER.validate_json(stored)
    except ValidationError as error:
        raise StoreError(f"A stored letter cannot be read: {error.errors()[0]['msg']}") from error

"""Categories as an issue calls them: sites store some as codes, "llm" or "code-assistants"."""

import re
from collections.abc import Iterable

from newsletter.digest.wording import clip
from newsletter.errors import N_
from newsletter.language import Language

#: As long as a category may be.
LETTERS = 40

_NAMES = {"llm": N_("Language models"), "llms": "Language models", "ai": N_("AI tools")}
_INITIALS = frozenset(
    {"ai", "api", "asr", "cli", "gpu", "ide", "llm", "ml", "nlp", "ocr", "rag", "sdk", "tts", "ui"}
)
_CODE = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


def category_name(category: str) -> str:
    """Return a category as readers are shown it; a code in small letters becomes words: "llm-tools" → "LLM tools"."""
    text = clip(category, LETTERS)
    if text in _NAMES or not _CODE.fullmatch(text):
        return _NAMES.get(text, text)
    words = [word.upper() if word in _INITIALS else word for word in re.split("[-_]", text)]
    return " ".join((words[0][:1].upper() + words[0][1:], *words[1:]))


def category_in(category: str, language: Language) -> str:
    """Return the name in a language, as far as it is ours. An issue is frozen with the English one, which topics match."""
    name = category_name(category)
    return language.gettext(name) if name in _NAMES.values() else name


def categories_of(named: Iterable[str]) -> tuple[str, ...]:
    """Return the categories by name, each once, without empty ones."""
    return tuple(dict.fromkeys(category_name(each) for each in named if each.strip()))

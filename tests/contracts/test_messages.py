"""The catalogues are whole: whatever code and templates say to readers is in messages.pot, and translated."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
LOCALES = ROOT / "templates" / "locales"
CATALOGUES = sorted(LOCALES.glob("*/LC_MESSAGES/messages.po"))

#: What a translation keeps: values, tags and entities.
_KEPT = re.compile(r"%\(\w+\)s|</?[a-z][^<>]*>|&\w+;")


def catalogue(file: Path) -> Catalog:
    with file.open("rb") as opened:
        return read_po(opened)


def keys(messages: Catalog) -> set[tuple[str | None, str]]:
    return {(each.context, _texts(each.id)[0]) for each in messages if each.id}


def _texts(text: object) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, tuple | list) else (str(text),)


def test_the_template_of_catalogues_is_what_code_and_templates_say(tmp_path: Path) -> None:
    file = tmp_path / "messages.pot"
    command = ["pybabel", "-q", "extract", "-F", str(ROOT / "pyproject.toml"), "-o", str(file), str(ROOT)]
    CommandLineInterface().run(command)  # type: ignore[no-untyped-call]  # Babel's command has no types
    assert keys(catalogue(file)) == keys(catalogue(LOCALES / "messages.pot")), "run: make messages"


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: file.parent.parent.name)
def test_every_message_is_translated(file: Path) -> None:
    messages = catalogue(file)
    assert keys(messages) == keys(catalogue(LOCALES / "messages.pot"))
    unfinished = [each.id for each in messages if each.id and (each.fuzzy or not all(_texts(each.string)))]
    assert unfinished == []


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: file.parent.parent.name)
def test_a_translation_keeps_values_and_markup(file: Path) -> None:
    assert [each.id for each in catalogue(file) if each.id and not _keeps(each)] == []


def _keeps(message: Message) -> bool:
    """Whether each text of the translation has what the English has; a text for one may write the number as a word."""
    kept = {frozenset(_KEPT.findall(text)) for text in _texts(message.id)}
    return all(frozenset(_KEPT.findall(text)) in kept for text in _texts(message.string))

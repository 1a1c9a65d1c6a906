"""A week in German, end to end: no words of ours stay English in the mails."""

import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from newsletter.config import template_folders
from newsletter.db.engine import Database
from newsletter.editing.compiled import compile_issue
from newsletter.editing.preview import Format, personalize, preview
from newsletter.readers.preferences import Preferences
from newsletter.render.compile import compile_mail
from newsletter.render.plan import Plan
from tests.editing.desk import drafted, newsroom
from tests.render import letters
from tests.render.goldens import MAILS
from tests.render.views import html_of, text_of

CATALOGUE = Path(__file__).parents[2] / "templates/locales/de/LC_MESSAGES/messages.po"
READERS_MAILS = sorted(MAILS.keys() - {"alert", "sign-in"})

#: Words of ours that the week's sources use, too.
_THEIRS = {"API access"}
_VALUE = re.compile(r"%\(\w+\)s|%%|<[^<>]*>")


def english_words() -> Iterator[str]:
    """Runs of at least two words of our English that its German does not have, too."""
    with CATALOGUE.open("rb") as opened:
        messages = read_po(opened)
    for message in messages:
        english = message.id if isinstance(message.id, tuple | list) else (message.id,)
        german = " ".join(message.string) if isinstance(message.string, tuple | list) else str(message.string)
        for words in (part.strip(" .,:;()·/") for text in english for part in _VALUE.split(text)):
            if " " in words and words not in german and words not in _THEIRS and not message.context:
                yield words


def left_in_english(text: str) -> list[str]:
    plain = " ".join(re.sub(r"<[^>]*>", " ", unescape(text)).split())
    return [words for words in english_words() if re.search(rf"\b{re.escape(words)}\b", plain)]


def shown(message: bytes) -> Iterator[str]:
    mail = message_from_bytes(message, policy=policy.default)
    yield str(mail["Subject"])
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        yield str(body.get_content())


def test_the_words_that_are_looked_for_are_many() -> None:
    assert len(list(english_words())) > 100


def test_an_issue_is_german(tmp_path: Path, sqlite_database: Database) -> None:
    app = newsroom(tmp_path, sqlite_database, settings={"site.language": "de"})
    compiled = compile_issue(app, drafted(app))
    reader = Preferences(monthly_tokens=10_000_000, team_size=5)
    everybody = list(shown(preview(app, compiled, None, Format.EML)))
    assert compiled.letter is not None
    personal = personalize(app, compiled.letter, compiled.require_plan(), reader)
    own = list(shown(preview(app, compiled, personal, Format.EML)))
    assert [left_in_english(each) for each in (*everybody, *own)] == [[]] * 6
    subject, text, html = everybody
    assert 'lang="de"' in html
    assert "IM DIREKTEN VERGLEICH" in text
    assert "Außerdem" in html or "oder" in subject


@pytest.mark.parametrize("kind", READERS_MAILS)
def test_a_single_mail_is_german(kind: str) -> None:
    values = {**MAILS[kind], **({"next_issue": "am Donnerstag"} if kind == "welcome" else {})}
    plan: Plan = compile_mail(kind, values, replace(letters.FRAME, language="de"), template_folders(None))
    assert [left_in_english(each) for each in (plan.subject, text_of(plan), html_of(plan))] == [[], [], []]
    assert 'lang="de"' in html_of(plan)

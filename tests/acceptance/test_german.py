"""A week in German, end to end: no words of ours stay English in the mails."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from sqlalchemy import update

from newsletter.clock import MovedClock
from newsletter.config import template_folders
from newsletter.db.engine import Database
from newsletter.db.schema import readers
from newsletter.db.statuses import Edition
from newsletter.digest.draft import Drafted
from newsletter.digest.errata import add_erratum
from newsletter.digest.issues import Issue
from newsletter.editing.approve import approve
from newsletter.editing.compiled import compile_issue
from newsletter.editing.draft import draft_now
from newsletter.editing.preview import Format, personalize, preview
from newsletter.editing.sending import start
from newsletter.readers.preferences import Preferences
from newsletter.render.compile import compile_mail
from newsletter.render.plan import Plan
from tests.examples.weeks import LAST_WEEK, SAMPLE_WEEK, import_week
from tests.jobs.newsroom import WatchedApp, add_reader, open_newsroom
from tests.jobs.recording import utc
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


@pytest.fixture
def app(tmp_path: Path, sqlite_database: Database) -> WatchedApp:
    """A German newsroom with a reader, on the day of the first of two weeks."""
    clock = MovedClock(utc("2026-11-19T07:00"))
    opened = open_newsroom(tmp_path, sqlite_database, clock, {"site.language": "de"})
    add_reader(sqlite_database, "alice@example.org", clock.now())
    return opened


def draft_week(app: WatchedApp, folder: Path, day: str) -> Issue:
    """The draft of a week, first seen the day before it goes out."""
    clock = app.clock
    assert isinstance(clock, MovedClock)
    clock.move(utc(f"{day}T07:00") - clock.now())
    with app.content() as content:
        import_week(content, folder, clock.now())
    clock.move(timedelta(hours=1))
    made = draft_now(app, f"{day}T09:00", even_thin=True)
    assert isinstance(made, Drafted)
    return made.issue


def copies(app: WatchedApp, issue: Issue, reader: Preferences | None = None) -> list[str]:
    """Subject, text and HTML of a reader's copy."""
    compiled = compile_issue(app, issue)
    assert compiled.letter is not None
    own = personalize(app, compiled.letter, compiled.require_plan(), reader) if reader else None
    return list(shown(preview(app, compiled, own, Format.EML)))


def test_a_week_is_german(app: WatchedApp) -> None:
    subject, text, html = copies(app, draft_week(app, LAST_WEEK, "2026-11-19"))
    assert [left_in_english(each) for each in (subject, text, html)] == [[], [], []]
    assert 'lang="de"' in html
    assert "Donnerstag, 19. November 2026" in text


def test_changes_corrections_and_a_readers_own_lines_are_german(app: WatchedApp) -> None:
    first = draft_week(app, LAST_WEEK, "2026-11-19")
    start(app, approve(app, first, "Erin"))
    with app.database.write() as connection:
        add_erratum(connection, first.id, said="1", right="2", by="Erin", at=app.clock.now(), to_tell=True)
    reader = Preferences(monthly_tokens=10_000_000, team_size=5)
    subject, text, html = copies(app, draft_week(app, SAMPLE_WEEK, "2026-11-26"), reader)
    assert [left_in_english(each) for each in (subject, text, html)] == [[], [], []]
    assert "WAS SICH GEÄNDERT HAT" in text
    assert "Berichtigung zu Nr. 1 (19. Nov. 2026): Wir schrieben „1“. Richtig ist: 2" in " ".join(
        text.split()
    )


def test_a_month_is_german(app: WatchedApp) -> None:
    for folder, day in ((LAST_WEEK, "2026-11-19"), (SAMPLE_WEEK, "2026-11-26")):
        start(app, approve(app, draft_week(app, folder, day), "Erin"))
    add_monthly_reader(app)
    clock = app.clock
    assert isinstance(clock, MovedClock)
    clock.move(utc("2026-12-01T08:00") - clock.now())
    made = draft_now(app, "2026-12-01T09:00", edition=Edition.MONTHLY)
    assert isinstance(made, Drafted)
    subject, text, html = copies(app, made.issue)
    assert [left_in_english(each) for each in (subject, text, html)] == [[], [], []]
    assert subject.startswith("November 2026: ")


def add_monthly_reader(app: WatchedApp) -> None:
    add_reader(app.database, "mona@example.org", app.clock.now())
    with app.database.write() as connection:
        mona = readers.c.address == "mona@example.org"
        connection.execute(update(readers).where(mona).values(edition=Edition.MONTHLY))


@pytest.mark.parametrize("kind", READERS_MAILS)
def test_a_single_mail_is_german(kind: str) -> None:
    values = {**MAILS[kind], **({"next_issue": "Donnerstag, 3. Dezember"} if kind == "welcome" else {})}
    plan: Plan = compile_mail(kind, values, replace(letters.FRAME, language="de"), template_folders(None))
    assert [left_in_english(each) for each in (plan.subject, text_of(plan), html_of(plan))] == [[], [], []]
    assert 'lang="de"' in html_of(plan)

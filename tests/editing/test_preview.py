"""A preview is what arrives: the same bytes that the sender would send."""

from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import insert

from newsletter.app import App
from newsletter.content.store import ContentStore
from newsletter.db.engine import Database
from newsletter.db.schema import readers
from newsletter.db.statuses import ReaderStatus
from newsletter.delivery.ledger import Recipient
from newsletter.delivery.message import load_mailings
from newsletter.digest.issues import Issue
from newsletter.editing.approve import approve
from newsletter.editing.compiled import compile_issue
from newsletter.editing.issues import find_issue
from newsletter.editing.preview import Format, personalize_with_links, preview
from newsletter.errors import BadInput, NotFound
from newsletter.readers.links import Purpose
from tests.digest.week import SEEN
from tests.editing.desk import drafted, edit, newsroom


@pytest.fixture
def app(tmp_path: Path, sqlite_database: Database) -> App:
    return newsroom(tmp_path, sqlite_database)


def add_alice(app: App) -> int:
    values = {
        "address": "Alice@example.org",
        "address_key": "alice@example.org",
        "status": ReaderStatus.ACTIVE,
    }
    with app.database.write() as connection:
        added = connection.execute(insert(readers).values(**values, status_at=SEEN, added_at=SEEN))
    return int(added.inserted_primary_key[0])  # type: ignore[index]


def test_a_draft_is_shown_as_it_would_be_approved_now(app: App) -> None:
    issue = drafted(app)
    shown = preview(app, compile_issue(app, edit(app, issue, subject="Ours this week")), None, Format.EML)
    message = message_from_bytes(shown, policy=policy.default)
    assert message["Subject"] == "Ours this week"
    assert message["To"] == "reader@example.org"
    assert message.get_body(("html",)) is not None


def test_text_and_html_are_the_parts_of_the_message(app: App) -> None:
    issue = drafted(app)
    message = message_from_bytes(
        preview(app, compile_issue(app, issue), None, Format.EML), policy=policy.default
    )
    for form, kind in ((Format.TEXT, "plain"), (Format.HTML, "html")):
        part = message.get_body((kind,))
        assert part is not None
        assert preview(app, compile_issue(app, issue), None, form).decode() == part.get_content()


def test_an_approved_issue_is_shown_as_it_was_approved(app: App) -> None:
    issue = approve(app, drafted(app), "dora")
    before = preview(app, compile_issue(app, issue), None, Format.TEXT)
    with app.content() as content:
        _change_everything(content)
    assert preview(app, compile_issue(app, issue), None, Format.TEXT) == before


def _change_everything(content: ContentStore) -> None:
    content.db.execute("UPDATE tools SET name = 'Renamed', tagline = 'Changed'")


def test_a_readers_preview_is_the_readers_own_message(app: App) -> None:
    reader_id = add_alice(app)
    issue = approve(app, drafted(app), "dora")
    shown = preview(
        app,
        compile_issue(app, issue),
        personalize_with_links(app, compile_issue(app, issue), "alice@EXAMPLE.org"),
        Format.EML,
    )
    sent = _as_sent(app, issue, reader_id)
    assert _without_id(shown) == _without_id(sent)
    message = message_from_bytes(shown, policy=policy.default)
    assert message["Message-ID"] != message_from_bytes(sent, policy=policy.default)["Message-ID"]
    token = message["List-Unsubscribe"].split("/unsubscribe/")[1].split(">")[0]
    assert app.links.read(Purpose.UNSUBSCRIBE, token).reader_id == reader_id


def _as_sent(app: App, issue: Issue, reader_id: int) -> bytes:
    with app.database.read() as connection:
        [mailing] = load_mailings(connection, issue.id, app.links, app.message_ids, app.clock).values()
    return mailing.compose(Recipient(reader_id=reader_id, address="Alice@example.org", attempts=0))


def _without_id(message: bytes) -> list[bytes]:
    return [line for line in message.split(b"\r\n") if not line.startswith((b"Message-ID:", b" <nl."))]


def test_a_preview_for_nobody_is_refused(app: App) -> None:
    with pytest.raises(NotFound, match=r"There is no reader bob@example\.org"):
        personalize_with_links(app, compile_issue(app, drafted(app)), "bob@example.org")


def test_an_issue_is_named_by_id_number_or_latest(app: App) -> None:
    issue = approve(app, drafted(app), "dora")
    names = (str(issue.id), "#1", "weekly#1", "latest", " latest ")
    assert {find_issue(app.database, name).id for name in names} == {issue.id}


@pytest.mark.parametrize("name", ["", "three", "-1", "#", "1; DROP TABLE issues", "#0x1", "١"])
def test_what_names_no_issue_is_refused_with_what_would(app: App, name: str) -> None:
    with pytest.raises(BadInput, match="give an id, a number such as #3, or latest"):
        find_issue(app.database, name)


@pytest.mark.parametrize("name", ["99", "#99", "monthly#1"])
def test_an_issue_that_is_not_there_is_not_found(app: App, name: str) -> None:
    with pytest.raises(NotFound):
        find_issue(app.database, name)

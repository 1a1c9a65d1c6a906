"""Test sends: the very mail, marked, by the real way out, and harmless to whoever opens it."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.config import Tls
from newsletter.db.engine import Database
from newsletter.db.schema import batches, deliveries, mails
from newsletter.db.statuses import MailKind, MailStatus
from newsletter.delivery.loopback import Loopback, Misbehavior, Phase
from newsletter.editing.approve import approve
from newsletter.editing.audit import list_entries
from newsletter.editing.compiled import compile_issue, letter_of
from newsletter.editing.preview import Format, part_of, preview
from newsletter.editing.test_send import (
    MOST,
    SampleReader,
    preferences_of_reader,
    sample_preferences,
    send_test,
)
from newsletter.errors import BadInput, BadLink, SendError
from newsletter.readers.admin import add_by_hand, set_preferences
from newsletter.readers.links import Purpose
from newsletter.readers.preferences import NO_PREFERENCES, Preferences
from tests.digest.week import PRICE_PAGE
from tests.editing.desk import drafted, newsroom, with_settings

USUAL = {"usual": NO_PREFERENCES}
DORA = "dora@desk.example.org"


@pytest.fixture
def app(tmp_path: Path, sqlite_database: Database) -> App:
    return newsroom(tmp_path, sqlite_database, PRICE_PAGE)


def outbox(app: App) -> list[bytes]:
    return [
        each.read_bytes() for each in (app.settings.path(app.settings.paths.outbox) / "new").glob("*.eml")
    ]


def parsed(mail: bytes) -> EmailMessage:
    message = message_from_bytes(mail, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_it_is_the_mail_itself_marked_in_its_subject(app: App) -> None:
    issue = drafted(app)
    [tried] = send_test(app, issue, [DORA], USUAL, "dora")
    assert (tried.was_accepted, tried.to) == (True, DORA)
    [mail] = outbox(app)
    usual = preview(app, compile_issue(app, issue), None, Format.EML)
    assert parsed(mail)["Subject"] == f"[Test] {parsed(usual)['Subject']}"
    assert parsed(mail)["To"] == DORA
    assert list(parsed(mail).keys()) == list(parsed(usual).keys())
    told, shown = (_without_links(part_of(each, Format.TEXT)) for each in (mail, usual))
    assert told.replace(DORA, "reader@example.org") == shown


def _without_links(text: str) -> str:
    return re.sub(r"/(unsubscribe|preferences|view)/\S+", "", text)


def test_nothing_in_it_acts_for_any_reader(app: App) -> None:
    now, key = app.clock.now(), app.suppression_key
    for name in ("alice", "bob"):
        add_by_hand(app.database, f"{name}@example.org", consent="form", suppression_key=key, now=now)
    issue = drafted(app)
    send_test(app, issue, [DORA], USUAL, "dora")
    [mail] = outbox(app)
    tokens = {
        (Purpose(kind), token)
        for kind, token in re.findall(
            r"/(unsubscribe|preferences|view)/([\w.-]+)", part_of(mail, Format.TEXT)
        )
    }
    assert {purpose for purpose, _ in tokens} == {Purpose.UNSUBSCRIBE, Purpose.PREFERENCES, Purpose.VIEW}
    for purpose, token in tokens:
        with pytest.raises(BadLink):
            app.links.read(purpose, token)
    [one_click] = re.findall(r"/unsubscribe/([\w.-]+)", str(parsed(mail)["List-Unsubscribe"]))
    assert (Purpose.UNSUBSCRIBE, one_click) in tokens
    assert parsed(mail)["Message-ID"].startswith("<nl.0.")


def test_it_stands_in_no_ledger_and_names_nobody(app: App) -> None:
    issue = approve(app, drafted(app), "paul")
    send_test(app, issue, [DORA], USUAL, "dora")
    with app.database.read() as connection:
        assert connection.execute(select(deliveries)).all() == []
        assert connection.execute(select(batches)).all() == []
        [row] = connection.execute(select(mails)).all()
        latest = list_entries(connection, 1)[0]
    assert (row.kind, row.status, row.reader_id, row.values) == (MailKind.TEST, MailStatus.ACCEPTED, None, {})
    assert (latest.by, latest.action) == ("dora", "tested")
    assert latest.detail == f"content {(issue.content_hash or '')[:12]} to 1 address, as usual"


def test_each_kind_of_reader_gets_a_copy_of_their_own(app: App) -> None:
    now, key = app.clock.now(), app.suppression_key
    add_by_hand(app.database, "alice@example.org", consent="form", suppression_key=key, now=now)
    set_preferences(app.database, "alice@example.org", tools=["pelican-large"], team_size=7)
    issue = drafted(app)
    letter = letter_of(app, issue)
    copies = {each.value: sample_preferences(letter, each) for each in SampleReader}
    copies |= dict([preferences_of_reader(app, "alice@example.org")])
    tried = send_test(app, issue, [DORA], copies, "dora")
    assert [each.copy for each in tried] == [
        "usual",
        "topics",
        "follower",
        "volume",
        "everything",
        "reader 1",
    ]
    texts = {part_of(each, Format.TEXT) for each in outbox(app)}
    assert any("YOUR TOOLS" in each for each in texts)
    assert len({_without_links(each) for each in texts}) >= 4


def test_it_goes_by_smtp_where_the_issue_does(app: App) -> None:
    with Loopback(keeps=True) as server:
        through = {
            "mail.transport": "smtp",
            "smtp.host": "127.0.0.1",
            "smtp.tls": Tls.NONE,
            "smtp.port": server.port,
        }
        smtp = with_settings(app, through)
        issue = drafted(smtp)
        tried = send_test(smtp, issue, [DORA, "erin@desk.example.org"], USUAL, "dora")
        assert [each.recipient for each in server.taken] == [DORA, "erin@desk.example.org"]
    assert all(each.was_accepted for each in tried)


def test_a_refusal_is_told_and_a_dead_server_is_an_error(app: App) -> None:
    def refuse(phase: Phase, recipient: str, connection: int) -> Misbehavior | None:
        return Misbehavior(reply="550 5.1.1 nobody") if phase is Phase.RCPT else None

    with Loopback(faults=refuse) as server:
        through = {
            "mail.transport": "smtp",
            "smtp.host": "127.0.0.1",
            "smtp.tls": Tls.NONE,
            "smtp.port": server.port,
        }
        smtp = with_settings(app, through)
        issue = drafted(smtp)
        [tried] = send_test(smtp, issue, [DORA], USUAL, "dora")
    assert not tried.was_accepted
    with pytest.raises(SendError):
        send_test(smtp, issue, [DORA], USUAL, "dora")
    with app.database.read() as connection:
        assert set(connection.execute(select(mails.c.status)).scalars()) == {MailStatus.REJECTED}


@pytest.mark.parametrize(("people", "copies"), [(0, USUAL), (1, {}), (MOST + 1, USUAL)])
def test_a_test_is_a_handful_of_mails(app: App, people: int, copies: dict[str, Preferences]) -> None:
    issue = drafted(app)
    with pytest.raises(BadInput, match="1 to 50 mails"):
        send_test(app, issue, [f"e{n}@example.org" for n in range(people)], copies, "dora")
    assert outbox(app) == []

"""What was looked at is what is approved, and what is approved is what is sent, whatever changes in between."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from newsletter.app import App, open_app
from newsletter.clock import MovedClock
from newsletter.config import Tls, template_folders
from newsletter.db.schema import readers
from newsletter.delivery.ledger import Recipient
from newsletter.delivery.loopback import Loopback
from newsletter.delivery.message import Mailing
from newsletter.delivery.sender import Ending, Sender
from newsletter.delivery.transports.smtp.sending import Smtp
from newsletter.delivery.transports.smtp.wire import Relay
from newsletter.digest.draft import Drafted
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_frozen
from newsletter.editing.approve import ReadsOtherwise, approve
from newsletter.editing.cache import CheckedIssue
from newsletter.editing.draft import draft_now
from newsletter.editing.sending import start
from newsletter.readers.admin import add_by_hand, set_preferences
from newsletter.readers.store import get_reader
from tests.config.written import changed
from tests.editing.desk import cache_of, edit
from tests.examples.weeks import LAST_WEEK, LAST_WEEK_AT, SAMPLE_WEEK, SAMPLE_WEEK_AT, import_week
from tests.installed import install

READERS = 200
TOPICS = ("Language Models", "Answer Engines", "Developer Tools", "Meeting Assistants")
TOOLS = ("tessel-coder-2", "quarry-search", "wren-code-14b", "mistral-small-3.2", "ondine-70b")
#: What the sender's moment decides, not the issue.
_OF_THE_MOMENT = re.compile(rb"^(?:Date|DKIM-Signature):[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", re.MULTILINE)


def some_reader(random: Random) -> dict[str, Any]:
    """Somebody of one of five kinds: who chose nothing, topics, tools, a volume and a team, or all of that."""
    topics = random.sample(TOPICS, random.randint(1, 2))
    tools = random.sample(TOOLS, random.randint(1, 4))
    tokens, team = random.randint(1, 900) * 1_000_000, random.randint(2, 400)
    return random.choice(
        [
            {},
            {"topics": topics},
            {"tools": tools},
            {"monthly_tokens": tokens, "team_size": team},
            {"topics": topics, "tools": tools, "monthly_tokens": tokens, "team_size": team},
        ]
    )


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An installation with 200 readers, of whom 198 have ordinary addresses, before its second issue."""
    install(tmp_path / "house", example=True)
    opened = open_app(tmp_path / "house", MovedClock(LAST_WEEK_AT + timedelta(hours=1)))
    random = Random(200)
    addresses = [f"reader{number}@example.org" for number in range(READERS - 2)]
    for address in (*addresses, "o'brien+a=b@example.org", "jürgen@exämple.org"):
        now, key = opened.clock.now(), opened.suppression_key
        add_by_hand(opened.database, address, consent="form", suppression_key=key, now=now)
        set_preferences(opened.database, address, **some_reader(random))
    for folder, at in ((LAST_WEEK, LAST_WEEK_AT), (SAMPLE_WEEK, SAMPLE_WEEK_AT)):
        with opened.content() as content:
            import_week(content, folder, at)
        opened.clock.sleep(at + timedelta(hours=1) - opened.clock.now())
        if folder is LAST_WEEK:
            approve(opened, drafted(opened), "editor")
    yield opened
    opened.close()


def drafted(app: App) -> Issue:
    made = draft_now(app)
    assert isinstance(made, Drafted)
    return made.issue


def composed(app: App, look: CheckedIssue, salt: int) -> dict[str, bytes]:
    """Every reader's mail, made from what the page showed before anybody approved it; approval draws the salt."""
    proof = look.compiled
    assert proof.plan is not None
    mailing = Mailing(
        issue_id=proof.issue.id,
        salt=salt,
        plan=proof.plan,
        frame=proof.frame,
        signer=app.links,
        message_ids=app.message_ids,
        clock=app.clock,
        letter=proof.letter,
    )
    with app.database.read() as connection:
        rows = connection.execute(select(readers.c.id, readers.c.address, readers.c.salt)).all()
        everybody = [
            Recipient(
                reader_id=id_,
                address=address,
                attempts=0,
                preferences=get_reader(connection, id_).preferences,
                salt=salt_of_reader,
            )
            for id_, address, salt_of_reader in rows
        ]
    return {each.address: mailing.compose(each) for each in everybody}


def with_everything_changed(app: App) -> App:
    """The same installation after somebody changed content.db, every setting that shows, and the templates."""
    with app.content() as content:
        content.db.execute("UPDATE claims SET number = '77', value = '77'")
        content.db.execute("UPDATE tools SET name = 'Another', url = ''")
        content.db.execute("DELETE FROM ratings")
    own = app.settings.folder / "own" / "email" / "weekly"
    own.mkdir(parents=True)
    for file in ("body.txt.j2", "body.mjml.j2", "subject.txt.j2"):
        [original] = [each for each in template_folders(None) if (each / "email/weekly" / file).is_file()]
        (own / file).write_text(
            "{{ broken }} " + (original / "email/weekly" / file).read_text("utf-8"), "utf-8"
        )
    settings = changed(
        app.settings,
        {
            "site.name": "Another name",
            "mail.from_name": "Somebody",
            "mail.from_address": "other@elsewhere.example",
            "mail.reply_to": "else@elsewhere.example",
            "site.public_url": "https://elsewhere.example",
            "site.postal_address": "Nowhere 1",
            "mail.list_id": "else.elsewhere.example",
            "digest.team_seats": 99,
            "paths.templates": Path("own"),
        },
    )
    return App(settings, app.clock, app.database)


def send(app: App, issue: Issue) -> dict[str, bytes]:
    """What a server was given, by recipient."""
    with Loopback(keeps=True) as server:
        start(app, issue)
        sender: Sender = app.sender(issue.id)
        relay = Relay(host="127.0.0.1", port=server.port, tls=Tls.NONE)
        mine = replace(sender, transport=Smtp(relay=relay, connections=2))
        assert mine.send() is Ending.SENT
        return {each.recipient: each.content for each in server.taken}


def without_moment(mails: Mapping[str, bytes]) -> dict[str, bytes]:
    return {address: _OF_THE_MOMENT.sub(b"", mail, count=2) for address, mail in mails.items()}


def test_the_bytes_sent_are_those_composed_before_approval(app: App) -> None:
    issue = drafted(app)
    look = cache_of(app).checked(issue)
    approved = approve(app, issue, "dora", expect=look.compiled.content_hash)
    with app.database.read() as connection:
        expected = without_moment(composed(app, look, get_frozen(connection, issue.id).salt))
    assert approved.content_hash == look.compiled.content_hash
    app.clock.sleep(timedelta(days=4))
    sent = without_moment(send(with_everything_changed(app), approved))
    assert len(sent) == READERS
    assert len(set(map(len, expected.values()))) > 20, "five kinds of readers get quite different mails"
    assert {address.casefold() for address in sent} == {address.casefold() for address in expected}
    assert sorted(sent.values()) == sorted(expected.values())


def test_what_changed_after_the_look_is_not_approved(app: App) -> None:
    issue = drafted(app)
    look = cache_of(app).checked(issue)
    edited = edit(app, issue, subject="Something else")
    with pytest.raises(ReadsOtherwise):
        approve(app, edited, "dora", expect=look.compiled.content_hash)
    with app.content() as content:
        content.db.execute("UPDATE tools SET name = 'Another'")
    with pytest.raises(ReadsOtherwise):
        approve(app, edited, "dora", expect=cache_of(app).checked(issue).compiled.content_hash)

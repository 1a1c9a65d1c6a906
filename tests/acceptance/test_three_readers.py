"""Three readers with other tools, topics, volumes and hours get three other, right issues, by SMTP and by SendGrid."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from newsletter.app import App, open_app
from newsletter.clock import MovedClock
from newsletter.config import Tls
from newsletter.db.schema import batches
from newsletter.delivery.loopback import Loopback
from newsletter.delivery.message import load_mailings
from newsletter.delivery.sender import Sender
from newsletter.delivery.transports import Transport
from newsletter.delivery.transports.sendgrid.sending import SendGrid as SendGridTransport
from newsletter.delivery.transports.smtp.sending import Smtp
from newsletter.delivery.transports.smtp.wire import Relay
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_issue
from newsletter.editing.approve import approve, withdraw
from newsletter.editing.compiled import letter_of
from newsletter.editing.draft import draft_now
from newsletter.editing.sending import start
from newsletter.readers.admin import add_by_hand, set_preferences
from tests.delivery.house import hash_address
from tests.examples.weeks import LAST_WEEK, LAST_WEEK_AT, SAMPLE_WEEK, SAMPLE_WEEK_AT, import_week
from tests.installed import install
from tests.standins.sendgrid import API_KEY, SendGrid

#: Thursday 26 November 2026, 08:00 in Berlin.
MORNING = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)
ALICE, BRUNO, CARLA = "alice@example.org", "bruno@example.org", "carla@example.org"
CHOICES: dict[str, dict[str, Any]] = {
    ALICE: {
        "topics": ["language models"],
        "tools": ["tessel-coder-2", "ondine-70b"],
        "monthly_tokens": 25_300_000,
        "send_hour": 7,
        "time_zone": "Europe/Berlin",
    },
    BRUNO: {
        "tools": ["quarry-search", "kestrel-draw"],
        "team_size": 12,
        "send_hour": 9,
        "time_zone": "Asia/Tokyo",
    },
    CARLA: {"topics": ["Answer Engines"], "send_hour": 6, "time_zone": "America/New_York"},
}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An installation whose second issue is drafted, with three readers who have chosen."""
    install(tmp_path / "house", example=True)
    opened = open_app(tmp_path / "house", MovedClock(LAST_WEEK_AT + timedelta(hours=1)))
    for folder, at in ((LAST_WEEK, LAST_WEEK_AT), (SAMPLE_WEEK, SAMPLE_WEEK_AT)):
        with opened.content() as content:
            import_week(content, folder, at)
        opened.clock.sleep(at + timedelta(hours=1) - opened.clock.now())
        if folder is LAST_WEEK:
            _approved(opened)
    for address, choices in CHOICES.items():
        key, now = opened.suppression_key, opened.clock.now()
        add_by_hand(opened.database, address, consent="form", suppression_key=key, now=now)
        set_preferences(opened.database, address, **choices)
    yield opened
    opened.close()


def _approved(app: App) -> Issue:
    drafted = draft_now(app)
    return approve(app, drafted.issue, "editor")  # type: ignore[union-attr]


def send(app: App, issue: Issue, transport: Transport) -> None:
    """Start the issue in the morning, and send until everybody has it: the clock goes on as the sender waits."""
    app.clock.sleep(MORNING - app.clock.now())
    start(app, issue)
    with app.database.read() as connection:
        mailings = load_mailings(connection, issue.id, app.links, app.message_ids, app.clock)
    sender = Sender(
        database=app.database,
        issue_id=issue.id,
        mailings=mailings,
        transport=transport,
        journals=app.settings.path(app.settings.paths.journal),
        clock=app.clock,
        hash_address=hash_address,
    )
    sender.send()


@pytest.fixture
def mails(app: App, request: pytest.FixtureRequest) -> dict[str, tuple[str, str]]:
    """Each reader's text and HTML, after content.db has changed between approval and sending."""
    issue = _approved(app)
    with app.content() as content:
        content.db.execute("UPDATE claims SET number = '77', value = '77'")
        content.db.execute("UPDATE tools SET name = 'Another'")
    _let_go_now(app)
    if request.param == "sendgrid":
        with SendGrid() as server:
            account = SendGridTransport(api_key=API_KEY, url=server.url, timeout=5, now=app.clock.now)
            send(app, issue, account)
            assert len(server.requests) == 3
            return {each.address: (each.text, each.html) for each in server.mails}
    with Loopback(keeps=True) as server:
        relay = Relay(host="127.0.0.1", port=server.port, tls=Tls.NONE)
        send(app, issue, Smtp(relay=relay, connections=2))
        return {each.recipient: _parts(each.content) for each in server.taken}


def _let_go_now(app: App) -> None:
    for address in CHOICES:
        set_preferences(app.database, address, send_hour=0, time_zone="UTC")


def _parts(content: bytes) -> tuple[str, str]:
    message = message_from_bytes(content, policy=policy.default)
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    return text.get_content().replace("\r\n", "\n"), html.get_content()


both_ways = pytest.mark.parametrize("mails", ["smtp", "sendgrid"], indirect=True)


def price(tool: str) -> Decimal:
    """What a million tokens cost, half in and half out, by the packs themselves."""
    claims = yaml.safe_load((SAMPLE_WEEK / "code-models.yaml").read_text())["claims"]
    said = {
        each["attribute"]: Decimal(str(each["value"]))
        for each in claims
        if each["tool"] == tool and each["attribute"].endswith("_price")
    }
    return (said["input_price"] + said["output_price"]) / 2


def dollars(amount: Decimal) -> str:
    return f"${amount.quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):,}"


def one_line(text: str) -> str:
    return " ".join(text.split())


def headlines(text: str) -> set[str]:
    """The underlined lines of the text: names of briefs and cards."""
    return set(re.findall(r"^(.+)\n-+$", text, flags=re.MULTILINE))


@both_ways
def test_each_gets_their_own_issue_of_what_was_approved(mails: dict[str, tuple[str, str]]) -> None:
    assert set(mails) == set(CHOICES)
    text = {who: one_line(said) for who, (said, _) in mails.items()}
    html = {
        who: one_line(re.sub(r"<[^>]+>", " ", re.sub(r"</?span\b[^>]*>", "", said)))
        for who, (_, said) in mails.items()
    }
    for said in (text, html):
        assert not any("$77" in each for each in said.values())
        assert not any("Another" in each for each in said.values())
        assert all(
            "Use Tessel Coder 2, unless your code may not leave your machines." in each
            for each in said.values()
        )
        assert all("rice $16 → $20 a month for each person (+25 %)" in each for each in said.values())


@both_ways
def test_costs_are_those_of_the_readers_own_volume_and_team(mails: dict[str, tuple[str, str]]) -> None:
    left, right = price("tessel-coder-2"), price("wren-code-14b")
    volume = Decimal(25_300_000) / 1_000_000
    team = Decimal(12 * 80 * 1_500 * 22) / 1_000_000
    assert all("WHAT A MONTH COSTS" not in mails[who][0] for who in (ALICE, BRUNO))
    assert all("What a month costs" not in mails[who][1] for who in (ALICE, BRUNO))
    assert "VOLUME COSTS A MONTH: 25,300,000 tokens a month" in mails[ALICE][0]
    assert f"Tessel Coder 2: {dollars(left * volume)}\n" in mails[ALICE][0]
    assert f"Wren Code 14B: {dollars(right * volume)}\n" in mails[ALICE][0]
    assert {dollars(left * volume), dollars(right * volume)} <= set(
        re.findall(r"\$[\d.,]+\d", mails[ALICE][1])
    )
    assert "TEAM COSTS A MONTH: Team of 12" in mails[BRUNO][0]
    assert {dollars(left * team), dollars(right * team)} <= set(re.findall(r"\$[\d.,]+\d", mails[BRUNO][1]))
    assert f"10M tokens {dollars(left * 10)} {dollars(right * 10)}" in one_line(mails[CARLA][0])
    assert "YOUR" not in mails[CARLA][0]


@both_ways
def test_topics_decide_which_briefs_and_cards_come(mails: dict[str, tuple[str, str]]) -> None:
    alice, bruno, carla = (headlines(mails[who][0]) for who in (ALICE, BRUNO, CARLA))
    assert "Lantern Answers vs Quarry Search" in bruno & carla - alice
    assert "Mistral Small 3.2" in bruno & alice - carla
    assert ("MORE COMPARISONS" in mails[ALICE][0]) is bool(alice & {each for each in bruno if " vs " in each})
    assert all("WHAT CHANGED" in text for text, _ in mails.values())


@both_ways
def test_followers_see_their_tools_and_nobody_else_does(mails: dict[str, tuple[str, str]]) -> None:
    own = {who: text.partition("YOUR TOOLS")[2].partition("=====")[0] for who, (text, _) in mails.items()}
    assert "Tessel Coder 2: our panel now recommends it, 1–1 (12 Nov) → 3–1 (20 Nov)" in one_line(own[ALICE])
    assert "No change: Ondine 70B." in own[ALICE]
    assert "Quarry" not in own[ALICE]
    assert "Quarry Search: our panel turned against it, 2–0 (11 Nov) → 1–3 (19 Nov)" in one_line(own[BRUNO])
    assert "Kestrel Draw: announced → beta." in own[BRUNO]
    assert own[CARLA] == ""


def test_each_gets_it_at_their_own_hour_or_at_once_where_that_is_past(app: App) -> None:
    issue = _approved(app)
    app.clock.sleep(MORNING - app.clock.now())
    start(app, issue)
    with app.database.read() as connection:
        query = select(batches.c.low, batches.c.not_before).order_by(batches.c.low)
        found = [row.not_before for row in connection.execute(query)]
    # Berlin's 7 is past at 8; Tokyo's 9 is past at 16; New York's 6 comes at 11 UTC.
    assert found == [None, datetime(2026, 11, 26, 11, 0, tzinfo=UTC)]


def test_the_hash_covers_what_only_some_readers_get(app: App) -> None:
    first = _approved(app)
    again = withdraw(app, first)
    assert approve(app, again, "editor").content_hash == first.content_hash
    with app.database.read() as connection:
        again = withdraw(app, get_issue(connection, first.id))
    set_preferences(app.database, CARLA, tools=["almanac-find"])
    other = approve(app, again, "editor")
    assert other.content_hash != first.content_hash
    assert [each.words.text for each in letter_of(app, other).followed if each.tool_id == "almanac-find"] == [
        ""
    ]

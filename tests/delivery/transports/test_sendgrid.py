"""SendGrid against its stand-in: what each reader of a request is told to have become."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from newsletter.clock import MovedClock
from newsletter.delivery.ledger import Recipient
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.transports.sendgrid.sending import SendGrid as SendGridTransport
from newsletter.errors import SendError
from tests.conftest import THURSDAY
from tests.delivery.house import mailing
from tests.delivery.transports.contract import recipients
from tests.standins.sendgrid import API_KEY, Fault, SendGrid, broken, dropped, slow


@pytest.fixture
def server() -> Iterator[SendGrid]:
    with SendGrid() as server:
        yield server


class Sent:
    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.trouble: SendError | None = None

    @property
    def events(self) -> dict[int, Event]:
        return {each.reader_id: each.event for each in self.outcomes}


def send(server: SendGrid, to: list[Recipient], **changes: Any) -> Sent:
    options: dict[str, Any] = {"api_key": API_KEY, "timeout": 5, "now": MovedClock(THURSDAY).now, **changes}
    session, sent = SendGridTransport(url=server.url, **options).open(), Sent()
    try:
        for outcome in session.send(to, mailing(12), lambda who: None):
            sent.outcomes.append(outcome)
    except SendError as error:
        sent.trouble = error
    return sent


def bad(number: int) -> Recipient:
    return Recipient(reader_id=number, address=f"reader{number}@nowhere", attempts=0)


def test_a_thousand_readers_are_one_request_with_one_id(server: SendGrid) -> None:
    sent = send(server, recipients(1000))
    assert set(sent.events.values()) == {Event.ACCEPT}
    assert {each.provider_id for each in sent.outcomes} == {"stand-in-000001"}
    assert (len(server.requests), len(server.mails)) == (1, 1000)


def test_each_reader_gets_a_mail_of_their_own(server: SendGrid) -> None:
    send(server, recipients(2))
    first, second = server.mails
    assert "For reader1@example.org" in first.text
    assert "For reader2@example.org" in second.html
    assert first.headers["List-Unsubscribe"] != second.headers["List-Unsubscribe"]
    assert first.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert first.custom_args == {"delivery_id": mailing(12).message_ids.delivery_token(12, 1)}


def test_not_even_a_debugging_log_shows_the_key_or_an_address(
    server: SendGrid, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    send(server, recipients(1))
    assert API_KEY not in caplog.text
    assert "reader1@example.org" not in caplog.text


def test_tracking_is_off_and_nothing_is_scheduled(server: SendGrid) -> None:
    send(server, recipients(1))
    (request,) = server.requests
    assert {name: each["enable"] for name, each in request["tracking_settings"].items()} == dict.fromkeys(
        ("click_tracking", "open_tracking", "subscription_tracking", "ganalytics"), False
    )
    assert "send_at" not in request


def test_one_bad_address_does_not_fail_the_others(server: SendGrid) -> None:
    to = recipients(5)
    to[2] = bad(3)
    sent = send(server, to)
    assert sent.events == {
        1: Event.ACCEPT,
        2: Event.ACCEPT,
        3: Event.REJECT,
        4: Event.ACCEPT,
        5: Event.ACCEPT,
    }
    assert next(each.code for each in sent.outcomes if each.reader_id == 3) == "400"
    assert len(server.mails) == 4
    assert sent.trouble is None


def test_only_bad_addresses_are_all_rejected(server: SendGrid) -> None:
    sent = send(server, [bad(1), bad(2)])
    assert sent.events == {1: Event.REJECT, 2: Event.REJECT}
    assert sent.trouble is None


def test_a_refusal_that_names_nobody_rejects_nobody(server: SendGrid) -> None:
    server.misbehave(Fault(status=400, message="The from address does not match a verified sender."))
    sent = send(server, recipients(3))
    assert set(sent.events.values()) == {Event.RETURN}
    assert sent.trouble is not None
    assert sent.trouble.permanent
    assert "verified sender" in str(sent.trouble)


def test_a_request_that_is_too_large_goes_in_halves(server: SendGrid) -> None:
    server.misbehave(Fault(status=413, message="too large"))
    sent = send(server, recipients(4))
    assert set(sent.events.values()) == {Event.ACCEPT}
    assert [len(request["personalizations"]) for request in server.requests] == [2, 2]


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_needs_a_person(server: SendGrid, status: int) -> None:
    server.misbehave(Fault(status=status, message="access forbidden"))
    sent = send(server, recipients(2))
    assert set(sent.events.values()) == {Event.RETURN}
    assert sent.trouble is not None
    assert sent.trouble.permanent
    assert str(sent.trouble).endswith(f"refuses us: {status} access forbidden")
    assert API_KEY not in str(sent.trouble)


def test_too_many_requests_wait_as_long_as_it_says(server: SendGrid) -> None:
    hints = [
        {"Retry-After": "7"},
        {"X-RateLimit-Reset": str(int(THURSDAY.timestamp()) + 30)},
        {"Retry-After": "Thu, 26 Nov 2026 09:02:00 GMT"},
        {"Retry-After": "0"},
        {"Retry-After": "²"},
        {"Retry-After": "Thu, 26 Nov 2020 09:02:00 GMT"},
        {"Retry-After": "9" * 400},
        {},
    ]
    server.misbehave(*(Fault(status=429, headers=each) for each in hints))
    troubles = [send(server, recipients(2)).trouble for _ in hints]
    waits = [trouble and trouble.retry_after for trouble in troubles]
    assert waits == [timedelta(seconds=seconds) for seconds in (7, 30, 120, 0, 1, 0, 3600, 1)]
    assert not any(trouble and trouble.permanent for trouble in troubles)
    assert server.mails == []


@pytest.mark.parametrize(
    ("fault", "event", "code", "is_permanent"),
    [
        (dropped(accepts=True), Event.LOSE_SIGHT, "timeout", False),
        (dropped(accepts=False), Event.LOSE_SIGHT, "timeout", False),
        (broken(500, accepts=True), Event.LOSE_SIGHT, "500", False),
        (broken(502), Event.LOSE_SIGHT, "502", False),
        (broken(504, accepts=True), Event.LOSE_SIGHT, "504", False),
        (Fault(status=200), Event.LOSE_SIGHT, "200", True),
        (broken(503), Event.RETURN, "", False),
        (Fault(status=408), Event.RETURN, "", False),
        (Fault(status=429), Event.RETURN, "", False),
        (Fault(status=404, message="Not Found"), Event.RETURN, "", True),
        (Fault(status=451, message="data residency"), Event.RETURN, "", True),
    ],
)
def test_an_answer_is_told_from_silence(
    server: SendGrid, fault: Fault, event: Event, code: str, is_permanent: bool
) -> None:
    server.misbehave(fault)
    sent = send(server, recipients(3))
    assert {(each.event, each.code) for each in sent.outcomes} == {(event, code)}
    assert sent.trouble is not None
    assert sent.trouble.permanent is is_permanent


def test_an_answer_that_comes_too_late_leaves_everybody_unsure(server: SendGrid) -> None:
    server.misbehave(slow(2))
    assert set(send(server, recipients(3), timeout=0.3).events.values()) == {Event.LOSE_SIGHT}


def test_trouble_after_a_bad_address_is_told_of_the_others_only(server: SendGrid) -> None:
    server.misbehave(Fault(), dropped(accepts=True))
    sent = send(server, [*recipients(2), bad(3)])
    assert sent.events == {1: Event.LOSE_SIGHT, 2: Event.LOSE_SIGHT, 3: Event.REJECT}
    assert sent.trouble is not None


def test_the_sandbox_checks_and_sends_nothing(server: SendGrid) -> None:
    sent = send(server, recipients(2), sandbox=True)
    assert [(each.event, each.code) for each in sent.outcomes] == [(Event.RETURN, "sandbox")] * 2
    assert server.mails == []


def test_an_address_beyond_ascii_is_rejected_by_us(server: SendGrid) -> None:
    jose = Recipient(reader_id=1, address="josé@example.org", attempts=0)
    assert send(server, [jose, *recipients(2)[1:]]).events == {1: Event.REJECT, 2: Event.ACCEPT}

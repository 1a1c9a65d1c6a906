"""The stand-in against SendGrid's own package, and against what its documentation says."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError as RefusingAnswer

import pytest
from python_http_client.exceptions import (
    BadRequestsError,
    HTTPError,
    PayloadTooLargeError,
    ServiceUnavailableError,
    TooManyRequestsError,
    UnauthorizedError,
)
from sendgrid import SendGridAPIClient
from sendgrid.helpers.eventwebhook import EventWebhook

from newsletter.clock import MovedClock
from newsletter.render.compose import TaggedMail
from tests.render.plans import PLAN, VALUES, substituted
from tests.standins.sendgrid import API_KEY, SendGrid, broken, dropped, slow, too_many
from tests.standins.sendgrid_webhook import Webhook

Request = dict[str, Any]


@pytest.fixture
def sendgrid() -> Iterator[SendGrid]:
    with SendGrid() as sendgrid:
        yield sendgrid


def _send(sendgrid: SendGrid, request: Request, *, api_key: str = API_KEY, timeout: float = 5) -> Any:
    client = SendGridAPIClient(api_key, host=sendgrid.url)
    client.client.timeout = timeout
    try:
        return client.send(request)
    except HTTPError as error:
        if isinstance(error.__context__, RefusingAnswer):
            error.__context__.close()
        raise


def _errors(caught: pytest.ExceptionInfo[HTTPError]) -> list[str]:
    return [error["field"] for error in json.loads(caught.value.body)["errors"]]


def _to(address: str, **more: object) -> Request:
    return {"to": [{"email": address}], **more}


def _request(*personalizations: Request, **more: object) -> Request:
    return {
        "personalizations": list(personalizations) or [_to("alice@example.org")],
        "from": {"email": "weekly@news.example.org", "name": "Weekly Verdicts"},
        "subject": "A subject",
        "content": [
            {"type": "text/plain", "value": "Hello -name-"},
            {"type": "text/html", "value": "<p>Hello -name-</p>"},
        ],
        **more,
    }


def test_a_proper_request_is_accepted_and_kept_as_mails(sendgrid: SendGrid) -> None:
    answer = _send(
        sendgrid,
        _request(
            _to("alice@example.org", substitutions={"-name-": "Alice & co"}, headers={"X-A": "1"}),
            _to("bob@example.org", custom_args={"delivery_id": "7"}),
            headers={"List-Id": "<weekly.example.org>"},
            custom_args={"issue": "12"},
            categories=["weekly"],
        ),
    )
    assert (answer.status_code, answer.body) == (202, b"")
    alice, bob = sendgrid.mails
    assert answer.headers["X-Message-Id"] == alice.message_id == bob.message_id
    assert (alice.text, alice.html) == ("Hello Alice & co", "<p>Hello Alice & co</p>")
    assert alice.headers == {"List-Id": "<weekly.example.org>", "X-A": "1"}
    assert bob.custom_args == {"issue": "12", "delivery_id": "7"}
    assert bob.categories == ("weekly",)


def test_a_tagged_plan_arrives_as_composing_would_write_it(sendgrid: SendGrid) -> None:
    mail = TaggedMail(PLAN)
    values = {**VALUES, "address": 'O"Brien & Sons <x>'}
    request = _request(
        _to(
            "alice@example.org",
            substitutions=mail.substitutions(values),
            headers=mail.personal_headers(values),
        ),
        subject=mail.subject,
        headers=mail.headers,
        content=[{"type": "text/plain", "value": mail.text}, {"type": "text/html", "value": mail.html}],
    )
    _send(sendgrid, request)
    assert sendgrid.mails[0].text == substituted(PLAN.text, values, html=False)
    assert sendgrid.mails[0].html == substituted(PLAN.html, values, html=True)


def test_the_sandbox_judges_and_sends_nothing(sendgrid: SendGrid) -> None:
    sandbox = {"sandbox_mode": {"enable": True}}
    assert _send(sendgrid, _request(mail_settings=sandbox)).status_code == 200
    assert sendgrid.mails == []
    with pytest.raises(BadRequestsError):
        _send(sendgrid, _request(mail_settings=sandbox, subject=""))


def test_a_wrong_key_is_refused(sendgrid: SendGrid) -> None:
    with pytest.raises(UnauthorizedError):
        _send(sendgrid, _request(), api_key="SG.other")
    assert sendgrid.answers == [401]


def test_a_request_of_30_megabytes_is_refused(sendgrid: SendGrid) -> None:
    huge = [{"type": "text/plain", "value": "x" * 30 * 1024 * 1024}]
    with pytest.raises(PayloadTooLargeError):
        _send(sendgrid, _request(content=huge))


_MANY = [_to(f"reader{number}@example.org") for number in range(1_001)]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (_request(*_MANY), "personalizations"),
        ({**_request(), "personalizations": []}, "personalizations"),
        (_request({"to": []}), "personalizations.0.to"),
        (_request(_to("nobody")), "personalizations.0.to"),
        (_request(_to("alice@example.org"), _to("ALICE@example.org")), "personalizations.1.to"),
        (_request({**_to("a@example.org"), "cc": [{"email": "a@example.org"}]}), "personalizations.0.cc"),
        (_request(_to("a@example.org", headers={"Subject": "x"})), "personalizations.0.headers.Subject"),
        (_request(_to("a@example.org", headers={"X-Ä": "x"})), "personalizations.0.headers.X-Ä"),
        (_request(_to("a@example.org", headers={"X-A": 7})), "personalizations.0.headers.X-A"),
        (_request(_to("a@example.org", substitutions={"-a-": 7})), "personalizations.0.substitutions"),
        (_request(_to("a@example.org", substitutions={"- a": "x"})), "personalizations.0.substitutions"),
        (
            _request(_to("a@example.org", substitutions={"-a-": "x" * 9_998})),
            "personalizations.0.substitutions",
        ),
        (
            _request(_to("a@example.org", substitutions={f"-{n}-": "" for n in range(151)})),
            "personalizations.0.substitutions",
        ),
        (_request(_to("a@example.org", custom_args={})), "personalizations.0.custom_args"),
        (_request(_to("a@example.org", custom_args={"n": 1})), "personalizations.0.custom_args"),
        (
            _request(_to("a@example.org", custom_args={"n": "x" * 6_000}), custom_args={"m": "x" * 6_000}),
            "personalizations.0.custom_args",
        ),
        (_request(_to("a@example.org", sent_at=1)), "personalizations.0.sent_at"),
        (_request(headers={"Content-Type": "text/plain"}), "headers.Content-Type"),
        (_request(headers={"X-A": "a\r\nBcc: b@example.org"}), "headers.X-A"),
        (_request(categories=["a"] * 2), "categories"),
        (_request(categories=[str(n) for n in range(11)]), "categories"),
        (_request(categories=["x" * 256]), "categories"),
        ({**_request(), "from": {"name": "x"}}, "from.email"),
        ({**_request(), "from": {"email": "a@example.org", "name": "Zoë"}}, "from"),
        (_request(content=[]), "content"),
        (_request(content=[{"type": "text/plain", "value": ""}]), "content.0.value"),
        (
            _request(content=[{"type": t, "value": "x"} for t in ("text/html", "text/plain")]),
            "content",
        ),
        (_request(subject=""), "personalizations.0.subject"),
        (_request(reply_to={"email": ""}), "reply_to"),
        (_request(nonsense=1), "nonsense"),
        (_request(send_at="now"), "send_at"),
    ],
)
def test_what_the_documentation_forbids_is_refused_with_its_field(
    request_: Request, field: str, sendgrid: SendGrid
) -> None:
    with pytest.raises(BadRequestsError) as caught:
        _send(sendgrid, request_)
    assert field in _errors(caught)
    assert sendgrid.mails == []


def test_a_thousand_recipients_are_one_request(sendgrid: SendGrid) -> None:
    assert _send(sendgrid, _request(*_MANY[:1_000])).status_code == 202
    assert len(sendgrid.mails) == 1_000


def test_faults_come_once_each_in_their_order(sendgrid: SendGrid) -> None:
    sendgrid.misbehave(too_many(reset_at=1_800_000_000, retry_after=3), broken(503))
    with pytest.raises(TooManyRequestsError) as caught:
        _send(sendgrid, _request())
    assert caught.value.headers["X-RateLimit-Reset"] == "1800000000"
    assert caught.value.headers["Retry-After"] == "3"
    with pytest.raises(ServiceUnavailableError):
        _send(sendgrid, _request())
    assert _send(sendgrid, _request()).status_code == 202
    assert sendgrid.answers == [429, 503, 202]
    assert len(sendgrid.mails) == 1


@pytest.mark.parametrize("accepts", [True, False])
def test_a_dropped_connection_tells_nothing_of_what_happened(accepts: bool, sendgrid: SendGrid) -> None:
    sendgrid.misbehave(dropped(accepts=accepts))
    with pytest.raises(OSError):
        _send(sendgrid, _request())
    assert len(sendgrid.mails) == accepts


def test_a_client_may_stop_waiting_before_the_answer(sendgrid: SendGrid) -> None:
    sendgrid.misbehave(slow(30))
    with pytest.raises(TimeoutError):
        _send(sendgrid, _request(), timeout=0.1)
    assert sendgrid.mails == []


def test_events_name_the_mail_and_carry_its_arguments(sendgrid: SendGrid, clock: MovedClock) -> None:
    _send(sendgrid, _request(_to("alice@example.org", custom_args={"delivery_id": "7"})))
    bounce, again = Webhook().events("bounce", sendgrid.mails * 2, clock.now())
    assert (bounce["event"], bounce["email"], bounce["delivery_id"]) == ("bounce", "alice@example.org", "7")
    assert str(bounce["sg_message_id"]).startswith(sendgrid.mails[0].message_id)
    assert bounce["sg_event_id"] != again["sg_event_id"]


def test_the_signature_is_the_one_that_sendgrids_package_verifies(
    sendgrid: SendGrid, clock: MovedClock
) -> None:
    _send(sendgrid, _request())
    webhook = Webhook()
    post = webhook.post(webhook.events("delivered", sendgrid.mails, clock.now()), clock.now())
    signature = post.headers["X-Twilio-Email-Event-Webhook-Signature"]
    timestamp = post.headers["X-Twilio-Email-Event-Webhook-Timestamp"]
    verifier = EventWebhook(webhook.public_key)
    assert verifier.verify_signature(post.body.decode(), signature, timestamp)
    assert not verifier.verify_signature(post.body.decode().strip(), signature, timestamp)
    assert json.loads(post.body)[0]["event"] == "delivered"

"""A request's JSON, whatever a reader's address looks like: the quick way writes what the careful one would."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.ledger import Recipient
from newsletter.delivery.transports.sendgrid.requests import RequestWriter
from newsletter.errors import BadHeader
from newsletter.render.compose import TaggedMail
from tests.delivery.house import PLAN, mailing

MAILING = mailing(12)
WRITER = RequestWriter(MAILING, sandbox=False)
TAGGED = TaggedMail(PLAN)


def expected(recipient: Recipient) -> dict[str, Any]:
    values = MAILING.values(recipient)
    return {
        "to": [{"email": recipient.address}],
        "headers": TAGGED.personal_headers(values),
        "substitutions": TAGGED.substitutions(values),
        "custom_args": {"delivery_id": MAILING.message_ids.delivery_token(12, recipient.reader_id)},
    }


#: What may stand before the @ (RFC 5321), quotes of every kind and HTML's letters among it.
LOCAL_PARTS = st.text("abcXYZ019.!#$%&'*+-/=?^_`{|}~", min_size=1, max_size=30)


@given(LOCAL_PARTS, st.integers(1, 2**40))
def test_a_readers_part_says_what_the_careful_way_says(local_part: str, reader_id: int) -> None:
    recipient = Recipient(reader_id=reader_id, address=f"{local_part}@example.org", attempts=0)
    assert json.loads(WRITER.personalization(recipient)) == expected(recipient)


@pytest.mark.parametrize(
    "address", ["josé@example.org", "a@b.example\r\nBcc: evil@example.org", "a\u2028@example.org"]
)
def test_an_address_that_cannot_be_mailed_so_is_refused(address: str) -> None:
    with pytest.raises(BadHeader):
        WRITER.personalization(Recipient(reader_id=1, address=address, attempts=0))


def test_a_request_is_json_with_everybody_in_it() -> None:
    parts = [
        WRITER.personalization(Recipient(reader_id=number, address=f"reader{number}@example.org", attempts=0))
        for number in range(1, 4)
    ]
    request = json.loads(WRITER.request(parts))
    ids = [each["custom_args"]["delivery_id"] for each in request["personalizations"]]
    assert ids == [MAILING.message_ids.delivery_token(12, number) for number in (1, 2, 3)]
    assert request["content"][1]["value"] == TAGGED.html
    assert request["subject"] == PLAN.subject

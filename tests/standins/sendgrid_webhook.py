"""What SendGrid posts to an event webhook about mails that it accepted, signed as SendGrid signs it."""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.standins.sendgrid import AcceptedMail

Event = dict[str, object]

#: What an event of a kind says besides what all say.
_FIELDS: dict[str, Event] = {
    "delivered": {"response": "250 OK", "tls": 1, "ip": "127.0.0.1"},
    "deferred": {"response": "451 4.7.1 try again later", "attempt": "2"},
    "dropped": {"reason": "Bounced Address"},
    "bounce": {
        "type": "bounce",
        "status": "5.1.1",
        "reason": "550 5.1.1 no such user",
        "bounce_classification": "Invalid Address",
    },
    "open": {"useragent": "Mozilla/5.0", "ip": "127.0.0.1", "sg_machine_open": False},
    "click": {"url": "https://example.org/", "url_offset": {"index": 0, "type": "html"}, "ip": "127.0.0.1"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A request to the webhook."""

    body: bytes
    headers: Mapping[str, str]


class Webhook:
    """SendGrid's side of an event webhook: its events and its key."""

    def __init__(self) -> None:
        self._key = generate_private_key(SECP256R1())
        self._numbers = count(1)

    @property
    def public_key(self) -> str:
        """The verification key as SendGrid's pages show it: base64 of the DER form."""
        octets = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b64encode(octets).decode()

    def events(self, kind: str, mails: Iterable[AcceptedMail], at: datetime, **more: object) -> list[Event]:
        """An event of `kind` for each mail, with the fields that SendGrid gives it, its custom_args and `more`."""
        return [
            {
                "email": mail.address,
                "timestamp": int(at.timestamp()),
                "event": kind,
                "smtp-id": f"<{mail.message_id}@geopod-ismtpd-1>",
                "sg_event_id": b64encode(f"{kind}-{next(self._numbers)}".encode()).decode().rstrip("="),
                "sg_message_id": f"{mail.message_id}.recvd-5f5fc76c-1-9.0",
                "category": list(mail.categories),
                **mail.custom_args,
                **_FIELDS.get(kind, {}),
                **more,
            }
            for mail in mails
        ]

    def post(self, events: Iterable[Event], at: datetime) -> Post:
        """The events as one post. The signature is over the timestamp and the raw body, line ends and all."""
        body = ("[" + ",\r\n".join(map(json.dumps, events)) + "]\r\n").encode()
        timestamp = str(int(at.timestamp()))
        return Post(
            body=body,
            headers={
                "Content-Type": "application/json;charset=utf-8",
                "X-Twilio-Email-Event-Webhook-Signature": self.sign(timestamp.encode() + body),
                "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
            },
        )

    def sign(self, signed: bytes) -> str:
        """The signature of anything, as its header holds it."""
        return b64encode(self._key.sign(signed, ECDSA(SHA256()))).decode()

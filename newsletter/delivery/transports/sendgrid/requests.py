"""A mail/send request as JSON text: everything that readers share once, then a few pieces for each of them.

A reader's part of the request is made once with marks for values, by the slow and careful way, and cut at the marks.
A usual value is the same in text, HTML, a header and JSON, so that the pieces only need joining; an unusual one goes
the careful way itself. Encoding each reader's part as a dict would take three times as long.
"""

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from newsletter.delivery.ledger import Recipient
from newsletter.delivery.message import Mailing, Program
from newsletter.errors import BadHeader
from newsletter.render.compose import TaggedMail
from newsletter.render.encode import phrase_form
from newsletter.render.plan import SlotName

_OFF = {"enable": False}
_TRACKING = {
    "click_tracking": {**_OFF, "enable_text": False},
    "open_tracking": _OFF,
    "subscription_tracking": _OFF,
    "ganalytics": _OFF,
}

#: What needs care nowhere: no quotes, no backslash, no &<>, nothing beyond ASCII, no blank, no control character.
_USUAL = re.compile(r"[!#-%(-;=?-\[\]-~]*")

#: What a reader's part has besides the plan's slots.
_RECIPIENT, _DELIVERY = "recipient", "delivery"


class RequestWriter:
    """Requests of one mailing to the readers of one program."""

    def __init__(self, mailing: Mailing, *, sandbox: bool, program: Program = None) -> None:
        self._mailing = mailing
        self._tagged = TaggedMail(mailing.plan, program)
        shared = json.dumps({"personalizations": [], **self._shared(sandbox)})
        self._before, self._after = shared.split("[]", 1)
        self._pieces, self._holes = self._cut_at_marks()
        # The Message-ID has angle brackets, but stands in a header only, and is ours.
        self._looked_at = tuple(dict.fromkeys(name for name in self._holes if name != SlotName.MESSAGE_ID))

    def personalization(self, recipient: Recipient) -> str:
        """Write one reader's part; raises BadHeader for an address that cannot be mailed this way."""
        if not recipient.address.isascii():
            raise BadHeader("to", recipient.address, "SendGrid takes only ASCII")
        values: dict[str, str] = {
            **self._mailing.values(recipient),
            _RECIPIENT: recipient.address,
            _DELIVERY: self._mailing.delivery_token(recipient),
        }
        if not _USUAL.fullmatch("".join([values[name] for name in self._looked_at])):
            return json.dumps(self._careful(values))
        pieces = self._pieces.copy()
        pieces[1::2] = [values[name] for name in self._holes]
        return "".join(pieces)

    def request(self, personalizations: Sequence[str]) -> str:
        """Write a whole request for one reader or more, joined once: it may have megabytes."""
        parts = [f"{self._before}[{personalizations[0]}", *personalizations[1:]]
        parts[-1] += f"]{self._after}"
        return ",".join(parts)

    def _shared(self, sandbox: bool) -> dict[str, Any]:
        tagged, frame = self._tagged, self._mailing.frame
        return {
            "from": {"email": frame.from_address, "name": phrase_form(frame.from_name)},
            **({"reply_to": {"email": frame.reply_to}} if frame.reply_to else {}),
            "subject": tagged.subject,
            "content": [
                {"type": "text/plain", "value": tagged.text},
                {"type": "text/html", "value": tagged.html},
            ],
            "headers": tagged.headers,
            "tracking_settings": _TRACKING,
            "mail_settings": {"sandbox_mode": {"enable": sandbox}},
        }

    def _careful(self, values: Mapping[str, str]) -> dict[str, Any]:
        return {
            "to": [{"email": values[_RECIPIENT]}],
            "headers": self._tagged.personal_headers(values),
            "substitutions": self._tagged.substitutions(values),
            "custom_args": {"delivery_id": values[_DELIVERY]},
        }

    def _cut_at_marks(self) -> tuple[list[str], list[str]]:
        """Return a reader's part in pieces, each second one a hole, and what belongs in each hole."""
        # Nothing that the plan says can hold the plan's own digest.
        mark = f"qq{sha256(self._mailing.plan.to_bytes()).hexdigest()}"
        names = [*(slot.value for slot in SlotName), _RECIPIENT, _DELIVERY]
        marked = json.dumps(self._careful({name: f"{mark}{name}qq" for name in names}))
        pieces = re.split(f"{mark}([a-z_]+)qq", marked)
        return pieces, pieces[1::2]

"""What SendGrid's event webhook says, as values: whether a post is SendGrid's, and what each of its events means.

Fields and kinds are those of SendGrid's event reference; of what others may send in its name nothing is believed before
`is_signed`. No database: webhook.py, beside this folder, stores posts and acts on events.
"""

import hashlib
import json
import re
from base64 import b64decode
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.db.statuses import ConsentChannel, ReportKind
from newsletter.delivery.bounces.parse import Meaning, Report, code_of, meaning_of
from newsletter.delivery.states import Event
from newsletter.delivery.transports.webhook import ProviderEvent, Unreadable
from newsletter.errors import ConfigError

SETTING = "sendgrid.webhook_key"

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"

_KIND = re.compile(r"[a-z][a-z_]{0,49}")
_EVENT_ID = re.compile(r"[\x21-\x7e]{1,100}")
#: The year 2242: what is later is no time.
_LATEST = 2**33

#: SendGrid has the message, or had it: it did arrive there.
_HAS_IT = frozenset({"processed", "deferred", "delivered", "open", "click"})
_COMPLAINTS = frozenset({"spamreport"})
_FAREWELLS = frozenset({"unsubscribe", "group_unsubscribe"})

#: Kinds of bounces and their classes (`bounce_classification`) that are about us: no reader's address is dead by them.
_BLOCKED = "blocked"
_ABOUT_US = frozenset({"content", "frequency or volume too high", "reputation"})

#: Why SendGrid did not even try (its word in `reason`), where that says something of the reader.
_DROPPED_AS_DEAD = frozenset({"bounced address", "invalid"})
_DROPPED_AS = {
    "unsubscribed address": ReportKind.LEAVING,
    "spam reporting address": ReportKind.COMPLAINT,
}
#: Why it did not, where that is about us, and all that follow will be dropped too.
_DROPPED_FOR_US = {
    "invalid smtpapi header": "Invalid SMTPAPI header",
    "recipient list over package quota": "Recipient List over Package Quota",
    "spam content": "Spam Content",
}
#: What may become of an account without stopping it.
_ACTIVE_AGAIN = re.compile(r"(?:.*_)?(?:re)?activate")


def read_keys(keys: Iterable[str]) -> tuple[EllipticCurvePublicKey, ...]:
    """Return the verification keys, as SendGrid's pages show them (base64); raises ConfigError."""
    return tuple(_read_key(key) for key in keys)


def _read_key(key: str) -> EllipticCurvePublicKey:
    try:
        public = load_der_public_key(b64decode(key, validate=True))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key() from error
    if not isinstance(public, EllipticCurvePublicKey):
        raise _no_key()
    return public


def _no_key() -> ConfigError:
    wanted = "the verification key of the signed event webhook was expected, which begins with MFkw"
    return ConfigError(f"{SETTING} is no public key: {wanted}", setting=SETTING)


def is_signed(keys: Sequence[EllipticCurvePublicKey], body: bytes, signature: str, timestamp: str) -> bool:
    """Return whether one of the keys signed the timestamp and the raw body (ECDSA with SHA-256)."""
    try:
        raw = b64decode(signature, validate=True)
        signed = timestamp.encode("ascii") + body
    except ValueError:
        return False
    return any(_has_signed(key, raw, signed) for key in keys)


def _has_signed(key: EllipticCurvePublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def read_events(body: bytes) -> tuple[ProviderEvent, ...]:
    """Return the events of a post, in its order; raises Unreadable where there is no list of them."""
    try:
        events = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("the post is not JSON") from error
    if not isinstance(events, list):
        raise Unreadable("the post is not a list of events")
    return tuple(_event(event) for event in events if isinstance(event, dict))


def _event(event: dict[str, Any]) -> ProviderEvent:
    key, kind = _key(event), _word(event, "event").casefold()
    found = ProviderEvent(
        key=key,
        kind=kind if _KIND.fullmatch(kind) else "unreadable",
        mark=_word(event, "delivery_id")[:100],
        at=_moment(event.get("timestamp")),
    )
    if kind in _HAS_IT:
        return replace(found, event=Event.ARRIVE)
    if kind in _COMPLAINTS:
        return replace(found, event=Event.ARRIVE, report=_report(key, ReportKind.COMPLAINT))
    if kind in _FAREWELLS:
        return replace(found, event=Event.ARRIVE, report=_report(key, ReportKind.LEAVING))
    if kind == "bounce":
        code = _bounce_code(event)
        return replace(found, code=code, report=_report(key, ReportKind.BOUNCE, code, _meaning(event, code)))
    if kind == "dropped":
        return _dropped(found, event)
    if kind == "account_status_change":
        return _account(found, event)
    return found


def _report(key: str, kind: ReportKind, code: str = "", meaning: Meaning | None = None) -> Report:
    report_key = hashlib.sha256(f"sendgrid:{key}".encode()).hexdigest()
    return Report(key=report_key, kind=kind, code=code, meaning=meaning, channel=ConsentChannel.PROVIDER)


def _bounce_code(event: dict[str, Any]) -> str:
    """Return a bounce's code. Where the server's own words say that it refuses us, `status` calls no address dead."""
    reason = _word(event, "reason")
    code, said = code_of(_word(event, "status"), reason), code_of("", reason)
    refuses_us = meaning_of(code) is Meaning.DEAD and meaning_of(said) is Meaning.POLICY
    return said if refuses_us else code


def _meaning(event: dict[str, Any], code: str) -> Meaning | None:
    """Return what SendGrid makes of a bounce, where it knows better than its code; a block is never about the address."""
    kind, named = _word(event, "type").casefold(), _word(event, "bounce_classification").casefold()
    if kind == _BLOCKED or named in _ABOUT_US:
        return Meaning.POLICY
    says_nothing = not code or code.endswith(".0.0")
    return Meaning.DEAD if says_nothing and named == "invalid address" else None


def _dropped(found: ProviderEvent, event: dict[str, Any]) -> ProviderEvent:
    reason = _word(event, "reason").strip().casefold()
    found = replace(found, code="dropped")
    if reason in _DROPPED_AS:
        return replace(found, event=Event.BOUNCE, report=_report(found.key, _DROPPED_AS[reason]))
    meaning = Meaning.DEAD if reason in _DROPPED_AS_DEAD else Meaning.POLICY
    if meaning is Meaning.POLICY:
        named = _DROPPED_FOR_US.get(reason)
        trouble = f"SendGrid drops mails: {named or 'for another reason than their readers'}"
        found = replace(found, trouble=trouble, stops=named is not None)
    return replace(found, report=_report(found.key, ReportKind.BOUNCE, found.code, meaning))


def _account(found: ProviderEvent, event: dict[str, Any]) -> ProviderEvent:
    kind = _word(event, "type").casefold()
    if _ACTIVE_AGAIN.fullmatch(kind):
        return found
    named = f" ({kind})" if _KIND.fullmatch(kind) else ""
    return replace(found, trouble=f"SendGrid has changed the state of your account{named}", stops=True)


def _key(event: dict[str, Any]) -> str:
    given = event.get("sg_event_id")
    if isinstance(given, str) and _EVENT_ID.fullmatch(given):
        return given
    return hashlib.sha256(json.dumps(event, sort_keys=True).encode("utf-8", "backslashreplace")).hexdigest()


def _word(event: dict[str, Any], name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""


def _moment(seconds: object) -> datetime | None:
    if isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < _LATEST:
        return datetime.fromtimestamp(seconds, UTC)
    return None

"""Signed links: a token says which reader (and issue) a link in a mail is for, and that we wrote it.

The signature is itsdangerous's `Signer` (HMAC-SHA256, key derived per purpose by HMAC), made here with the keys
derived once, because a mail carries several links and a million mails go out at the speed of the wire. Unsubscribe,
preferences and view links carry no time and never expire; the other purposes carry the second they were signed.
Numbers of rows are given again after a restore, and on a copy: so a token carries the salts of its reader and issue, too,
and store.py says whether the numbers still mean those. What a link may do is decided by the pages that read it.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from itsdangerous import Signer

from newsletter.errors import BadLink, ExpiredLink


class Purpose(StrEnum):
    """What a link is for: its salt and its place in the URL. A token of one purpose is no token of another."""

    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    VIEW = "view"
    CONFIRM = "confirm"
    PERSONAL = "personal"


#: How long a link holds; a purpose that is not here holds for ever.
LIFETIMES = {Purpose.CONFIRM: timedelta(days=30), Purpose.PERSONAL: timedelta(hours=1)}

_READER_BITS, _NUMBER_BITS, _SALT_BITS = 48, 32, 32
_PLAIN_BYTES = (_READER_BITS + _NUMBER_BITS) // 8
_SALTED_BYTES = _PLAIN_BYTES + 2 * _SALT_BITS // 8

#: Characters of what a token says, without salts (the form of earlier releases) and with them, and of its signature.
PLAIN_LENGTH, SALTED_LENGTH, SIGNATURE_LENGTH = 14, 24, 43

_URL_SAFE = bytes.maketrans(b"+/", b"-_")


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """Whom a link is for; `issue_id` is 0 where the link belongs to no issue. A salt is 0 for what is older than salts."""

    reader_id: int
    issue_id: int = 0
    reader_salt: int = 0
    issue_salt: int = 0


def draw_salt() -> int:
    """Return what tells a row from every other that may ever have its number: 1 to 2³²-1, at random."""
    return 1 + secrets.randbelow((1 << _SALT_BITS) - 1)


class _PurposeKey:
    """One key for one purpose. Its two padded forms are hashed once (RFC 2104, section 4): twice as fast."""

    def __init__(self, key: bytes, purpose: Purpose) -> None:
        signer = Signer(key, salt=salt(purpose), key_derivation="hmac", digest_method=hashlib.sha256)
        padded = signer.derive_key().ljust(hashlib.sha256().block_size, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def signature(self, value: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(value)
        outer.update(inner.digest())
        return _urlsafe(outer.digest())


class LinkSigner:
    """Makes and reads tokens. `keys`: newest last; that one signs, all of them verify."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("a signer needs at least one key")
        self._verifying = {purpose: [_PurposeKey(key, purpose) for key in keys] for purpose in Purpose}
        newest = {purpose: derived[-1] for purpose, derived in self._verifying.items()}
        self._lasting = {purpose: key for purpose, key in newest.items() if purpose not in LIFETIMES}
        self._dated = {purpose: key for purpose, key in newest.items() if purpose in LIFETIMES}

    def token(
        self, purpose: Purpose, reader_id: int, issue_id: int = 0, reader_salt: int = 0, issue_salt: int = 0
    ) -> str:
        """Return a token that never expires, in URL-safe ASCII. KeyError for a purpose that does expire."""
        return _signed(self._lasting[purpose], _value(reader_id, issue_id, reader_salt, issue_salt))

    def tokens(
        self, purposes: Sequence[Purpose], reader_id: int, issue_id: int, reader_salt: int, issue_salt: int
    ) -> list[str]:
        """Return what `token` makes, of each purpose: a mail has several, and what they say is written once."""
        value = _value(reader_id, issue_id, reader_salt, issue_salt)
        return [_signed(self._lasting[purpose], value) for purpose in purposes]

    def read(self, purpose: Purpose, token: str) -> LinkTarget:
        """Return whom a token that never expires is for; raises BadLink."""
        if purpose in LIFETIMES:
            raise KeyError(purpose)
        return self._unsign(purpose, token)

    def dated_token(self, purpose: Purpose, reader_id: int, now: datetime, reader_salt: int = 0) -> str:
        """Return a token that holds for the purpose's lifetime from `now`. KeyError for one that never expires."""
        return _signed(self._dated[purpose], _value(reader_id, int(now.timestamp()), reader_salt, 0))

    def read_dated(self, purpose: Purpose, token: str, now: datetime) -> LinkTarget:
        """Return whom the token is for; raises BadLink, or ExpiredLink with the reader when it was right once."""
        lifetime = LIFETIMES[purpose]
        signed = self._unsign(purpose, token)
        # The second stands where a lasting token has its issue.
        signed_at = datetime.fromtimestamp(signed.issue_id, UTC)
        if now - signed_at > lifetime:
            raise ExpiredLink(signed.reader_id, signed_at)
        return LinkTarget(signed.reader_id, reader_salt=signed.reader_salt)

    def _unsign(self, purpose: Purpose, token: str) -> LinkTarget:
        # Signatures are compared as written: decoding first would accept several spellings of each.
        said, _, signature = token.partition(".")
        if len(said) not in (PLAIN_LENGTH, SALTED_LENGTH) or not token.isascii():
            raise BadLink
        value, proof = said.encode(), signature.encode()
        matches = [hmac.compare_digest(key.signature(value), proof) for key in self._verifying[purpose]]
        if not any(matches):
            raise BadLink
        payload = urlsafe_b64decode(value + b"==" * (len(said) == PLAIN_LENGTH))
        reader_id, number, reader_salt, issue_salt = (
            int.from_bytes(payload[start:end], "big") for start, end in ((0, 6), (6, 10), (10, 14), (14, 18))
        )
        return LinkTarget(reader_id, number, reader_salt, issue_salt)


def link(public_url: str, purpose: Purpose, token: str) -> str:
    """Return the address of the page that reads the token."""
    return f"{public_url.rstrip('/')}/{purpose}/{token}"


def salt(purpose: Purpose) -> bytes:
    """Return what keeps the purposes' keys apart."""
    return f"newsletter.{purpose}".encode()


def _value(reader_id: int, number: int, reader_salt: int, issue_salt: int) -> bytes:
    if number >> _NUMBER_BITS:
        raise OverflowError(f"a token has no room for {number}")
    plain = reader_id << _NUMBER_BITS | number
    if not (reader_salt or issue_salt):
        return _urlsafe(plain.to_bytes(_PLAIN_BYTES, "big"))
    salted = (plain << _SALT_BITS | reader_salt) << _SALT_BITS | issue_salt
    return _urlsafe(salted.to_bytes(_SALTED_BYTES, "big"))


def _signed(key: _PurposeKey, value: bytes) -> str:
    return (value + b"." + key.signature(value)).decode("ascii")


def _urlsafe(data: bytes) -> bytes:
    # base64.urlsafe_b64encode does the same and takes a third longer.
    return b2a_base64(data, newline=False).translate(_URL_SAFE, b"=")

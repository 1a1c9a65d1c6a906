"""DKIM signatures (RFC 6376, RFC 8463) on composed messages. Keys come from PEM files; DNS is the operator's.

Headers are canonicalised relaxed, since relays refold them. The body is taken simple: ours is quoted-printable
without blanks at the ends of lines, so a relay has nothing to tidy, and relaxed would cost three times as much as
the signature itself (756 µs beside 246 µs, for 66 KB).
"""

import os
import re
import stat
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from newsletter.config import Settings
from newsletter.errors import ConfigError, Place
from newsletter.render.encode import fold

#: What a signature covers, where it is there. RFC 8058 wants both List-Unsubscribe headers among them.
SIGNED = frozenset(
    {
        b"from",
        b"reply-to",
        b"to",
        b"subject",
        b"date",
        b"message-id",
        b"mime-version",
        b"content-type",
        b"list-id",
        b"list-unsubscribe",
        b"list-unsubscribe-post",
        b"list-archive",
        b"feedback-id",
    }
)

#: RFC 8301, 3.2: signers should use no less.
SMALLEST_RSA = 2048

_BLANKS = re.compile(rb"[\t ]+")

_PADDING, _DIGEST = PKCS1v15(), SHA256()

PrivateKey = RSAPrivateKey | Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A private key and the selector under which its public half stands in DNS."""

    selector: str
    private: PrivateKey
    algorithm: str = field(init=False)

    def __post_init__(self) -> None:
        is_rsa = isinstance(self.private, RSAPrivateKey)
        object.__setattr__(self, "algorithm", "rsa-sha256" if is_rsa else "ed25519-sha256")

    @property
    def dns_record(self) -> str:
        """The TXT record that belongs at `<selector>._domainkey.<domain>`."""
        public = self.private.public_key()
        if isinstance(self.private, RSAPrivateKey):
            octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            return f"v=DKIM1; k=rsa; p={b64encode(octets).decode()}"
        octets = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={b64encode(octets).decode()}"

    def sign(self, signed: bytes) -> bytes:
        """Return the signature over canonicalised headers. Ed25519 signs their digest (RFC 8463, 3)."""
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(signed, _PADDING, _DIGEST)
        return self.private.sign(sha256(signed).digest())


class DkimSigner:
    """Signs messages of one domain with each of its keys. Threads may share it, and RSA lets them run at once."""

    def __init__(self, domain: str, keys: Sequence[DkimKey]) -> None:
        self._domain = domain
        self._keys = tuple(keys)

    def sign(self, message: bytes, signed_at: datetime) -> bytes:
        """Return the message behind its signatures; raises as `signatures` does."""
        return self.signatures(message, signed_at) + message

    def signatures(self, message: bytes, signed_at: datetime) -> bytes:
        """Return a DKIM-Signature header for each key: what belongs in front of the message.

        Raises ValueError for bytes that are no message with CRLF line ends, and for a signed header that is there
        twice.
        """
        end = message.find(b"\r\n\r\n")
        if end < 0:
            raise ValueError("that is no message with CRLF line ends")
        names, covered = _signed_fields(message[:end])
        now = b"t=%d; bh=%b;" % (signed_at.timestamp(), _body_hash(message, end + 4))
        return b"".join([self._header(key, names, covered, now) for key in self._keys])

    def _header(self, key: DkimKey, names: tuple[bytes, ...], covered: bytes, now: bytes) -> bytes:
        """Return a DKIM-Signature header. It signs itself too, with `b=` empty (RFC 6376, 3.7)."""
        written, canonical = _opening(self._domain, key.selector, key.algorithm, names)
        signature = b64encode(key.sign(b"%b%b %b b=" % (covered, canonical, now)))
        lines = [signature[start : start + 72] for start in range(0, len(signature), 72)]
        return b"%b\r\n %b\r\n b=%b\r\n" % (written, now, b"\r\n ".join(lines))


@lru_cache(maxsize=64)
def _opening(domain: str, selector: str, algorithm: str, names: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """Return the part of the header that stays the same from message to message: folded, and canonical.

    From is named once more than it is there: so nobody can add another.
    """
    if len(set(names)) != len(names):
        raise ValueError("the message has a header twice")
    covers = b" : ".join((*names, b"from")).decode()
    tags = f"v=1; a={algorithm}; c=relaxed/simple; d={domain}; s={selector}; h={covers};"
    return f"DKIM-Signature: {fold('DKIM-Signature', tags)}".encode(), f"dkim-signature:{tags}".encode()


def _signed_fields(head: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """Return the names of the headers to sign, and those headers in relaxed form (RFC 6376, 3.4.2)."""
    unfolded = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    fields = [field for line in unfolded.split(b"\r\n") if (field := _signed_field(line))]
    return tuple([name for name, _ in fields]), b"".join([canonical for _, canonical in fields])


# Most headers are the same in every message of an issue.
@lru_cache(maxsize=256)
def _signed_field(line: bytes) -> tuple[bytes, bytes] | None:
    """Return a header's relaxed name, and the whole of it in relaxed form; None for one that is not signed."""
    name, _, value = line.partition(b":")
    signed = _signed_name(name)
    if signed is None:
        return None
    if b"  " in value or b"\t" in value:
        value = _BLANKS.sub(b" ", value)
    return signed, b"%b:%b\r\n" % (signed, value.strip())


@lru_cache(maxsize=256)
def _signed_name(name: bytes) -> bytes | None:
    """Return the relaxed name of a header to sign; None for one that is not signed."""
    relaxed = name.rstrip().lower()
    return relaxed if relaxed in SIGNED else None


def _body_hash(message: bytes, start: int) -> bytes:
    """Return the digest of a body in simple form: one line end at its end (RFC 6376, 3.4.3). Copies nothing."""
    end = len(message)
    while message.endswith(b"\r\n\r\n", start, end):
        end -= 2
    digest = sha256(memoryview(message)[start:end])
    if not message.endswith(b"\r\n", start, end):
        digest.update(b"\r\n")
    return b64encode(digest.digest())


def read_key(file: Path, selector: str, *, setting: str) -> DkimKey:
    """Read a key from a PEM file; raises ConfigError, naming the setting, for any but a usable RSA or Ed25519 key."""
    wanted = "a PEM file with an RSA or Ed25519 private key and no passphrase was expected"
    try:
        private = _load(file.read_bytes())
    except OSError as error:
        raise _wrong(file, setting, f"the file cannot be read ({error.strerror})") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _wrong(file, setting, wanted) from error
    if not isinstance(private, PrivateKey):
        raise _wrong(file, setting, wanted)
    if isinstance(private, RSAPrivateKey) and private.key_size < SMALLEST_RSA:
        raise _wrong(
            file, setting, f"the RSA key has {private.key_size} bits, at least {SMALLEST_RSA} were expected"
        )
    return DkimKey(selector, private)


@lru_cache(maxsize=4)
def _load(pem: bytes) -> object:
    """Return the key in a PEM file. Its numbers are checked, which takes a tenth of a second: once for each."""
    return load_pem_private_key(pem, password=None)


def _wrong(file: Path, setting: str, fault: str) -> ConfigError:
    return ConfigError(f"{setting}: {fault}.", setting=setting, place=Place(file))


# Keys as an operator has them: files that are made once, selectors, and the DNS records that go with them.
#
# The RSA key stands in DNS under the selector, the Ed25519 key under the selector
# with `-ed25519` behind it: two keys cannot share a name, and an old verifier that knows only RSA must find its own.

#: Octets of one string of a TXT record, at most (RFC 1035, 3.3).
_STRING = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsRecord:
    """A TXT record."""

    name: str
    value: str

    @property
    def zone_line(self) -> str:
        """The record as a line of a zone file, where a string has at most 255 octets."""
        pieces = (self.value[start : start + _STRING] for start in range(0, len(self.value), _STRING))
        return f"{self.name}. IN TXT ( " + " ".join(f'"{piece}"' for piece in pieces) + " )"


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimFiles:
    """Where an installation's keys are, and under which names the world looks them up. None: there is no such key."""

    domain: str
    selector: str
    rsa: Path | None = None
    ed25519: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the keys that the settings name."""
        rsa, ed25519 = settings.dkim.rsa_key, settings.dkim.ed25519_key
        return cls(
            domain=settings.signing_domain,
            selector=settings.dkim.selector,
            rsa=settings.path(rsa) if rsa else None,
            ed25519=settings.path(ed25519) if ed25519 else None,
        )

    @property
    def none_named(self) -> bool:
        return self.rsa is None and self.ed25519 is None

    def make_missing(self) -> tuple[Path, ...]:
        """Make the files that are named and not there, readable for their owner only; returns them."""
        made = []
        if self.rsa is not None and not self.rsa.exists():
            _write(self.rsa, generate_private_key(65537, SMALLEST_RSA))
            made.append(self.rsa)
        if self.ed25519 is not None and not self.ed25519.exists():
            _write(self.ed25519, Ed25519PrivateKey.generate())
            made.append(self.ed25519)
        return tuple(made)

    def signer(self) -> DkimSigner | None:
        """Return what signs with the keys; None without any. Raises ConfigError for a file that is no such key."""
        keys = tuple(self._keys())
        return DkimSigner(self.domain, keys) if keys else None

    def records(self) -> tuple[DnsRecord, ...]:
        """Return what belongs in DNS; raises ConfigError for a file that is no such key."""
        return tuple(
            DnsRecord(name=f"{key.selector}._domainkey.{self.domain}", value=key.dns_record)
            for key in self._keys()
        )

    def _keys(self) -> Iterator[DkimKey]:
        if self.rsa is not None:
            yield _own_key(self.rsa, self.selector, "dkim.rsa_key")
        if self.ed25519 is not None:
            yield _own_key(self.ed25519, f"{self.selector}-ed25519", "dkim.ed25519_key")


def _own_key(file: Path, selector: str, setting: str) -> DkimKey:
    """Read a key, and refuse one that others can read: whoever has it writes in our name."""
    key = read_key(file, selector, setting=setting)
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        fault = f"{setting}: others can read this key (mode {mode:04o}). Run: chmod 600 {file}"
        raise ConfigError(fault, setting=setting, place=Place(file))
    return key


def _write(file: Path, key: PrivateKey) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        stream.flush()
        os.fsync(stream.fileno())

"""DKIM keys as an operator has them: files that are made once, selectors, and the DNS records that go with them.

Signing with them is dkim.py's work. The RSA key stands in DNS under the selector, the Ed25519 key under the selector
with `-ed25519` behind it: two keys cannot share a name, and an old verifier that knows only RSA must find its own.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from newsletter.config import Settings
from newsletter.delivery.dkim import SMALLEST_RSA, DkimKey, DkimSigner, PrivateKey, read_key
from newsletter.errors import ConfigError, Place

#: Octets of one string of a TXT record, at most (RFC 1035, 3.3).
_STRING = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimFiles:
    """Where an installation's keys are, and under which names the world looks them up. None: there is no such key."""

    domain: str
    selector: str
    rsa: Path | None = None
    ed25519: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those that the settings name."""
        rsa, ed25519 = settings.dkim_rsa_key, settings.dkim_ed25519_key
        return cls(
            domain=settings.signing_domain,
            selector=settings.dkim_selector,
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
        """What signs with them; None without any. Raises ConfigError for a file that is no such key."""
        keys = tuple(self._keys())
        return DkimSigner(self.domain, keys) if keys else None

    def records(self) -> "tuple[Record, ...]":
        """What belongs in DNS. Raises ConfigError for a file that is no such key."""
        return tuple(
            Record(name=f"{key.selector}._domainkey.{self.domain}", value=key.dns_record)
            for key in self._keys()
        )

    def _keys(self) -> Iterator[DkimKey]:
        if self.rsa is not None:
            yield _own_key(self.rsa, self.selector, "dkim.rsa_key")
        if self.ed25519 is not None:
            yield _own_key(self.ed25519, f"{self.selector}-ed25519", "dkim.ed25519_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A TXT record."""

    name: str
    value: str

    @property
    def zone_line(self) -> str:
        """The record as a line of a zone file, where a string has at most 255 octets."""
        pieces = (self.value[start : start + _STRING] for start in range(0, len(self.value), _STRING))
        return f"{self.name}. IN TXT ( " + " ".join(f'"{piece}"' for piece in pieces) + " )"


def _own_key(file: Path, selector: str, setting: str) -> DkimKey:
    """A key that nobody else can read: whoever has it writes in our name."""
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

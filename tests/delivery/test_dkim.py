"""DKIM signatures, verified by dkimpy with the public key handed to it in place of DNS."""

from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given, settings

from newsletter.delivery.dkim import SIGNED, DkimKey, DkimSigner, read_key
from newsletter.errors import ConfigError
from newsletter.render.compose import Composer
from tests.render.plans import PLAN, VALUES, parsed, reader_values

DOMAIN = "news.example.org"
#: Past, since a verifier looks at the machine's clock and refuses what is to come.
SIGNED_AT = datetime(2024, 11, 28, 9, 0, tzinfo=UTC)
RSA = DkimKey("rsa2026", generate_rsa(65537, 2048))
ED25519 = DkimKey("ed2026", Ed25519PrivateKey.generate())
SIGNER = DkimSigner(DOMAIN, [RSA])
COMPOSER = Composer(PLAN)
MESSAGE = COMPOSER.compose(VALUES)


def _dns(name: bytes, timeout: int = 5) -> bytes | None:
    """What DNS would say of the RSA key."""
    return RSA.dns_record.encode() if name == f"{RSA.selector}._domainkey.{DOMAIN}.".encode() else None


class _Ed25519Verifier:
    """The curve for dkimpy, which does everything else: it would take it from PyNaCl, that we need for nothing else."""

    def __init__(self, record: str) -> None:
        self._public = Ed25519PublicKey.from_public_bytes(b64decode(record.partition("p=")[2]))
        self.agreed = False

    def verify(self, digest: bytes, signature: bytes) -> None:
        try:
            self._public.verify(signature, digest)
            self.agreed = True
        except InvalidSignature:
            self.agreed = False


def is_verified(message: bytes, index: int = 0) -> bool:
    """dkimpy's word on the signature that is there as number `index`."""
    verifier = dkim.DKIM(message, minkey=1024)
    try:
        tags, covered, signatures = verifier.verify_headerprep(index)
        if tags[b"a"] == b"rsa-sha256":
            return bool(verifier.verify_sig(tags, covered, signatures[index], _dns))
        key = _Ed25519Verifier(ED25519.dns_record)
        verifier.pk, verifier.ktag, verifier.seqtlsrpt = key, b"ed25519", False
        return bool(verifier.verify_sig_process(tags, covered, signatures[index], _dns)) and key.agreed
    except dkim.ValidationError:
        return False


@pytest.mark.parametrize("key", [RSA, ED25519], ids=["rsa", "ed25519"])
def test_a_composed_messageis_verified(key: DkimKey) -> None:
    assert is_verified(DkimSigner(DOMAIN, [key]).sign(MESSAGE, SIGNED_AT))


def test_each_key_adds_a_signature_of_its_own() -> None:
    message = DkimSigner(DOMAIN, [RSA, ED25519]).sign(MESSAGE, SIGNED_AT)
    assert message.endswith(MESSAGE)
    assert is_verified(message, 0)
    assert is_verified(message, 1)


@settings(max_examples=15)
@given(reader_values)
def test_any_readers_messageis_verified(values: dict[str, str]) -> None:
    assert is_verified(DkimSigner(DOMAIN, [ED25519]).sign(COMPOSER.compose(values), SIGNED_AT))


def test_the_signature_names_every_header_it_covers_and_from_twice() -> None:
    message = parsed(SIGNER.sign(MESSAGE, SIGNED_AT))
    tags = dict(tag.strip().split("=", 1) for tag in str(message["DKIM-Signature"]).rstrip(";").split(";"))
    covered = tags["h"].replace(" ", "").encode().split(b":")
    assert set(covered) == SIGNED
    assert sorted(covered) == sorted([*SIGNED, b"from"])
    assert tags["c"] == "relaxed/simple"
    assert tags["t"] == str(int(SIGNED_AT.timestamp()))
    assert "l" not in tags


def test_no_line_of_the_signature_is_over_76() -> None:
    header = DkimSigner(DOMAIN, [RSA, ED25519]).sign(MESSAGE, SIGNED_AT).removesuffix(MESSAGE)
    assert max(map(len, header.split(b"\r\n"))) <= 76


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click", b"List-Unsubscribe-Post: other"),
        (b"https://news.example.org/unsubscribe/", b"https://evil.example.org/unsubscribe/"),
        (b"Subject: ", b"Subject: Re: "),
        (b"Weekly Verdicts\r\n\r\n", b"Weekly verdicts\r\n\r\n"),
        (b"From: Weekly", b"From: x@example.org\r\nFrom: Weekly"),
        (b"Feedback-ID: 12", b"Feedback-ID: 13"),
    ],
)
def test_a_changed_message_is_not_verified(before: bytes, after: bytes) -> None:
    message = DkimSigner(DOMAIN, [RSA, ED25519]).sign(MESSAGE, SIGNED_AT)
    assert before in message
    changed = message.replace(before, after)
    assert not is_verified(changed, 0)
    assert not is_verified(changed, 1)


def test_refolded_headers_are_still_verified() -> None:
    message = SIGNER.sign(MESSAGE, SIGNED_AT)
    assert is_verified(message.replace(b"List-Unsubscribe: <", b"List-Unsubscribe:\r\n\t<"))


@pytest.mark.parametrize("body", [b"", b"\r\n", b"\r\n\r\n\r\n", b"a", b"a\r\n\r\n\r\n"])
def test_bodies_are_signed_with_one_line_end_at_their_end(body: bytes) -> None:
    message = b"From: a@news.example.org\r\nSubject: s\r\n\r\n" + body
    assert is_verified(SIGNER.sign(message, SIGNED_AT))


@pytest.mark.parametrize(
    "message",
    [b"", b"From: a\r\n", b"From: a\n\nbody", b"From: a\r\nFROM : b\r\n\r\nbody\r\n"],
)
def test_what_is_no_message_of_ours_is_not_signed(message: bytes) -> None:
    with pytest.raises(ValueError, match="message"):
        SIGNER.sign(message, SIGNED_AT)


def _pem(key: object, encryption: KeySerializationEncryption | None = None) -> bytes:
    assert hasattr(key, "private_bytes")
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())
    return pem


def _write(folder: Path, content: bytes) -> Path:
    file = folder / "dkim.pem"
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("key", [RSA, ED25519], ids=["rsa", "ed25519"])
def test_keys_are_read_from_pem_files(key: DkimKey, tmp_path: Path) -> None:
    read = read_key(_write(tmp_path, _pem(key.private)), key.selector, setting="dkim.key")
    assert read.dns_record == key.dns_record
    assert is_verified(DkimSigner(DOMAIN, [read]).sign(MESSAGE, SIGNED_AT))


def test_the_older_form_of_rsa_keys_is_read_too(tmp_path: Path) -> None:
    assert isinstance(RSA.private, RSAPrivateKey)
    pem = RSA.private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    assert read_key(_write(tmp_path, pem), "s", setting="dkim.key").algorithm == "rsa-sha256"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "PEM file"),
        (b"not a key", "PEM file"),
        (_pem(RSA.private, BestAvailableEncryption(b"secret")), "no passphrase"),
        (_pem(generate_private_key(SECP256R1())), "RSA or Ed25519"),
        (_pem(generate_rsa(65537, 1024)), "1024 bits"),
    ],
    ids=["empty", "text", "passphrase", "elliptic", "small"],
)
def test_a_wrong_key_file_is_named_with_its_setting(content: bytes, fault: str, tmp_path: Path) -> None:
    file = _write(tmp_path, content)
    with pytest.raises(ConfigError, match=fault) as caught:
        read_key(file, "s", setting="dkim.key")
    assert caught.value.setting == "dkim.key"
    assert str(file) in str(caught.value)


def test_a_missing_key_file_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"dkim\.key: the file cannot be read"):
        read_key(tmp_path / "nothing.pem", "s", setting="dkim.key")

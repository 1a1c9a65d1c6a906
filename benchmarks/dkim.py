"""Signing a composed message with DKIM, beside the bare signature: its body has to be hashed too, which takes its size."""

from collections.abc import Iterator
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from benchmarks.compose import issue_plan, reader_values
from benchmarks.figures import Figure
from benchmarks.measure import Task, side_by_side
from benchmarks.smtp import mailing_of
from newsletter.delivery.dkim import DkimKey, DkimSigner
from newsletter.delivery.ledger import Recipient
from newsletter.render.compose import Composer

#: As many octets as the headers of an issue have.
HEADERS = bytes(1500)
SIGNED_AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
TIMES = 8


def run() -> Iterator[Figure]:
    rsa = DkimKey("rsa", generate_private_key(65537, 2048))
    ed25519 = DkimKey("ed", Ed25519PrivateKey.generate())
    usual = mailing_of(60_000).compose(Recipient(reader_id=1, address="reader1@example.org", attempts=0))
    heavy = Composer(issue_plan()).compose(reader_values(1))
    yield _figure("RSA-2048", rsa, usual, at_least=0.8)
    yield _figure("RSA-2048", rsa, heavy, at_least=None)
    yield _figure("Ed25519", ed25519, usual, at_least=None)


def _figure(algorithm: str, key: DkimKey, message: bytes, at_least: float | None) -> Figure:
    signer = DkimSigner("news.example.org", [key])

    def sign() -> None:
        for _ in range(TIMES):
            signer.signatures(message, SIGNED_AT)

    def sign_bare() -> None:
        for _ in range(TIMES):
            key.sign(HEADERS)

    race = side_by_side(Task(sign, TIMES), Task(sign_bare, TIMES))
    return Figure(
        name=f"DKIM, {algorithm}, {len(message) / 1000:.0f} KB",
        value=race.rate,
        unit="messages/s",
        beside="the bare signature",
        limit=race.limit,
        ratio=race.ratio,
        at_least=at_least,
    )

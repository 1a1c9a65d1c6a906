"""DKIM from key file to wire: what a server receives, and what lies in the outbox, is verified by dkimpy."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path

import dkim
import pytest
from sqlalchemy import update

from newsletter.clock import MovedClock, SystemClock
from newsletter.db.engine import Database
from newsletter.db.schema import readers
from newsletter.delivery.dkim import DkimFiles, DkimSigner
from newsletter.delivery.ledger import Recipient
from newsletter.delivery.loopback import Loopback
from newsletter.delivery.message import Mailing
from newsletter.delivery.store import start_issue
from newsletter.delivery.transports import Transport
from newsletter.delivery.transports.outbox.maildir import Outbox
from newsletter.delivery.transports.smtp.sending import Smtp
from newsletter.delivery.transports.smtp.wire import Relay
from newsletter.errors import ConfigError
from tests.conftest import THURSDAY
from tests.delivery.house import add_issue, add_readers, mailing, sender
from tests.delivery.test_dkim import DOMAIN, ED25519, RSA, SIGNED_AT, is_verified
from tests.standins.postfix import Postfix, postfix

#: A verifier looks at the machine's clock and refuses what is to come.
SIGNED = replace(mailing(clock=MovedClock(SIGNED_AT)), dkim=DkimSigner(DOMAIN, [RSA, ED25519]))

TO = [
    Recipient(reader_id=number, address=f"reader{number}@example.org", attempts=0) for number in range(1, 4)
]


def deliver(transport: Transport, mail: Mailing = SIGNED) -> None:
    session = transport.open()
    list(session.send(iter(TO), mail, lambda who: None))
    session.close()


@pytest.mark.parametrize(
    "extensions", [("PIPELINING", "8BITMIME"), ("8BITMIME",)], ids=["pipelining", "plain"]
)
def test_what_a_server_receives_is_verified(extensions: tuple[str, ...]) -> None:
    with Loopback(extensions=extensions, keeps=True) as server:
        deliver(Smtp(relay=Relay(host="127.0.0.1", port=server.port)))
    assert len(server.taken) == 3
    for taken in server.taken:
        assert is_verified(taken.content, 0)
        assert is_verified(taken.content, 1)


def test_what_lies_in_the_outbox_is_verified(tmp_path: Path) -> None:
    deliver(Outbox(tmp_path))
    kept = [file.read_bytes() for file in (tmp_path / "new").iterdir()]
    assert [is_verified(each, 0) and is_verified(each, 1) for each in kept] == [True] * 3


def test_both_unsubscribe_headers_are_covered() -> None:
    message = SIGNED.compose(TO[0])
    covered = message_from_bytes(message)["DKIM-Signature"].partition("h=")[2].partition(";")[0]
    names = {name.strip() for name in covered.split(":")}
    assert {"list-unsubscribe", "list-unsubscribe-post"} <= names
    changed = message.replace(b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Click")
    assert (is_verified(message), is_verified(changed)) == (True, False)


def test_nothing_is_signed_without_a_key(tmp_path: Path) -> None:
    assert DkimFiles(domain=DOMAIN, selector="newsletter").signer() is None
    assert b"DKIM-Signature" not in mailing().compose(TO[0])


@pytest.fixture
def files(tmp_path: Path) -> DkimFiles:
    return DkimFiles(domain=DOMAIN, selector="news", rsa=tmp_path / "rsa.pem", ed25519=tmp_path / "ed.pem")


def dns_of(files: DkimFiles) -> Callable[..., bytes | None]:
    """DNS with the records that the files ask for."""
    known = {f"{record.name}.".encode(): record.value.encode() for record in files.records()}
    return lambda name, timeout=5: known.get(name)


def test_keys_that_were_made_sign_what_their_records_verify(files: DkimFiles) -> None:
    assert files.make_missing() == (files.rsa, files.ed25519)
    mail = replace(SIGNED, dkim=files.signer())
    assert dkim.verify(mail.compose(TO[0]), dnsfunc=dns_of(files))
    assert [record.name for record in files.records()] == [
        "news._domainkey.news.example.org",
        "news-ed25519._domainkey.news.example.org",
    ]


def test_keys_are_made_once_and_for_their_owner_only(files: DkimFiles) -> None:
    files.make_missing()
    before = files.records()
    assert files.make_missing() == ()
    assert files.records() == before
    assert {file.stat().st_mode & 0o777 for file in (files.rsa, files.ed25519) if file} == {0o600}


def test_a_key_that_others_can_read_is_refused(files: DkimFiles) -> None:
    files.make_missing()
    assert files.rsa is not None
    files.rsa.chmod(0o644)
    with pytest.raises(
        ConfigError, match=r"dkim\.rsa_key: others can read this key \(mode 0644\). Run: chmod 600"
    ):
        files.signer()


def test_a_line_of_a_zone_file_has_strings_that_dns_can_hold(files: DkimFiles) -> None:
    files.make_missing()
    rsa, ed25519 = files.records()
    pieces = rsa.zone_line.split('"')[1::2]
    assert "".join(pieces) == rsa.value
    assert max(map(len, pieces)) == 255
    assert ed25519.zone_line == f'news-ed25519._domainkey.{DOMAIN}. IN TXT ( "{ed25519.value}" )'


@pytest.fixture
def relay() -> Iterator[Postfix]:
    with postfix() as running:
        yield running


def test_what_a_real_postfix_delivers_is_verified(
    relay: Postfix, sqlite_database: Database, tmp_path: Path, files: DkimFiles
) -> None:
    files.make_missing()
    add_readers(sqlite_database, 1)
    with sqlite_database.write() as connection:
        address = "reader1@kept.example.org"
        connection.execute(update(readers).values(address=address, address_key=address))
    add_issue(sqlite_database)
    start_issue(sqlite_database, 1, THURSDAY)
    out = Smtp(relay=Relay(host="127.0.0.1", port=relay.port), connections=1)
    mail = replace(mailing(clock=SystemClock()), dkim=files.signer())
    sender(sqlite_database, out, tmp_path, mailings={"everybody": mail}).send()
    relay.wait_for(relay.kept, 1)
    (delivered,) = (relay.kept / "new").iterdir()
    # A Maildir has the machine's line ends, the signature is over those of the wire.
    raw = delivered.read_bytes().replace(b"\n", b"\r\n")
    assert raw.startswith(b"Return-Path:")
    assert dkim.verify(raw, dnsfunc=dns_of(files))

"""Leaving by mail, all the way: an issue goes out, its mailto is written to through a real Postfix, the mailbox is read."""

import re
import smtplib
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import update

from newsletter.clock import SystemClock
from newsletter.config import Settings, Tls
from newsletter.db.engine import Database
from newsletter.db.schema import readers
from newsletter.db.statuses import ConsentChannel, ConsentEvent, ReaderStatus
from newsletter.delivery.bounces.mailbox import Maildir, read_mailbox
from newsletter.delivery.store import start_issue
from newsletter.delivery.transports.smtp.sending import Smtp
from newsletter.delivery.transports.smtp.wire import Relay
from newsletter.readers.consents import list_consents
from newsletter.render.headers import issue_headers
from tests.config.written import changed
from tests.conftest import THURSDAY
from tests.delivery.bounces.test_handling import handler, reader_status
from tests.delivery.house import FRAME, add_issue, add_readers, mailing, sender
from tests.standins.postfix import postfix

#: Where readers leave by mail: an address whose mailbox this Postfix keeps.
LEAVE = "leave@bounces.example.org"


def test_who_writes_to_the_mailto_of_an_issue_has_left(sqlite_database: Database, tmp_path: Path) -> None:
    add_readers(sqlite_database, 2)
    with sqlite_database.write() as connection:
        for number in (1, 2):
            address = f"reader{number}@kept.example.org"
            mine = update(readers).where(readers.c.id == number)
            connection.execute(mine.values(address=address, address_key=address))
    add_issue(sqlite_database)
    start_issue(sqlite_database, 1, THURSDAY)
    with postfix() as relay:
        out = Smtp(relay=Relay(host="127.0.0.1", port=relay.port, tls=Tls.NONE), connections=1)
        mailings = {"everybody": replace(mailing(), frame=replace(FRAME, leave_address=LEAVE))}
        sender(sqlite_database, out, tmp_path, mailings=mailings).send()
        relay.wait_for(relay.kept, 2)
        (own,) = (
            mail
            for each in (relay.kept / "new").iterdir()
            if (mail := message_from_bytes(each.read_bytes()))["To"] == "reader1@kept.example.org"
        )

        write_to_leave(own["List-Unsubscribe"], relay.port)
        relay.wait_for(relay.bounces, 1)
        reading = read_mailbox(Maildir(folder=relay.bounces), handler(sqlite_database), SystemClock())

    assert {what: count for (_, what), count in reading.outcomes.items()} == {"left": 1}
    assert reader_status(sqlite_database, 1) is ReaderStatus.LEFT
    assert reader_status(sqlite_database, 2) is ReaderStatus.ACTIVE
    with sqlite_database.read() as connection:
        last = list_consents(connection, 1)[-1]
    assert (last.event, last.channel, last.issue_id) == (ConsentEvent.WITHDRAWN, ConsentChannel.MAIL, 1)


def write_to_leave(header: str, port: int) -> None:
    """What a mail program does with the mailto of List-Unsubscribe, from an address that it may not even have sent to."""
    found = re.search(r"<(mailto:[^>]+)>", " ".join(header.split()))
    assert found is not None, header
    mailto = urlsplit(found[1])
    assert mailto.path == LEAVE
    mail = EmailMessage()
    mail["From"], mail["To"] = "another@kept.example.org", mailto.path
    mail["Subject"] = parse_qs(mailto.query)["subject"][0]
    with smtplib.SMTP("127.0.0.1", port) as server:
        server.send_message(mail)


def test_where_nobody_reads_mail_no_issue_offers_to_leave_by_it(tmp_path: Path) -> None:
    without = changed(Settings(folder=tmp_path), {"mail.reply_to": "editor@example.org"})
    with_mailbox = changed(without, {"bounces.maildir": Path("reports")})
    elsewhere = changed(with_mailbox, {"bounces.address": LEAVE})
    assert [each.leave_address for each in (without, with_mailbox, elsewhere)] == [
        "",
        "editor@example.org",
        LEAVE,
    ]
    headers = {
        each.name: each.segments for each in issue_headers(replace(FRAME, leave_address=""), "Verdicts")
    }
    assert len(headers["List-Unsubscribe"]) == 3
    assert "List-Unsubscribe-Post" in headers

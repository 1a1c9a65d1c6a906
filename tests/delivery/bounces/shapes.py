"""Reports as servers write them, made up here: RFC 3464, RFC 5965, bounces of servers' own making, and other mail."""

from newsletter.delivery.message import MessageIds
from newsletter.readers.links import LinkSigner, Purpose
from tests.delivery.house import KEY

SIGNER = LinkSigner([KEY])
MESSAGE_IDS = MessageIds(key=KEY, domain="news.example.org", bounce_address="bounces@news.example.org")

#: What a returned message of ours says of itself; each line may be left out.
MESSAGE_ID, UNSUBSCRIBE = "message-id", "list-unsubscribe"


def original(issue_id: int, reader_id: int, *marks: str, to: str = "alice@example.org") -> str:
    """The header of a message of ours, with those marks."""
    token = SIGNER.token(Purpose.UNSUBSCRIBE, reader_id, issue_id)
    lines = {
        MESSAGE_ID: f"Message-ID: {MESSAGE_IDS.message_id(issue_id, reader_id)}",
        UNSUBSCRIBE: f"List-Unsubscribe: <https://news.example.org/unsubscribe/{token}>,\n <mailto:a@example.org>",
    }
    own = "\n".join(lines[each] for each in marks)
    return f"From: Weekly <weekly@news.example.org>\nTo: {to}\nSubject: Two verdicts\n{own}\n"


def dsn(
    returned: str,
    *,
    status: str = "5.1.1",
    action: str = "failed",
    to: str = "bounces@news.example.org",
    recipient: str = "alice@example.org",
    diagnostic: str = "smtp; 550 no",
    number: int = 1,
    returned_as: str = "text/rfc822-headers",
) -> bytes:
    """A delivery status notification (RFC 3464)."""
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: {to}
Message-ID: <report-{number}@mx.example.net>
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain; charset=utf-8

It could not be delivered.

--part
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Thu, 26 Nov 2026 09:00:00 +0000

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: {diagnostic}

--part
Content-Type: {returned_as}

{returned}
--part--
""".encode()


def complaint(returned: str, *, feedback_type: str = "abuse", number: int = 1) -> bytes:
    """An abuse report (RFC 5965), the recipient blacked out as most providers do."""
    return f"""From: Feedback <feedback@arf.example.net>
To: abuse@news.example.org
Message-ID: <complaint-{number}@arf.example.net>
Subject: FW: Two verdicts
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="part"

--part
Content-Type: text/plain; charset=us-ascii

This is an abuse report for a message received on Thu, 26 Nov 2026.

--part
Content-Type: message/feedback-report

Feedback-Type: {feedback_type}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <weekly@news.example.org>
Original-Rcpt-To: <redacted@example.net>
Source-IP: 192.0.2.1

--part
Content-Type: message/rfc822

{returned}

The issue.
--part--
""".encode()


def leaving(reader_id: int, issue_id: int = 0) -> bytes:
    """What a mail program writes for the mailto of List-Unsubscribe."""
    token = SIGNER.token(Purpose.UNSUBSCRIBE, reader_id, issue_id)
    return f"""From: Alice <another@example.com>
To: desk@example.org
Message-ID: <leave-{reader_id}@example.com>
Subject: unsubscribe {token}

""".encode()


def out_of_office(to: str) -> bytes:
    return f"""From: Alice <alice@example.org>
To: {to}
Message-ID: <away@example.org>
Subject: Out of office: Two verdicts
Auto-Submitted: auto-replied
In-Reply-To: {MESSAGE_IDS.message_id(1, 1)}

I am away until Monday. In urgent cases mail delivery to bob@example.org could not be better.
""".encode()


def qmail_bounce(returned: str, said: str = "Sorry, no mailbox here by that name. (#5.1.1)") -> bytes:
    """What qmail writes, which is no RFC 3464."""
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.example.net
To: bounces@news.example.org
Message-ID: <qmail@mx.example.net>
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<alice@example.org>:
{said}

--- Below this line is a copy of the message.

{returned}
""".encode()

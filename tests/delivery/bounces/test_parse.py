from email.charset import BASE64, QP, Charset
from email.header import Header
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.db.statuses import ReportKind
from newsletter.delivery.bounces.parse import (
    DsnAction,
    Meaning,
    Report,
    meaning_of,
    names_nobody,
    read_report,
)
from newsletter.readers.links import Purpose
from tests.delivery.bounces.shapes import (
    MESSAGE_ID,
    MESSAGE_IDS,
    SIGNER,
    UNSUBSCRIBE,
    complaint,
    dsn,
    leaving,
    original,
    out_of_office,
    qmail_bounce,
)

OURS = original(1, 7, MESSAGE_ID, UNSUBSCRIBE)
TOKEN = SIGNER.token(Purpose.UNSUBSCRIBE, 7, 1)


def read(raw: bytes) -> Report:
    report = read_report(raw)
    assert report is not None
    return report


def test_a_notification_says_what_happened_and_carries_our_marks() -> None:
    report = read(dsn(OURS, to=MESSAGE_IDS.return_path(1, 7)))
    assert (report.kind, report.action, report.code) == (ReportKind.BOUNCE, DsnAction.FAILED, "5.1.1")
    assert report.identifiers.tokens == (TOKEN,)
    assert report.identifiers.message_ids == (MESSAGE_IDS.message_id(1, 7),)
    assert report.identifiers.return_paths == (MESSAGE_IDS.return_path(1, 7),)
    assert "alice@example.org" in report.identifiers.recipients


@pytest.mark.parametrize("returned_as", ["message/rfc822", "text/rfc822-headers", "message/global-headers"])
def test_the_message_comes_back_whole_or_as_its_header(returned_as: str) -> None:
    assert read(dsn(OURS, returned_as=returned_as)).identifiers.tokens == (TOKEN,)


def test_what_a_server_folds_inside_our_address_is_read_as_one() -> None:
    folded = OURS.replace(TOKEN, f"{TOKEN[:30]}\n {TOKEN[30:]}").replace("\n " + TOKEN[30:], TOKEN[30:])
    assert read(dsn(folded)).identifiers.tokens == (TOKEN,)


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", "FAILED"])
def test_every_action_of_the_standard_is_known(action: str) -> None:
    assert read(dsn(OURS, action=action)).action == action.lower()


def test_of_several_recipients_a_failure_counts() -> None:
    two = dsn(OURS, action="delivered", status="2.0.0").replace(
        b"\n\n--part\nContent-Type: text/rfc822",
        b"\n\nFinal-Recipient: rfc822; bob@example.org\nAction: failed\nStatus: 5.2.1\n\n--part\nContent-Type: text/rfc822",
    )
    assert (read(two).action, read(two).code) == (DsnAction.FAILED, "5.2.1")


@pytest.mark.parametrize(
    ("status", "diagnostic", "code"),
    [
        ("5.0.0", "smtp; 550 5.1.1 <alice@example.org>: no such user", "5.1.1"),
        ("5.0.0", "smtp; 550 go away", "5.0.0"),
        ("4.4.7 (delivery time expired)", "smtp; 451 5.1.1 later", "4.4.7"),
        # A relay guesses from 550; the server beyond it knows.
        ("5.1.1", "SMTP; 550 5.7.1 Service unavailable, client host blocked", "5.7.1"),
        ("5.1.1", "smtp; 550-5.4.1 Recipient address rejected: Access denied", "5.4.1"),
        ("5.2.0", "SMTP; 550 5.7.26 Unauthenticated mail is prohibited", "5.7.26"),
        ("5.1.1", "smtp; 550 5.0.0 No", "5.1.1"),
        ("5.1.1", "smtp; 550 No such user", "5.1.1"),
        ("5.1.1", "SMTP; 550 Blocked by our list of unknown users", "5.0.0"),
        ("4.4.7", "smtp; 550 5.7.1 not before tomorrow", "4.4.7"),
        ("", "smtp; 554 5.7.1 spam", "5.7.1"),
        ("oops", "x-unix; 192.0.2.5.1.1 is no code", ""),
    ],
)
def test_the_code_is_the_most_telling_of_two(status: str, diagnostic: str, code: str) -> None:
    assert read(dsn(OURS, status=status, diagnostic=diagnostic)).code == code


@pytest.mark.parametrize(
    ("code", "words", "is_nobody"),
    [
        ("550", "Unrouteable address", True),
        ("550", "User <alice@example.org> unknown", True),
        ("550", "Invalid recipient: <alice@example.org>", True),
        ("550", "No such user here", True),
        ("550", "sorry, no mailbox here by that name", True),
        ("553", "Unknown local user", True),
        (
            "551",
            "<alice@example.org>: Recipient address rejected: User unknown in virtual mailbox table",
            True,
        ),
        ("554", "Mailbox does not exist", True),
        ("5.0.0", "unknown; 550 User <alice@example.org> unknown.", True),
        ("5.0.0", "unknown; No such domain.", True),
        ("", "The account alice no longer exists", True),
        # A code that says something decides.
        ("5.2.2", "User unknown", False),
        ("5.1.8", "No such user", False),
        ("450", "User unknown", False),
        # Whoever blocks us may call anybody unknown; and these say nothing of the address.
        ("550", "User unknown, or your host is on a blocklist", False),
        ("550", "Unknown user; we do not relay for you", False),
        ("550", "Sender address: no such user", False),
        ("550", "Requested action not taken: mailbox unavailable", False),
        ("550", "Mailbox full", False),
        ("550", "Go away", False),
        ("554", "Message refused", False),
    ],
)
def test_words_decide_where_the_code_says_no_more_than_failed(code: str, words: str, is_nobody: bool) -> None:
    assert names_nobody(code, words) is is_nobody


REAL = Path(__file__).parent / "real"

#: What a server beyond the relay answered to "unknown@example.net" and so on, and what that means.
MEANT = {
    "unknown": Meaning.DEAD,
    "dead": Meaning.DEAD,
    "nobody": Meaning.DEAD,
    "blocked": Meaning.POLICY,
    "dot": Meaning.POLICY,
    "access": Meaning.SOFT,
    "full": Meaning.SOFT,
    "plain": Meaning.SOFT,
}


@pytest.mark.parametrize(
    "file", sorted(REAL.glob("*/*.eml")), ids=lambda file: f"{file.parent.name}-{file.stem}"
)
def test_what_real_servers_bounce_means_what_the_last_server_said(file: Path) -> None:
    report = read(file.read_bytes())
    number = list(ADDRESSED).index(file.stem) + 1
    assert (report.kind, report.action) == (ReportKind.BOUNCE, DsnAction.FAILED)
    assert MESSAGE_IDS.return_path(1, number).partition("@")[0] in report.identifiers.return_paths[0]
    assert (report.meaning or meaning_of(report.code)) is MEANT[file.stem]


#: In the order of readers that they were made for.
ADDRESSED = ("unknown", "dead", "blocked", "access", "dot", "full", "plain", "nobody")


def test_a_notification_about_an_address_beyond_ascii_is_read() -> None:
    raw = dsn(OURS, recipient="jörg@example.org").replace(
        b"message/delivery-status", b"message/global-delivery-status"
    )
    assert (read(raw).action, read(raw).code) == (DsnAction.FAILED, "5.1.1")


@pytest.mark.parametrize("kind", ["abuse", "fraud", "other", "opt-out", "Abuse"])
def test_an_abuse_report_is_a_complaint(kind: str) -> None:
    report = read(complaint(OURS, feedback_type=kind))
    assert (report.kind, report.identifiers.tokens) == (ReportKind.COMPLAINT, (TOKEN,))


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "dmarc"])
def test_feedback_that_accuses_nobody_is_no_complaint(kind: str) -> None:
    assert read(complaint(OURS, feedback_type=kind)).kind is ReportKind.AUTO_REPLY


def test_a_request_to_leave_is_known_by_its_subject() -> None:
    report = read(leaving(7, 1))
    assert (report.kind, report.identifiers.tokens) == (ReportKind.LEAVING, (TOKEN,))


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "iso-8859-1"])
@pytest.mark.parametrize("encoding", [BASE64, QP])
def test_a_request_to_leave_is_known_by_an_encoded_subject_too(charset: str, encoding: int) -> None:
    """As programs write it that encode every subject, or whose users write in another alphabet (RFC 2047)."""
    known = Charset(charset)
    known.header_encoding = encoding
    written = Header(f"unsubscribe {TOKEN}", known).encode().encode()
    report = read(leaving(7, 1).replace(f"unsubscribe {TOKEN}".encode(), written))
    assert written.startswith(b"=?")
    assert (report.kind, report.identifiers.tokens) == (ReportKind.LEAVING, (TOKEN,))


def test_a_subject_that_no_program_can_read_is_left_to_people() -> None:
    mail = leaving(7, 1).replace(f"unsubscribe {TOKEN}".encode(), b"=?no-such-charset?B?dW5zdWI=?=")
    assert read_report(mail) is None


def test_an_out_of_office_note_is_no_bounce() -> None:
    assert read(out_of_office(MESSAGE_IDS.return_path(1, 7))).kind is ReportKind.AUTO_REPLY


def test_a_receipt_is_no_bounce() -> None:
    receipt = dsn(OURS).replace(b"delivery-status", b"disposition-notification")
    receipt = receipt.replace(b"MAILER-DAEMON@mx.example.net (Mail Delivery System)", b"alice@example.org")
    assert read(receipt).kind is ReportKind.AUTO_REPLY


def test_a_bounce_of_a_servers_own_making_is_known_too() -> None:
    report = read(qmail_bounce(OURS))
    assert (report.kind, report.action, report.code) == (ReportKind.BOUNCE, DsnAction.FAILED, "5.1.1")
    assert report.identifiers.tokens == (TOKEN,)
    assert report.identifiers.message_ids == (MESSAGE_IDS.message_id(1, 7),)


@pytest.mark.parametrize("subject", ["Please unsubscribe me", "Your last issue", f"Fw: {TOKEN}"])
def test_what_people_write_is_left_to_people(subject: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Alice <alice@example.org>", "desk@example.org", subject
    mail.set_content("Hello.")
    assert read_report(mail.as_bytes()) is None


def test_the_same_report_has_the_same_key_and_no_other_has_it() -> None:
    assert read(dsn(OURS)).key == read(dsn(OURS)).key
    assert len({read(dsn(OURS, number=number)).key for number in range(5)}) == 5


def test_parts_nested_without_end_are_no_report() -> None:
    bomb = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (depth, depth) for depth in range(3000)
    )
    assert read_report(bomb) is None


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_report_or_none(raw: bytes) -> None:
    read_report(raw)


@given(st.data())
def test_a_notification_that_was_tampered_with_is_read_or_refused(data: st.DataObject) -> None:
    whole = dsn(OURS, returned_as=data.draw(st.sampled_from(["message/rfc822", "text/rfc822-headers"])))
    place = data.draw(st.integers(0, len(whole)))
    length = data.draw(st.integers(0, 200))
    read_report(whole[:place] + data.draw(st.binary(max_size=50)) + whole[place + length :])

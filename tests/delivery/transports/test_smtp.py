"""SMTP against a server that misbehaves in every phase: what each message is told to have become."""

import hmac
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from newsletter.config import Tls
from newsletter.delivery.ledger import Recipient
from newsletter.delivery.loopback import Faults, Loopback, Misbehavior, Phase
from newsletter.delivery.message import Mailing, MessageIds
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.transports.smtp.habits import Habits
from newsletter.delivery.transports.smtp.sending import Smtp
from newsletter.delivery.transports.smtp.wire import Relay, Waits
from newsletter.errors import SendError
from newsletter.render.plan import Block, Plan, PlanSlot, SlotName
from tests.delivery.house import FRAME, PLAN, mailing

PLAIN = ("8BITMIME", "SIZE 50000000", "ENHANCEDSTATUSCODES")
PIPELINING = ("PIPELINING", *PLAIN)

#: Short enough for a test, long enough for a busy machine.
WAITS = Waits(connect=5, command=5, body=5, final=5)


def recipients(count: int) -> list[Recipient]:
    return [
        Recipient(reader_id=number, address=f"reader{number}@example.org", attempts=0)
        for number in range(1, count + 1)
    ]


def only(phase: Phase, fault: Misbehavior, *, recipient: str = "", connection: int = 0) -> Faults:
    """The fault in this phase, for one recipient or connection where one is named."""

    def decide(now: Phase, whose: str, number: int) -> Misbehavior | None:
        named = not recipient or whose == recipient
        return fault if now is phase and named and connection in (0, number) else None

    return decide


@pytest.fixture(params=[PIPELINING, PLAIN], ids=["pipelining", "plain"])
def extensions(request: pytest.FixtureRequest) -> Any:
    return request.param


class Sent:
    """What came of sending: the outcomes in order, what was raised, who was started."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.started: list[int] = []
        self.trouble: SendError | None = None

    @property
    def events(self) -> dict[int, Event]:
        return {each.reader_id: each.event for each in self.outcomes}

    def code(self, reader_id: int) -> str:
        return next(each.code for each in self.outcomes if each.reader_id == reader_id)


def send(server: Loopback, to: Iterable[Recipient], *, mail: Mailing | None = None, **changes: Any) -> Sent:
    relay: dict[str, Any] = {"host": "127.0.0.1", "port": server.port, "waits": WAITS}
    relay |= {
        name: changes.pop(name)
        for name in ("tls", "trust", "user", "password", "waits", "greet_as", "domain")
        if name in changes
    }
    session = Smtp(relay=Relay(**relay), **changes).open()
    sent = Sent()

    def note(about_to_go: Iterable[Recipient]) -> None:
        sent.started.extend(each.reader_id for each in about_to_go)

    try:
        sent.outcomes.extend(session.send(to, mail or mailing(), note))
    except SendError as error:
        sent.trouble = error
    finally:
        session.close()
    return sent


@contextmanager
def server(extensions: tuple[str, ...], faults: Faults | None = None, **more: Any) -> Iterator[Loopback]:
    options = {"extensions": extensions, **({"faults": faults} if faults else {}), **more}
    with Loopback(**options) as running:
        yield running


def test_every_reader_gets_a_message_of_their_own(extensions: tuple[str, ...]) -> None:
    with server(extensions, keeps=True) as relay:
        sent = send(relay, recipients(5))
    assert sent.events == dict.fromkeys(range(1, 6), Event.ACCEPT)
    assert sent.started == [1, 2, 3, 4, 5]
    assert relay.connections == 1
    for number, taken in enumerate(relay.taken, 1):
        message = message_from_bytes(taken.content, policy=policy.default)
        assert (taken.sender, taken.recipient) == ("weekly@news.example.org", f"reader{number}@example.org")
        assert message["To"] == f"reader{number}@example.org"
        assert f"For reader{number}@example.org" in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_the_providers_id_is_kept(extensions: tuple[str, ...]) -> None:
    with server(extensions) as relay:
        (outcome,) = send(relay, recipients(1)).outcomes
    assert outcome.code == "2.0.0"
    assert outcome.provider_id.startswith("1A")


def test_what_arrives_is_byte_for_byte_what_was_composed(extensions: tuple[str, ...]) -> None:
    (alice,) = recipients(1)
    with server(extensions, keeps=True) as relay:
        send(relay, [alice])
    composed = mailing().compose(alice).split(b"\r\n")
    arrived = relay.taken[0].content.split(b"\r\n")
    # Only the time may have moved on by a second.
    assert [line for line in composed if not line.startswith(b"Date:")] == [
        line for line in arrived if not line.startswith(b"Date:")
    ]


def test_no_line_of_a_message_begins_with_a_dot(extensions: tuple[str, ...]) -> None:
    dots = (".\n", "..\n.", PlanSlot(SlotName.ADDRESS), "\n.", PlanSlot(SlotName.ADDRESS), ".\n" * 100)
    plan = Plan(headers=PLAN.headers, text=(Block("", dots),), html=(Block("", dots),))
    with server(extensions, keeps=True) as relay:
        sent = send(
            relay, [Recipient(reader_id=1, address=".dots.@example.org", attempts=0)], mail=mailing(plan=plan)
        )
    assert sent.events == {1: Event.ACCEPT}
    assert b"\n." not in relay.taken[0].content
    text = message_from_bytes(relay.taken[0].content, policy=policy.default).get_body(("plain",))
    assert text is not None
    assert text.get_content().splitlines()[:3] == [".", "..", "..dots.@example.org"]


@pytest.mark.parametrize(
    ("phase", "reply", "event", "code"),
    [
        (Phase.RCPT, "550 5.1.1 No such user", Event.REJECT, "5.1.1"),
        (Phase.RCPT, "450 4.2.1 Try later", Event.DEFER, "4.2.1"),
        (Phase.RCPT, "550 No such user", Event.REJECT, "5.1.1"),
        (Phase.RCPT, "550 Not here", Event.REJECT, "550"),
        (Phase.DATA, "554 5.7.1 Not from you", Event.REJECT, "5.7.1"),
        (Phase.DATA, "451 4.3.0 Later", Event.DEFER, "4.3.0"),
        (Phase.DOT, "554 5.6.0 Content refused", Event.REJECT, "5.6.0"),
        (Phase.DOT, "452 4.3.1 Disk full", Event.DEFER, "4.3.1"),
    ],
)
def test_a_refusal_is_its_own_readers_only(
    extensions: tuple[str, ...], phase: Phase, reply: str, event: Event, code: str
) -> None:
    faults = only(phase, Misbehavior(reply=reply), recipient="reader2@example.org")
    with server(extensions, faults) as relay:
        sent = send(relay, recipients(4))
    assert sent.events == {1: Event.ACCEPT, 2: event, 3: Event.ACCEPT, 4: Event.ACCEPT}
    assert sent.code(2) == code
    assert sent.trouble is None
    assert set(relay.counts) == {f"reader{number}@example.org" for number in (1, 3, 4)}


def test_a_refused_recipient_whose_body_is_asked_for_gets_nothing() -> None:
    def faults(phase: Phase, recipient: str, connection: int) -> Misbehavior | None:
        if phase is Phase.RCPT and recipient == "reader2@example.org":
            return Misbehavior(reply="550 5.1.1 No such user")
        return Misbehavior(reply="354 Go on all the same") if phase is Phase.DATA and not recipient else None

    with server(PIPELINING, faults) as relay:
        sent = send(relay, recipients(3))
    assert sent.events == {1: Event.ACCEPT, 2: Event.REJECT, 3: Event.ACCEPT}
    assert sent.started == [1, 3]
    assert set(relay.counts) == {"reader1@example.org", "reader3@example.org"}


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA])
def test_a_connection_that_ends_before_the_body_costs_nobody_anything(
    extensions: tuple[str, ...], phase: Phase
) -> None:
    with server(extensions, EndsFirstConnection(phase, after=2)) as relay:
        sent = send(relay, recipients(4))
    assert sent.events == dict.fromkeys(range(1, 5), Event.ACCEPT)
    assert (relay.connections, max(relay.counts.values())) == (2, 1)


class EndsFirstConnection:
    """A server that has enough of its first connection when the phase has come `after` times and comes again."""

    def __init__(self, phase: Phase, after: int) -> None:
        self._phase, self._left = phase, after

    def __call__(self, phase: Phase, recipient: str, connection: int) -> Misbehavior | None:
        if phase is not self._phase or connection != 1:
            return None
        self._left -= 1
        return Misbehavior(drop=True) if self._left < 0 else None


def test_a_server_that_has_had_enough_gets_a_new_connection(extensions: tuple[str, ...]) -> None:
    enough = Misbehavior(reply="421 4.7.0 Too many messages", drop=True)
    faults = only(Phase.RCPT, enough, recipient="reader3@example.org", connection=1)
    with server(extensions, faults) as relay:
        sent = send(relay, recipients(4))
    assert sent.events == dict.fromkeys(range(1, 5), Event.ACCEPT)
    assert relay.connections == 2


def test_a_message_that_ends_every_connection_costs_itself_an_attempt(extensions: tuple[str, ...]) -> None:
    faults = only(Phase.RCPT, Misbehavior(drop=True), recipient="reader2@example.org")
    with server(extensions, faults) as relay:
        sent = send(relay, recipients(3))
    assert sent.events == {1: Event.ACCEPT, 2: Event.DEFER}
    assert sent.trouble is not None
    assert not sent.trouble.permanent
    assert sent.started == [1]


def test_a_connection_that_ends_inside_a_body_proves_that_nothing_arrived(
    extensions: tuple[str, ...],
) -> None:
    large = Plan(headers=PLAN.headers, text=PLAN.text, html=(Block("", ("<p>" + "word " * 2_000_000,)),))
    faults = only(Phase.BODY, Misbehavior(drop=True), recipient="reader2@example.org")
    with server(extensions, faults) as relay:
        sent = send(relay, recipients(3), mail=mailing(plan=large))
    assert sent.events == {1: Event.ACCEPT, 2: Event.DEFER}
    assert sent.trouble is not None
    assert set(relay.counts) == {"reader1@example.org"}


@pytest.mark.parametrize("phase", [Phase.DOT, Phase.TAKEN])
def test_a_connection_that_ends_after_the_final_dot_leaves_it_unsure(
    extensions: tuple[str, ...], phase: Phase
) -> None:
    faults = only(phase, Misbehavior(drop=True), recipient="reader2@example.org")
    with server(extensions, faults) as relay:
        sent = send(relay, recipients(3))
    assert sent.events == {1: Event.ACCEPT, 2: Event.LOSE_SIGHT}
    assert sent.trouble is not None
    assert not sent.trouble.permanent
    assert 3 not in sent.started


def test_a_server_that_is_silent_after_the_final_dot_leaves_it_unsure(extensions: tuple[str, ...]) -> None:
    faults = only(Phase.TAKEN, Misbehavior(wait=2), recipient="reader1@example.org")
    with server(extensions, faults) as relay:
        sent = send(relay, recipients(2), waits=Waits(connect=5, command=5, body=5, final=0.5))
    assert sent.events == {1: Event.LOSE_SIGHT}


def test_a_server_may_take_its_time_for_the_final_reply(extensions: tuple[str, ...]) -> None:
    faults = only(Phase.TAKEN, Misbehavior(wait=1), recipient="reader1@example.org")
    with server(extensions, faults) as relay:
        sent = send(relay, recipients(1), waits=Waits(connect=5, command=0.5, body=0.5, final=5))
    assert sent.events == {1: Event.ACCEPT}
    assert Waits().final == 600


def test_a_421_after_the_final_dot_is_a_refusal_for_now(extensions: tuple[str, ...]) -> None:
    closing = Misbehavior(reply="421 4.3.2 Shutting down", drop=True)
    faults = only(Phase.DOT, closing, recipient="reader2@example.org", connection=1)
    with server(extensions, faults) as relay:
        sent = send(relay, recipients(3))
    assert sent.events == {1: Event.ACCEPT, 2: Event.DEFER, 3: Event.ACCEPT}
    assert sent.code(2) == "4.3.2"
    assert relay.connections == 2


@pytest.mark.parametrize(
    ("phase", "fault", "permanent"),
    [
        (Phase.GREETING, Misbehavior(reply="554 5.7.1 Not you", drop=True), True),
        (Phase.GREETING, Misbehavior(reply="421 4.3.2 Busy", drop=True), False),
        (Phase.GREETING, Misbehavior(drop=True), False),
        (Phase.EHLO, Misbehavior(drop=True), False),
        (Phase.AUTH, Misbehavior(reply="535 5.7.8 Wrong password"), True),
        (Phase.AUTH, Misbehavior(reply="454 4.7.0 Later"), False),
        (Phase.MAIL, Misbehavior(reply="550 5.7.1 Not from this sender"), True),
        (Phase.MAIL, Misbehavior(reply="451 4.3.0 Later"), False),
    ],
)
def test_trouble_that_is_nobodys_in_particular_is_raised(
    extensions: tuple[str, ...], phase: Phase, fault: Misbehavior, permanent: bool
) -> None:
    with server(extensions, only(phase, fault)) as relay:
        sent = send(relay, recipients(2), user="us", password="secret")
    assert sent.trouble is not None
    assert sent.trouble.permanent is permanent
    assert "secret" not in str(sent.trouble)
    assert (sent.outcomes, sent.started) == ([], [])


@pytest.mark.parametrize(
    ("phase", "reply"),
    [
        (Phase.GREETING, "554 5.7.1 Your network is not served here"),
        (Phase.EHLO, "421 4.7.0 Try again later, closing connection. (EHLO)"),
        (Phase.EHLO, "550 5.5.0 A name that means something, please"),
        (Phase.AUTH, "535 5.7.8 Wrong password"),
    ],
)
def test_what_a_server_says_before_it_lets_us_in_is_kept(phase: Phase, reply: str) -> None:
    with server(PLAIN, only(phase, Misbehavior(reply=reply, drop=True))) as relay:
        habits = Habits()
        sent = send(relay, recipients(1), user="us", password="secret", habits=habits)
        assert reply in str(sent.trouble)
        assert habits.trouble == str(sent.trouble)
        relay.faults = lambda phase, recipient, connection: None
        assert send(relay, recipients(1), habits=habits).trouble is None
    assert habits.trouble == ""


@pytest.mark.parametrize("way", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_name_and_password_may_have_letters_beyond_ascii(way: str) -> None:
    user, password = "jörg", "grün€heim"
    with server(PLAIN, ways_in=("XOAUTH2", way)) as relay:
        sent = send(relay, recipients(1), user=user, password=password)
    digest = hmac.digest(password.encode(), b"<1@loopback>", "md5").hex()
    assert relay.logins == [(user, digest if way == "CRAM-MD5" else password)]
    assert sent.events == {1: Event.ACCEPT}


def test_a_server_with_no_way_in_that_we_know_is_named_as_such() -> None:
    with server(PLAIN, ways_in=("XOAUTH2", "NTLM")) as relay:
        sent = send(relay, recipients(1), user="us", password="secret")
    assert sent.trouble is not None
    assert sent.trouble.permanent
    assert "does not offer what the settings ask for: AUTH by" in str(sent.trouble)


def test_the_server_is_greeted_with_a_name_that_means_something() -> None:
    with server(PLAIN) as relay:
        send(relay, recipients(1), greet_as="mail.example.org", domain="news.example.org")
        send(relay, recipients(1), domain="news.example.org")
    named, usual = relay.greetings
    assert named == "mail.example.org"
    # This machine's own name, if it has one that others know; never an address in brackets.
    assert usual == "news.example.org" or usual.count(".") >= 1
    assert not usual.startswith("[")


def test_nobody_listening_is_trouble_for_now() -> None:
    with server(PLAIN) as relay:
        pass
    sent = send(relay, recipients(1))
    assert sent.trouble is not None
    assert "cannot be reached" in str(sent.trouble)
    assert not sent.trouble.permanent


def test_an_issue_larger_than_the_server_takes_is_everybodys_trouble(extensions: tuple[str, ...]) -> None:
    small = tuple("SIZE 1000" if each.startswith("SIZE") else each for each in extensions)
    with server(small) as relay:
        sent = send(relay, recipients(2))
    assert sent.trouble is not None
    assert sent.trouble.permanent
    assert "takes at most 1000 bytes" in str(sent.trouble)
    assert sent.outcomes == []


@pytest.mark.parametrize("size", ["0", "", "many", "-1", "9" * 500])
def test_a_server_that_does_not_say_its_size_in_figures_takes_any(size: str) -> None:
    with server((f"SIZE {size}",)) as relay:
        assert send(relay, recipients(1)).events == {1: Event.ACCEPT}


def test_a_message_too_large_does_not_take_the_one_before_with_it(extensions: tuple[str, ...]) -> None:
    mail, (first, _) = mailing(), recipients(2)
    long = Recipient(reader_id=2, address=f"{'long' * 15}@example.org", attempts=0)
    limit = f"SIZE {len(mail.compose(first))}"
    with server(tuple(limit if each.startswith("SIZE") else each for each in extensions)) as relay:
        sent = send(relay, [first, long], mail=mail)
    assert sent.events == {1: Event.ACCEPT}
    assert sent.trouble is not None
    assert sent.trouble.code == "5.3.4"
    assert relay.total == 1


def test_a_connection_is_ended_after_its_share(extensions: tuple[str, ...]) -> None:
    with server(extensions) as relay:
        sent = send(relay, recipients(7), messages_per_connection=3)
    assert sent.events == dict.fromkeys(range(1, 8), Event.ACCEPT)
    assert (relay.connections, max(relay.counts.values())) == (3, 1)


def test_an_address_with_letters_beyond_ascii_needs_a_server_for_them(extensions: tuple[str, ...]) -> None:
    jose = Recipient(reader_id=1, address="josé@example.org", attempts=0)
    with server(extensions) as relay:
        refused = send(relay, [jose, *recipients(3)[1:]])
    with server((*extensions, "SMTPUTF8")) as relay:
        taken = send(relay, [jose])
    assert refused.events == {1: Event.REJECT, 2: Event.ACCEPT, 3: Event.ACCEPT}
    assert refused.code(1) == "5.6.7"
    assert taken.events == {1: Event.ACCEPT}
    assert relay.counts == {"josé@example.org": 1}


@pytest.mark.parametrize(
    "address", ["a@b\r\nRCPT TO:<evil@example.org>", "a b@example.org", "<a>@example.org", "nobody"]
)
def test_an_address_that_could_steer_the_server_never_reaches_it(
    extensions: tuple[str, ...], address: str
) -> None:
    hostile = Recipient(reader_id=1, address=address, attempts=0)
    with server(extensions) as relay:
        sent = send(relay, [hostile, *recipients(2)[1:]])
    assert sent.events == {1: Event.REJECT, 2: Event.ACCEPT}
    assert relay.counts == {"reader2@example.org": 1}


def test_bounces_come_back_with_the_message_in_their_address(extensions: tuple[str, ...]) -> None:
    message_ids = MessageIds(key=b"k" * 32, domain="news.example.org", bounce_address="bounces@example.org")
    usual = mailing(12)
    mail = Mailing(
        issue_id=12, plan=PLAN, frame=FRAME, signer=usual.signer, message_ids=message_ids, clock=usual.clock
    )
    with server(extensions, keeps=True) as relay:
        send(relay, recipients(2), mail=mail)
    first, second = (taken.sender for taken in relay.taken)
    assert first.startswith("bounces+12.1.")
    assert first.endswith("@example.org")
    assert second.startswith("bounces+12.2.")
    assert first == message_ids.return_path(12, 1)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, signed by itself."""
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.TLS])
def test_connections_can_be_secured(extensions: tuple[str, ...], tls: Tls, certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    trust = ssl.create_default_context(cafile=str(certificate))
    with server(extensions, tls=context, tls_at_once=tls is Tls.TLS) as relay:
        sent = send(relay, recipients(20), tls=tls, trust=trust)
    assert sent.events == dict.fromkeys(range(1, 21), Event.ACCEPT)


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.TLS])
def test_a_server_that_cannot_prove_who_it_is_gets_nothing(tls: Tls, certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with server(PIPELINING, tls=context, tls_at_once=tls is Tls.TLS) as relay:
        sent = send(relay, recipients(1), tls=tls)
    assert sent.trouble is not None
    assert sent.trouble.permanent
    assert "cannot prove who it is" in str(sent.trouble)


def test_a_server_without_the_tls_we_ask_for_gets_nothing() -> None:
    with server(PIPELINING) as relay:
        sent = send(relay, recipients(1), tls=Tls.STARTTLS)
    assert sent.trouble is not None
    assert sent.trouble.permanent
    assert sent.started == []

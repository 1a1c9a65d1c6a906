"""A whole sender against providers in trouble: how many readers one failure costs, when it stops, and who is told."""

from collections import Counter
from pathlib import Path
from threading import Lock

import pytest
from sqlalchemy import select

from newsletter.clock import SystemClock
from newsletter.db.engine import Database
from newsletter.db.schema import issues
from newsletter.db.statuses import DeliveryStatus
from newsletter.delivery.ledger import FaultPoint
from newsletter.delivery.loopback import Loopback, Misbehavior, Phase
from newsletter.delivery.sender import Ending
from newsletter.delivery.store import resume_issue, start_issue
from newsletter.delivery.throttle import PauseRules
from newsletter.delivery.transports import Transport
from newsletter.delivery.transports.sendgrid.sending import SendGrid as SendGridTransport
from newsletter.delivery.transports.smtp.sending import Smtp
from newsletter.delivery.transports.smtp.wire import Relay, Waits
from tests.conftest import THURSDAY
from tests.delivery.house import add_issue, add_readers, sender, statuses
from tests.standins.sendgrid import API_KEY, Fault, SendGrid, broken, dropped, too_many

S = DeliveryStatus

RULES = PauseRules(unsure=0.05)


class Told(list[tuple[str, str, str]]):
    """The alerts that were raised."""

    def take(self, key: str, subject: str, body: str) -> None:
        self.append((key, subject, body))


def start(database: Database, readers: int) -> None:
    add_readers(database, readers)
    add_issue(database)
    start_issue(database, 1, THURSDAY)


def account(server: SendGrid) -> SendGridTransport:
    return SendGridTransport(api_key=API_KEY, url=server.url, timeout=5, now=SystemClock().now)


def run(database: Database, transport: Transport, folder: Path, told: Told) -> Ending:
    return sender(database, transport, folder, pause_rules=RULES, raise_alert=told.take).send()


def nobody_twice(server: SendGrid) -> bool:
    return set(Counter(each.address for each in server.mails).values()) <= {1}


def reason(database: Database) -> str:
    with database.read() as connection:
        return str(connection.execute(select(issues.c.reason)).scalar_one())


def test_a_provider_that_closes_a_third_of_the_connections_pauses_the_issue(
    sqlite_database: Database, tmp_path: Path
) -> None:
    start(sqlite_database, 1_500)
    told = Told()
    with SendGrid() as server:
        server.misbehave(*[dropped(accepts=True), dropped(accepts=False), *[Fault()] * 4] * 200)
        assert run(sqlite_database, account(server), tmp_path, told) is Ending.PAUSED
        assert nobody_twice(server)
    unsure = statuses(sqlite_database)[S.UNSURE]
    # Where the rule stops it, and what two connections had under way then.
    assert 20 <= unsure <= 20 + 2 * 1_500 // 50
    assert "messages left and nobody said whether they were taken" in reason(sqlite_database)
    assert [subject for _, subject, _ in told] == ["Issue #1 is paused"]


def test_a_server_that_drops_two_in_five_after_the_dot_pauses_the_issue(
    sqlite_database: Database, tmp_path: Path
) -> None:
    start(sqlite_database, 400)
    dots, lock, told = Counter[Phase](), Lock(), Told()

    def drops(phase: Phase, recipient: str, connection: int) -> Misbehavior | None:
        with lock:
            dots[phase] += 1
            return Misbehavior(drop=True) if phase is Phase.TAKEN and dots[phase] % 5 < 2 else None

    with Loopback(faults=drops) as server:
        waits = Waits(connect=5, command=5, body=5, final=5)
        transport = Smtp(relay=Relay(host="127.0.0.1", port=server.port, waits=waits), connections=2)
        assert run(sqlite_database, transport, tmp_path, told) is Ending.PAUSED
        assert set(server.counts.values()) == {1}
    assert 20 <= statuses(sqlite_database)[S.UNSURE] < 60
    assert [subject for _, subject, _ in told] == ["Issue #1 is paused"]


@pytest.mark.parametrize("fault", [broken(503), too_many(retry_after=0), Fault(status=408)])
def test_who_was_refused_for_now_gets_it_all_the_same(
    fault: Fault, sqlite_database: Database, tmp_path: Path
) -> None:
    start(sqlite_database, 120)
    told = Told()
    with SendGrid() as server:
        server.misbehave(Fault(), fault)
        assert run(sqlite_database, account(server), tmp_path, told) is Ending.SENT
        assert nobody_twice(server)
    assert statuses(sqlite_database) == {S.ACCEPTED: 120}
    assert told == []


def test_a_provider_that_wants_rests_is_not_asked_for_each_reader(
    sqlite_database: Database, tmp_path: Path
) -> None:
    start(sqlite_database, 1_000)
    with SendGrid() as server:
        server.misbehave(*[Fault(), too_many(retry_after=0)] * 20)
        assert run(sqlite_database, account(server), tmp_path, Told()) is Ending.SENT
        sizes = [len(each["personalizations"]) for each in server.requests]
    assert statuses(sqlite_database) == {S.ACCEPTED: 1_000}
    assert min(sizes) >= 5
    assert max(sizes) <= 1_000 // 50


@pytest.mark.parametrize(
    ("fault", "words"), [(dropped(accepts=True), "timeout"), (broken(500, accepts=True), "500")]
)
def test_one_failure_is_ten_readers_at_most_and_the_operator_is_told(
    fault: Fault, words: str, sqlite_database: Database, tmp_path: Path
) -> None:
    start(sqlite_database, 150)
    told = Told()
    with SendGrid() as server:
        server.misbehave(fault)
        assert run(sqlite_database, account(server), tmp_path, told) is Ending.SENT
    assert statuses(sqlite_database) == {S.ACCEPTED: 140, S.UNSURE: 10}
    ((key, subject, body),) = told
    assert key.startswith("unsure:1:")
    assert subject == "Issue #1 is sent; whether 10 readers have it is not known"
    assert "newsletter unsure 1" in body


def test_a_paused_issue_goes_on_when_a_person_says_so(sqlite_database: Database, tmp_path: Path) -> None:
    start(sqlite_database, 300)
    told = Told()
    with SendGrid() as server:
        server.misbehave(*[dropped(accepts=True)] * 60)
        assert run(sqlite_database, account(server), tmp_path, told) is Ending.PAUSED
        server.mend()
        with sqlite_database.write() as connection:
            resume_issue(connection, 1, THURSDAY)
        assert run(sqlite_database, account(server), tmp_path, told) is Ending.SENT
        assert nobody_twice(server)
    counts = statuses(sqlite_database)
    assert counts[S.ACCEPTED] + counts[S.UNSURE] == 300
    assert [key.partition(":")[0] for key, *_ in told] == ["paused", "unsure"]


ALL_REFUSED = PauseRules(rejected=0.2)


@pytest.mark.parametrize("phase", [Phase.RCPT, Phase.DOT])
@pytest.mark.parametrize(
    ("readers", "reply", "ending", "lost", "words"),
    [
        (1, "550 5.7.1 blocked by policy", Ending.PAUSED, 0, "the first message was refused for good (5.7.1)"),
        (3, "550 5.7.1 blocked by policy", Ending.PAUSED, 0, "all of the first 3 messages were refused for good (5.7.1)"),
        (12, "550 5.7.1 blocked by policy", Ending.PAUSED, 0, "which is about what is sent or who sends it"),
        (600, "550 5.7.26 not authenticated", Ending.PAUSED, 0, "(5.7.26), which is about"),
        (12, "550 5.1.8 who are you", Ending.PAUSED, 0, "(5.1.8), which is about"),
        (12, "554 no", Ending.PAUSED, 0, "(554), which is about"),
        (12, "550 5.1.1 nobody of that name", Ending.PAUSED, 5, "messages were refused for good (5.1.1), which is too many"),
        (12, "550 no", Ending.PAUSED, 5, "messages were refused for good (550), which is too many"),
        (2, "550 5.1.1 nobody of that name", Ending.SENT, 2, ""),
    ],
)  # fmt: skip
def test_a_server_that_refuses_everybody_loses_no_issue(
    sqlite_database: Database,
    tmp_path: Path,
    phase: Phase,
    readers: int,
    reply: str,
    ending: Ending,
    lost: int,
    words: str,
) -> None:
    start(sqlite_database, readers)
    told = Told()
    refusal = Misbehavior(reply=reply)
    with Loopback(faults=lambda at, *_: refusal if at is phase else None) as server:
        sent = sender(
            sqlite_database, Smtp(relay=Relay(host="127.0.0.1", port=server.port), connections=1), tmp_path,
            pause_rules=ALL_REFUSED, raise_alert=told.take,
        )  # fmt: skip
        assert sent.send() is ending
    assert statuses(sqlite_database)[S.REJECTED] == lost
    if ending is Ending.SENT:
        ((_, subject, body),) = told
        assert subject == "Issue #1 is sent, but 2 of 2 readers were refused it"
        assert "5.1.1 (2)" in body
        return
    assert words in reason(sqlite_database)
    assert [subject for _, subject, _ in told] == ["Issue #1 is paused"]
    with sqlite_database.write() as connection:
        resume_issue(connection, 1, THURSDAY)
    with Loopback() as server:
        again = sender(
            sqlite_database, Smtp(relay=Relay(host="127.0.0.1", port=server.port)), tmp_path,
            pause_rules=ALL_REFUSED,
        )  # fmt: skip
        assert again.send() is Ending.SENT
        assert server.total == readers - lost
    assert statuses(sqlite_database)[S.ACCEPTED] == readers - lost


def test_nobody_is_lost_who_was_refused_on_trial_by_a_sender_that_died_before_its_pause(
    sqlite_database: Database, tmp_path: Path
) -> None:
    start(sqlite_database, 12)

    def die(point: FaultPoint) -> None:
        if point is FaultPoint.WINDOW_OVER:
            raise RuntimeError("killed")

    refusal = Misbehavior(reply="550 5.7.1 blocked by policy")
    with Loopback(faults=lambda at, *_: refusal if at is Phase.RCPT else None) as server:
        relay = Relay(host="127.0.0.1", port=server.port)
        dying = sender(
            sqlite_database,
            Smtp(relay=relay, connections=1),
            tmp_path,
            pause_rules=ALL_REFUSED,
            fault_hook=die,
        )
        with pytest.raises(RuntimeError, match="killed"):
            dying.send()
    with Loopback() as server:
        relay = Relay(host="127.0.0.1", port=server.port)
        assert (
            sender(sqlite_database, Smtp(relay=relay), tmp_path, pause_rules=ALL_REFUSED).send()
            is Ending.SENT
        )
        assert server.total == 12
    assert statuses(sqlite_database) == {S.ACCEPTED: 12}

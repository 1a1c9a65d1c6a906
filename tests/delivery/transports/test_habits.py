"""What a relay was seen to do: how far one may look ahead of its answers, and how many messages a connection may carry."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from newsletter.clock import MovedClock
from newsletter.db.engine import Database
from newsletter.db.schema import relays
from newsletter.delivery.loopback import BehindDot, Faults, Loopback, Misbehavior, Phase
from newsletter.delivery.sender import Ending
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.store import start_issue
from newsletter.delivery.transports.smtp.habits import HOLDS, Habits, describe_habits, find_habits
from newsletter.delivery.transports.smtp.sending import Smtp
from newsletter.delivery.transports.smtp.settings import Pipelining
from newsletter.delivery.transports.smtp.wire import Relay, Waits
from tests.conftest import THURSDAY
from tests.delivery.house import add_issue, add_readers, mailing, sender
from tests.delivery.transports.contract import recipients

#: A server that loses what stands behind the dot is known by its silence.
WAITS = Waits(connect=5, command=5, body=5, final=5, trial=0.3, ahead=0.3)


def smtp(server: Loopback, **changes: Any) -> Smtp:
    return Smtp(relay=Relay(host="127.0.0.1", port=server.port, waits=WAITS), **changes)


def send(transport: Smtp, readers: int) -> dict[int, Event]:
    session, outcomes = transport.open(), list[Outcome]()
    outcomes.extend(session.send(recipients(readers), mailing(), lambda who: None))
    session.close()
    return {each.reader_id: each.event for each in outcomes}


ALL_SIX = dict.fromkeys(range(1, 7), Event.ACCEPT)


@pytest.mark.parametrize(
    ("behind_dot", "pipelining", "seen", "connections"),
    [
        (BehindDot.TAKES, Pipelining.AUTO, True, 1),
        (BehindDot.REFUSES, Pipelining.AUTO, False, 1),
        # After the silence nobody knows which answer is whose.
        (BehindDot.LOSES, Pipelining.AUTO, False, 2),
        (BehindDot.TAKES, Pipelining.FULL, None, 1),
        (BehindDot.REFUSES, Pipelining.FULL, False, 1),
        (BehindDot.TAKES, Pipelining.MESSAGE, None, 1),
        (BehindDot.LOSES, Pipelining.MESSAGE, None, 1),
        (BehindDot.ENDS, Pipelining.MESSAGE, None, 1),
        (BehindDot.LOSES, Pipelining.NONE, None, 1),
    ],
)
def test_everybody_is_mailed_once_whatever_the_server_does_behind_the_end_of_a_message(
    behind_dot: BehindDot, pipelining: Pipelining, seen: bool | None, connections: int
) -> None:
    with Loopback(behind_dot=behind_dot) as server:
        transport = smtp(server, pipelining=pipelining)
        assert send(transport, 6) == ALL_SIX
    assert server.counts == Counter(each.address for each in recipients(6))
    assert (transport.habits.looks_ahead, server.connections) == (seen, connections)


@pytest.mark.parametrize("behind_dot", [BehindDot.REFUSES, BehindDot.LOSES])
def test_whoever_looks_ahead_in_vain_asks_again_without(behind_dot: BehindDot) -> None:
    with Loopback() as server:
        transport = smtp(server)
        session = transport.open()

        def changing() -> Iterable[Any]:
            yield from recipients(6)[:3]
            # It was seen to take it, and is another server now, behind the same connection.
            server.behind_dot = behind_dot
            yield from recipients(6)[3:]

        outcomes = list(session.send(changing(), mailing(), lambda who: None))
        session.close()
    assert {each.reader_id: each.event for each in outcomes} == ALL_SIX
    assert set(server.counts.values()) == {1}
    assert transport.habits.looks_ahead is False


def test_a_server_that_ends_the_connection_over_it_costs_one_message_of_one_connection(
    sqlite_database: Database, tmp_path: Path
) -> None:
    add_readers(sqlite_database, 30)
    add_issue(sqlite_database)
    start_issue(sqlite_database, 1, THURSDAY)
    with Loopback(behind_dot=BehindDot.ENDS) as server:
        assert sender(sqlite_database, smtp(server), tmp_path).send() is Ending.SENT
    assert (server.total, max(server.counts.values())) == (29, 1)


@pytest.mark.parametrize("behind_dot", [BehindDot.TAKES, BehindDot.REFUSES, BehindDot.LOSES])
def test_an_issue_goes_out_over_several_connections_and_what_was_seen_is_kept(
    database: Database, tmp_path: Path, behind_dot: BehindDot
) -> None:
    add_readers(database, 120)
    add_issue(database)
    start_issue(database, 1, THURSDAY)
    with Loopback(behind_dot=behind_dot) as server:
        host = f"127.0.0.1:{server.port}"
        ending = sender(database, smtp(server, habits=Habits(host=host, database=database)), tmp_path).send()
    assert ending is Ending.SENT
    assert (server.total, set(server.counts.values())) == (120, {1})
    with database.read() as connection:
        (row,) = connection.execute(select(relays.c.host, relays.c.looks_ahead)).all()
    assert row == (host, behind_dot is BehindDot.TAKES)


def test_what_was_seen_holds_for_a_month_and_is_told(database: Database, clock: MovedClock) -> None:
    def habits() -> Habits:
        return Habits(host="mx.example.org:25", database=database, clock=clock)

    first = habits()
    assert first.begin_trial()
    # While one connection finds out, the others go without.
    assert not first.begin_trial()
    first.end_trial(False)
    first.note_messages(100)
    first.note_trouble("mx.example.org:25 does not let us in: 421 4.7.0 Try again later")
    later = habits()
    assert (later.looks_ahead, later.messages, later.begin_trial()) == (False, 100, False)
    with database.read() as connection:
        seen = find_habits(connection, "mx.example.org:25")
        assert find_habits(connection, "mx.example.org:587") is None
    assert seen is not None
    assert dict(describe_habits(seen)) == {
        "pipelining": "within a message only, as seen on 2026-11-26",
        "messages": "at most 100 a connection, as seen on 2026-11-26",
        "trouble": "mx.example.org:25 does not let us in: 421 4.7.0 Try again later (2026-11-26 09:00:00 UTC)",
    }
    clock.move(HOLDS + timedelta(seconds=1))
    assert (habits().looks_ahead, habits().messages, habits().begin_trial()) == (None, None, True)


def most_per_connection(most: int, reply: str) -> Faults:
    """A server that takes so many messages over each connection, and then says this to MAIL."""
    asked = Counter[int]()

    def faults(phase: Phase, recipient: str, connection: int) -> Misbehavior | None:
        if phase is not Phase.MAIL:
            return None
        asked[connection] += 1
        return Misbehavior(reply=reply) if asked[connection] > most else None

    return faults


@pytest.mark.parametrize("extensions", [("PIPELINING",), ()], ids=["pipelining", "plain"])
@pytest.mark.parametrize(
    "reply", ["452 4.5.3 Too many recipients: Too many messages sent", "452 Too many messages"]
)
def test_a_connection_that_has_carried_its_share_is_followed_by_another(
    extensions: tuple[str, ...], reply: str
) -> None:
    with Loopback(faults=most_per_connection(2, reply), extensions=extensions) as server:
        transport = smtp(server)
        assert send(transport, 6) == ALL_SIX
        assert (server.connections, transport.habits.messages) == (3, 2)
        # Next time nobody has to be told.
        assert send(transport, 4) == dict.fromkeys(range(1, 5), Event.ACCEPT)
    assert server.connections == 5


def test_a_share_that_is_said_beforehand_is_kept_to() -> None:
    with Loopback(extensions=("PIPELINING", "LIMITS MAILMAX=2 RCPTMAX=5")) as server:
        transport = smtp(server)
        assert send(transport, 6) == ALL_SIX
    assert (server.connections, transport.habits.messages) == (3, None)


def test_refused_recipients_cost_a_second_error_once() -> None:
    errors = Counter[Phase]()

    def faults(phase: Phase, recipient: str, connection: int) -> Misbehavior | None:
        if phase is Phase.RCPT and recipient != "reader10@example.org":
            errors[phase] += 1
            return Misbehavior(reply="550 5.1.1 No such user")
        errors[phase] += phase is Phase.DATA and not recipient
        return None

    with Loopback(faults=faults) as server:
        events = send(smtp(server), 12)
    assert Counter(events.values()) == {Event.REJECT: 11, Event.ACCEPT: 1}
    assert (errors[Phase.RCPT], errors[Phase.DATA]) == (11, 1)

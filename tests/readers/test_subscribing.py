"""What readers do themselves, on both databases: asking, confirming, choosing, moving, leaving, being counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select, update

from newsletter.clock import MovedClock
from newsletter.db.engine import Database
from newsletter.db.schema import mails, sign_up_counts
from newsletter.db.statuses import (
    ConsentChannel,
    ConsentEvent,
    Edition,
    MailKind,
    MailStatus,
    ReaderStatus,
    SuppressionKind,
)
from newsletter.delivery.transactional import queue_mail
from newsletter.errors import BadInput, BadLink
from newsletter.readers import leaving
from newsletter.readers.addresses import parse_address
from newsletter.readers.consents import ConsentOrigin, list_consents
from newsletter.readers.exporting import mail_personal_link
from newsletter.readers.links import LinkSigner, Purpose
from newsletter.readers.preferences import (
    MOST_TOOLS,
    Preferences,
    follow,
    list_tools,
    put_preferences,
    unfollow,
)
from newsletter.readers.store import (
    Arrival,
    NewReader,
    Reader,
    add_readers,
    answer_mails,
    find_reader,
    foreseeing,
    get_reader,
)
from newsletter.readers.subscribing import (
    PER_MAILBOX,
    TRAP_TOLD_FOR,
    Following,
    SignUpLimits,
    Subscribing,
    TooMany,
    count_trap,
    count_trapped,
    follow_key,
    forget_sign_ups,
    is_listed,
    network_of,
)
from newsletter.readers.suppression import add_suppression, address_hash, find_suppression

KEY = b"k" * 32
NETWORK, ELSEWHERE = "192.0.2.0/24", "198.51.100.0/24"
FORM = ConsentOrigin(channel=ConsentChannel.FORM)
PAGE = ConsentOrigin(channel=ConsentChannel.PAGE, issue_id=1)


@dataclass
class Queue:
    """Queues mails as the delivery does, and remembers their values."""

    values: list[Mapping[str, object]] = field(default_factory=list)

    def __call__(
        self,
        connection: Connection,
        kind: MailKind,
        key: str,
        reader_id: int | None,
        values: Mapping[str, object],
        now: datetime,
    ) -> bool:
        self.values.append(values)
        return queue_mail(connection, kind, key, reader_id, values, now)


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def way_in(database: Database, queue: Queue) -> Subscribing:
    return Subscribing(
        database=database,
        signer=LinkSigner([KEY]),
        suppression_key=KEY,
        limits=SignUpLimits(key=KEY, per_network=3, per_domain=5),
        public_url="https://news.example.org",
        again_after=timedelta(hours=12),
        queue_mail=queue,
        welcome=lambda reader: {"reader": reader.reader_id},
    )


def find(database: Database, address: str) -> Reader:
    with database.read() as connection:
        found = find_reader(connection, parse_address(address))
    assert found is not None
    return found


def come_in(way_in: Subscribing, queue: Queue, address: str, now: datetime) -> int:
    way_in.subscribe(address, NETWORK, FORM, now)
    return way_in.confirm(token_in(queue), now).reader_id


def token_in(queue: Queue) -> str:
    return str(queue.values[-1]["confirm_url"]).rpartition("/")[2]


def test_asking_twice_writes_one_request_and_one_mail(
    database: Database, way_in: Subscribing, queue: Queue, clock: MovedClock
) -> None:
    way_in.subscribe("Alice@example.org", NETWORK, FORM, clock.now())
    way_in.subscribe("alice@EXAMPLE.org", NETWORK, FORM, clock.now())
    reader = find(database, "alice@example.org")
    assert (reader.status, reader.confirmed_at) == (ReaderStatus.UNCONFIRMED, None)
    with database.read() as connection:
        assert [each.event for each in list_consents(connection, reader.id)] == [ConsentEvent.REQUESTED]
        assert connection.execute(select(func.count()).select_from(mails)).scalar_one() == 1


def test_confirming_twice_is_confirming(
    database: Database, way_in: Subscribing, queue: Queue, clock: MovedClock
) -> None:
    way_in.subscribe("alice@example.org", NETWORK, FORM, clock.now())
    token = token_in(queue)
    first, second = way_in.confirm(token, clock.now()), way_in.confirm(token, clock.now())
    assert first == second
    assert find(database, "alice@example.org").status is ReaderStatus.ACTIVE
    assert queue.values[-1] == {"reader": first.reader_id}
    with database.read() as connection:
        ledger = list_consents(connection, first.reader_id)
    assert [(each.event, each.channel) for each in ledger] == [
        (ConsentEvent.REQUESTED, ConsentChannel.FORM),
        (ConsentEvent.CONFIRMED, ConsentChannel.FORM),
    ]


def test_a_network_and_a_domain_have_their_hour(
    database: Database, way_in: Subscribing, clock: MovedClock
) -> None:
    for number in range(3):
        way_in.subscribe(f"a{number}@example.org", NETWORK, FORM, clock.now())
    with pytest.raises(TooMany):
        way_in.subscribe("b@example.net", NETWORK, FORM, clock.now())
    for number in range(2):
        way_in.subscribe(f"c{number}@example.org", ELSEWHERE, FORM, clock.now())
    with pytest.raises(TooMany):
        way_in.subscribe("d@example.org", ELSEWHERE, FORM, clock.now())
    way_in.subscribe("e@example.net", ELSEWHERE, FORM, clock.now())
    clock.move(timedelta(hours=1))
    way_in.subscribe("b@example.net", NETWORK, FORM, clock.now())
    with database.write() as connection:
        forget_sign_ups(connection, clock.now() - timedelta(minutes=30))
        assert connection.execute(select(func.count()).select_from(sign_up_counts)).scalar_one() == 3


def test_preferences_come_back_as_they_were_put(
    database: Database, way_in: Subscribing, queue: Queue, clock: MovedClock
) -> None:
    reader_id = come_in(way_in, queue, "alice@example.org", clock.now())
    chosen = Preferences(
        topics=("Coding", "Vision"),
        tools=("kite",),
        monthly_tokens=10**15,
        team_size=7,
        edition=Edition.MONTHLY,
        paused_until=date(2027, 1, 15),
        time_zone="Europe/Berlin",
    )
    with database.write() as connection:
        assert put_preferences(connection, reader_id, chosen)
        assert get_reader(connection, reader_id).preferences == chosen
        follow(connection, reader_id, "falcon")
        follow(connection, reader_id, "falcon")
        unfollow(connection, reader_id, "kite")
        assert list_tools(connection, reader_id) == ("falcon",)


def test_following_ends_at_a_number(
    database: Database, way_in: Subscribing, queue: Queue, clock: MovedClock
) -> None:
    reader_id = come_in(way_in, queue, "alice@example.org", clock.now())
    with database.write() as connection:
        tools = tuple(f"tool-{number}" for number in range(MOST_TOOLS))
        put_preferences(connection, reader_id, Preferences(tools=tools))
        with pytest.raises(BadInput, match="the most there can be"):
            follow(connection, reader_id, "one-more")


def test_an_address_moves_with_everything_but_itself(
    database: Database, way_in: Subscribing, queue: Queue, clock: MovedClock
) -> None:
    reader_id = come_in(way_in, queue, "alice@example.org", clock.now())
    way_in.change_address(reader_id, "Alice.New@example.org", NETWORK, PAGE, clock.now())
    moved = way_in.confirm(token_in(queue), clock.now())
    assert (moved.reader_id, moved.moved) == (reader_id, True)
    assert find(database, "alice.new@example.org").id == reader_id
    with database.read() as connection:
        assert find_reader(connection, parse_address("alice@example.org")) is None


def test_whoever_waits_for_their_confirmation_and_is_imported_is_a_reader(
    database: Database, way_in: Subscribing, queue: Queue, clock: MovedClock
) -> None:
    way_in.subscribe("bob@example.org", NETWORK, PAGE, clock.now())
    mine = come_in(way_in, queue, "alice@example.org", clock.now())
    way_in.change_address(mine, "new@example.org", NETWORK, PAGE, clock.now())
    found = [
        NewReader(address=parse_address(each), origin=PAGE) for each in ("bob@example.org", "new@example.org")
    ]
    with database.read() as connection, foreseeing(connection, KEY) as foresee:
        foreseen = foresee(found)
    with database.write() as connection:
        how = {"event": ConsentEvent.IMPORTED, "suppression_key": KEY, "now": clock.now()}
        assert add_readers(connection, found, **how) == foreseen  # type: ignore[arg-type]
    # A new address that waits belongs to somebody who is a reader already.
    assert foreseen == [Arrival.ADDED, Arrival.KNOWN]
    bob = find(database, "bob@example.org")
    assert (bob.status, find(database, "new@example.org").status) == (
        ReaderStatus.ACTIVE,
        ReaderStatus.UNCONFIRMED,
    )
    with database.read() as connection:
        assert [each.event for each in list_consents(connection, bob.id)][-1] is ConsentEvent.IMPORTED


def test_an_address_that_was_changed_comes_back_by_its_owner_only(
    database: Database, way_in: Subscribing, queue: Queue, clock: MovedClock
) -> None:
    reader_id = come_in(way_in, queue, "alice@example.org", clock.now())
    way_in.change_address(reader_id, "new@example.org", NETWORK, PAGE, clock.now())
    way_in.confirm(token_in(queue), clock.now())
    again = NewReader(address=parse_address("alice@example.org"), origin=PAGE)
    with database.write() as connection:
        how = {"event": ConsentEvent.IMPORTED, "suppression_key": KEY, "now": clock.now()}
        assert add_readers(connection, [again], **how) == [Arrival.SUPPRESSED]  # type: ignore[arg-type]
    way_in.change_address(reader_id, "alice@example.org", NETWORK, PAGE, clock.now())
    assert way_in.confirm(token_in(queue), clock.now()).reader_id == reader_id
    assert find(database, "alice@example.org").status is ReaderStatus.ACTIVE


def test_a_move_ends_when_the_reader_leaves_before(
    database: Database, way_in: Subscribing, queue: Queue, clock: MovedClock
) -> None:
    reader_id = come_in(way_in, queue, "alice@example.org", clock.now())
    way_in.change_address(reader_id, "new@example.org", NETWORK, PAGE, clock.now())
    token = token_in(queue)
    with database.write() as connection:
        leaving.leave(connection, reader_id, PAGE, clock.now())
    # The new address asked for the newsletter by its own click, so it is a reader of its own.
    assert way_in.confirm(token, clock.now()).reader_id != reader_id
    assert find(database, "alice@example.org").status is ReaderStatus.LEFT


def test_leaving_and_undoing_write_the_ledger(
    database: Database, way_in: Subscribing, queue: Queue, clock: MovedClock
) -> None:
    reader_id = come_in(way_in, queue, "alice@example.org", clock.now())
    with database.write() as connection:
        assert leaving.leave(connection, reader_id, PAGE, clock.now())
        assert not leaving.leave(connection, reader_id, PAGE, clock.now())
        assert leaving.undo(connection, reader_id, KEY, clock.now())
        assert not leaving.undo(connection, reader_id, KEY, clock.now())
        events = [each.event for each in list_consents(connection, reader_id)]
    assert events[-2:] == [ConsentEvent.WITHDRAWN, ConsentEvent.RESTORED]


@pytest.mark.parametrize("kind", SuppressionKind)
def test_whoever_was_put_on_the_list_since_does_not_undo_their_leaving(
    database: Database, way_in: Subscribing, queue: Queue, clock: MovedClock, kind: SuppressionKind
) -> None:
    reader_id = come_in(way_in, queue, "alice@example.org", clock.now())
    with database.write() as connection:
        assert leaving.leave(connection, reader_id, PAGE, clock.now())
        hashed = address_hash(KEY, parse_address("alice@example.org"))
        add_suppression(connection, hashed, kind, reason="by letter", source="", now=clock.now())
        assert not leaving.undo(connection, reader_id, KEY, clock.now())


def test_a_request_must_be_open_to_be_confirmed(
    database: Database, way_in: Subscribing, queue: Queue, clock: MovedClock
) -> None:
    reader_id = come_in(way_in, queue, "alice@example.org", clock.now())
    with database.write() as connection:
        leaving.leave(connection, reader_id, PAGE, clock.now())
        salt = get_reader(connection, reader_id).salt
    with pytest.raises(BadLink):
        way_in.confirm(way_in.signer.dated_token(Purpose.CONFIRM, reader_id, clock.now(), salt), clock.now())


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("testclient", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_visitor_is_counted_by_network(host: str, network: str) -> None:
    assert network_of(host) == network


def test_a_domain_of_the_list_is_found_with_what_is_under_it() -> None:
    domains = frozenset({"thrown.example"})
    assert [
        is_listed(each, domains) for each in ("thrown.example", "a.b.thrown.example", "overthrown.example")
    ] == [
        True,
        True,
        False,
    ]


# What is limited, and when a limit begins anew.


def count_mails(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(mails)).scalar_one()


def test_whoever_left_and_signs_up_again_is_asked_again(
    database: Database, way_in: Subscribing, queue: Queue, clock: MovedClock
) -> None:
    reader_id = come_in(way_in, queue, "alice@example.org", clock.now())
    clock.move(timedelta(minutes=1))
    with database.write() as connection:
        leaving.leave(connection, reader_id, PAGE, clock.now())
    before = count_mails(database)
    way_in.subscribe("alice@example.org", NETWORK, FORM, clock.now())
    way_in.subscribe("alice@example.org", NETWORK, FORM, clock.now())
    assert count_mails(database) == before + 1
    assert way_in.confirm(token_in(queue), clock.now()).reader_id == reader_id


def test_a_changed_address_can_be_changed_back_at_once(
    database: Database, way_in: Subscribing, queue: Queue, clock: MovedClock
) -> None:
    reader_id = come_in(way_in, queue, "alice@example.org", clock.now())
    for address in ("new@example.org", "alice@example.org", "new@example.org"):
        way_in.change_address(reader_id, address, ELSEWHERE, PAGE, clock.now())
        assert way_in.confirm(token_in(queue), clock.now()).moved
        assert find(database, address).id == reader_id


@pytest.mark.parametrize(
    ("status", "code", "asked_again"),
    [
        (MailStatus.PENDING, None, False),
        (MailStatus.ACCEPTED, "250", False),
        (MailStatus.REJECTED, "5.1.1", False),
        (MailStatus.REJECTED, "gave-up", True),
        (MailStatus.UNSURE, "killed", True),
        (MailStatus.SKIPPED, "suppressed", True),
    ],
)
def test_a_mail_that_nobody_got_does_not_count(
    database: Database,
    way_in: Subscribing,
    clock: MovedClock,
    status: MailStatus,
    code: str | None,
    asked_again: bool,
) -> None:
    way_in.subscribe("alice@example.org", NETWORK, FORM, clock.now())
    with database.write() as connection:
        connection.execute(update(mails).values(status=status, code=code))
    clock.move(timedelta(minutes=1))
    way_in.subscribe("alice@example.org", NETWORK, FORM, clock.now())
    assert count_mails(database) == 1 + asked_again


def test_a_personal_link_may_be_asked_for_again_once_the_reader_is_back(
    database: Database, way_in: Subscribing, queue: Queue, clock: MovedClock
) -> None:
    def ask() -> bool:
        with database.write() as connection:
            return mail_personal_link(
                connection,
                get_reader(connection, reader_id),
                signer=way_in.signer,
                public_url=way_in.public_url,
                queue_mail=queue,
                now=clock.now(),
            )

    reader_id = come_in(way_in, queue, "alice@example.org", clock.now())
    assert [ask(), ask()] == [True, False]
    clock.move(timedelta(seconds=1))
    with database.write() as connection:
        leaving.leave(connection, reader_id, PAGE, clock.now())
    assert [ask(), ask()] == [True, False]


def test_a_tool_may_be_asked_for_again_once_it_is_followed(
    database: Database, way_in: Subscribing, queue: Queue, clock: MovedClock
) -> None:
    reader_id = come_in(way_in, queue, "alice@example.org", clock.now())
    following = Following(
        database=database,
        signer=way_in.signer,
        limits=SignUpLimits(key=KEY, per_network=99, per_domain=99),
        public_url=way_in.public_url,
        queue_mail=queue,
    )

    def ask(tool_id: str) -> int:
        before = count_mails(database)
        following.mail_link("alice@example.org", tool_id, tool_id, NETWORK, clock.now())
        return count_mails(database) - before

    long = "t" * 200
    assert [ask("kite"), ask("kite"), ask("falcon"), ask(long), ask(long)] == [1, 0, 1, 1, 0]
    clock.move(timedelta(seconds=1))
    with database.write() as connection:
        follow_mails = (MailKind.FOLLOW,)
        answer_mails(connection, reader_id, follow_mails, clock.now(), key=follow_key(reader_id, "kite"))
    assert [ask("kite"), ask("falcon"), ask(long)] == [1, 0, 0]


@pytest.mark.parametrize(
    ("spelling", "domain"),
    [
        ("a.d.a", "gmail.com"),
        ("A.Da", "GoogleMail.com"),
        ("ad.a+{}", "googlemail.com"),
        ("a-d_a", "proton.me"),
        ("a.d-a", "pm.me"),
        ("ada+{}", "example.org"),
        ("\N{LATIN SMALL LETTER SHARP S}ada", "example.org"),
        ("\N{FULLWIDTH LATIN SMALL LETTER A}da", "example.org"),
    ],
)
def test_spellings_of_one_mailbox_share_its_limit(
    database: Database, way_in: Subscribing, clock: MovedClock, spelling: str, domain: str
) -> None:
    plain = {"gmail.com": "ada", "proton.me": "ada"}
    wide = replace(way_in, limits=SignUpLimits(key=KEY, per_network=99, per_domain=99))
    usual = {"googlemail.com": "gmail.com", "pm.me": "proton.me"}.get(domain.lower(), domain)
    base = plain.get(usual, "ssada" if "\N{LATIN SMALL LETTER SHARP S}" in spelling else "ada")
    for number in range(PER_MAILBOX - 1):
        wide.subscribe(f"{base}+{number}@{usual}", NETWORK, FORM, clock.now())
    wide.subscribe(f"{spelling.format(7)}@{domain}", NETWORK, FORM, clock.now())
    wide.subscribe(f"{base}+more@{usual}", NETWORK, FORM, clock.now())
    assert count_mails(database) == PER_MAILBOX


def test_whoever_confirms_begins_their_mailboxs_hour_anew(
    database: Database, way_in: Subscribing, queue: Queue, clock: MovedClock
) -> None:
    wide = replace(way_in, limits=SignUpLimits(key=KEY, per_network=99, per_domain=99))
    for number in range(PER_MAILBOX):
        wide.subscribe(f"ada+{number}@example.org", NETWORK, FORM, clock.now())
    wide.confirm(token_in(queue), clock.now())
    before = count_mails(database)
    wide.subscribe("ada+more@example.org", NETWORK, FORM, clock.now())
    assert count_mails(database) == before + 1


def test_sharp_s_and_double_s_are_two_readers(
    database: Database, way_in: Subscribing, queue: Queue, clock: MovedClock
) -> None:
    ids = {
        come_in(way_in, queue, address, clock.now())
        for address in ("stra\xdfe@example.org", "strasse@example.org")
    }
    assert len(ids) == 2


SHARP, DOUBLE = "stra\xdfe@example.org", "strasse@example.org"


@pytest.mark.parametrize(
    ("hashed", "kept_out"),
    [
        (address_hash(KEY, parse_address(SHARP)), {SHARP}),
        # An entry of an earlier release may be either's.
        (address_hash(KEY, parse_address(DOUBLE)), {SHARP, DOUBLE}),
    ],
)
def test_who_is_on_the_list_is_kept_out_and_nobody_else(
    database: Database, way_in: Subscribing, clock: MovedClock, hashed: str, kept_out: set[str]
) -> None:
    with database.write() as connection:
        add_suppression(
            connection, hashed, SuppressionKind.OPERATOR, reason="asked", source="by hand", now=clock.now()
        )
        for address in (SHARP, DOUBLE):
            listed = find_suppression(connection, parse_address(address), KEY)
            assert (listed.reason if listed else None) == ("asked" if address in kept_out else None)
        came = add_readers(
            connection,
            [NewReader(address=parse_address(each), origin=FORM) for each in (SHARP, DOUBLE)],
            event=ConsentEvent.IMPORTED,
            suppression_key=KEY,
            now=clock.now(),
        )
    assert came == [
        Arrival.SUPPRESSED if address in kept_out else Arrival.ADDED for address in (SHARP, DOUBLE)
    ]


def test_what_fell_into_the_trap_is_told_for_a_week(database: Database, clock: MovedClock) -> None:
    with database.write() as connection:
        count_trap(connection, clock.now())
        count_trap(connection, clock.now())
        clock.move(timedelta(days=6))
        forget_sign_ups(connection, clock.now() - timedelta(hours=1))
        assert count_trapped(connection, clock.now() - TRAP_TOLD_FOR) == 2
        clock.move(timedelta(days=2))
        assert count_trapped(connection, clock.now() - TRAP_TOLD_FOR) == 0
        assert forget_sign_ups(connection, clock.now() - timedelta(hours=1)) == 1

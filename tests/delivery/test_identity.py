"""What leaves the house names rows by their numbers: after a restore, and on a copy, none of it is about anybody else."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, insert, update

from newsletter.clock import MovedClock
from newsletter.db.engine import Database
from newsletter.db.schema import issues, mails, readers, snapshots
from newsletter.db.statuses import Edition, IssueStatus, MailKind, MailStatus, ReaderStatus
from newsletter.delivery.bounces.handling import Match, Matcher
from newsletter.delivery.bounces.parse import Identifiers
from newsletter.delivery.message import MessageIds, load_salts
from newsletter.readers.links import LIFETIMES, LinkSigner, LinkTarget, Purpose, draw_salt
from newsletter.readers.store import resolve_target

KEY = b"k" * 32
SIGNER = LinkSigner([KEY])
MESSAGE_IDS = MessageIds(key=KEY, domain="news.example.org", bounce_address="bounces@news.example.org")
MATCHER = Matcher(signer=SIGNER, message_ids=MESSAGE_IDS)
ADDRESS = "reader@example.org"


@dataclass(frozen=True)
class Sent:
    """What one reader, one issue and one single mail sent out in one life of the installation."""

    lasting: dict[Purpose, str]
    dated: dict[Purpose, str]
    message_id: str
    delivery_token: str
    return_path: str
    single_id: str
    single_token: str


def live(connection: Connection, clock: MovedClock, salts: Callable[[], int]) -> None:
    """Add reader 1, the approved issue 1 and the single mail 1."""
    now = clock.now()
    person = {"id": 1, "address": ADDRESS, "address_key": ADDRESS, "status": ReaderStatus.ACTIVE}
    connection.execute(insert(readers).values(person | {"status_at": now, "added_at": now, "salt": salts()}))
    issue = {"id": 1, "edition": Edition.WEEKLY, "slot": "2026-11-26T09:00", "status": IssueStatus.APPROVED}
    moments = {"cutoff_at": now, "created_at": now, "updated_at": now}
    connection.execute(insert(issues).values(issue | moments))
    connection.execute(insert(snapshots).values(issue_id=1, letter="", sender="", salt=salts()))
    mail = {"id": 1, "kind": MailKind.WELCOME, "key": "welcome:1", "reader_id": 1, "values": {}}
    status = {"status": MailStatus.ACCEPTED, "not_before": now, "queued_at": now, "salt": salts()}
    connection.execute(insert(mails).values(mail | status))


def live_again(connection: Connection, salts: Callable[[], int]) -> None:
    """Give the same numbers to others, as a restored database does."""
    for table in (readers, snapshots, mails):
        connection.execute(update(table).values(salt=salts()))


def send(connection: Connection, clock: MovedClock) -> Sent:
    copy, single = (1, 1), (0, 1)
    salts = load_salts(connection, [copy, single])
    issue_salt, salt = salts[copy]
    lasting = [each for each in Purpose if each not in LIFETIMES]
    return Sent(
        lasting={each: SIGNER.token(each, 1, 1, salt, issue_salt) for each in lasting},
        dated={each: SIGNER.dated_token(each, 1, clock.now(), salt) for each in LIFETIMES},
        message_id=MESSAGE_IDS.message_id(1, 1, salts[copy]),
        delivery_token=MESSAGE_IDS.delivery_token(1, 1, salts[copy]),
        return_path=MESSAGE_IDS.return_path(1, 1, salts[copy]),
        single_id=MESSAGE_IDS.message_id(0, 1, salts[single]),
        single_token=MESSAGE_IDS.delivery_token(0, 1, salts[single]),
    )


def means(connection: Connection, sent: Sent, clock: MovedClock) -> dict[str, object]:
    """Return what each kind of it leads to here."""

    def match(**identifiers: tuple[str, ...]) -> Match | None:
        return MATCHER.find(connection, Identifiers(**identifiers))

    lasting = {each: SIGNER.read(each, token) for each, token in sent.lasting.items()}
    dated = {each: SIGNER.read_dated(each, token, clock.now()) for each, token in sent.dated.items()}
    return {
        **{each: resolve_target(connection, target) for each, target in (lasting | dated).items()},
        "leaving by mail": match(tokens=(sent.lasting[Purpose.UNSUBSCRIBE],)),
        "bounce address": match(return_paths=(sent.return_path,)),
        "Message-ID": match(message_ids=(sent.message_id,), recipients=(ADDRESS,)),
        "Message-ID of a single mail": match(message_ids=(sent.single_id,), recipients=(ADDRESS,)),
        "provider's id": MESSAGE_IDS.read_delivery_tokens(connection, [sent.delivery_token]),
        "provider's id of a single mail": MESSAGE_IDS.read_delivery_tokens(connection, [sent.single_token]),
    }


@pytest.mark.parametrize("earlier", [draw_salt, lambda: 0], ids=["salted", "from before there were salts"])
def test_after_a_restore_nothing_that_was_sent_means_anybody_else(
    database: Database, clock: MovedClock, earlier: Callable[[], int]
) -> None:
    with database.write() as connection:
        live(connection, clock, earlier)
        sent = send(connection, clock)
        for kind, meaning in means(connection, sent, clock).items():
            found = meaning.reader_id if isinstance(meaning, LinkTarget) else meaning
            assert found, f"{kind} does not find its own reader"
        live_again(connection, draw_salt)
        again = send(connection, clock)
        for kind, meaning in means(connection, sent, clock).items():
            found = meaning.reader_id or meaning.issue_id if isinstance(meaning, LinkTarget) else meaning
            assert not found, f"{kind} means somebody else now"
    assert not {sent.message_id, sent.single_id} & {again.message_id, again.single_id}


def test_a_reader_who_is_there_still_leaves_by_a_link_of_an_issue_that_is_not(
    database: Database, clock: MovedClock
) -> None:
    with database.write() as connection:
        live(connection, clock, draw_salt)
        token = send(connection, clock).lasting[Purpose.UNSUBSCRIBE]
        connection.execute(update(snapshots).values(salt=draw_salt()))
        target = resolve_target(connection, SIGNER.read(Purpose.UNSUBSCRIBE, token))
    assert (target.reader_id, target.issue_id) == (1, 0)

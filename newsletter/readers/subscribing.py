"""Becoming a reader: an address is asked for, a mail with a link goes to it, a click on its page's button confirms.

What the visitor sees is the same whether the address is known or not. An address gets at most one such mail in the
time the settings say, one in as long as its link holds where it is a dead one, and none at all when it belongs to an
active reader, complained, or is on the suppression list by a kind that its owner cannot end (suppression.py). Changing an
address is the same way, with the reader it is for in mind, and so is following a tool from a page that knows nobody.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, func, literal, select, update

from newsletter.db.engine import Database, insert_into
from newsletter.db.schema import mails, readers, sign_up_counts
from newsletter.db.statuses import ConsentEvent, LimitScope, MailKind, ReaderStatus, SuppressionKind
from newsletter.errors import N_, BadInput, BadLink, NewsletterError, Place
from newsletter.readers import store
from newsletter.readers.addresses import Address, mailbox_of, parse_address
from newsletter.readers.consents import WORDING, ConsentOrigin, list_consents, record_consent
from newsletter.readers.links import LIFETIMES, LinkSigner, LinkTarget, Purpose, draw_salt, link
from newsletter.readers.store import Reader
from newsletter.readers.suppression import (
    ENDED_BY_OWNER,
    Suppression,
    add_suppression,
    address_hash,
    find_suppression,
    lift_suppression,
    may_come_back,
    note_asked,
)

#: Queues a single mail in the caller's transaction, once for each key (delivery's `queue_mail`): kind, key, reader,
#: the template's values, now; False when the key was queued before.
QueueMail = Callable[[Connection, MailKind, str, int | None, Mapping[str, object], datetime], bool]


# How many sign-ups one network and one domain may bring in an hour, so that nobody floods mailboxes through us. Counted
# in the database, so that a restart forgets nothing, under keyed hashes, so that the count tells nothing of anybody.

WINDOW = timedelta(hours=1)
#: Sign-ups of one mailbox in an hour that bring a mail: name+1@, name+2@ and so on are mostly one.
PER_MAILBOX = 5

# What every sign-up runs is put together once: in a flood of them that takes longer than running it.
_COUNTED = select(sign_up_counts.c.scope, sign_up_counts.c.count).where(
    sign_up_counts.c.key_hash.in_(bindparam("hashes", expanding=True)),
    sign_up_counts.c.window_at == bindparam("window_at"),
)


@cache
def _count_one(dialect: str) -> Any:
    return insert_into(sign_up_counts, dialect).on_conflict_do_update(
        index_elements=["scope", "key_hash", "window_at"], set_={"count": sign_up_counts.c.count + 1}
    )


def count_sign_ups(
    connection: Connection, hashes: Sequence[str], window_at: datetime
) -> dict[LimitScope, int]:
    """Return how many sign-ups (or sign-ins) these hashes had in a window, by scope."""
    rows = connection.execute(_COUNTED, {"hashes": list(hashes), "window_at": window_at})
    return {row[0]: row[1] for row in rows}


def add_sign_up(connection: Connection, hashes: Mapping[LimitScope, str], window_at: datetime) -> None:
    """Count one more in each scope."""
    rows = [
        {"scope": scope, "key_hash": hashed, "window_at": window_at, "count": 1}
        for scope, hashed in hashes.items()
    ]
    connection.execute(_count_one(connection.dialect.name), rows)


def forget_count(connection: Connection, scope: LimitScope, hashed: str, window_at: datetime) -> None:
    """Begin a count anew: what it limits was answered."""
    of_hour = (sign_up_counts.c.key_hash == hashed, sign_up_counts.c.window_at == window_at)
    connection.execute(delete(sign_up_counts).where(sign_up_counts.c.scope == scope, *of_hour))


class TooMany(NewsletterError):
    """There were too many of these from one place within an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpLimits:
    """The most sign-ups of an hour, and the key that hides whose they are."""

    key: bytes
    per_network: int
    per_domain: int

    def check(self, connection: Connection, network: str, address: Address, now: datetime) -> bool:
        """Raise TooMany when the hour is full; returns whether a mail may follow. Writes nothing.

        False, of which nothing is to be said, for a mailbox that is flooded.
        """
        hashes = list(self._hashes(network, address).values())
        counted = count_sign_ups(connection, hashes, _hour(now))
        for scope, most in ((LimitScope.NETWORK, self.per_network), (LimitScope.DOMAIN, self.per_domain)):
            if counted.get(scope, 0) >= most:
                raise TooMany(
                    N_("There were very many sign-ups from there just now. Please try again in an hour.")
                )
        return counted.get(LimitScope.MAILBOX, 0) < PER_MAILBOX

    def count(self, connection: Connection, network: str, address: Address, now: datetime) -> None:
        """Count one more."""
        add_sign_up(connection, self._hashes(network, address), _hour(now))

    def start_anew(self, connection: Connection, address: Address, now: datetime) -> None:
        """Forget how often the address's mailbox was written to in this hour: its owner answered."""
        hashed = self._hashes("", address)[LimitScope.MAILBOX]
        forget_count(connection, LimitScope.MAILBOX, hashed, _hour(now))

    def _hashes(self, network: str, address: Address) -> dict[LimitScope, str]:
        domain = address.key.rpartition("@")[2]
        keys = {
            LimitScope.NETWORK: network,
            LimitScope.DOMAIN: domain,
            LimitScope.MAILBOX: mailbox_of(address),
        }
        return {
            scope: blake2b(key.encode(), digest_size=16, key=self.key[:64], person=b"sign-up").hexdigest()
            for scope, key in keys.items()
        }


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def forget_sign_ups(connection: Connection, before: datetime) -> int:
    """Delete the counts of windows before a moment, those of the trap a week later; returns how many."""
    is_trap = sign_up_counts.c.scope == LimitScope.TRAP
    moment = sign_up_counts.c.window_at.type
    over = case((is_trap, literal(before - TRAP_TOLD_FOR, moment)), else_=literal(before, moment))
    return connection.execute(delete(sign_up_counts).where(sign_up_counts.c.window_at < over)).rowcount


#: How long it is told how many forms fell into the trap.
TRAP_TOLD_FOR = timedelta(days=7)


def count_trap(connection: Connection, now: datetime) -> None:
    """Count a form in which the field was filled in that people do not see."""
    add_sign_up(connection, {LimitScope.TRAP: ""}, _hour(now))


def count_trapped(connection: Connection, since: datetime) -> int:
    """Return how many such forms there were."""
    count = select(func.coalesce(func.sum(sign_up_counts.c.count), 0)).where(
        sign_up_counts.c.scope == LimitScope.TRAP, sign_up_counts.c.window_at >= since
    )
    return int(connection.execute(count).scalar_one())


def network_of(host: str) -> str:
    """Return the visitor's network, an IPv4 /24 or an IPv6 /48: one household or machine has many addresses."""
    try:
        address = ip_address(host)
    except ValueError:
        return "unknown"
    address = getattr(address, "ipv4_mapped", None) or address
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False))


# Subscribing, and changing an address.

_COMES_BACK = store.MAY_GET[MailKind.CONFIRMATION]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A confirmed reader; `moved` when it was a change of address."""

    reader_id: int
    moved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribing:
    """The way in, of one installation. `is_disposable` says whether a domain's addresses are thrown away."""

    database: Database
    signer: LinkSigner
    suppression_key: bytes
    limits: SignUpLimits
    public_url: str
    again_after: timedelta
    queue_mail: QueueMail
    #: The values of the welcome mail for a reader.
    welcome: Callable[[LinkTarget], Mapping[str, object]]
    is_disposable: Callable[[str], bool] = lambda domain: False

    def subscribe(self, text: str, network: str, origin: ConsentOrigin, now: datetime) -> None:
        """Mail somebody who asks for the newsletter the link to confirm. Commits.

        Raises BadInput for what is no address, and TooMany. `network` is the visitor's (network_of).
        """
        address = self._usable(text)
        with self.database.read() as connection:
            may_be_mailed = self.limits.check(connection, network, address, now)
        with self.database.write() as connection:
            self.limits.count(connection, network, address, now)
            listed = find_suppression(connection, address, self.suppression_key)
            if not may_be_mailed or self._is_kept_out(connection, address, listed, now):
                return
            reader = store.find_reader(connection, address)
            if reader is None or reader.status in _COMES_BACK:
                reader_id = reader.id if reader else _add_unconfirmed(connection, address, now)
                dead_since = _dead_since(reader, listed)
                self._ask_to_confirm(connection, reader_id, origin, now, dead_since, is_new=reader is None)

    def ask_again(self, reader_id: int, origin: ConsentOrigin, now: datetime) -> bool:
        """Ask somebody who has not confirmed once more. Commits; raises NotFound.

        False for everybody else, and for whoever was asked just now or is kept out.
        """
        with self.database.write() as connection:
            reader = store.get_reader(connection, reader_id)
            if reader.status is not ReaderStatus.UNCONFIRMED or reader.address is None:
                return False
            listed = find_suppression(connection, parse_address(reader.address), self.suppression_key)
            if not may_come_back(listed):
                return False
            return self._ask_to_confirm(connection, reader_id, origin, now, _dead_since(reader, listed))

    def change_address(
        self, reader_id: int, text: str, network: str, origin: ConsentOrigin, now: datetime
    ) -> None:
        """Ask the address that a reader wants instead whether it wants that. Commits; raises BadInput and TooMany."""
        address = self._usable(text)
        with self.database.write() as connection:
            may_be_mailed = self.limits.check(connection, network, address, now)
            self.limits.count(connection, network, address, now)
            listed = find_suppression(connection, address, self.suppression_key)
            if not may_be_mailed or self._is_kept_out(connection, address, listed, now):
                return
            known = store.find_reader(connection, address)
            if known is not None and known.status not in _COMES_BACK:
                return
            new_id = known.id if known else _add_unconfirmed(connection, address, now)
            connection.execute(update(readers).where(readers.c.id == new_id).values(replaces=reader_id))
            self._ask_to_confirm(connection, new_id, origin, now, _dead_since(known, listed))

    def require_confirmable(self, token: str, now: datetime) -> None:
        """Raise BadLink unless somebody would confirm with this token. Changes nothing."""
        target = self.signer.read_dated(Purpose.CONFIRM, token, now)
        with self.database.read() as connection:
            self._who_may_confirm(connection, target)

    def confirm(self, token: str, now: datetime) -> Confirmed:
        """Make a reader of whoever pressed the button; raises BadLink. A second time changes nothing. Commits."""
        target = self.signer.read_dated(Purpose.CONFIRM, token, now)
        welcome = self.welcome(target)
        with self.database.write() as connection:
            reader, asked = self._who_may_confirm(connection, target)
            if asked is None:
                return Confirmed(reader_id=reader.id)
            assert reader.address is not None
            address = parse_address(reader.address)
            # By their own hash only: what a folded one stands for may be somebody else's.
            lift_suppression(connection, [address_hash(self.suppression_key, address)], ENDED_BY_OWNER)
            self.limits.start_anew(connection, address, now)
            replaced = _replaced_by(connection, reader.id)
            if replaced is not None:
                # The list that the address before came from may come again: it would be a second reader.
                before = parse_address(store.get_reader(connection, replaced).address or "")
                hashed = address_hash(self.suppression_key, before)
                add_suppression(
                    connection,
                    hashed,
                    SuppressionKind.LEFT,
                    reason="changed address",
                    source="confirm",
                    now=now,
                )
                _move_address(connection, reader.id, address, replaced, asked, now)
                return Confirmed(reader_id=replaced, moved=True)
            store.activate(connection, reader.id, asked, now)
            key = f"welcome:{reader.id}:{now.timestamp():.6f}"
            self.queue_mail(connection, MailKind.WELCOME, key, reader.id, welcome, now)
            return Confirmed(reader_id=reader.id)

    def remind(self, after: timedelta, now: datetime) -> int:
        """Send everybody who has not confirmed since `after` the one reminder; returns how many. Commits."""
        with self.database.write() as connection:
            ids = store.list_unconfirmed(connection, now - after)
            return sum(
                self.queue_mail(
                    connection,
                    MailKind.REMINDER,
                    f"reminder:{each}",
                    each,
                    self._values(connection, each, now),
                    now,
                )
                for each in ids
            )

    def _usable(self, text: str) -> Address:
        address = parse_address(text)
        if self.is_disposable(address.key.rpartition("@")[2]):
            raise BadInput(N_("Addresses of this kind are thrown away soon. Please give one that you keep."))
        return address

    def _is_kept_out(
        self, connection: Connection, address: Address, listed: Suppression | None, now: datetime
    ) -> bool:
        """Return whether no sign-up of this address brings a mail; then it is noted for the operator that it asked."""
        if may_come_back(listed):
            return False
        note_asked(connection, address, self.suppression_key, now)
        return True

    def _ask_to_confirm(
        self,
        connection: Connection,
        reader_id: int,
        origin: ConsentOrigin,
        now: datetime,
        dead_since: datetime | None,
        *,
        is_new: bool = False,
    ) -> bool:
        kind, since = MailKind.CONFIRMATION, now - self.again_after
        if not is_new and store.count_mailed(connection, reader_id, kind, since):
            return False
        if dead_since is not None:
            # What comes back answers the mail, and must not draw the next one.
            since = max(dead_since, now - LIFETIMES[Purpose.CONFIRM])
            if store.count_mailed(connection, reader_id, kind, since, even_answered=True):
                return False
        record_consent(connection, reader_id, ConsentEvent.REQUESTED, origin, now, wording=WORDING)
        key = f"confirmation:{reader_id}:{now.timestamp():.6f}"
        return self.queue_mail(
            connection, kind, key, reader_id, self._values(connection, reader_id, now), now
        )

    def _values(self, connection: Connection, reader_id: int, now: datetime) -> dict[str, object]:
        salt: int = connection.execute(_SALT, {"reader_id": reader_id}).scalar_one()
        token = self.signer.dated_token(Purpose.CONFIRM, reader_id, now, salt)
        days = LIFETIMES[Purpose.CONFIRM].days
        return {"confirm_url": link(self.public_url, Purpose.CONFIRM, token), "days": str(days)}

    def _who_may_confirm(
        self, connection: Connection, signed: LinkTarget
    ) -> tuple[Reader, ConsentOrigin | None]:
        """Return the reader and the open request; None for whoever is active already. Raises BadLink.

        An old mail must not bring back who has left since: only an open request can be confirmed.
        """
        target = store.resolve_target(connection, signed)
        reader = store.find_reader_by_id(connection, target.reader_id)
        if reader is None or reader.status is ReaderStatus.ERASED:
            raise BadLink
        if reader.status is ReaderStatus.ACTIVE:
            return reader, None
        latest = list_consents(connection, reader.id)[-1:]
        if reader.status not in _COMES_BACK or not latest or latest[0].event is not ConsentEvent.REQUESTED:
            raise BadLink
        assert reader.address is not None
        if not may_come_back(
            find_suppression(connection, parse_address(reader.address), self.suppression_key)
        ):
            raise BadLink
        return reader, latest[0]


def _dead_since(reader: Reader | None, listed: Suppression | None) -> datetime | None:
    """Return since when mail to an address comes back, here or elsewhere; None where nothing says so."""
    if reader is not None and reader.status is ReaderStatus.BOUNCED:
        return reader.status_at
    return listed.at if listed is not None and listed.kind is SuppressionKind.BOUNCED else None


_SALT = select(readers.c.salt).where(readers.c.id == bindparam("reader_id"))


@cache
def _add_reader(dialect: str) -> Any:
    statement = insert_into(readers, dialect).on_conflict_do_nothing(index_elements=["address_key"])
    return statement.returning(readers.c.id)


def _add_unconfirmed(connection: Connection, address: Address, now: datetime) -> int:
    """Add a reader who has still to confirm, or find the one that somebody else just added; returns the id."""
    row = {
        "address": address.text,
        "address_key": address.key,
        "status": ReaderStatus.UNCONFIRMED,
        "status_at": now,
        "added_at": now,
        "salt": draw_salt(),
    }
    added: int | None = connection.execute(_add_reader(connection.dialect.name), row).scalar_one_or_none()
    if added is None:
        query = select(readers.c.id).where(readers.c.address_key == address.key)
        added = connection.execute(query).scalar_one()
    return added


def _replaced_by(connection: Connection, new_id: int) -> int | None:
    """Return the active reader whose address this row's becomes, or None."""
    old = readers.alias("old")
    query = (
        select(old.c.id)
        .join_from(readers, old, readers.c.replaces == old.c.id)
        .where(readers.c.id == new_id, old.c.status == ReaderStatus.ACTIVE)
    )
    return connection.execute(query).scalar_one_or_none()


def _move_address(
    connection: Connection, new_id: int, address: Address, reader_id: int, asked: ConsentOrigin, now: datetime
) -> None:
    """Give the reader the confirmed address of another row, which is forgotten."""
    store.forget(connection, [new_id], now)
    store.answer_mails(connection, new_id, store.MAY_GET, now)
    store.answer_mails(connection, reader_id, (MailKind.PERSONAL_LINK,), now)
    # What was sent to the new address belongs to the reader now: erasing finds it by the reader.
    connection.execute(update(mails).where(mails.c.reader_id == new_id).values(reader_id=reader_id))
    connection.execute(
        update(readers)
        .where(readers.c.id == reader_id)
        .values(address=address.text, address_key=address.key, confirmed_at=now)
    )
    record_consent(connection, reader_id, ConsentEvent.CONFIRMED, asked, now)


# Addresses that are thrown away.


def read_domains(file: Path) -> frozenset[str]:
    """Return the domains of a list, one a line; lines that begin with # are comments. Raises BadInput."""
    try:
        lines = [line.strip().casefold() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the list of domains cannot be read: {error}", Place(file)) from error
    return frozenset(line for line in lines if line and not line.startswith("#"))


def is_listed(domain: str, domains: frozenset[str]) -> bool:
    """Return whether the domain, or one that it is part of, is on the list."""
    labels = domain.split(".")
    return any(".".join(labels[start:]) in domains for start in range(len(labels)))


# Following a tool from a page that knows nobody: the address gets a mail with its reader's own link.

#: However often somebody asks, a reader gets at most so many of these mails a day that they do not answer, and one for
#: each tool.
MOST_MAILS = 5
DAY = timedelta(days=1)


def follow_key(reader_id: int, tool_id: str) -> str:
    """Return what the keys of a reader's mails about a tool begin with, however long the tool's id."""
    return f"follow:{reader_id}:{blake2b(tool_id.encode(), digest_size=16).hexdigest()}:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """The way to a reader's own link from a page that anybody can open."""

    database: Database
    signer: LinkSigner
    limits: SignUpLimits
    public_url: str
    queue_mail: QueueMail

    def mail_link(self, text: str, tool_id: str, tool_name: str, network: str, now: datetime) -> None:
        """Mail the reader of an address, if there is one, their link to a tool. Commits.

        Raises BadInput for what is no address, and TooMany.
        """
        address = parse_address(text)
        with self.database.write() as connection:
            self.limits.check(connection, network, address, now)
            self.limits.count(connection, network, address, now)
            reader = store.find_reader(connection, address)
            if reader is None or reader.status is not ReaderStatus.ACTIVE:
                return
            key, since = follow_key(reader.id, tool_id), now - DAY
            if store.count_mailed(connection, reader.id, MailKind.FOLLOW, since) >= MOST_MAILS:
                return
            if store.count_mailed(connection, reader.id, MailKind.FOLLOW, since, key=key):
                return
            token = self.signer.token(Purpose.PREFERENCES, reader.id, reader_salt=reader.salt)
            page = link(self.public_url, Purpose.PREFERENCES, token)
            values = {"follow_url": f"{page}/follow/{tool_id}", "tool": tool_name}
            self.queue_mail(
                connection, MailKind.FOLLOW, f"{key}{now.timestamp():.6f}", reader.id, values, now
            )

"""Becoming a reader: an address is asked for, a mail with a link goes to it, a click on its page's button confirms.

What the visitor sees is the same whether the address is known or not. An address gets at most one such mail in the
time the settings say, and none at all when it belongs to an active reader, complained, or is on the suppression list
for another reason than having been erased. Changing an address is the same way, with the reader it is for in mind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from newsletter.db.engine import Database
from newsletter.db.statuses import ConsentEvent, LimitScope, MailKind, ReaderStatus
from newsletter.errors import BadInput, BadLink, NewsletterError, Place
from newsletter.readers import store
from newsletter.readers import store as own_store
from newsletter.readers import store as suppression_store
from newsletter.readers.addresses import Address, parse_address
from newsletter.readers.links import LIFETIMES, LinkSigner, Purpose, link
from newsletter.readers.store import Reader

# How many sign-ups one network and one domain may bring in an hour, so that nobody floods mailboxes through us.
#
# Counted in the database, so that a restart forgets nothing, under keyed hashes, so that the count tells nothing of
# anybody. How often one address is mailed is decided in subscribing.py.

WINDOW = timedelta(hours=1)
#: Sign-ups of one mailbox in an hour that bring a mail: name+1@, name+2@ and so on are mostly one.
PER_MAILBOX = 5


class TooMany(NewsletterError):
    """There were very many sign-ups from there just now. Please try again in an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most sign-ups of an hour, and the key that hides whose they are."""

    key: bytes
    per_network: int
    per_domain: int

    def check(self, connection: Connection, network: str, address: Address, now: datetime) -> bool:
        """Raise TooMany when the hour is full; whether a mail may follow: False, and nothing to be said of it, for a
        mailbox that is flooded. Writes nothing."""
        hashes = list(self._hashes(network, address).values())
        counted = own_store.count_sign_ups(connection, hashes, _hour(now))
        for scope, most in ((LimitScope.NETWORK, self.per_network), (LimitScope.DOMAIN, self.per_domain)):
            if counted.get(scope, 0) >= most:
                raise TooMany
        return counted.get(LimitScope.MAILBOX, 0) < PER_MAILBOX

    def count(self, connection: Connection, network: str, address: Address, now: datetime) -> None:
        """Count one more."""
        own_store.add_sign_up(connection, self._hashes(network, address), _hour(now))

    def _hashes(self, network: str, address: Address) -> dict[LimitScope, str]:
        local_part, _, domain = address.key.rpartition("@")
        mailbox = f"{local_part.partition('+')[0]}@{domain}"
        keys = {LimitScope.NETWORK: network, LimitScope.DOMAIN: domain, LimitScope.MAILBOX: mailbox}
        return {scope: self._hash(key) for scope, key in keys.items()}

    def _hash(self, key: str) -> str:
        return blake2b(key.encode(), digest_size=16, key=self.key[:64], person=b"sign-up").hexdigest()


def network_of(host: str) -> str:
    """The visitor's network: an IPv4 /24 or an IPv6 /48, since one household or machine has many addresses."""
    try:
        address = ip_address(host)
    except ValueError:
        return "unknown"
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False))


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


#: Says which wording a consent was given to. Change it whenever the subscribe page's promise changes.
WORDING = "2026-11 weekly digest"

#: The reason in the suppression list that the address's owner lifts by confirming again.
ERASED = "erased"

_COMES_BACK = frozenset({ReaderStatus.UNCONFIRMED, ReaderStatus.LEFT, ReaderStatus.BOUNCED})


class QueueMail(Protocol):
    """Queues a single mail in the caller's transaction: `newsletter.delivery.mails.queue_mail`."""

    def __call__(
        self,
        connection: Connection,
        kind: MailKind,
        key: str,
        reader_id: int | None,
        values: Mapping[str, object],
        now: datetime,
    ) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who asks: their network (limits.network_of) and where they asked, such as "form at /subscribe"."""

    network: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A confirmed reader. `was_so` when they had confirmed before; `moved` when it was a change of address."""

    reader_id: int
    was_so: bool = False
    moved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribing:
    """The way in, of one installation. `is_disposable` says whether a domain's addresses are thrown away."""

    database: Database
    signer: LinkSigner
    suppression_key: bytes
    limits: Limits
    public_url: str
    again_after: timedelta
    queue_mail: QueueMail
    welcome: Callable[[int], Mapping[str, object]]
    is_disposable: Callable[[str], bool] = lambda domain: False

    def ask(self, text: str, visitor: Visitor, now: datetime) -> None:
        """Somebody asks for the newsletter. Raises BadInput for what is no address, and TooMany. Commits."""
        address = self._usable(text)
        with self.database.read() as connection:
            may_be_mailed = self.limits.check(connection, visitor.network, address, now)
        with self.database.write() as connection:
            self.limits.count(connection, visitor.network, address, now)
            if not may_be_mailed or self._is_kept_out(connection, address):
                return
            reader = store.find_reader(connection, address)
            if reader is None or reader.status in _COMES_BACK:
                reader_id = reader.id if reader else own_store.add_unconfirmed(connection, address, now)
                self._ask_to_confirm(connection, reader_id, visitor.source, now, is_new=reader is None)

    def ask_again(self, reader_id: int, source: str, now: datetime) -> bool:
        """Ask somebody who has not confirmed once more; False for everybody else, and for whoever was asked just now.

        Raises NotFound. Commits.
        """
        with self.database.write() as connection:
            reader = store.get_reader(connection, reader_id)
            since = now - self.again_after
            if reader.status is not ReaderStatus.UNCONFIRMED or own_store.was_mailed(
                connection, reader_id, MailKind.CONFIRMATION, since
            ):
                return False
            self._ask_to_confirm(connection, reader_id, source, now)
            return True

    def ask_to_move(self, reader_id: int, text: str, visitor: Visitor, now: datetime) -> None:
        """A reader wants another address, which is asked whether it wants that. Raises BadInput, and TooMany. Commits."""
        address = self._usable(text)
        with self.database.write() as connection:
            may_be_mailed = self.limits.check(connection, visitor.network, address, now)
            self.limits.count(connection, visitor.network, address, now)
            if not may_be_mailed or self._is_kept_out(connection, address):
                return
            known = store.find_reader(connection, address)
            if known is not None and known.status not in _COMES_BACK:
                return
            new_id = known.id if known else own_store.add_unconfirmed(connection, address, now)
            own_store.let_replace(connection, new_id, reader_id)
            self._ask_to_confirm(connection, new_id, visitor.source, now)

    def look(self, token: str, now: datetime) -> Reader:
        """Who would confirm with this token; raises BadLink. Changes nothing."""
        target = self.signer.read_dated(Purpose.CONFIRM, token, now)
        with self.database.read() as connection:
            return self._who_may_confirm(connection, target.reader_id)

    def confirm(self, token: str, now: datetime) -> Confirmed:
        """The click on the button; raises BadLink. A second one changes nothing. Commits."""
        target = self.signer.read_dated(Purpose.CONFIRM, token, now)
        welcome = self.welcome(target.reader_id)
        with self.database.write() as connection:
            reader = self._who_may_confirm(connection, target.reader_id)
            if reader.status is ReaderStatus.ACTIVE:
                return Confirmed(reader_id=reader.id, was_so=True)
            assert reader.address is not None
            suppression_store.lift_suppression(
                connection, parse_address(reader.address), ERASED, self.suppression_key
            )
            replaced = own_store.replaced_by(connection, reader.id)
            if replaced is not None:
                own_store.move_address(connection, reader, replaced, now)
                return Confirmed(reader_id=replaced, moved=True)
            own_store.activate(connection, reader.id, now, source="confirmation page", wording=WORDING)
            self.queue_mail(
                connection,
                MailKind.WELCOME,
                f"welcome:{reader.id}:{int(now.timestamp())}",
                reader.id,
                welcome,
                now,
            )
            return Confirmed(reader_id=reader.id)

    def remind(self, after: timedelta, now: datetime) -> int:
        """Send everybody who has not confirmed since `after` the one reminder; returns how many. Commits."""
        with self.database.write() as connection:
            ids = own_store.unconfirmed_since(connection, now - after)
            return sum(
                self.queue_mail(
                    connection, MailKind.REMINDER, f"reminder:{each}", each, self._values(each, now), now
                )
                for each in ids
            )

    def _usable(self, text: str) -> Address:
        address = parse_address(text)
        if self.is_disposable(address.key.rpartition("@")[2]):
            raise BadInput("Addresses of this kind are thrown away soon. Please give one that you keep.")
        return address

    def _is_kept_out(self, connection: Connection, address: Address) -> bool:
        reason = suppression_store.suppression_reason(connection, address, self.suppression_key)
        return reason is not None and reason != ERASED

    def _ask_to_confirm(
        self, connection: Connection, reader_id: int, source: str, now: datetime, *, is_new: bool = False
    ) -> None:
        since = now - self.again_after
        if not is_new and own_store.was_mailed(connection, reader_id, MailKind.CONFIRMATION, since):
            return
        own_store.record_consent(
            connection, reader_id, ConsentEvent.REQUESTED, now, source=source, wording=WORDING
        )
        key = f"confirmation:{reader_id}:{int(now.timestamp())}"
        self.queue_mail(connection, MailKind.CONFIRMATION, key, reader_id, self._values(reader_id, now), now)

    def _values(self, reader_id: int, now: datetime) -> dict[str, object]:
        token = self.signer.dated_token(Purpose.CONFIRM, reader_id, now)
        days = LIFETIMES[Purpose.CONFIRM].days
        return {"confirm_url": link(self.public_url, Purpose.CONFIRM, token), "days": str(days)}

    def _who_may_confirm(self, connection: Connection, reader_id: int) -> Reader:
        """An old mail must not bring back who has left since: only an open request can be confirmed."""
        reader = store.look_for_reader(connection, reader_id)
        if reader is None or reader.status is ReaderStatus.ERASED:
            raise BadLink
        if reader.status is ReaderStatus.ACTIVE:
            return reader
        latest = store.list_consents(connection, reader_id)[-1:]
        if reader.status not in _COMES_BACK or not latest or latest[0].event is not ConsentEvent.REQUESTED:
            raise BadLink
        return reader


def read_domains(file: Path) -> frozenset[str]:
    """The domains of a list, one a line; lines that begin with # are comments. Raises BadInput."""
    try:
        lines = [line.strip().casefold() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the list of domains cannot be read: {error}", Place(file)) from error
    return frozenset(line for line in lines if line and not line.startswith("#"))


def is_listed(domain: str, domains: frozenset[str]) -> bool:
    """Whether the domain, or one that it is part of, is on the list."""
    labels = domain.split(".")
    return any(".".join(labels[start:]) in domains for start in range(len(labels)))


# Following a tool from a page that knows nobody: the address gets a mail with its reader's own link.
#
# What the visitor sees is the same whether a reader has the address or not.

#: However often somebody asks, a reader gets at most so many of these mails a day, and one for each tool.
MOST_MAILS = 5
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """The way to a reader's own link from a page that anybody can open."""

    database: Database
    signer: LinkSigner
    limits: Limits
    public_url: str
    queue_mail: QueueMail

    def ask(self, text: str, tool_id: str, tool_name: str, network: str, now: datetime) -> None:
        """Somebody wants to follow a tool. Raises BadInput for what is no address, and TooMany. Commits."""
        address = parse_address(text)
        with self.database.write() as connection:
            self.limits.check(connection, network, address, now)
            self.limits.count(connection, network, address, now)
            reader = store.find_reader(connection, address)
            if reader is None or reader.status is not ReaderStatus.ACTIVE:
                return
            if own_store.count_mailed(connection, reader.id, MailKind.FOLLOW, now - DAY) >= MOST_MAILS:
                return
            page = link(
                self.public_url, Purpose.PREFERENCES, self.signer.token(Purpose.PREFERENCES, reader.id)
            )
            values = {"follow_url": f"{page}/follow/{tool_id}", "tool": tool_name}
            key = f"follow:{reader.id}:{tool_id}:{now:%Y-%m-%d}"
            self.queue_mail(connection, MailKind.FOLLOW, key[:200], reader.id, values, now)

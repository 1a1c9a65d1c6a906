"""How many sign-ups one network and one domain may bring in an hour, so that nobody floods mailboxes through us.

Counted in the database, so that a restart forgets nothing, under keyed hashes, so that the count tells nothing of
anybody. How often one address is mailed is decided in subscribing.py.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from ipaddress import ip_address, ip_network

from sqlalchemy import Connection

from newsletter.db.statuses import LimitScope
from newsletter.errors import NewsletterError
from newsletter.readers import own_store
from newsletter.readers.addresses import Address

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

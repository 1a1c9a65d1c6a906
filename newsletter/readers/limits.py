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

WINDOW = timedelta(hours=1)


class TooMany(NewsletterError):
    """There were very many sign-ups from there just now. Please try again in an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most sign-ups of an hour, and the key that hides whose they are."""

    key: bytes
    per_network: int
    per_domain: int

    def check(self, connection: Connection, network: str, domain: str, now: datetime) -> None:
        """Raise TooMany when the hour is full; writes nothing."""
        counted = own_store.count_sign_ups(
            connection, list(self._hashes(network, domain).values()), _hour(now)
        )
        for scope, most in ((LimitScope.NETWORK, self.per_network), (LimitScope.DOMAIN, self.per_domain)):
            if counted.get(scope, 0) >= most:
                raise TooMany

    def count(self, connection: Connection, network: str, domain: str, now: datetime) -> None:
        """Count one more."""
        own_store.add_sign_up(connection, self._hashes(network, domain), _hour(now))

    def _hashes(self, network: str, domain: str) -> dict[LimitScope, str]:
        return {LimitScope.NETWORK: self._hash(network), LimitScope.DOMAIN: self._hash(domain)}

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

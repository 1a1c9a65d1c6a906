"""The suppression list: addresses that nothing is sent to, known by a keyed hash only, each with its kind.

| kind | an issue | a confirmation, when their owner signs up | comes off the list |
|---|---|---|---|
| left | no | yes | by confirming, or `newsletter readers unsuppress` |
| bounced | no | one in thirty days | by confirming, or `newsletter readers unsuppress` |
| erased | no | yes | by confirming |
| operator | no | no | by `newsletter readers unsuppress` |
| complained | no | no | never |

No import and no command brings anybody back who is on it. It outlives an erased reader and names nobody. Its key never
changes (keys.py). Nothing here commits; taking a reader off the list of readers together with it is `store.suppress`.
"""

import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from newsletter.db.engine import Database, insert_into
from newsletter.db.schema import installation, suppressions
from newsletter.db.statuses import MailKind, SuppressionKind
from newsletter.errors import BadInput, StoreError
from newsletter.readers.addresses import Address, fold, unaccented
from newsletter.readers.keys import fingerprint

#: The single mails that an address on the list may get, by the kind of its entry: all are asked for by whoever reads its mail.
#: Whoever may get a confirmation ends the entry by confirming. An issue goes to nobody on the list.
MAY_GET_LISTED: Mapping[SuppressionKind, frozenset[MailKind]] = MappingProxyType(
    {
        SuppressionKind.LEFT: frozenset({MailKind.CONFIRMATION, MailKind.REMINDER, MailKind.PERSONAL_LINK}),
        # Not a second mail to a mailbox that may still be dead.
        SuppressionKind.BOUNCED: frozenset({MailKind.CONFIRMATION, MailKind.PERSONAL_LINK}),
        SuppressionKind.ERASED: frozenset({MailKind.CONFIRMATION, MailKind.REMINDER, MailKind.PERSONAL_LINK}),
        SuppressionKind.OPERATOR: frozenset(),
        SuppressionKind.COMPLAINED: frozenset(),
    }
)

#: The kinds that their address's owner ends by confirming, and those that an operator ends, who put them there by mistake.
ENDED_BY_OWNER = frozenset(kind for kind, mails in MAY_GET_LISTED.items() if MailKind.CONFIRMATION in mails)
ENDED_BY_OPERATOR = frozenset({SuppressionKind.LEFT, SuppressionKind.BOUNCED, SuppressionKind.OPERATOR})

#: What stands on the list twice is of the stricter kind; the first is the mildest.
_BY_STRICTNESS = (
    SuppressionKind.LEFT,
    SuppressionKind.BOUNCED,
    SuppressionKind.ERASED,
    SuppressionKind.OPERATOR,
    SuppressionKind.COMPLAINED,
)
assert set(_BY_STRICTNESS) == set(SuppressionKind)

#: What words of a reason, or of another program's list, say of the kind; the first that fits counts.
_SAID = (
    (SuppressionKind.COMPLAINED, r"complain|\bspam|abuse|\bjunk|beschwer"),
    (SuppressionKind.OPERATOR, r"block|black|\bban(?:ned)?\b|suppress|\bnever\b|do ?not|gesperrt"),
    (SuppressionKind.BOUNCED, r"bounc|clean|undeliver|unreach|invalid|\bdead\b"),
    (SuppressionKind.ERASED, r"erase|forgotten"),
    (
        SuppressionKind.LEFT,
        r"unsub|\bleft\b(?! alone)|\bleav|\bopt(?:ed|s)?[ -]?out|cancel|churn|remov|delet|\bstop|inactiv|inaktiv|inactif|\bformer\b"
        r"|\bex[- ](?:member|reader|subscriber|mitglied)|\b(?:no|no more|keine|pas de|geen) (?:e-?)?mails?\b"
        r"|abgemeldet|abbestellt|ausgetragen|ausgetreten|ehemalig|gekündigt|gekuendigt|gelöscht|geloescht|widerrufen|désinscrit|désabonn|\bbaja\b|desuscri"
        r"|desinscri|disiscrit|annullat|afgemeld|uitgeschreven|opgezegd|descadastr|avregistrer|wypisan",
    ),
)
_SAID_SO = tuple((kind, re.compile(unaccented(words))) for kind, words in _SAID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An entry of the list: what it is, why in words, and since when.

    `asked_at` is when its address last asked for the newsletter in vain.
    """

    kind: SuppressionKind
    reason: str
    at: datetime
    asked_at: datetime | None = None
    address_hash: str = ""

    @property
    def words(self) -> str:
        """One line for people: "asked by letter (operator)"."""
        return self.reason if self.reason == self.kind.value else f"{self.reason} ({self.kind})"


_ENTRY = tuple(suppressions.c[name] for name in Suppression.__dataclass_fields__)

#: Every sign-up asks it: putting it together takes longer than running it.
_FIND = select(*_ENTRY).where(suppressions.c.address_hash.in_(bindparam("hashes", expanding=True)))


def read_kind(words: str) -> SuppressionKind | None:
    """Return what somebody's words say of the kind, the strictest of several; None where they say nothing of it."""
    plain = unaccented(words.replace("_", " "))
    return next((kind for kind, said in _SAID_SO if said.search(plain)), None)


def key_fingerprint(connection: Connection) -> str:
    """Return the fingerprint of the key that the list is made with; empty where that is not known yet."""
    return connection.execute(select(installation.c.key_fingerprint)).scalar() or ""


def adopt_key(database: Database, key: bytes) -> None:
    """Note that the list is made with this key, where none is known yet. Commits."""
    with database.read() as connection:
        is_known = bool(key_fingerprint(connection))
    if not is_known:
        with database.write() as connection:
            unknown = installation.c.key_fingerprint == ""
            connection.execute(update(installation).where(unknown).values(key_fingerprint=fingerprint(key)))


def require_key(database: Database, key: bytes, file: Path) -> None:
    """Raise StoreError where the list was made with another key than this, from `file`: it would know nobody."""
    with database.read() as connection:
        made_with = key_fingerprint(connection)
    if made_with and made_with != fingerprint(key):
        raise StoreError(
            f"{file} is not the key that this database's suppression list was made with: put that one in its place, "
            "from the installation that the database comes from, or from a backup"
        )


def address_hash(key: bytes, address: Address) -> str:
    """Return HMAC-SHA256 of the address's key under the suppression key, as hex."""
    return hmac.digest(key, address.key.encode(), "sha256").hex()


def address_hashes(key: bytes, address: Address) -> set[str]:
    """Return what the address may stand on the list by: its hash, and with ß and its like that of earlier releases, too.

    They folded such letters. That entry may be somebody else's: rather one too many is kept out.
    """
    folded = fold(address.key)
    hashes = {address_hash(key, address)}
    return hashes if folded == address.key else hashes | {address_hash(key, Address(folded, folded))}


# The list as lines of a file: an address where one is known, and its hash, which only an installation with the same key reads.


def write_hash(key: bytes, hashed: str) -> str:
    """Return a hash with what tells its key from every other."""
    return f"{_key_name(key)}:{hashed}"


def read_hash(key: bytes, text: str) -> str:
    """Return the hash in what `write_hash` wrote; raises BadInput for another key's, and for what is none."""
    name, _, hashed = text.strip().lower().partition(":")
    if not _HASH.fullmatch(hashed):
        raise BadInput(f"{text[:60]!r} is no hash of an address")
    if name != _key_name(key):
        raise BadInput(
            "this hash was made with another key than keys/suppression: nobody can know whose it is"
        )
    return hashed


_HASH = re.compile("[0-9a-f]{64}")


def _key_name(key: bytes) -> str:
    return hmac.digest(key, b"the name of a key", "sha256").hex()[:8]


def list_suppressions(connection: Connection, *, after: str = "", limit: int = 1000) -> list[Suppression]:
    """Return the next `limit` entries whose hash is greater than `after`, in the order of their hashes."""
    query = select(*_ENTRY).where(suppressions.c.address_hash > after)
    rows = connection.execute(query.order_by(suppressions.c.address_hash).limit(limit)).mappings()
    return [Suppression(**row) for row in rows]


# Putting addresses on it, and finding and taking them off.


def add_suppression(
    connection: Connection, hashed: str, kind: SuppressionKind, *, reason: str, source: str, now: datetime
) -> bool:
    """Put a hash on the list; False when it was there already, by this kind or a stricter one. No text may hold an address."""
    row = {"address_hash": hashed, "kind": kind, "reason": reason, "at": now, "source": source}
    return put_suppression(connection, row)


def put_suppression(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Put a row on the list; False when it was there already, by its kind or a stricter one."""
    statement = insert_into(suppressions, connection.dialect.name)
    milder = _BY_STRICTNESS[: _BY_STRICTNESS.index(row["kind"])]
    statement = statement.on_conflict_do_update(
        index_elements=["address_hash"],
        set_={name: statement.excluded[name] for name in ("kind", "reason", "at", "source")},
        where=suppressions.c.kind.in_(milder),
    )
    return connection.execute(statement.returning(suppressions.c.address_hash), dict(row)).first() is not None


def kinds_among(connection: Connection, hashes: Collection[str]) -> dict[str, SuppressionKind]:
    """Return the kinds of those of these hashes that are on the list."""
    if not hashes:
        return {}
    query = select(suppressions.c.address_hash, suppressions.c.kind)
    rows = connection.execute(query.where(suppressions.c.address_hash.in_(hashes)))
    return {row.address_hash: row.kind for row in rows}


def find_suppression(connection: Connection, address: Address, key: bytes) -> Suppression | None:
    """Return the strictest entry that the address may stand on the list by; None when it is not on it."""
    rows = connection.execute(_FIND, {"hashes": list(address_hashes(key, address))}).mappings()
    entries = [Suppression(**row) for row in rows]
    return max(entries, key=lambda each: _BY_STRICTNESS.index(each.kind), default=None)


def may_come_back(listed: Suppression | None) -> bool:
    """Return whether the owner of an address with this entry, or none, may come back by a sign-up of their own."""
    return listed is None or listed.kind in ENDED_BY_OWNER


def lift_suppression(
    connection: Connection, hashes: Collection[str], kinds: Collection[SuppressionKind]
) -> None:
    """Take these hashes off the list where they stand there by one of these kinds."""
    theirs = (suppressions.c.address_hash.in_(hashes), suppressions.c.kind.in_(kinds))
    connection.execute(delete(suppressions).where(*theirs))


def note_asked(connection: Connection, address: Address, key: bytes, now: datetime) -> None:
    """Note that an address asked for the newsletter that is kept out: the operator may want to know."""
    theirs = suppressions.c.address_hash.in_(address_hashes(key, address))
    connection.execute(update(suppressions).where(theirs).values(asked_at=now))


def count_asked(connection: Connection, since: datetime) -> int:
    """Return how many addresses asked in vain since a moment."""
    query = select(func.count()).select_from(suppressions).where(suppressions.c.asked_at >= since)
    return connection.execute(query).scalar_one()

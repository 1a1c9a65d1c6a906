"""Clicks on an issue's links, as far as they are counted: who may have clicked, by rules that docs/how-to/clicks.md tells.

Nothing of a visitor is kept: a click adds one to the count of a link, a kind of visitor and a day.
"""

import logging
import re
import secrets
from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from threading import Lock

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.exc import DBAPIError

from newsletter.db.engine import Database, insert_into
from newsletter.db.schema import clicks, issues, links
from newsletter.db.statuses import ClickKind
from newsletter.errors import NotFound

#: A person has to get the mail and read it first: earlier than this after an issue's start nobody counts as one.
NOT_YET = timedelta(seconds=60)
#: So many different links of one issue, from one network, in so short a time, and whoever opens them is a program.
MANY, SHORT = 4, timedelta(seconds=10)
#: Networks that are remembered, for as long as they are busy, and clicks of each; in memory only.
_NETWORKS, _CLICKS = 10_000, 100

#: Programs that say what they are, and those that mail filters are known to open links with.
_PROGRAMS = re.compile(
    r"bot\b|bot/|crawl|spider|scan|preview|prefetch|fetch|monitor|headless|curl|wget|python|java/|okhttp|go-http|libwww|"
    r"barracuda|proofpoint|mimecast|safelinks|googleimageproxy|yahoomailproxy|slack|facebookexternalhit|whatsapp|telegram",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueLink:
    """A link that approval froze under a number. `place` is the block it stands in; empty for the mail's frame."""

    number: int
    url: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkClicks:
    """How often a link was opened, by kind of visitor."""

    link: IssueLink
    human: int = 0
    machine: int = 0
    unsure: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """What one count is of."""

    issue_id: int
    number: int
    kind: ClickKind
    day: date


def kind_of(method: str, headers: Mapping[str, str], since_start: timedelta) -> ClickKind:
    """Tell who opened a link, as far as the request shows. `headers` are found by lower-case name."""
    purpose = f"{headers.get('purpose', '')} {headers.get('sec-purpose', '')} {headers.get('x-moz', '')}"
    agent = headers.get("user-agent", "")
    if (
        method == "HEAD"
        or "prefetch" in purpose
        or "preview" in purpose
        or not agent
        or _PROGRAMS.search(agent)
    ):
        return ClickKind.MACHINE
    went = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-user") == "?1"
    return ClickKind.HUMAN if went and since_start >= NOT_YET else ClickKind.UNSURE


@dataclass(slots=True)
class Crowds:
    """Networks that open many links at once. Known for seconds, in memory, by a hash whose key ends with the process.

    Of one thread at a time: whoever counts by it holds a lock.
    """

    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _recent: OrderedDict[bytes, deque[tuple[datetime, Click]]] = field(default_factory=OrderedDict)

    def changes_by(self, click: Click, network: str, now: datetime) -> Counter[Click]:
        """Return what the click does to the counts: one more, or, where it makes a crowd, its earlier clicks as a machine's."""
        recent = self._recent_of(click.issue_id, network, now)
        recent.append((now, click))
        if len({each.number for _, each in recent}) < MANY:
            return Counter({click: 1})
        changes: Counter[Click] = Counter()
        for place, (moment, each) in enumerate(recent):
            machine = replace(each, kind=ClickKind.MACHINE)
            if machine != each:
                recent[place] = (moment, machine)
                changes.update({machine: 1, each: -1})
        changes[click] += 1
        return changes

    def _recent_of(self, issue_id: int, network: str, now: datetime) -> deque[tuple[datetime, Click]]:
        """Return the network's clicks of the last seconds, the oldest first; whoever was quiet for so long is forgotten."""
        while self._recent and now - next(iter(self._recent.values()))[-1][0] > SHORT:
            self._recent.popitem(last=False)
        key = blake2b(f"{issue_id} {network}".encode(), digest_size=16, key=self._key).digest()
        recent = self._recent.setdefault(key, deque(maxlen=_CLICKS))
        self._recent.move_to_end(key)
        if len(self._recent) > _NETWORKS:
            self._recent.popitem(last=False)
        while recent and now - recent[0][0] > SHORT:
            recent.popleft()
        return recent


@dataclass(slots=True)
class Uncounted:
    """Clicks on their way to the store; of many threads one writes, and the others leave theirs to it."""

    _waiting: Counter[Click] = field(default_factory=Counter)
    _crowds: Crowds = field(default_factory=Crowds)
    _lock: Lock = field(default_factory=Lock)
    #: Held by the one that writes.
    writing: Lock = field(default_factory=Lock)

    def add(self, click: Click, network: str, now: datetime) -> None:
        """Add a click from that network; it may show that earlier ones were a machine's."""
        with self._lock:
            self._waiting.update(self._crowds.changes_by(click, network, now))

    def put_back(self, counts: Mapping[Click, int]) -> None:
        with self._lock:
            self._waiting.update(counts)

    def take(self) -> Counter[Click]:
        """Take all that wait."""
        with self._lock:
            taken, self._waiting = self._waiting, Counter()
            return taken


# The queries on an issue's links and their clicks. Nothing here commits, but `count_clicks`.

log = logging.getLogger(__name__)


def put_links(connection: Connection, issue_id: int, frozen: Iterable[IssueLink], salt: int = 0) -> None:
    """Replace the issue's links, whose addresses carry the salt; what was counted of earlier ones goes with them."""
    for table in (clicks, links):
        connection.execute(delete(table).where(table.c.issue_id == issue_id))
    rows = [{"issue_id": issue_id, "salt": salt, **asdict(each)} for each in frozen]
    if rows:
        connection.execute(insert(links), rows)


def links_of(connection: Connection, issue_id: int) -> tuple[IssueLink, ...]:
    """Return the links that approval froze, by number; none where clicks were not to be counted."""
    query = select(links.c.number, links.c.url, links.c.place).where(links.c.issue_id == issue_id)
    return tuple(IssueLink(**row) for row in connection.execute(query.order_by(links.c.number)).mappings())


def get_target(connection: Connection, issue_id: int, number: int, salt: int) -> tuple[str, datetime | None]:
    """Return where a link of the issue leads, and when the issue began to go out.

    Raises NotFound, also where these numbers are another issue's than when the link was made: a restored database gives
    them again, and so does a copy. `salt` is 0 for a link that carries none.
    """
    query = select(links.c.url, issues.c.started_at).join(issues, issues.c.id == links.c.issue_id)
    found = connection.execute(
        query.where(links.c.issue_id == issue_id, links.c.number == number, links.c.salt == salt)
    ).one_or_none()
    if found is None:
        raise NotFound("link", f"{issue_id}/{number}")
    return found.url, found.started_at


def count_clicks(database: Database, uncounted: Uncounted) -> None:
    """Write what waits, unless somebody does already. Commits; a busy database leaves it to the next click."""
    while uncounted.writing.acquire(blocking=False):
        try:
            counts = uncounted.take()
            if not counts:
                return
            try:
                with database.write() as connection:
                    add_clicks(connection, counts)
            except DBAPIError as error:
                log.warning("clicks wait to be counted: %s", type(error).__name__)
                uncounted.put_back(counts)
                return
        finally:
            uncounted.writing.release()


def add_clicks(connection: Connection, counts: Mapping[Click, int]) -> None:
    """Add to the counts; clicks on links that were withdrawn meanwhile are left out."""
    known = {each: links_of(connection, each) for each in {click.issue_id for click in counts}}
    numbers = {(issue_id, link.number) for issue_id, of_issue in known.items() for link in of_issue}
    rows = [
        {**asdict(each), "count": count}
        for each, count in sorted(
            counts.items(), key=lambda each: (each[0].issue_id, each[0].number, each[0].kind)
        )
        if count and (each.issue_id, each.number) in numbers
    ]
    if not rows:
        return
    statement = insert_into(clicks, connection.dialect.name)
    upsert = statement.on_conflict_do_update(
        index_elements=["issue_id", "number", "kind", "day"],
        set_={"count": clicks.c.count + statement.excluded["count"]},
    )
    connection.execute(upsert, rows)


def clicks_of(connection: Connection, issue_id: int) -> tuple[LinkClicks, ...]:
    """Return every frozen link of the issue with its clicks, in the order of the mail."""
    query = select(clicks.c.number, clicks.c.kind, func.sum(clicks.c.count).label("clicked"))
    query = query.where(clicks.c.issue_id == issue_id).group_by(clicks.c.number, clicks.c.kind)
    counted = {(row.number, row.kind): int(row.clicked) for row in connection.execute(query)}
    return tuple(
        LinkClicks(link=each, **{kind.value: counted.get((each.number, kind), 0) for kind in ClickKind})
        for each in links_of(connection, issue_id)
    )


def clicks_by_issue(connection: Connection) -> dict[int, dict[ClickKind, int]]:
    """Return all clicks of every issue that has any, by kind."""
    query = select(clicks.c.issue_id, clicks.c.kind, func.sum(clicks.c.count).label("clicked"))
    found: dict[int, dict[ClickKind, int]] = {}
    for row in connection.execute(query.group_by(clicks.c.issue_id, clicks.c.kind)):
        found.setdefault(row.issue_id, dict.fromkeys(ClickKind, 0))[row.kind] = int(row.clicked)
    return found

"""A dry run: the whole audience's copies to a provider that checks them and delivers none, such as SendGrid's sandbox.

It is no sending: the issue stays approved, nothing of it stands in the ledger, and nobody has a copy. Only the last one of an
issue is remembered.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from newsletter.clock import Clock
from newsletter.db.engine import Database, insert_into
from newsletter.db.schema import dry_runs, readers, suppressions
from newsletter.delivery.audience import AddressHash, audience
from newsletter.delivery.ledger import Recipient
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.transports import Session, Transport
from newsletter.digest.issues import Issue
from newsletter.errors import SendError
from newsletter.readers.preferences import CONTENT_COLUMNS, from_content_columns

if TYPE_CHECKING:
    from newsletter.delivery.message import Mailing

#: Readers checked together.
_PAGE = 1_000

#: Rests that a provider may name for one page of readers, before it counts as trouble.
_RESTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What a provider said to an issue's copies: how many it would take and refuse. `trouble` says what ended it early."""

    issue_id: int
    at: datetime
    readers: int
    passed: int
    refused: int
    trouble: str = ""

    @property
    def words(self) -> str:
        """What came of it, in a sentence."""
        counts = f"{self.passed:,} of {self.readers:,} copies would be taken"
        refused = f", {self.refused:,} refused" if self.refused else ""
        return (
            f"{counts}{refused}{f'; it ended early: {self.trouble}' if self.trouble else ''}; nobody has it"
        )


def dry_run(
    database: Database,
    issue: Issue,
    mailing: "Mailing",
    transport: Transport,
    hash_address: AddressHash,
    clock: Clock,
) -> DryRun:
    """Have every reader's copy checked, and remember what came of it. Commits."""
    outcomes: Counter[Event] = Counter()
    total, trouble = 0, ""
    with closing(transport.open()) as session:
        for page in _pages(database, issue, hash_address, clock.now()):
            total += len(page)
            try:
                if not trouble:
                    outcomes.update(each.event for each in _check(session, page, mailing, clock))
            except SendError as error:
                trouble = str(error)
    done = DryRun(
        issue_id=issue.id,
        at=clock.now(),
        readers=total,
        passed=outcomes[Event.RETURN],
        refused=outcomes[Event.REJECT],
        trouble=trouble,
    )
    row = asdict(done)
    with database.write() as connection:
        new = insert_into(dry_runs, connection.dialect.name).values(row)
        connection.execute(new.on_conflict_do_update(index_elements=["issue_id"], set_=row))
    return done


def find_dry_run(connection: Connection, issue: Issue) -> DryRun | None:
    """Return the last dry run of what is approved now; None where there was none since."""
    row = connection.execute(select(dry_runs).where(dry_runs.c.issue_id == issue.id)).one_or_none()
    if row is None or issue.approved_at is None or row.at < issue.approved_at:
        return None
    return DryRun(**row._mapping)


def _pages(
    database: Database, issue: Issue, hash_address: AddressHash, now: datetime
) -> Iterator[Sequence[Recipient]]:
    columns = (
        *(readers.c[name] for name in ("id", "address", "address_key", "salt")),
        *CONTENT_COLUMNS,
    )
    query = (
        audience(issue.edition, now.date()).with_only_columns(*columns).order_by(readers.c.id).limit(_PAGE)
    )
    last = 0
    while True:
        with database.read() as connection:
            rows = connection.execute(query.where(readers.c.id > last)).all()
            hashes = [hash_address(row.address_key) for row in rows]
            listed = select(suppressions.c.address_hash).where(suppressions.c.address_hash.in_(hashes))
            suppressed = set(connection.execute(listed).scalars())
        if not rows:
            return
        last = rows[-1].id
        yield [
            Recipient(
                reader_id=row.id,
                address=row.address,
                attempts=0,
                salt=row.salt,
                preferences=from_content_columns(row[4:]),
            )
            for row, known_as in zip(rows, hashes, strict=True)
            if known_as not in suppressed
        ]


def _check(
    session: Session, page: Sequence[Recipient], mailing: "Mailing", clock: Clock
) -> Iterator[Outcome]:
    """Yield what a provider says to each of a page, resting where it wants that; raises SendError."""
    left, rests = {each.reader_id: each for each in page}, 0
    while left:
        try:
            for outcome in session.send(tuple(left.values()), mailing, lambda about_to_go: None):
                # Without a code it was not checked yet.
                if outcome.code:
                    del left[outcome.reader_id]
                    yield outcome
            return
        except SendError as error:
            rests += 1
            if error.retry_after is None or rests > _RESTS:
                raise
            clock.sleep(error.retry_after or timedelta(seconds=1))

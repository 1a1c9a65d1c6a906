"""How far an issue is: its counts, in all and by domain, and how fast they grow. What they mean to a person is status.py."""

from array import array
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, String, func, select, type_coerce

from newsletter.db.schema import batches, deliveries, readers
from newsletter.db.statuses import DeliveryStatus
from newsletter.delivery.states import FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many readers there are, and how many of them stand in each final state: nobody in more than one."""

    readers: int = 0
    accepted: int = 0
    rejected: int = 0
    skipped: int = 0
    unsure: int = 0

    @property
    def done(self) -> int:
        return self.accepted + self.rejected + self.skipped + self.unsure

    @property
    def open(self) -> int:
        """Those without a final state: waiting, on their way, or to be tried again."""
        return self.readers - self.done

    @property
    def is_mostly_refused(self) -> bool:
        """Whether more were refused it than not, among those of whom it is known."""
        return self.rejected > self.accepted

    @property
    def refused_words(self) -> str:
        """Say how many were refused it: "12 of 12 readers were refused it"."""
        tried = self.rejected + self.accepted
        return f"{self.rejected:,} of {tried:,} {'reader was' if tried == 1 else 'readers were'} refused it"


#: Also the names of the columns of `batches` that hold them.
COUNTED = tuple(each.name for each in fields(Counts))


def get_counts(connection: Connection, issue_id: int) -> Counts:
    """Return the issue's counts: a sum over its batches, which the ledger keeps exact."""
    sums = (func.coalesce(func.sum(batches.c[name]), 0).label(name) for name in COUNTED)
    row = connection.execute(select(*sums).where(batches.c.issue_id == issue_id)).one()
    return Counts(**{name: int(count) for name, count in row._mapping.items()})


def count_refusals(connection: Connection, issue_id: int) -> str:
    """Return the codes of an issue's refusals, the most frequent first: "5.7.1 (12), gave-up (1)"."""
    refused = (deliveries.c.issue_id == issue_id, deliveries.c.status == DeliveryStatus.REJECTED)
    query = select(deliveries.c.code, func.count()).where(*refused).group_by(deliveries.c.code)
    counted = sorted(connection.execute(query), key=lambda each: (-each[1], each[0] or ""))
    return ", ".join(f"{code or 'no code'} ({count:,})" for code, count in counted)


#: What a rate is taken over; older samples are forgotten.
_OVER = timedelta(seconds=20)
#: Samples nearer to each other say nothing new.
_APART = timedelta(milliseconds=400)


@dataclass(slots=True)
class SendRate:
    """How fast one issue goes out, from the last samples of its counts; one thread at a time."""

    _samples: deque[tuple[datetime, int]] = field(default_factory=deque)

    def add(self, counts: Counts, now: datetime) -> None:
        """Take a sample; counts that went back, since somebody is sent it again, start anew."""
        if self._samples and (now < self._samples[-1][0] or counts.done < self._samples[-1][1]):
            self._samples.clear()
        if not self._samples or now - self._samples[-1][0] >= _APART:
            self._samples.append((now, counts.done))
        while now - self._samples[0][0] > _OVER and len(self._samples) > 1:
            self._samples.popleft()

    @property
    def per_second(self) -> float | None:
        """Readers done a second; None before there were two samples."""
        if len(self._samples) < 2:
            return None
        (begun_at, before), (ended_at, after) = self._samples[0], self._samples[-1]
        return (after - before) / (ended_at - begun_at).total_seconds()

    def time_left(self, counts: Counts) -> timedelta | None:
        """Return how long it still takes at this rate; None where nobody can know."""
        rate = self.per_second
        return timedelta(seconds=counts.open / rate) if rate else None


#: Batches of a thousand that one look reads: about thirty milliseconds.
BATCHES = 8

_OUTCOMES = tuple(sorted(each.value for each in FINAL))
_PLACES = {name: place for place, name in enumerate(_OUTCOMES)}
#: Who has no address any more.
ERASED = "erased"


@dataclass(slots=True)
class DomainCounts:
    """One issue's counts by its readers' domains, remembered batch by batch; one thread at a time.

    The ledger keeps sums for each batch, not for each domain: what it has for a million readers would take seconds
    to read. So every update reads a few batches, those that are new or whose sums have moved, until all have been
    counted. For each batch one number a reader is kept, so that a batch that has moved is taken out and counted again.
    """

    issue_id: int
    #: Batches whose sums have moved since they were counted.
    stale: int = 0
    _places: dict[str, int] = field(default_factory=dict)
    _counts: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    #: By batch: its row when it was counted, and the numbers.
    _counted: dict[int, tuple[Any, "array[int]"]] = field(default_factory=dict)

    def update(self, connection: Connection, most: int = BATCHES) -> None:
        """Count at most so many of the batches that need it."""
        columns = (batches.c[name] for name in ("id", "low", "high", *_OUTCOMES))
        query = select(*columns).where(batches.c.issue_id == self.issue_id).order_by(batches.c.id)
        moved = [row for row in connection.execute(query) if self._has_moved(row)]
        for row in moved[:most]:
            self._count(connection, row)
        self.stale = max(0, len(moved) - most)

    def largest(self, most: int) -> dict[str, Counts]:
        """Return the counts of the largest domains, the largest first, and those of all others together under ""."""
        found = [(name, self._by_outcome(place)) for name, place in self._places.items()]
        ranked = sorted(
            ((name, counts) for name, counts in found if any(counts)),
            key=lambda each: (-sum(each[1]), each[0]),
        )
        shown = dict(ranked[:most])
        if rest := ranked[most:]:
            shown[""] = [sum(each) for each in zip(*(counts for _, counts in rest), strict=True)]
        return {
            name: Counts(readers=sum(counts), **dict(zip(_OUTCOMES, counts, strict=True)))
            for name, counts in shown.items()
        }

    def _has_moved(self, batch: Any) -> bool:
        known = self._counted.get(batch.id)
        return any(batch[3:]) if known is None else known[0] != batch

    def _count(self, connection: Connection, batch: Any) -> None:
        for code in self._counted.get(batch.id, (None, ()))[1]:
            self._counts[code] -= 1
        places, counts, several = self._places, self._counts, len(_OUTCOMES)
        codes = array("L")
        for address_key, status in _outcomes_in_batch(connection, self.issue_id, batch):
            domain = address_key.rpartition("@")[2] if address_key else ERASED
            code = places.setdefault(domain, len(places)) * several + _PLACES[status]
            codes.append(code)
            counts[code] += 1
        self._counted[batch.id] = batch, codes

    def _by_outcome(self, place: int) -> list[int]:
        first = place * len(_OUTCOMES)
        return [self._counts.get(first + at, 0) for at in range(len(_OUTCOMES))]


def _outcomes_in_batch(connection: Connection, issue_id: int, batch: Any) -> Sequence[tuple[str | None, str]]:
    """Return the casefolded address (None: erased) and state of everybody in the batch who is done.

    States come as texts: a million of them are read, and to make each a DeliveryStatus takes longer than to read it.
    """
    query = (
        select(readers.c.address_key, type_coerce(deliveries.c.status, String))
        .join_from(deliveries, readers, readers.c.id == deliveries.c.reader_id)
        .where(
            deliveries.c.issue_id == issue_id,
            deliveries.c.reader_id.between(batch.low, batch.high),
            deliveries.c.batch_id == batch.id,
            deliveries.c.status.in_(FINAL),
        )
    )
    return connection.execute(query).all()

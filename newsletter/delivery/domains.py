"""What became of an issue at each of its readers' domains, counted batch by batch and remembered.

The ledger keeps sums for each batch, not for each domain: what it has for a million readers would take seconds to read.
So every look reads a few batches, those that are new or whose sums have moved, until all have been counted.
"""

from array import array
from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import Connection

from newsletter.delivery.domains_store import Sums, batch_outcomes, batch_sums
from newsletter.delivery.states import FINAL

#: Batches of a thousand that one look reads: about thirty milliseconds.
BATCHES = 8

_OUTCOMES = tuple(sorted(each.value for each in FINAL))
_PLACES = {name: place for place, name in enumerate(_OUTCOMES)}
#: Who has no address any more.
ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainLine:
    """A domain's readers who are done, by outcome. `name` is empty for all the smaller domains together."""

    name: str
    accepted: int = 0
    rejected: int = 0
    skipped: int = 0
    unsure: int = 0

    @property
    def done(self) -> int:
        return self.accepted + self.rejected + self.skipped + self.unsure


@dataclass(slots=True)
class DomainCount:
    """The count of one issue; one thread at a time.

    For each batch it keeps one number a reader, so that a batch whose outcomes have moved is taken out and counted again.
    """

    issue_id: int
    #: Batches whose sums have moved since they were counted.
    stale: int = 0
    _places: dict[str, int] = field(default_factory=dict)
    _counts: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    _counted: dict[int, tuple[Sums, "array[int]"]] = field(default_factory=dict)

    def look(self, connection: Connection, most: int = BATCHES) -> None:
        """Count at most so many of the batches that need it."""
        moved = [each for each in batch_sums(connection, self.issue_id) if self._has_moved(each)]
        for sums in moved[:most]:
            self._count(connection, sums)
        self.stale = max(0, len(moved) - most)

    def lines(self, most: int) -> tuple[DomainLine, ...]:
        """The largest domains, the largest first, and the rest of them in one."""
        by_domain = [self._line(name, place) for name, place in self._places.items()]
        largest = sorted((each for each in by_domain if each.done), key=lambda each: (-each.done, each.name))
        shown, rest = largest[:most], largest[most:]
        return (*shown, _together(rest)) if rest else tuple(shown)

    def _has_moved(self, sums: Sums) -> bool:
        known = self._counted.get(sums.batch_id)
        return sums.done > 0 if known is None else known[0] != sums

    def _count(self, connection: Connection, sums: Sums) -> None:
        for code in self._counted.get(sums.batch_id, (None, ()))[1]:
            self._counts[code] -= 1
        places, counts, several = self._places, self._counts, len(_OUTCOMES)
        codes = array("L")
        for address_key, status in batch_outcomes(connection, self.issue_id, sums):
            domain = address_key.rpartition("@")[2] if address_key else ERASED
            code = places.setdefault(domain, len(places)) * several + _PLACES[status]
            codes.append(code)
            counts[code] += 1
        self._counted[sums.batch_id] = sums, codes

    def _line(self, name: str, place: int) -> DomainLine:
        first = place * len(_OUTCOMES)
        counts = {name: self._counts.get(first + at, 0) for at, name in enumerate(_OUTCOMES)}
        return DomainLine(name=name, **counts)


def _together(lines: list[DomainLine]) -> DomainLine:
    return DomainLine(
        name="",
        accepted=sum(each.accepted for each in lines),
        rejected=sum(each.rejected for each in lines),
        skipped=sum(each.skipped for each in lines),
        unsure=sum(each.unsure for each in lines),
    )

"""Errata: what an issue that went out said wrongly, and what is right. Its words and its rows.

The issue itself stays as it was frozen. Its page shows the erratum beside it; the edition's next issue may say so in a line.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from newsletter.config import Settings
from newsletter.db.schema import errata, issues
from newsletter.digest.content import Correction, Link
from newsletter.digest.issues import Issue
from newsletter.digest.links import archive_url
from newsletter.errors import ChangedMeanwhile

#: Where an issue's page shows its errata.
ANCHOR = "corrections"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erratum:
    """One mistake of an issue that went out. `told_in` is the issue that says so too; None while none does."""

    id: int
    issue_id: int
    said: str
    right: str
    by: str
    at: datetime
    to_tell: bool
    told_in: int | None


# The queries on errata: what was wrong in which issue, and which later issue says so. Nothing here commits.


def add_erratum(
    connection: Connection, issue_id: int, *, said: str, right: str, by: str, at: datetime, to_tell: bool
) -> Erratum:
    values = {"issue_id": issue_id, "said": said, "right": right, "by": by, "at": at, "to_tell": to_tell}
    row = connection.execute(insert(errata).values(values).returning(*errata.c)).one()
    return _erratum(row)


def errata_of(connection: Connection, issue_id: int) -> tuple[Erratum, ...]:
    """Return the issue's errata, the oldest first."""
    return tuple(_erratum(row) for row in connection.execute(_ERRATA.where(errata.c.issue_id == issue_id)))


def all_errata(connection: Connection) -> tuple[Erratum, ...]:
    """Return every erratum of every issue, the oldest first: they are few."""
    return tuple(_erratum(row) for row in connection.execute(_ERRATA))


#: Each visitor to the archive asks it; putting it together takes longer than running it.
_ERRATA = select(errata).order_by(errata.c.id)


def _erratum(row: Row[Any]) -> Erratum:
    return Erratum(**row._mapping)


def corrections_for(connection: Connection, issue: Issue, settings: Settings) -> tuple[Correction, ...]:
    """Return the lines on earlier issues of its edition that this one has to say: told by no other, the oldest first."""
    query = (
        select(errata, issues.c.edition, issues.c.number, issues.c.slot, issues.c.archived)
        .join_from(errata, issues, issues.c.id == errata.c.issue_id)
        .where(errata.c.to_tell, issues.c.edition == issue.edition, issues.c.id != issue.id)
        .where(or_(errata.c.told_in.is_(None), errata.c.told_in == issue.id))
        .order_by(errata.c.id)
    )
    return tuple(_correction(row, settings) for row in connection.execute(query))


def _correction(row: Row[Any], settings: Settings) -> Correction:
    language = settings.language
    label = language.gettext("No. %(number)s", number=row.number)
    url = f"{archive_url(settings)}/{row.edition}-{row.number}#{ANCHOR}"
    return Correction(
        erratum_id=row.id,
        words=language.gettext(
            "Correction to %(issue)s (%(day)s): we wrote “%(said)s”. Right is: %(right)s",
            issue=label,
            day=language.short_date(date.fromisoformat(row.slot[:10])),
            said=row.said,
            right=row.right,
        ),
        link=Link(label=label, url=url) if row.archived else None,
    )


def tell_errata(connection: Connection, issue_id: int, erratum_ids: Collection[int]) -> None:
    """Record that this issue says so; raises ChangedMeanwhile when another one came first."""
    mine = errata.c.id.in_(tuple(erratum_ids)) & errata.c.told_in.is_(None)
    told = connection.execute(update(errata).where(mine).values(told_in=issue_id)).rowcount
    if told != len(erratum_ids):
        raise ChangedMeanwhile("Another issue tells of a correction that stands in this one. Look again.")


def untell_errata(connection: Connection, issue_id: int) -> None:
    """Record that this issue does not go out: the next one says it."""
    connection.execute(update(errata).where(errata.c.told_in == issue_id).values(told_in=None))

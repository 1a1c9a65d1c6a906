"""The queries on errata: what was wrong in which issue, and which later issue says so. Nothing here commits."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, update

from newsletter.db.schema import errata, issues
from newsletter.digest.errata import Erratum, Untold
from newsletter.digest.issues import Issue
from newsletter.errors import ChangedMeanwhile


def add_erratum(
    connection: Connection, issue_id: int, *, said: str, right: str, by: str, at: datetime, to_tell: bool
) -> Erratum:
    values = {"issue_id": issue_id, "said": said, "right": right, "by": by, "at": at, "to_tell": to_tell}
    row = connection.execute(insert(errata).values(values).returning(*errata.c)).one()
    return _erratum(row)


def errata_of(connection: Connection, issue_id: int) -> tuple[Erratum, ...]:
    """The issue's errata, the oldest first."""
    return _errata(connection, errata.c.issue_id == issue_id)


def all_errata(connection: Connection) -> tuple[Erratum, ...]:
    """Every erratum of every issue, the oldest first: they are few."""
    return tuple(_erratum(row) for row in connection.execute(_ERRATA))


#: Each visitor to the archive asks it; putting it together takes longer than running it.
_ERRATA = select(errata).order_by(errata.c.id)


def _errata(connection: Connection, where: ColumnElement[bool]) -> tuple[Erratum, ...]:
    return tuple(_erratum(row) for row in connection.execute(_ERRATA.where(where)))


def _erratum(row: Row[Any]) -> Erratum:
    return Erratum(**row._mapping)


def untold_errata(connection: Connection, issue: Issue) -> tuple[Untold, ...]:
    """What this issue has to say of earlier ones of its edition: told by no other issue, the oldest first."""
    query = (
        select(*errata.c, issues.c.edition, issues.c.number, issues.c.slot, issues.c.archived)
        .join_from(errata, issues, issues.c.id == errata.c.issue_id)
        .where(errata.c.to_tell, issues.c.edition == issue.edition, issues.c.id != issue.id)
        .where(or_(errata.c.told_in.is_(None), errata.c.told_in == issue.id))
        .order_by(errata.c.id)
    )
    return tuple(_untold(row) for row in connection.execute(query))


def _untold(row: Any) -> Untold:
    own = {column.name: row._mapping[column] for column in errata.c}
    return Untold(
        erratum=Erratum(**own),
        slug=f"{row.edition}-{row.number}" if row.archived else "",
        number=row.number,
        date_on=date.fromisoformat(row.slot[:10]),
    )


def tell_errata(connection: Connection, issue_id: int, erratum_ids: Collection[int]) -> None:
    """This issue says so; raises ChangedMeanwhile when another one came first."""
    mine = errata.c.id.in_(tuple(erratum_ids)) & errata.c.told_in.is_(None)
    told = connection.execute(update(errata).where(mine).values(told_in=issue_id)).rowcount
    if told != len(erratum_ids):
        raise ChangedMeanwhile("Another issue tells of a correction that stands in this one. Look again.")


def untell_errata(connection: Connection, issue_id: int) -> None:
    """This issue does not go out: the next one says it."""
    connection.execute(update(errata).where(errata.c.told_in == issue_id).values(told_in=None))

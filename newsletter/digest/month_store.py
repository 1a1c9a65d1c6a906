"""The query of the monthly issue: which weekly issues it is made from."""

from datetime import datetime

from sqlalchemy import Connection, select

from newsletter.db.schema import issues
from newsletter.db.statuses import Edition
from newsletter.digest.archive_store import read_issues
from newsletter.digest.archived import SHOWN, ArchivedIssue, corrected
from newsletter.digest.errata_store import all_errata


def weeks_between(connection: Connection, since: datetime, until: datetime) -> tuple[ArchivedIssue, ...]:
    """The weekly issues that began to go out after `since`, up to `until`, the newest first; none that was cancelled."""
    query = select(issues.c.id).where(
        issues.c.edition == Edition.WEEKLY,
        issues.c.status.in_(SHOWN),
        issues.c.started_at > since,
        issues.c.started_at <= until,
    )
    ids = connection.execute(query.order_by(issues.c.started_at.desc(), issues.c.id.desc())).scalars()
    errata = all_errata(connection)
    return tuple(corrected(each, errata) for each in read_issues(connection, ids.all()))

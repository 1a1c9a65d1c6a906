"""Everything kept of one reader, in one JSON document: what the readers' room knows, what was sent to them, and their open votes."""

from sqlalchemy import Connection, select

from newsletter.db.schema import deliveries, issues, mails, reports
from newsletter.readers.model import Reader
from newsletter.readers.own_data import own_rows
from newsletter.readers.votes import Ballots


def own_export(connection: Connection, reader: Reader, ballots: Ballots) -> dict[str, object]:
    """The reader's own export. Times are ISO 8601 in UTC. Votes that were counted are nobody's any more."""
    return own_rows(connection, reader) | {
        "issues": _issues(connection, reader.id),
        "mails": _mails(connection, reader.id),
        "reports": _reports(connection, reader.id),
        "open_votes": [
            {"comparison": comparison_id, "tool": tool_id, "vote": vote.value}
            for comparison_id, tool_id, vote in ballots.open_votes(connection, reader.id)
        ],
    }


def _issues(connection: Connection, reader_id: int) -> list[dict[str, object]]:
    columns = (issues.c.edition, issues.c.number, deliveries.c.status, deliveries.c.at, deliveries.c.code)
    query = (
        select(*columns)
        .join_from(deliveries, issues, deliveries.c.issue_id == issues.c.id)
        .where(deliveries.c.reader_id == reader_id)
        .order_by(deliveries.c.issue_id)
    )
    return [_plain(row) for row in connection.execute(query).mappings()]


def _mails(connection: Connection, reader_id: int) -> list[dict[str, object]]:
    columns = (mails.c.kind, mails.c.status, mails.c.queued_at, mails.c.at, mails.c.code)
    query = select(*columns).where(mails.c.reader_id == reader_id).order_by(mails.c.id)
    return [_plain(row) for row in connection.execute(query).mappings()]


def _reports(connection: Connection, reader_id: int) -> list[dict[str, object]]:
    columns = (reports.c.kind, reports.c.at, reports.c.code, reports.c.outcome)
    query = select(*columns).where(reports.c.reader_id == reader_id).order_by(reports.c.at)
    return [_plain(row) for row in connection.execute(query).mappings()]


def _plain(row: object) -> dict[str, object]:
    values = dict(row)  # type: ignore[call-overload]
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()
    }

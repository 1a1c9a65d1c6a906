"""Finding issues: by the name that people give one, as a list, and by what was before; and how many readers one would go to."""

import json
import re
from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, Select, func, select

from newsletter.commands import suggest
from newsletter.db.engine import Database
from newsletter.db.schema import issues, snapshots
from newsletter.db.statuses import Edition, IssueStatus
from newsletter.delivery.audience import audience
from newsletter.digest.issues import SHOWN, Issue
from newsletter.digest.store import find_issue_by_number, find_latest_issue, get_issue
from newsletter.errors import BadInput, NotFound

LATEST = "latest"


def _hint() -> str:
    return f"List them with: {suggest('issues')}"


def find_issue(database: Database, name: str) -> Issue:
    """Return the issue called "7" (its id), "#3" (its number; "monthly#3" of the other edition) or "latest".

    Raises BadInput for what is no such name, NotFound where there is no such issue.
    """
    numbered = re.fullmatch(r"(weekly|monthly)?#([0-9]{1,9})", name.strip())
    with database.read() as connection:
        if name.strip() == LATEST:
            found = find_latest_issue(connection)
        elif numbered:
            edition = Edition(numbered[1] or Edition.WEEKLY)
            found = find_issue_by_number(connection, edition, int(numbered[2]))
        elif re.fullmatch(r"[0-9]{1,18}", name.strip()):
            return get_issue(connection, int(name))
        else:
            raise BadInput(f"{name!r} is no issue: give an id, a number such as #3, or latest. {_hint()}")
    if found is None:
        raise NotFound("issue", name, _hint())
    return found


def find_issue_before(connection: Connection, issue: Issue) -> Issue | None:
    """Return the last issue of the edition that went out before this one; None for the first."""
    query = select(issues).where(
        issues.c.edition == issue.edition,
        issues.c.status.in_(SHOWN),
        issues.c.content_hash.is_not(None),
        issues.c.slot < issue.slot,
    )
    row = connection.execute(query.order_by(issues.c.slot.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else Issue(**row)


def audience_size(connection: Connection, edition: Edition, today: date) -> int:
    """Return how many readers an issue of this edition would go to today."""
    whole = audience(edition, today).subquery()
    return int(connection.execute(select(func.count()).select_from(whole)).scalar_one())


def has_audience(connection: Connection, edition: Edition, today: date) -> bool:
    """Return whether anybody would get an issue of this edition today."""
    return connection.execute(audience(edition, today).limit(1)).first() is not None


# The desk's list of issues: those at hand, and a page of the others with the subjects they went out with.

#: Closed issues on a page.
MOST_LISTED = 20

_RUNNING = (IssueStatus.SENDING, IssueStatus.PAUSED)
OPEN = (IssueStatus.DRAFT, IssueStatus.APPROVED, *_RUNNING)


def list_open(connection: Connection) -> tuple[Issue, ...]:
    """List the issues at hand, those going out first, then by slot."""
    at_hand = _read(connection, select(issues).where(issues.c.status.in_(OPEN)).order_by(issues.c.id.desc()))
    return tuple(sorted(at_hand, key=lambda each: (each.status not in _RUNNING, each.slot)))


def list_closed(connection: Connection, before: int | None = None) -> tuple[Issue, ...]:
    """List the newest of the others, or those before one's id: MOST_LISTED of them."""
    query = select(issues).where(issues.c.status.not_in(OPEN)).order_by(issues.c.id.desc()).limit(MOST_LISTED)
    return _read(connection, query if before is None else query.where(issues.c.id < before))


def frozen_subjects(connection: Connection, listed: Iterable[Issue]) -> dict[int, str]:
    """Return by issue id the subjects that approval has fixed."""
    frozen = select(snapshots.c.issue_id, snapshots.c.letter)
    frozen = frozen.where(snapshots.c.issue_id.in_([each.id for each in listed]))
    return {row.issue_id: json.loads(row.letter)["subject"] for row in connection.execute(frozen)}


def _read(connection: Connection, query: Select[*tuple[object, ...]]) -> tuple[Issue, ...]:
    return tuple(Issue(**row) for row in connection.execute(query).mappings())

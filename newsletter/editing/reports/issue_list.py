"""The desk's list of issues: those at hand, and a page of the others with the subjects they went out with."""

from dataclasses import dataclass

from sqlalchemy import Connection

from newsletter.db.statuses import IssueStatus
from newsletter.digest.issues import Issue
from newsletter.editing.reports import issue_list_store as store

#: Issues on a page.
MOST = 20

OPEN = (IssueStatus.DRAFT, IssueStatus.APPROVED, IssueStatus.SENDING, IssueStatus.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueList:
    """`subjects` by issue id, where one is fixed."""

    open: tuple[Issue, ...]
    closed: tuple[Issue, ...]
    subjects: dict[int, str]


def list_page(connection: Connection, before: int | None = None) -> IssueList:
    """The open issues, those going out first, then by slot; and the newest of the others, or those before one's id."""
    at_hand = store.issues_in(connection, OPEN)
    closed = store.issues_in(connection, set(IssueStatus) - set(OPEN), before=before, limit=MOST)
    running = (IssueStatus.SENDING, IssueStatus.PAUSED)
    return IssueList(
        open=tuple(sorted(at_hand, key=lambda each: (each.status not in running, each.slot))),
        closed=closed,
        subjects=store.subjects_of(connection, [each.id for each in (*at_hand, *closed)]),
    )

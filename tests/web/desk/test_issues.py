"""The desk's first page: what is at hand first, then what was before, page by page."""

import json
import re
from datetime import timedelta

from sqlalchemy import insert, update

from newsletter.db.schema import issues, snapshots
from newsletter.db.statuses import Edition, IssueStatus
from newsletter.digest.store import add_issue
from newsletter.editing.issues import MOST_LISTED
from tests.conftest import THURSDAY
from tests.digest.week import PANEL_PAGE
from tests.editing.desk import drafted, edit
from tests.web.desk.desk import Desk
from tests.web.house import heading


def put(desk: Desk, day: int, status: IssueStatus, subject: str = "", reason: str = "") -> int:
    """An issue of a November day; with a subject, one that was approved."""
    moments = {"cutoff_at": THURSDAY, "send_at": THURSDAY, "now": THURSDAY}
    with desk.app.database.write() as connection:
        issue = add_issue(connection, edition=Edition.WEEKLY, slot=f"2026-{day:02}-05T09:00", **moments)
        connection.execute(update(issues).where(issues.c.id == issue.id).values(status=status, reason=reason))
        if subject:
            row = {"issue_id": issue.id, "letter": json.dumps({"subject": subject}), "sender": ""}
            connection.execute(insert(snapshots), row)
    return issue.id


def test_a_new_desk_says_when_the_next_issue_is_due(desk: Desk) -> None:
    assert "The next one is due on Thursday 3 December" in desk.writer.get("/desk").text


def test_what_goes_out_stands_first_then_the_earliest_draft(desk: Desk) -> None:
    later, sooner = put(desk, 12, IssueStatus.DRAFT), put(desk, 11, IssueStatus.DRAFT)
    paused = put(desk, 10, IssueStatus.PAUSED, "Heron or Tern?", reason="The server lets nobody in.")
    put(desk, 9, IssueStatus.SENT, "<b>Old</b> news")
    page = desk.writer.get("/desk").text
    at_hand, _, before = page.partition("<h2>Past issues</h2>")
    assert re.findall(r'<h2><a href="/desk/issues/(\d+)">', at_hand) == [str(paused), str(sooner), str(later)]
    assert "The server lets nobody in." in at_hand
    assert "This week’s issue" in at_hand
    assert "&lt;b&gt;Old&lt;/b&gt; news" in before


def test_a_draft_that_somebody_looked_at_says_what_it_needs(desk: Desk) -> None:
    with desk.app.content() as content:
        content.import_pack(PANEL_PAGE, desk.app.clock.now() - timedelta(days=1))
    issue = drafted(desk.app)
    before = desk.writer.get("/desk").text
    assert "Review this draft" in before
    path = f"/desk/issues/{issue.id}"
    page = desk.writer.get(path).text
    (needed,) = re.findall(r"<p>(\d+ [^<]* to answer\.)</p>", page)
    home = desk.writer.get("/desk").text
    assert needed in home
    assert "Review this draft" not in home
    assert f">{desk.web.state.cache.checked(issue).compiled.letter.subject}</a></h2>" in home
    # Nobody has looked at what it says now.
    edit(desk.app, issue, subject="Ours")
    assert needed not in desk.writer.get("/desk").text


def test_older_issues_are_a_page_further(desk: Desk) -> None:
    numbers = [put(desk, month, IssueStatus.CANCELLED) for month in range(1, 13)]
    with desk.app.database.write() as connection:
        for day in range(10, 10 + MOST_LISTED):
            row = {
                "edition": Edition.WEEKLY,
                "slot": f"2025-01-{day}T09:00",
                "status": IssueStatus.SENT,
                "cutoff_at": THURSDAY,
                "created_at": THURSDAY,
                "updated_at": THURSDAY,
            }
            connection.execute(insert(issues), row)
    page = desk.writer.get("/desk")
    (older,) = re.findall(r'href="/desk\?before=(\d+)"', page.text)
    assert int(older) == numbers[-1] + 1
    rest = desk.writer.get("/desk", before=older)
    assert heading(rest) == "Older issues"
    assert re.findall(r"/desk/issues/(\d+)", rest.text) == [str(each) for each in reversed(numbers)]
    assert "before=" not in rest.text

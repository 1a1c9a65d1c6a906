"""What a month says of its weeks: of a tool its latest change only, and every comparison counted."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.db.statuses import Edition, IssueStatus
from newsletter.digest.archive import ArchivedIssue
from newsletter.digest.content import ChangeLine, Figure, IssueContent
from newsletter.digest.details import ArchiveDetails
from newsletter.digest.errata import Erratum
from newsletter.digest.issues import Issue
from newsletter.digest.monthly import write_monthly_issue
from tests.digest.golden import letter_of_week
from tests.digest.week import CUTOFF, PANEL_PAGE, PRICE_PAGE, SEND_AT, settings_in

MONTH = Issue(
    id=99,
    edition=Edition.MONTHLY,
    number=1,
    slot="2026-12-01T09:00",
    status=IssueStatus.DRAFT,
    cutoff_at=CUTOFF,
    subject="",
    preheader="",
    note="",
    bottom_line="",
    version=1,
    created_at=CUTOFF,
    updated_at=CUTOFF,
    approved_at=None,
    approved_by=None,
    content_hash=None,
    send_at=None,
    started_at=None,
    finished_at=None,
    reason="",
)


def week(place: int, letter: IssueContent, changes: list[tuple[str, str]], wrong: str = "") -> ArchivedIssue:
    """Return the weekly issue of so many weeks ago with these changes, (tool, words); `wrong` is what was corrected."""
    lines = tuple(ChangeLine(tool_id=tool, words=Figure(text=words), link=None) for tool, words in changes)
    at = SEND_AT - timedelta(weeks=place)
    errata = (
        Erratum(
            id=1, issue_id=place, said=wrong, right="$0.80", by="Erin", at=at, to_tell=True, told_in=None
        ),
    )
    return ArchivedIssue(
        id=place,
        edition=Edition.WEEKLY,
        number=10 - place,
        started_at=at,
        content_hash="",
        letter=replace(letter, changes=lines),
        record=ArchiveDetails(),
        errata=errata if wrong else (),
    )


UP, BACK, OTHER = ("heron", "Heron: $1 → $8."), ("heron", "Heron: $8 → $1."), ("tern", "Tern: 4–0 → 1–3.")
SECOND = ("heron", "Heron: panel 4–0 → 3–1.")


@pytest.mark.parametrize(
    ("newest", "before", "wrong", "told"),
    [
        ([OTHER, BACK], [UP], "", [OTHER, BACK]),
        ([BACK], [UP, OTHER], "", [BACK, OTHER]),
        ([OTHER], [UP], "", [OTHER, UP]),
        ([OTHER], [UP, SECOND], "", [OTHER, UP]),
        # The price was a slip, and the week before is corrected: it moved nothing.
        ([OTHER], [UP], "$8", [OTHER]),
        ([OTHER], [UP], "$80", [OTHER, UP]),
    ],
)
def test_a_month_tells_the_latest_change_of_each_tool(
    tmp_path: Path,
    newest: list[tuple[str, str]],
    before: list[tuple[str, str]],
    wrong: str,
    told: list[tuple[str, str]],
) -> None:
    letter = letter_of_week(tmp_path, PRICE_PAGE)
    weeks = [week(0, letter, newest), week(1, letter, before, wrong)]
    written = write_monthly_issue(MONTH, weeks, settings_in(tmp_path), number=1)
    assert [(each.tool_id, each.words.text) for each in written.changes] == told


def test_the_subject_counts_every_comparison_of_the_month(tmp_path: Path) -> None:
    letter = letter_of_week(tmp_path, PANEL_PAGE, PRICE_PAGE)
    assert letter.lead is not None
    assert len(letter.more) == 1
    short = replace(
        letter.lead,
        left=replace(letter.lead.left, name="Kite"),
        right=replace(letter.lead.right, name="Heron"),
    )
    weeks = [week(0, replace(letter, lead=short), []), week(1, letter, [])]
    written = write_monthly_issue(MONTH, weeks, settings_in(tmp_path), number=1)
    assert written.subject == "November 2026: Kite or Heron?, and 1 more comparison"

"""Answering findings: what each answer does, what cannot be answered, and what the log keeps."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from newsletter.app import App
from newsletter.db.engine import Database
from newsletter.db.schema import audit, finding_answers
from newsletter.db.statuses import FindingAnswer, IssueStatus
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_issue
from newsletter.editing.approve import ApprovalBlocked, OwnWork, acknowledge_all, approve, withdraw
from newsletter.editing.audit import Action
from newsletter.editing.audit import record_action as write_down
from newsletter.editing.checks import Finding, Severity, answers, check
from newsletter.editing.checks.answers import (
    acknowledge,
    find_finding,
    override,
    take_back,
    with_answers,
)
from newsletter.editing.checks.findings import GivenAnswer, error, warning
from newsletter.errors import BadInput, ChangedMeanwhile, NotFound
from tests.digest.week import PANEL_PAGE, PRICE_PAGE
from tests.editing.checks.test_content import own_template
from tests.editing.desk import cache_of, drafted, newsroom, with_settings

MENDABLE = error("mendable", "Something is wrong", where="here", why="It matters.", how="Mend it.")
FIRM = error("firm", "The law wants it", where="here", why="It matters.", how="Mend it.", firm=True)
MILD = warning("mild", "Look at this", where="here", why="It may matter.", how="Look.")


@pytest.fixture
def app(tmp_path: Path, sqlite_database: Database) -> App:
    return newsroom(tmp_path, sqlite_database, PANEL_PAGE, PRICE_PAGE)


@pytest.fixture
def issue(app: App) -> Issue:
    return drafted(app)


def log_of(app: App) -> list[tuple[str, str, str]]:
    with app.database.read() as connection:
        rows = connection.execute(select(audit).order_by(audit.c.id))
        return [(row.by, row.action, row.detail) for row in rows]


def is_open(app: App, issue: Issue, finding: Finding) -> bool:
    [answered] = with_answers(app, issue, [finding])
    return answered.is_open


def test_a_warning_is_acknowledged_until_it_says_something_else(app: App, issue: Issue) -> None:
    acknowledge(app, issue, MILD, "dora")
    assert not is_open(app, issue, MILD)
    assert is_open(app, issue, replace(MILD, what="Look at that"))
    assert log_of(app)[-1] == ("dora", "acknowledged", "mild: Look at this")


def test_an_error_is_overridden_with_a_reason_that_the_log_keeps(app: App, issue: Issue) -> None:
    override(app, issue, MENDABLE, " the lawyer  said so ", "paul")
    assert not is_open(app, issue, MENDABLE)
    assert log_of(app)[-1] == ("paul", "overrode", "mendable: Something is wrong – the lawyer said so")


def test_an_answer_to_a_warning_is_none_to_an_error_of_the_same_name(app: App, issue: Issue) -> None:
    override(app, issue, MENDABLE, "so be it", "paul")
    assert is_open(app, issue, replace(MENDABLE, firm=True))
    with app.database.write() as connection:
        connection.execute(update(finding_answers).values(answer=FindingAnswer.ACKNOWLEDGED))
    assert is_open(app, issue, MENDABLE)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda app, issue: acknowledge(app, issue, MENDABLE, "dora"), "cannot be acknowledged"),
        (lambda app, issue: override(app, issue, FIRM, "why not", "paul"), "cannot be overridden"),
        (lambda app, issue: override(app, issue, MENDABLE, "  ", "paul"), "needs a reason"),
        (lambda app, issue: override(app, issue, MENDABLE, "a" * 501, "paul"), "at most 500"),
        (lambda app, issue: override(app, issue, MILD, "why", "paul"), "Only errors are overridden"),
        (lambda app, issue: answers.show_both(app, issue, MILD, "dora"), "nothing to choose"),
        (lambda app, issue: answers.leave_out(app, issue, MILD, "dora"), "nothing to choose"),
        (lambda app, issue: answers.use_claim(app, issue, MILD, "claim-1", "dora"), "nothing to choose"),
    ],
)
def test_what_makes_no_sense_is_refused_and_not_kept(
    app: App, issue: Issue, wrong: object, says: str
) -> None:
    before = log_of(app)
    with pytest.raises(BadInput, match=says):
        wrong(app, issue)  # type: ignore[operator]
    assert log_of(app) == before
    assert is_open(app, issue, MENDABLE)
    assert is_open(app, issue, FIRM)
    assert is_open(app, issue, MILD)


def test_an_answer_is_taken_back_once(app: App, issue: Issue) -> None:
    acknowledge(app, issue, MILD, "dora")
    assert take_back(app, issue, "mild", "dora")
    assert not take_back(app, issue, "mild", "dora")
    assert is_open(app, issue, MILD)


def test_a_finding_that_is_gone_or_says_another_thing_is_not_answered(issue: Issue) -> None:
    with pytest.raises(NotFound, match=f"List them with: newsletter check {issue.id}"):
        find_finding(issue, [MILD], "other")
    with pytest.raises(ChangedMeanwhile):
        find_finding(issue, [MILD], "mild", seen=replace(MILD, what="Else").fingerprint)
    assert find_finding(issue, [MILD], "mild", seen=MILD.fingerprint) is MILD


def test_answers_are_stored_on_both_databases(tmp_path: Path, database: Database) -> None:
    app = newsroom(tmp_path, database, PANEL_PAGE)
    issue = drafted(app)
    acknowledge(app, issue, MILD, "erin")
    acknowledge(app, issue, MILD, "dora")
    [answered] = with_answers(app, issue, [MILD])
    assert answered.answer == GivenAnswer(
        answer=FindingAnswer.ACKNOWLEDGED,
        fingerprint=MILD.fingerprint,
        reason="",
        by="dora",
        at=app.clock.now(),
    )
    assert is_open(app, replace(issue, id=issue.id + 1), MILD)


def test_an_error_holds_the_approval_until_it_is_overridden(app: App, issue: Issue) -> None:
    broken = own_template(app, "email/_masthead.mjml.j2", "<h1", '<img src="https://a.example/x.png"/><h1')
    with pytest.raises(ApprovalBlocked, match="no alternative text"):
        approve(broken, issue, "paul")
    [error_found] = [each for each in check(broken, issue) if each.severity is Severity.ERROR]
    override(broken, issue, error_found, "it says nothing", "paul")
    assert approve(broken, issue, "paul").status is IssueStatus.APPROVED


def test_open_warnings_hold_people_but_not_the_schedule(tmp_path: Path, sqlite_database: Database) -> None:
    app = newsroom(tmp_path, sqlite_database)
    issue = drafted(app)
    with pytest.raises(ApprovalBlocked, match="Sources differ"):
        approve(app, issue, "paul", cache=cache_of(app))
    for finding in check(app, issue):
        acknowledge(app, issue, finding, "dora")
    approved = approve(app, issue, "paul", cache=cache_of(app))
    again = withdraw(app, approved)
    assert approve(app, again, "paul").status is IssueStatus.APPROVED


def test_a_warning_about_what_surrounds_an_issue_holds_people_too(app: App, issue: Issue) -> None:
    ready = {"sendgrid.api_key": "key", "site.public_url": "https://weekly.example.org"}
    posting = with_settings(app, {"mail.transport": "sendgrid", **ready})
    acknowledge_all(posting, issue, cache_of(posting), "dora")
    assert take_back(posting, issue, "sendgrid-webhook", "dora")
    with pytest.raises(ApprovalBlocked, match="SendGrid's event webhook is not set up"):
        approve(posting, issue, "paul", cache=cache_of(posting))


def test_whoever_edited_may_not_approve_where_four_eyes_are_wanted(app: App, issue: Issue) -> None:
    with app.database.write() as connection:
        write_down(
            connection,
            by="dora",
            action=Action.EDITED,
            issue_id=issue.id,
            at=app.clock.now(),
            detail="subject",
        )
    wary = with_settings(app, {"desk.four_eyes": True})
    with pytest.raises(OwnWork, match="dora has edited issue 1"):
        approve(wary, issue, "dora")
    assert approve(app, issue, "dora").status is IssueStatus.APPROVED
    assert approve(wary, withdraw(app, _now(app, issue)), "paul").approved_by == "paul"


def _now(app: App, issue: Issue) -> Issue:
    with app.database.read() as connection:
        return get_issue(connection, issue.id)


def test_approving_twice_what_was_seen_is_approving_once(app: App, issue: Issue) -> None:
    seen = cache_of(app).checked(issue).compiled.content_hash
    first = approve(app, issue, "paul", expect=seen)
    assert approve(app, first, "paul", expect=seen) == first
    assert [action for _, action, _ in log_of(app)].count("approved") == 1

"""What an issue still needs from its editor: findings to answer, and the steps ahead: test, approve, hold, send, withdraw.

`todo_of(…)` makes the part of an issue's page that `templates/web/desk/_todo.html.j2` shows; the forms in it come to the
routes here and lead back to that page, which says how things stand: whoever lost the connection after a click sees there
what became of it. The page itself is in draft.py.
"""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.db.statuses import IssueStatus
from newsletter.delivery.status import Obstacle
from newsletter.digest.issues import Issue
from newsletter.editing.approve import approve, has_own_work, withdraw
from newsletter.editing.audit import AuditEntry, list_entries
from newsletter.editing.cache import CheckedIssue
from newsletter.editing.checks import answers
from newsletter.editing.checks.answers import open_of, with_answers
from newsletter.editing.checks.findings import Finding, Severity
from newsletter.editing.checks.slow import SlowCheck
from newsletter.editing.editors import Editor
from newsletter.editing.schedule import find_delay
from newsletter.editing.send_time import ClockChange, choose_time, early_words, goes_out_at, goes_out_words
from newsletter.editing.sending import hold, release, send_now
from newsletter.editing.test_send import SampleReader, sample_preferences, send_test
from newsletter.errors import BadInput, NotFound
from newsletter.schedule.slots import NAME, issue_schedule, next_slot, slot_words
from newsletter.web.dependencies import Cached, Installed, OneIssue, cache_of
from newsletter.web.desk.auth import AnyEditor, DeskForm, NotAllowed, Publisher
from newsletter.web.desk.flash import done, failed, take_step

router = APIRouter(include_in_schema=False)

#: Lines of the activity log below the steps.
LOG_LINES = 6

#: As long as a page may wait for a slow check, in seconds.
PATIENCE = 3.0
SLOW_CHECKS = {SlowCheck.LINKS: "Check the links", SlowCheck.SPAM: "Ask SpamAssassin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """How an issue stands with its editor. `expect` is the content that a click on "approve" approves."""

    issue: Issue
    expect: str
    open: tuple[Finding, ...]
    answered: tuple[Finding, ...]
    #: Why it cannot be approved now; empty where it can.
    obstacle: str
    #: Why it would not go out by itself once approved; None: it would.
    delay: Obstacle | None
    #: "Thu 26 Nov 2026 09:00 (Europe/Berlin)", and the next slot where that is past.
    goes_out: str
    #: The same as a form has it, "2026-11-26T09:00", in the zone of the schedule.
    goes_out_at: str
    next_slot: str
    is_due: bool
    early: str
    audience: int
    kinds: tuple[str, ...]
    #: How many addresses desk.test_group has.
    group: int
    #: Those that run only when somebody asks: key, name, and what came of it.
    slow_checks: tuple[tuple[str, str, str], ...]
    log: tuple[AuditEntry, ...]

    @property
    def path(self) -> str:
        return _path(self.issue)

    @property
    def errors(self) -> int:
        return sum(each.severity is Severity.ERROR for each in self.open)

    @property
    def warnings(self) -> int:
        return len(self.open) - self.errors

    @property
    def is_draft(self) -> bool:
        return self.issue.status is IssueStatus.DRAFT

    @property
    def is_approved(self) -> bool:
        return self.issue.status is IssueStatus.APPROVED


def todo_of(request: Request, app: App, issue: Issue, look: CheckedIssue, editor: Editor) -> Todo:
    """Return the part of the issue's page that is about what is to be done."""
    found = with_answers(app, issue, look.findings)
    opened = open_of(found)
    with app.database.read() as connection:
        log = list_entries(connection, LOG_LINES, issue_id=issue.id)
        own = has_own_work(connection, app.settings, issue, editor.name)
    is_approved = issue.status is IssueStatus.APPROVED
    cache, zone, now = cache_of(request), app.settings.zone, app.clock.now()
    content_hash = look.compiled.content_hash
    results = cache.slow_checks.results(content_hash)
    slot = next_slot(issue_schedule(app.settings, issue.edition), now)
    is_past = issue.send_at is None or issue.send_at <= now
    return Todo(
        issue=issue,
        expect=content_hash,
        open=opened if issue.status in (IssueStatus.DRAFT, IssueStatus.APPROVED) else (),
        answered=tuple(each for each in found if not each.is_open),
        obstacle=_obstacle(opened, editor, own=own),
        delay=find_delay(app, issue) if is_approved else None,
        goes_out=goes_out_words(issue, zone),
        goes_out_at=goes_out_at(issue, zone).strftime(NAME),
        next_slot=slot_words(slot.name, zone) if is_past and slot.name != issue.slot else "",
        is_due=issue.send_at is not None and is_past,
        early=early_words(app, issue) if is_approved else "",
        audience=cache.audience(issue.edition) if is_approved else 0,
        kinds=tuple(each.value for each in SampleReader),
        group=len(app.settings.desk.test_group),
        slow_checks=tuple(
            (each.value, SLOW_CHECKS[each], _result_words(results[each]) if each in results else "")
            for each in cache.slow_checks.offered()
            if content_hash
        ),
        log=log,
    )


def _obstacle(opened: tuple[Finding, ...], editor: Editor, *, own: bool) -> str:
    if not editor.may_publish:
        return "A publisher has to approve it."
    if any(each.blocks_approval for each in opened):
        return "Fix or override the errors first."
    if opened:
        return "Answer the warnings first."
    if own:
        return "You have edited this issue, so somebody else has to approve it (desk.four_eyes)."
    return ""


def _result_words(found: tuple[Finding, ...] | None) -> str:
    if found is None:
        return "running; reload the page if it does not do so by itself"
    return f"found {len(found)}, listed above" if found else "found nothing"


# Its forms.


def _path(issue: Issue) -> str:
    return f"/desk/issues/{issue.id}"


@router.post("/desk/issues/{issue_id}/answer")
def answer(app: Installed, cache: Cached, editor: AnyEditor, issue: OneIssue, form: DeskForm) -> Response:
    key = form.get("key")

    def step() -> str:
        if form.get("answer") == "back":
            answers.take_back(app, issue, key, editor.name)
            return "asked-again"
        finding = answers.find_finding(issue, cache.checked(issue).findings, key, form.get("seen"))
        match form.get("answer"):
            case "use":
                answers.use_claim(app, issue, finding, form.get("claim"), editor.name)
            case "leave-out":
                answers.leave_out(app, issue, finding, editor.name)
            case "both":
                answers.show_both(app, issue, finding, editor.name)
            case "acknowledge":
                answers.acknowledge(app, issue, finding, editor.name)
            case _:
                raise BadInput
        return "answered"

    return take_step(_path(issue), step, at=key, codes={NotFound: "gone", BadInput: "answer"})


@router.post("/desk/issues/{issue_id}/check")
def start_check(
    app: Installed, cache: Cached, editor: AnyEditor, issue: OneIssue, form: DeskForm
) -> Response:
    """Start one of the slow checks: what it finds is listed among the findings."""
    path, wanted = _path(issue), form.get("ask")
    compiled = cache.checked(issue).compiled
    if wanted not in cache.slow_checks.offered() or not compiled.content_hash:
        return failed(path, "changed")
    cache.slow_checks.start(SlowCheck(wanted), compiled, PATIENCE)
    return done(path, "check-started")


@router.post("/desk/issues/{issue_id}/override")
def override(app: Installed, cache: Cached, editor: Publisher, issue: OneIssue, form: DeskForm) -> Response:
    key = form.get("key")

    def step() -> str:
        finding = answers.find_finding(issue, cache.checked(issue).findings, key, form.get("seen"))
        answers.override(app, issue, finding, form.get("reason"), editor.name)
        return "overridden"

    return take_step(_path(issue), step, at=key, codes={NotFound: "gone", BadInput: "reason"})


@router.post("/desk/issues/{issue_id}/test")
def test(app: Installed, cache: Cached, editor: AnyEditor, issue: OneIssue, form: DeskForm) -> Response:
    """Send a test to oneself; to the group, which a publisher may."""
    to_group = form.get("to") == "group"
    if to_group and not editor.may_publish:
        raise NotAllowed
    kinds = [SampleReader(each) for each in form.many.get("kind", ()) if each in list(SampleReader)]
    to = app.settings.desk.test_group if to_group else (editor.address,)

    def step() -> str:
        letter = cache.checked(issue).compiled.letter
        copies = {each.value: sample_preferences(letter, each) for each in kinds}
        tried = send_test(app, issue, to, copies, editor.name)
        return "tested" if all(each.was_accepted for each in tried) else "test-failed"

    if not kinds:
        return failed(_path(issue), "test-empty")
    return take_step(_path(issue), step, codes={BadInput: "not-ready"})


@router.post("/desk/issues/{issue_id}/approve")
def approve_issue(
    app: Installed, cache: Cached, editor: Publisher, issue: OneIssue, form: DeskForm
) -> Response:
    """Approve what the page showed, and nothing else; a second click finds it approved."""
    expect = form.get("expect")
    if not expect:
        return failed(_path(issue), "blocked")

    def step() -> str:
        approve(app, issue, editor.name, expect=expect, cache=cache)
        return "approved"

    return take_step(_path(issue), step, codes={BadInput: "changed"})


@router.post("/desk/issues/{issue_id}/withdraw")
def withdraw_issue(app: Installed, editor: Publisher, issue: OneIssue, form: DeskForm) -> Response:
    def step() -> str:
        if issue.status is not IssueStatus.DRAFT:
            withdraw(app, issue, editor.name)
        return "withdrawn"

    return take_step(_path(issue), step)


@router.post("/desk/issues/{issue_id}/hold")
def hold_issue(app: Installed, editor: Publisher, issue: OneIssue, form: DeskForm) -> Response:
    def step() -> str:
        hold(app, issue, editor.name)
        return "held"

    return take_step(_path(issue), step)


@router.post("/desk/issues/{issue_id}/schedule")
def schedule_issue(app: Installed, editor: Publisher, issue: OneIssue, form: DeskForm) -> Response:
    """Let an issue that is on hold be sent at its time again, or any at the time that was chosen."""

    def step() -> str:
        if "at" not in form.one:
            release(app, issue, editor.name)
            return "released"
        chosen = choose_time(app, issue, form.get("at"), editor.name)
        codes = {
            ClockChange.NO: "scheduled",
            ClockChange.SKIPPED: "scheduled-skipped",
            ClockChange.TWICE: "scheduled-twice",
        }
        return codes[chosen.clock_change]

    return take_step(_path(issue), step, at="time", codes={BadInput: "time"})


@router.post("/desk/issues/{issue_id}/send")
def send_issue(app: Installed, editor: Publisher, issue: OneIssue, form: DeskForm) -> Response:
    """Send it now, the number of readers typed; a second click finds it on its way."""
    path = _path(issue)
    if issue.status in (IssueStatus.SENDING, IssueStatus.SENT):
        return done(f"{path}/progress")
    if issue.status is not IssueStatus.APPROVED or issue.content_hash != form.get("expect"):
        return failed(path, "changed")
    shown = form.numbers("audience")
    if not shown:
        return failed(path, "number", "send")

    def step() -> str:
        send_now(app, issue, editor.name, audience=shown[0], typed=form.get("typed"))
        return "sending"

    return take_step(path, step, then=f"{path}/progress", at="send", codes={BadInput: "number"})

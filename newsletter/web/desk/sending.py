"""What an issue needs of its editor: findings to answer, and the ways on: test, approve, hold, send, withdraw.

`needs_you(…)` makes the part of an issue's page that `templates/web/desk/_needs.html.j2` shows; the forms in it come to the
routes here and lead back to that page, which says how things stand: whoever lost the connection after a click sees there
what became of it.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from newsletter.app import App
from newsletter.db.statuses import IssueStatus
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_issue
from newsletter.editing.approve import HeldBack, OwnWork, approve, has_own_work, withdraw
from newsletter.editing.audit import AuditEntry, list_entries
from newsletter.editing.cache import CheckedIssue, DeskCache
from newsletter.editing.checks import answers
from newsletter.editing.checks.answers import open_of, with_answers
from newsletter.editing.checks.findings import Finding, Severity
from newsletter.editing.checks.slow import SlowCheck
from newsletter.editing.editors import Editor
from newsletter.editing.send_time import ClockChange, choose_time, early_words, goes_out_at, goes_out_words
from newsletter.editing.sending import hold, release, send_now
from newsletter.editing.test_send import SampleReader, sample_preferences, send_test
from newsletter.errors import (
    BadInput,
    ChangedMeanwhile,
    InvalidTransition,
    NewsletterError,
    NotFound,
    SendError,
)
from newsletter.schedule.slots import NAME, issue_schedule, next_slot, slot_words
from newsletter.web.desk.auth import AnyEditor, DeskForm, NotAllowed, Publisher
from newsletter.web.desk.layout import done
from newsletter.web.pages import Cached, Installed, cache_of

router = APIRouter(include_in_schema=False)

#: Lines of the log below the box.
LOG_LINES = 6
ANSWERS = ("acknowledge", "use", "both", "leave-out", "back")

#: As long as a page may wait for what others say, in seconds.
PATIENCE = 3.0
ASKING = {SlowCheck.LINKS: "Check the links", SlowCheck.SPAM: "Ask SpamAssassin"}

#: What did not work, by the code in the page's address.
FAULTS = {
    "held-back": "It was not approved: something below still holds it back.",
    "reads-otherwise": "It was not approved: it reads otherwise than the page you looked at. This is how it reads now.",
    "changed": "Nothing was changed: it is not as it was when the page was made. This is how it stands now.",
    "own-work": "Whoever edited an issue may not approve it: somebody else has to.",
    "gone": "There was nothing left to answer: somebody was faster, or it is mended.",
    "reason": "Nothing was overridden: say why, in at most 500 characters. The log keeps it.",
    "answer": "That cannot be answered so. Nothing was changed.",
    "number": "It was not sent: the number typed is not the number of readers.",
    "not-ready": "It was not done: settings are missing. The checks below name them.",
    "test-failed": "Not every test mail was accepted; what the server said stands in the log of the server.",
    "test-empty": "Choose at least one kind of reader.",
    "no-way-out": "The test was not sent: the way out cannot be used now.",
    "too-late": "Nothing was changed: it has begun to go out.",
    "time": "Nothing was changed: choose a day and a time within a year, and none that is past the catch-up limit.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Somebody who can be asked about the issue, and how that stands."""

    key: str
    words: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsYou:
    """How an issue stands with its editor. `expect` is the content that a click on "approve" approves."""

    issue_id: int
    label: str
    status: str
    expect: str
    open: tuple[Finding, ...]
    answered: tuple[Finding, ...]
    may_publish: bool
    #: Why it cannot be approved now; empty where it can.
    obstacle: str
    #: "Thu 26 Nov 2026 09:00 (Europe/Berlin)", and the next slot where that is past.
    goes_out: str
    #: The same as a form has it, "2026-11-26T09:00", in this zone.
    goes_out_at: str
    zone: str
    next_slot: str
    is_due: bool
    is_held: bool
    early: str
    audience: int
    kinds: tuple[str, ...]
    own_address: str
    group: int
    others: tuple[Other, ...]
    log: tuple[AuditEntry, ...]
    fault: str
    #: The key of the finding whose form was not taken.
    fault_at: str

    @property
    def path(self) -> str:
        return f"/desk/issues/{self.issue_id}"

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.open if each.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.open if each.severity is not Severity.ERROR)

    @property
    def is_draft(self) -> bool:
        return self.status == IssueStatus.DRAFT

    @property
    def is_approved(self) -> bool:
        return self.status == IssueStatus.APPROVED


def needs_you(request: Request, app: App, issue: Issue, look: CheckedIssue, editor: Editor) -> NeedsYou:
    """The part of the issue's page that is about what is to be done."""
    found = with_answers(app, issue, look.findings)
    opened = open_of(found)
    with app.database.read() as connection:
        log = list_entries(connection, LOG_LINES, issue_id=issue.id)
        own = has_own_work(connection, app.settings, issue, editor.name)
    waits = issue.status is IssueStatus.APPROVED
    zone = app.settings.zone
    return NeedsYou(
        issue_id=issue.id,
        label=issue.label,
        status=issue.status.value,
        expect=look.compiled.content_hash,
        open=opened if issue.status in (IssueStatus.DRAFT, IssueStatus.APPROVED) else (),
        answered=tuple(each for each in found if not each.is_open),
        may_publish=editor.may_publish,
        obstacle=_obstacle(opened, editor, own=own),
        goes_out=goes_out_words(issue, zone),
        goes_out_at=goes_out_at(issue, zone).strftime(NAME),
        zone=zone.key,
        next_slot=_next_slot(app, issue),
        is_due=issue.send_at is not None and issue.send_at <= app.clock.now(),
        is_held=issue.held_at is not None,
        early=early_words(app, issue) if waits else "",
        audience=cache_of(request).audience(issue.edition) if waits else 0,
        kinds=tuple(each.value for each in SampleReader),
        own_address=editor.address,
        group=len(app.settings.desk.test_group),
        others=_others(cache_of(request), look),
        log=log,
        fault=FAULTS.get(request.query_params.get("fault", ""), ""),
        fault_at=request.query_params.get("at", ""),
    )


def _obstacle(opened: tuple[Finding, ...], editor: Editor, *, own: bool) -> str:
    if not editor.may_publish:
        return "A publisher approves it."
    if any(each.holds_back for each in opened):
        return "Mend or override the errors first."
    if opened:
        return "Answer the warnings first."
    if own:
        return "You have edited it, so somebody else has to approve it (desk.four_eyes)."
    return ""


def _others(cache: DeskCache, look: CheckedIssue) -> tuple[Other, ...]:
    results = cache.slow_checks.results(look.compiled.content_hash)
    return tuple(
        Other(
            key=each.value, words=ASKING[each], state=_result_words(results[each]) if each in results else ""
        )
        for each in cache.slow_checks.offered()
        if look.compiled.content_hash
    )


def _result_words(found: tuple[Finding, ...] | None) -> str:
    if found is None:
        return "is being asked; load the page again if it does not do so by itself"
    return f"found {len(found)} above" if found else "found nothing"


def _next_slot(app: App, issue: Issue) -> str:
    """The slot that comes next, for an issue whose own is past; empty while that is to come."""
    now = app.clock.now()
    if issue.send_at is not None and issue.send_at > now:
        return ""
    slot = next_slot(issue_schedule(app.settings, issue.edition), now)
    return "" if slot.name == issue.slot else slot_words(slot.name, app.settings.zone)


# ── what its forms do ──────────────────────────────────────────────────────────────────────────────────


@router.post("/desk/issues/{issue_id}/answer")
def answer(app: Installed, cache: Cached, editor: AnyEditor, form: DeskForm, issue_id: int) -> Response:
    issue, key, wanted = _issue(app, issue_id), form.get("key"), form.get("answer")
    if wanted not in ANSWERS:
        return _back(issue_id, "answer", key)
    try:
        if wanted == "back":
            answers.take_back(app, issue, key, editor.name)
            return _done(issue_id, "asked-again")
        finding = answers.find_finding(cache.checked(issue).findings, key, form.get("seen"))
        if wanted == "use":
            answers.use_claim(app, issue, finding, form.get("claim"), editor.name)
        elif wanted == "leave-out":
            answers.leave_out(app, issue, finding, editor.name)
        elif wanted == "both":
            answers.show_both(app, issue, finding, editor.name)
        else:
            answers.acknowledge(app, issue, finding, editor.name)
    except NotFound:
        return _back(issue_id, "gone")
    except ChangedMeanwhile:
        return _back(issue_id, "changed", key)
    except BadInput:
        return _back(issue_id, "answer", key)
    return _done(issue_id, "answered")


@router.post("/desk/issues/{issue_id}/check")
def ask_others(app: Installed, cache: Cached, editor: AnyEditor, form: DeskForm, issue_id: int) -> Response:
    """Ask those who are not asked by themselves: what they say stands among the findings."""
    issue, wanted = _issue(app, issue_id), form.get("ask")
    proof = cache.checked(issue).compiled
    if wanted not in cache.slow_checks.offered() or not proof.content_hash:
        return _back(issue_id, "changed")
    cache.slow_checks.start(SlowCheck(wanted), proof, PATIENCE)
    return _done(issue_id, "asked-others")


@router.post("/desk/issues/{issue_id}/override")
def override(app: Installed, cache: Cached, editor: Publisher, form: DeskForm, issue_id: int) -> Response:
    issue, key = _issue(app, issue_id), form.get("key")
    try:
        finding = answers.find_finding(cache.checked(issue).findings, key, form.get("seen"))
        answers.override(app, issue, finding, form.get("reason"), editor.name)
    except NotFound:
        return _back(issue_id, "gone")
    except ChangedMeanwhile:
        return _back(issue_id, "changed", key)
    except BadInput:
        return _back(issue_id, "reason", key)
    return _done(issue_id, "overridden")


@router.post("/desk/issues/{issue_id}/test")
def test(app: Installed, cache: Cached, editor: AnyEditor, form: DeskForm, issue_id: int) -> Response:
    """To oneself; to the group, which a publisher may."""
    issue, to_group = _issue(app, issue_id), form.get("to") == "group"
    if to_group and not editor.may_publish:
        raise NotAllowed
    kinds = [SampleReader(each) for each in form.many.get("kind", ()) if each in list(SampleReader)]
    to = app.settings.desk.test_group if to_group else (editor.address,)
    if not kinds:
        return _back(issue_id, "test-empty")
    try:
        letter = cache.checked(issue).compiled.letter
        copies = {each.value: sample_preferences(letter, each) for each in kinds}
        tried = send_test(app, issue, to, copies, editor.name)
    except SendError:
        return _back(issue_id, "no-way-out")
    except BadInput:
        return _back(issue_id, "not-ready")
    accepted = all(each.was_accepted for each in tried)
    return _done(issue_id, "tested") if accepted else _back(issue_id, "test-failed")


@router.post("/desk/issues/{issue_id}/approve")
def approve_issue(
    app: Installed, cache: Cached, editor: Publisher, form: DeskForm, issue_id: int
) -> Response:
    """Approve what the page showed, and nothing else; a second click finds it approved."""
    issue, expect = _issue(app, issue_id), form.get("expect")
    if not expect:
        return _back(issue_id, "held-back")
    try:
        approve(app, issue, editor.name, expect=expect, cache=cache)
    except NewsletterError as trouble:
        return _back(issue_id, _approval_fault(trouble))
    return _done(issue_id, "approved")


def _approval_fault(trouble: NewsletterError) -> str:
    """The code for why an issue was not approved; raises what is nobody's business here."""
    if isinstance(trouble, HeldBack):
        return "held-back"
    if isinstance(trouble, OwnWork):
        return "own-work"
    if isinstance(trouble, ChangedMeanwhile):
        return "reads-otherwise"
    if isinstance(trouble, BadInput):
        return "not-ready" if hasattr(trouble, "setting") else "changed"
    raise trouble


@router.post("/desk/issues/{issue_id}/withdraw")
def withdraw_issue(app: Installed, editor: Publisher, form: DeskForm, issue_id: int) -> Response:
    issue = _issue(app, issue_id)
    if issue.status is IssueStatus.DRAFT:
        return _done(issue_id, "withdrawn")
    try:
        withdraw(app, issue, editor.name)
    except (BadInput, ChangedMeanwhile):
        return _back(issue_id, "too-late")
    return _done(issue_id, "withdrawn")


@router.post("/desk/issues/{issue_id}/hold")
def hold_issue(app: Installed, editor: Publisher, form: DeskForm, issue_id: int) -> Response:
    try:
        hold(app, _issue(app, issue_id), editor.name)
    except (BadInput, ChangedMeanwhile):
        return _back(issue_id, "too-late")
    return _done(issue_id, "held")


@router.post("/desk/issues/{issue_id}/schedule")
def schedule_issue(app: Installed, editor: Publisher, form: DeskForm, issue_id: int) -> Response:
    """Let a held issue go out at its time again, or any at the time that was chosen."""
    issue = _issue(app, issue_id)
    if "at" in form.one:
        return _choose_time(app, editor, issue, form.get("at"))
    try:
        release(app, issue, editor.name)
    except (BadInput, ChangedMeanwhile):
        return _back(issue_id, "too-late")
    return _done(issue_id, "released")


def _choose_time(app: App, editor: Editor, issue: Issue, text: str) -> Response:
    try:
        chosen = choose_time(app, issue, text, editor.name)
    except (InvalidTransition, ChangedMeanwhile):
        return _back(issue.id, "too-late")
    except BadInput:
        return _back(issue.id, "time", "time")
    said = {
        ClockChange.NO: "scheduled",
        ClockChange.SKIPPED: "scheduled-skipped",
        ClockChange.TWICE: "scheduled-twice",
    }
    return _done(issue.id, said[chosen.clock_change])


@router.post("/desk/issues/{issue_id}/send")
def send_issue(app: Installed, editor: Publisher, form: DeskForm, issue_id: int) -> Response:
    """Send it now, the number of readers typed; a second click finds it on its way."""
    issue = _issue(app, issue_id)
    if issue.status in (IssueStatus.SENDING, IssueStatus.SENT):
        return done(f"/desk/issues/{issue_id}/watch")
    if issue.status is not IssueStatus.APPROVED or issue.content_hash != form.get("expect"):
        return _back(issue_id, "changed")
    shown = form.get("audience")
    if not shown.isdecimal():
        return _back(issue_id, "number", "send")
    try:
        send_now(app, issue, editor.name, audience=int(shown), typed=form.get("typed"))
    except ChangedMeanwhile:
        return _back(issue_id, "changed")
    except BadInput as trouble:
        wrong = "not-ready" if hasattr(trouble, "setting") else "number"
        return _back(issue_id, wrong, "send")
    return done(f"/desk/issues/{issue_id}/watch", "sending")


def _issue(app: App, issue_id: int) -> Issue:
    with app.database.read() as connection:
        return get_issue(connection, issue_id)


def _done(issue_id: int, said: str) -> Response:
    return done(f"/desk/issues/{issue_id}", said)


def _back(issue_id: int, fault: str, at: str = "") -> Response:
    """To the issue's page, which says why nothing was done, at the place where that is."""
    query = urlencode({"fault": fault, **({"at": at} if at else {})})
    return RedirectResponse(f"/desk/issues/{issue_id}?{query}#needs", status_code=303)

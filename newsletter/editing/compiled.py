"""An issue as it would be approved now: what it says, the mail made of that, what approval freezes, and the hash of it.

Preview, checks and approval all work on one `CompiledIssue`, so that what is looked at is what is approved. What differs from
reader to reader is in preview.py.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import date

from newsletter.app import App
from newsletter.commands import suggest
from newsletter.db.statuses import IssueStatus
from newsletter.digest import store
from newsletter.digest.clicks import IssueLink
from newsletter.digest.content import IssueContent, issue_content_from_json, issue_content_to_json
from newsletter.digest.details import details_to_json
from newsletter.digest.edition import EDITIONS
from newsletter.digest.issues import Issue
from newsletter.digest.store import Frozen
from newsletter.digest.subject import NOTHING_PROPOSED, Proposals
from newsletter.digest.writing import WrittenIssue
from newsletter.errors import BadInput
from newsletter.render.compile import compile_issue as compile_plan
from newsletter.render.headers import MessageFrame
from newsletter.render.plan import Plan, counted_plan, salted_plan
from newsletter.schedule.slots import wall_time

#: The plan that everybody gets.
EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledIssue:
    """What an issue says, and the mail made of that. Without a plan there is no mail: `fault` says why."""

    issue: Issue
    letter: IssueContent
    frame: MessageFrame
    proposals: Proposals = NOTHING_PROPOSED
    plan: Plan | None = None
    #: The plan as approval freezes it, its links numbered where clicks are counted: as large as what is sent.
    sent: Plan | None = None
    frozen: Frozen | None = None
    #: Of everything that approval freezes; empty without a plan.
    content_hash: str = ""
    fault: BadInput | None = None

    @property
    def number(self) -> int:
        """The number it has, or would get if it were approved now."""
        return self.letter.masthead.number

    def require_plan(self) -> Plan:
        """Return the plan; raise the fault where there is none."""
        if self.plan is None:
            raise self.fault or BadInput
        return self.plan


def is_frozen(issue: Issue) -> bool:
    """Return whether what it says is fixed: it was approved and not withdrawn, whatever became of it."""
    return issue.status is not IssueStatus.DRAFT and issue.content_hash is not None


def compile_issue(app: App, issue: Issue) -> CompiledIssue:
    """Compile a draft from what is recorded now; read back what was approved of an approved issue."""
    if not is_frozen(issue):
        written = write_content(app, issue)
        return compile_draft(app, issue, written.content, written.proposals)
    with app.database.read() as connection:
        frozen = store.get_frozen(connection, issue.id)
    plan = salted_plan(Plan.from_bytes(frozen.plans[EVERYBODY]), issue.id, frozen.salt)
    return CompiledIssue(
        issue=issue,
        letter=issue_content_from_json(frozen.letter),
        frame=MessageFrame.from_json(frozen.sender),
        plan=plan,
        sent=plan,
        frozen=frozen,
        content_hash=issue.content_hash or "",
    )


def compile_draft(
    app: App, issue: Issue, letter: IssueContent, proposals: Proposals = NOTHING_PROPOSED
) -> CompiledIssue:
    """Compile a draft that says this."""
    compiled = CompiledIssue(issue=issue, letter=letter, frame=app.frame, proposals=proposals)
    try:
        plan, sent, links = _plans(app, issue, letter, app.frame)
    except BadInput as fault:
        return replace(compiled, fault=fault)
    details = EDITIONS[issue.edition](app.database, app.content, app.settings).write_details(issue)
    frozen = Frozen(
        letter=issue_content_to_json(letter),
        sender=app.frame.to_json(),
        plans={EVERYBODY: sent.to_bytes()},
        record=details_to_json(details),
        links=links,
    )
    return replace(compiled, plan=plan, sent=sent, frozen=frozen, content_hash=hash_of(frozen))


def _plans(
    app: App, issue: Issue, letter: IssueContent, frame: MessageFrame
) -> tuple[Plan, Plan, tuple[IssueLink, ...]]:
    """Return the plan that is looked at, the one that is sent, and where the numbered links of the latter lead."""
    plan = compile_plan(letter, frame, app.template_folders)
    if not app.settings.privacy.count_clicks:
        return plan, plan, ()
    # Only what is frozen has numbered links: before approval nothing knows where a number leads.
    return plan, *counted_plan(plan, issue.id, frame.public_url, left_alone=letter.footer.privacy_url)


def find_redated(app: App, issue: Issue, day: date) -> Frozen | None:
    """Return what was approved, with the date of another day and nothing else changed; None where it has that date.

    Raises BadInput where it cannot be made anew: templates or settings say something else than at the approval.
    """
    with app.database.read() as connection:
        frozen = store.get_frozen(connection, issue.id)
    letter, frame = issue_content_from_json(frozen.letter), MessageFrame.from_json(frozen.sender)
    if letter.masthead.date_on == day:
        return None
    _, as_approved, links = _plans(app, issue, letter, frame)
    if (as_approved.to_bytes(), links) != (frozen.plans[EVERYBODY], frozen.links):
        raise BadInput(
            f"issue {issue.label} is dated {letter.masthead.date_on:%Y-%m-%d}, and templates or settings have changed since "
            f"its approval. Approve it again: {suggest('withdraw', issue.id)}, then {suggest('approve', issue.id)}"
        )
    dated = replace(letter, masthead=replace(letter.masthead, date_on=day))
    _, sent, links = _plans(app, issue, dated, frame)
    return replace(
        frozen, letter=issue_content_to_json(dated), plans={EVERYBODY: sent.to_bytes()}, links=links
    )


def hash_of(frozen: Frozen) -> str:
    """Return the SHA-256 of everything approved: plans, letter with its subject, record, From, public URL, counted links; hex."""
    parts = [frozen.letter.encode(), frozen.sender.encode(), frozen.record.encode()]
    for name, plan in sorted(frozen.plans.items()):
        parts += [name.encode(), plan]
    for link in frozen.links:
        parts += [str(link.number).encode(), link.url.encode(), link.place.encode()]
    whole = hashlib.sha256()
    for part in parts:
        whole.update(b"%d:%b," % (len(part), part))
    return whole.hexdigest()


def letter_of(app: App, issue: Issue) -> IssueContent:
    """Return what the issue says; of an approved one what was approved."""
    if not is_frozen(issue):
        return write_content(app, issue).content
    with app.database.read() as connection:
        return issue_content_from_json(store.get_frozen(connection, issue.id).letter)


def write_content(app: App, issue: Issue) -> WrittenIssue:
    """Write the issue from what is recorded now; raises BadInput for a monthly issue of which no week is left.

    Once its time is past it goes out as soon as it is approved: it has the date of today.
    """
    written = EDITIONS[issue.edition](app.database, app.content, app.settings).write(issue)
    head = written.content.masthead
    today = wall_time(app.clock.now(), app.settings.zone).date()
    if head.date_on >= today:
        return written
    return replace(written, content=replace(written.content, masthead=replace(head, date_on=today)))

"""An issue as it would be approved now: what it says, the mail made of that, what approval freezes, and the hash of it.

Preview, checks and approval all work on one `CompiledIssue`, so that what is looked at is what is approved. What differs from
reader to reader is in preview.py.
"""

import hashlib
from dataclasses import dataclass, replace

from newsletter.app import App
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
from newsletter.render.plan import Plan, counted_plan

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
    plan = Plan.from_bytes(frozen.plans[EVERYBODY])
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
        plan = compile_plan(letter, app.frame, app.template_folders)
    except BadInput as fault:
        return replace(compiled, fault=fault)
    sent: Plan = plan
    links: tuple[IssueLink, ...] = ()
    if app.settings.privacy.count_clicks:
        # Only what is frozen has numbered links: before approval nothing knows where a number leads.
        sent, links = counted_plan(plan, issue.id, app.frame.public_url, left_alone=letter.footer.privacy_url)
    details = EDITIONS[issue.edition](app.database, app.content, app.settings).write_details(issue)
    frozen = Frozen(
        letter=issue_content_to_json(letter),
        sender=app.frame.to_json(),
        plans={EVERYBODY: sent.to_bytes()},
        record=details_to_json(details),
        links=links,
    )
    return replace(compiled, plan=plan, sent=sent, frozen=frozen, content_hash=hash_of(frozen))


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
    """Write the issue from what is recorded now; raises BadInput for a monthly issue of which no week is left."""
    return EDITIONS[issue.edition](app.database, app.content, app.settings).write(issue)

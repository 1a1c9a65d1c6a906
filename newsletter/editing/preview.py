"""An issue as it reads: its letter, its proof, and the mail as a reader would get it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.utils import format_datetime
from enum import StrEnum

from sqlalchemy import Connection, select

from newsletter.app import App
from newsletter.db.schema import issues
from newsletter.db.statuses import Edition, IssueStatus, ItemKind
from newsletter.delivery.audience import Personal, Wishes, find_wishes
from newsletter.delivery.ledger import Recipient
from newsletter.delivery.message import Mailing, Program, load_mailings
from newsletter.digest import store
from newsletter.digest.archive import MOST_REST, SHOWN, ArchiveDetails, details_to_json, write_details
from newsletter.digest.changes import Span
from newsletter.digest.clicks import IssueLink
from newsletter.digest.content import IssueContent, issue_content_from_json, issue_content_to_json
from newsletter.digest.draft import weeks_of
from newsletter.digest.errata import corrections_of, untold_errata
from newsletter.digest.issues import Issue
from newsletter.digest.monthly import write_monthly_issue
from newsletter.digest.store import Frozen, get_frozen, quotes_of, read_shown_items
from newsletter.digest.writing import WrittenIssue, write_issue
from newsletter.editing.store import variant_of
from newsletter.errors import BadInput, NotFound
from newsletter.readers.addresses import parse_address
from newsletter.readers.store import find_reader, followed_tools, get_reader, look_for_reader
from newsletter.render.compile import compile_issue
from newsletter.render.compose import Composer
from newsletter.render.encode import mailbox_form
from newsletter.render.headers import MessageFrame
from newsletter.render.plan import SAMPLE_VALUES, Plan, SlotName, common_blocks, counted_plan, longest_program

# The letter of an issue as it stands: frozen once it is approved, written from what is recorded before.

#: The plan that everybody gets.
EVERYBODY = "everybody"


def letter_of(app: App, issue: Issue) -> IssueContent:
    """What the issue says; of an approved one what was approved."""
    if is_frozen(issue):
        with app.database.read() as connection:
            return issue_content_from_json(store.get_frozen(connection, issue.id).letter)
    return written_letter(app, issue)[0]


def written_letter(app: App, issue: Issue) -> tuple[IssueContent, int]:
    """The letter from what is recorded now, and the number it has or would get if it were approved now."""
    letter = written(app, issue).letter
    return letter, letter.masthead.number


def written(app: App, issue: Issue) -> WrittenIssue:
    """The same, with what its editor might call it."""
    if issue.edition is Edition.MONTHLY:
        return WrittenIssue(letter=_written_month(app, issue))
    with app.database.read() as connection, app.content() as content:
        number = issue.number or store.next_number(connection, issue.edition)
        untold = untold_errata(connection, issue)
        contents = read_shown_items(connection, issue.id, max(1, app.settings.digest.item_limit))
        found = write_issue(
            issue,
            contents.items,
            content,
            app.settings,
            number=number,
            rulings=lambda ids: store.rulings_on(connection, ids),
            span=_span(connection, issue),
            followed=followed_tools(connection),
            published=store.published_elsewhere(connection, issue.id, ItemKind.COMPARISON),
            overflow=contents.overflow,
            chosen=quotes_of(connection, issue.id),
        )
    corrections = corrections_of(untold, app.settings)
    return replace(found, letter=replace(found.letter, corrections=corrections))


def _written_month(app: App, issue: Issue) -> IssueContent:
    with app.database.read() as connection:
        number = issue.number or store.next_number(connection, issue.edition)
        weeks = weeks_of(connection, issue)
        untold = untold_errata(connection, issue)
    if not weeks:
        raise BadInput(
            f"no weekly issue of monthly issue {issue.label} is left: what it was made from was cancelled. "
            f"Cancel it too: newsletter cancel {issue.id}"
        )
    letter = write_monthly_issue(issue, weeks, app.settings, number=number)
    return replace(letter, corrections=corrections_of(untold, app.settings))


def written_record(app: App, issue: Issue) -> ArchiveDetails:
    """What the archive shows beside the letter, from what is recorded now; a monthly issue has it in its weekly ones."""
    if issue.edition is Edition.MONTHLY:
        return ArchiveDetails()
    with app.database.read() as connection, app.content() as content:
        return write_details(
            read_shown_items(connection, issue.id, MOST_REST).items,
            content,
            app.settings,
            rulings=lambda ids: store.rulings_on(connection, ids),
        )


def _span(connection: Connection, issue: Issue) -> Span | None:
    """What counts as changed: what was seen since the cutoff of the last approved issue."""
    since = store.cutoff_before(connection, issue.edition, issue.id)
    return None if since is None else Span(since=since, until=issue.cutoff_at)


def plan_of(app: App, issue: Issue) -> tuple[Plan, MessageFrame]:
    """What the issue's messages are made from; of an approved one what was approved."""
    if not is_frozen(issue):
        letter, _ = written_letter(app, issue)
        return compile_issue(letter, app.frame, app.template_folders), app.frame
    with app.database.read() as connection:
        frozen = store.get_frozen(connection, issue.id)
    return Plan.from_bytes(frozen.plans[EVERYBODY]), MessageFrame.from_json(frozen.sender)


def is_frozen(issue: Issue) -> bool:
    """Whether what it says is fixed: it was approved and not withdrawn, whatever became of it."""
    return issue.status is not IssueStatus.DRAFT and issue.content_hash is not None


# Previews: the very bytes that a reader would get, or a part of them as a mail program shows it.


class Format(StrEnum):
    """What a preview shows."""

    HTML = "html"
    TEXT = "text"
    EML = "eml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What is one reader's own in an issue: what the slots hold, and the blocks in their order."""

    values: Mapping[str, str]
    program: Program


def preview(app: App, issue: Issue, copy: Copy | None, form: Format) -> bytes:
    """The issue for one reader's `copy`, or for a made-up reader; of an approved one what was approved.

    HTML and text come as UTF-8, decoded from the composed message; eml is the message itself.
    """
    plan, _ = plan_of(app, issue)
    if copy is None:
        copy = Copy(values=sample_values(app), program=common_blocks(plan.block_ids))
    message = compose(plan, copy.values, copy.program)
    return message if form is Format.EML else part_of(message, form).encode()


def compose(plan: Plan, values: Mapping[str, str], program: Program = None) -> bytes:
    """The message, made as the sender makes it; without a program it is nobody's in particular."""
    return Composer(plan, common_blocks(plan.block_ids) if program is None else program).compose(values)


def part_of(message: bytes, form: Format) -> str:
    """The HTML or text part as a mail program reads it."""
    kind = "plain" if form is Format.TEXT else "html"
    part = message_from_bytes(message, policy=policy.default).get_body((kind,))
    return "" if part is None else str(part.get_content())


def made_up_copy(app: App, letter: IssueContent, plan: Plan, wishes: Wishes) -> Copy:
    """What a reader with these wishes would get, whom there is not: links lead nowhere, so that nobody can leave by one."""
    personal = Personal(letter, plan.block_ids)
    return Copy(values={**sample_values(app), **personal.values(wishes)}, program=personal.program(wishes))


def made_up(app: App, issue: Issue, wishes: Wishes) -> Copy:
    """The same of an issue as it stands."""
    return made_up_copy(app, letter_of(app, issue), plan_of(app, issue)[0], wishes)


def shown_copy(app: App, letter: IssueContent, plan: Plan, reader_id: int) -> Copy:
    """What is a reader's own, to be looked at by somebody else: the links lead nowhere.

    Raises NotFound for a reader who has no address (any more).
    """
    with app.database.read() as connection:
        reader = look_for_reader(connection, reader_id)
        wishes = find_wishes(connection, reader_id)
    if reader is None or reader.address is None:
        raise NotFound("reader", reader_id)
    copy = made_up_copy(app, letter, plan, wishes)
    own = {SlotName.TO.value: mailbox_form("", reader.address), SlotName.ADDRESS.value: reader.address}
    return replace(copy, values={**copy.values, **own})


def find_reader_id(app: App, address: str) -> int:
    """The reader with this address; raises BadInput for what is none, NotFound for one that is no reader's."""
    with app.database.read() as connection:
        reader = find_reader(connection, parse_address(address))
    if reader is None or reader.address is None:
        raise NotFound("reader", address, "List them with: newsletter readers list")
    return reader.id


def reader_copy(app: App, issue: Issue, address: str) -> Copy:
    """What is a reader's own, with links that work; raises NotFound for an address that is no reader's.

    Only the Message-ID is not the real one: mail programs would drop the issue as a copy of a preview they have.
    """
    reader_id = find_reader_id(app, address)
    with app.database.read() as connection:
        reader, wishes = get_reader(connection, reader_id), find_wishes(connection, reader_id)
    plan, frame = plan_of(app, issue)
    mailing = Mailing(
        issue_id=issue.id,
        plan=plan,
        frame=frame,
        signer=app.links,
        message_ids=replace(app.message_ids, key=b"preview"),
        clock=app.clock,
        letter=letter_of(app, issue),
    )
    recipient = Recipient(reader_id=reader.id, address=reader.address or "", attempts=0, wishes=wishes)
    return Copy(values=mailing.values(recipient), program=mailing.program(recipient))


def sample_values(app: App) -> dict[str, str]:
    """What a made-up reader's slots hold: addresses of this newsletter that lead nowhere."""
    base = app.frame.public_url
    address = SAMPLE_VALUES[SlotName.ADDRESS]
    return {
        **{name.value: value for name, value in SAMPLE_VALUES.items()},
        SlotName.TO: mailbox_form("", address),
        SlotName.DATE: format_datetime(app.clock.now()),
        SlotName.UNSUBSCRIBE_URL: f"{base}/unsubscribe/preview",
        SlotName.UNSUBSCRIBE_MAILTO: f"mailto:{app.frame.leave_address}?subject=unsubscribe",
        SlotName.PREFERENCES_URL: f"{base}/preferences/preview",
        SlotName.VIEW_URL: f"{base}/view/preview",
    }


# What a preview asks of `subscribers.db`.


def find_issue_before(connection: Connection, issue: Issue) -> Issue | None:
    """The last issue of the edition that went out before this one; None for the first."""
    query = select(issues).where(
        issues.c.edition == issue.edition,
        issues.c.status.in_(SHOWN),
        issues.c.content_hash.is_not(None),
        issues.c.slot < issue.slot,
    )
    row = connection.execute(query.order_by(issues.c.slot.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else Issue(**row)


# A proof: an issue exactly as it would be approved now. Its letter, its plan, what approval would freeze, and the hash of it.
#
# Preview, checks and approval all work on one, so that what is looked at is what is approved.


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What an issue says and the mail that makes. Without a plan none can be made: `trouble` says why."""

    issue: Issue
    number: int
    letter: IssueContent
    frame: MessageFrame
    plan: Plan | None
    #: The plan as approval freezes it, its links numbered where clicks are counted: what is as large as what leaves.
    sent: Plan | None
    frozen: Frozen | None
    #: Of all that approval freezes; empty without a plan.
    content_hash: str
    trouble: str = ""


def pull_proof(app: App, issue: Issue) -> Proof:
    """Of a draft, compiled once from what is recorded now; of an approved issue what was approved."""
    if is_frozen(issue):
        return _approved(app, issue)
    letter, number = written_letter(app, issue)
    return compile_proof(app, issue, letter, number=number)


def compile_proof(app: App, issue: Issue, letter: IssueContent, *, number: int) -> Proof:
    """The proof of a draft that says this."""
    try:
        plan = compile_issue(letter, app.frame, app.template_folders)
    except BadInput as trouble:
        return proof_of(app, issue, letter, None, number=number, trouble=str(trouble))
    return proof_of(app, issue, letter, plan, number=number)


def proof_of(
    app: App, issue: Issue, letter: IssueContent, plan: Plan | None, *, number: int, trouble: str = ""
) -> Proof:
    """The proof of a draft whose letter was compiled already, or could not be."""
    if plan is None:
        return Proof(
            issue=issue,
            number=number,
            letter=letter,
            frame=app.frame,
            plan=None,
            sent=None,
            frozen=None,
            content_hash="",
            trouble=trouble,
        )
    sent, links = _as_sent(app, issue, letter, plan)
    frozen = Frozen(
        letter=issue_content_to_json(letter),
        sender=app.frame.to_json(),
        plans={EVERYBODY: sent.to_bytes()},
        record=details_to_json(written_record(app, issue)),
        links=links,
    )
    return Proof(
        issue=issue,
        number=number,
        letter=letter,
        frame=app.frame,
        plan=plan,
        sent=sent,
        frozen=frozen,
        content_hash=hash_of(frozen),
    )


def _as_sent(app: App, issue: Issue, letter: IssueContent, plan: Plan) -> tuple[Plan, tuple[IssueLink, ...]]:
    """The plan as approval freezes it. A draft keeps its links: before approval nothing knows where a number leads."""
    if not app.settings.privacy.count_clicks:
        return plan, ()
    return counted_plan(plan, issue.id, app.frame.public_url, left_alone=letter.footer.privacy_url)


def hash_of(frozen: Frozen) -> str:
    """SHA-256 over everything that was approved: plans, the letter with its subject, its record, From, public URL, counted links; hex."""
    parts = [frozen.letter.encode(), frozen.sender.encode(), frozen.record.encode()]
    for name, plan in sorted(frozen.plans.items()):
        parts += [name.encode(), plan]
    for link in frozen.links:
        parts += [str(link.number).encode(), link.url.encode(), link.place.encode()]
    whole = hashlib.sha256()
    for part in parts:
        whole.update(b"%d:%b," % (len(part), part))
    return whole.hexdigest()


def _approved(app: App, issue: Issue) -> Proof:
    with app.database.read() as connection:
        frozen = get_frozen(connection, issue.id)
    plan = Plan.from_bytes(frozen.plans[EVERYBODY])
    return Proof(
        issue=issue,
        number=issue.number or 0,
        letter=issue_content_from_json(frozen.letter),
        frame=MessageFrame.from_json(frozen.sender),
        plan=plan,
        sent=plan,
        frozen=frozen,
        content_hash=issue.content_hash or "",
    )


# An issue as one reader has it in the mail, for the browser: the reader's own blocks and links, without the address.
#
# A mail that is handed on carries its links, so whoever opens this page may not be the reader.

#: Stands where the mail names the reader's address.
NOBODY, NOBODYS_ADDRESS = "you", "you@localhost"


def view_issue(app: App, issue_id: int, reader_id: int) -> str:
    """The HTML of the reader's copy; raises NotFound for an issue that was not approved."""
    with app.database.read() as connection:
        mailings = load_mailings(connection, issue_id, app.links, app.message_ids, app.clock)
        variant = variant_of(connection, issue_id, reader_id) or EVERYBODY
        wishes = find_wishes(connection, reader_id)
    mailing = mailings.get(variant) or next(iter(mailings.values()))
    reader = Recipient(reader_id=reader_id, address=NOBODYS_ADDRESS, attempts=0, wishes=wishes)
    values = mailing.values(reader) | {SlotName.ADDRESS: NOBODY}
    return part_of(compose(mailing.plan, values, mailing.program(reader)), Format.HTML)


# How heavy an issue's mail is: the size of the largest copy, which mail programs must not cut.

#: What we allow. Counted as it travels, in quoted-printable.
HTML_LIMIT = 80 * 1024
#: Gmail cuts HTML somewhere between 102 and 105 KB and says so nowhere; the least of what was measured.
GMAIL_CLIP = 102_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """Bytes of the HTML part of the largest copy that any reader can get, as it travels; `limit` is our own."""

    largest: int
    limit: int = HTML_LIMIT
    clip: int = GMAIL_CLIP

    @property
    def percent(self) -> int:
        """Of what Gmail shows."""
        return round(100 * self.largest / self.clip)


def weight_of(plan: Plan) -> Weight:
    return Weight(largest=plan.html_size(longest_program(plan)).encoded)

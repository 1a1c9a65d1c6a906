"""The mail as somebody would get it: personalized for a reader or for nobody, whole or as the part that a mail program shows.

What an issue says, and the plan its messages are made from, is in compiled.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum

from sqlalchemy import select

from newsletter.app import App
from newsletter.commands import suggest
from newsletter.db.schema import batches, deliveries
from newsletter.delivery.ledger import Recipient
from newsletter.delivery.message import Mailing, Program, load_mailings
from newsletter.delivery.personal import Personal
from newsletter.digest.content import IssueContent
from newsletter.editing.compiled import EVERYBODY, CompiledIssue
from newsletter.errors import NotFound
from newsletter.readers.addresses import parse_address
from newsletter.readers.preferences import Preferences
from newsletter.readers.store import Reader, find_reader, find_reader_by_id, get_reader
from newsletter.render.compose import Composer
from newsletter.render.encode import mailbox_form
from newsletter.render.plan import SAMPLE_VALUES, Plan, SlotName, common_blocks, longest_program


class Format(StrEnum):
    """What a preview shows."""

    HTML = "html"
    TEXT = "text"
    EML = "eml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Personalization:
    """What is one reader's own in an issue: what the slots hold, and the blocks in their order."""

    values: Mapping[str, str]
    program: Program


def preview(
    app: App, compiled: CompiledIssue, personalization: Personalization | None, form: Format
) -> bytes:
    """Return the issue as it would arrive; without a personalization as a made-up reader gets it who has chosen nothing.

    HTML and text come as UTF-8, decoded from the composed message; eml is the message itself. Raises BadInput where no mail
    can be made.
    """
    plan = compiled.require_plan()
    own = personalization or Personalization(values=sample_values(app), program=common_blocks(plan.block_ids))
    message = compose(plan, own.values, own.program)
    return message if form is Format.EML else part_of(message, form).encode()


def compose(plan: Plan, values: Mapping[str, str], program: Program = None) -> bytes:
    """Make the message as the sender makes it; without a program it is nobody's in particular."""
    return Composer(plan, common_blocks(plan.block_ids) if program is None else program).compose(values)


def part_of(message: bytes, form: Format) -> str:
    """Return the HTML or text part as a mail program reads it."""
    return body_of(message_from_bytes(message, policy=policy.default), form)


def body_of(message: EmailMessage, form: Format) -> str:
    """Return the HTML or text part of a message that was read already."""
    part = message.get_body(("plain" if form is Format.TEXT else "html",))
    return "" if part is None else str(part.get_content())


def personalize(app: App, letter: IssueContent, plan: Plan, preferences: Preferences) -> Personalization:
    """Personalize for a made-up reader with these preferences. The links lead nowhere, so that nobody can leave by one."""
    personal = Personal(letter, plan.block_ids, app.settings.language)
    return Personalization(
        values={**sample_values(app), **personal.values(preferences)}, program=personal.program(preferences)
    )


def personalize_for_viewing(app: App, letter: IssueContent, plan: Plan, reader_id: int) -> Personalization:
    """Personalize for a reader, to be looked at by somebody else: the links lead nowhere.

    Raises NotFound for a reader who has no address (any more).
    """
    with app.database.read() as connection:
        reader = find_reader_by_id(connection, reader_id)
    if reader is None or reader.address is None:
        raise NotFound("reader", reader_id)
    made_up = personalize(app, letter, plan, reader.preferences)
    own = {SlotName.TO.value: mailbox_form("", reader.address), SlotName.ADDRESS.value: reader.address}
    return replace(made_up, values={**made_up.values, **own})


def personalize_with_links(app: App, compiled: CompiledIssue, address: str) -> Personalization:
    """Personalize for the reader with this address, with links that work; raises NotFound for an address that is no reader's.

    Only the Message-ID is not the real one: mail programs would drop the issue as a copy of a preview they have.
    """
    reader_id = find_reader_id(app, address)
    with app.database.read() as connection:
        reader = get_reader(connection, reader_id)
    mailing = Mailing(
        issue_id=compiled.issue.id,
        salt=compiled.frozen.salt if compiled.frozen else 0,
        plan=compiled.require_plan(),
        frame=compiled.frame,
        signer=app.links,
        message_ids=replace(app.message_ids, key=b"preview"),
        clock=app.clock,
        letter=compiled.letter,
        language=app.settings.language,
    )
    recipient = Recipient(
        reader_id=reader.id,
        address=reader.address or "",
        attempts=0,
        preferences=reader.preferences,
        salt=reader.salt,
    )
    return Personalization(values=mailing.values(recipient), program=mailing.program(recipient))


def find_reader_id(app: App, address: str) -> int:
    """Return the id of the reader with this address; raises BadInput for what is no address, NotFound for no reader's."""
    with app.database.read() as connection:
        reader = find_reader(connection, parse_address(address))
    if reader is None or reader.address is None:
        raise NotFound("reader", address, f"List them with: {suggest('readers', 'list')}")
    return reader.id


def sample_values(app: App) -> dict[str, str]:
    """Return what a made-up reader's slots hold: addresses of this newsletter that lead nowhere."""
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


# The reader's own copy in the browser: their blocks and links, without the address. A forwarded mail carries its links, so
# whoever opens this page may not be the reader.

#: Stands where the mail names the reader's address.
NOBODY, NOBODYS_ADDRESS = "you", "you@localhost"


def view_issue(app: App, issue_id: int, known: Reader) -> str:
    """Return the HTML of the reader's copy; raises NotFound for an issue that was not approved."""
    got = select(batches.c.variant).join_from(deliveries, batches, batches.c.id == deliveries.c.batch_id)
    got = got.where(deliveries.c.issue_id == issue_id, deliveries.c.reader_id == known.id)
    with app.database.read() as connection:
        mailings = load_mailings(
            connection,
            issue_id,
            app.links,
            app.message_ids,
            app.clock,
            language=app.settings.language,
        )
        variant = connection.execute(got).scalar() or EVERYBODY
    mailing = mailings.get(variant) or next(iter(mailings.values()))
    reader = Recipient(
        reader_id=known.id,
        address=NOBODYS_ADDRESS,
        attempts=0,
        preferences=known.preferences,
        salt=known.salt,
    )
    values = mailing.values(reader) | {SlotName.ADDRESS: NOBODY}
    return part_of(compose(mailing.plan, values, mailing.program(reader)), Format.HTML)


def topics_in(letter: IssueContent) -> tuple[str, ...]:
    """Return the topics of what the issue shows, each as often as it occurs."""
    shown = [each.topic for each in letter.more] + [each.topic for each in letter.cards]
    shown += [each.topic for each in letter.lines]
    return tuple(filter(None, shown))


# How heavy the mail is.

#: What we allow of HTML, in bytes as it travels: quoted-printable.
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
    """Weigh the largest copy of the mail, which mail programs must not cut."""
    return Weight(largest=plan.html_size(longest_program(plan)).encoded)

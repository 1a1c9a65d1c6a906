"""Previews: the very bytes that a reader would get, or a part of them as a mail program shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.utils import format_datetime
from enum import StrEnum
from typing import Protocol

from newsletter.delivery.message import Mailing, Marks, Program
from newsletter.delivery.personal import Personal, Wishes
from newsletter.delivery.recipients import Recipient
from newsletter.delivery.wishes import find_wishes
from newsletter.digest.issues import Issue
from newsletter.digest.letter import Letter
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.proofs.letters import letter_of, plan_of
from newsletter.errors import NotFound
from newsletter.readers.addresses import parse_address
from newsletter.readers.links import LinkSigner
from newsletter.readers.store import find_reader, get_reader, look_for_reader
from newsletter.render.compose import Composer
from newsletter.render.encode import mailbox_form
from newsletter.render.personal import common_blocks
from newsletter.render.plan import Plan
from newsletter.render.slots import SAMPLE_VALUES, SlotName


class SigningNewsroom(Newsroom, Protocol):
    """A newsroom that can sign readers' links."""

    @property
    def links(self) -> LinkSigner: ...

    @property
    def marks(self) -> Marks: ...


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


def preview(newsroom: Newsroom, issue: Issue, copy: Copy | None, form: Format) -> bytes:
    """The issue for one reader's `copy`, or for a made-up reader; of an approved one what was approved.

    HTML and text come as UTF-8, decoded from the composed message; eml is the message itself.
    """
    plan, _ = plan_of(newsroom, issue)
    if copy is None:
        copy = Copy(values=sample_values(newsroom), program=common_blocks(plan.block_ids))
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


def made_up_copy(newsroom: Newsroom, letter: Letter, plan: Plan, wishes: Wishes) -> Copy:
    """What a reader with these wishes would get, whom there is not: links lead nowhere, so that nobody can leave by one."""
    personal = Personal(letter, plan.block_ids)
    return Copy(
        values={**sample_values(newsroom), **personal.values(wishes)}, program=personal.program(wishes)
    )


def made_up(newsroom: Newsroom, issue: Issue, wishes: Wishes) -> Copy:
    """The same of an issue as it stands."""
    return made_up_copy(newsroom, letter_of(newsroom, issue), plan_of(newsroom, issue)[0], wishes)


def shown_copy(newsroom: Newsroom, letter: Letter, plan: Plan, reader_id: int) -> Copy:
    """What is a reader's own, to be looked at by somebody else: the links lead nowhere.

    Raises NotFound for a reader who has no address (any more).
    """
    with newsroom.database.read() as connection:
        reader = look_for_reader(connection, reader_id)
        wishes = find_wishes(connection, reader_id)
    if reader is None or reader.address is None:
        raise NotFound("reader", reader_id)
    copy = made_up_copy(newsroom, letter, plan, wishes)
    own = {SlotName.TO.value: mailbox_form("", reader.address), SlotName.ADDRESS.value: reader.address}
    return replace(copy, values={**copy.values, **own})


def find_reader_id(newsroom: Newsroom, address: str) -> int:
    """The reader with this address; raises BadInput for what is none, NotFound for one that is no reader's."""
    with newsroom.database.read() as connection:
        reader = find_reader(connection, parse_address(address))
    if reader is None or reader.address is None:
        raise NotFound("reader", address, "List them with: newsletter readers list")
    return reader.id


def reader_copy(newsroom: SigningNewsroom, issue: Issue, address: str) -> Copy:
    """What is a reader's own, with links that work; raises NotFound for an address that is no reader's.

    Only the Message-ID is not the real one: mail programs would drop the issue as a copy of a preview they have.
    """
    reader_id = find_reader_id(newsroom, address)
    with newsroom.database.read() as connection:
        reader, wishes = get_reader(connection, reader_id), find_wishes(connection, reader_id)
    plan, frame = plan_of(newsroom, issue)
    mailing = Mailing(
        issue_id=issue.id,
        plan=plan,
        frame=frame,
        signer=newsroom.links,
        marks=replace(newsroom.marks, key=b"preview"),
        clock=newsroom.clock,
        letter=letter_of(newsroom, issue),
    )
    recipient = Recipient(reader_id=reader.id, address=reader.address or "", attempts=0, wishes=wishes)
    return Copy(values=mailing.values(recipient), program=mailing.program(recipient))


def sample_values(newsroom: Newsroom) -> dict[str, str]:
    """What a made-up reader's slots hold: addresses of this newsletter that lead nowhere."""
    base = newsroom.frame.public_url
    address = SAMPLE_VALUES[SlotName.ADDRESS]
    return {
        **{name.value: value for name, value in SAMPLE_VALUES.items()},
        SlotName.TO: mailbox_form("", address),
        SlotName.DATE: format_datetime(newsroom.clock.now()),
        SlotName.UNSUBSCRIBE_URL: f"{base}/unsubscribe/preview",
        SlotName.UNSUBSCRIBE_MAILTO: f"mailto:{newsroom.frame.leave_address}?subject=unsubscribe",
        SlotName.PREFERENCES_URL: f"{base}/preferences/preview",
        SlotName.VIEW_URL: f"{base}/view/preview",
    }

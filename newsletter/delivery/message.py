"""From a plan and a reader to a message: the values of its slots, its Message-ID, its return path.

Everything is a function of the plan, the issue and the reader's row, so that a message made twice is the same but
for its Date. What leaves the house and names a row names its salt, too: after a restore, and on a copy, the number may be
another row's. Putting values into bytes is render/compose.py's work, carrying them away the transports'.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from functools import lru_cache
from hashlib import blake2b
from hmac import compare_digest
from typing import Any
from urllib.parse import quote

from sqlalchemy import Column, Connection, select

from newsletter.clock import Clock
from newsletter.db.schema import mails, readers, snapshots
from newsletter.delivery.dkim import DkimSigner
from newsletter.delivery.ledger import Recipient
from newsletter.delivery.personal import Personal
from newsletter.digest.content import IssueContent, issue_content_from_json
from newsletter.digest.store import get_frozen
from newsletter.language import ENGLISH, Language
from newsletter.readers.links import LinkSigner, Purpose, link
from newsletter.readers.preferences import NO_PREFERENCES, Preferences
from newsletter.render.compose import Composer, EncodedPlan
from newsletter.render.encode import mailbox_form
from newsletter.render.headers import MessageFrame
from newsletter.render.plan import Plan, SlotName, salted_plan

#: Programs and preferences that are kept ready: each takes a few kilobytes, since the blocks' bytes are shared.
PROGRAMS, PREFERENCES_KEPT = 5_000, 10_000

#: Many messages leave in one second.
_header_date = lru_cache(maxsize=16)(format_datetime)

#: What the links in every mail are for.
_PURPOSES = (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES, Purpose.VIEW)

#: The salts of an issue and a reader; of 0 and a single mail's for a single mail. 0 for what is older than salts.
Salts = tuple[int, int]
NO_SALTS: Salts = (0, 0)

_DELIVERY_TOKEN = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\.[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageIds:
    """What tells one message from every other: its Message-ID and, where bounces have an address, its return path.

    Both carry a keyed hash of what they are for, so that nobody can make them up. The key must never change:
    a message that is tried again after a crash has to keep its id.
    """

    key: bytes
    domain: str
    #: Where bounces go; empty for none of our own.
    bounce_address: str = ""
    #: The keyed hash before it has read anything: a copy is quicker than another one.
    _hash: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", blake2b(digest_size=12, key=self.key, person=b"message-id"))

    def message_id(self, issue_id: int, reader_id: int, salts: Salts = NO_SALTS) -> str:
        """Return the Message-ID: "<nl.12.0123456789abcdef01234567@news.example.org>"."""
        return f"<nl.{issue_id}.{self._proof(issue_id, reader_id, salts)}@{self.domain}>"

    def return_path(self, issue_id: int, reader_id: int, salts: Salts = NO_SALTS) -> str:
        """Return the bounce address with what the message is for in it (VERP): "bounces+12.4711.0123456789ab@…"."""
        local, _, domain = self.bounce_address.rpartition("@")
        return f"{local}+{self.delivery_token(issue_id, reader_id, salts)}@{domain}"

    def delivery_token(self, issue_id: int, reader_id: int, salts: Salts = NO_SALTS) -> str:
        """Return the message as one short word that comes back with what is said of it: "12.4711.0123456789ab"."""
        return f"{issue_id}.{reader_id}.{self._proof(issue_id, reader_id, salts)[:12]}"

    def read_delivery_tokens(
        self, connection: Connection, tokens: Collection[str]
    ) -> dict[str, tuple[int, int]]:
        """Return issue and reader of each token that is ours: an account may serve several newsletters.

        Left out, too, is a token whose numbers are another issue's or reader's by now.
        """
        found = {token: match for token in tokens if (match := _DELIVERY_TOKEN.fullmatch(token))}
        pairs = {token: (int(match[1]), int(match[2])) for token, match in found.items()}
        salts = load_salts(connection, set(pairs.values()))
        return {
            token: pair
            for token, pair in pairs.items()
            if compare_digest(self.delivery_token(*pair, salts[pair]), token)
        }

    def _proof(self, issue_id: int, reader_id: int, salts: Salts) -> str:
        proof = self._hash.copy()
        proof.update(b"%d.%d" % (issue_id, reader_id))
        if salts != NO_SALTS:
            proof.update(b".%d.%d" % salts)
        return str(proof.hexdigest())


def load_salts(connection: Connection, pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], Salts]:
    """Return the salts of each pair of an issue's id and a reader's, or of 0 and a single mail's; 0 for what is not there."""

    def of(column: Column[Any], key: Column[Any], ids: set[int]) -> dict[int, int]:
        query = select(key, column).where(key.in_(ids))
        return {row[0]: row[1] for row in connection.execute(query)} if ids else {}

    of_issues = of(snapshots.c.salt, snapshots.c.issue_id, {issue_id for issue_id, _ in pairs if issue_id})
    of_readers = of(readers.c.salt, readers.c.id, {number for issue_id, number in pairs if issue_id})
    of_mails = of(mails.c.salt, mails.c.id, {number for issue_id, number in pairs if not issue_id})
    return {
        (issue_id, number): (
            of_issues.get(issue_id, 0),
            (of_readers if issue_id else of_mails).get(number, 0),
        )
        for issue_id, number in pairs
    }


#: A reader's blocks in their order; None for all.
Program = tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """One plan on its way to readers: an issue's variant, or a single mail (`issue_id` 0)."""

    issue_id: int
    #: The issue's salt, that approval drew.
    salt: int = 0
    plan: Plan
    frame: MessageFrame
    signer: LinkSigner
    message_ids: MessageIds
    clock: Clock
    #: Signs what is composed here; None: nobody does, or the relay.
    dkim: DkimSigner | None = None
    #: What approval froze of an issue; None for a single mail, which is the same for everybody.
    letter: IssueContent | None = None
    #: What a reader's own lines are written in.
    language: Language = ENGLISH
    _composer_of: Callable[[Program], Composer] = field(init=False)
    #: What is a reader's own: their blocks, and what their slots hold.
    _own: Callable[[Preferences], tuple[Program, Mapping[str, str]]] = field(init=False)
    #: What stands before the token in a link of each purpose, and in the address to leave by mail.
    _before_token: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        encoded = EncodedPlan(self.plan)
        personal = None if self.letter is None else Personal(self.letter, self.plan.block_ids, self.language)

        def own(preferences: Preferences) -> tuple[Program, Mapping[str, str]]:
            if personal is None:
                return None, {}
            return personal.program(preferences), personal.values(preferences)

        def composer_of(program: Program) -> Composer:
            common = personal is None or program == common_program
            return Composer(self.plan, program) if common else Composer(self.plan, program, encoded=encoded)

        common_program = None if personal is None else personal.program(NO_PREFERENCES)

        object.__setattr__(self, "_composer_of", lru_cache(maxsize=PROGRAMS)(composer_of))
        object.__setattr__(self, "_own", lru_cache(maxsize=PREFERENCES_KEPT)(own))
        mailbox = quote(self.frame.leave_address or self.frame.reply_to, safe="@")
        base = self.frame.public_url
        links = (link(base, each, "") for each in _PURPOSES)
        object.__setattr__(self, "_before_token", (*links, f"mailto:{mailbox}?subject=unsubscribe%20"))

    def compose(self, recipient: Recipient) -> bytes:
        """Return the recipient's message, complete; raises BadHeader for an address that cannot stand in one."""
        program, own = self._own(recipient.preferences)
        message = self._composer_of(program).compose({**self._values(recipient), **own})
        return message if self.dkim is None else self.dkim.sign(message, self.clock.now())

    def program(self, recipient: Recipient) -> Program:
        """Return the blocks of the recipient's copy; None for all that the plan has."""
        return self._own(recipient.preferences)[0]

    def values(self, recipient: Recipient) -> dict[str, str]:
        """Return what the plan's slots hold for this recipient."""
        return {**self._values(recipient), **self._own(recipient.preferences)[1]}

    def _values(self, recipient: Recipient) -> dict[str, str]:
        """Return what every mail's slots hold for this recipient."""
        leave, choose, view = self.signer.tokens(
            _PURPOSES, recipient.reader_id, self.issue_id, recipient.salt, self.salt
        )
        to_leave, to_choose, to_view, by_mail = self._before_token
        return {
            SlotName.TO: mailbox_form("", recipient.address),
            SlotName.ADDRESS: recipient.address,
            SlotName.MESSAGE_ID: self.message_id(recipient),
            SlotName.DATE: _header_date(self.clock.now().replace(microsecond=0)),
            SlotName.UNSUBSCRIBE_URL: to_leave + leave,
            SlotName.UNSUBSCRIBE_MAILTO: by_mail + leave,
            SlotName.PREFERENCES_URL: to_choose + choose,
            SlotName.VIEW_URL: to_view + view,
        }

    def message_id(self, recipient: Recipient) -> str:
        """Return the Message-ID of the recipient's copy."""
        return self.message_ids.message_id(self.issue_id, recipient.reader_id, (self.salt, recipient.salt))

    def delivery_token(self, recipient: Recipient) -> str:
        """Return the recipient's copy as a provider hears of it."""
        return self.message_ids.delivery_token(
            self.issue_id, recipient.reader_id, (self.salt, recipient.salt)
        )

    def return_path(self, recipient: Recipient) -> str:
        """Return the envelope's sender."""
        if self.message_ids.bounce_address and self.issue_id:
            return self.message_ids.return_path(
                self.issue_id, recipient.reader_id, (self.salt, recipient.salt)
            )
        return self.message_ids.bounce_address or self.frame.from_address


def load_mailings(
    connection: Connection,
    issue_id: int,
    signer: LinkSigner,
    message_ids: MessageIds,
    clock: Clock,
    dkim: DkimSigner | None = None,
    language: Language = ENGLISH,
) -> dict[str, Mailing]:
    """Return an approved issue's mailings by variant, made from what approval froze; raises NotFound before.

    Message-IDs have the domain that From had then, whatever the settings say now. A reader's own lines are in `language`
    if the issue is.
    """
    frozen = get_frozen(connection, issue_id)
    frame = MessageFrame.from_json(frozen.sender)
    message_ids = replace(message_ids, domain=frame.from_address.rpartition("@")[2] or message_ids.domain)
    return {
        variant: Mailing(
            issue_id=issue_id,
            salt=frozen.salt,
            plan=salted_plan(Plan.from_bytes(plan), issue_id, frozen.salt),
            frame=frame,
            signer=signer,
            message_ids=message_ids,
            clock=clock,
            dkim=dkim,
            letter=issue_content_from_json(frozen.letter) if frozen.letter else None,
            language=language if language.tag == frame.language else ENGLISH,
        )
        for variant, plan in frozen.plans.items()
    }

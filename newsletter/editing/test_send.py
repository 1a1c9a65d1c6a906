"""Test sends: an issue exactly as it will go out, to people who check it, before anybody else has it.

A test goes by the real way out as a single mail: the ledger knows nothing of it, its subject says what it is, and its links are
signed with a key that nobody keeps, so that nothing in it can unsubscribe a reader.
"""

import secrets
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum

from newsletter.app import App
from newsletter.db.statuses import MailKind
from newsletter.delivery.audience import NO_WISHES, Wishes, find_wishes
from newsletter.delivery.ledger import Recipient
from newsletter.delivery.message import Mailing
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.transactional import TransactionalMail, begin_mail_now, record_mail
from newsletter.digest.content import IssueContent
from newsletter.digest.issues import Issue
from newsletter.editing.audit import Action, record_action
from newsletter.editing.preview import Proof, find_reader_id, pull_proof
from newsletter.errors import BadInput, SendError
from newsletter.readers.addresses import Address, parse_address
from newsletter.readers.links import LinkSigner
from newsletter.render.plan import Header, Plan

#: What the subject of a test begins with.
MARK = "[Test]"
#: Mails of one test send.
MOST = 50


class Kind(StrEnum):
    """The readers that there are, as far as an issue differs for them."""

    USUAL = "usual"
    TOPICS = "topics"
    FOLLOWER = "follower"
    VOLUME = "volume"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Whose copy a test is: `name` as people say it, and what such a reader has chosen."""

    name: str
    wishes: Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One mail of a test send and what became of it; `code` is the server's, where it refused."""

    to: str
    copy: str
    event: Event
    code: str

    @property
    def was_accepted(self) -> bool:
        return self.event is Event.ACCEPT


def copy_of_kind(letter: IssueContent, kind: Kind) -> Copy:
    """A made-up reader of this kind, as the issue gives reason for."""
    return Copy(name=kind.value, wishes=_WISHES[kind](letter))


def copy_of_reader(app: App, address: str) -> Copy:
    """What this reader would get; raises NotFound."""
    reader_id = find_reader_id(app, address)
    with app.database.read() as connection:
        return Copy(name=f"reader {reader_id}", wishes=find_wishes(connection, reader_id))


def send_test(
    app: App, issue: Issue, to: Sequence[str], copies: Sequence[Copy], by: str
) -> tuple[Tried, ...]:
    """Send each of these people each of these copies, now. Commits; raises BadInput, and SendError when nothing can be sent."""
    addresses = [parse_address(each) for each in dict.fromkeys(to)]
    if not addresses or not copies or len(addresses) * len(copies) > MOST:
        raise BadInput(f"A test send is 1 to {MOST} mails: name whom it goes to, and as which readers.")
    proof = pull_proof(app, issue)
    if proof.plan is None:
        raise BadInput(proof.trouble)
    mailing = _mailing(app, proof, proof.plan)
    _note(app, proof, copies, len(addresses), by)
    with closing(app.transport().open()) as session:

        def try_one(address: Address, copy: Copy) -> Tried:
            mail = _begin(app)
            outcome = Outcome(reader_id=mail.id, event=Event.REJECT, code="not-sent")
            recipient = Recipient(reader_id=mail.id, address=address.text, attempts=0, wishes=copy.wishes)
            started: list[Recipient] = []
            try:
                outcome = next(iter(list(session.send((recipient,), mailing, started.extend))), outcome)
            except SendError:
                lost = Event.LOSE_SIGHT if started else Event.REJECT
                _record(app, mail, Outcome(reader_id=mail.id, event=lost, code="no-connection"))
                raise
            _record(app, mail, outcome)
            return Tried(to=address.text, copy=copy.name, event=outcome.event, code=outcome.code)

        return tuple(try_one(address, copy) for address in addresses for copy in copies)


def _mailing(app: App, proof: Proof, plan: Plan) -> Mailing:
    """The issue's own, but for the mark in its subject, and links and a Message-ID that are no reader's."""
    return Mailing(
        issue_id=0,
        plan=_marked(plan),
        frame=proof.frame,
        signer=LinkSigner([secrets.token_bytes(32)]),
        message_ids=app.message_ids,
        clock=app.clock,
        dkim=app.dkim,
        letter=proof.letter,
    )


def _marked(plan: Plan) -> Plan:
    subject = Header("Subject", (f"{MARK} {plan.subject}",))
    return replace(plan, headers=tuple(subject if each.name == "Subject" else each for each in plan.headers))


def _begin(app: App) -> TransactionalMail:
    with app.database.write() as connection:
        key = f"test:{secrets.token_hex(8)}"
        return begin_mail_now(connection, MailKind.TEST, key, app.clock.now())


def _record(app: App, mail: TransactionalMail, outcome: Outcome) -> None:
    """How it ended. A test that was put off is over: whoever wants another sends another."""
    if outcome.event in (Event.DEFER, Event.RETURN):
        outcome = replace(outcome, event=Event.GIVE_UP)
    now = app.clock.now()
    with app.database.write() as connection:
        record_mail(connection, mail, outcome, now, now)


def _note(app: App, proof: Proof, copies: Sequence[Copy], people: int, by: str) -> None:
    names = ", ".join(each.name for each in copies)
    said = f"content {proof.content_hash[:12]} to {people} {'address' if people == 1 else 'addresses'}, as {names}"
    with app.database.write() as connection:
        now = app.clock.now()
        record_action(connection, by=by, action=Action.TESTED, issue_id=proof.issue.id, detail=said, at=now)


def _topics(letter: IssueContent) -> tuple[str, ...]:
    """The topic that the issue has most of."""
    topics = [each.topic for each in letter.more] + [each.topic for each in letter.cards]
    topics += [each.topic for each in letter.lines]
    counted = Counter(each for each in topics if each)
    return tuple(topic for topic, _ in counted.most_common(1))


def _tools(letter: IssueContent) -> tuple[str, ...]:
    """As many followed tools as there are lines for, those with news first."""
    return tuple(each.tool_id for each in letter.followed[:4])


_WISHES = {
    Kind.USUAL: lambda letter: NO_WISHES,
    Kind.TOPICS: lambda letter: Wishes(topics=_topics(letter)),
    Kind.FOLLOWER: lambda letter: Wishes(tools=_tools(letter)),
    Kind.VOLUME: lambda letter: Wishes(monthly_tokens=25_000_000, team_size=12),
    Kind.EVERYTHING: lambda letter: Wishes(
        topics=_topics(letter), tools=_tools(letter), monthly_tokens=25_000_000, team_size=12
    ),
}

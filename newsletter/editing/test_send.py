"""Test sends: an issue exactly as it will go out, to people who check it, before anybody else has it.

A test goes by the real way out as a single mail: the ledger knows nothing of it, its subject says what it is, and its links are
signed with a key that nobody keeps, so that nothing in it can unsubscribe a reader.
"""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum

from newsletter.app import App
from newsletter.db.statuses import MailKind
from newsletter.delivery.ledger import Recipient
from newsletter.delivery.message import Mailing
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.throttle import RetryPolicy
from newsletter.delivery.transactional import TransactionalMail, begin_mail_now, record_mail
from newsletter.delivery.transports import Session
from newsletter.digest.content import IssueContent
from newsletter.digest.issues import Issue
from newsletter.editing.audit import Action, record_action
from newsletter.editing.compiled import CompiledIssue, compile_issue
from newsletter.editing.preview import find_reader_id, topics_in
from newsletter.errors import BadInput, SendError
from newsletter.readers.addresses import Address, parse_address
from newsletter.readers.links import LinkSigner
from newsletter.readers.preferences import Preferences
from newsletter.readers.store import get_reader
from newsletter.render.plan import Header

#: What the subject of a test begins with.
MARK = "[Test]"
#: Mails of one test send.
MOST = 50


class SampleReader(StrEnum):
    """The made-up readers that a test can be for, as far as an issue differs for them."""

    USUAL = "usual"
    TOPICS = "topics"
    FOLLOWER = "follower"
    VOLUME = "volume"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentTest:
    """One mail of a test send and what became of it; `code` is the server's, where it refused."""

    to: str
    copy: str
    event: Event
    code: str

    @property
    def was_accepted(self) -> bool:
        return self.event is Event.ACCEPT


def sample_preferences(letter: IssueContent, reader: SampleReader) -> Preferences:
    """Return what a made-up reader has chosen: the issue's commonest topic, the tools it has news of, a team's volume."""
    topics = Counter(topics_in(letter))
    has_topics = reader in (SampleReader.TOPICS, SampleReader.EVERYTHING)
    has_tools = reader in (SampleReader.FOLLOWER, SampleReader.EVERYTHING)
    has_volume = reader in (SampleReader.VOLUME, SampleReader.EVERYTHING)
    return Preferences(
        topics=tuple(topic for topic, _ in topics.most_common(1)) if has_topics else (),
        # As many as there are lines for; those with news stand first.
        tools=tuple(each.tool_id for each in letter.followed[:4]) if has_tools else (),
        monthly_tokens=25_000_000 if has_volume else None,
        team_size=12 if has_volume else None,
    )


def preferences_of_reader(app: App, address: str) -> tuple[str, Preferences]:
    """Return what to call a copy for the reader with this address, and what they have chosen; raises NotFound."""
    reader_id = find_reader_id(app, address)
    with app.database.read() as connection:
        return f"reader {reader_id}", get_reader(connection, reader_id).preferences


def send_test(
    app: App, issue: Issue, to: Sequence[str], copies: Mapping[str, Preferences], by: str
) -> tuple[SentTest, ...]:
    """Send each of these people each of these copies, now. Commits; raises BadInput, and SendError when nothing can be sent.

    `copies` are what somebody who gets one has chosen, by what the copy is called.
    """
    addresses = [parse_address(each) for each in dict.fromkeys(to)]
    if not addresses or not copies or len(addresses) * len(copies) > MOST:
        raise BadInput(f"A test send is 1 to {MOST} mails: name whom it goes to, and as which readers.")
    app.marks.require()
    compiled = compile_issue(app, issue)
    mailing = _mailing(app, compiled)
    people = f"{len(addresses)} {'address' if len(addresses) == 1 else 'addresses'}"
    detail = f"content {compiled.content_hash[:12]} to {people}, as {', '.join(copies)}"
    now = app.clock.now()
    with app.database.write() as connection:
        record_action(connection, by=by, action=Action.TESTED, issue_id=issue.id, detail=detail, at=now)
    with closing(app.transport().open()) as session:
        return tuple(
            _send_one(app, session, mailing, address, name, preferences)
            for address in addresses
            for name, preferences in copies.items()
        )


def _mailing(app: App, compiled: CompiledIssue) -> Mailing:
    """Return the issue's own, but for the mark in its subject, and links and a Message-ID that are no reader's."""
    plan = compiled.require_plan()
    subject = Header("Subject", (f"{MARK} {plan.subject}",))
    headers = tuple(subject if each.name == "Subject" else each for each in plan.headers)
    return Mailing(
        issue_id=0,
        plan=replace(plan, headers=headers),
        frame=compiled.frame,
        signer=LinkSigner([secrets.token_bytes(32)]),
        message_ids=app.message_ids,
        clock=app.clock,
        dkim=app.dkim,
        letter=compiled.letter,
        language=app.settings.language,
    )


def _send_one(
    app: App, session: Session, mailing: Mailing, address: Address, name: str, preferences: Preferences
) -> SentTest:
    with app.database.write() as connection:
        key = f"test:{secrets.token_hex(8)}"
        mail = begin_mail_now(connection, MailKind.TEST, key, app.clock.now())
    recipient = Recipient(
        reader_id=mail.id, address=address.text, attempts=0, preferences=preferences, salt=mail.salt
    )
    started: list[Recipient] = []
    try:
        outcomes = list(session.send((recipient,), mailing, started.extend))
    except SendError:
        lost = Event.LOSE_SIGHT if started else Event.REJECT
        _record(app, mail, Outcome(reader_id=mail.id, event=lost, code="no-connection"))
        raise
    outcome = outcomes[0] if outcomes else Outcome(reader_id=mail.id, event=Event.REJECT, code="not-sent")
    _record(app, mail, outcome)
    return SentTest(to=address.text, copy=name, event=outcome.event, code=outcome.code)


def _record(app: App, mail: TransactionalMail, outcome: Outcome) -> None:
    """Record how it ended. A test that was put off is over: whoever wants another sends another."""
    if outcome.event in (Event.DEFER, Event.RETURN):
        outcome = replace(outcome, event=Event.GIVE_UP)
    now = app.clock.now()
    with app.database.write() as connection:
        record_mail(connection, mail.owner, outcome, now, RetryPolicy())

"""What comes of a report: one transaction, once. Rules are in rules.py, proofs in matching.py.

| report | what comes of it |
|---|---|
| complaint | the reader is `complained` and on the suppression list, at once |
| request to leave | the reader has left |
| dead address | the reader is `bounced`, the delivery rejected |
| soft | the delivery is rejected; enough of them in a row, over enough days: `bounced` |
| policy | the delivery is rejected; the reader stays |
| delayed | nothing yet |
| delivered | a delivery that was unsure is accepted |
"""

import hmac
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement, Connection, and_, func, literal, not_, or_, select, update

from newsletter.clock import Clock
from newsletter.db.engine import Database
from newsletter.db.schema import deliveries, readers, reports
from newsletter.db.statuses import DeliveryStatus, ReaderStatus, ReportKind
from newsletter.delivery.bounces import store
from newsletter.delivery.bounces.mailbox import Mailbox
from newsletter.delivery.bounces.parse import (
    ARRIVED,
    BY_MAIL,
    DEAD,
    POLICY,
    POLICY_SUBJECTS,
    Action,
    Meaning,
    Report,
    Tolerance,
    Traces,
    meaning_of,
    read_report,
)
from newsletter.delivery.bounces.store import ReportRow, mails_to
from newsletter.delivery.message import Marks
from newsletter.delivery.states import Event
from newsletter.delivery.takeover import settle
from newsletter.errors import BadInput, BadLink, NotFound
from newsletter.readers.addresses import parse_address
from newsletter.readers.links import LinkSigner, Purpose
from newsletter.readers.store import MAY_BECOME, change_status, find_reader, get_reader, suppress

# From the marks in a report to the message it is about. Only a mark that we signed leads anywhere.
#
# An address alone leads nowhere: anybody can write a bounce that names somebody else's. Where a report carries nothing
# but a Message-ID, the address it names says whose messages to try, and the proof in the id decides.


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The message that a report is about: an issue's, or a single mail (`issue_id` 0)."""

    reader_id: int
    issue_id: int = 0
    mail_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """Knows our marks from others."""

    signer: LinkSigner
    marks: Marks

    def find(self, connection: Connection, traces: Traces) -> Match | None:
        """The message; None where no mark of ours leads to one."""
        found = (*self._by_token(traces.tokens), *self._by_return_path(traces.return_paths))
        return next(iter(found), None) or next(self._by_message_id(connection, traces), None)

    def _by_token(self, tokens: Iterable[str]) -> Iterator[Match]:
        for token in tokens:
            try:
                target = self.signer.read(Purpose.UNSUBSCRIBE, token)
            except BadLink:
                continue
            yield Match(reader_id=target.reader_id, issue_id=target.issue_id)

    def _by_return_path(self, paths: Iterable[str]) -> Iterator[Match]:
        for path in paths:
            mark = _mark_in(path)
            issue_id, reader_id = (int(each) for each in mark.split(".")[:2])
            # The bounce address may have changed since: what follows the plus sign is what was signed.
            if hmac.compare_digest(_mark_in(self.marks.return_path(issue_id, reader_id)), mark):
                yield Match(reader_id=reader_id, issue_id=issue_id)

    def _by_message_id(self, connection: Connection, traces: Traces) -> Iterator[Match]:
        if not traces.message_ids:
            return
        for address in traces.recipients:
            try:
                reader = find_reader(connection, parse_address(address))
            except BadInput:
                continue
            if reader is None:
                continue
            for message_id in traces.message_ids:
                issue_id = int(message_id.split(".")[1])
                if issue_id and self._is_ours(message_id, issue_id, reader.id):
                    yield Match(reader_id=reader.id, issue_id=issue_id)
                if not issue_id:
                    mails = mails_to(connection, reader.id)
                    yield from (
                        Match(reader_id=reader.id, mail_id=mail_id)
                        for mail_id in mails
                        if self._is_ours(message_id, 0, mail_id)
                    )

    def _is_ours(self, message_id: str, issue_id: int, number: int) -> bool:
        ours = self.marks.message_id(issue_id, number).partition("@")[0]
        return hmac.compare_digest(ours, message_id.partition("@")[0].casefold())


def _mark_in(return_path: str) -> str:
    return return_path.rpartition("@")[0].rpartition("+")[2].casefold()


UNMATCHED = "no mark of ours"
SEEN_BEFORE = "read before"

#: Where the consent ledger says that a request by mail came from.
_MAILTO = "mail: List-Unsubscribe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """Acts on reports in one installation's database."""

    database: Database
    matcher: Matcher
    suppression_key: bytes
    tolerance: Tolerance = field(default_factory=Tolerance)

    def take(self, report: Report, now: datetime) -> str:
        """Act on a report, once; says in a word or two what came of it. Commits."""
        with self.database.write() as connection:
            match = self.matcher.find(connection, report.traces)
            if match is None or not self.knows(connection, match):
                return UNMATCHED
            return self.act_on(connection, report, match, now)

    def act_on(self, connection: Connection, report: Report, match: Match, now: datetime) -> str:
        """Act on a report about a message that is known to be it, once; says what came of it."""
        row = ReportRow(
            key=report.key,
            kind=report.kind,
            at=now,
            reader_id=match.reader_id,
            issue_id=match.issue_id,
            code=report.code,
            outcome="",
        )
        if not store.add_report(connection, row):
            return SEEN_BEFORE
        outcome = _ACTIONS[report.kind](self, connection, report, match, now)
        store.set_outcome(connection, report.key, outcome)
        return outcome

    def knows(self, connection: Connection, match: Match) -> bool:
        """Whether the reader exists: a signed mark outlives its reader where somebody restored an old database."""
        try:
            get_reader(connection, match.reader_id)
        except NotFound:
            return False
        return True

    def _complain(self, connection: Connection, report: Report, match: Match, now: datetime) -> str:
        reader = get_reader(connection, match.reader_id)
        source = f"complaint: {report.via}"
        changed = change_status(connection, reader.id, ReaderStatus.COMPLAINED, now=now, source=source)
        if reader.address is not None:
            suppress(
                connection,
                parse_address(reader.address),
                "complained",
                suppression_key=self.suppression_key,
                now=now,
                source=source,
            )
        return "complained" if changed else "complained before"

    def _leave(self, connection: Connection, report: Report, match: Match, now: datetime) -> str:
        source = _MAILTO if report.via == BY_MAIL else f"unsubscribe: {report.via}"
        changed = change_status(connection, match.reader_id, ReaderStatus.LEFT, now=now, source=source)
        return "left" if changed else "left before"

    def _ignore(self, connection: Connection, report: Report, match: Match, now: datetime) -> str:
        return "nothing to do"

    def _bounce(self, connection: Connection, report: Report, match: Match, now: datetime) -> str:
        if report.action is Action.DELAYED:
            return "delayed"
        if report.action in ARRIVED:
            return self._arrive(connection, report, match, now)
        meaning = report.meaning or meaning_of(report.code)
        if match.mail_id is not None:
            store.return_mail(connection, match.mail_id, report.code, now)
        if match.issue_id:
            settle(connection, match.issue_id, match.reader_id, Event.BOUNCE, code=report.code, now=now)
        if meaning is Meaning.SOFT and match.issue_id:
            store.add_soft_bounce(connection, match.reader_id, match.issue_id, report.code, now)
            bounced_at = store.last_bounces(connection, match.reader_id, self.tolerance.issues)
            if self.tolerance.is_exceeded(bounced_at):
                self._give_up(connection, report, match, now)
                return "given up"
        if meaning is Meaning.DEAD:
            self._give_up(connection, report, match, now)
        return meaning.value

    def _arrive(self, connection: Connection, report: Report, match: Match, now: datetime) -> str:
        settled = match.issue_id and settle(
            connection, match.issue_id, match.reader_id, Event.ARRIVE, code=report.code, now=now
        )
        return "arrived" if settled else "arrived, as known"

    def _give_up(self, connection: Connection, report: Report, match: Match, now: datetime) -> None:
        source = f"bounce: {report.via}"
        change_status(connection, match.reader_id, ReaderStatus.BOUNCED, now=now, source=source)


_ACTIONS: dict[ReportKind, Callable[[Feedback, Connection, Report, Match, datetime], str]] = {
    ReportKind.COMPLAINT: Feedback._complain,
    ReportKind.LEAVING: Feedback._leave,
    ReportKind.BOUNCE: Feedback._bounce,
    ReportKind.AUTO_REPLY: Feedback._ignore,
}


# Reading a mailbox of reports from where the last reading ended, and acting on each.


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of the mails: how many reports of each kind and outcome, and how many mails were no report."""

    outcomes: Mapping[tuple[ReportKind, str], int]
    others: int

    @property
    def reports(self) -> int:
        return sum(self.outcomes.values())

    @property
    def words(self) -> str:
        """One sentence for the record."""
        said = ", ".join(f"{count} {kind} ({what})" for (kind, what), count in sorted(self.outcomes.items()))
        return f"Reports: {said or 'none'}. Other mails, left alone: {self.others}."


def read_mailbox(mailbox: Mailbox, feedback: Feedback, clock: Clock) -> Reading:
    """Take every report that has come since; raises MailboxTrouble. Each report is acted on in a commit of its own."""
    outcomes: Counter[tuple[ReportKind, str]] = Counter()
    others = 0
    with closing(mailbox):
        for incoming in mailbox.incoming():
            report = read_report(incoming.raw)
            if report is None:
                others += 1
                continue
            outcome = feedback.take(report, clock.now())
            outcomes[report.kind, outcome] += 1
            # Without a mark of ours it is about somebody else's mail, or for a person to judge.
            if outcome != UNMATCHED:
                mailbox.put_away(incoming)
    return Reading(outcomes=outcomes, others=others)


class Post(Protocol):
    """An installation that gets reports; `newsletter.app.App` is one."""

    @property
    def clock(self) -> Clock: ...

    @property
    def feedback(self) -> Feedback: ...

    def mailboxes(self) -> Sequence[Mailbox]: ...


NO_MAILBOX = "No mailbox of reports is configured: set feedback.maildir or feedback.imap_host."


def read_all(post: Post) -> str:
    """Read every mailbox that the settings name; says in a sentence what came of it."""
    words = [
        f"{each.name}: {read_mailbox(each, post.feedback, post.clock).words}" for each in post.mailboxes()
    ]
    return " ".join(words) or NO_MAILBOX


# What servers refused at once, while an issue went out: judged by the same rules as what comes back later.
#
# In whole statements, since a large issue may have tens of thousands of them.


def judge_refusals(
    connection: Connection, issue_id: int, now: datetime, tolerance: Tolerance | None = None
) -> int:
    """Give up the addresses that the issue showed to be dead, and count the soft refusals; returns how many were given up.

    What a report said already is not judged again. Repeating it changes nothing.
    """
    tolerance = tolerance or Tolerance()
    store.add_soft_bounces(connection, _refused(issue_id, _is_soft()), now)
    worn_out = [
        reader_id
        for reader_id in store.bounced_often(connection, issue_id, tolerance.issues)
        if tolerance.is_exceeded(store.last_bounces(connection, reader_id, tolerance.issues))
    ]
    dead = select(deliveries.c.reader_id).where(_refused(issue_id, deliveries.c.code.in_(DEAD)))
    return _give_up(connection, readers.c.id.in_(dead), now) + sum(
        _give_up(connection, readers.c.id == reader_id, now) for reader_id in worn_out
    )


def _refused(issue_id: int, meaning: ColumnElement[bool]) -> ColumnElement[bool]:
    reported = select(literal(1)).where(
        reports.c.reader_id == deliveries.c.reader_id, reports.c.issue_id == issue_id
    )
    return and_(
        deliveries.c.issue_id == issue_id,
        deliveries.c.status == DeliveryStatus.REJECTED,
        meaning,
        not_(reported.exists()),
    )


def _is_soft() -> ColumnElement[bool]:
    code = func.coalesce(deliveries.c.code, "")
    policy = (code.startswith(each, autoescape=True) for each in POLICY_SUBJECTS)
    return not_(or_(code.in_(DEAD | POLICY), *policy))


def _give_up(connection: Connection, who: ColumnElement[bool], now: datetime) -> int:
    before = [each for each, after in MAY_BECOME.items() if ReaderStatus.BOUNCED in after]
    statement = update(readers).where(who, readers.c.status.in_(before))
    return connection.execute(statement.values(status=ReaderStatus.BOUNCED, status_at=now)).rowcount

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

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from newsletter.db.engine import Database
from newsletter.db.statuses import ReaderStatus, ReportKind
from newsletter.delivery.feedback import store
from newsletter.delivery.feedback.matching import Match, Matcher
from newsletter.delivery.feedback.report import ARRIVED, BY_MAIL, Action, Report
from newsletter.delivery.feedback.rules import Meaning, Tolerance, meaning_of
from newsletter.delivery.feedback.store import ReportRow
from newsletter.delivery.late import settle
from newsletter.delivery.states import Event
from newsletter.errors import NotFound
from newsletter.readers.addresses import parse_address
from newsletter.readers.store import change_status, get_reader
from newsletter.readers.suppression_store import suppress

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

"""What comes of a report: which message of ours it is about, and what that does to its reader. One transaction, once.

| report | what comes of it |
|---|---|
| complaint | the reader is `complained` and on the suppression list, at once |
| request to leave | the reader has left |
| dead address | the reader is `bounced`, the delivery rejected |
| soft | the delivery is rejected; enough of them in a row, over enough days: `bounced` |
| policy | the delivery is rejected; the reader stays |
| delayed | nothing yet |
| delivered | a delivery that was unsure is accepted |

Reading a mail as a report is parse.py's work; refusals while an issue goes out are judged in refusals.py.
"""

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from newsletter.db.engine import Database
from newsletter.db.statuses import ReaderStatus, ReportKind, SuppressionKind, WithdrawalReason
from newsletter.delivery.bounces import store
from newsletter.delivery.bounces.parse import (
    ARRIVED,
    DsnAction,
    Identifiers,
    Meaning,
    Report,
    Tolerance,
    meaning_of,
)
from newsletter.delivery.message import MessageIds, Salts, load_salts
from newsletter.delivery.states import Event
from newsletter.delivery.takeover import settle
from newsletter.errors import BadInput, BadLink, NotFound
from newsletter.readers.addresses import parse_address
from newsletter.readers.consents import ConsentOrigin
from newsletter.readers.leaving import leave
from newsletter.readers.links import LinkSigner, Purpose
from newsletter.readers.store import change_status, find_reader, get_reader, resolve_target, suppress


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The message that a report is about: an issue's, or a single mail (`issue_id` 0)."""

    reader_id: int
    issue_id: int = 0
    mail_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """Finds the message that a report is about, by identifiers that we signed.

    An address alone leads nowhere: anybody can write a bounce that names somebody else's. Where a report carries
    nothing but a Message-ID, the address it names says whose messages to try, and the proof in the id decides.
    """

    signer: LinkSigner
    message_ids: MessageIds

    def find(self, connection: Connection, identifiers: Identifiers) -> Match | None:
        """Return the message; None where nothing that we signed leads to one."""
        found = (
            *self._by_token(connection, identifiers.tokens),
            *self._by_return_path(connection, identifiers.return_paths),
        )
        return next(iter(found), None) or next(self._by_message_id(connection, identifiers), None)

    def _by_token(self, connection: Connection, tokens: Iterable[str]) -> Iterator[Match]:
        for token in tokens:
            try:
                signed = self.signer.read(Purpose.UNSUBSCRIBE, token)
            except BadLink:
                continue
            target = resolve_target(connection, signed)
            if target.reader_id:
                yield Match(reader_id=target.reader_id, issue_id=target.issue_id)

    def _by_return_path(self, connection: Connection, paths: Iterable[str]) -> Iterator[Match]:
        # The bounce address may have changed since: what follows the plus sign is what was signed.
        tokens = [path.rpartition("@")[0].rpartition("+")[2].casefold() for path in paths]
        for issue_id, reader_id in self.message_ids.read_delivery_tokens(connection, tokens).values():
            yield Match(issue_id=issue_id, reader_id=reader_id)

    def _by_message_id(self, connection: Connection, identifiers: Identifiers) -> Iterator[Match]:
        if not identifiers.message_ids:
            return
        for address in identifiers.recipients:
            try:
                reader = find_reader(connection, parse_address(address))
            except BadInput:
                continue
            if reader is None:
                continue
            for message_id in identifiers.message_ids:
                issue_id = int(message_id.split(".")[1])
                numbers = [reader.id] if issue_id else store.mails_to(connection, reader.id)
                pairs = [(issue_id, number) for number in numbers]
                for pair, salts in load_salts(connection, pairs).items():
                    if self._is_ours(message_id, pair, salts):
                        mail_id = None if issue_id else pair[1]
                        yield Match(reader_id=reader.id, issue_id=issue_id, mail_id=mail_id)

    def _is_ours(self, message_id: str, pair: tuple[int, int], salts: Salts) -> bool:
        ours = self.message_ids.message_id(*pair, salts).partition("@")[0]
        return hmac.compare_digest(ours, message_id.partition("@")[0].casefold())


UNMATCHED = "no mark of ours"

#: Outcomes of a report that says that a copy did not come back: not yet, or it did arrive.
DELAYED, ARRIVED_NOW, ARRIVED_BEFORE = "delayed", "arrived", "arrived, as known"
NO_BOUNCE = frozenset({DELAYED, ARRIVED_NOW, ARRIVED_BEFORE})

SEEN_BEFORE = "read before"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHandler:
    """Acts on reports in one installation's database."""

    database: Database
    matcher: Matcher
    suppression_key: bytes
    tolerance: Tolerance = field(default_factory=Tolerance)

    def handle(self, report: Report, now: datetime) -> str:
        """Act on a report, once, and return in a word or two what came of it. Commits."""
        with self.database.write() as connection:
            match = self.matcher.find(connection, report.identifiers)
            if match is None or not self.knows(connection, match):
                return UNMATCHED
            return self.handle_matched(connection, report, match, now)

    def handle_matched(self, connection: Connection, report: Report, match: Match, now: datetime) -> str:
        """Act on a report about a message that is known to be it, once, and return what came of it."""
        if not store.add_report(
            connection, report, reader_id=match.reader_id, issue_id=match.issue_id, now=now
        ):
            return SEEN_BEFORE
        outcome = self._act(connection, report, match, now)
        store.set_outcome(connection, report.key, outcome)
        return outcome

    def knows(self, connection: Connection, match: Match) -> bool:
        """Return whether the reader exists: what was signed outlives its reader where somebody restored an old database."""
        try:
            get_reader(connection, match.reader_id)
        except NotFound:
            return False
        return True

    def _act(self, connection: Connection, report: Report, match: Match, now: datetime) -> str:
        match report.kind:
            case ReportKind.COMPLAINT:
                return self._complain(connection, report, match, now)
            case ReportKind.LEAVING:
                left = leave(connection, match.reader_id, _origin(report, match), now)
                return "left" if left else "left before"
            case ReportKind.BOUNCE:
                return self._bounce(connection, report, match, now)
            case ReportKind.AUTO_REPLY:
                return "nothing to do"

    def _complain(self, connection: Connection, report: Report, match: Match, now: datetime) -> str:
        reader = get_reader(connection, match.reader_id)
        origin = _origin(report, match, WithdrawalReason.COMPLAINT)
        changed = change_status(connection, reader.id, ReaderStatus.COMPLAINED, origin, now)
        if reader.address is not None:
            suppress(
                connection,
                parse_address(reader.address),
                SuppressionKind.COMPLAINED,
                SuppressionKind.COMPLAINED.value,
                origin,
                suppression_key=self.suppression_key,
                now=now,
            )
        return "complained" if changed else "complained before"

    def _bounce(self, connection: Connection, report: Report, match: Match, now: datetime) -> str:
        if report.action is DsnAction.DELAYED:
            return DELAYED
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
        return ARRIVED_NOW if settled else ARRIVED_BEFORE

    def _give_up(self, connection: Connection, report: Report, match: Match, now: datetime) -> None:
        change_status(connection, match.reader_id, ReaderStatus.BOUNCED, _origin(report, match), now)


def _origin(report: Report, match: Match, reason: WithdrawalReason | None = None) -> ConsentOrigin:
    return ConsentOrigin(channel=report.channel, issue_id=match.issue_id or None, reason=reason)

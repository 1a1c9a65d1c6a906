"""From the marks in a report to the message it is about. Only a mark that we signed leads anywhere.

An address alone leads nowhere: anybody can write a bounce that names somebody else's. Where a report carries nothing
but a Message-ID, the address it names says whose messages to try, and the proof in the id decides.
"""

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from newsletter.delivery.feedback.report import Traces
from newsletter.delivery.feedback.store import mails_to
from newsletter.delivery.message import Marks
from newsletter.errors import BadInput, BadLink
from newsletter.readers.addresses import parse_address
from newsletter.readers.links import LinkSigner, Purpose
from newsletter.readers.store import find_reader


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

"""Following a tool from a page that knows nobody: the address gets a mail with its reader's own link.

What the visitor sees is the same whether a reader has the address or not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.db.engine import Database
from newsletter.db.statuses import MailKind, ReaderStatus
from newsletter.readers import own_store, store
from newsletter.readers.addresses import parse_address
from newsletter.readers.limits import Limits
from newsletter.readers.links import LinkSigner, Purpose, link
from newsletter.readers.subscribing import QueueMail

#: However often somebody asks, a reader gets at most so many of these mails a day, and one for each tool.
MOST_MAILS = 5
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """The way to a reader's own link from a page that anybody can open."""

    database: Database
    signer: LinkSigner
    limits: Limits
    public_url: str
    queue_mail: QueueMail

    def ask(self, text: str, tool_id: str, tool_name: str, network: str, now: datetime) -> None:
        """Somebody wants to follow a tool. Raises BadInput for what is no address, and TooMany. Commits."""
        address = parse_address(text)
        with self.database.write() as connection:
            self.limits.check(connection, network, address, now)
            self.limits.count(connection, network, address, now)
            reader = store.find_reader(connection, address)
            if reader is None or reader.status is not ReaderStatus.ACTIVE:
                return
            if own_store.count_mailed(connection, reader.id, MailKind.FOLLOW, now - DAY) >= MOST_MAILS:
                return
            page = link(
                self.public_url, Purpose.PREFERENCES, self.signer.token(Purpose.PREFERENCES, reader.id)
            )
            values = {"follow_url": f"{page}/follow/{tool_id}", "tool": tool_name}
            key = f"follow:{reader.id}:{tool_id}:{now:%Y-%m-%d}"
            self.queue_mail(connection, MailKind.FOLLOW, key[:200], reader.id, values, now)

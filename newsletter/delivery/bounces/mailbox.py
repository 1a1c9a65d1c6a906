"""The mailboxes where reports arrive, a Maildir or IMAP, and reading them from where the last reading ended."""

import base64
import imaplib
import re
import ssl
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from newsletter.clock import Clock
from newsletter.config import Tls
from newsletter.db.engine import Database
from newsletter.db.statuses import ReportKind
from newsletter.delivery.bounces.handling import UNMATCHED, ReportHandler
from newsletter.delivery.bounces.parse import read_report
from newsletter.delivery.bounces.store import last_uid, set_last_uid
from newsletter.errors import NewsletterError

#: A report quotes at most the message it is about; what is longer is none.
MOST_BYTES = 2_000_000


class MailboxTrouble(NewsletterError):
    """The mailbox of reports cannot be read."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One mail of the mailbox; `name` is the mailbox's own for it."""

    name: str
    raw: bytes


class Mailbox(Protocol):
    """Somewhere reports arrive."""

    @property
    def name(self) -> str:
        """Tells it from other mailboxes, and to a person."""
        ...

    def incoming(self) -> Iterator[Incoming]:
        """Yield the mails not looked at before, oldest first; raises MailboxTrouble."""
        ...

    def put_away(self, incoming: Incoming) -> None:
        """Put a report away that was acted on. What is no report is somebody's mail, and is not touched."""
        ...

    def close(self) -> None:
        """Remember how far it was read, and let go; never raises."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Maildir:
    """A Maildir of its own for reports, which a mail server on this machine delivers to.

    `delete`: remove what was acted on, which holds addresses.
    """

    folder: Path
    delete: bool = False

    @property
    def name(self) -> str:
        return str(self.folder)

    def incoming(self) -> Iterator[Incoming]:
        new = self.folder / "new"
        try:
            files = sorted(each for each in new.iterdir() if each.is_file())
        except OSError as error:
            raise MailboxTrouble(f"{new} cannot be read: {error.strerror}. It must be a Maildir.") from error
        for file in files:
            if file.stat().st_size <= MOST_BYTES:
                yield Incoming(file.name, file.read_bytes())

    def put_away(self, incoming: Incoming) -> None:
        file = self.folder / "new" / incoming.name
        if self.delete:
            file.unlink(missing_ok=True)
            return
        read = self.folder / "cur"
        read.mkdir(exist_ok=True)
        file.replace(read / f"{incoming.name.partition(':')[0]}:2,S")

    def close(self) -> None:
        """Do nothing: nothing is open."""


def _folder_name(name: str) -> str:
    """Return a folder's name as IMAP has it, quoted: letters beyond ASCII in UTF-7 of its own (RFC 3501, 5.1.3)."""

    def shifted(letters: re.Match[str]) -> str:
        said = base64.b64encode(letters[0].encode("utf-16-be"), b"+,").decode()
        return f"&{said.rstrip('=')}-"

    plain = re.sub(r"[^\x20-\x7e]+", shifted, name.replace("&", "&-"))
    return '"' + plain.replace("\\", r"\\").replace('"', r"\"") + '"'


T = TypeVar("T")

_SECONDS = 60
_SIZE = re.compile(rb"UID (\d+) RFC822\.SIZE (\d+)|RFC822\.SIZE (\d+) UID (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapAccount:
    """Where the mailbox is, and who may read it."""

    host: str
    port: int = 993
    tls: Tls = Tls.TLS
    user: str = ""
    password: str = field(default="", repr=False)
    folder: str = "INBOX"

    def __str__(self) -> str:
        return f"imap://{self.host}:{self.port}/{self.folder}"


class Imap:
    """One reading of an IMAP mailbox: connects when asked for mail, remembers at `close` how far it came.

    Nothing in the mailbox is changed, unless told to delete. How far it was read is kept in our database by UID
    (RFC 3501, 2.3.1.1), so that whoever else reads the mailbox may do so in peace.
    """

    def __init__(self, account: ImapAccount, database: Database, *, delete: bool = False) -> None:
        self.account = account
        self._database = database
        self._delete = delete
        self._client: imaplib.IMAP4 | None = None
        self._validity = 0
        self._looked_at = 0

    @property
    def name(self) -> str:
        return str(self.account)

    def incoming(self) -> Iterator[Incoming]:
        with self._trouble():
            client = self._client = self._connect()
            self._log_in(client)
            self._check(client.select(_folder_name(self.account.folder), readonly=not self._delete))
            self._validity = int(client.response("UIDVALIDITY")[1][0] or 0)
            with self._database.read() as connection:
                known = last_uid(connection, self.name, self._validity)
            sizes = self._sizes(client, known)
        for uid, size in sizes:
            if size <= MOST_BYTES:
                with self._trouble():
                    fetched = self._check(client.uid("FETCH", str(uid), "(BODY.PEEK[])"))
                raw = next((bytes(part[1]) for part in fetched if isinstance(part, tuple)), b"")
                yield Incoming(str(uid), raw)
            # Only now: whoever took the mail has come back for the next.
            self._looked_at = uid

    def put_away(self, incoming: Incoming) -> None:
        if self._delete and self._client is not None:
            with self._trouble():
                self._check(self._client.uid("STORE", incoming.name, "+FLAGS.SILENT", r"(\Deleted)"))
                # Without UIDPLUS (RFC 4315) an EXPUNGE would take other people's deleted mail along.
                if "UIDPLUS" in self._client.capabilities:
                    self._check(self._client.uid("EXPUNGE", incoming.name))

    def close(self) -> None:
        if self._looked_at:
            with self._database.write() as connection:
                set_last_uid(connection, self.name, self._validity, self._looked_at)
        if self._client is not None:
            with suppress(imaplib.IMAP4.error, OSError):
                self._client.logout()
            self._client = None

    def _connect(self) -> imaplib.IMAP4:
        account, context = self.account, ssl.create_default_context()
        if account.tls is Tls.TLS:
            return imaplib.IMAP4_SSL(account.host, account.port, ssl_context=context, timeout=_SECONDS)
        client = imaplib.IMAP4(account.host, account.port, timeout=_SECONDS)
        if account.tls is Tls.STARTTLS:
            client.starttls(context)
        return client

    def _log_in(self, client: imaplib.IMAP4) -> None:
        user, password = self.account.user, self.account.password
        if user.isascii() and password.isascii():
            self._check(client.login(user, password))
            return
        # LOGIN is ASCII only (RFC 3501, 9); SASL is UTF-8 (RFC 4616).
        if "AUTH=PLAIN" not in client.capabilities:
            raise MailboxTrouble(
                f"{self.name} takes no user name or password beyond ASCII: it does not offer AUTH=PLAIN."
            )
        said = b"\0%s\0%s" % (user.encode(), password.encode())
        self._check(client.authenticate("PLAIN", lambda challenge: said))

    def _sizes(self, client: imaplib.IMAP4, known: int) -> list[tuple[int, int]]:
        """Return UID and size of every mail after the last one known, oldest first."""
        fetched = self._check(client.uid("FETCH", f"{known + 1}:*", "(UID RFC822.SIZE)"))
        matches = [found for line in fetched if isinstance(line, bytes) and (found := _SIZE.search(line))]
        sizes = [(int(each[1] or each[4]), int(each[2] or each[3])) for each in matches]
        # "n:*" names the last mail even where n is behind it.
        return sorted(each for each in sizes if each[0] > known)

    def _check(self, answer: tuple[str, Sequence[T]]) -> Sequence[T]:
        status, data = answer
        if status != "OK":
            said = b" ".join(each for each in data if isinstance(each, bytes))
            raise imaplib.IMAP4.error(said.decode("ascii", "replace"))
        return data

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        # A server may say anything, and imaplib reads it as it stands.
        except (imaplib.IMAP4.error, OSError, ValueError, LookupError) as error:
            raise MailboxTrouble(f"{self.name} cannot be read: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSummary:
    """What came of the mails: how many reports of each kind and outcome, and how many mails were no report."""

    outcomes: Mapping[tuple[ReportKind, str], int]
    others: int

    @property
    def reports(self) -> int:
        return sum(self.outcomes.values())

    @property
    def words(self) -> str:
        """What came of them, in a sentence or two."""
        said = ", ".join(f"{count} {kind} ({what})" for (kind, what), count in sorted(self.outcomes.items()))
        return f"Reports: {said or 'none'}. Other mails, left alone: {self.others}."


def read_mailbox(mailbox: Mailbox, handler: ReportHandler, clock: Clock) -> MailboxSummary:
    """Act on every report that has come since, each in a commit of its own; raises MailboxTrouble."""
    outcomes: Counter[tuple[ReportKind, str]] = Counter()
    others = 0
    with closing(mailbox):
        for incoming in mailbox.incoming():
            report = read_report(incoming.raw)
            if report is None:
                others += 1
                continue
            outcome = handler.handle(report, clock.now())
            outcomes[report.kind, outcome] += 1
            # Without an identifier of ours it is about somebody else's mail, or for a person to judge.
            if outcome != UNMATCHED:
                mailbox.put_away(incoming)
    return MailboxSummary(outcomes=outcomes, others=others)


NO_MAILBOX = "No mailbox of reports is configured: set bounces.maildir or bounces.imap_host."


def read_mailboxes(mailboxes: Iterable[Mailbox], handler: ReportHandler, clock: Clock) -> str:
    """Read every mailbox, and return in a sentence what came of it; raises MailboxTrouble."""
    words = [f"{each.name}: {read_mailbox(each, handler, clock).words}" for each in mailboxes]
    return " ".join(words) or NO_MAILBOX

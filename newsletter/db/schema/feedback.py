"""What comes back: by mail, and from a provider."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, PrimaryKeyConstraint, String, Table

from newsletter.db.schema.base import Id, metadata
from newsletter.db.statuses import ReportKind
from newsletter.db.types import Choice, UtcDateTime, one_of

reports = Table(
    "reports",
    metadata,
    #: SHA-256 of the report's own Message-ID, or of the whole report where it has none, hex: read once.
    Column("key", String(64), primary_key=True),
    Column("kind", Choice(ReportKind), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    #: The reader whose signed mark it carries; a report without one is not acted on.
    Column("reader_id", Id, ForeignKey("readers.id"), nullable=False, index=True),
    #: The issue that came back; 0 for a single mail.
    Column("issue_id", Id, nullable=False),
    #: The enhanced status, such as "5.1.1"; never the server's words, which may repeat the address.
    Column("code", String(50), nullable=False, server_default=""),
    #: What came of it, in one or two words: "dead address", "counted".
    Column("outcome", String(50), nullable=False),
    one_of("kind", ReportKind, "kind"),
    Index("ix_reports_issue", "issue_id", "kind"),
)

soft_bounces = Table(
    "soft_bounces",
    metadata,
    Column("reader_id", Id, ForeignKey("readers.id"), nullable=False),
    Column("issue_id", Id, ForeignKey("issues.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("code", String(50), nullable=False, server_default=""),
    PrimaryKeyConstraint("reader_id", "issue_id"),
    sqlite_with_rowid=False,
)

mailboxes = Table(
    "mailboxes",
    metadata,
    #: Host and folder of an IMAP mailbox.
    Column("name", String(300), primary_key=True),
    #: UIDVALIDITY: when it changes, the mailbox is read from its beginning.
    Column("validity", BigInteger, nullable=False),
    #: The last UID that was looked at.
    Column("last_uid", BigInteger, nullable=False),
)

webhook_posts = Table(
    "webhook_posts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("received_at", UtcDateTime, nullable=False),
    #: As it was signed. It holds addresses: it is deleted as soon as its events were acted on.
    Column("body", LargeBinary, nullable=False),
)

provider_events = Table(
    "provider_events",
    metadata,
    #: The provider's own id (sg_event_id), or SHA-256 of an event without one: acted on once.
    Column("id", String(100), primary_key=True),
    #: As the provider calls it: "delivered", "bounce"; kinds that nobody here knows are kept as well.
    Column("kind", String(50), nullable=False),
    #: When it happened.
    Column("at", UtcDateTime, nullable=False, index=True),
    #: Whose copy of which issue it is about; NULL for a single mail, and for what carries no mark of ours.
    Column("reader_id", Id),
    Column("issue_id", Id),
    #: The enhanced status, or a word of ours; never the server's words, which may repeat the address.
    Column("code", String(50), nullable=False, server_default=""),
    #: What came of it, in one or two words.
    Column("outcome", String(50), nullable=False, server_default=""),
    sqlite_with_rowid=False,
)

webhooks = Table(
    "webhooks",
    metadata,
    #: "sendgrid".
    Column("name", String(50), primary_key=True),
    #: When the last post with a right signature came, and the last with a wrong one.
    Column("seen_at", UtcDateTime),
    Column("refused_at", UtcDateTime),
)

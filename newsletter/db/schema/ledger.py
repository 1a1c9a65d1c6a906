"""The delivery ledger: who gets what, and what became of it; and the single mails outside any issue."""

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)

from newsletter.db.schema.base import Id, metadata
from newsletter.db.statuses import BatchStatus, DeliveryStatus, MailKind, MailStatus
from newsletter.db.types import Choice, UtcDateTime, one_of

batches = Table(
    "batches",
    metadata,
    Column("id", Id, primary_key=True),
    Column("issue_id", Id, ForeignKey("issues.id"), nullable=False, index=True),
    #: The plan its readers get.
    Column("variant", String(50), nullable=False),
    #: Bounds of its readers' ids, both included.
    Column("low", Id, nullable=False),
    Column("high", Id, nullable=False),
    Column("status", Choice(BatchStatus), nullable=False),
    Column("not_before", UtcDateTime),
    Column("owner", String(200)),
    Column("lease_until", UtcDateTime),
    #: Counts takeovers; a sender that holds an older one is fenced off.
    Column("fence", Integer, nullable=False, server_default="0"),
    #: Passes that left readers to be tried again.
    Column("attempts", Integer, nullable=False, server_default="0"),
    #: Not before this moment are they, where the batch comes due earlier for others in it; NULL: with the others.
    Column("retry_at", UtcDateTime),
    #: How many deliveries it has, and how many of them stand in each state that is final for the sender: kept
    #: in the commits that change those states, so that progress costs one small sum.
    Column("readers", Integer, nullable=False),
    Column("accepted", Integer, nullable=False, server_default="0"),
    Column("rejected", Integer, nullable=False, server_default="0"),
    Column("skipped", Integer, nullable=False, server_default="0"),
    Column("unsure", Integer, nullable=False, server_default="0"),
    one_of("status", BatchStatus, "status"),
)

deliveries = Table(
    "deliveries",
    metadata,
    # No foreign keys: one query makes these rows from those they name, of which none is ever deleted. To check each
    # by itself took PostgreSQL three times as long as to write it, and wrote into every reader's row.
    Column("issue_id", Id, nullable=False),
    Column("reader_id", Id, nullable=False),
    Column("batch_id", Id, nullable=False),
    Column("status", Choice(DeliveryStatus), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("at", UtcDateTime),
    #: The enhanced status or reply code, or the reason: "5.1.1", "left", "gave-up".
    Column("code", String(50)),
    #: The provider's id for the accepted message.
    Column("provider_id", String(200)),
    PrimaryKeyConstraint("issue_id", "reader_id"),
    # As IN (…) SQLite would build the list anew for each row: a second and a half for a million of them.
    CheckConstraint(" OR ".join(f"status = '{status}'" for status in DeliveryStatus), name="status"),
    sqlite_with_rowid=False,
    postgresql_with={"fillfactor": "70"},
)

senders = Table(
    "senders",
    metadata,
    #: Host, process id and something random: "mailhost-4711-9f86d081"; its workers' names begin with it.
    Column("name", String(200), primary_key=True),
    Column("issue_id", Id, ForeignKey("issues.id"), nullable=False, index=True),
    Column("started_at", UtcDateTime, nullable=False),
    #: Its last sign of life.
    Column("seen_at", UtcDateTime, nullable=False),
    #: What it waits for, in words, since when and until when; empty and NULL while it sends.
    Column("waits_for", Text, nullable=False, server_default=""),
    Column("waits_since", UtcDateTime),
    Column("waits_until", UtcDateTime),
)

quotas = Table(
    "quotas",
    metadata,
    #: A transport, or one of its domains: "smtp", "smtp:gmail.com".
    Column("scope", String(300), nullable=False),
    #: Length of the period: 1, 60, 3600 or 86400.
    Column("seconds", Integer, nullable=False),
    #: Beginning of the last period in which anything began, and how many messages that were.
    Column("begins_at", UtcDateTime, nullable=False),
    Column("used", Integer, nullable=False),
    PrimaryKeyConstraint("scope", "seconds"),
    sqlite_with_rowid=False,
)

mails = Table(
    "mails",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Choice(MailKind), nullable=False),
    #: What makes it one mail: the same key is never queued twice.
    Column("key", String(200), nullable=False, unique=True),
    #: Whom it goes to: a reader, an editor, or with neither the operator's address from the settings.
    Column("reader_id", Id, ForeignKey("readers.id"), index=True),
    Column("editor_id", Id, ForeignKey("editors.id")),
    #: The template's values as JSON; no address among them.
    Column("values", JSON, nullable=False),
    Column("status", Choice(MailStatus), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", UtcDateTime, nullable=False),
    Column("queued_at", UtcDateTime, nullable=False),
    Column("at", UtcDateTime),
    Column("code", String(50)),
    Column("provider_id", String(200)),
    one_of("kind", MailKind, "kind"),
    one_of("status", MailStatus, "status"),
    CheckConstraint("reader_id IS NULL OR editor_id IS NULL", name="one_recipient"),
    Index(
        "ix_mails_waiting",
        "not_before",
        sqlite_where=text("status = 'pending'"),
        postgresql_where=text("status = 'pending'"),
    ),
)

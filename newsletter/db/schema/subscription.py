"""Readers: who they are, what they asked for, how they consented, and what keeps strangers from using them."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    text,
)

from newsletter.db.schema.base import Id, by_bytes, metadata
from newsletter.db.statuses import ConsentEvent, Edition, LimitScope, ReaderStatus, Vote
from newsletter.db.types import Choice, UtcDateTime, one_of

readers = Table(
    "readers",
    metadata,
    Column("id", Id, primary_key=True),
    #: As written by the reader, domain in A-labels; NULL once erased.
    Column("address", String(320)),
    #: The address casefolded; what is unique. NULL once erased.
    Column("address_key", by_bytes(320), unique=True),
    Column("name", by_bytes(200), nullable=False, server_default=""),
    Column("status", Choice(ReaderStatus), nullable=False),
    Column("status_at", UtcDateTime, nullable=False),
    Column("edition", Choice(Edition), nullable=False, server_default=Edition.WEEKLY.value),
    Column("paused_until", Date),
    Column("time_zone", String(64), nullable=False, server_default=""),
    #: Local hour (0–23) at which the reader wants the issue; NULL means with everybody.
    Column("send_hour", Integer),
    #: The reader's own tokens a month and seats, for "your cost".
    Column("monthly_tokens", BigInteger),
    Column("team_size", Integer),
    Column("added_at", UtcDateTime, nullable=False),
    Column("confirmed_at", UtcDateTime),
    #: The reader whose address this one becomes when it is confirmed; NULL for a newcomer.
    Column("replaces", Id, ForeignKey("readers.id")),
    one_of("status", ReaderStatus, "status"),
    one_of("edition", Edition, "edition"),
    CheckConstraint("(status = 'erased') = (address IS NULL)", name="erased_has_no_address"),
    CheckConstraint("send_hour BETWEEN 0 AND 23", name="send_hour"),
    Index(
        "ix_readers_may_receive",
        "edition",
        "id",
        # All that the audience asks, so that freezing it never opens the table.
        "paused_until",
        sqlite_where=text("status = 'active'"),
        postgresql_where=text("status = 'active'"),
    ),
    # What the desk finds by its beginning, and the few who are something else than active.
    Index(
        "ix_readers_name",
        "name",
        sqlite_where=text("name <> ''"),
        postgresql_where=text("name <> ''"),
    ),
    Index(
        "ix_readers_not_active",
        "status",
        "id",
        sqlite_where=text("status <> 'active'"),
        postgresql_where=text("status <> 'active'"),
    ),
)

reader_topics = Table(
    "reader_topics",
    metadata,
    Column("reader_id", Id, ForeignKey("readers.id", ondelete="CASCADE"), nullable=False),
    Column("topic", String(100), nullable=False),
    PrimaryKeyConstraint("reader_id", "topic"),
    sqlite_with_rowid=False,
)

reader_tools = Table(
    "reader_tools",
    metadata,
    Column("reader_id", Id, ForeignKey("readers.id", ondelete="CASCADE"), nullable=False),
    Column("tool_id", String(200), nullable=False),
    PrimaryKeyConstraint("reader_id", "tool_id"),
    sqlite_with_rowid=False,
)

consents = Table(
    "consents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("reader_id", Id, ForeignKey("readers.id"), nullable=False, index=True),
    Column("event", Choice(ConsentEvent), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    #: Where it came from: a form, a file and line, a command; never an address.
    Column("source", String(500), nullable=False),
    #: Version of the wording the reader agreed to; empty where none was shown.
    Column("wording", String(100), nullable=False, server_default=""),
    one_of("event", ConsentEvent, "event"),
)

suppressions = Table(
    "suppressions",
    metadata,
    #: HMAC-SHA256 of the casefolded address under the suppression key, hex.
    Column("address_hash", String(64), primary_key=True),
    Column("reason", String(100), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("source", String(500), nullable=False, server_default=""),
)

sign_up_counts = Table(
    "sign_up_counts",
    metadata,
    Column("scope", Choice(LimitScope), nullable=False),
    #: Keyed hash of the network or domain, hex.
    Column("key_hash", String(64), nullable=False),
    #: The beginning of the hour that is counted.
    Column("window_at", UtcDateTime, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("scope", "key_hash", "window_at"),
    one_of("scope", LimitScope, "scope"),
    sqlite_with_rowid=False,
)

vote_marks = Table(
    "vote_marks",
    metadata,
    #: Keyed hash of comparison, tool and reader, hex: nothing else ties a vote to a reader. Deleted at the close.
    Column("mark", String(32), primary_key=True),
    Column("comparison_id", String(200), nullable=False, index=True),
    Column("tool_id", String(200), nullable=False),
    Column("vote", Choice(Vote), nullable=False),
    one_of("vote", Vote, "vote"),
    sqlite_with_rowid=False,
)

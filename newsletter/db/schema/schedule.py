"""Slots, and what the operator was told."""

from sqlalchemy import Column, Integer, PrimaryKeyConstraint, String, Table, Text

from newsletter.db.schema.base import metadata
from newsletter.db.statuses import SlotStatus
from newsletter.db.types import Choice, UtcDateTime, one_of

slots = Table(
    "slots",
    metadata,
    Column("job", String(100), nullable=False),
    #: Local date-time "2026-11-26T09:00" in the configured zone: the autumn hour exists once.
    Column("slot", String(16), nullable=False),
    #: The slot as a moment.
    Column("due_at", UtcDateTime, nullable=False),
    Column("status", Choice(SlotStatus), nullable=False),
    Column("owner", String(200)),
    Column("lease_until", UtcDateTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("finished_at", UtcDateTime),
    #: What came of it, in one sentence.
    Column("outcome", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("job", "slot"),
    one_of("status", SlotStatus, "status"),
    sqlite_with_rowid=False,
)

alerts = Table(
    "alerts",
    metadata,
    #: What makes it one event: "hold:weekly:2026-11-26T09:00".
    Column("key", String(200), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("subject", String(300), nullable=False),
    Column("body", Text, nullable=False),
    Column("delivered_at", UtcDateTime),
    #: How often a URL was tried for it, not before when again, and when it was taken there.
    Column("posts", Integer, nullable=False, server_default="0"),
    Column("post_after", UtcDateTime),
    Column("posted_at", UtcDateTime),
)

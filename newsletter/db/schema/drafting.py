"""Issues, and what an editor changes of them before they are approved."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from newsletter.db.schema.base import Id, metadata
from newsletter.db.statuses import Edition, ExclusionReach, IssueStatus, ItemKind, RevisionState, Room
from newsletter.db.types import Choice, UtcDateTime, one_of

issues = Table(
    "issues",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edition", Choice(Edition), nullable=False),
    #: Given at approval, one after the other within an edition; NULL before.
    Column("number", Integer),
    #: The slot the draft was made for: local date-time "2026-11-26T09:00" in the configured zone.
    Column("slot", String(16), nullable=False),
    Column("status", Choice(IssueStatus), nullable=False),
    #: Items first seen before this moment are in; fixed by approval.
    Column("cutoff_at", UtcDateTime, nullable=False),
    #: What an editor wrote over the computed: empty means computed.
    Column("subject", String(300), nullable=False, server_default=""),
    Column("preheader", String(300), nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("bottom_line", Text, nullable=False, server_default=""),
    #: Counts edits; a writer that holds an older one is refused.
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("approved_at", UtcDateTime),
    Column("approved_by", String(200)),
    #: SHA-256 over plans, frozen facts, subject, From and public URL, hex; set by approval.
    Column("content_hash", String(64)),
    #: Not sent before this moment.
    Column("send_at", UtcDateTime),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    #: Since when an editor holds it back; NULL: it goes out at its time.
    Column("held_at", UtcDateTime),
    #: Why it is paused or cancelled, in words an operator can act on.
    Column("reason", Text, nullable=False, server_default=""),
    #: Whether the web shows it once it is sent.
    Column("archived", Boolean, nullable=False, server_default=text("true")),
    UniqueConstraint("edition", "slot"),
    UniqueConstraint("edition", "number"),
    one_of("edition", Edition, "edition"),
    one_of("status", IssueStatus, "status"),
)

items = Table(
    "items",
    metadata,
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Choice(ItemKind), nullable=False),
    #: The comparison's, tool's or question's id in content.db.
    Column("key", String(200), nullable=False),
    Column("room", Choice(Room), nullable=False),
    Column("position", Integer, nullable=False),
    Column("pinned", Boolean, nullable=False, server_default=text("false")),
    Column("note", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("issue_id", "kind", "key"),
    one_of("kind", ItemKind, "kind"),
    one_of("room", Room, "room"),
    # Pages read the few items shown, and the first of the tens of thousands that may wait in the overflow line.
    Index("ix_items_room", "issue_id", "room", "kind", "position"),
    sqlite_with_rowid=False,
)

publications = Table(
    "publications",
    metadata,
    Column("kind", Choice(ItemKind), nullable=False),
    Column("key", String(200), nullable=False),
    Column("issue_id", Id, ForeignKey("issues.id"), nullable=False, index=True),
    PrimaryKeyConstraint("kind", "key"),
    one_of("kind", ItemKind, "kind"),
    sqlite_with_rowid=False,
)

exclusions = Table(
    "exclusions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Choice(ItemKind), nullable=False),
    Column("key", String(200), nullable=False),
    Column("reach", Choice(ExclusionReach), nullable=False),
    #: The issue it is kept out of, for THIS_ISSUE.
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE")),
    Column("at", UtcDateTime, nullable=False),
    one_of("kind", ItemKind, "kind"),
    one_of("reach", ExclusionReach, "reach"),
    UniqueConstraint("kind", "key", "issue_id"),
)

chosen_quotes = Table(
    "chosen_quotes",
    metadata,
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
    #: The comparison whose review is quoted, and the review, by their ids in content.db.
    Column("comparison_id", String(200), nullable=False),
    Column("review_id", String(200), nullable=False),
    #: The sentence of the review that an editor chose.
    Column("words", Text, nullable=False),
    PrimaryKeyConstraint("issue_id", "comparison_id", "review_id"),
    sqlite_with_rowid=False,
)

revisions = Table(
    "revisions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
    #: The issue's version that was changed.
    Column("version", Integer, nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    #: What was done, in words.
    Column("what", Text, nullable=False),
    Column("state", Choice(RevisionState), nullable=False),
    #: What it changed, as it was and as it became (editing.drafts.revisions.Patch as JSON); empty for a step back or forth.
    Column("before", Text, nullable=False, server_default=""),
    Column("after", Text, nullable=False, server_default=""),
    #: SHA-256 of what was asked, hex: asked twice of one version, it is done once. Empty where nobody can ask twice.
    Column("request", String(64), nullable=False, server_default=""),
    UniqueConstraint("issue_id", "version"),
    one_of("state", RevisionState, "state"),
)

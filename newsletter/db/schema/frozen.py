"""What approval freezes of an issue, and what is put beside it afterwards."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from newsletter.db.schema.base import Id, metadata
from newsletter.db.statuses import ClickKind
from newsletter.db.types import Choice, UtcDateTime, one_of

snapshots = Table(
    "snapshots",
    metadata,
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), primary_key=True),
    #: The letter as approved (digest.letter.Letter as JSON): what the archive and the checks read.
    Column("letter", Text, nullable=False),
    #: From, Reply-To, public URL and the other settings a message needs, as JSON.
    Column("sender", Text, nullable=False),
    #: What the mail had no room for (digest.record.Record as JSON): the archive shows it beside the letter.
    Column("record", Text, nullable=False, server_default=""),
)

plans = Table(
    "plans",
    metadata,
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
    Column("variant", String(50), nullable=False),
    #: render.plan.Plan, serialised.
    Column("plan", LargeBinary, nullable=False),
    PrimaryKeyConstraint("issue_id", "variant"),
)

links = Table(
    "links",
    metadata,
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    #: Where a counted link leads; nothing else is redirected to.
    Column("url", Text, nullable=False),
    #: The block of the mail that it stands in; empty for the frame around them.
    Column("place", Text, nullable=False),
    PrimaryKeyConstraint("issue_id", "number"),
)

clicks = Table(
    "clicks",
    metadata,
    Column("issue_id", Id, nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", Choice(ClickKind), nullable=False),
    #: In UTC. Nothing here says who clicked.
    Column("day", Date, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("issue_id", "number", "kind", "day"),
    ForeignKeyConstraint(["issue_id", "number"], ["links.issue_id", "links.number"], ondelete="CASCADE"),
    one_of("kind", ClickKind, "kind"),
)

errata = Table(
    "errata",
    metadata,
    Column("id", Id, primary_key=True),
    #: The issue that was wrong. What it froze stays as it went out; the erratum stands beside it.
    Column("issue_id", Id, ForeignKey("issues.id"), nullable=False, index=True),
    #: What the issue said, and what is right.
    Column("said", Text, nullable=False),
    Column("right", Text, nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    #: Whether the edition's next issue says so, and which one does; NULL while none has been approved with it.
    Column("to_tell", Boolean, nullable=False),
    Column("told_in", Id, ForeignKey("issues.id", ondelete="SET NULL"), index=True),
)

"""The editors, how they sign in, what they rule, what they answer to findings, and what each did."""

from sqlalchemy import Column, ForeignKey, PrimaryKeyConstraint, String, Table, Text

from newsletter.db.schema.base import Id, metadata
from newsletter.db.statuses import EditorRole, FindingAnswer
from newsletter.db.types import Choice, UtcDateTime, one_of

editors = Table(
    "editors",
    metadata,
    Column("id", Id, primary_key=True),
    Column("address", String(320), nullable=False),
    #: The address casefolded; what is unique.
    Column("address_key", String(320), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("role", Choice(EditorRole), nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    #: Since then they may not sign in; NULL for an editor of today.
    Column("revoked_at", UtcDateTime),
    one_of("role", EditorRole, "role"),
)

sign_in_links = Table(
    "sign_in_links",
    metadata,
    #: SHA-256 of the link's token, hex: whoever reads the database can sign in with none of them.
    Column("token_hash", String(64), primary_key=True),
    Column("editor_id", Id, ForeignKey("editors.id"), nullable=False, index=True),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    #: A link signs in once.
    Column("used_at", UtcDateTime),
)

editor_sessions = Table(
    "editor_sessions",
    metadata,
    #: SHA-256 of the cookie's token, hex.
    Column("token_hash", String(64), primary_key=True),
    Column("editor_id", Id, ForeignKey("editors.id"), nullable=False, index=True),
    Column("made_at", UtcDateTime, nullable=False),
    #: When it was last used, to some minutes; too long ago, and it is over.
    Column("seen_at", UtcDateTime, nullable=False),
    #: When it is over however much it is used.
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)

rulings = Table(
    "rulings",
    metadata,
    Column("tool_id", String(200), nullable=False),
    Column("attribute", String(100), nullable=False),
    #: The claim in content.db that holds, or NULL to leave the figure out.
    Column("claim_id", String(64)),
    Column("reason", Text, nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("tool_id", "attribute"),
)

finding_answers = Table(
    "finding_answers",
    metadata,
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
    #: The finding's own name: "size", "disputed:heron-small:input_price".
    Column("key", String(300), nullable=False),
    #: Of what the finding said, SHA-256, hex: when that changes, it asks again.
    Column("fingerprint", String(64), nullable=False),
    Column("answer", Choice(FindingAnswer), nullable=False),
    #: Why an error does not hold the issue; empty for what was only acknowledged.
    Column("reason", Text, nullable=False, server_default=""),
    Column("by", String(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("issue_id", "key"),
    one_of("answer", FindingAnswer, "answer"),
    sqlite_with_rowid=False,
)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    #: An editor's name, or "command line".
    Column("by", String(200), nullable=False),
    #: newsletter.editing.people.audit.Action.
    Column("action", String(50), nullable=False),
    Column("issue_id", Id, ForeignKey("issues.id"), index=True),
    #: What exactly, and why; never a reader's address.
    Column("detail", Text, nullable=False, server_default=""),
)

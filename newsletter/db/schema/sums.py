"""What has been summed up, so that a report never counts readers."""

from sqlalchemy import Column, Date, ForeignKey, Integer, PrimaryKeyConstraint, String, Table

from newsletter.db.schema.base import Id, metadata

issue_sums = Table(
    "issue_sums",
    metadata,
    #: An issue that is over, and whose late evidence has come: its batches are not summed up again.
    Column("issue_id", Id, ForeignKey("issues.id"), primary_key=True),
    Column("readers", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("unsure", Integer, nullable=False),
    Column("bounced", Integer, nullable=False),
    Column("complained", Integer, nullable=False),
)

consent_sums = Table(
    "consent_sums",
    metadata,
    #: The Monday of the week, in UTC.
    Column("week_on", Date, nullable=False),
    #: Where they came from or why they left, in a few words, without files, lines and issues.
    Column("source", String(100), nullable=False),
    #: The issue by whose link they left; 0 for none.
    Column("issue_id", Id, nullable=False),
    Column("joined", Integer, nullable=False),
    Column("gone", Integer, nullable=False),
    PrimaryKeyConstraint("week_on", "source", "issue_id"),
    sqlite_with_rowid=False,
)

summed = Table(
    "summed",
    metadata,
    #: "consents": what has been summed up.
    Column("name", String(50), primary_key=True),
    Column("last_id", Id, nullable=False),
)

"""What a relay was seen to do: how far one may look ahead, and how many messages a connection may carry."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "relays",
        sa.Column("host", sa.String(length=300), nullable=False),
        sa.Column("looks_ahead", sa.Boolean(), nullable=True),
        sa.Column("looks_ahead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("messages", sa.Integer(), nullable=True),
        sa.Column("messages_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.Column("trouble_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_relays")),
    )

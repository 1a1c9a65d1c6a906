"""The salt that counted links of an issue carry: 0 for those in mails that are out, which carry none and go on working."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("links", sa.Column("salt", sa.BigInteger(), server_default="0", nullable=False))

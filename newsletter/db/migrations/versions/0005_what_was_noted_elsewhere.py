"""What another program noted of a consent before its reader was imported: the network address, and tags."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consents", sa.Column("ip", sa.String(length=45), nullable=True))
    op.add_column("consents", sa.Column("tags", sa.Text(), nullable=True))

"""Which posts of a webhook cannot be read, and by which release: they are kept for a later one."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook_posts", sa.Column("unread_by", sa.String(length=50), nullable=True))

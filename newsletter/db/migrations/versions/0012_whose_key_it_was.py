"""With which key the suppression list was made, so that another one is not taken for it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("key_fingerprint", sa.String(length=16), server_default="", nullable=False)
    op.add_column("installation", column)

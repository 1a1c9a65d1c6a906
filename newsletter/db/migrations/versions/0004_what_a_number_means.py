"""A salt for every reader, approved issue and single mail: a number given again after a restore means nobody else."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # 0 for those of today: links that they have carry no salt, and go on working.
    for table in ("readers", "snapshots", "mails"):
        op.add_column(table, sa.Column("salt", sa.BigInteger(), server_default="0", nullable=False))

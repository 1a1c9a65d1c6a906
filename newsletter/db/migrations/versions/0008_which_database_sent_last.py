"""How far an installation has come, so that a copy that was put back is known for one."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    made = op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.String(length=60), server_default="", nullable=False),
        sa.Column("begun", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("place", sa.String(length=200), server_default="", nullable=False),
        sa.Column("issue_id", Id, server_default="0", nullable=False),
        sa.Column("weekly", sa.Integer(), server_default="0", nullable=False),
        sa.Column("monthly", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.execute(sa.insert(made).values(id=1))

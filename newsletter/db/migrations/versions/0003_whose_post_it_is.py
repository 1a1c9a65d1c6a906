"""Whose post waits: with two providers, each reads its own. Until now there was one, SendGrid."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    provider = sa.Column("provider", sa.String(length=50), server_default="sendgrid", nullable=False)
    op.add_column("webhook_posts", provider)
    if op.get_bind().dialect.name == "sqlite":
        make_anew()
        return
    op.alter_column("webhook_posts", "provider", existing_type=sa.String(length=50), server_default=None)


def make_anew() -> None:
    """Take away the default, which SQLite does only when a table is made."""
    made, bind = webhook_posts("webhook_posts_made_anew"), op.get_bind()
    made.create(bind)
    bind.execute(sa.insert(made).from_select(made.c.keys(), sa.select(webhook_posts("webhook_posts"))))
    op.drop_table("webhook_posts")
    op.rename_table("webhook_posts_made_anew", "webhook_posts")


def webhook_posts(name: str) -> sa.Table:
    """Return the table as it is from now on, under a name."""
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column("id", Id, nullable=False),
        sa.Column("provider", sa.String(length=50), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_posts"),
    )

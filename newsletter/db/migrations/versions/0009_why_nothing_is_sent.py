"""Why an address is on the suppression list, as a kind; and when it last asked in vain.

Until now only a reason in somebody's words said so: what it says of the kind is read from it once, here, and what it does not say
is an operator's wish, which keeps an address out as every entry did.
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KINDS = "'left', 'bounced', 'complained', 'operator', 'erased'"

#: Of a reason's words the first that fits counts.
SAID = {
    "complained": r"complain|\bspam|abuse|\bjunk|beschwer",
    "operator": r"block|black|\bban(?:ned)?\b|suppress|\bnever\b|do ?not|gesperrt",
    "bounced": r"bounc|clean|undeliver|unreach|invalid|\bdead\b",
    "erased": r"erase|forgotten",
    "left": r"unsub|\bleft\b(?! alone)|\bopt(?:ed|s)?[ -]?out|cancel|churn|abgemeldet|abbestellt|ausgetragen",
}


def upgrade() -> None:
    bind, old = op.get_bind(), suppressions("suppressions", old=True)
    reasons = bind.execute(sa.select(old.c.reason).distinct()).scalars().all()
    if bind.dialect.name == "sqlite":
        made = suppressions("suppressions_made_anew")
        made.create(bind)
        names = [column.name for column in old.c]
        everything = sa.select(*old.c, sa.literal("operator"))
        bind.execute(sa.insert(made).from_select([*names, "kind"], everything))
        op.drop_table("suppressions")
        op.rename_table(made.name, "suppressions")
    else:
        op.add_column(
            "suppressions", sa.Column("kind", sa.String(), server_default="operator", nullable=False)
        )
        op.alter_column("suppressions", "kind", server_default=None)
        op.add_column("suppressions", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
        op.create_check_constraint(op.f("ck_suppressions_kind"), "suppressions", f"kind IN ({KINDS})")
    new = suppressions("suppressions")
    for reason in reasons:
        bind.execute(sa.update(new).where(new.c.reason == reason).values(kind=kind_of(reason)))


def kind_of(reason: str) -> str:
    """Return what a reason says of the kind."""
    plain = reason.casefold()
    return next((kind for kind, said in SAID.items() if re.search(said, plain)), "operator")


def suppressions(name: str, *, old: bool = False) -> sa.Table:
    """Return the table as it is from now on, or as it was, under a name."""
    new = (
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="ck_suppressions_kind"),
    )
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=500), server_default="", nullable=False),
        *(() if old else new),
        sa.PrimaryKeyConstraint("address_hash", name="pk_suppressions"),
    )

"""Who began a single mail, and since when nobody waits for it; traps are counted; ß is no ss any more.

A mail that is no longer wanted is "skipped". Until now an address was known by its casefolded form, in which ß is ss, so
that two people with either could not both be readers.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

STATUSES = "'pending', 'begun', 'accepted', 'rejected', 'skipped', 'unsure'"
SCOPES = "'network', 'domain', 'mailbox', 'desk-network', 'trap'"
KINDS = "'confirmation', 'reminder', 'welcome', 'sign-in', 'personal-link', 'follow', 'test', 'alert'"


def upgrade() -> None:
    op.add_column("mails", sa.Column("owner", sa.String(length=200), nullable=True))
    op.add_column("mails", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))
    # How often one editor asked for a link is counted among the mails.
    op.execute("DELETE FROM sign_up_counts WHERE scope = 'desk-address'")
    if op.get_bind().dialect.name == "sqlite":
        make_anew("mails")
        make_anew("sign_up_counts")
        op.create_index(op.f("ix_mails_reader_id"), "mails", ["reader_id"], unique=False)
        create_index("ix_mails_waiting", "not_before", "status = 'pending'")
    else:
        for table, constraint, condition in (
            ("mails", "ck_mails_status", f"status IN ({STATUSES})"),
            ("sign_up_counts", "ck_sign_up_counts_scope", f"scope IN ({SCOPES})"),
        ):
            op.drop_constraint(op.f(constraint), table, type_="check")
            op.create_check_constraint(op.f(constraint), table, condition)
    create_index("ix_mails_open", "status", "status IN ('begun', 'unsure')")
    for table in ("readers", "editors"):
        know_by_lower_case(op.get_bind(), table)


def create_index(name: str, column: str, condition: str) -> None:
    """Make an index of the mails of some statuses."""
    where = sa.text(condition)
    op.create_index(name, "mails", [column], unique=False, sqlite_where=where, postgresql_where=where)


def make_anew(name: str) -> None:
    """Give SQLite's table its new constraint, which it takes only when a table is made."""
    made, bind = TABLES[name](f"{name}_made_anew"), op.get_bind()
    made.create(bind)
    bind.execute(sa.insert(made).from_select(made.c.keys(), sa.select(TABLES[name](name))))
    op.drop_table(name)
    op.rename_table(made.name, name)


def mails(name: str) -> sa.Table:
    """Return the table as it is from now on, under a name."""
    metadata = sa.MetaData()
    for other in ("readers", "editors"):
        sa.Table(other, metadata, sa.Column("id", Id))
    return sa.Table(
        name,
        metadata,
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("reader_id", Id, nullable=True),
        sa.Column("editor_id", Id, nullable=True),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code", sa.String(length=50), nullable=True),
        sa.Column("provider_id", sa.String(length=200), nullable=True),
        sa.Column("salt", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="ck_mails_kind"),
        sa.CheckConstraint(f"status IN ({STATUSES})", name="ck_mails_status"),
        sa.CheckConstraint("reader_id IS NULL OR editor_id IS NULL", name="ck_mails_one_recipient"),
        sa.ForeignKeyConstraint(["editor_id"], ["editors.id"], name="fk_mails_editor_id_editors"),
        sa.ForeignKeyConstraint(["reader_id"], ["readers.id"], name="fk_mails_reader_id_readers"),
        sa.PrimaryKeyConstraint("id", name="pk_mails"),
        sa.UniqueConstraint("key", name="uq_mails_key"),
    )


def sign_up_counts(name: str) -> sa.Table:
    """Return the table as it is from now on, under a name."""
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("window_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"scope IN ({SCOPES})", name="ck_sign_up_counts_scope"),
        sa.PrimaryKeyConstraint("scope", "key_hash", "window_at", name="pk_sign_up_counts"),
        sqlite_with_rowid=False,
    )


TABLES = {"mails": mails, "sign_up_counts": sign_up_counts}


def know_by_lower_case(connection: sa.Connection, name: str) -> None:
    """Write anew what addresses beyond ASCII are known by."""
    table = sa.table(name, *(sa.column(each) for each in ("id", "address", "address_key")))
    beyond = table.c.address.op("GLOB" if connection.dialect.name == "sqlite" else "~")
    pattern = "*[^ -~]*" if connection.dialect.name == "sqlite" else "[^ -~]"
    for row in connection.execute(sa.select(table).where(beyond(pattern))).all():
        local_part, _, domain = row.address.rpartition("@")
        key = f"{unicodedata.normalize('NFC', local_part.lower())}@{domain.lower()}"
        if key != row.address_key:
            connection.execute(sa.update(table).where(table.c.id == row.id).values(address_key=key))

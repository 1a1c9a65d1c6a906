"""What a consent says, in columns: channel, issue, reason, file and line. Their sums by the same.

The texts written until now are read here for the last time. The issue that somebody left by mail stands in no text:
the report of that mail knows it.
"""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

EVENTS = "'requested', 'confirmed', 'imported', 'added', 'withdrawn', 'restored'"
CHANNELS = "'form', 'api', 'import', 'command', 'desk', 'page', 'one-click', 'mail', 'provider', 'unknown'"
REASONS = "'too-often', 'not-for-me', 'never-asked', 'not-true', 'other', 'complaint', 'suppressed', 'erased'"

#: A text up to now, and the channel it means; what is said beyond it is taken out first.
TEXTS = {
    "form at /subscribe": "form",
    "POST /api/subscriptions": "api",
    "the desk": "desk",
    "change of address": "page",
    "unsubscribe page: undo": "page",
    "unsubscribe: page": "page",
    "unsubscribe: one click": "one-click",
    "unsubscribe: by SendGrid": "provider",
    "mail: List-Unsubscribe": "mail",
    "complaint: by mail": "mail",
    "complaint: by SendGrid": "provider",
    "command: newsletter readers leave": "command",
    "command: newsletter readers suppress": "command",
    "command: newsletter readers suppress --file": "command",
    "newsletter readers erase": "command",
    "reader's own wish": "page",
}
REASON_OF = {
    "complaint: by mail": "complaint",
    "complaint: by SendGrid": "complaint",
    "command: newsletter readers suppress": "suppressed",
    "command: newsletter readers suppress --file": "suppressed",
    "newsletter readers erase": "erased",
    "reader's own wish": "erased",
}
LEFT_BY_LINK = re.compile(
    r"(unsubscribe: [a-z ]+), issue ([0-9]{1,18})(?:, reason (too-often|not-for-me|never-asked|not-true|other))?"
)
DATE = re.compile(r"\d{4}-\d\d-\d\d\S*")
TOGETHER = 10_000


def upgrade() -> None:
    for column in (
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("issue_id", Id, nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("file", sa.String(length=100), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
    ):
        op.add_column("consents", column)
    op.drop_table("consent_sums")
    op.create_table(
        "consent_sums",
        sa.Column("week_on", sa.Date(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("issue_id", Id, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"event IN ({EVENTS})", name=op.f("ck_consent_sums_event")),
        sa.CheckConstraint(f"channel IN ({CHANNELS})", name=op.f("ck_consent_sums_channel")),
        sa.PrimaryKeyConstraint(
            "week_on", "event", "channel", "reason", "source", "issue_id", name=op.f("pk_consent_sums")
        ),
        sqlite_with_rowid=False,
    )
    fill(op.get_bind())
    if op.get_bind().dialect.name == "sqlite":
        make_anew()
        return
    op.alter_column("consents", "channel", existing_type=sa.String(), nullable=False)
    op.create_check_constraint(op.f("ck_consents_channel"), "consents", f"channel IN ({CHANNELS})")
    op.create_check_constraint(op.f("ck_consents_reason"), "consents", f"reason IN ({REASONS})")


def make_anew() -> None:
    """Give SQLite's table its new constraints, which it takes only when a table is made."""
    made, bind = consents("consents_made_anew"), op.get_bind()
    made.create(bind)
    bind.execute(sa.insert(made).from_select(made.c.keys(), sa.select(consents("consents"))))
    op.drop_table("consents")
    op.rename_table("consents_made_anew", "consents")
    op.create_index(op.f("ix_consents_reader_id"), "consents", ["reader_id"], unique=False)


def consents(name: str) -> sa.Table:
    """Return the table as it is from now on, under a name."""
    metadata = sa.MetaData()
    sa.Table("readers", metadata, sa.Column("id", Id))
    return sa.Table(
        name,
        metadata,
        sa.Column("id", Id, nullable=False),
        sa.Column("reader_id", Id, nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.Column("wording", sa.String(length=100), server_default="", nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("issue_id", Id, nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("file", sa.String(length=100), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.CheckConstraint(f"event IN ({EVENTS})", name="ck_consents_event"),
        sa.CheckConstraint(f"channel IN ({CHANNELS})", name="ck_consents_channel"),
        sa.CheckConstraint(f"reason IN ({REASONS})", name="ck_consents_reason"),
        sa.ForeignKeyConstraint(["reader_id"], ["readers.id"], name="fk_consents_reader_id_readers"),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
    )


def fill(connection: sa.Connection) -> None:
    """Fill the new columns, and sum up all consents by them."""
    table = consents("consents")
    columns = (table.c[name] for name in ("id", "reader_id", "event", "at", "source"))
    query = sa.select(*columns).where(table.c.id > sa.bindparam("after")).order_by(table.c.id).limit(TOGETHER)
    names = ("channel", "issue_id", "reason", "file", "line", "source")
    put = (
        sa.update(table)
        .where(table.c.id == sa.bindparam("b_id"))
        .values({name: sa.bindparam(f"b_{name}") for name in names})
    )
    by_mail = issues_left_by_mail(connection)
    asked: dict[int, str] = {}
    sums: Counter[tuple[date, str, str, str, str, int]] = Counter()
    last_id = 0
    while rows := connection.execute(query, {"after": last_id}).all():
        said = []
        for row in rows:
            found = read_text(row.event, row.source)
            if row.event == "requested":
                asked[row.reader_id] = found["channel"]
            elif row.event == "confirmed" and found["channel"] == "unknown":
                found |= {"channel": asked.get(row.reader_id, "unknown"), "source": ""}
            if row.event == "withdrawn" and found["channel"] in ("mail", "provider"):
                found["issue_id"] = by_mail.get((row.reader_id, row.at))
            said.append({f"b_{name}": value for name, value in found.items()} | {"b_id": row.id})
            if row.event != "requested":
                words = " ".join(DATE.sub("", found["source"]).split())[:100]
                key = (found["channel"], found["reason"] or "", words, found["issue_id"] or 0)
                sums[monday(row.at), row.event, *key] += 1
        connection.execute(put, said)
        last_id = rows[-1].id
    summed = sa.table("summed", sa.column("name"), sa.column("last_id"))
    connection.execute(sa.delete(summed).where(summed.c.name == "consents"))
    if last_id:
        connection.execute(sa.insert(summed).values(name="consents", last_id=last_id))
    if sums:
        kept = sa.table(
            "consent_sums",
            sa.column("week_on", sa.Date()),
            *(sa.column(name) for name in ("event", "channel", "reason", "source", "issue_id", "count")),
        )
        connection.execute(
            sa.insert(kept),
            [dict(zip(kept.c.keys(), (*key, count), strict=True)) for key, count in sums.items()],
        )


def issues_left_by_mail(connection: sa.Connection) -> dict[tuple[int, datetime], int]:
    """Return the issue of each report of leaving or complaining, by its reader and moment: those of the consent's end."""
    reports = sa.table(
        "reports",
        *(sa.column(name) for name in ("kind", "reader_id", "issue_id")),
        sa.column("at", sa.DateTime(timezone=True)),
    )
    query = sa.select(reports.c.reader_id, reports.c.at, reports.c.issue_id)
    rows = connection.execute(query.where(reports.c.kind.in_(("leaving", "complaint"))))
    return {(row.reader_id, row.at): row.issue_id for row in rows if row.issue_id}


def read_text(event: str, text: str) -> dict[str, Any]:
    """Return the columns that a text of the code until now means; a text of somebody's own stays as it is."""
    found: dict[str, Any] = {
        "channel": "unknown",
        "issue_id": None,
        "reason": None,
        "file": None,
        "line": None,
        "source": text,
    }
    if event == "imported":
        return found | {"channel": "import"} | file_and_line(text)
    if event == "added":
        return found | {"channel": "command"}
    if left := LEFT_BY_LINK.fullmatch(text):
        text = left[1]
        found |= {"issue_id": int(left[2]) or None, "reason": left[3]}
    if text not in TEXTS:
        return found
    return found | {
        "channel": TEXTS[text],
        "reason": found["reason"] or REASON_OF.get(text),
        "source": "",
    }


def file_and_line(text: str) -> dict[str, Any]:
    """Part "old list (readers.csv, line 17)"; a file's name may have parentheses of its own."""
    ending = re.search(r", line ([0-9]{1,9})\)$", text)
    start = len(text)
    while ending and (start := text.rfind(" (", 0, start)) >= 0:
        file = text[start + 2 : ending.start()]
        if file.count("(") == file.count(")"):
            return {"source": text[:start], "file": file[:100], "line": int(ending[1])}
    return {}


def monday(at: datetime) -> date:
    """Return the first day of the week in UTC; SQLite's moments are in it and do not say so."""
    day = (at if at.tzinfo is None else at.astimezone(UTC)).date()
    return day - timedelta(days=day.weekday())

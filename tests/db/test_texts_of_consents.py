"""What revision 0002 makes of the texts that consents were told in before it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from newsletter.db.engine import Database, open_database
from newsletter.db.migrate import upgrade
from newsletter.db.schema import consent_sums, consents, summed
from tests.db.test_migrate import FORMS, empty, run

AT = "2026-11-26 09:00:00"

#: reader, event, text → channel, issue, reason, file, line, source
TEXTS = [
    (1, "requested", "form at /subscribe", ("form", None, None, None, None, "")),
    (1, "confirmed", "confirmation page", ("form", None, None, None, None, "")),
    (2, "requested", "POST /api/subscriptions", ("api", None, None, None, None, "")),
    (2, "confirmed", "confirmation page", ("api", None, None, None, None, "")),
    (2, "confirmed", "change of address", ("page", None, None, None, None, "")),
    (
        3,
        "imported",
        "fair (2026) (a (1).csv, line 17)",
        ("import", None, None, "a (1).csv", 17, "fair (2026)"),
    ),
    (4, "added", "stand (2), line 4", ("command", None, None, None, None, "stand (2), line 4")),
    (
        1,
        "withdrawn",
        "unsubscribe: page, issue 7, reason too-often",
        ("page", 7, "too-often", None, None, ""),
    ),
    (1, "restored", "unsubscribe page: undo", ("page", None, None, None, None, "")),
    (1, "withdrawn", "unsubscribe: one click, issue 7", ("one-click", 7, None, None, None, "")),
    (2, "withdrawn", "mail: List-Unsubscribe", ("mail", 8, None, None, None, "")),
    (3, "withdrawn", "complaint: by SendGrid", ("provider", 9, "complaint", None, None, "")),
    (4, "withdrawn", "newsletter readers erase", ("command", None, "erased", None, None, "")),
    (4, "withdrawn", "something else", ("unknown", None, None, None, None, "something else")),
]

READERS = "".join(
    f"INSERT INTO readers (id, address, address_key, status, status_at, added_at) VALUES"
    f" ({number}, 'r{number}@example.org', 'r{number}@example.org', 'active', '{AT}', '{AT}');\n"
    for number in range(1, 5)
)
REPORTS = (
    "INSERT INTO reports (key, kind, at, reader_id, issue_id, outcome) VALUES"
    f" ('a', 'leaving', '{AT}', 2, 8, 'left'), ('b', 'complaint', '{AT}', 3, 9, 'complained');\n"
)


def written() -> str:
    values = (
        f"INSERT INTO consents (id, reader_id, event, at, source) VALUES"
        f" ({number}, {reader_id}, '{event}', '{AT}', '{said}');\n"
        for number, (reader_id, event, said, _) in enumerate(TEXTS, 1)
    )
    return READERS + REPORTS + "".join(values)


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "postgresql":
        database: Database = request.getfixturevalue("postgres_database")
        empty(database)
    else:
        database = open_database(f"sqlite:///{tmp_path / 'subscribers.db'}")
    run(database, (FORMS / f"13.{request.param}.sql").read_text() + written())
    yield database
    database.close()


def test_every_text_becomes_columns_and_is_summed_up(old: Database) -> None:
    upgrade(old)
    names = ("channel", "issue_id", "reason", "file", "line", "source")
    with old.read() as connection:
        rows = connection.execute(select(*(consents.c[name] for name in names)).order_by(consents.c.id))
        assert [tuple(row) for row in rows] == [columns for *_, columns in TEXTS]
        assert connection.execute(select(summed.c.last_id)).scalars().all() == [len(TEXTS)]
        counted = connection.execute(select(consent_sums)).all()
    assert sum(row._mapping["count"] for row in counted) == len(TEXTS) - 2
    assert {(row.channel, row.issue_id) for row in counted if row.event == "withdrawn" and row.issue_id} == {
        ("page", 7),
        ("one-click", 7),
        ("mail", 8),
        ("provider", 9),
    }


def test_ids_go_on_after_the_table_was_made_anew(old: Database) -> None:
    upgrade(old)
    with old.write() as connection:
        connection.execute(
            text(
                "INSERT INTO consents (id, reader_id, event, at, source, channel)"
                f" VALUES (99, 1, 'added', '{AT}', '', 'command')"
            )
        )

from pathlib import Path

import pytest

from newsletter.config import Tls
from newsletter.db.engine import Database
from newsletter.db.statuses import IssueStatus
from newsletter.digest.store import get_issue
from newsletter.editing.approve import approve
from newsletter.editing.sending import start
from newsletter.errors import BadInput, ConfigError
from tests.editing.desk import drafted, newsroom, with_settings

SMTP = {"mail.transport": "smtp", "smtp.host": "127.0.0.1", "smtp.tls": Tls.NONE}


def test_links_approved_for_the_outbox_do_not_leave_the_machine(
    tmp_path: Path, sqlite_database: Database
) -> None:
    app = newsroom(tmp_path, sqlite_database, settings={"site.public_url": "http://localhost:8000"})
    approved = approve(app, drafted(app), "dora")
    outside = with_settings(app, {"site.public_url": "https://weekly.example.org", **SMTP})
    with pytest.raises(
        BadInput, match=r"approved with links to http://localhost:8000.*newsletter withdraw 1"
    ):
        start(outside, approved)
    with sqlite_database.read() as connection:
        assert get_issue(connection, approved.id).status is IssueStatus.APPROVED


def test_starting_twice_is_starting_once(tmp_path: Path, sqlite_database: Database) -> None:
    app = newsroom(
        tmp_path, sqlite_database, settings={"site.public_url": "https://weekly.example.org", **SMTP}
    )
    approved = approve(app, drafted(app), "dora")
    assert start(app, approved) == start(app, approved)


def test_nothing_starts_before_the_settings_are_complete(tmp_path: Path, sqlite_database: Database) -> None:
    app = newsroom(tmp_path, sqlite_database)
    approved = approve(app, drafted(app), "dora")
    with pytest.raises(ConfigError, match=r"site\.postal_address"):
        start(with_settings(app, {"site.postal_address": ""}), approved)


def test_nothing_is_approved_or_started_without_the_keys(tmp_path: Path, sqlite_database: Database) -> None:
    app = newsroom(tmp_path, sqlite_database)
    draft = drafted(app)
    keys = app.settings.path(app.settings.paths.suppression_key)
    key = keys.read_bytes()
    keys.unlink()
    with pytest.raises(BadInput, match="the key file cannot be read"):
        approve(app, draft, "dora")
    keys.write_bytes(key)
    keys.chmod(0o600)
    approved = approve(app, draft, "dora")
    app.settings.path(app.settings.paths.link_keys).unlink()
    with pytest.raises(BadInput, match="the key file cannot be read"):
        start(app, approved)
    with sqlite_database.read() as connection:
        assert get_issue(connection, approved.id).status is IssueStatus.APPROVED

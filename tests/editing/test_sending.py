import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.config import Tls
from newsletter.db.engine import Database, open_database
from newsletter.db.schema import alerts
from newsletter.db.statuses import IssueStatus
from newsletter.delivery.status import StatusReport, describe, get_situation
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_issue
from newsletter.editing.approve import approve
from newsletter.editing.checks import check
from newsletter.editing.schedule import dispatch_issue, find_delay
from newsletter.editing.sending import find_obstacle, find_trouble, hold, release, start
from newsletter.errors import BadInput, ConfigError
from newsletter.schedule.jobs import Done, Waiting
from newsletter.schedule.slots import issue_schedule
from newsletter.web.application import make_web
from tests.editing.desk import drafted, newsroom, with_settings
from tests.installed import install

SMTP = {"mail.transport": "smtp", "smtp.host": "127.0.0.1", "smtp.tls": Tls.NONE}
LOCAL = {"site.public_url": "http://localhost:8000"}
PLAIN = {"site.public_url": "http://weekly.example.org"}
SANDBOX = {"mail.transport": "sendgrid", "sendgrid.api_key": "SG.x", "sendgrid.sandbox": True}

Changes = Mapping[str, object]


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


def test_a_trial_on_loopback_needs_no_https(tmp_path: Path, sqlite_database: Database) -> None:
    app = newsroom(tmp_path, sqlite_database, settings=LOCAL)
    approved = approve(app, drafted(app), "dora")
    trial = with_settings(app, {**LOCAL, **SMTP, "smtp.return_path": f"{'b' * 34}@example.org"})
    assert find_obstacle(trial, approved) is None


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


OUTSIDE = {"site.public_url": "https://weekly.example.org", **SMTP}


@pytest.mark.parametrize(
    ("before", "after", "words", "command"),
    [
        (LOCAL, OUTSIDE, "was approved with links to http://localhost:8000", "newsletter withdraw 1"),
        (OUTSIDE, OUTSIDE | PLAIN, "site.public_url must begin with https://", "newsletter check 1"),
        (OUTSIDE, OUTSIDE | LOCAL | {"smtp.host": "mx.example.org"}, "must begin with https://", "newsletter check 1"),
        (OUTSIDE, OUTSIDE | {"smtp.return_path": f"{'b' * 35}@example.org"}, "at most 34 fit", "newsletter check 1"),
        (OUTSIDE, OUTSIDE | {"mail.reply_to": "noreply@example.org"}, "that somebody reads", "newsletter check 1"),
        (OUTSIDE, OUTSIDE | SANDBOX, "sendgrid.sandbox is on", "newsletter check 1"),
        (OUTSIDE, OUTSIDE | {"smtp.host": ""}, "smtp.host", "newsletter check 1"),
    ],
)  # fmt: skip
def test_what_may_not_go_out_is_said_where_one_looks(
    tmp_path: Path, sqlite_database: Database, before: Changes, after: Changes, words: str, command: str
) -> None:
    app = newsroom(tmp_path, sqlite_database, settings=before)
    approved = approve(app, drafted(app), "dora")
    assert find_obstacle(app, approved) is None
    changed = with_settings(app, after)
    told = report_of(changed, approved)
    assert told.by_itself.startswith("nothing: ")
    assert words in told.by_itself
    assert told.next_command == command
    with pytest.raises(BadInput, match=re.escape(words)):
        start(changed, approved)


def test_what_is_on_hold_says_how_to_let_it_go(tmp_path: Path, sqlite_database: Database) -> None:
    app = newsroom(tmp_path, sqlite_database, settings=OUTSIDE)
    held = hold(app, approve(app, drafted(app), "dora"))
    told = report_of(app, held)
    assert (told.by_itself, told.next_command) == ("nothing: it is on hold", "newsletter release 1")
    assert report_of(app, release(app, held)).next_command == "newsletter send 1"


@pytest.mark.parametrize("changes", [LOCAL, OUTSIDE, OUTSIDE | SANDBOX])
def test_a_draft_is_refused_for_that_first(
    tmp_path: Path, sqlite_database: Database, changes: Changes
) -> None:
    app = newsroom(tmp_path, sqlite_database, settings=changes)
    draft = drafted(app)
    with pytest.raises(BadInput, match=r"is not approved\. To approve it: newsletter approve 1"):
        start(app, draft)
    assert report_of(app, draft).next_command == "newsletter approve 1"


def lose(app: App, name: str) -> App:
    (app.settings.folder / "keys" / name).rename(app.settings.folder / f"lost-{name}")
    return app


def go_back(app: App) -> App:
    """Let the database be one from before what was sent last."""
    app.marks.require()
    kept = app.marks.read_file()
    assert kept is not None
    app.marks.note(begun=kept.begun + 1)
    return app


@pytest.fixture
def migrated(tmp_path: Path) -> Iterator[Database]:
    """A database as an installation has it."""
    install(tmp_path / "installed")
    with closing(open_database(f"sqlite:///{tmp_path / 'installed' / 'subscribers.db'}")) as database:
        with database.write() as connection:
            # The newsroom has keys of its own.
            connection.exec_driver_sql("UPDATE installation SET key_fingerprint = ''")
        yield database


@pytest.mark.parametrize(
    ("before", "spoil", "words", "key"),
    [
        (OUTSIDE, lambda app: with_settings(app, {"site.postal_address": ""}), "site.postal_address", "setting:site.postal_address"),
        (OUTSIDE, lambda app: with_settings(app, {"smtp.host": ""}), "smtp.host is needed", "setting:smtp.host"),
        (OUTSIDE, lambda app: with_settings(app, PLAIN), "must begin with https", "setting:site.public_url"),
        (OUTSIDE, lambda app: with_settings(app, {"dkim.rsa_key": "keys/none"}), "dkim.rsa_key", "setting:dkim.rsa_key"),
        (OUTSIDE, lambda app: with_settings(app, SANDBOX), "sendgrid.sandbox is on", "undelivered"),
        (OUTSIDE, lambda app: lose(app, "links"), "the key file cannot be read", "keys"),
        (OUTSIDE, lambda app: lose(app, "suppression"), "the key file cannot be read", "keys"),
        (OUTSIDE, go_back, "what was sent after it was made, it does not know", "marks"),
        (LOCAL, lambda app: with_settings(app, OUTSIDE), "was approved with links to http://localhost", "links"),
    ],
)  # fmt: skip
def test_whatever_holds_an_issue_up_is_said_alike_wherever_one_looks_and_waited_for(
    tmp_path: Path,
    migrated: Database,
    before: Changes,
    spoil: Callable[[App], App],
    words: str,
    key: str,
) -> None:
    app = newsroom(tmp_path, migrated, settings=before)
    approved = approve(app, drafted(app), "dora")
    slot = issue_schedule(app.settings).slot(approved.slot)
    assert (find_trouble(app), ready(app)) == ("", 200)

    spoiled = spoil(app)
    told, findings = report_of(spoiled, approved), check(spoiled, approved)
    assert told.by_itself.startswith("nothing: ")
    assert words in told.by_itself
    assert words in find_trouble(spoiled)
    assert ready(spoiled) == 503
    assert [each.firm for each in findings if words in each.what.lower() or words in each.what] == [True]
    waits = [dispatch_issue(spoiled, slot) for _ in range(2)]
    assert [type(each) for each in waits] == [Waiting, Waiting]
    assert words in waits[0].words
    assert alerts_of(migrated) == [f"{key}:weekly:{approved.slot}"]

    for lost in tmp_path.glob("lost-*"):
        lost.rename(tmp_path / "keys" / lost.name.removeprefix("lost-"))
    if key == "marks":
        # What `newsletter restore --none-sent` comes to.
        here = app.marks.read_file()
        assert here is not None
        app.marks.put(here)
    assert isinstance(dispatch_issue(app, slot), Done)
    assert ready(app) == 200


def test_what_an_editor_keeps_back_is_said_and_no_trouble(tmp_path: Path, migrated: Database) -> None:
    app = newsroom(tmp_path, migrated, settings=OUTSIDE)
    approved = approve(app, drafted(app), "dora")
    held = hold(app, approved)
    assert (find_trouble(app), ready(app)) == ("", 200)
    assert report_of(app, held).by_itself == "nothing: it is on hold"


def ready(app: App) -> int:
    with TestClient(make_web(app)) as visitor:
        return visitor.get("/readyz").status_code


def alerts_of(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(alerts.c.key)).scalars())


def report_of(app: App, issue: Issue) -> StatusReport:
    """Return what `newsletter status` says."""
    with app.database.read() as connection:
        situation = get_situation(connection, issue.id, app.journals)
    return describe(situation, app.clock.now(), obstacle=find_delay(app, issue))

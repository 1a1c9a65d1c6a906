"""Asking others: beside the page, once at a time, and remembered for the content that it was of."""

from pathlib import Path
from threading import Event

import pytest

from newsletter.app import App
from newsletter.db.engine import Database
from newsletter.editing.checks.links import Opener
from newsletter.editing.checks.slow import SlowCheck, SlowChecks
from newsletter.editing.compiled import CompiledIssue, compile_issue
from tests.config.written import changed
from tests.editing.desk import drafted, newsroom, with_settings


@pytest.fixture
def app(tmp_path: Path, sqlite_database: Database) -> App:
    return with_settings(newsroom(tmp_path, sqlite_database), {"desk.check_links": True})


@pytest.fixture
def compiled(app: App) -> CompiledIssue:
    return compile_issue(app, drafted(app))


def test_only_what_is_allowed_and_there_is_offered(app: App) -> None:
    assert SlowChecks(app.settings, spamassassin=None).offered() == (SlowCheck.LINKS,)
    quiet = changed(app.settings, {"desk.check_links": False})
    assert SlowChecks(quiet, spamassassin="/bin/true").offered() == (SlowCheck.SPAM,)


def test_what_takes_long_goes_on_beside_and_is_asked_once(app: App, compiled: CompiledIssue) -> None:
    let_go, hosts = Event(), []

    def slowly(host: str, port: int) -> tuple[str, ...]:
        hosts.append(host)
        let_go.wait(10)
        return ("127.0.0.1",)

    checks = SlowChecks(app.settings, opener=Opener(resolve=slowly), spamassassin=None)
    checks.start(SlowCheck.LINKS, compiled, patience=0.05)
    checks.start(SlowCheck.LINKS, compiled, patience=0.05)
    assert checks.results(compiled.content_hash) == {SlowCheck.LINKS: None}
    asked_before = len(hosts)
    let_go.set()
    checks.start(SlowCheck.LINKS, compiled, patience=10)
    assert asked_before <= 8, "not every link twice"
    assert checks.results("another content") == {}


def test_what_was_said_is_remembered_for_its_content(app: App, compiled: CompiledIssue) -> None:
    checks = SlowChecks(
        app.settings, opener=Opener(resolve=lambda host, port: ("127.0.0.1",)), spamassassin=None
    )
    checks.start(SlowCheck.LINKS, compiled, patience=10)
    found = checks.found(compiled.content_hash)
    assert found
    assert {each.key.partition(":")[0] for each in found} == {"unreachable"}
    assert checks.found("another content") == ()


def test_a_program_that_says_nothing_finds_nothing(app: App, compiled: CompiledIssue) -> None:
    checks = SlowChecks(app.settings, spamassassin="/bin/true")
    checks.start(SlowCheck.SPAM, compiled, patience=10)
    assert checks.results(compiled.content_hash) == {SlowCheck.SPAM: ()}

"""Asking others: beside the page, once at a time, and remembered for the content that it was of."""

from pathlib import Path
from threading import Event

import pytest

from newsletter.app import App
from newsletter.db.engine import Database
from newsletter.editing.cache import Asked, AskedChecks
from newsletter.editing.checks.links import Opener
from newsletter.editing.preview import Proof, pull_proof
from tests.config.written import changed
from tests.editing.desk import drafted, newsroom, with_settings


@pytest.fixture
def app(tmp_path: Path, sqlite_database: Database) -> App:
    return with_settings(newsroom(tmp_path, sqlite_database), {"desk.check_links": True})


@pytest.fixture
def proof(app: App) -> Proof:
    return pull_proof(app, drafted(app))


def test_only_what_is_allowed_and_there_is_offered(app: App) -> None:
    assert AskedChecks(app.settings, program=None).offered() == (Asked.LINKS,)
    quiet = changed(app.settings, {"desk.check_links": False})
    assert AskedChecks(quiet, program="/bin/true").offered() == (Asked.SPAM,)


def test_what_takes_long_goes_on_beside_and_is_asked_once(app: App, proof: Proof) -> None:
    let_go, hosts = Event(), []

    def slowly(host: str, port: int) -> tuple[str, ...]:
        hosts.append(host)
        let_go.wait(10)
        return ("127.0.0.1",)

    checks = AskedChecks(app.settings, opener=Opener(resolve=slowly), program=None)
    checks.ask(Asked.LINKS, proof, patience=0.05)
    checks.ask(Asked.LINKS, proof, patience=0.05)
    [running] = checks.answers(proof.content_hash)
    assert running.found is None
    asked_before = len(hosts)
    let_go.set()
    checks.ask(Asked.LINKS, proof, patience=10)
    assert asked_before <= 8, "not every link twice"
    assert checks.answers("another content") == ()


def test_what_was_said_is_remembered_for_its_content(app: App, proof: Proof) -> None:
    checks = AskedChecks(app.settings, opener=Opener(resolve=lambda host, port: ("127.0.0.1",)), program=None)
    checks.ask(Asked.LINKS, proof, patience=10)
    found = checks.found(proof.content_hash)
    assert found
    assert {each.key.partition(":")[0] for each in found} == {"unreachable"}
    assert checks.found("another content") == ()


def test_a_program_that_says_nothing_finds_nothing(app: App, proof: Proof) -> None:
    checks = AskedChecks(app.settings, program="/bin/true")
    checks.ask(Asked.SPAM, proof, patience=10)
    [answer] = checks.answers(proof.content_hash)
    assert answer.found == ()

"""An installation with three readers and an approved issue, on SQLite and on PostgreSQL."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, insert, make_url, text

from newsletter.app import App, open_app
from newsletter.cli.program import program
from newsletter.clock import MovedClock
from newsletter.db.engine import open_database
from newsletter.db.migrate import upgrade
from newsletter.db.schema import issues, plans, snapshots
from newsletter.db.statuses import IssueStatus
from newsletter.readers.admin import add_by_hand
from newsletter.readers.links import draw_salt
from tests.conftest import THURSDAY
from tests.delivery.house import FRAME, PLAN
from tests.installed import install


@dataclass(frozen=True)
class Place:
    """One installation, as its operator sees it."""

    folder: Path

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(program, ["--folder", str(self.folder), *arguments])

    def ok(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.output

    def open(self) -> App:
        return open_app(self.folder, MovedClock(THURSDAY))

    def join(self, *addresses: str) -> None:
        with closing(self.open()) as app:
            for address in addresses:
                key, now = app.suppression_key, app.clock.now()
                add_by_hand(app.database, address, consent="fair", suppression_key=key, now=now)

    def statuses(self) -> dict[str | None, str]:
        return {row["address"]: row["status"] for row in json.loads(self.ok("readers", "list", "--json"))}

    @property
    def mailed(self) -> int:
        """How many mails ever went to the outbox: files are never deleted there."""
        return len(list((self.folder / "outbox" / "new").iterdir()))

    def backup(self) -> Path:
        file = self.folder.parent / "backup.tar.gz"
        self.ok("backup", "--force", str(file))
        return file


def approve_an_issue(place: Place, number: int = 1) -> None:
    """Add an approved issue, as approval leaves it."""
    values = {"id": number, "number": number, "edition": "weekly", "slot": f"2026-11-{number:02}T09:00"}
    names = ("cutoff_at", "created_at", "updated_at", "approved_at", "send_at")
    moments: dict[str, object] = dict.fromkeys(names, THURSDAY)
    frozen = {"issue_id": number, "letter": "", "sender": FRAME.to_json(), "salt": draw_salt()}
    plan = {"issue_id": number, "variant": "everybody", "plan": PLAN.to_bytes()}
    with closing(place.open()) as app, app.database.write() as connection:
        status = {"status": IssueStatus.APPROVED, "approved_by": "Eve", "content_hash": f"{number}"}
        connection.execute(insert(issues).values(values | status | moments))
        connection.execute(insert(plans).values(plan))
        connection.execute(insert(snapshots).values(frozen))


@pytest.fixture
def new_postgres(postgres_url: str) -> Iterator[Callable[[str], str]]:
    """Makes databases of PostgreSQL with every table, by migrations."""
    administration = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make(name: str) -> str:
        # The server is that of every process of this run.
        name = f"{make_url(postgres_url).database}_{name}"
        with administration.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        made.append(name)
        url = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
        with closing(open_database(url)) as database:
            upgrade(database)
        return url

    yield make
    with administration.connect() as connection:
        for name in made:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    administration.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    made = Place(tmp_path / "weekly")
    install(made.folder, example=True)
    if request.param == "postgres":
        url = request.getfixturevalue("new_postgres")("weekly")
        settings = made.folder / "newsletter.toml"
        settings.write_text(settings.read_text().replace('# database_url = ""', f'database_url = "{url}"'))
        (made.folder / "subscribers.db").unlink()
    made.join("alice@example.org", "bob@example.org", "carol@example.org")
    approve_an_issue(made)
    return made


@pytest.fixture
def here(tmp_path: Path) -> Place:
    """The same, on SQLite only."""
    made = Place(tmp_path / "weekly")
    install(made.folder, example=True)
    made.join("alice@example.org", "bob@example.org", "carol@example.org")
    approve_an_issue(made)
    return made


def copied(place: Place, name: str = "copy") -> Place:
    """Copy the folder, as `cp -a` does."""
    shutil.copytree(place.folder, place.folder.parent / name)
    return Place(place.folder.parent / name)

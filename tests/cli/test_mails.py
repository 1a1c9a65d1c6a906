import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from newsletter.app import open_app
from newsletter.cli.program import program
from newsletter.db.statuses import ConsentChannel
from newsletter.readers.consents import ConsentOrigin
from tests.installed import install


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new installation, ready to send to its outbox."""
    install(tmp_path / "weekly", example=True)
    return tmp_path / "weekly"


def run(folder: Path, *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(program, ["--folder", str(folder), *arguments], input=answer)


def test_what_waits_is_sent_once(folder: Path) -> None:
    app = open_app(folder)
    app.subscribing.subscribe(
        "alice@example.org", "x", ConsentOrigin(channel=ConsentChannel.FORM), app.clock.now()
    )
    app.close()
    assert run(folder, "mails", "send").output == "1 mail sent.\n"
    assert run(folder, "mails", "send").output == "0 mails sent.\n"
    assert len(list((folder / "outbox" / "new").iterdir())) == 1


def test_nothing_is_sent_before_everything_needed_is_set(tmp_path: Path) -> None:
    install(tmp_path / "bare")
    result = run(tmp_path / "bare", "mails", "send")
    assert result.exit_code == 2
    assert "nothing can be sent before" in result.stderr


def test_a_readers_data_is_printed_and_erased(folder: Path) -> None:
    run(folder, "readers", "add", "alice@example.org", "--consent", "fair")
    document = json.loads(run(folder, "readers", "data", "Alice@example.org").stdout)
    assert (document["address"], document["status"]) == ("alice@example.org", "active")
    refused = run(folder, "readers", "erase", "alice@example.org", answer="n\n")
    assert refused.exit_code == 1
    assert run(folder, "readers", "data", "alice@example.org").exit_code == 0
    erased = run(folder, "readers", "erase", "alice@example.org", "--yes")
    assert (erased.exit_code, erased.output) == (0, "alice@example.org is erased.\n")
    assert run(folder, "readers", "data", "alice@example.org").exit_code == 2
    back = run(folder, "readers", "add", "alice@example.org", "--consent", "fair")
    assert "suppression list" in back.stderr

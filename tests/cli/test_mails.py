import json
import re
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from newsletter.app import open_app
from newsletter.cli.program import program
from newsletter.db.schema import mails
from newsletter.db.statuses import ConsentChannel, MailStatus
from newsletter.readers.consents import ConsentOrigin
from newsletter.web.application import make_web
from tests.installed import install
from tests.web.visitor import Visitor


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new installation, ready to send to its outbox."""
    install(tmp_path / "weekly", example=True)
    return tmp_path / "weekly"


def run(folder: Path, *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(program, arguments, input=answer, env={"NEWSLETTER_FOLDER": str(folder)})


def test_what_waits_is_sent_once(folder: Path) -> None:
    app = open_app(folder)
    app.subscribing.subscribe(
        "alice@example.org", "x", ConsentOrigin(channel=ConsentChannel.FORM), app.clock.now()
    )
    app.close()
    assert run(folder, "mails", "send").stdout == "1 mail sent.\n"
    assert run(folder, "mails", "send").stdout == "0 mails sent.\n"
    assert len(list((folder / "outbox" / "new").iterdir())) == 1


def subscribe(folder: Path, *names: str) -> None:
    with closing(open_app(folder)) as app:
        for name in names:
            origin = ConsentOrigin(channel=ConsentChannel.FORM)
            app.subscribing.subscribe(f"{name}@example.org", "x", origin, app.clock.now())


def lose_sight(folder: Path, *ids: int) -> None:
    """What becomes of mails whose sender died and left no journal."""
    with closing(open_app(folder)) as app, app.database.write() as connection:
        unsure = {"status": MailStatus.UNSURE, "code": "no-journal", "owner": "mails-gone"}
        connection.execute(update(mails).where(mails.c.id.in_(ids)).values(unsure))


def test_what_waits_and_what_is_unsure_is_listed_and_sent_again(folder: Path) -> None:
    assert run(folder, "mails", "list").output == "No single mail waits, and none is unsure.\n"
    subscribe(folder, "alice", "bob")
    lose_sight(folder, 1)
    listed = json.loads(run(folder, "mails", "list", "--json").output)
    assert [(each["mail"], each["to"], each["state"]) for each in listed] == [
        (1, "alice@example.org", "unsure"),
        (2, "bob@example.org", "pending"),
    ]
    words = run(folder, "mails", "list").output
    assert "its sender fell silent" in words
    assert words.endswith("send them once more: newsletter mails resend MAIL, or --all\n")
    told = run(folder, "status").output
    assert "Single mails: unsure\n  why       1 waits; 1 may or may not have arrived\n" in told
    assert "  next      newsletter mails list\n" in told
    (single,) = (each for each in json.loads(run(folder, "status", "--json").output) if each["issue"] is None)
    assert (single["state"], single["next_command"]) == ("unsure", "newsletter mails list")
    again = run(folder, "mails", "resend", "1")
    assert (again.exit_code, again.output.splitlines()[0]) == (
        0,
        "1 mail goes out once more, and may then arrive twice.",
    )
    assert run(folder, "mails", "send").stdout == "2 mails sent.\n"
    assert json.loads(run(folder, "status", "--json").output) == []


def test_only_what_is_unsure_and_may_be_mailed_is_sent_again(folder: Path) -> None:
    subscribe(folder, "alice", "bob", "carol", "dave")
    lose_sight(folder, 1, 2, 4)
    run(folder, "readers", "suppress", "bob@example.org", "--reason", "asked")
    with closing(open_app(folder)) as app, app.database.write() as connection:
        connection.execute(
            update(mails).where(mails.c.id == 4).values(queued_at=app.clock.now() - timedelta(days=30))
        )
    for number, sentence in (
        ("3", "mail 3 is pending, not unsure: it is not sent again"),
        ("4", "mail 4 is not sent again: its link holds no longer; whoever wants one asks for another"),
        ("2", "mail 2 is not sent again: its address is on the suppression list"),
        ("99", "There is no mail 99"),
    ):
        refused = run(folder, "mails", "resend", "1", number)
        assert (refused.exit_code, sentence in refused.stderr) == (2, True), refused.stderr
    assert (
        run(folder, "mails", "resend").exit_code
        == run(folder, "mails", "resend", "1", "--all").exit_code
        == 2
    )
    assert run(folder, "mails", "resend", "--all").output.startswith("1 mail goes out once more")
    assert run(folder, "mails", "resend", "--all").output.startswith("There is nothing to send again")


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


def test_erasing_says_which_copies_it_could_not_reach(folder: Path) -> None:
    subscribe(folder, "alice", "bob")
    run(folder, "mails", "send")
    new = folder / "outbox" / "new"
    reached = run(folder, "readers", "erase", "alice@example.org", "--yes").output.splitlines()
    assert reached == [
        "alice@example.org is erased.",
        f"1 copy in the outbox {folder / 'outbox'} went with it.",
    ]
    new.rename(folder / "elsewhere")
    run(folder, "backup")
    not_reached = run(folder, "readers", "erase", "bob@example.org", "--yes").output.splitlines()
    assert not_reached == [
        "bob@example.org is erased.",
        f"Not reached: 1 copy that an outbox once took is not in {folder / 'outbox'}. "
        "If another folder or machine has them, delete them there.",
        f"Not reached: 1 file in {folder / 'backups'}, as of before. Let them expire, or delete them.",
    ]


def use_smtp(folder: Path, *, public_url: str) -> None:
    """Send to a relay that does not answer."""
    file = folder / "newsletter.toml"
    said = re.sub(r"(?m)^public_url = .*$", f'public_url = "{public_url}"', file.read_text())
    said = re.sub(r"(?m)^\[mail\]$", '[mail]\ntransport = "smtp"', re.sub(r"(?m)^transport = .*$", "", said))
    file.write_text(re.sub(r"(?m)^\[smtp\]$", '[smtp]\nhost = "127.0.0.1"\nport = 9\ntls = "none"', said))


def remove_keys(folder: Path) -> None:
    (folder / "keys" / "links").unlink()


def empty_keys(folder: Path) -> None:
    (folder / "keys" / "suppression").write_text("")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: use_smtp(folder, public_url="http://news.example.org"), "site.public_url must begin"),
        (remove_keys, "the key file cannot be read"),
        (empty_keys, "there is no key in this file"),
    ],
)
def test_what_keeps_mails_from_leaving_is_said_to_the_operator_and_to_no_stranger(
    folder: Path, spoil: Callable[[Path], None], said: str
) -> None:
    subscribe(folder, "alice")
    spoil(folder)
    assert said in run(folder, "status").output
    assert said in run(folder, "mails", "send").stderr
    with closing(open_app(folder)) as app:
        assert said in app.nothing_leaves()
        visitor = Visitor(make_web(app), raise_server_exceptions=False)
        assert visitor.get("/readyz").status_code == 503
        for answer in (
            visitor.post("/api/subscriptions", json={"address": "bob@example.org"}),
            visitor.post("/subscribe", data={"address": "bob@example.org"}),
            visitor.post("/desk/sign-in", data={"address": "bob@example.org"}),
            visitor.get("/confirm/abc"),
        ):
            assert str(folder) not in answer.text
            assert said not in answer.text


def test_a_relay_that_does_not_answer_is_named_and_what_waits_is_counted(folder: Path) -> None:
    subscribe(folder, "alice")
    use_smtp(folder, public_url="https://news.example.org")
    sent = run(folder, "mails", "send").stdout
    assert sent.startswith("0 mails sent.\n1 waits and can be tried again")
    assert "127.0.0.1:9" in run(folder, "mails", "list").output
    assert "1 waits: 127.0.0.1:9" in run(folder, "status").output


def test_a_mail_of_a_killed_sender_is_no_mail_on_its_way(folder: Path) -> None:
    subscribe(folder, "alice")
    with closing(open_app(folder)) as app, app.database.write() as connection:
        begun = {
            "status": MailStatus.BEGUN,
            "owner": "mails-gone",
            "at": app.clock.now() - timedelta(hours=1),
        }
        connection.execute(update(mails).values(begun))
    assert "its sender is gone" in " ".join(run(folder, "mails", "list").output.split())
    assert run(folder, "mails", "resend", "1").output.startswith("1 mail goes out once more")

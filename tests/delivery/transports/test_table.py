"""The table of transports: what holds for each of them, a later one too."""

from pathlib import Path
from subprocess import run
from sys import executable

import pytest

from newsletter.clock import SystemClock
from newsletter.config import Settings, env_name, setting_rows
from newsletter.config.rows import LONGEST_LOCAL_PART
from newsletter.delivery import transports
from newsletter.delivery.message import MessageIds
from newsletter.delivery.transports import TRANSPORT_SETTINGS, TRANSPORTS, Entry, require_ready_to_send
from newsletter.delivery.transports.smtp import LONGEST_MARK
from newsletter.errors import ConfigError
from tests.config.written import READY, complaint, settings_of

EACH = pytest.mark.parametrize("entry", TRANSPORTS.values(), ids=TRANSPORTS)


def test_each_folder_is_a_transport_of_the_table() -> None:
    folder = Path(transports.__file__).parent
    assert sorted(TRANSPORTS) == sorted(each.parent.name for each in folder.glob("*/__init__.py"))


@EACH
def test_each_makes_what_has_its_name(entry: Entry, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "")
    assert entry.make(settings, SystemClock()).name == entry.name
    assert entry.make_for_alerts(settings, SystemClock()).name == entry.name


def test_a_return_path_that_is_allowed_fits_with_every_mark() -> None:
    address = f"{'b' * (LONGEST_LOCAL_PART - LONGEST_MARK)}@example.org"
    marked = MessageIds(key=b"k" * 32, domain="example.org", bounce_address=address).return_path(
        99_999, 9_999_999_999
    )
    assert len(marked.partition("@")[0]) == LONGEST_LOCAL_PART


@EACH
def test_each_may_be_chosen_for_issues_and_for_alerts(entry: Entry, tmp_path: Path) -> None:
    chosen = {"NEWSLETTER_MAIL_TRANSPORT": entry.name, "NEWSLETTER_ALERTS_TRANSPORT": entry.name}
    settings = settings_of(tmp_path, "", chosen)
    assert (settings.mail.transport, settings.alerts.transport) == (entry.name, entry.name)


@EACH
def test_each_says_what_it_misses_by_the_name_of_a_setting(entry: Entry, tmp_path: Path) -> None:
    names = [row.name for row in setting_rows(TRANSPORT_SETTINGS)]
    missing = entry.missing(settings_of(tmp_path, READY))
    assert missing is None or missing[0] in names


@EACH
def test_a_webhook_has_a_key_in_the_settings_that_lets_nobody_in_by_default(entry: Entry) -> None:
    if entry.webhook_limit:
        assert entry.webhook_setting in [row.name for row in setting_rows(TRANSPORT_SETTINGS)]
        assert not entry.has_webhook_key(Settings(folder=Path()))
        assert not entry.verifier(Settings(folder=Path()))({}, b"[]")


def test_where_checks_send_people_to_set_a_webhook_up_there_is_a_page() -> None:
    pages = Path(transports.__file__).parents[3] / "docs" / "how-to"
    names = [name for name, entry in TRANSPORTS.items() if entry.webhook_limit]
    assert [name for name in names if not (pages / f"{name}.md").is_file()] == []


def test_a_transport_that_there_is_not_is_refused(tmp_path: Path) -> None:
    error = complaint(tmp_path, '[mail]\ntransport = "pigeon"\n')
    assert f'mail.transport is "pigeon", but one of {", ".join(TRANSPORTS)} was expected' in str(error)


def test_the_help_names_every_transport() -> None:
    help_of = {row.name: row.help for row in setting_rows(TRANSPORT_SETTINGS)}
    *most, last = TRANSPORTS
    assert help_of["mail.transport"] == f"The way out of issues: {', '.join(most)} or {last}."


@pytest.mark.parametrize(
    ("extra", "setting"),
    [
        ({"NEWSLETTER_MAIL_TRANSPORT": "smtp"}, "smtp.host"),
        ({"NEWSLETTER_MAIL_TRANSPORT": "sendgrid"}, "sendgrid.api_key"),
        (
            {"NEWSLETTER_MAIL_TRANSPORT": "smtp", "NEWSLETTER_SITE_PUBLIC_URL": "http://weekly.example.org"},
            "site.public_url",
        ),
    ],
)
def test_a_transport_needs_what_it_needs(tmp_path: Path, extra: dict[str, str], setting: str) -> None:
    with pytest.raises(ConfigError) as caught:
        require_ready_to_send(settings_of(tmp_path, READY, extra))
    assert caught.value.setting == setting


def test_a_file_where_the_outbox_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("")
    with pytest.raises(ConfigError, match=r"paths\.outbox must be a folder, but .*outbox is a file"):
        require_ready_to_send(settings_of(tmp_path, READY))


def test_a_relay_elsewhere_is_not_spoken_to_in_the_clear(tmp_path: Path) -> None:
    error = complaint(tmp_path, '[smtp]\nhost = "mail.example.org"\ntls = "none"\n')
    assert "smtp.tls may be none only for a relay on this machine" in str(error)


def test_the_table_is_read_without_what_sends() -> None:
    heavy = ("sendgrid", "python_http_client", "sqlalchemy", "cryptography", "smtplib")
    code = f"import sys, {transports.__name__}\nprint([name for name in {heavy!r} if name in sys.modules])"
    assert run([executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


# What must be set before anything leaves, whatever the transport.


def test_what_the_law_wants_is_needed_before_anything_leaves(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"site\.public_url"):
        require_ready_to_send(settings_of(tmp_path, ""))


@pytest.mark.parametrize("name", [row.name for row in setting_rows(TRANSPORT_SETTINGS) if row.needed])
def test_each_needed_setting_is_missed_by_name(tmp_path: Path, name: str) -> None:
    settings = settings_of(tmp_path, READY, {env_name(name): ""})
    with pytest.raises(ConfigError) as caught:
        require_ready_to_send(settings)
    assert caught.value.setting == name


def test_a_complete_installation_may_send(tmp_path: Path) -> None:
    require_ready_to_send(settings_of(tmp_path, READY))


def test_nobody_answers_to_noreply(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        require_ready_to_send(
            settings_of(tmp_path, READY, {"NEWSLETTER_MAIL_REPLY_TO": "no-reply@example.org"})
        )
    assert caught.value.setting == "mail.reply_to"

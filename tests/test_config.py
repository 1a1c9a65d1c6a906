from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.config import (
    FILE_NAME,
    Settings,
    TransportName,
    env_name,
    load_settings,
    require_ready_to_send,
    setting_fields,
)
from newsletter.errors import ConfigError

READY = """
[site]
public_url = "https://weekly.example.org"
postal_address = "1 Example Street, Exampleton"
controller = "Example Ltd"
privacy_url = "https://example.org/privacy"
[mail]
from_address = "weekly@example.org"
reply_to = "editors@example.org"
"""


def settings_of(folder: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return load_settings(folder, environ or {})


def complaint(folder: Path, text: str, environ: dict[str, str] | None = None) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        settings_of(folder, text, environ)
    assert "\n" not in str(caught.value)
    return caught.value


def test_every_default_is_a_setting_that_loads(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "")
    assert settings.transport is TransportName.OUTBOX
    assert settings.catch_up == timedelta(hours=48)
    assert settings.store_url == f"sqlite:///{tmp_path / 'subscribers.db'}"


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, '[mail]\ntransport = "smtp"', {"NEWSLETTER_MAIL_TRANSPORT": "sendgrid"})
    assert settings.transport is TransportName.SENDGRID


def test_an_unknown_key_is_named_with_its_line(tmp_path: Path) -> None:
    error = complaint(tmp_path, '[site]\nname = "Weekly"\ncolour = "red"\n')
    assert error.setting == "site.colour"
    assert f"{FILE_NAME}:3: there is no setting site.colour" in str(error)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("[digest]\nitem_limit = 'many'", "a whole number"),
        ("[digest]\nitem_limit = -1", "a whole number"),
        ("[digest]\nthin_week = 'sometimes'", "skip, send, roll-over"),
        ("[schedule]\ncatch_up = 'soon'", "a duration"),
        ("[schedule]\ntime = '25:00'", "a time such as 09:00"),
        ("[schedule]\ntime_zone = 'Mars/Olympus'", "an IANA zone"),
        ("[schedule]\njobs = 7", "a list of texts"),
        ("[schedule]\nday = '1'", "mon, tue"),
        ("[sendgrid]\nsandbox = 'perhaps'", "true or false"),
        ("[site]\npublic_url = 'example'", "an address such as https://"),
        ("[mail]\nreply_to = 'nobody'", "an address such as news@"),
        ('[mail]\nfrom_name = "a\\r\\nBcc: x"', "a text"),
        ("[smtp]\npassword = 'secret'", "NEWSLETTER_SMTP_PASSWORD"),
        ("name = 'Weekly'", "outside a section"),
        ("[site", "not TOML"),
    ],
)
def test_a_wrong_value_gets_one_sentence_that_says_what_was_expected(
    tmp_path: Path, line: str, says: str
) -> None:
    assert says in str(complaint(tmp_path, line))


def test_a_wrong_variable_is_named_as_the_variable(tmp_path: Path) -> None:
    error = complaint(tmp_path, "", {"NEWSLETTER_SMTP_PORT": "mail"})
    assert "environment variable NEWSLETTER_SMTP_PORT" in str(error)


def test_a_secret_comes_from_a_file_that_the_setting_names(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n", encoding="utf-8")
    assert settings_of(tmp_path, '[smtp]\npassword_file = "password"').smtp_password == "hunter2"


def test_a_missing_secret_file_is_named(tmp_path: Path) -> None:
    assert "password" in str(complaint(tmp_path, '[smtp]\npassword_file = "gone"'))


def test_a_folder_without_a_newsletter_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="newsletter init"):
        load_settings(tmp_path, {})


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path, {})


def test_what_the_law_wants_is_needed_before_anything_leaves(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"site\.public_url"):
        require_ready_to_send(settings_of(tmp_path, ""))


@pytest.mark.parametrize("name", [row.metadata["name"] for row in setting_fields() if row.metadata["needed"]])
def test_each_needed_setting_is_missed_by_name(tmp_path: Path, name: str) -> None:
    settings = settings_of(tmp_path, READY, {env_name(name): ""})
    with pytest.raises(ConfigError) as caught:
        require_ready_to_send(settings)
    assert caught.value.setting == name


def test_a_complete_installation_may_send(tmp_path: Path) -> None:
    require_ready_to_send(settings_of(tmp_path, READY))


@pytest.mark.parametrize(
    ("extra", "setting"),
    [
        ({"NEWSLETTER_MAIL_TRANSPORT": "smtp"}, "smtp.host"),
        ({"NEWSLETTER_SMTP_HOST": "mail.example.org", "NEWSLETTER_SMTP_TLS": "none"}, "smtp.tls"),
        ({"NEWSLETTER_MAIL_TRANSPORT": "sendgrid"}, "sendgrid.api_key"),
        ({"NEWSLETTER_MAIL_REPLY_TO": "no-reply@example.org"}, "mail.reply_to"),
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


def test_every_setting_has_help() -> None:
    assert all(row.metadata["help"].endswith(".") for row in setting_fields())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[schedule]\ndraft_before = "-1h"', 'schedule.draft_before is "-1h", but a duration'),
        ("[digest]\nitem_limit = 0", "digest.item_limit is 0, but a whole number from 1"),
        ("[sending]\nattempts = 0", "sending.attempts is 0, but a whole number from 1"),
        ('[site]\nname = ""', "site.name is empty"),
        ('[site]\nname = "a\\nb"', "site.name has several lines"),
        ('[site]\nlanguage = "zz zz"', 'site.language is "zz zz", but a name without blanks'),
        ('[mail]\nlist_id = "a b"', 'mail.list_id is "a b", but a name without blanks'),
        ("[smtp]\nport = 99999", "smtp.port is 99999, but a port"),
        ("[schedule]\njobs = []", "schedule.jobs is empty"),
        ('[schedule]\njobs = [""]', "schedule.jobs names an empty job"),
        ("[schedule]\ntime = 09:00:00", "schedule.time is 09:00:00, but a text"),
        ("[site]\nname = true", "site.name is true, but a text"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_in_plain_words(tmp_path: Path, text: str, said: str) -> None:
    assert said in str(complaint(tmp_path, text))


def test_a_misspelt_variable_is_refused_as_it_is_in_the_file(tmp_path: Path) -> None:
    error = complaint(tmp_path, "", {"NEWSLETTER_SITE_FOO": "x"})
    assert str(error).startswith("environment variable NEWSLETTER_SITE_FOO: there is no such setting")
    settings_of(tmp_path, "", {"NEWSLETTER_FOLDER": "x", "NEWSLETTER_REAL_PAGES": "y"})

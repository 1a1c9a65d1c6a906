from pathlib import Path

import pytest

from newsletter.config import FILE_NAME, load_settings
from newsletter.delivery.transports import TRANSPORT_SETTINGS
from newsletter.delivery.transports.smtp.settings import SmtpSettings
from newsletter.errors import ConfigError
from tests.config.written import complaint, settings_of


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, '[mail]\ntransport = "smtp"', {"NEWSLETTER_MAIL_TRANSPORT": "sendgrid"})
    assert settings.mail.transport == "sendgrid"


def test_an_unknown_key_is_named_with_its_line(tmp_path: Path) -> None:
    error = complaint(tmp_path, '[site]\nname = "Weekly"\ncolour = "red"\n')
    assert error.setting == "site.colour"
    assert f"{FILE_NAME}:3: there is no setting site.colour" in str(error)


def test_a_wrong_variable_is_named_as_the_variable(tmp_path: Path) -> None:
    error = complaint(tmp_path, "", {"NEWSLETTER_SMTP_PORT": "mail"})
    assert "environment variable NEWSLETTER_SMTP_PORT" in str(error)


def test_a_secret_comes_from_a_file_that_the_setting_names(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n", encoding="utf-8")
    settings = settings_of(tmp_path, '[smtp]\npassword_file = "password"')
    assert settings.section(SmtpSettings).password == "hunter2"


def test_a_missing_secret_file_is_named(tmp_path: Path) -> None:
    assert "password" in str(complaint(tmp_path, '[smtp]\npassword_file = "gone"'))


def test_a_folder_without_a_newsletter_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="newsletter init"):
        load_settings(tmp_path, TRANSPORT_SETTINGS, {})


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path, TRANSPORT_SETTINGS, {})


def test_a_misspelt_variable_is_refused_as_it_is_in_the_file(tmp_path: Path) -> None:
    error = complaint(tmp_path, "", {"NEWSLETTER_SITE_FOO": "x"})
    assert str(error).startswith("environment variable NEWSLETTER_SITE_FOO: there is no such setting")
    settings_of(tmp_path, "", {"NEWSLETTER_FOLDER": "x", "NEWSLETTER_REAL_PAGES": "y"})


def test_a_section_that_was_renamed_says_its_new_name(tmp_path: Path) -> None:
    error = complaint(tmp_path, '[feedback]\nmaildir = "reports"\n')
    assert f"{FILE_NAME}:2: there is no setting feedback.maildir; [feedback] is called [bounces] now" in str(
        error
    )
    error = complaint(tmp_path, "", {"NEWSLETTER_FEEDBACK_IMAP_PASSWORD": "x"})
    assert "set bounces.imap_password or NEWSLETTER_BOUNCES_IMAP_PASSWORD" in str(error)
    settings_of(tmp_path, '[feedback]\n# maildir = ""\n')

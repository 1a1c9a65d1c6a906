"""Which way alerts go, by the settings."""

from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.clock import SystemClock
from newsletter.config import load_settings
from newsletter.db.engine import open_database
from newsletter.delivery.transports import TRANSPORT_SETTINGS
from newsletter.delivery.transports.smtp.sending import Smtp
from newsletter.errors import ConfigError

ISSUES = '[mail]\ntransport = "smtp"\n[smtp]\nhost = "relay.example.org"\n'


def app(folder: Path, alerts: str) -> App:
    (folder / "newsletter.toml").write_text(f"{ISSUES}[alerts]\n{alerts}")
    return App(
        settings=load_settings(folder, TRANSPORT_SETTINGS),
        clock=SystemClock(),
        database=open_database("sqlite://"),
    )


@pytest.mark.parametrize(
    ("alerts", "way"),
    [
        ("", "relay.example.org:587"),
        ('transport = "same"', "relay.example.org:587"),
        ('transport = "smtp"', "relay.example.org:587"),
        ('transport = "smtp"\nsmtp_host = "mail.example.net"\nsmtp_port = 25', "mail.example.net:25"),
    ],
)
def test_alerts_go_the_way_of_issues_or_one_of_their_own(tmp_path: Path, alerts: str, way: str) -> None:
    transport = app(tmp_path, alerts).alert_transport()
    assert isinstance(transport, Smtp)
    assert str(transport.relay) == way


@pytest.mark.parametrize("name", ["outbox", "sendgrid"])
def test_alerts_go_by_another_transport(tmp_path: Path, name: str) -> None:
    assert app(tmp_path, f'transport = "{name}"').alert_transport().name == name


@pytest.mark.parametrize(
    ("alerts", "words"),
    [
        ('transport = "smtp"\nsmtp_host = "mail.example.net"\nsmtp_tls = "none"', "alerts.smtp_tls"),
        ('transport = "pigeon"', "alerts.transport"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, alerts: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        app(tmp_path, alerts)


def test_a_url_that_is_none_is_refused_without_being_shown(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text(ISSUES)
    environ = {"NEWSLETTER_ALERTS_WEBHOOK_URL": "ftp://secret"}
    with pytest.raises(ConfigError, match=r"alerts.webhook_url is not what was expected") as refused:
        load_settings(tmp_path, TRANSPORT_SETTINGS, environ)
    assert "secret" not in str(refused.value)

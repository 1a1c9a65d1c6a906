from datetime import timedelta
from pathlib import Path

from newsletter.config import setting_rows
from newsletter.delivery.transports import TRANSPORT_SETTINGS
from tests.config.written import settings_of


def test_every_default_is_a_setting_that_loads(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "")
    assert settings.mail.transport == "outbox"
    assert settings.schedule.catch_up == timedelta(hours=48)
    assert settings.store_url == f"sqlite:///{tmp_path / 'subscribers.db'}"


def test_every_setting_has_help() -> None:
    assert all(row.help.endswith(".") for row in setting_rows(TRANSPORT_SETTINGS))


def test_every_number_has_an_end() -> None:
    endless = [
        row.name
        for row in setting_rows(TRANSPORT_SETTINGS)
        if row.type is int and (row.form is None or row.form.fits(10**12) or not row.form.fits(row.default))
    ]
    assert endless == []

from dataclasses import fields
from datetime import timedelta
from pathlib import Path

from newsletter.config import Settings, TransportName, setting_fields
from tests.config.written import settings_of


def test_every_default_is_a_setting_that_loads(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "")
    assert settings.transport is TransportName.OUTBOX
    assert settings.catch_up == timedelta(hours=48)
    assert settings.store_url == f"sqlite:///{tmp_path / 'subscribers.db'}"


def test_every_setting_has_help() -> None:
    assert all(row.metadata["help"].endswith(".") for row in setting_fields())


def test_each_setting_stands_in_the_class_of_its_section() -> None:
    rows = [
        (section.__name__.lower(), row.metadata["name"])
        for section in Settings.__bases__
        for row in fields(section)
    ]
    assert [name for section, name in rows if name.partition(".")[0] != section] == []


def test_no_two_sections_use_one_name() -> None:
    names = [row.name for row in setting_fields()]
    assert sorted(names) == sorted(set(names))

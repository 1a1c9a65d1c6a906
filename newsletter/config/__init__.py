"""The settings: declared in settings.py, read from newsletter.toml and the environment by reading.py."""

from newsletter.config.reading import (
    FILE_NAME,
    explain_settings,
    load_settings,
    place_in_file,
    setting_rows,
)
from newsletter.config.rows import SEND_LIMIT, Row, Section, Transports, env_name, is_this_machine, setting
from newsletter.config.settings import (
    Approval,
    ChangedFigures,
    Settings,
    ThinWeek,
    Tls,
    Weekday,
    sqlite_url,
    template_folders,
)
from newsletter.config.values import HIDDEN, toml_value, without_password

__all__ = [
    "FILE_NAME",
    "HIDDEN",
    "SEND_LIMIT",
    "Approval",
    "ChangedFigures",
    "Row",
    "Section",
    "Settings",
    "ThinWeek",
    "Tls",
    "Transports",
    "Weekday",
    "env_name",
    "explain_settings",
    "is_this_machine",
    "load_settings",
    "place_in_file",
    "setting",
    "setting_rows",
    "sqlite_url",
    "template_folders",
    "toml_value",
    "without_password",
]

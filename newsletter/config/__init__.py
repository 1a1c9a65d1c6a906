"""The settings: a table in code (sections/), read from `newsletter.toml` and the environment (reading.py), checked (checks.py)."""

from newsletter.config.checks import SEND_LIMIT, require_ready_to_send
from newsletter.config.reading import SettingInForce, explain_settings, load_settings
from newsletter.config.settings import (
    AlertTransport,
    Approval,
    ChangedFigures,
    Settings,
    ThinWeek,
    Tls,
    TransportName,
    Weekday,
    env_name,
    setting_fields,
)
from newsletter.config.values import FILE_NAME

__all__ = [
    "FILE_NAME",
    "SEND_LIMIT",
    "AlertTransport",
    "Approval",
    "ChangedFigures",
    "SettingInForce",
    "Settings",
    "ThinWeek",
    "Tls",
    "TransportName",
    "Weekday",
    "env_name",
    "explain_settings",
    "load_settings",
    "require_ready_to_send",
    "setting_fields",
]

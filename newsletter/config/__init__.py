"""The settings: declared in settings.py, read from newsletter.toml and the environment by reading.py."""

from newsletter.config.reading import (
    FILE_NAME,
    explain_settings,
    load_settings,
    place_in_file,
    setting_rows,
)
from newsletter.config.ready import require_ready_to_send
from newsletter.config.rows import SEND_LIMIT, Row, env_name, is_this_machine
from newsletter.config.settings import (
    AlertTransport,
    Approval,
    ChangedFigures,
    Settings,
    ThinWeek,
    Tls,
    TransportName,
    Weekday,
)

__all__ = [
    "FILE_NAME",
    "SEND_LIMIT",
    "AlertTransport",
    "Approval",
    "ChangedFigures",
    "Row",
    "Settings",
    "ThinWeek",
    "Tls",
    "TransportName",
    "Weekday",
    "env_name",
    "explain_settings",
    "is_this_machine",
    "load_settings",
    "place_in_file",
    "require_ready_to_send",
    "setting_rows",
]

"""Settings from the text of a file, as tests write them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from newsletter.config import FILE_NAME, Settings, load_settings
from newsletter.delivery.transports import TRANSPORT_SETTINGS
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


def changed(settings: Settings, changes: Mapping[str, object]) -> Settings:
    """Return the settings with others in their place, by their names: {"mail.reply_to": "a@example.org"}."""
    by_section: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, value in changes.items():
        section, _, key = name.partition(".")
        by_section[section][key] = value
    sections: dict[str, Any] = {}
    transports = {type(each): each for each in settings.transports}
    for section, values in by_section.items():
        if (kind := TRANSPORT_SETTINGS.get(section)) is not None:
            transports[kind] = replace(settings.section(kind), **values)  # type: ignore[type-var]  # a dataclass
        else:
            sections[section] = replace(getattr(settings, section), **values)
    return replace(settings, transports=tuple(transports.values()), **sections)


def settings_of(folder: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return load_settings(folder, TRANSPORT_SETTINGS, environ or {})


def complaint(folder: Path, text: str, environ: dict[str, str] | None = None) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        settings_of(folder, text, environ)
    assert "\n" not in str(caught.value)
    return caught.value

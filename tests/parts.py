"""Optional system parts a test may need. Absent, the test skips with the reason; under CI=true it fails."""

import os
import shutil
from pathlib import Path

import pytest

#: The Debian package, and what to look for on the PATH: the first that is there.
PARTS = {
    # The shell is Chromium without windows, and makes a page in a quarter of the time.
    "chromium": ("chromium-headless-shell", "chromium-headless-shell", "chromium"),
    "smtp-sink": ("postfix", "smtp-sink"),
    "postfix": ("postfix", "postfix"),
    "spamassassin": ("spamassassin", "spamassassin"),
    "node": ("nodejs", "node"),
}
#: What tests/fonts.conf names, by the package that brings it.
FONTS = {
    "fonts-liberation": "truetype/liberation*/LiberationSans-Regular.ttf",
    "fonts-dejavu-core": "truetype/dejavu/DejaVuSans.ttf",
}


def require_part(name: str) -> str:
    """Return the path of a system part; skip the calling test where it is absent."""
    package, *programs = PARTS[name]
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    found = next(filter(None, (shutil.which(program, path=path) for program in programs)), "")
    return found or _do_without(name, package)


def require_fonts() -> None:
    """Skip the calling test where the fonts are absent by whose widths it measures."""
    for package, file in FONTS.items():
        if not any(Path("/usr/share/fonts").glob(file)):
            _do_without("a font", package)


def _do_without(name: str, package: str) -> str:
    reason = f"{name} is not installed (Debian package {package}); `make parts` installs it where it may"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)

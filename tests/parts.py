"""Optional system parts a test may need. Absent, the test skips with the reason; under CI=true it fails."""

import os
import shutil

import pytest

#: What to look for on the PATH, and the Debian package that brings it.
PARTS = {
    "chromium": ("chromium", "chromium"),
    "smtp-sink": ("smtp-sink", "postfix"),
    "postfix": ("postfix", "postfix"),
    "spamassassin": ("spamassassin", "spamassassin"),
    "node": ("node", "nodejs"),
}


def require_part(name: str) -> str:
    """The path of a system part; skips the calling test where it is absent."""
    program, package = PARTS[name]
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is not None:
        return found
    reason = f"{name} is not installed (Debian package {package}); `make parts` installs it where it may"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)

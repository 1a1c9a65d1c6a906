"""Whether the package imported as `newsletter` is this program's own: django-newsletter installs one of that name, too.

Two distributions that write into one folder overwrite each other's files without a word. The look is cheap, since every
command begins with it: no metadata is read unless the other distribution is there.
"""

from pathlib import Path

import newsletter

NAME = "weekly-verdicts-newsletter"
_OTHER = "django-newsletter"


def fault_of_package(folder: Path = Path(__file__).parent) -> str:
    """Return in one sentence why the package in `folder` cannot be trusted; empty: it is ours, whole and alone."""
    remedy = f"install {NAME} into an environment of its own"
    records = folder.parent.glob(f"{_OTHER.replace('-', '_')}-*.dist-info/RECORD")
    if any("newsletter/" in each.read_text(encoding="utf-8", errors="replace") for each in records):
        return f"{_OTHER} is installed here too and writes into the same folder, {folder}: {remedy}"
    if getattr(newsletter, "DISTRIBUTION", "") != NAME:
        return f"another distribution has overwritten {folder}/__init__.py, or removed it: {remedy}"
    return ""

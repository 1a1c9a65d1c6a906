"""An installation for a test: made by the program once in a process, then copied."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from newsletter.installation import make_installation


def install(folder: Path, *, example: bool = False) -> None:
    """What `make_installation` makes, in a tenth of its time; the keys are those of every other copy."""
    shutil.copytree(Path(_made(example=example).name), folder, dirs_exist_ok=True)


@cache
def _made(*, example: bool) -> TemporaryDirectory[str]:
    kept = TemporaryDirectory(prefix="newsletter-installed-")
    make_installation(Path(kept.name), example=example)
    return kept

"""Commands of this program as its messages suggest them: a line that a shell takes as it is printed.

A process works for one installation. Where its folder was named on the command line, or where what is said is read elsewhere (a log, an
alert), the lines name it; otherwise whoever reads them stands in it, or has NEWSLETTER_FOLDER set.
"""

import shlex
from pathlib import Path

_named: list[str] = []


def suggest(*words: object) -> str:
    """Return the command line, each word quoted where a shell needs it; words in capitals are for the reader to fill in."""
    return shlex.join(("newsletter", *_named, *map(str, words)))


def name_folder(folder: Path | None) -> None:
    """Let lines name this folder from now on in this process; None: no folder."""
    _named[:] = ["--folder", str(folder.absolute())] if folder else []

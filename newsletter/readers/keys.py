"""The key files: the list of keys that sign readers' links, and the one key of the suppression list.

A file holds one key a line, as URL-safe base64; lines that begin with # are comments. Of the link keys the
newest stands last and signs; the older ones verify for ever, because an unsubscribe link never expires.
The suppression key is never changed: every hash in the list was made with it. What the keys are used for is
in links.py and suppression.py.
"""

import base64
import binascii
import hashlib
import os
import secrets
import stat
import tempfile
from pathlib import Path

from newsletter.config import Settings
from newsletter.errors import BadInput, Place

KEY_BYTES = 32

_LINK_COMMENT = (
    "# Keys that sign readers' links, newest last. Keep them all: links in mails already sent need them.\n"
)
_SUPPRESSION_COMMENT = (
    "# The key of the suppression list. Never change it: the list would forget everybody on it.\n"
)


def make_link_keys(path: Path) -> None:
    """Make a key list with one key; refuses to replace an existing file."""
    _make(path, _LINK_COMMENT + _new_line())


def make_suppression_key(path: Path) -> None:
    """Make the suppression key; refuses to replace an existing file."""
    _make(path, _SUPPRESSION_COMMENT + _new_line())


def rotate_link_keys(path: Path) -> int:
    """Add a new key, which signs from now on; returns how many there are. The file changes at once or not at all."""
    keys = read_link_keys(path)
    text = path.read_text(encoding="ascii")
    _replace(path, text.rstrip("\n") + "\n" + _new_line())
    return len(keys) + 1


def read_link_keys(path: Path) -> tuple[bytes, ...]:
    """Read the keys, newest last; raises BadInput when the file is missing, empty, damaged or open to others."""
    return _read(path)


def read_suppression_key(path: Path) -> bytes:
    """Read the suppression key; raises BadInput when the file is missing, damaged or open to others."""
    keys = _read(path)
    if len(keys) != 1:
        raise BadInput(f"here must be one key and there are {len(keys)}: it is never rotated", Place(path))
    return keys[0]


def fingerprint(key: bytes) -> str:
    """Return what tells a key from others and gives nothing of it away: 16 hexadecimal digits."""
    return hashlib.blake2b(key, digest_size=8, person=b"fingerprint").hexdigest()


def add_link_keys(path: Path, older: Path) -> None:
    """Add what another key list has and this one has not, as older keys: the one that signs stays."""
    keys = read_link_keys(path)
    missing = [each for each in read_link_keys(older) if each not in keys]
    if missing:
        _replace(path, _LINK_COMMENT + "".join(_line(each) for each in (*missing, *keys)))


def require_keys(settings: Settings) -> None:
    """Raise BadInput unless both key files can be read: what leaves without them could not be sent to its end."""
    read_link_keys(settings.path(settings.paths.link_keys))
    read_suppression_key(settings.path(settings.paths.suppression_key))


def _new_line() -> str:
    return _line(secrets.token_bytes(KEY_BYTES))


def _line(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode("ascii") + "\n"


def _make(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise BadInput("there are keys here already; they are never replaced", Place(path)) from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _read(path: Path) -> tuple[bytes, ...]:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError as error:
        raise BadInput(f"the key file cannot be read: {error.strerror}", Place(path)) from error
    except UnicodeDecodeError as error:
        raise BadInput("this is not a key file: keys are URL-safe base64", Place(path)) from error
    if mode & 0o077:
        raise BadInput(f"others can read this key file (mode {mode:04o}). Run: chmod 600 {path}", Place(path))
    keys = tuple(
        _key(line.strip(), Place(path, number))
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.startswith("#")
    )
    if not keys:
        raise BadInput("there is no key in this file", Place(path))
    return keys


def _key(line: str, place: Place) -> bytes:
    try:
        key = base64.b64decode(line, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput("this is not a key: keys are URL-safe base64", place) from error
    if len(key) < KEY_BYTES:
        raise BadInput(f"this key has {len(key)} bytes; {KEY_BYTES} are needed", place)
    return key

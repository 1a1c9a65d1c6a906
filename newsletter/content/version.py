"""Which state `content.db` is in: a number that is another one after every commit, by whatever process."""

import os
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock


@dataclass(slots=True)
class DataVersion:
    """Watches one file. SQLite counts commits for each connection anew, so one is kept, and opened again for another file."""

    path: Path
    _connection: sqlite3.Connection | None = None
    _file: tuple[int, int] = (0, 0)
    _opened: int = 0
    _lock: Lock = field(default_factory=Lock)

    def read(self) -> str:
        """The same text as before while nothing was committed; empty where there is no file."""
        with self._lock:
            try:
                found = os.stat(self.path)
            except FileNotFoundError:
                return ""
            if self._connection is None or self._file != (found.st_dev, found.st_ino):
                self._open((found.st_dev, found.st_ino))
            assert self._connection is not None
            [version] = self._connection.execute("PRAGMA data_version").fetchone()
            return f"{self._opened}.{version}"

    def _open(self, file: tuple[int, int]) -> None:
        self.close()
        uri = f"{self.path.resolve().as_uri()}?mode=ro"
        self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        self._file, self._opened = file, self._opened + 1

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

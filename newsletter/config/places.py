"""Where in `newsletter.toml` a setting stands."""

from pathlib import Path

from newsletter.errors import Place

FILE_NAME = "newsletter.toml"


def place_in_file(file: Path, name: str) -> Place:
    """The line of `name` in the file: the first line that assigns its last part in its section."""
    section, _, key = name.rpartition(".")
    inside = not section
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else []
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if stripped.startswith("["):
            inside = stripped.strip("[] ") == section
        elif inside and stripped.split("=")[0].strip() in (key, f"{key}_file"):
            return Place(file, number)
    return Place(file)

"""Reads the settings from newsletter.toml and the environment, which wins. The only reader of both.

Secrets come from the environment or from a file that the setting names, never from newsletter.toml itself.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from newsletter.commands import suggest
from newsletter.config.rows import Row, Section, Transports, env_name, rows_of
from newsletter.config.settings import SECTIONS, Settings
from newsletter.config.values import convert, shown
from newsletter.errors import ConfigError, LanguageError, Place

FILE_NAME = "newsletter.toml"

#: Settings that earlier releases had, and what to write instead.
RETIRED = {
    "schedule.jobs": "schedule.jobs is gone, since the built-in jobs always run: name your own modules in "
    "schedule.extra_jobs, and built-in jobs that shall not run in schedule.disabled_jobs",
}

#: Sections that had another name, and the one they have now.
_RENAMED = {"feedback": "bounces"}


def setting_rows(transports: Transports) -> tuple[Row, ...]:
    """Return the table of settings, by section; those of `transports` come last."""
    theirs = {name: section for name, section in transports.items() if section is not None}
    return tuple(rows_of({**SECTIONS, **theirs}, transports))


def load_settings(folder: Path, transports: Transports, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of `folder`; raises ConfigError that names the first wrong one."""
    return _Given.read(folder, transports, environ).settings()


def explain_settings(
    folder: Path, transports: Transports, environ: Mapping[str, str] | None = None
) -> tuple[tuple[Row, Any, Place | None], ...]:
    """Return every setting of `folder`, its value and where that was given; None: the default holds.

    Raises ConfigError as `load_settings` does.
    """
    given = _Given.read(folder, transports, environ)
    settings = given.settings()
    return tuple((row, settings.value(row), given.place(row) if row in given else None) for row in given.rows)


def place_in_file(file: Path, name: str) -> Place:
    """Return the line of setting `name` in the file: the first that assigns its key in its section."""
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


@dataclass(frozen=True, slots=True)
class _Given:
    """What the file and the environment say, by the names of settings."""

    file: Path
    values: Mapping[str, Any]
    environ: Mapping[str, str]
    rows: Sequence[Row]

    @classmethod
    def read(cls, folder: Path, transports: Transports, environ: Mapping[str, str] | None) -> "_Given":
        """Read both; raises ConfigError where one of them names a setting that there is not."""
        file = folder / FILE_NAME
        if not file.is_file():
            raise ConfigError(
                f"there is no newsletter here. Make one with: {suggest('init')}",
                setting="",
                place=Place(file),
            )
        rows = setting_rows(transports)
        values = _with_secrets(_flatten(_read_toml(file), file), rows, file)
        given = cls(file, values, os.environ if environ is None else environ, rows)
        given._refuse_unknown()
        return given

    def __contains__(self, row: Row) -> bool:
        return row.variable in self.environ or row.name in self.values

    def place(self, row: Row) -> Place:
        if row.variable in self.environ:
            return _place_of_variable(row.variable)
        return place_in_file(self.file, row.name)

    def settings(self) -> Settings:
        """Return the settings, checked; raises ConfigError for the first that makes no sense."""
        sections: dict[str, Section] = {}
        for name, rows in groupby(self.rows, key=lambda row: row.section):
            own = list(rows)
            sections[name] = own[0].section_class(**{row.key: self._value(row) for row in own if row in self})
        for row in self.rows:
            if fault := _fault(row, getattr(sections[row.section], row.key)):
                raise self._wrong(row, fault)
        by_name = {row.name: row for row in self.rows}
        for name, section in sections.items():
            if (found := section.fault()) is not None:
                raise self._wrong(by_name[f"{name}.{found[0]}"], found[1])
        ours = {name: section for name, section in sections.items() if name in SECTIONS}
        theirs = tuple(section for name, section in sections.items() if name not in SECTIONS)
        settings = Settings(folder=self.file.parent, transports=theirs, **ours)  # type: ignore[arg-type]  # by name
        self._check_language(settings)
        return settings

    def _check_language(self, settings: Settings) -> None:
        """Refuse a language that mails could not be written in; English always can be."""
        tag = settings.site.language
        if tag != "en" and not tag.startswith("en-"):
            try:
                _ = settings.language
            except LanguageError as error:
                row = next(row for row in self.rows if row.name == "site.language")
                raise self._wrong(row, f"cannot be {shown(tag)}: {error}") from error

    def _value(self, row: Row) -> Any:
        raw = self.environ.get(row.variable, self.values.get(row.name))
        try:
            return convert(raw, row.type)
        except ValueError as error:
            raise self._wrong(row, str(error)) from error

    def _wrong(self, row: Row, fault: str) -> ConfigError:
        return ConfigError(f"{row.name} {fault}", setting=row.name, place=self.place(row))

    def _refuse_unknown(self) -> None:
        """Refuse what is no setting; a variable that begins like a section's is one, or misspelt."""
        known = {row.name for row in self.rows}
        for name in self.values:
            if name not in known:
                raise ConfigError(
                    RETIRED.get(name) or f"there is no setting {name}; {_what_to_do(name)}",
                    setting=name,
                    place=place_in_file(self.file, name),
                )
        variables = {row.variable for row in self.rows}
        sections = tuple(
            {env_name(row.section) + "_" for row in self.rows} | {env_name(name) + "_" for name in _RENAMED}
        )
        for variable in sorted(self.environ):
            if variable.startswith(sections) and variable not in variables:
                name = variable.removeprefix("NEWSLETTER_").replace("_", ".", 1).lower()
                raise ConfigError(
                    RETIRED.get(name) or f"there is no such setting; {_what_to_do(name)}",
                    setting="",
                    place=_place_of_variable(variable),
                )


def _what_to_do(name: str) -> str:
    section, _, key = name.partition(".")
    if section in _RENAMED:
        now = f"{_RENAMED[section]}.{key}"
        return f"[{section}] is called [{_RENAMED[section]}] now: set {now} or {env_name(now)}"
    return "see docs/reference/settings.md"


def _fault(row: Row, value: Any) -> str:
    """Return what is wrong with the value of one setting; empty: nothing."""
    if value == "":
        wanted = row.form.wanted if row.form else "a text"
        return f"is empty, but {wanted} was expected" if row.never_empty else ""
    if isinstance(value, str) and "\n" in value and not row.multiline:
        return "has several lines, but one was expected"
    if row.choices and value not in row.choices:
        return f"is {shown(value)}, but one of {', '.join(row.choices)} was expected"
    if row.form is None:
        return ""
    wrong = [each for each in (value if isinstance(value, tuple) else (value,)) if not row.form.fits(each)]
    if not wrong:
        return ""
    if not row.form.may_be_shown:
        return f"is not what was expected: {row.form.wanted}"
    verb = "has" if isinstance(value, tuple) else "is"
    return f"{verb} {shown(wrong[0])}, but {row.form.wanted} was expected"


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _refuse_repeated_sections(file, text)
        raise ConfigError(f"this is not TOML: {error}", setting="", place=Place(file)) from error
    except (UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"this cannot be read: {error}", setting="", place=Place(file)) from error


def _refuse_repeated_sections(file: Path, text: str) -> None:
    """Say so where a section was pasted below one that is there already: the parser's words for it are its own."""
    first: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        section = line.partition("#")[0].strip()
        if section.startswith("[") and first.setdefault(section, number) != number:
            raise ConfigError(
                f"{section} begins here and in line {first[section]}: put its settings under one of them",
                setting="",
                place=Place(file, number),
            )


def _flatten(table: dict[str, Any], file: Path) -> dict[str, Any]:
    """Return the values by the full names of their settings."""
    flat = {}
    for section, values in table.items():
        if not isinstance(values, dict):
            raise ConfigError(
                f"{section} stands outside a section such as [site]",
                setting=section,
                place=place_in_file(file, section),
            )
        flat.update({f"{section}.{key}": value for key, value in values.items()})
    return flat


def _with_secrets(values: dict[str, Any], rows: Iterable[Row], file: Path) -> dict[str, Any]:
    """Return the values, with the content of the file that `smtp.password_file` names as `smtp.password`."""
    read = dict(values)
    for row in rows:
        if not row.secret:
            continue
        if row.name in values:
            raise ConfigError(
                f"{row.name} is a secret: set {row.variable}, or name a file in {row.name}_file",
                setting=row.name,
                place=place_in_file(file, row.name),
            )
        named = f"{row.name}_file"
        if named in read:
            read[row.name] = _read_secret(file, named, read.pop(named))
    return read


def _read_secret(file: Path, name: str, value: Any) -> str:
    try:
        return (file.parent / str(value)).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(
            f"{name}: the file {value} cannot be read: {error.strerror}",
            setting=name,
            place=place_in_file(file, name),
        ) from error


def _place_of_variable(name: str) -> Place:
    return Place(f"environment variable {name}")

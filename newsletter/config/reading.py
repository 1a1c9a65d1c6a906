"""Reads the settings from `newsletter.toml` and the environment, which overrides the file. The only reader of both.

Secrets come from the environment or from a file that the setting names, never from `newsletter.toml` itself.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass
from pathlib import Path
from typing import Any

from newsletter.config.checks import check_settings
from newsletter.config.settings import Settings, env_name, setting_fields
from newsletter.config.values import FILE_NAME, convert, place_in_file
from newsletter.errors import ConfigError, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingInForce:
    """One setting as it is now; `place` is None where the default holds."""

    name: str
    value: Any
    place: Place | None
    secret: bool


@dataclass(frozen=True, slots=True)
class _Given:
    """What the file and the environment say, not yet looked at."""

    file: Path
    rows: Mapping[str, Any]
    environ: Mapping[str, str]

    def raw(self, name: str) -> Any:
        """What was given for a setting; None where nothing was."""
        return self.environ.get(env_name(name), self.rows.get(name))

    def place(self, name: str) -> Place:
        variable = env_name(name)
        return _variable(variable) if variable in self.environ else place_in_file(self.file, name)


def load_settings(folder: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of `folder`; raises ConfigError that names the first wrong one."""
    return _settings(folder, _read(folder, environ))


def explain_settings(folder: Path, environ: Mapping[str, str] | None = None) -> tuple[SettingInForce, ...]:
    """Every setting of `folder` with where its value comes from; raises ConfigError as `load_settings` does."""
    given = _read(folder, environ)
    settings = _settings(folder, given)
    return tuple(_in_force(row, settings, given) for row in setting_fields())


def _in_force(row: Field[Any], settings: Settings, given: _Given) -> SettingInForce:
    name = row.metadata["name"]
    return SettingInForce(
        name=name,
        value=getattr(settings, row.name),
        place=None if given.raw(name) is None else given.place(name),
        secret=row.metadata["secret"],
    )


def _settings(folder: Path, given: _Given) -> Settings:
    rows = [row for row in setting_fields() if given.raw(row.metadata["name"]) is not None]
    settings = Settings(folder=folder, **{row.name: _value(row, given) for row in rows})
    check_settings(settings, given.place)
    return settings


def _value(row: Field[Any], given: _Given) -> Any:
    name = row.metadata["name"]
    try:
        return convert(given.raw(name), row.type)
    except ValueError as error:
        raise ConfigError(f"{name} {error}", setting=name, place=given.place(name)) from error


def _read(folder: Path, environ: Mapping[str, str] | None) -> _Given:
    file = folder / FILE_NAME
    if not file.is_file():
        raise ConfigError(
            "there is no newsletter here. Make one with: newsletter init", setting="", place=Place(file)
        )
    rows = _with_secrets(_flatten(_read_toml(file), file), file)
    given = _Given(file, rows, os.environ if environ is None else environ)
    _refuse_unknown(given)
    return given


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
    """ "site.name" and what it is."""
    flat = {}
    for section, rows in table.items():
        if not isinstance(rows, dict):
            raise ConfigError(
                f"{section} stands outside a section such as [site]",
                setting=section,
                place=place_in_file(file, section),
            )
        flat.update({f"{section}.{name}": value for name, value in rows.items()})
    return flat


def _with_secrets(rows: dict[str, Any], file: Path) -> dict[str, Any]:
    """The rows, with the content of the file that `smtp.password_file` names as `smtp.password`."""
    secrets = {row.metadata["name"] for row in setting_fields() if row.metadata["secret"]}
    for name in secrets & rows.keys():
        raise ConfigError(
            f"{name} is a secret: set {env_name(name)}, or name a file in {name}_file",
            setting=name,
            place=place_in_file(file, name),
        )
    named = {name: f"{name}_file" for name in secrets if f"{name}_file" in rows}
    kept = {name: value for name, value in rows.items() if name not in named.values()}
    return kept | {name: _read_secret(file, key, rows[key]) for name, key in named.items()}


def _read_secret(file: Path, name: str, value: Any) -> str:
    try:
        return (file.parent / str(value)).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(
            f"{name}: the file {value} cannot be read: {error.strerror}",
            setting=name,
            place=place_in_file(file, name),
        ) from error


#: Settings that earlier releases had, and what to write instead.
RETIRED = {
    "schedule.jobs": "schedule.jobs is gone, since the built-in jobs always run: name your own modules in "
    "schedule.extra_jobs, and built-in jobs that shall not run in schedule.disabled_jobs",
}


def _refuse_unknown(given: _Given) -> None:
    """A variable that begins like a section's is a setting, and a misspelt one is a fault, as it is in the file."""
    known = [row.metadata["name"] for row in setting_fields()]
    for name in given.rows:
        if name not in known:
            raise ConfigError(
                RETIRED.get(name, f"there is no setting {name}; see docs/reference/settings.md"),
                setting=name,
                place=place_in_file(given.file, name),
            )
    variables = {env_name(name) for name in known}
    retired = {env_name(name): words for name, words in RETIRED.items()}
    sections = tuple({env_name(name.partition(".")[0]) + "_" for name in known})
    for variable in sorted(given.environ):
        if variable.startswith(sections) and variable not in variables:
            raise ConfigError(
                retired.get(variable, "there is no such setting; see docs/reference/settings.md"),
                setting="",
                place=_variable(variable),
            )


def _variable(name: str) -> Place:
    return Place(f"environment variable {name}")

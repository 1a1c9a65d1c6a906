"""What a job is, what can come of a turn, and how job modules are loaded: the built-in ones and an operator's own.

A job module names itself (`NAME`), says when it is due (`schedule(settings)`) and does it (`run(app, slot)`). It may say
what is left to do once the catch-up limit has passed (`give_up(app, slot)`), and a built-in one whether these settings
want it at all (`is_wanted(settings)`).
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import newsletter
from newsletter.config import FILE_NAME, Settings
from newsletter.errors import ConfigError, Place
from newsletter.schedule.slots import Schedule, Slot


@dataclass(frozen=True, slots=True)
class Done:
    """The turn is over; `words` say in one sentence what came of it."""

    words: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not yet: the job is asked again at each tick, until the catch-up limit."""

    words: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """The turn is over and its work was not done. The operator is told, once under `alert_key`.

    Without a key it is one of the job's and slot's own; a job names one when somebody may have said the same before.
    """

    words: str
    alert_key: str = ""


Result = Done | Waiting | Skipped

Turn = Callable[[Slot], Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job with its schedule. `give_up` takes the place of `run` once the catch-up limit has passed."""

    name: str
    schedule: Schedule
    run: Turn
    give_up: Turn | None = None


def load_jobs(settings: Settings, app: object) -> tuple[Job, ...]:
    """Return the built-in jobs and the operator's own, bound to `app`; raises ConfigError naming the first wrong one."""
    built_in = [_load_file(f"newsletter_jobs.{file.stem}", file) for file in built_in_files()]
    names = sorted(module.NAME for module in built_in)
    for name in settings.schedule.disabled_jobs:
        if name not in names:
            words = f"schedule.disabled_jobs names {name}, but no built-in job is called that; there are {', '.join(names)}"
            raise _wrong(settings.folder, words, "schedule.disabled_jobs")
    wanted = [
        each
        for each in built_in
        if each.NAME not in settings.schedule.disabled_jobs and _is_wanted(each, settings)
    ]
    jobs: dict[str, Job] = {}
    for module in (*wanted, *(_load(name, settings.folder) for name in settings.schedule.extra_jobs)):
        job = _bind(module, settings, app)
        if job.name in jobs:
            raise _wrong(
                settings.folder,
                f"the job module {module.__name__} calls itself {job.name}, as another job does",
            )
        jobs[job.name] = job
    return tuple(jobs.values())


def built_in_files() -> tuple[Path, ...]:
    """Return the files of the built-in jobs: in the wheel beside this package, in a checkout in its `jobs/`."""
    package = Path(newsletter.__file__).parent
    folder = next(each for each in (package / "_jobs", package.parent / "jobs") if each.is_dir())
    return tuple(sorted(each for each in folder.glob("*.py") if each.stem != "__init__"))


def _is_wanted(module: ModuleType, settings: Settings) -> bool:
    is_wanted = getattr(module, "is_wanted", None)
    return is_wanted is None or bool(is_wanted(settings))


def _load(name: str, folder: Path) -> ModuleType:
    """Load an operator's module: the file beside newsletter.toml, or else an installed one."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    file = folder.joinpath(*name.split(".")).with_suffix(".py")
    try:
        return _load_file(name, file) if file.is_file() else import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise _wrong(folder, f"schedule.extra_jobs names {name}, but there is no such module") from error
        raise _wrong(folder, f"the job module {name} needs {error.name}, which is not installed") from error
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise _wrong(folder, f"the job module {name} cannot be loaded: {reason}") from error


def _load_file(name: str, file: Path) -> ModuleType:
    spec = spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _bind(module: ModuleType, settings: Settings, app: object) -> Job:
    job_name = getattr(module, "NAME", None)
    if not isinstance(job_name, str) or not job_name:
        raise _wrong(settings.folder, f'the job module {module.__name__} must give its name: NAME = "…"')
    for function in ("schedule", "run"):
        if not callable(getattr(module, function, None)):
            raise _wrong(settings.folder, f"the job module {module.__name__} has no function {function}")
    schedule = module.schedule(settings)
    if not isinstance(schedule, Schedule):
        raise _wrong(
            settings.folder, f"schedule(settings) of the job module {module.__name__} must give a Schedule"
        )
    give_up = getattr(module, "give_up", None)
    return Job(
        name=job_name,
        schedule=schedule,
        run=lambda slot: _result(module, module.run(app, slot)),
        give_up=(lambda slot: _result(module, give_up(app, slot))) if give_up else None,
    )


def _result(module: ModuleType, result: object) -> Result:
    if isinstance(result, Done | Waiting | Skipped):
        return result
    raise TypeError(f"the job module {module.__name__} must give Done, Waiting or Skipped, not {result!r}")


def _wrong(folder: Path, words: str, setting: str = "schedule.extra_jobs") -> ConfigError:
    return ConfigError(words, setting=setting, place=Place(folder / FILE_NAME))

"""What a job is, what can come of a turn, and how the settings' job modules are loaded.

A job module names itself (`NAME`), says when it is due (`schedule(settings)`) and does it (`run(app, slot)`); it may
say what is left to do once the catch-up limit has passed (`give_up(app, slot)`).
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

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
    """The jobs of the settings' modules, bound to `app`; raises ConfigError naming the first wrong one.

    An operator's own module is found beside newsletter.toml or wherever Python finds modules.
    """
    jobs: dict[str, Job] = {}
    for name in settings.scheduled_jobs:
        job = _bind(_load(name, settings.folder), settings, app)
        if job.name in jobs:
            raise _wrong(settings.folder, f"two modules of schedule.jobs call themselves {job.name}")
        jobs[job.name] = job
    return tuple(jobs.values())


def _load(name: str, folder: Path) -> ModuleType:
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise _wrong(folder, f"schedule.jobs names {name}, but there is no such module") from error
        raise _wrong(folder, f"the job module {name} needs {error.name}, which is not installed") from error
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise _wrong(folder, f"the job module {name} cannot be loaded: {reason}") from error


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


def _wrong(folder: Path, words: str) -> ConfigError:
    return ConfigError(words, setting="schedule.jobs", place=Place(folder / FILE_NAME))

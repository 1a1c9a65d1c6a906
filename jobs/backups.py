"""Make a backup each night, where the settings want one."""

from datetime import time

from newsletter.app import App
from newsletter.backups.making import make_backup
from newsletter.config import Settings, Weekday
from newsletter.schedule.jobs import Done, Result
from newsletter.schedule.slots import Schedule, Slot

NAME = "backups"


def is_wanted(settings: Settings) -> bool:
    return settings.backups.nightly


def schedule(settings: Settings) -> Schedule:
    return Schedule(days=tuple(Weekday), time=time(2), zone=settings.zone)


def run(app: App, slot: Slot) -> Result:
    return Done(f"Made {make_backup(app.settings, app.clock.now()).name}.")

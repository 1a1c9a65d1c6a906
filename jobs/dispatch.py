"""Let the week's issue go at its slot, or hold it until somebody approves it."""

from newsletter.app import App
from newsletter.config import Settings
from newsletter.editing.weekly import dispatch_week, roll_over_week
from newsletter.schedule.jobs import Result
from newsletter.schedule.slots import Schedule, Slot, issue_schedule

NAME = "dispatch"


def schedule(settings: Settings) -> Schedule:
    return issue_schedule(settings)


def run(app: App, slot: Slot) -> Result:
    return dispatch_week(app, slot)


def give_up(app: App, slot: Slot) -> Result:
    return roll_over_week(app, slot)

"""Let the week's issue go at its slot, or hold it until somebody approves it."""

from newsletter.app import App
from newsletter.config import Settings
from newsletter.editing.schedule import dispatch_issue, roll_over_issue
from newsletter.schedule.jobs import Result
from newsletter.schedule.slots import Schedule, Slot, issue_schedule

NAME = "dispatch"


def schedule(settings: Settings) -> Schedule:
    return issue_schedule(settings)


def run(app: App, slot: Slot) -> Result:
    return dispatch_issue(app, slot)


def give_up(app: App, slot: Slot) -> Result:
    return roll_over_issue(app, slot)

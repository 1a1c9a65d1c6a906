"""Call a draft to mind that nobody has approved yet, shortly before its issue is due."""

from newsletter.app import App
from newsletter.config import Settings
from newsletter.editing.schedule import remind_of_issue
from newsletter.schedule.jobs import Result
from newsletter.schedule.slots import Schedule, Slot, issue_schedule

NAME = "remind"


def schedule(settings: Settings) -> Schedule:
    return issue_schedule(settings).before(settings.schedule.remind_before)


def run(app: App, slot: Slot) -> Result:
    return remind_of_issue(app, slot)


#: After the limit there is nothing to remind of, which is no news to anybody.
give_up = run

"""Draft the monthly issue, some time before it goes out."""

from newsletter.app import App
from newsletter.config import Settings
from newsletter.db.statuses import Edition
from newsletter.editing.schedule import prepare_issue
from newsletter.schedule.jobs import Result
from newsletter.schedule.slots import Schedule, Slot, issue_schedule

NAME = "monthly-draft"


def schedule(settings: Settings) -> Schedule:
    return issue_schedule(settings, Edition.MONTHLY).before(settings.schedule.draft_before)


def run(app: App, slot: Slot) -> Result:
    return prepare_issue(app, slot, Edition.MONTHLY)

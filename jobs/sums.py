"""Sum up what the report shows: who joined and left, and what became of issues that are long over; each night."""

from datetime import time

from newsletter.app import App
from newsletter.config import Settings, Weekday
from newsletter.editing.reports import remember
from newsletter.schedule.jobs import Done, Result
from newsletter.schedule.slots import Schedule, Slot

NAME = "sums"


def schedule(settings: Settings) -> Schedule:
    return Schedule(days=tuple(Weekday), time=time(3), zone=settings.zone)


def run(app: App, slot: Slot) -> Result:
    return Done(remember(app.database, app.clock.now()))


#: A night that was missed is no news: the next one does its work.
give_up = run

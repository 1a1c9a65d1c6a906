"""Call to mind, once, what a reader has not confirmed; each morning."""

from datetime import time

from newsletter.app import App
from newsletter.config import Settings, Weekday
from newsletter.schedule.jobs import Done, Result
from newsletter.schedule.slots import Schedule, Slot

NAME = "confirmations"


def schedule(settings: Settings) -> Schedule:
    return Schedule(days=tuple(Weekday), time=time(10), zone=settings.zone)


def run(app: App, slot: Slot) -> Result:
    reminded = app.subscribing.remind(app.settings.readers.remind_after, app.clock.now())
    return Done(f"Reminded {reminded} who had not confirmed.")


#: A morning that was missed is no news: the next one does its work.
give_up = run

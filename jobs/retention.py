"""Let go of what has been kept for its time: the unconfirmed, those who left long ago, records of mails; each night."""

from datetime import time

from newsletter.app import App
from newsletter.config import Settings, Weekday
from newsletter.delivery.erasing import Retention
from newsletter.editing.editors import forget_desk
from newsletter.schedule.jobs import Done, Result
from newsletter.schedule.slots import Schedule, Slot

NAME = "retention"


def schedule(settings: Settings) -> Schedule:
    return Schedule(days=tuple(Weekday), time=time(4), zone=settings.zone)


def run(app: App, slot: Slot) -> Result:
    settings = app.settings
    kept = Retention(
        unconfirmed=settings.readers.forget_unconfirmed_after,
        left=settings.retention.left,
        mails=settings.retention.mails,
        events=settings.retention.events,
    )
    gone = app.eraser.tidy(kept)
    forget_desk(app)
    return Done(
        f"Forgot {gone.unconfirmed} unconfirmed, {gone.left} who left, {gone.mails} records of mails."
    )


#: A night that was missed is no news: the next one does its work.
give_up = run

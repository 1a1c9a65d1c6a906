"""Count the votes whose time is over, and delete their marks; each night, before retention empties the log."""

from datetime import time

from newsletter.app import App
from newsletter.config import Settings, Weekday
from newsletter.digest.votes import alert_uncounted, close_votes
from newsletter.schedule.jobs import Done, Result
from newsletter.schedule.slots import Schedule, Slot

NAME = "votes"


def schedule(settings: Settings) -> Schedule:
    return Schedule(days=tuple(Weekday), time=time(3), zone=settings.zone)


def run(app: App, slot: Slot) -> Result:
    vote_for, now = app.settings.digest.vote_for, app.clock.now()
    with app.content() as content:
        closed = close_votes(app.database, content, vote_for=vote_for, now=now, name=app.settings.site.name)
    left = alert_uncounted(app.database, app.alerts.raise_once, vote_for=vote_for, now=now)
    waiting = f" {left} wait until content.db knows them." if left else ""
    return Done(f"Counted the votes on {closed} comparisons.{waiting}")


#: A night that was missed is no news: the next one does its work.
give_up = run

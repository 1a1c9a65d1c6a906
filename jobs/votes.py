"""Count the votes whose time is over, and delete their marks; each night, before retention empties the log."""

from datetime import time

from newsletter.app import App
from newsletter.config import Settings, Weekday
from newsletter.digest.votes import close_votes
from newsletter.schedule.jobs import Done, Result
from newsletter.schedule.slots import Schedule, Slot

NAME = "votes"


def schedule(settings: Settings) -> Schedule:
    return Schedule(days=tuple(Weekday), time=time(3), zone=settings.zone)


def run(app: App, slot: Slot) -> Result:
    settings, now = app.settings, app.clock.now()
    with app.content() as content:
        closed = close_votes(
            app.database, content, vote_for=settings.digest.vote_for, now=now, name=settings.site.name
        )
    return Done(f"Counted the votes on {closed} comparisons.")


#: A night that was missed is no news: the next one does its work.
give_up = run

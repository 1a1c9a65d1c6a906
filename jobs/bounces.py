"""Read the bounces, complaints and requests to leave that came by mail, every hour."""

from newsletter.app import App
from newsletter.config import Settings
from newsletter.delivery.bounces.mailbox import read_mailboxes
from newsletter.schedule.jobs import Done, Result
from newsletter.schedule.slots import Schedule, Slot, hourly_schedule

NAME = "bounces"


def schedule(settings: Settings) -> Schedule:
    return hourly_schedule(settings)


def is_wanted(settings: Settings) -> bool:
    return settings.reads_mail


def run(app: App, slot: Slot) -> Result:
    return Done(read_mailboxes(app.mailboxes(), app.report_handler, app.clock))


#: The mailbox keeps what came meanwhile: a late reading misses nothing.
give_up = run

"""A slot as a person names it."""

from datetime import date, datetime, timedelta

from newsletter.errors import BadInput
from newsletter.schedule.slots import NAME, Schedule, Slot, is_too_late, slot_words

_EXAMPLE = "2026-11-26T09:00"


def named_slot(schedule: Schedule, text: str, *, now: datetime, catch_up: timedelta) -> Slot:
    """The schedule's slot that `text` names, by local time or by day alone.

    Raises BadInput for what is no slot of the schedule, and for one that is over.
    """
    slot = schedule.slot(_local(schedule, text).strftime(NAME))
    words = slot_words(slot.name, schedule.zone)
    if not schedule.has(slot.name):
        following = next(schedule.after(datetime.fromisoformat(slot.name)))
        raise BadInput(
            f"No issue is due on {words}: the schedule's next after it is {following.name}. "
            "For one outside the schedule: newsletter draft --now"
        )
    if is_too_late(slot, now=now, catch_up=catch_up):
        raise BadInput(f"The slot {words} is over. For an issue outside the schedule: newsletter draft --now")
    return slot


def _local(schedule: Schedule, text: str) -> datetime:
    try:
        if len(text) == len("2026-11-26"):
            return datetime.combine(date.fromisoformat(text), schedule.time)
        local = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no slot: give a local time such as {_EXAMPLE}.") from error
    if local.tzinfo is not None:
        raise BadInput(
            f"{text!r} names a zone, but a slot is local time in {schedule.zone.key}, such as {_EXAMPLE}."
        )
    return local

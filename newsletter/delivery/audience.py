"""Whom an issue goes to: the rule, as a query to freeze by and as a check to repeat before every window."""

from collections.abc import Callable
from datetime import date

from sqlalchemy import Select, String, bindparam, case, literal, or_, select, type_coerce

from newsletter.db.schema import readers
from newsletter.db.statuses import Edition, ReaderStatus

#: Turns a reader's `address_key` into the hash under which the suppression list knows it.
AddressHash = Callable[[str], str]


def audience(edition: Edition, today: date) -> Select[tuple[int]]:
    """The ids of the readers that an issue of this edition may go to today.

    The suppression list knows keyed hashes only, so it is not asked here but before every window.
    """
    return select(readers.c.id).where(
        # Written out, not bound: only so can SQLite see that the index of those who may receive holds all it needs.
        readers.c.status == bindparam(None, ReaderStatus.ACTIVE, readers.c.status.type, literal_execute=True),
        readers.c.edition == edition,
        or_(readers.c.paused_until.is_(None), readers.c.paused_until <= today),
    )


#: Why a reader of the frozen audience may not receive the issue any more, in the words of their status or "paused";
#: NULL if they may. Asked of the database with `b_today`: read in Python, it would cost each reader two conversions.
SKIP_REASON = case(
    (readers.c.status != ReaderStatus.ACTIVE, type_coerce(readers.c.status, String)),
    (readers.c.paused_until > bindparam("b_today", type_=readers.c.paused_until.type), literal("paused")),
).label("skip_reason")

"""Rows of the table of settings: how editors check, test and approve an issue."""

from dataclasses import dataclass
from datetime import timedelta

from newsletter.config.choices import ChangedFigures
from newsletter.config.row import setting


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What holds at the editors' desk."""

    four_eyes: bool = setting(
        "desk.four_eyes", False, help="Whoever edited an issue may not approve it: somebody else has to."
    )
    desk_session: timedelta = setting(
        "desk.session", timedelta(days=30), help="How long an editor stays signed in at most."
    )
    desk_idle: timedelta = setting(
        "desk.idle", timedelta(days=7), help="How long without using the desk until an editor signs in again."
    )
    changed_figures: ChangedFigures = setting(
        "desk.changed_figures",
        ChangedFigures.HOLD,
        help="A figure that changed between approval and the slot: hold the issue back, or send it as approved. "
        "Either way the operator is told.",
    )
    test_group: tuple[str, ...] = setting(
        "desk.test_group", (), help="Addresses that a test send to the group goes to."
    )
    check_links: bool = setting(
        "desk.check_links",
        False,
        help="Whether newsletter check opens every link of the issue, and the desk has a button for it.",
    )

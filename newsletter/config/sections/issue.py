"""What is about an issue: when it goes out, and what it is made from."""

from dataclasses import dataclass
from datetime import timedelta

from newsletter.config.choices import Approval, ThinWeek, Weekday
from newsletter.config.row import setting

#: What the schedule does unless somebody says otherwise.
DEFAULT_JOBS = (
    "jobs.draft",
    "jobs.remind",
    "jobs.dispatch",
    "jobs.monthly_draft",
    "jobs.monthly_remind",
    "jobs.monthly_dispatch",
    "jobs.confirmations",
    "jobs.votes",
    "jobs.retention",
    "jobs.sums",
)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When an issue is made, approved and sent."""

    slot_day: Weekday = setting("schedule.day", Weekday.THU, help="The day on which the issue goes out.")
    slot_time: str = setting("schedule.time", "09:00", help="Local time at which it goes out, HH:MM.")
    monthly_day: int = setting(
        "schedule.monthly_day",
        1,
        help="The day of the month on which the monthly issue goes out; 31 is the last of any month.",
    )
    monthly_time: str = setting(
        "schedule.monthly_time", "09:00", help="Local time at which the monthly issue goes out, HH:MM."
    )
    time_zone: str = setting("schedule.time_zone", "UTC", help="IANA zone of every time of the schedule.")
    draft_before: timedelta = setting(
        "schedule.draft_before", timedelta(hours=24), help="How long before the slot the draft is built."
    )
    remind_before: timedelta = setting(
        "schedule.remind_before",
        timedelta(hours=3),
        help="How long before the slot an unapproved draft is called to mind.",
    )
    catch_up: timedelta = setting(
        "schedule.catch_up",
        timedelta(hours=48),
        help="How late a slot may still be done; later it is skipped, with an alert.",
    )
    approval: Approval = setting(
        "schedule.approval",
        Approval.REQUIRED,
        help="required: a person approves; automatic: a draft without errors goes out by itself.",
    )
    jobs: tuple[str, ...] = setting(
        "schedule.jobs",
        DEFAULT_JOBS,
        help="The job modules that serve loads; with a mailbox in [feedback], jobs.feedback comes by itself.",
    )


@dataclass(frozen=True, kw_only=True)
class Digest:
    """What goes into an issue."""

    thin_week: ThinWeek = setting(
        "digest.thin_week",
        ThinWeek.ROLL_OVER,
        help="What a week with too few items does: skip, send or roll-over.",
    )
    thin_below: int = setting("digest.thin_below", 2, help="Fewer items than this make a thin week.")
    item_limit: int = setting("digest.item_limit", 12, help="Most items in an issue.")
    clear_margin: int = setting(
        "digest.clear_margin", 5, help="Points between the means below which there is no clear pick."
    )
    team_seats: int = setting("digest.team_seats", 5, help="Seats of the team in the cost table.")
    team_messages: int = setting("digest.team_messages", 80, help="Messages per seat and day.")
    team_tokens: int = setting("digest.team_tokens", 1500, help="Tokens per message, half in, half out.")
    team_days: int = setting("digest.team_days", 22, help="Working days a month.")
    source_order: tuple[str, ...] = setting(
        "digest.source_order", (), help="Sources by name or site, the most trusted first: the last tie-break."
    )
    stale_after: timedelta = setting(
        "digest.stale_after",
        timedelta(days=180),
        help="The age from which a fact is stale, by the date of its statement.",
    )
    vote_for: timedelta = setting(
        "digest.vote_for",
        timedelta(days=5),
        help="How long readers may vote on an issue's comparisons once it goes out; 0h asks for no votes.",
    )

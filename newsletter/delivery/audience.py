"""Whom an issue goes to: the rule, as a query to freeze by and as a check to repeat before every window."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    case,
    literal,
    not_,
    or_,
    select,
    type_coerce,
)

from newsletter.db.schema import readers
from newsletter.db.statuses import Edition, ReaderStatus
from newsletter.digest.content import Followed, IssueContent, Rates
from newsletter.digest.costs import NO_PRICE
from newsletter.digest.wording import category_name, clip, money, token_count
from newsletter.readers.preferences import COLUMNS, NO_PREFERENCES, Preferences, from_columns
from newsletter.render.plan import (
    COSTS,
    TOOL_LINES,
    UNCHANGED,
    YOUR_TEAM,
    YOUR_TOOLS,
    YOUR_VOLUME,
    SlotName,
    is_personal,
    tool_block,
)

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


# What one reader's copy of an approved issue holds: which blocks of the plan, and what stands in its own slots.
#
# Everything comes from the letter that approval froze and from the reader's row. Names of blocks are those of the
# issues' templates; the common blocks stay for everybody, so that no copy is ever empty.

#: Names in the line of the tools without news, and the letters of each: providers limit what is put in for one reader.
NAMES, NAME_LETTERS = 8, 40


class Personal:
    """The personal side of one approved letter. `block_ids` are those of its plan, in the plan's order."""

    def __init__(self, letter: IssueContent, block_ids: Sequence[str]) -> None:
        self._ids = tuple(block_ids)
        self._topics = dict(_topics(letter))
        self._headings = {"more": "brief:", "cards": "card:", "lines": "line:"}
        self._followed = {each.tool_id: each for each in letter.followed}
        self._always = letter.lead is not None or bool(letter.changes or letter.weeks)
        costs = letter.lead.costs if letter.lead is not None else None
        self._rates: Rates | None = costs.rates if costs is not None and YOUR_VOLUME in self._ids else None

    def program(self, preferences: Preferences) -> tuple[str, ...]:
        """The blocks of a reader with these preferences, in the plan's order."""
        left_out = {*self._other_topics(preferences), *self._replaced(preferences)}
        left_out |= {head for head, start in self._headings.items() if self._is_bare(start, left_out)}
        wanted = {*self._own_tools(preferences), *self._own_costs(preferences)}
        return tuple(
            each for each in self._ids if each not in left_out and (each in wanted or not is_personal(each))
        )

    def values(self, preferences: Preferences) -> dict[str, str]:
        """What the reader's own slots hold; those that no block of the program has may be missing."""
        values = {SlotName.UNCHANGED.value: _named([each.name for each in self._without_news(preferences)])}
        rates = self._rates
        if rates is not None and preferences.monthly_tokens:
            values |= {
                SlotName.VOLUME: f"{_volume(preferences.monthly_tokens)} tokens a month",
                SlotName.VOLUME_LEFT: _cost(rates.left, preferences.monthly_tokens),
                SlotName.VOLUME_RIGHT: _cost(rates.right, preferences.monthly_tokens),
            }
        if rates is not None and preferences.team_size:
            tokens = preferences.team_size * rates.seat_tokens
            values |= {
                SlotName.TEAM: f"Team of {preferences.team_size:,}",
                SlotName.TEAM_LEFT: _cost(rates.left, tokens),
                SlotName.TEAM_RIGHT: _cost(rates.right, tokens),
            }
        return values

    def _other_topics(self, preferences: Preferences) -> set[str]:
        """The briefs and cards on what the reader did not ask for; none when nothing else would be left."""
        chosen = {category_name(each).casefold() for each in preferences.topics}
        if not chosen:
            return set()
        others = {block for block, topic in self._topics.items() if topic and topic.casefold() not in chosen}
        return others if self._always or len(others) < len(self._topics) else set()

    def _is_bare(self, start: str, left_out: set[str]) -> bool:
        return all(each in left_out for each in self._ids if each.startswith(start))

    def _replaced(self, preferences: Preferences) -> set[str]:
        return {COSTS} if any(True for _ in self._own_costs(preferences)) else set()

    def _own_costs(self, preferences: Preferences) -> Iterator[str]:
        if self._rates is None:
            return
        if preferences.monthly_tokens:
            yield YOUR_VOLUME
        if preferences.team_size and self._rates.seat_tokens:
            yield YOUR_TEAM

    def _own_tools(self, preferences: Preferences) -> Iterator[str]:
        news = self._news(preferences)
        rest = self._without_news(preferences)
        if news or rest:
            yield YOUR_TOOLS
        yield from (tool_block(each.tool_id) for each in news)
        if rest:
            yield UNCHANGED

    def _news(self, preferences: Preferences) -> list[Followed]:
        """The largest news, as many as have room; the line of those without news takes one."""
        mine = set(preferences.tools)
        news = [each for each in self._followed.values() if each.tool_id in mine and each.words]
        return news[: TOOL_LINES - (1 if self._without_news(preferences) else 0)]

    def _without_news(self, preferences: Preferences) -> list[Followed]:
        known = (self._followed.get(each) for each in preferences.tools)
        return sorted(
            (each for each in known if each is not None and not each.words), key=lambda each: each.name
        )


def _topics(letter: IssueContent) -> Iterator[tuple[str, str]]:
    yield from ((f"brief:{each.comparison_id}", each.topic) for each in letter.more)
    yield from ((f"card:{each.tool_id}", each.topic) for each in letter.cards)
    yield from ((f"line:{each.key}", each.topic) for each in letter.lines)


def _volume(tokens: int) -> str:
    """ "25M", or every digit where it is no round number of millions."""
    return token_count(Decimal(tokens)) if tokens % 1_000_000 == 0 else f"{tokens:,}"


def _cost(rate: Decimal | None, tokens: int) -> str:
    return NO_PRICE if rate is None else money(rate * tokens / 1_000_000)


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(clip(each, NAME_LETTERS) for each in names[:NAMES])
    return shown if len(names) <= NAMES else f"{shown} and {len(names) - NAMES} more"


#: The preferences that a copy's content depends on, as columns of a query on readers.
PERSONAL_COLUMNS = tuple(COLUMNS[name] for name in ("monthly_tokens", "team_size", "topics", "tools"))


def preferences_of(
    monthly_tokens: int | None, team_size: int | None, topics: str | None, tools: str | None
) -> Preferences:
    """Return the preferences in those columns; of readers with the same, the messages' parts are made once."""
    if (monthly_tokens, team_size, topics, tools) == (None, None, None, None):
        return NO_PREFERENCES
    return from_columns(
        {"monthly_tokens": monthly_tokens, "team_size": team_size, "topics": topics, "tools": tools}
    )


# ── send time: readers who want the issue at an hour of their own day wait for it ──────────────────────


def split_by_send_time(
    connection: Connection, audience: Select[tuple[int]], now: datetime, zone: str
) -> list[tuple[datetime | None, Select[tuple[int]]]]:
    """Return the audience in parts by when they get it: first those who get it now (None), then by the moment.

    The hour is one of the day that it is now where the reader is; `zone` is for readers who named none. An hour that
    has begun or is past means now.
    """
    columns = (readers.c.time_zone, readers.c.send_hour)
    chosen = audience.with_only_columns(*columns).where(readers.c.send_hour.is_not(None)).distinct()
    later: dict[datetime, list[ColumnElement[bool]]] = {}
    for time_zone, hour in connection.execute(chosen):
        at = local_hour(now, time_zone or zone, hour)
        if at > now:
            chose_it = and_(readers.c.time_zone == time_zone, readers.c.send_hour == hour)
            later.setdefault(at, []).append(chose_it)
    if not later:
        return [(None, audience)]
    waiting = or_(*(each for group in later.values() for each in group))
    at_once = audience.where(or_(readers.c.send_hour.is_(None), not_(waiting)))
    return [(None, at_once), *((at, audience.where(or_(*later[at]))) for at in sorted(later))]


def local_hour(now: datetime, zone: str, hour: int) -> datetime:
    """Return the moment at which it is that hour in the zone, on the day that it is there now.

    In spring an hour that is left out comes when the clock goes on; in autumn the first of the two counts.
    """
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return now
    local = now.astimezone(there).replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    return local.astimezone(now.tzinfo)

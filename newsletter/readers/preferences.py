"""What a reader chooses: topics, tools to follow, own figures, how often, a pause, an hour, a time zone.

One `Preferences` for the row, the form, the command, the mail, the page and the export. A new preference is a field
here (with its label and its reading from a form), a column of `readers` with its migration, its field in
templates/web/_preferences.html.j2 and its option in cli/preferences.py; the desk's pages and the export follow.
Nothing here commits.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import ColumnElement, Connection, Table, delete, func, insert, select, update

from newsletter.db.schema import reader_tools, reader_topics, readers
from newsletter.db.statuses import Edition, ReaderStatus
from newsletter.errors import N_, BadInput
from newsletter.readers.addresses import TOPIC, one_line

MOST_TOOLS = 200
MOST_TOPICS = 100
MOST_TOKENS = 10**15
MOST_SEATS = 1_000_000
#: Characters of a number, with what stands between its thousands.
_MOST_DIGITS = 30
_LONGEST_PAUSE = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """A reader's choices. No topic means all of them; None and "" mean not said."""

    topics: tuple[str, ...] = ()
    #: The tools they follow, by id.
    tools: tuple[str, ...] = ()
    monthly_tokens: int | None = None
    team_size: int | None = None
    edition: Edition = Edition.WEEKLY
    paused_until: date | None = None
    #: The hour of the reader's own day at which the issue comes; None: with everybody.
    send_hour: int | None = None
    time_zone: str = ""

    def as_texts(self) -> dict[str, str]:
        """Return the single choices as a form would send them, by field."""
        return {name: "" if (value := getattr(self, name)) is None else str(value) for name in _SINGLE}

    def in_words(self) -> tuple[tuple[str, str], ...]:
        """Return label and words of each choice that was made, but for the edition and a pause."""
        chosen = ((label, getattr(self, name)) for name, label in _LABELS.items())
        return tuple((label, _said(value)) for label, value in chosen if value not in (None, "", ()))

    def of_content(self) -> "Preferences":
        """Return only the choices that decide what a copy holds."""
        return Preferences(**{name: getattr(self, name) for name in OF_CONTENT})


NO_PREFERENCES = Preferences()

#: The choices that decide what a copy holds; the others say whether and when it comes.
OF_CONTENT = ("topics", "tools", "monthly_tokens", "team_size")

_LABELS = {
    "topics": "Topics",
    "tools": "Follows",
    "monthly_tokens": "Tokens a month",
    "team_size": "Team size",
    "send_hour": "Delivery hour",
    "time_zone": "Time zone",
}


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


#: The choices that are columns of `readers`, and those that have a table of their own.
_SINGLE = tuple(field.name for field in fields(Preferences) if field.name in readers.c)
LISTS = {"topics": reader_topics.c.topic, "tools": reader_tools.c.tool_id}


# Read from a form, a JSON body or a command, as texts.


class FieldFault(BadInput):
    """A field of a form holds something that cannot be used."""

    def __init__(self, field: str, message: str, **values: object) -> None:
        self.field = field
        super().__init__(message, None, **values)


def read_preferences(
    one: Mapping[str, str],
    many: Mapping[str, Sequence[str]],
    *,
    topics: Sequence[str] | None,
    today: date,
    group: str = ",",
) -> Preferences:
    """Return the choices of a form or a file: `one` its single fields, `many` its lists.

    Raises FieldFault for the first wrong one. `topics` are those there are, None: whatever is given; a topic that has gone
    since is dropped without a word, and so is a pause that is over.
    `group` is what the reader writes between thousands.
    """
    tools = many.get("tools", ())
    if len(set(tools)) > MOST_TOOLS:
        raise FieldFault("tools", N_("Please choose at most %(most)s tools."), most=MOST_TOOLS)
    wanted = clean_names(many.get("topics", ()), "a topic")
    return Preferences(
        topics=tuple(each for each in wanted if topics is None or each in topics)[:MOST_TOPICS],
        tools=clean_names(tools, "a tool"),
        monthly_tokens=_read_number("monthly_tokens", one.get("monthly_tokens", ""), MOST_TOKENS, group),
        team_size=_read_number("team_size", one.get("team_size", ""), MOST_SEATS, group),
        **{name: read(one.get(name, "").strip(), today) for name, read in _READ.items()},
    )


def keep_unshown(
    kept: Preferences,
    chosen: Preferences,
    one: Mapping[str, str],
    many: Mapping[str, Sequence[str]],
    *,
    topics: Sequence[str],
) -> Preferences:
    """Return what a form chose, and as it was `kept` what the form did not show.

    A form names what it showed, in `shown_topics` and `shown_tools`; its single fields are those that were sent. One
    that names nothing showed the `topics` there are, every tool and every single field.
    """
    shown = {name: set(many.get(f"shown_{name}", ())) for name in LISTS}
    if not any(shown.values()):
        shown = {"topics": set(topics), "tools": set(kept.tools)}
        one = dict.fromkeys(_SINGLE, "")
    unshown: dict[str, Any] = {name: getattr(kept, name) for name in _SINGLE if name not in one}
    for name in LISTS:
        listed = {*getattr(chosen, name)} | {*getattr(kept, name)} - shown[name]
        unshown[name] = tuple(sorted(listed))
    return replace(chosen, **unshown)


def clean_names(given: Iterable[str], what: str) -> tuple[str, ...]:
    """Return topics or tools as they are kept: single lines, each once, in order; raises BadInput."""
    return tuple(sorted({one_line(each, what, TOPIC) for each in given} - {""}))


def _read_number(field: str, text: str, most: int, group: str) -> int | None:
    written = text.strip()
    if not written:
        return None
    between = rf"(?:{re.escape(group)}|_|\s)"
    # Thousands, or as in India lakhs; "1,5" is no fifteen.
    grouped = rf"[0-9]+|[0-9]{{1,3}}(?:{between}[0-9]{{2,3}})*{between}[0-9]{{3}}"
    is_number = len(written) <= _MOST_DIGITS and re.fullmatch(grouped, written)
    digits = re.sub("[^0-9]", "", written) if is_number else ""
    if not digits or not 0 < int(digits) <= most:
        message = N_("Please give a whole number between 1 and %(most)s, or leave this empty.")
        raise FieldFault(field, message, most=most)
    return int(digits)


def _read_edition(text: str, today: date) -> Edition:
    if text not in ("", *(each.value for each in Edition)):
        raise FieldFault("edition", N_("Please choose weekly or monthly."))
    return Edition(text or Edition.WEEKLY)


def _read_pause(text: str, today: date) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise FieldFault(
            "paused_until", N_("Please give a day such as 2027-01-15, or leave this empty.")
        ) from error
    if day > today + _LONGEST_PAUSE:
        raise FieldFault(
            "paused_until", N_("A pause can last a year at most. To stop for good, unsubscribe.")
        )
    return day if day > today else None


def _read_hour(text: str, today: date) -> int | None:
    if text not in ("", *(str(hour) for hour in range(24))):
        raise FieldFault("send_hour", N_("Please choose an hour from the list."))
    return int(text) if text else None


def _read_time_zone(text: str, today: date) -> str:
    if text and text.casefold() not in _time_zones():
        raise FieldFault("time_zone", N_("Please choose a time zone from the list, such as Europe/Berlin."))
    return _time_zones()[text.casefold()] if text else ""


@cache
def _time_zones() -> Mapping[str, str]:
    return {name.casefold(): name for name in available_timezones()}


_READ: dict[str, Callable[[str, date], Any]] = {
    "edition": _read_edition,
    "paused_until": _read_pause,
    "send_hour": _read_hour,
    "time_zone": _read_time_zone,
}


# As columns of a query on `readers`: one query for a whole window or page, the same on both databases.

#: Stands in no topic and no tool's id.
_BETWEEN = "\n"


def _listed(name: str) -> ColumnElement[str]:
    """Return all that a reader has chosen in this table as one text; NULL where that is nothing."""
    column = LISTS[name]
    query = select(func.aggregate_strings(column, _BETWEEN)).where(column.table.c.reader_id == readers.c.id)
    return query.correlate(readers).scalar_subquery().label(name)


COLUMNS: Mapping[str, ColumnElement[Any]] = {
    field.name: readers.c[field.name] if field.name in _SINGLE else _listed(field.name)
    for field in fields(Preferences)
}


def from_columns(values: Mapping[str, Any]) -> Preferences:
    """Return the preferences in these COLUMNS of a row; one that was not asked for is as nobody chose it."""
    listed = {name: values[name] for name in LISTS if name in values}
    lists = {name: tuple(sorted(text.split(_BETWEEN))) if text else () for name, text in listed.items()}
    return Preferences(**{name: values[name] for name in _SINGLE if name in values} | lists)


#: The choices that decide what a copy holds, as columns, and what they hold where nobody chose anything.
CONTENT_COLUMNS = tuple(COLUMNS[name] for name in OF_CONTENT)
_NOTHING_CHOSEN = [None if name in LISTS else getattr(NO_PREFERENCES, name) for name in OF_CONTENT]


def from_content_columns(values: Sequence[Any]) -> Preferences:
    """Return the preferences in CONTENT_COLUMNS; of readers with the same, the messages' parts are made once."""
    if values == _NOTHING_CHOSEN:
        return NO_PREFERENCES
    return from_columns(dict(zip(OF_CONTENT, values, strict=True)))


def as_row(chosen: Preferences) -> dict[str, object]:
    """Return the choices that are columns of `readers`."""
    return {name: getattr(chosen, name) for name in _SINGLE}


def put_preferences(connection: Connection, reader_id: int, chosen: Preferences) -> bool:
    """Replace an active reader's choices; False, and nothing changed, for anybody else."""
    if not change_active(connection, reader_id, **as_row(chosen)):
        return False
    _put_list(connection, reader_id, reader_topics, "topic", chosen.topics)
    _put_list(connection, reader_id, reader_tools, "tool_id", chosen.tools)
    return True


def change_active(connection: Connection, reader_id: int, **values: object) -> bool:
    """Change columns of an active reader; False when the reader is not active."""
    where = (readers.c.id == reader_id, readers.c.status == ReaderStatus.ACTIVE)
    return connection.execute(update(readers).where(*where).values(**values)).rowcount == 1


def _put_list(
    connection: Connection, reader_id: int, table: Table, column: str, chosen: Iterable[str]
) -> None:
    connection.execute(delete(table).where(table.c.reader_id == reader_id))
    rows = [{"reader_id": reader_id, column: each} for each in chosen]
    if rows:
        connection.execute(insert(table), rows)


def add_lists(connection: Connection, chosen: Mapping[int, Preferences]) -> None:
    """Add what new readers chose to the tables of the lists, by reader."""
    for name, column in LISTS.items():
        rows = [
            {"reader_id": reader_id, column.name: each}
            for reader_id, preferences in chosen.items()
            for each in getattr(preferences, name)
        ]
        if rows:
            connection.execute(insert(column.table), rows)


# The tools that readers follow.


def follow(connection: Connection, reader_id: int, tool_id: str) -> None:
    """Follow a tool; raises BadInput beyond the limit. Following twice is following."""
    followed = list_tools(connection, reader_id)
    if tool_id not in followed and len(followed) >= MOST_TOOLS:
        raise BadInput(N_("You follow %(most)s tools, which is the most there can be."), most=MOST_TOOLS)
    _put_list(connection, reader_id, reader_tools, "tool_id", sorted({*followed, tool_id}))


def unfollow(connection: Connection, reader_id: int, tool_id: str) -> None:
    """Follow a tool no longer."""
    mine = (reader_tools.c.reader_id == reader_id, reader_tools.c.tool_id == tool_id)
    connection.execute(delete(reader_tools).where(*mine))


def list_tools(connection: Connection, reader_id: int) -> tuple[str, ...]:
    """Return the tools a reader follows, in alphabetical order."""
    query = select(reader_tools.c.tool_id).where(reader_tools.c.reader_id == reader_id)
    return tuple(connection.execute(query.order_by(reader_tools.c.tool_id)).scalars())


def followed_tools(connection: Connection) -> tuple[str, ...]:
    """Return every tool that an active reader follows, in alphabetical order."""
    query = select(reader_tools.c.tool_id).distinct().join_from(reader_tools, readers)
    active = query.where(readers.c.status == ReaderStatus.ACTIVE)
    return tuple(connection.execute(active.order_by(reader_tools.c.tool_id)).scalars())

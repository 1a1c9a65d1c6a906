"""What a reader chooses: topics, tools to follow, own figures, how often, a pause, an hour, a time zone.

Read from a form or a JSON body as texts; each fault is named with its field. Nothing here commits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import available_timezones

from sqlalchemy import Connection

from newsletter.db.statuses import Edition
from newsletter.errors import BadInput
from newsletter.readers import store
from newsletter.readers import store as own_store
from newsletter.readers.addresses import TOPIC, one_line

MOST_TOOLS = 200
MOST_TOPICS = 100
_MOST_TOKENS = 10**15
_MOST_SEATS = 1_000_000
_LONGEST_PAUSE = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """A reader's choices. No topic means all of them; None and "" mean not said."""

    topics: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    monthly_tokens: int | None = None
    team_size: int | None = None
    edition: Edition = Edition.WEEKLY
    paused_until: date | None = None
    #: The hour of the reader's own day at which the issue comes; None: with everybody.
    send_hour: int | None = None
    time_zone: str = ""


class FieldFault(BadInput):
    """A field of a form holds something that cannot be used."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


def read_preferences(
    one: Mapping[str, str], many: Mapping[str, Sequence[str]], *, topics: Sequence[str], today: date
) -> Preferences:
    """The choices of a form: `one` its single fields, `many` its lists; raises FieldFault for the first wrong one.

    `topics` are those there are; a topic that has gone since is dropped without a word, and so is a pause that is over.
    """
    return Preferences(
        topics=tuple(sorted(set(many.get("topics", ())) & set(topics)))[:MOST_TOPICS],
        tools=_tools(many.get("tools", ())),
        monthly_tokens=_whole("monthly_tokens", one.get("monthly_tokens", ""), _MOST_TOKENS),
        team_size=_whole("team_size", one.get("team_size", ""), _MOST_SEATS),
        edition=_edition(one.get("edition", "")),
        paused_until=_pause(one.get("paused_until", ""), today),
        send_hour=_hour(one.get("send_hour", "")),
        time_zone=_time_zone(one.get("time_zone", "")),
    )


def get_preferences(connection: Connection, reader_id: int) -> Preferences:
    """The choices of a reader who exists; raises NotFound."""
    reader = store.get_reader(connection, reader_id)
    return Preferences(
        topics=store.list_topics(connection, [reader_id]).get(reader_id, ()),
        tools=own_store.list_tools(connection, reader_id),
        monthly_tokens=reader.monthly_tokens,
        team_size=reader.team_size,
        edition=reader.edition,
        paused_until=reader.paused_until,
        send_hour=reader.send_hour,
        time_zone=reader.time_zone,
    )


def put_preferences(connection: Connection, reader_id: int, chosen: Preferences) -> bool:
    """Replace an active reader's choices; False, and nothing changed, for anybody else."""
    changed = own_store.change_reader(
        connection,
        reader_id,
        monthly_tokens=chosen.monthly_tokens,
        team_size=chosen.team_size,
        edition=chosen.edition,
        paused_until=chosen.paused_until,
        send_hour=chosen.send_hour,
        time_zone=chosen.time_zone,
    )
    if changed:
        own_store.put_topics(connection, reader_id, chosen.topics)
        own_store.put_tools(connection, reader_id, chosen.tools)
    return changed


def follow(connection: Connection, reader_id: int, tool_id: str) -> None:
    """Follow a tool; raises BadInput beyond the limit. Following twice is following."""
    followed = own_store.list_tools(connection, reader_id)
    if tool_id not in followed and len(followed) >= MOST_TOOLS:
        raise BadInput(f"You follow {MOST_TOOLS} tools, which is the most there can be.")
    own_store.put_tools(connection, reader_id, sorted({*followed, tool_id}))


def unfollow(connection: Connection, reader_id: int, tool_id: str) -> None:
    """Follow a tool no longer."""
    kept = [each for each in own_store.list_tools(connection, reader_id) if each != tool_id]
    own_store.put_tools(connection, reader_id, kept)


def _tools(given: Sequence[str]) -> tuple[str, ...]:
    if len(set(given)) > MOST_TOOLS:
        raise FieldFault("tools", f"Please choose at most {MOST_TOOLS} tools.")
    return tuple(sorted({one_line(each, "a tool", TOPIC) for each in given} - {""}))


def _whole(field: str, text: str, most: int) -> int | None:
    digits = text.strip().replace(",", "").replace(" ", "").replace("_", "")
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18 or not 0 < int(digits) <= most:
        raise FieldFault(field, f"Please give a whole number between 1 and {most:,}, or leave this empty.")
    return int(digits)


def _edition(text: str) -> Edition:
    if text not in ("", *(each.value for each in Edition)):
        raise FieldFault("edition", "Please choose weekly or monthly.")
    return Edition(text or Edition.WEEKLY)


def _pause(text: str, today: date) -> date | None:
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise FieldFault(
            "paused_until", "Please give a day such as 2027-01-15, or leave this empty."
        ) from error
    if day > today + _LONGEST_PAUSE:
        raise FieldFault("paused_until", "A pause can last a year at most. To stop for good, unsubscribe.")
    return day if day > today else None


def _hour(text: str) -> int | None:
    if text not in ("", *(str(hour) for hour in range(24))):
        raise FieldFault("send_hour", "Please choose an hour of the list.")
    return int(text) if text else None


def _time_zone(text: str) -> str:
    if text and text not in available_timezones():
        raise FieldFault("time_zone", "Please choose a time zone of the list, such as Europe/Berlin.")
    return text

"""A newsroom for tests of the week: real stores in a folder, a moved clock, alerts that are remembered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import insert, select

from newsletter.app import App
from newsletter.clock import MovedClock
from newsletter.config import Weekday
from newsletter.content.records import ComparisonEntry, Decision, Pack, ReviewEntry, SourceEntry, ToolEntry
from newsletter.db.engine import Database
from newsletter.db.schema import alerts, readers
from newsletter.db.statuses import ReaderStatus
from tests.digest.week import furnish, settings_in


@dataclass(frozen=True)
class WatchedApp(App):
    """An App that says which alerts were raised."""

    @property
    def raised(self) -> dict[str, str]:
        """Every alert by its key: subject and body."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(alerts.c.key, alerts.c.subject, alerts.c.body).order_by(alerts.c.at)
            )
            return {row.key: f"{row.subject}\n{row.body}" for row in rows}


def open_newsroom(
    folder: Path, database: Database, clock: MovedClock, settings: Mapping[str, object] = MappingProxyType({})
) -> WatchedApp:
    """A newsroom of Thursdays at nine in Berlin, unless the settings say otherwise."""
    values = {
        "schedule.day": Weekday.THU,
        "schedule.time": "09:00",
        "schedule.time_zone": "Europe/Berlin",
        **settings,
    }
    return WatchedApp(furnish(settings_in(folder, values)), clock, database)


def add_reader(database: Database, address: str, now: datetime) -> None:
    values = {"address": address, "address_key": address, "status": ReaderStatus.ACTIVE}
    with database.write() as connection:
        connection.execute(insert(readers).values(**values, status_at=now, added_at=now))


def add_comparisons(app: App, *names: str) -> None:
    """Each name becomes a comparison of two tools of its own, first seen now."""
    with app.content() as content:
        for name in names:
            content.import_pack(_pack(name), app.clock.now())


def _pack(name: str) -> Pack:
    left, right = f"{name}-left", f"{name}-right"
    url = f"https://tools.example.org/{name}"
    return Pack(
        source=SourceEntry(name=f"Tool desk on {name}", url=url, ours=True),
        tools=tuple(ToolEntry(id=tool, name=tool.title(), category="Tools") for tool in (left, right)),
        comparisons=(ComparisonEntry(left_id=left, right_id=right, url=url, headline=f"{left} vs {right}"),),
        reviews=tuple(
            ReviewEntry(
                tool_id=tool, reviewer="Builder", score=score, decision=decision, words="It works as it says."
            )
            for tool, score, decision in ((left, 81, Decision.SHIP), (right, 44, Decision.SKIP))
        ),
    )

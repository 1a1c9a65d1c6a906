"""A year without hands: two schedulers draft, approve and send every week on a moved clock, whatever happens to them.

The schedule alone, with more zones and on both databases, is lived through in tests/jobs/test_year_of_slots.py.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from jobs import dispatch, draft
from newsletter.clock import MovedClock
from newsletter.config import Approval, Weekday
from newsletter.db.engine import Database, open_database
from newsletter.db.schema import items, publications
from newsletter.db.statuses import IssueStatus
from newsletter.delivery.ledger import Recipient
from newsletter.delivery.message import Mailing, MessageIds, load_mailings
from newsletter.delivery.sender import Ending, Sender
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.transports import Started
from newsletter.digest.issues import Issue
from newsletter.digest.store import list_issues
from newsletter.editing.sending import issues_going_out
from newsletter.readers.links import LinkSigner
from newsletter.schedule.jobs import Job, Result
from newsletter.schedule.slots import Slot, issue_schedule
from newsletter.schedule.ticker import Ticker
from tests.jobs.newsroom import WatchedApp, add_comparisons, add_reader, open_newsroom
from tests.jobs.recording import make_ticker, utc

#: At these turns of the year a scheduler is killed: before its work, or after it and before it is recorded.
KILLS = (4, 9, 30, 41, 62, 77)

OUTAGE = timedelta(hours=40)

#: A mail of one's own, as small as the checks allow: a year of the whole look would take minutes.
TEMPLATES = {
    "subject.txt.j2": "{{ letter.subject }}",
    "body.txt.j2": "{{ letter.footer.postal_address }} {{ slots.unsubscribe_url }}",
    "body.mjml.j2": """\
<mjml><mj-head><mj-attributes><mj-all font-family="serif" /></mj-attributes></mj-head><mj-body><mj-section><mj-column><mj-text>
{{ letter.footer.postal_address }} <a href="{{ slots.unsubscribe_url }}">Leave</a>
</mj-text></mj-column></mj-section></mj-body></mjml>
""",
}


class Killed(BaseException):
    """The process is gone: nothing catches this, nothing is tidied up."""


@dataclass
class RecordingTransport:
    """Takes everything, and remembers who got what."""

    got: list[tuple[int, int]] = field(default_factory=list)
    name: str = "recording"
    connections: int = 1
    window: int = 100
    one_answer: bool = False

    def open(self) -> "RecordingTransport":
        return self

    def send(self, recipients: Iterable[Recipient], mailing: Mailing, started: Started) -> Iterator[Outcome]:
        for recipient in recipients:
            started((recipient,))
            assert b"Subject:" in mailing.compose(recipient)
            self.got.append((mailing.issue_id, recipient.reader_id))
            yield Outcome(reader_id=recipient.reader_id, event=Event.ACCEPT)

    def close(self) -> None:
        pass

    cut_off = close


@dataclass
class Year:
    """The two schedulers of an installation, and what becomes of it."""

    apps: tuple[WatchedApp, WatchedApp]
    clock: MovedClock
    transport: RecordingTransport = field(default_factory=RecordingTransport)
    random: Random = field(default_factory=lambda: Random(2026))
    turns: int = 0
    added: list[str] = field(default_factory=list)

    def live(self, until: datetime, outages: Iterable[datetime]) -> None:
        tickers = [self._ticker(app, owner) for app, owner in zip(self.apps, ("one", "two"), strict=True)]
        away_until = [self.clock.now()] * 2
        waiting = sorted(outages)
        while self.clock.now() < until:
            if waiting and waiting[0] <= self.clock.now():
                waiting.pop(0)
                self.clock.move(OUTAGE)
            self._news()
            for number in self.random.choice([(0,), (1,), (0, 1), (1, 0)]):
                if away_until[number] <= self.clock.now() and not self._tick(tickers[number]):
                    away_until[number] = self.clock.now() + timedelta(hours=1)
            self._send()
            self.clock.move(timedelta(minutes=self.random.randint(5, 900)))

    def _ticker(self, app: WatchedApp, owner: str) -> Ticker:
        made = [
            Job(name=each.NAME, schedule=each.schedule(app.settings), run=self._mortal(app, each.run))
            for each in (draft, dispatch)
        ]
        made[1] = replace(made[1], give_up=lambda slot: dispatch.give_up(app, slot))
        return make_ticker(app.database, self.clock, made, owner=owner, raise_alert=app.alerts.raise_once)

    def _mortal(self, app: WatchedApp, run: Callable[[WatchedApp, Slot], Result]) -> Callable[[Slot], Result]:
        def turn(slot: Slot) -> Result:
            self.turns += 1
            if self.turns in KILLS[::2]:
                raise Killed
            result = run(app, slot)
            if self.turns in KILLS[1::2]:
                raise Killed
            return result

        return turn

    def _tick(self, ticker: Ticker) -> bool:
        try:
            ticker.tick()
        except Killed:
            return False
        return True

    def _news(self) -> None:
        """Every tenth week brings nothing, the others about five comparisons, at any time."""
        busy = self.clock.now().isocalendar().week % 10 != 8
        if busy and self.random.random() < 0.25:
            name = f"bird{len(self.added)}"
            self.added.append(name)
            add_comparisons(self.apps[0], name)

    def _send(self) -> None:
        app = self.apps[0]
        message_ids, signer = MessageIds(key=b"m" * 32, domain="news.example.org"), LinkSigner([b"k" * 32])
        for issue_id in issues_going_out(app):
            with app.database.read() as connection:
                mailings = load_mailings(connection, issue_id, signer, message_ids, self.clock)
            sender = Sender(
                database=app.database,
                issue_id=issue_id,
                mailings=mailings,
                transport=self.transport,
                journals=app.settings.folder / "journal",
                clock=self.clock,
                hash_address=str.casefold,
            )
            assert sender.send() is Ending.SENT

    def issues(self) -> list[Issue]:
        with self.apps[0].database.read() as connection:
            return list(reversed(list_issues(connection)))


@pytest.fixture
def begin(tmp_path: Path, sqlite_database: Database) -> Iterator[Callable[..., Year]]:
    """Begins a year with two readers, for a moment and a schedule."""
    other = open_database(sqlite_database.url)
    weekly = tmp_path / "templates" / "email" / "weekly"
    weekly.mkdir(parents=True)
    for name, text in TEMPLATES.items():
        (weekly / name).write_text(text)

    def begin_at(start: str, zone: str, time: str) -> Year:
        clock = MovedClock(utc(start))
        settings = {
            "schedule.day": Weekday.SUN,
            "schedule.time": time,
            "schedule.time_zone": zone,
            "schedule.approval": Approval.AUTOMATIC,
            "paths.templates": Path("templates"),
        }
        apps = (
            open_newsroom(tmp_path, sqlite_database, clock, settings),
            open_newsroom(tmp_path, other, clock, settings),
        )
        for address in ("alice@example.org", "erin@example.org"):
            add_reader(sqlite_database, address, clock.now())
        return Year(apps, clock)

    yield begin_at
    other.close()


def check(year: Year) -> None:
    """Every due week went out once, to everybody; everything in it stands in one issue."""
    issues = year.issues()
    assert {issue.status for issue in issues} == {IssueStatus.SENT}
    assert [issue.number for issue in issues] == list(range(1, len(issues) + 1))
    assert Counter(year.transport.got) == Counter((issue.id, reader) for issue in issues for reader in (1, 2))
    with year.apps[0].database.read() as connection:
        printed = Counter(tuple(row) for row in connection.execute(select(items.c.kind, items.c.key)))
        published = connection.execute(select(publications.c.key)).scalars().all()
    assert max(printed.values()) == 1
    assert sum(printed.values()) == len(published)
    last = issues[-1].cutoff_at
    with year.apps[0].content() as content:
        seen = {head.id for head in content.comparison_heads(last)}
    assert seen <= set(published)


def slots_between(year: Year, start: str, end: str) -> list[str]:
    schedule = issue_schedule(year.apps[0].settings)
    names: list[str] = []
    for slot in schedule.after(datetime.fromisoformat(start)):
        if slot.name > end:
            break
        names.append(slot.name)
    return names


def test_every_due_week_of_a_year_goes_out_once_and_every_item_once(begin: Callable[..., Year]) -> None:
    year = begin("2026-01-02T12:00", "Europe/Berlin", "02:30")
    year.live(utc("2027-01-05T12:00"), outages=[utc("2026-05-16T00:00")])
    check(year)
    expected = slots_between(year, "2026-01-05", "2027-01-04")
    sent = [issue.slot for issue in year.issues()]
    thin = [name for name in expected if name not in sent]
    assert set(sent) <= set(expected)
    assert "2026-03-29T02:30" in sent
    assert "2026-10-25T02:30" in sent
    assert 2 <= len(thin) <= 8
    assert all(key.startswith("no-issue:") for app in year.apps for key in app.raised)


@pytest.mark.parametrize(
    ("start", "time", "change", "end"),
    [
        ("2026-02-20T12:00", "02:30", "2026-03-08T02:30", "2026-03-18T12:00"),
        ("2026-10-16T12:00", "01:30", "2026-11-01T01:30", "2026-11-11T12:00"),
    ],
)
def test_new_yorks_changes_neither_double_nor_lose_an_issue(
    begin: Callable[..., Year], start: str, time: str, change: str, end: str
) -> None:
    year = begin(start, "America/New_York", time)
    year.live(utc(end), outages=[])
    check(year)
    assert change in [issue.slot for issue in year.issues()]
    assert len(year.issues()) >= 3

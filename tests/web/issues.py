"""Issues that went out, for tests of the archive: the small week, approved and begun."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from newsletter.app import open_app
from newsletter.clock import MovedClock
from newsletter.content.records import Pack
from newsletter.delivery.store import start_issue
from newsletter.digest.issues import Issue
from newsletter.editing.approve import approve
from newsletter.web.application import make_web
from tests.conftest import THURSDAY
from tests.digest.week import WEEK
from tests.editing.desk import drafted, with_settings
from tests.installed import install
from tests.web.house import House
from tests.web.visitor import Visitor

WEEKLY = timedelta(days=7)


@contextmanager
def open_house(folder: Path, language: str = "en") -> Iterator[House]:
    """A house of its own, for a module whose tests only look."""
    install(folder / "weekly", example=True)
    with closing(open_app(folder / "weekly", MovedClock(THURSDAY))) as opened:
        app = with_settings(opened, {"site.language": language})
        yield House(app, Visitor(make_web(app), base_url="http://localhost:8000"))


def send_issue(house: House, *packs: Pack, **words: str) -> Issue:
    """Import the packs (the small week for none), draft, approve and start; the issue. A week goes by."""
    app, clock = house.app, house.app.clock
    assert isinstance(clock, MovedClock)
    with app.content() as content:
        for pack in packs or WEEK:
            content.import_pack(pack, clock.now())
    clock.move(WEEKLY)
    issue = drafted(app, f"{clock.now():%Y-%m-%dT09:00}")
    if words:
        from tests.editing.desk import edit

        issue = edit(app, issue, **words)
    approved = approve(app, issue, "dora")
    start_issue(app.database, approved.id, clock.now())
    return approved

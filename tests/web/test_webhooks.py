"""SendGrid's posts over HTTP: who is let in, what is kept, and that nothing is done before the answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from httpx2 import Response
from sqlalchemy import func, select

from newsletter.app import App, open_app
from newsletter.clock import MovedClock
from newsletter.config import FILE_NAME
from newsletter.db.schema import webhook_posts
from newsletter.db.statuses import ConsentChannel
from newsletter.readers.addresses import parse_address
from newsletter.readers.admin import add_by_hand
from newsletter.readers.store import find_reader
from newsletter.web.application import make_web
from newsletter.web.security import MOST_BODY_OF
from tests.conftest import THURSDAY
from tests.installed import install
from tests.standins.sendgrid_webhook import Post, Webhook
from tests.web.visitor import Visitor

PATH = "/webhooks/sendgrid"


@dataclass(frozen=True)
class Door:
    """An installation that has the webhook's key, and SendGrid in front of it."""

    app: App
    client: Visitor
    sendgrid: Webhook

    def post(self, post: Post, **headers: str) -> Response:
        return self.client.post(PATH, content=post.body, headers={**post.headers, **headers})

    @property
    def kept(self) -> int:
        with self.app.database.read() as connection:
            return connection.execute(select(func.count()).select_from(webhook_posts)).scalar_one()


@pytest.fixture
def door(tmp_path: Path, clock: MovedClock) -> Iterator[Door]:
    sendgrid, folder = Webhook(), tmp_path / "weekly"
    install(folder, example=True)
    settings = folder / FILE_NAME
    settings.write_text(
        settings.read_text().replace("# webhook_key = []", f'webhook_key = ["{sendgrid.public_key}"]')
    )
    app = open_app(folder, clock)
    yield Door(app, Visitor(make_web(app), base_url="http://localhost:8000"), sendgrid)
    app.close()


def big_post(sendgrid: Webhook, octets: int) -> Post:
    return sendgrid.post([{"event": "delivered", "padding": "x" * octets}], THURSDAY)


def test_a_signed_post_is_kept_and_answered_and_acted_on_later(door: Door) -> None:
    answer = door.post(door.sendgrid.post([{"event": "open", "sg_event_id": "a"}], THURSDAY))
    assert (answer.status_code, answer.content) == (204, b"")
    assert door.kept == 1
    assert door.app.webhooks["sendgrid"].process() == {("open", "no mark of ours"): 1}
    assert door.kept == 0


def test_sendgrids_longest_posts_come_in(door: Door) -> None:
    assert door.post(big_post(door.sendgrid, 768 * 1024)).status_code == 204


def test_what_is_longer_than_any_of_them_does_not(door: Door) -> None:
    assert door.post(big_post(door.sendgrid, MOST_BODY_OF[PATH])).status_code == 413
    assert door.kept == 0


def test_other_pages_take_no_more_than_before(door: Door) -> None:
    body = b"x" * 100_000
    assert door.client.post("/subscribe", content=body).status_code == 413


@pytest.mark.parametrize("missing", ["Signature", "Timestamp"])
def test_an_unsigned_post_learns_nothing(door: Door, missing: str) -> None:
    post = door.sendgrid.post([], THURSDAY)
    name = f"X-Twilio-Email-Event-Webhook-{missing}"
    answer = door.post(post, **{name: ""})
    assert (answer.status_code, answer.content, door.kept) == (403, b"", 0)


def test_a_forged_post_is_refused(door: Door) -> None:
    assert door.post(Webhook().post([], THURSDAY)).status_code == 403
    assert door.kept == 0


def test_a_changed_body_is_refused_even_if_it_says_the_same(door: Door) -> None:
    post = door.sendgrid.post([], THURSDAY)
    changed = Post(body=post.body.replace(b"\r\n", b"\n"), headers=post.headers)
    assert door.post(changed).status_code == 403


def test_looking_at_it_does_nothing(door: Door) -> None:
    assert door.client.get(PATH).status_code == 405


def test_without_a_key_in_the_settings_nobody_is_let_in(app: App) -> None:
    client, post = Visitor(make_web(app)), Webhook().post([], THURSDAY)
    assert client.post(PATH, content=post.body, headers=dict(post.headers)).status_code == 403


def test_a_post_that_cannot_be_kept_is_asked_for_again(door: Door, tmp_path: Path) -> None:
    with door.app.database.write_engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE webhook_posts")
    answer = door.post(door.sendgrid.post([], THURSDAY))
    assert answer.status_code == 503


def test_erasing_a_reader_reaches_posts_that_still_wait(door: Door) -> None:
    app, address = door.app, "olga.erased@example.org"
    add_by_hand(
        app.database, address, consent="fair", suppression_key=app.suppression_key, now=app.clock.now()
    )
    door.post(door.sendgrid.post([{"event": "open", "email": address}], THURSDAY))
    with app.database.read() as connection:
        reader = find_reader(connection, parse_address(address))
    assert reader is not None
    assert any(address.encode() in part.read_bytes() for part in app.settings.folder.glob("subscribers.db*"))
    app.eraser.erase(reader.id, ConsentChannel.PAGE)
    for part in app.settings.folder.glob("subscribers.db*"):
        assert address.encode() not in part.read_bytes(), part

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from newsletter.app import open_app
from newsletter.clock import MovedClock
from newsletter.db.statuses import ReaderStatus
from newsletter.readers.links import Purpose
from newsletter.web.application import make_web
from newsletter.web.security import MOST_BODY
from tests.installed import install
from tests.web.house import House, heading
from tests.web.visitor import Visitor


@pytest.fixture
def path(house: House) -> str:
    return f"/preferences/{house.token(Purpose.PREFERENCES, house.add('alice@example.org'))}"


def test_personal_pages_stay_where_they_are(house: House, path: str) -> None:
    for answer in (house.get(path), house.post(path), house.get("/unsubscribe/x"), house.get("/nowhere")):
        headers = answer.headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers


def test_nothing_on_a_page_is_inline_or_from_elsewhere(house: House, path: str) -> None:
    page = house.get(path)
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in page.text
    assert " style=" not in page.text
    assert " on" + "click" not in page.text


def test_the_style_sheet_may_be_kept_for_ever(house: House) -> None:
    page = house.get("/subscribe").text
    path = page.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    answer = house.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in answer.headers["cache-control"]


@pytest.fixture
def secure(tmp_path: Path, clock: MovedClock) -> Iterator[Visitor]:
    install(tmp_path / "secure", example=True)
    settings = tmp_path / "secure" / "newsletter.toml"
    settings.write_text(settings.read_text().replace("http://localhost:8000", "https://news.example.org"))
    app = open_app(tmp_path / "secure", clock)
    yield Visitor(make_web(app), base_url="https://news.example.org")
    app.close()


def test_https_is_for_ever_once_it_is_the_public_address(secure: Visitor, house: House) -> None:
    assert "max-age=63072000" in secure.get("/subscribe").headers["strict-transport-security"]
    assert "strict-transport-security" not in house.get("/subscribe").headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8000"}, 403),
        ({"Origin": "http://localhost:8000"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost:8001"}, 403),
        ({}, 200),
    ],
)
def test_a_form_of_another_site_does_nothing(
    house: House, path: str, headers: dict[str, str], status: int
) -> None:
    answer = house.client.post(path, data={"team_size": "5"}, headers=headers)
    assert answer.status_code == status
    assert (b"5" if status == 200 else b"another site") in answer.content
    reader = house.find("alice@example.org")
    assert reader is not None
    assert reader.preferences.team_size == (5 if status == 200 else None)


def test_bodies_and_addresses_have_limits(house: House, path: str) -> None:
    big = house.client.post(path, content=b"a=" + b"x" * MOST_BODY)
    assert big.status_code == 413

    def endless() -> Iterator[bytes]:
        for _piece in range(100):
            yield b"x" * 1024

    streamed = house.client.post(
        path, content=endless(), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert streamed.status_code == 413
    assert house.get("/" + "a" * 5000).status_code == 414
    assert house.get("/subscribe?" + "a" * 5000).status_code == 414
    assert house.client.post(path, content=b"", headers={"Content-Length": "-1"}).status_code == 413
    many = "&".join("a=1" for _ in range(1200))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert house.client.post(path, content=many, headers=kind).status_code == 400


def test_no_address_leads_elsewhere(house: House, path: str) -> None:
    for odd in ("//evil.example", "/\\evil.example", "/subscribe?next=https://evil.example", f"{path}/"):
        answer = house.client.get(odd, follow_redirects=False)
        assert answer.status_code < 300 or answer.status_code >= 400
        assert "location" not in answer.headers


def test_a_bug_shows_nothing_and_keeps_the_headers(house: House) -> None:
    web = make_web(house.app)

    @web.get("/broken")
    def broken() -> None:
        raise RuntimeError("secret words")

    answer = Visitor(web).get("/broken")
    assert (answer.status_code, "secret" in answer.text) == (500, False)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("damage", [b"no database", b"SQLite format 3\0" + b"alice@example.org" * 500, b""])
def test_a_damaged_store_is_a_line_in_the_log_and_no_fault_of_the_page(
    house: House, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    house.import_tools(("kite", "Kite", "Coding"))
    assert house.get("/follow/kite").status_code == 200
    content = house.app.settings.path(house.app.settings.paths.content_db)
    for file in content.parent.glob(f"{content.name}*"):
        file.unlink()
    content.write_bytes(damage)
    answer = house.get("/follow/kite")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert not any(each.exc_info for each in caplog.records)
    assert ("content.db" in caplog.text, "alice@" in caplog.text) == (True, False)


def test_a_page_that_is_not_there_says_so_kindly(house: House) -> None:
    answer = house.get("/nowhere")
    assert (answer.status_code, heading(answer)) == (404, "Page not found")
    wrong = house.client.delete("/subscribe")
    assert (wrong.status_code, "allow" in wrong.headers) == (405, True)
    assert house.get("/api/nothing").json() == {"detail": "There is no page here. It may have moved."}


def test_it_says_whether_it_lives_and_can_work(house: House) -> None:
    assert house.get("/healthz").json() == {"status": "alive"}
    assert house.get("/readyz").json() == {"status": "ready"}
    file = make_url(house.app.database.url).database or ""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert house.get("/readyz").status_code == 503
    assert house.get("/readyz").status_code == 200
    content = house.app.settings.path(house.app.settings.paths.content_db)
    kept = content.rename(content.with_name("kept.db"))
    for words in (b"", b"nothing of the sort" * 100):
        content.write_bytes(words)
        assert house.get("/readyz").status_code == 503
        assert content.read_bytes() == words
    content.unlink()
    assert house.get("/readyz").status_code == 503
    kept.rename(content)
    assert house.get("/readyz").status_code == 200
    with house.app.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    answer = house.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "not ready"})
    assert house.get("/healthz").status_code == 200
    assert ReaderStatus.ACTIVE.value not in answer.text

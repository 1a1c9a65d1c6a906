"""Contradictions in a store that takes long to look through: the pages do not wait."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from newsletter.app import open_app
from newsletter.clock import MovedClock, SystemClock
from newsletter.editing.contradictions import SMALL_BYTES
from newsletter.editing.facts import rule
from tests.content.packs import pack, tool
from tests.editing.desk import cache_of
from tests.installed import install

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_in_a_large_store_contradictions_are_looked_for_beside_the_page(tmp_path: Path) -> None:
    install(tmp_path / "weekly", example=True)
    app = open_app(tmp_path / "weekly", MovedClock(NOW))
    with app.content() as content:
        for shop, price in (("Shop One", "$2/Mtok"), ("Shop Two", "$1/Mtok")):
            claim = {"tool": "heron", "attribute": "input_price", "value": price, "as_of": "2026-11-01"}
            content.import_pack(pack(source={"name": shop}, tools=[tool("heron")], claims=[claim]), NOW)
        content.db.execute("CREATE TABLE large AS SELECT zeroblob(?) AS it", [SMALL_BYTES])
    first = cache_of(app).contradictions.open()
    # Whoever asks does not wait: there is an answer at once, and it says whether it is the whole one.
    assert first.is_current == bool(first.found)
    while not cache_of(app).contradictions.open().is_current:
        SystemClock().sleep(timedelta(milliseconds=5))
    (found,) = cache_of(app).contradictions.open().found
    assert found.attribute == "input_price"
    rule(app, "heron", "input_price", None, reason="Nobody knows.", by="Erin")
    settled = cache_of(app).contradictions.open()
    assert (settled.found, settled.is_current) == ((), True)
    app.close()

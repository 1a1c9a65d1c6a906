"""How every tool stands, read light for thousands at once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from newsletter.content.records import (
    AliasEntry,
    ClaimEntry,
    Decision,
    Pack,
    ReviewEntry,
    SourceEntry,
    ToolEntry,
    VerdictEntry,
)
from newsletter.content.store import ContentStore, Standing
from tests.installed import open_content

SEEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = SEEN + timedelta(days=1)
AFTER = SEEN + timedelta(days=7)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ContentStore]:
    with open_content(tmp_path / "content.db") as opened:
        yield opened


def pack(*, source: str = "Desk", **records: object) -> Pack:
    named = SourceEntry(name=source, ours=True)
    return Pack(source=named, tools=(ToolEntry(id="t", name="T"),), **records)  # type: ignore[arg-type]


def review(reviewer: str, score: int | None, decision: Decision | None) -> ReviewEntry:
    return ReviewEntry(tool_id="t", reviewer=reviewer, score=score, decision=decision, words=reviewer)


def test_a_tool_of_which_nothing_is_known_is_missing(store: ContentStore) -> None:
    store.import_pack(pack(), SEEN)
    assert store.standings(AFTER) == {}


def test_reviews_give_mean_share_and_the_first_day(store: ContentStore) -> None:
    reviews = (review("A", 80, Decision.SHIP), review("B", 60, Decision.SKIP))
    store.import_pack(pack(reviews=reviews), SEEN)
    assert store.standings(AFTER) == {"t": Standing(share=50.0, mean=70.0, judged_at=SEEN)}


def test_decisions_of_which_one_is_unknown_give_no_share(store: ContentStore) -> None:
    reviews = (review("A", 80, Decision.SHIP), review("B", 60, None))
    store.import_pack(pack(reviews=reviews), SEEN)
    assert store.standings(AFTER)["t"].share is None


def test_words_alone_are_no_judgement(store: ContentStore) -> None:
    store.import_pack(pack(reviews=(review("A", None, None),)), SEEN)
    assert not store.standings(AFTER)["t"].judged
    assert store.standings(AFTER)["t"].judged_at is None


def test_the_last_verdict_counts_and_the_first_dates_it(store: ContentStore) -> None:
    store.import_pack(pack(verdicts=(VerdictEntry(tool_id="t", ships=1, skips=3),)), SEEN)
    store.import_pack(pack(verdicts=(VerdictEntry(tool_id="t", share=Decimal(75)),)), LATER)
    assert store.standings(AFTER)["t"] == Standing(share=75.0, judged_at=SEEN)


def test_only_what_was_seen_before_the_moment_counts(store: ContentStore) -> None:
    store.import_pack(pack(verdicts=(VerdictEntry(tool_id="t", ships=4, skips=0),)), LATER)
    assert store.standings(LATER) == {}


def test_facts_of_a_model_and_its_prices_are_known(store: ContentStore) -> None:
    price = ClaimEntry(tool_id="t", attribute="input_price", value="0.1", unit="USD/Mtok")
    store.import_pack(pack(claims=(price,)), SEEN)
    assert store.standings(AFTER)["t"] == Standing(described_at=SEEN)
    other = ClaimEntry(tool_id="t", attribute="output_price", value="0.3", unit="USD/Mtok")
    store.import_pack(pack(claims=(other,)), LATER)
    assert store.standings(AFTER)["t"] == Standing(described_at=SEEN, priced=True)


def test_a_release_date_alone_makes_no_model(store: ContentStore) -> None:
    store.import_pack(pack(claims=(ClaimEntry(tool_id="t", attribute="released", value="2026"),)), SEEN)
    assert store.standings(AFTER) == {}


def test_an_alias_stands_with_its_tool(store: ContentStore) -> None:
    store.import_pack(pack(reviews=(review("A", 80, Decision.SHIP),)), SEEN)
    said = Pack(
        source=SourceEntry(name="Editor", ours=True),
        tools=(ToolEntry(id="tee", name="Tee"),),
        aliases=(AliasEntry(alias="t", tool_id="tee"),),
    )
    store.import_pack(said, LATER)
    assert set(store.standings(AFTER)) == {"tee"}

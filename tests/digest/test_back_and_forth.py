"""History is a sequence of states, whatever their words: what goes back to an earlier value has changed again."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsletter.content.records import Decision, Pack
from newsletter.content.store import ContentStore
from newsletter.content.sync import VIEWS, sync
from newsletter.digest.changes import Change, ChangeKind, find_changes
from tests.installed import open_content

START = datetime(2026, 11, 4, 9, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
COMPARED = "heron-vs-finch"

Record = dict[str, Any]
#: Brings the store to what a site says now: its records by kind.
Bring = Callable[[ContentStore, Path, datetime, dict[str, list[Record]]], None]


def by_pack(store: ContentStore, folder: Path, now: datetime, records: dict[str, list[Record]]) -> None:
    # A pack that is the same to the letter is an old one: this week's says when it was published.
    source = {
        "name": "Tool desk",
        "url": "https://tools.example.org",
        "ours": True,
        "published_on": now.date(),
    }
    store.import_pack(Pack.model_validate({"source": source, **records}), now)


def by_sync(store: ContentStore, folder: Path, now: datetime, records: dict[str, list[Record]]) -> None:
    database, views = folder / "site.db", folder / "views.sql"
    database.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as site, site:
        statements = []
        for kind, rows in {"reviews": [], **records}.items():
            [view, *_] = sorted(
                (each for each in VIEWS.values() if each.kind == kind), key=lambda each: each.name != "facts"
            )
            columns = list(rows[0]) if rows else list(view.required)
            named = ", ".join(f'"{each}"' for each in columns)
            site.execute(f"CREATE TABLE its_{kind} ({named})")
            marks = ", ".join("?" * len(columns))
            site.executemany(
                f"INSERT INTO its_{kind} VALUES ({marks})", [list(each.values()) for each in rows]
            )
            statements.append(f"CREATE TEMP VIEW {view.name} AS SELECT * FROM its_{kind};")
    views.write_text("\n".join(statements), encoding="utf-8")
    sync(store, database=database, views=views, name="Tool desk", url="https://tools.example.org", now=now)


def everything(kind: str, record: Record) -> dict[str, list[Record]]:
    """A site with two tools and a comparison, and this record."""
    tools = [{"id": each, "name": each.title(), "status": "", "entry": ""} for each in ("heron", "finch")]
    compared = {
        "id": COMPARED,
        "left": "heron",
        "right": "finch",
        "headline": "Two birds",
        "summary": "Both.",
    }
    if kind == "tools":
        return {"tools": [tools[0] | record, tools[1]], "comparisons": [compared]}
    if kind == "comparisons":
        return {"tools": tools, "comparisons": [compared | record]}
    return {"tools": tools, "comparisons": [compared], kind: [record]}


def review(words: str, score: int, decision: str) -> Record:
    return {"tool": "heron", "reviewer": "Builder", "words": words, "score": score, "decision": decision}


def reviewed(store: ContentStore) -> object:
    return [(each.words, each.score, str(each.decision)) for each in store.reviews(["heron"])["heron"]]


def claimed(store: ContentStore) -> object:
    return [each.value for each in store.claims(["heron"])["heron"]]


#: What is said, then said otherwise, then said again as at first; how the store gives it; the change each time.
CASES: dict[str, tuple[str, Record, Record, Callable[[ContentStore], object], ChangeKind | None]] = {
    "review": (
        "reviews", review("It runs.", 80, "ship"), review("It waits.", 80, "skip"), reviewed, ChangeKind.DECISION,
    ),
    "words of a review": (
        "reviews", review("It runs.", 80, "ship"), review("It waits.", 80, "ship"), reviewed, None,
    ),
    "score": (
        "reviews", review("It runs.", 80, "ship"), review("It runs.", 60, "ship"), reviewed, ChangeKind.SCORE,
    ),
    "decision": (
        "reviews", review("It runs.", 80, "ship"), review("It runs.", 80, "skip"), reviewed, ChangeKind.DECISION,
    ),
    "verdict": (
        "verdicts",
        {"tool": "heron", "ships": 4, "skips": 0},
        {"tool": "heron", "ships": 1, "skips": 3},
        lambda store: store.verdicts(["heron"])["heron"][-1].ships,
        ChangeKind.DECISION,
    ),
    "share": (
        "verdicts",
        {"tool": "heron", "share": 75},
        {"tool": "heron", "share": 100},
        lambda store: store.verdicts(["heron"])["heron"][-1].share,
        ChangeKind.SHARE,
    ),
    "votes": (
        "votes",
        {"tool": "heron", "ship": 5, "skip": 1},
        {"tool": "heron", "ship": 6, "skip": 1},
        lambda store: store.votes(["heron"])["heron"].ship,
        None,
    ),
    "price": (
        "claims",
        {"tool": "heron", "attribute": "input_price", "value": "1", "unit": "USD/Mtok"},
        {"tool": "heron", "attribute": "input_price", "value": "8", "unit": "USD/Mtok"},
        claimed,
        ChangeKind.PRICE,
    ),
    "price of one day": (
        "claims",
        {"tool": "heron", "attribute": "price", "value": "$1 a month", "verified_on": "2026-11-01"},
        {"tool": "heron", "attribute": "price", "value": "$8 a month", "verified_on": "2026-11-01"},
        claimed,
        ChangeKind.PRICE,
    ),
    "context": (
        "claims",
        {"tool": "heron", "attribute": "context", "value": "128K"},
        {"tool": "heron", "attribute": "context", "value": "256K"},
        claimed,
        None,
    ),
    "release": (
        "claims",
        {"tool": "heron", "attribute": "version", "value": "2.1"},
        {"tool": "heron", "attribute": "version", "value": "2.2"},
        claimed,
        ChangeKind.RELEASE,
    ),
    "offer": (
        "offers",
        {"tool": "heron", "provider": "Cloud", "input_price": "1"},
        {"tool": "heron", "provider": "Cloud", "input_price": "2"},
        lambda store: [each.input_price for each in store.offers(["heron"])["heron"]],
        ChangeKind.PRICE,
    ),
    "benchmark": (
        "benchmarks",
        {"tool": "heron", "test": "Tool calling", "score": "2"},
        {"tool": "heron", "test": "Tool calling", "score": "3"},
        lambda store: [each.score for each in store.benchmarks(["heron"])["heron"]],
        None,
    ),
    "note": (
        "notes",
        {"tool": "heron", "kind": "strength", "words": "Fast"},
        {"tool": "heron", "kind": "strength", "words": "Small"},
        lambda store: [each.words for each in store.notes(["heron"])["heron"]],
        None,
    ),
    "answer": (
        "questions",
        {"tool": "heron", "question": "Is it fast?", "answer": "Yes."},
        {"tool": "heron", "question": "Is it fast?", "answer": "No."},
        lambda store: [each.answer for each in store.questions(tool_ids=["heron"])],
        None,
    ),
    "status": (
        "tools", {"status": "beta"}, {"status": "deprecated"},
        lambda store: store.get_tool("heron").status, ChangeKind.STATUS,
    ),
    "entry": (
        "tools", {"entry": "Free"}, {"entry": "Paid"}, lambda store: store.get_tool("heron").entry, None,
    ),
    "headline": (
        "comparisons", {"headline": "Two birds"}, {"headline": "One bird"},
        lambda store: store.get_comparison(COMPARED).headline, ChangeKind.COMPARISON,
    ),
    "summary": (
        "comparisons", {"summary": "Both."}, {"summary": "One."},
        lambda store: store.get_comparison(COMPARED).summary, ChangeKind.COMPARISON,
    ),
}  # fmt: skip


def assert_ranked_as_printed(store: ContentStore, moment: datetime) -> None:
    """What an issue ranks by is what its reviews say."""
    held = store.reviews(["heron"]).get("heron", ())
    if held:
        standing = store.standings(moment)["heron"]
        [share] = {100.0 if each.decision is Decision.SHIP else 0.0 for each in held}
        assert (standing.mean, standing.share) == (held[0].score, share)


@pytest.mark.parametrize("bring", [by_pack, by_sync])
@pytest.mark.parametrize("case", CASES)
def test_what_goes_back_has_changed_again(tmp_path: Path, case: str, bring: Bring) -> None:
    kind, first, other, read, change = CASES[case]
    with open_content(tmp_path / "content.db") as store:
        said, changes = [], []
        for week, record in enumerate((first, other, first, first, other)):
            now = START + week * WEEK
            bring(store, tmp_path, now, everything(kind, record))
            said.append(read(store))
            assert_ranked_as_printed(store, now + timedelta(minutes=1))
            since = now - timedelta(minutes=1)
            changes.append([each.kind for each in find_changes(store, since, since + WEEK, [COMPARED])])
        over_the_first_three = find_changes(
            store, START + timedelta(minutes=1), START + 3 * WEEK - timedelta(minutes=1), [COMPARED]
        )
    assert said[0] != said[1]
    assert said == [said[0], said[1], said[0], said[0], said[1]]
    told = [] if change is None else [change]
    assert changes == [[], told, told, [], told]
    assert over_the_first_three == ()


@pytest.mark.parametrize("case", CASES)
def test_an_older_issue_of_a_page_read_late_turns_nothing_back(tmp_path: Path, case: str) -> None:
    kind, first, other, read, _ = CASES[case]
    with open_content(tmp_path / "content.db") as store:
        for week, record in enumerate((first, other)):
            by_pack(store, tmp_path, START + week * WEEK, everything(kind, record))
        now = read(store)
        source = {"name": "Tool desk", "url": "https://tools.example.org", "ours": True}
        late = {"source": source | {"published_on": START.date()}, "reviewers": [{"name": "Skeptic"}]}
        store.import_pack(Pack.model_validate(late | everything(kind, first)), START + 2 * WEEK)
        assert read(store) == now
        assert find_changes(store, START + 2 * WEEK, START + 3 * WEEK, [COMPARED]) == ()


@pytest.mark.parametrize("published", ["2026-10-01", None])
def test_another_page_of_ours_replaces_a_review_unless_it_is_older(
    tmp_path: Path, published: str | None
) -> None:
    first, other = review("It runs.", 80, "ship"), review("It waits.", 30, "skip")
    with open_content(tmp_path / "content.db") as store:
        for week, record in enumerate((first, other)):
            by_pack(store, tmp_path, START + week * WEEK, everything("reviews", record))
        source = {
            "name": "Page",
            "url": "https://tools.example.org/2",
            "ours": True,
            "published_on": published,
        }
        again = Pack.model_validate({"source": source, **everything("reviews", first)})
        store.import_pack(again, START + 2 * WEEK)
        [held] = store.reviews(["heron"])["heron"]
    assert held.words == ("It waits." if published else "It runs.")


def test_two_reviews_that_a_reviewer_has_at_once_do_not_take_turns(tmp_path: Path) -> None:
    both = [review("It runs.", 80, "ship"), review("It waits.", 30, "skip")]
    with open_content(tmp_path / "content.db") as store:
        for week in range(3):
            records = everything("reviews", both[0]) | {"reviews": both}
            by_sync(store, tmp_path, START + week * WEEK, records)
            [held] = store.reviews(["heron"])["heron"]
            assert held.words == "It waits."


def test_a_tool_that_is_given_up_has_changed_though_it_had_no_status(tmp_path: Path) -> None:
    for folder, status, told in (
        (tmp_path / "a", "deprecated", [("", "deprecated")]),
        (tmp_path / "b", "beta", []),
    ):
        folder.mkdir()
        with open_content(folder / "content.db") as store:
            for week, said in enumerate(("", status)):
                by_pack(store, folder, START + week * WEEK, everything("tools", {"status": said}))
            found: tuple[Change, ...] = find_changes(store, START + WEEK, START + 2 * WEEK, ())
        assert [(each.before, each.after) for each in found] == told

"""What the site deleted: no issue takes it in any more, and a draft that has it says so, wherever it stands."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from newsletter.app import App
from newsletter.content.records import Pack
from newsletter.db.engine import Database
from newsletter.digest.changes import find_changes
from newsletter.digest.selection import read_pool, select_items
from newsletter.digest.writing import write_issue
from newsletter.editing.approve import ApprovalBlocked, approve
from newsletter.editing.checks import Severity, check
from newsletter.editing.draft import merge_until
from tests.digest.week import CUTOFF, SEEN
from tests.editing.desk import drafted, newsroom

#: Sorted so that each comes to stand in a room of its own: a lead, three briefs, a comparison in the overflow line.
PAIRS = ("ant-bee", "cat-dog", "elk-fox", "gnu-hen", "ibis-jay")
SINGLES = ("kite", "lark", "moth", "newt")


def site(*without: str, price: str = "1") -> Pack:
    """All that the site has, without some tools and comparisons; a comparison goes with its tools."""
    tools = [each for pair in PAIRS for each in pair.split("-")] + list(SINGLES)
    kept = [each for each in tools if each not in without]
    pairs = [each for each in PAIRS if each not in without and set(each.split("-")) <= set(kept)]

    def of_tools(**fields: Any) -> list[dict[str, Any]]:
        return [{"tool": each, **fields} for each in kept]

    return Pack.model_validate(
        {
            "source": {
                "id": "site",
                "name": "Weekly Verdicts",
                "url": "https://verdicts.example",
                "ours": True,
            },
            "tools": [{"id": each, "name": each.title(), "url": f"https://{each}.example"} for each in kept],
            "comparisons": [
                {
                    "id": each,
                    "left": each.split("-")[0],
                    "right": each.split("-")[1],
                    "url": f"https://verdicts.example/{each}",
                    "headline": f"The {each}",
                }
                for each in pairs
            ],
            "reviews": of_tools(reviewer="Builder", score=80, decision="ship", words="It runs."),
            "claims": [
                *of_tools(attribute="input_price", value=price, unit="USD/Mtok"),
                *of_tools(attribute="context", value="128K"),
            ],
        }
    )


def sync(app: App, pack: Pack, days: int) -> int:
    with app.content() as content:
        return content.import_pack(pack, SEEN + timedelta(days=days), watched=True).gone


@pytest.fixture
def app(tmp_path: Path, sqlite_database: Database) -> App:
    app = newsroom(tmp_path, sqlite_database, Pack())
    assert sync(app, site(), 0) == 0
    return app


def gone(app: App) -> set[str]:
    issue = drafted(app)
    return {each.key for each in check(app, issue) if each.key.startswith("gone:")}


@pytest.mark.parametrize("compared", PAIRS)
def test_a_deleted_comparison_is_named_in_whatever_room_it_stands(app: App, compared: str) -> None:
    assert gone(app) == set()
    assert sync(app, site(compared), 1) == 1
    assert gone(app) == {f"gone:comparison:{compared}"}
    assert sync(app, site(), 2) == 0
    assert gone(app) == set(), "the site has it again"


@pytest.mark.parametrize("tool", ["ant", "jay", *SINGLES])
def test_a_deleted_tool_is_named_with_its_comparison(app: App, tool: str) -> None:
    assert gone(app) == set()
    sync(app, site(tool), 1)
    of_it = {f"gone:comparison:{each}" for each in PAIRS if tool in each.split("-")}
    assert gone(app) >= (of_it or {f"gone:verdict:{tool}"})


def test_a_draft_that_has_it_is_not_approved_and_one_with_newer_items_is(app: App) -> None:
    issue = drafted(app)
    sync(app, site("ant-bee", "kite"), 1)
    found = [each for each in check(app, issue) if each.key.startswith("gone:")]
    assert {each.severity for each in found} == {Severity.ERROR}
    assert [each.what for each in found] == [
        "The site no longer has Ant vs Bee",
        "The site no longer has Kite",
    ]
    with pytest.raises(ApprovalBlocked):
        approve(app, issue, "dora")
    merged = merge_until(app, issue, CUTOFF + timedelta(hours=1)).issue
    assert approve(app, merged, "dora").content_hash


def test_an_approved_issue_that_waits_says_so(app: App) -> None:
    issue = approve(app, drafted(app), "dora")
    sync(app, site("ant-bee"), 1)
    [found] = [each for each in check(app, issue) if each.key.startswith("gone:")]
    assert (found.key, found.severity) == ("gone:comparison:ant-bee", Severity.WARNING)


def chosen(app: App) -> set[str]:
    with app.content() as content:
        items: Iterable[Any] = select_items(read_pool(content, CUTOFF), frozenset()).items
    return {each.key for each in items}


def test_what_is_deleted_is_not_eligible_and_changes_nothing(app: App) -> None:
    assert {"ant-bee", "ant", "kite"} <= chosen(app)
    sync(app, site("ant", "kite", price="2"), 1)
    assert not {"ant-bee", "ant", "kite"} & chosen(app)
    with app.content() as content:
        since = SEEN + timedelta(hours=1)
        assert {"ant", "kite"}.isdisjoint(each.key for each in find_changes(content, since, CUTOFF, PAIRS))
        assert {"ant", "kite"}.isdisjoint(each.id for each in content.tool_heads())
        assert content.count_comparisons_since(SEEN) == len(PAIRS) - 1


def test_nobody_who_follows_it_is_told_that_nothing_changed(app: App) -> None:
    issue = drafted(app)
    sync(app, site("kite"), 1)
    with app.content() as content:
        written = write_issue(
            issue, (), content, app.settings, number=1, rulings=lambda ids: {}, followed=("kite", "lark")
        )
    assert [each.tool_id for each in written.content.followed] == ["lark"]

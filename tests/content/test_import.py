"""What an import adds, what it leaves alone, and the history it keeps."""

import multiprocessing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from newsletter.content.records import Decision
from newsletter.content.store import ContentStore
from tests.content.packs import (
    MONDAY,
    OURS,
    THEIRS,
    WEEK,
    dump,
    every_claim,
    pack,
    row_counts,
    store_with,
    tool,
    whole_week,
)

HERON = tool("heron-2")


def price(value: str, **fields: object) -> dict[str, object]:
    return {"tool": "heron-2", "attribute": "input_price", "value": value, "unit": "USD/Mtok", **fields}


def test_a_pack_is_counted_by_kind(tmp_path: Path) -> None:
    with ContentStore(tmp_path / "content.db") as store:
        counts = store.import_pack(whole_week(), MONDAY)
        assert (counts["tools"], counts["claims"], counts["reviews"], counts["comparisons"]) == (2, 3, 2, 1)
        assert (counts.changed, counts.repeated, counts["unheard-of"]) == (0, False, 0)


def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week()) as store:
        before = dump(store)
        counts = store.import_pack(whole_week(), MONDAY + WEEK)
        assert (counts.repeated, counts.total) == (True, 0)
        assert dump(store) == before


def test_importing_a_series_of_packs_again_changes_nothing(tmp_path: Path) -> None:
    first, second = pack(tools=[HERON], claims=[price("0.10")]), pack(tools=[HERON], claims=[price("0.08")])
    with store_with(tmp_path, first, second) as store:
        before = dump(store)
        store.import_pack(first, MONDAY + 2 * WEEK)
        store.import_pack(second, MONDAY + 3 * WEEK)
        assert dump(store) == before


def test_a_reworded_pack_adds_only_what_is_new(tmp_path: Path) -> None:
    again = whole_week().model_copy(update={"tools": whole_week().tools[::-1]})
    with store_with(tmp_path, whole_week(), again) as store:
        once = row_counts(store)
        assert once["imports"] == 2
        assert {name: count for name, count in once.items() if name != "imports"} == {
            "sources": 2, "texts": 2, "reviewers": 1, "tools": 2, "aliases": 1, "comparisons": 1, "reviews": 2,
            "ratings": 2, "verdicts": 1, "votes": 1, "claims": 3, "offers": 1, "benchmarks": 2, "notes": 1,
            "questions": 2, "revisions": 0, "reader_votes": 0,
        }  # fmt: skip


def test_tools_and_comparisons_remember_when_they_were_seen(tmp_path: Path) -> None:
    later = whole_week().model_copy(update={"notes": ()})
    with store_with(tmp_path, whole_week(), later) as store:
        comparison = store.get_comparison("heron-2-vs-finch")
        heron = store.get_tool("heron-2")
    assert (comparison.first_seen_at, comparison.last_seen_at) == (MONDAY, MONDAY + WEEK)
    assert (heron.first_seen_at, heron.last_seen_at) == (MONDAY, MONDAY + WEEK)


def test_a_price_that_moves_is_a_new_claim_beside_the_old_one(tmp_path: Path) -> None:
    with store_with(
        tmp_path, pack(tools=[HERON], claims=[price("0.10")]), pack(tools=[HERON], claims=[price("0.08")])
    ) as store:
        (now,) = store.claims(["heron-2"])["heron-2"]
        history = every_claim(store, "heron-2")
    assert (now.number, now.seen_on) == (Decimal("0.08"), date(2026, 11, 30))
    assert [each.number for each in history] == [Decimal("0.1"), Decimal("0.08")]


def test_a_price_that_moves_back_is_a_third_claim(tmp_path: Path) -> None:
    moves = [pack(tools=[HERON], claims=[price(value)], notes=[note]) for value, note in (
        ("0.10", {"tool": "heron-2", "kind": "strength", "words": "Fast"}),
        ("0.08", {"tool": "heron-2", "kind": "strength", "words": "Faster"}),
        ("0.10", {"tool": "heron-2", "kind": "strength", "words": "Fastest"}),
    )]  # fmt: skip
    with store_with(tmp_path, *moves) as store:
        assert [each.value for each in store.claims(["heron-2"])["heron-2"]] == ["0.1"]
        assert len(every_claim(store, "heron-2")) == 3


def test_an_older_dated_claim_read_late_does_not_replace_a_newer_one(tmp_path: Path) -> None:
    newer = pack(tools=[HERON], claims=[price("0.08", as_of="2026-11-01")])
    older = pack(tools=[HERON], claims=[price("0.10", as_of="2026-03-01")])
    with store_with(tmp_path, newer, older) as store:
        assert [each.value for each in store.claims(["heron-2"])["heron-2"]] == ["0.08"]
        assert len(every_claim(store, "heron-2")) == 2


def test_an_undated_claim_said_later_stands_beside_the_dated_one(tmp_path: Path) -> None:
    dated, undated = (
        pack(tools=[HERON], claims=[price("0.08", as_of="2026-11-01")]),
        pack(tools=[HERON], claims=[price("0.10")]),
    )
    with store_with(tmp_path, dated, undated) as store:
        assert [each.value for each in store.claims(["heron-2"])["heron-2"]] == ["0.08", "0.1"]


def test_repeating_a_dated_value_without_its_date_adds_nothing(tmp_path: Path) -> None:
    dated, undated = (
        pack(tools=[HERON], claims=[price("0.08", as_of="2026-11-01")]),
        pack(tools=[HERON], claims=[price("0.08")]),
    )
    with store_with(tmp_path, dated, undated) as store:
        assert len(every_claim(store, "heron-2")) == 1


def test_a_value_that_gets_a_date_later_is_a_new_claim(tmp_path: Path) -> None:
    undated, dated = (
        pack(tools=[HERON], claims=[price("0.08")]),
        pack(tools=[HERON], claims=[price("0.08", verified_on="2026-11-01")]),
    )
    with store_with(tmp_path, undated, dated) as store:
        (now,) = store.claims(["heron-2"])["heron-2"]
    assert now.verified_on == date(2026, 11, 1)


def test_a_source_that_contradicts_itself_keeps_both(tmp_path: Path) -> None:
    both = pack(tools=[HERON], claims=[price("0.08", line=3), price("0.10", line=9)])
    with store_with(tmp_path, both) as store:
        assert [(each.value, each.line) for each in store.claims(["heron-2"])["heron-2"]] == [
            ("0.08", 3),
            ("0.1", 9),
        ]


def test_of_two_values_that_a_source_gave_the_one_it_still_gives_holds(tmp_path: Path) -> None:
    both = pack(tools=[HERON], claims=[price("0.08", line=3), price("0.10", line=9)])
    one = pack(tools=[HERON], claims=[price("0.08", line=3)])
    with store_with(tmp_path, both, one) as store:
        assert [each.value for each in store.claims(["heron-2"])["heron-2"]] == ["0.08"]
        assert len(every_claim(store, "heron-2")) == 3


def test_a_second_value_stands_beside_the_first_that_its_source_repeats(tmp_path: Path) -> None:
    one = pack(tools=[HERON], claims=[price("0.08", line=3)])
    both = pack(tools=[HERON], claims=[price("0.08", line=3), price("0.10", line=9)])
    with store_with(tmp_path, one, both) as store:
        assert [each.value for each in store.claims(["heron-2"])["heron-2"]] == ["0.08", "0.1"]


def test_one_value_on_two_lines_is_one_claim_on_the_first(tmp_path: Path) -> None:
    twice = pack(tools=[HERON], claims=[price("0.08", line=3), price("$0.08", line=9)])
    with store_with(tmp_path, twice) as store:
        assert [each.line for each in store.claims(["heron-2"])["heron-2"]] == [3]


def test_notes_of_a_kind_are_what_their_source_said_last(tmp_path: Path) -> None:
    def noted(*words: str) -> list[dict[str, str]]:
        return [{"tool": "heron-2", "kind": "best-for", "words": each} for each in words]

    strength = {"tool": "heron-2", "kind": "strength", "words": "Fast"}
    first = pack(tools=[HERON], notes=[*noted("Small services", "Edge"), strength])
    with store_with(tmp_path, first, pack(tools=[HERON], notes=noted("Everything"))) as store:
        assert [each.words for each in store.notes(["heron-2"])["heron-2"]] == ["Everything", "Fast"]
        assert row_counts(store)["notes"] == 4


def test_two_sources_have_a_claim_each(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week()) as store:
        claims = store.claims(["heron-2"])["heron-2"]
    assert [(each.source_id, each.value) for each in claims] == [
        ("profiles", "0.12"),
        ("verdicts.example-week-48", "0.1"),
    ]


def test_a_claim_keeps_its_words_its_line_and_its_unit(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week()) as store:
        claim = next(each for each in store.claims(["heron-2"])["heron-2"] if each.line)
    assert (claim.words, claim.line, claim.unit) == ("$0.10 per 1M tokens", 2, "USD/Mtok")


def verdict(ships: int | None, skips: int | None, **fields: object) -> dict[str, object]:
    return {"tool": "heron-2", "ships": ships, "skips": skips, **fields}


def test_a_verdict_that_flips_and_flips_back_is_three_verdicts(tmp_path: Path) -> None:
    flips = [
        pack(tools=[tool("heron-2", status=str(number))], verdicts=[verdict(*split)])
        for number, split in enumerate([(4, 0), (1, 3), (4, 0)])
    ]
    with store_with(tmp_path, *flips) as store:
        history = store.verdicts(["heron-2"])["heron-2"]
    assert [each.ships for each in history] == [4, 1, 4]
    assert [each.seen_at for each in history] == [MONDAY, MONDAY + WEEK, MONDAY + 2 * WEEK]


def test_each_of_our_own_pages_keeps_the_verdict_that_it_prints(tmp_path: Path) -> None:
    other_page = {**OURS, "url": "https://verdicts.example/compare/2"}
    with store_with(
        tmp_path,
        pack(tools=[HERON], verdicts=[verdict(3, 1, share="75")]),
        pack(other_page, tools=[HERON], verdicts=[verdict(None, None, share="75")]),
    ) as store:
        history = store.verdicts(["heron-2"])["heron-2"]
    assert [(each.source_id, each.ships) for each in history] == [
        ("verdicts.example-week-48", 3),
        ("verdicts.example-compare-2", None),
    ]


def test_a_stated_split_goes_beside_a_derived_one(tmp_path: Path) -> None:
    with store_with(
        tmp_path,
        pack(tools=[HERON], verdicts=[verdict(3, 1, share="75", derived=True)]),
        pack(tools=[HERON], verdicts=[verdict(3, 1)]),
    ) as store:
        assert [each.derived for each in store.verdicts(["heron-2"])["heron-2"]] == [True, False]


def test_a_share_beside_its_split_is_one_verdict(tmp_path: Path) -> None:
    both = pack(tools=[HERON], verdicts=[verdict(3, 1, share="75"), verdict(None, None, share="75")])
    with store_with(tmp_path, both) as store:
        assert [each.ships for each in store.verdicts(["heron-2"])["heron-2"]] == [3]


def test_an_older_verdict_read_late_stands_before_the_newer(tmp_path: Path) -> None:
    with store_with(
        tmp_path,
        pack(tools=[HERON], verdicts=[verdict(4, 0, as_of="2026-11-01")]),
        pack(tools=[HERON], verdicts=[verdict(1, 3, as_of="2026-05-01")]),
    ) as store:
        assert [each.ships for each in store.verdicts(["heron-2"])["heron-2"]] == [1, 4]


def test_votes_are_the_last_totals_ours_before_others(tmp_path: Path) -> None:
    ours = pack(tools=[HERON], votes=[{"tool": "heron-2", "ship": 7, "skip": 2}])
    more = pack(tools=[HERON], votes=[{"tool": "heron-2", "ship": 9, "skip": 2}])
    theirs = pack(THEIRS, tools=[HERON], votes=[{"tool": "heron-2", "ship": 900, "skip": 1}])
    with store_with(tmp_path, ours, more, theirs) as store:
        votes = store.votes(["heron-2"])["heron-2"]
        assert (votes.ship, votes.skip, votes.seen_at) == (9, 2, MONDAY + WEEK)
        assert row_counts(store)["votes"] == 3


def test_offers_and_benchmarks_are_the_last_ones(tmp_path: Path) -> None:
    def said(latency: int | None, score: int | None) -> dict[str, Any]:
        return {
            "offers": [{"tool": "heron-2", "provider": "Heron Cloud", "p50_latency_ms": latency}],
            "benchmarks": [{"tool": "heron-2", "test": "Maths", "score": score, "out_of": 3}],
        }

    with store_with(
        tmp_path, pack(tools=[HERON], **said(420, None)), pack(tools=[HERON], **said(300, 2))
    ) as store:
        assert [each.p50_latency_ms for each in store.offers(["heron-2"])["heron-2"]] == [300]
        assert [each.score for each in store.benchmarks(["heron-2"])["heron-2"]] == [Decimal(2)]
        assert (row_counts(store)["offers"], row_counts(store)["benchmarks"]) == (2, 2)


def test_an_answer_that_changes_replaces_the_old_one(tmp_path: Path) -> None:
    def asked(answer: str) -> list[dict[str, str]]:
        return [{"tool": "heron-2", "question": "Is it open?", "answer": answer}]

    with store_with(
        tmp_path, pack(tools=[HERON], questions=asked("No.")), pack(tools=[HERON], questions=asked("Yes."))
    ) as store:
        (question,) = store.questions(tool_ids=["heron-2"])
    assert (question.answer, question.seen_at) == ("Yes.", MONDAY)


def test_every_text_of_a_source_is_kept_whole(tmp_path: Path) -> None:
    old, new = "\n\n  Input: $0.10\n", "Input: $0.08"
    with store_with(
        tmp_path,
        pack({**OURS, "text": old}, tools=[HERON]),
        pack({**OURS, "text": new}, tools=[HERON]),
    ) as store:
        (source,) = store.sources(["verdicts.example-week-48"], with_text=True).values()
        assert (source.text, source.seen_on) == (new, date(2026, 11, 30))
        assert store.sources([source.id])[source.id].text == ""
        assert [row[2] for row in dump(store)["texts"]] == [old, new]


def test_a_dry_run_counts_and_leaves_nothing(tmp_path: Path) -> None:
    with ContentStore(tmp_path / "content.db") as store:
        before = dump(store)
        assert store.import_pack(whole_week(), MONDAY, dry_run=True)["tools"] == 2
        assert dump(store) == before
        assert store.import_pack(whole_week(), MONDAY)["tools"] == 2


def test_a_pack_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    with store_with(
        tmp_path,
        pack(
            tools=[tool("heron"), tool("finch")], comparisons=[{"id": "x", "left": "heron", "right": "finch"}]
        ),
    ) as store:
        before = dump(store)
        bad = pack(
            tools=[tool("wren"), tool("robin")],
            comparisons=[{"id": "x", "left": "wren", "right": "robin"}],
        )
        with pytest.raises(
            Exception, match=r"pack, field comparisons\[1\]\.id: x already compares heron with finch"
        ):
            store.import_pack(bad, MONDAY)
        assert dump(store) == before


def test_the_same_decision_words_and_scores_come_back_as_values(tmp_path: Path) -> None:
    with store_with(tmp_path, whole_week()) as store:
        (review,) = store.reviews(["heron-2"])["heron-2"]
    assert (review.reviewer, review.score, review.decision, review.line) == ("Builder", 85, Decision.SHIP, 7)


def _import_many(path: Path, barrier: object, number: int) -> None:
    barrier.wait()  # type: ignore[attr-defined]
    for week in range(5):
        with ContentStore(path) as store:
            store.import_pack(pack(tools=[tool(f"bird-{week}")], claims=[
                {"tool": f"bird-{week}", "attribute": "licence", "value": f"from {number}"}
            ]), MONDAY)  # fmt: skip


def test_two_processes_that_begin_and_import_at_once_both_succeed(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    for attempt in range(3):
        path, barrier = tmp_path / f"{attempt}.db", context.Barrier(2)
        processes = [context.Process(target=_import_many, args=(path, barrier, number)) for number in (1, 2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join(60)
        assert [process.exitcode for process in processes] == [0, 0]
        with ContentStore(path) as store:
            assert (row_counts(store)["tools"], row_counts(store)["claims"]) == (5, 10)
            assert store.db.execute("SELECT count(*) FROM _sqlite_migrations").fetchone()[0] == 4


def test_two_processes_that_import_the_same_pack_at_once_store_it_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    path, barrier = tmp_path / "content.db", context.Barrier(2)
    processes = [context.Process(target=_import_whole_week, args=(path, barrier)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    (tmp_path / "alone").mkdir()
    with ContentStore(path) as both, store_with(tmp_path / "alone", whole_week()) as alone:
        assert dump(both) == dump(alone)


def _import_whole_week(path: Path, barrier: object) -> None:
    barrier.wait()  # type: ignore[attr-defined]
    with ContentStore(path) as store:
        store.import_pack(whole_week(), MONDAY)

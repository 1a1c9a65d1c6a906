"""The pages under load, small: what benchmarks/load.py measures for longer. No fault, and nothing lost."""

from pathlib import Path

from benchmarks.load import flooded, mixed_load


def test_while_an_issue_goes_out_nobody_who_reads_or_subscribes_meets_a_fault(tmp_path: Path) -> None:
    answers, lost = mixed_load(tmp_path / "weekly", readers=400, seconds=2.0)
    assert set(answers.statuses) == {200}
    assert (answers.faults, answers.locked, lost) == (0, 0, 0)
    assert answers.asked


def test_no_sign_up_of_a_flood_is_lost(tmp_path: Path) -> None:
    answers, lost = flooded(tmp_path / "weekly", seconds=1.5)
    assert set(answers.statuses) == {200}
    assert (len(answers.asked), answers.faults, lost) == (answers.statuses[200], 0, 0)

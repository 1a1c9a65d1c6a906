"""Ten thousand comparisons: in a reasonable time in, in no time out, in little memory."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from newsletter.content.records import Pack
from newsletter.content.store import ContentStore
from tests.content.packs import MONDAY, WEEK, pack

COMPARISONS, TOOLS = 10_000, 5_000
PANEL = ("Builder", "Skeptic")
WORDS = (
    "The interface is clean and it does what it says, but what it costs at scale nobody has written down. "
    * 3
)

#: Run in a process of its own, so that its memory is its own: what a draft reads.
READ = """
import sys, time
from pathlib import Path
from newsletter.content.store import ContentStore

def highest() -> int:
    # Of this process alone: what getrusage says begins with the parent's.
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

before = highest()
started = time.process_time()
with ContentStore.read_only(Path(sys.argv[1])) as store:
    heads = list(store.comparison_heads())
    tools = list(store.tool_heads())
    shown = [each.id for each in heads[-12:]]
    ids = [side for each in heads[-12:] for side in (each.left_id, each.right_id)][:20]
    store.comparisons(shown), store.tools(ids), store.reviews(ids), store.verdicts(ids), store.votes(ids)
    claims = store.claims(ids)
    store.offers(ids), store.benchmarks(ids), store.notes(ids), store.questions(comparison_ids=shown, tool_ids=ids)
    store.sources({each.source_id for found in claims.values() for each in found})
seconds = time.process_time() - started
print(len(heads), len(tools), round(seconds, 3), (highest() - before) // 1024)
"""


def large_pack() -> Pack:
    def right(number: int) -> int:
        return (number + 1 + number // TOOLS) % TOOLS

    records: dict[str, Any] = {
        "tools": [{"id": f"t{n}", "name": f"Tool {n}", "tagline": f"Line {n}"} for n in range(TOOLS)],
        "comparisons": [
            {"left": f"t{n % TOOLS}", "right": f"t{right(n)}", "headline": f"Number {n}", "summary": WORDS}
            for n in range(COMPARISONS)
        ],
        "reviews": [
            {"tool": f"t{n}", "reviewer": who, "score": 60 + n % 40, "decision": "ship", "words": f"{who} {n}: {WORDS}"}
            for n in range(TOOLS)
            for who in PANEL
        ],
        "verdicts": [{"tool": f"t{n}", "ships": 4, "skips": 0} for n in range(TOOLS)],
        "claims": [
            {"tool": f"t{n}", "attribute": name, "value": f"0.{n + 1}", "unit": "USD/Mtok"}
            for n in range(TOOLS)
            for name in ("input_price", "output_price")
        ],
    }  # fmt: skip
    return pack(**records)


@pytest.fixture(scope="module")
def large_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scale") / "content.db"
    with ContentStore(path) as store:
        started = time.process_time()
        assert store.import_pack(large_pack(), MONDAY)["comparisons"] == COMPARISONS
        assert time.process_time() - started < 20
    return path


def test_a_draft_reads_what_it_needs_in_half_a_second_and_little_memory(large_store: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ, str(large_store)], capture_output=True, text=True, check=True
    )
    heads, tools, seconds, megabytes = done.stdout.split()
    assert (int(heads), int(tools)) == (COMPARISONS, TOOLS)
    assert float(seconds) < 0.5
    assert int(megabytes) < 60


def test_a_week_later_the_same_again_takes_no_longer(large_store: Path) -> None:
    again = large_pack().model_copy(
        update={"notes": pack(notes=[{"tool": "t0", "kind": "strength", "words": "New"}]).notes}
    )
    with ContentStore(large_store) as store:
        started = time.process_time()
        counts = store.import_pack(again, MONDAY + WEEK)
        assert (counts.total, counts.changed) == (1, 0)
        assert time.process_time() - started < 20

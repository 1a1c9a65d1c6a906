"""What a benchmark says: figures, each beside its limit, as a table, as JSON and as the page in docs/."""

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
#: The heading of the page's last part, which `python -m benchmarks truth --write` writes.
TRUTH = "## Contradictions found"

_HEADINGS = ("Benchmark", "Figure", "Unit", "Beside", "Limit", "Ratio", "Promised", "Is")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A measured value and the limit it was measured beside; `at_least` and `at_most` bound their ratio."""

    name: str
    value: float
    unit: str
    beside: str
    limit: float
    ratio: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def promised(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return f"≤ {self.at_most:g}" if self.at_most is not None else "–"

    @property
    def is_kept(self) -> bool:
        return (self.at_least is None or self.ratio >= self.at_least) and (
            self.at_most is None or self.ratio <= self.at_most
        )


def as_json(figures: Iterable[Figure]) -> str:
    """One object for each figure, under a word on the machine."""
    rows = [
        {
            "name": figure.name,
            "value": figure.value,
            "unit": figure.unit,
            "beside": figure.beside,
            "limit": figure.limit,
            "ratio": figure.ratio,
            "promised": figure.promised,
            "kept": figure.is_kept,
        }
        for figure in figures
    ]
    return json.dumps({"machine": machine(), "figures": rows}, indent=2, ensure_ascii=False) + "\n"


def as_rows(figures: Iterable[Figure]) -> list[tuple[str, ...]]:
    """The table's cells, headings first."""
    return [_HEADINGS, *(_cells(figure) for figure in figures)]


def as_page(figures: Iterable[Figure]) -> str:
    """docs/performance.md; its last part stays what it is."""
    header, *rows = as_rows(figures)
    lines = [_line(header), _line(["---"] * len(header)), *map(_line, rows)]
    _, heading, truth = PAGE.read_text(encoding="utf-8").partition(TRUTH)
    return f"{_PAGE.format(machine=machine(), table=chr(10).join(lines))}\n{heading}{truth}"


def machine() -> str:
    """Python, processor and cores: what another run should be compared with."""
    return f"Python {platform.python_version()}, {_processor()}, {os.cpu_count()} cores"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        _number(figure.value),
        figure.unit,
        figure.beside,
        _number(figure.limit),
        _number(figure.ratio),
        figure.promised,
        "kept" if figure.is_kept else "broken",
    )


def _number(value: float) -> str:
    """Three digits that matter."""
    return f"{value:,.0f}" if value >= 100 else f"{value:#.3g}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


_PAGE = """\
# Performance

Measured by `python -m benchmarks --write`, which wrote this page, on {machine}.
The figures are this machine's; the ratios are what is promised. Each figure was measured beside its limit, in turns
within one run; the ratio is the median, of short turns that over the quietest tenth of them. Other work on the machine's cores and
caches costs the figures with much memory behind them most: on a busy machine DKIM's ratio falls by up to 0.06.
Beside smtp-source the sink has a core and we the other: where both are threads of one core, as here, the ratio for
60 KB was between 0.84 and 1.23 in the runs of one day, and that for 100 KB between 0.98 and 1.05.

{table}

- **compose** is one reader's whole message from the compiled plan. Its limit is joining the very same pieces of bytes
  with nothing else done; what the naive way costs is rendering the templates for each reader, through Jinja2, MJML
  and the standard library's mail generator.
- **DKIM** signs a whole composed message. Its limit is the bare signature over as many octets as the headers have: what
  is left is hashing the body, which no two readers share.
- **SMTP** sends a whole issue, with its ledger and its journal. Beside smtp-source both are timed by the clock and in turns,
  into the same smtp-sink, which is what limits them. The sink that does not limit only looks for the end of each message;
  that figure is the best of several turns, by the clock and by what the process took of the processors.
- **SendGrid** prepares and posts requests of a thousand readers with 1.3 KB for each of them.
- **importing** reads a million readers from a CSV file, every twentieth line bad, each of those told with its line and reason.
- **load** asks the pages, in a process of their own, over and over on two dozen connections; what is promised is the process's own time,
  since sender and visitors share the machine. None of what was answered may be lost, and no visitor may meet a fault.
- **drafting** chooses and writes an issue from ten thousand comparisons; its limits are the promised time and memory.
"""

"""Measuring two things side by side: in turns, so that whatever else the machine does befalls both."""

import gc
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Task:
    """Something to run, and how many pieces of work one run does."""

    run: Callable[[], object]
    pieces: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """Pieces of work a second, of a task and of its limit, and the median of their ratios, turn by turn."""

    rate: float
    limit: float
    ratio: float


def side_by_side(task: Task, limit: Task, *, turns: int = 151) -> Race:
    """Run both in turns, each once for warmth first; what counts is the quietest tenth of the turns.

    Short turns, of a few milliseconds, find the quiet moments of a machine that has other work.
    """
    gc.collect()
    gc.disable()
    _seconds(task), _seconds(limit)
    pairs = sorted(((_seconds(task), _seconds(limit)) for _ in range(turns)), key=sum)
    gc.enable()
    quiet = pairs[: turns // 10 + 1]
    return Race(
        rate=1 / median(mine for mine, _ in quiet),
        limit=1 / median(bound for _, bound in quiet),
        ratio=median(bound / mine for mine, bound in quiet),
    )


def _seconds(task: Task) -> float:
    """This thread's seconds for one piece of work: other work on the machine is not ours to count."""
    start = time.thread_time()
    task.run()
    return max(time.thread_time() - start, 1e-9) / task.pieces


def resident_memory() -> float:
    """What this process holds, in MB; where the system does not say, the most that it ever held."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 1024**2


def peak_memory() -> float:
    """The most that this process ever held, in MB."""
    # What getrusage says would count the parent's memory too: a process keeps its peak across exec.
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024

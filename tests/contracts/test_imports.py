"""The direction of imports, read from the sources: what stands further right may use what stands further left."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: Rooms of one rank are siblings and never import each other, but for `errors, config, clock`.
RANKS = (
    {"distribution", "errors"},
    {"language"},
    {"clock", "config"},
    {"db"},
    {"content", "readers", "schedule"},
    {"digest"},
    {"render"},
    {"delivery"},
    {"app"},
    {"editing", "installation"},
    {"web", "cli", "jobs"},
)
RANK = {room: rank for rank, rooms in enumerate(RANKS) for room in rooms}


def room_of(module: str) -> str | None:
    """ "newsletter.content.store" → "content"; None for what is not ours."""
    parts = module.split(".")
    if parts[0] == "jobs":
        return "jobs"
    if parts[0] != "newsletter":
        return None
    return parts[1] if len(parts) > 1 and not parts[1].startswith("__") else "newsletter"


def imports_of(file: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno} imports relatively"
            whole = [f"{node.module}.{name.name}" for name in node.names]
            yield from (
                (node.lineno, name if node.module == "newsletter" else str(node.module)) for name in whole
            )


SOURCES = sorted(
    file
    for folder in ("newsletter", "jobs")
    for file in (ROOT / folder).rglob("*.py")
    if file.name != "__main__.py"
)


def test_imports_run_one_way() -> None:
    wrong = []
    for file in SOURCES:
        here = room_of(".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
        for line, imported in imports_of(file):
            there = room_of(imported)
            if there is None or there in (here, "newsletter") or here == "newsletter":
                continue
            assert there in RANK, f"{file}:{line} imports {imported}, a room nobody has placed"
            assert here in RANK, f"{file} stands in a room that nobody has placed"
            if RANK[there] >= RANK[here]:
                wrong.append(f"{file.relative_to(ROOT)}:{line} imports {imported} against the direction")
    assert wrong == []


def test_only_the_config_reads_the_environment() -> None:
    readers = [
        str(file.relative_to(ROOT))
        for file in SOURCES
        if any(word in file.read_text(encoding="utf-8") for word in ("os.environ", "os.getenv"))
    ]
    assert readers == ["newsletter/config/reading.py"]


def test_only_the_clock_reads_the_time() -> None:
    words = (
        "datetime.now(",
        "datetime.utcnow(",
        "time.time(",
        "time.monotonic(",
        "time.sleep(",
        "date.today(",
    )
    readers = [
        str(file.relative_to(ROOT))
        for file in SOURCES
        if any(word in file.read_text(encoding="utf-8") for word in words)
    ]
    assert readers in ([], ["newsletter/clock.py"])

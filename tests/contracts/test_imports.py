"""The direction of imports, read from the sources: what stands further right may use what stands further left."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Rooms of one rank are siblings and never import each other, but for `errors, config, clock`.
RANKS = (
    {"errors"},
    {"clock", "config"},
    {"db"},
    {"content", "readers", "schedule"},
    {"digest"},
    {"render"},
    {"delivery"},
    {"editing"},
    {"app", "installation"},
    {"web", "cli", "jobs"},
)
RANK = {room: rank for rank, rooms in enumerate(RANKS) for room in rooms}

#: The parts of `newsletter/editing`, in the same way; its single modules are open to all of them.
PARTS = ("people", "drafts", "proofs", "checks", "remembered", "release", "reports")


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


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_run_one_way(file: Path) -> None:
    module = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    here = room_of(module)
    for line, imported in imports_of(file):
        there = room_of(imported)
        if there is None or there in (here, "newsletter") or here == "newsletter":
            continue
        assert there in RANK, f"{file}:{line} imports {imported}, a room nobody has placed"
        assert here in RANK, f"{file} stands in a room that nobody has placed"
        assert RANK[there] < RANK[here], f"{file}:{line} imports {imported} against the direction"


@pytest.mark.parametrize("part", PARTS)
def test_the_parts_of_editing_use_only_what_comes_before(part: str) -> None:
    folder = ROOT / "newsletter" / "editing" / part
    imported = {module for file in sorted(folder.rglob("*.py")) for _, module in imports_of(file)}
    used = {module.split(".")[2] for module in imported if module.startswith("newsletter.editing.")}
    assert not used & set(PARTS[PARTS.index(part) + 1 :])


def test_every_part_of_editing_has_its_place() -> None:
    folders = {each.parent.name for each in (ROOT / "newsletter" / "editing").glob("*/__init__.py")}
    assert folders == set(PARTS)


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

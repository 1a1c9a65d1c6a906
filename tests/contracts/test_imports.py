"""The direction of imports, read from the sources: what stands further right may use what stands further left."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: Rooms of one rank are siblings and never import each other, but for `errors, config, clock`.
RANKS = (
    {"commands"},
    {"distribution", "errors"},
    {"language"},
    {"clock", "config"},
    {"db", "stopping"},
    {"content", "readers", "schedule"},
    {"digest"},
    {"render"},
    {"delivery"},
    {"app"},
    {"editing", "installation", "backups"},
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


#: Where an import stands inside a function, and what it would cost every command at the top: CPU time measured beside
#: the 70 ms of `newsletter --help` and the half second of a command that opens an installation.
IN_FUNCTIONS = {
    "newsletter/app.py": "what mail, content and the archive need: as long again as the rest of a command",
    "newsletter/cli/__init__.py": "nothing of ours, before it is known whether the package is whole",
    "newsletter/cli/frame.py": "the app: seven times `--help`; rich's tables and bars: 60 ms, and only on a terminal",
    "newsletter/cli/program.py": "the database's errors: 350 ms, which `--help` need not know",
    "newsletter/cli/readers.py": "what exports a reader: 370 ms, of one command in ten",
    "newsletter/delivery/bounces/parse.py": "flufl.bounce: 85 ms, only where mail is read",
    "newsletter/delivery/transports/outbox/__init__.py": "the transports that are not in use",
    "newsletter/delivery/transports/sendgrid/__init__.py": "the transports that are not in use",
    "newsletter/delivery/transports/smtp/__init__.py": "the transports that are not in use",
}


def test_imports_stand_at_the_top_but_where_starting_would_take_longer() -> None:
    inside = {
        str(file.relative_to(ROOT))
        for file in SOURCES
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        if any(isinstance(each, ast.Import | ast.ImportFrom) for each in ast.walk(function))
    }
    assert inside == {*IN_FUNCTIONS}


def _is_unordered(node: ast.AST) -> bool:
    """Return whether a value's order is another in each process: a set's, put together in whatever way."""
    if isinstance(node, ast.BinOp):
        return _is_unordered(node.left) or _is_unordered(node.right)
    if isinstance(node, ast.List | ast.Tuple):
        return any(isinstance(each, ast.Starred) and _is_unordered(each.value) for each in node.elts)
    made = node.func if isinstance(node, ast.Call) else None
    return isinstance(node, ast.Set | ast.SetComp) or (
        isinstance(made, ast.Name) and made.id in ("set", "frozenset")
    )


def test_cases_stand_in_one_order_in_every_process_that_shares_them() -> None:
    unordered = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in sorted((ROOT / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "parametrize"
        if any(map(_is_unordered, node.args[1:]))
    ]
    assert unordered == []

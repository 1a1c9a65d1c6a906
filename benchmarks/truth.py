"""How much of what contradicts itself is found, and how often an alarm is false: `python -m benchmarks truth`.

Pages about invented tools are written in the four known shapes, imported, and checked as `newsletter facts check` does.
Planted sets have one contradiction each, in a field or in a sentence; in clean sets everything agrees; near-miss sets hold
true sentences that only look untrue. A planted one counts as found when a finding names its tool and stands on its
lines; whatever else is found is a false alarm. What is promised:

- of what is planted in fields 0.95 is found, of what is planted in sentences 0.90, in every kind;
- there is no alarm in 400 clean sets, and there are at most 3 in 100 near-miss sets.

`--sets N` plants fewer of each kind, `--missed` prints by wording what was not found and every false alarm, `--held-out`
takes the wordings of truth_held_out.py. The sets come from truth_sets.py, the wordings from truth_words.py.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from itertools import cycle, islice
from pathlib import Path
from random import Random

import click

from benchmarks.figures import PAGE, TRUTH, Figure
from benchmarks.truth_sets import CASES, FIELD_PLANTS, NAME_PLANTS, PageSet, Plant, Writer
from newsletter import __version__
from newsletter.content.conflicts.contradiction import Contradiction
from newsletter.content.conflicts.find import find_contradictions
from newsletter.content.packs import Provenance, read_material
from newsletter.content.records import slug
from newsletter.content.store import ContentStore
from newsletter.errors import BadInput

#: Planted sentences of each kind, or one in each of its wordings if they are more; half as many fields. With fewer
#: there are fewer clean and near-miss sets in proportion.
SETS = 36
CLEAN, NEAR_MISSES = 400, 100
FIELDS, SENTENCES, NEAR_ALARMS = 0.95, 0.90, 3

NOW = datetime(2026, 4, 1, tzinfo=UTC)
_SITE = "https://pages.example"


@dataclass(slots=True)
class Count:
    """What was planted of one kind and found of it, in fields or in sentences."""

    planted: int = 0
    found: int = 0

    @property
    def recall(self) -> float:
        return self.found / self.planted if self.planted else 1.0


@dataclass(slots=True)
class Result:
    """What came of all sets."""

    fields: dict[str, Count] = field(default_factory=dict)
    sentences: dict[str, Count] = field(default_factory=dict)
    missed: list[Plant] = field(default_factory=list)
    #: False alarms by what kind of set they were in.
    alarms: dict[str, list[Contradiction]] = field(
        default_factory=lambda: {"planted": [], "clean": [], "near-miss": []}
    )
    sets: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)


def run(
    *, sets: int = SETS, missed: bool = False, held_out: bool = False, write: bool = False
) -> Iterator[Figure]:
    """Measure, print the table of kinds, and yield what is promised; with `write` put the table into the page."""
    result = measure("truth_held_out" if held_out else "truth_words", sets)
    click.echo(as_table(result))
    if missed:
        click.echo("\n".join(missed_lines(result)))
    if write:
        page, _, _ = PAGE.read_text(encoding="utf-8").partition(TRUTH)
        PAGE.write_text(
            f"{page.rstrip()}\n\n{TRUTH}\n\n{_SECTION.format(version=__version__)}\n{as_table(result)}\n",
            encoding="utf-8",
        )
    yield from _figures(result)


def measure(words: str, sets: int) -> Result:
    """Write and check all sets in the wordings of a module of this package."""
    writer = Writer(import_module(f"benchmarks.{words}"))
    result = Result()
    with tempfile.TemporaryDirectory() as name:
        checker = Checker(Path(name))
        for page_set in planted_sets(writer, sets):
            _count(result, page_set, checker)
        for kind, write, count in (
            ("clean", writer.clean, CLEAN),
            ("near-miss", writer.near_miss, NEAR_MISSES),
        ):
            for number in range(max(count * sets // SETS, 1)):
                found = checker.check(write(f"{kind} {number}"), result.refused)
                result.sets[kind] += 1
                result.alarms[kind] += found
    return result


def planted_sets(writer: Writer, sets: int) -> Iterator[PageSet]:
    """Yield so many planted sets of each kind, every wording in turn."""
    for kind in dict.fromkeys(case.kind for case in CASES):
        pairs = [
            (case, wording)
            for case in CASES
            if case.kind == kind
            for wording in writer.wordings[case.statement]
        ]
        Random(kind).shuffle(pairs)
        count = sets * max(len(pairs), SETS) // SETS
        for number, (case, wording) in enumerate(islice(cycle(pairs), count)):
            yield writer.planted(case, wording, f"{kind} {number}")
    in_fields: dict[str, list[Callable[[str], PageSet]]] = {}
    for spec in FIELD_PLANTS:
        in_fields.setdefault(spec.kind, []).append(partial(writer.planted_field, spec))
    for kind, first, second in NAME_PLANTS:
        in_fields.setdefault(kind, []).append(partial(writer.planted_name, kind, first, second))
    for kind, ways in in_fields.items():
        for number, way in enumerate(islice(cycle(ways), max(sets // 2, 1))):
            yield way(f"{kind}, field {number}")


def _count(result: Result, page_set: PageSet, checker: "Checker") -> None:
    plant = page_set.plant
    assert plant is not None
    findings = checker.check(page_set, result.refused)
    hits = [each for each in findings if is_found(plant, each)]
    counts = result.fields if plant.in_field else result.sentences
    count = counts.setdefault(plant.kind, Count())
    count.planted += 1
    count.found += bool(hits)
    if not hits:
        result.missed.append(plant)
    result.sets["planted"] += 1
    result.alarms["planted"] += [each for each in findings if each not in hits]


def is_found(plant: Plant, finding: Contradiction) -> bool:
    """Return whether a finding is the planted one: about its tool, on its line, and beside what it contradicts."""
    wanted, named = {slug(name) for name in plant.tools}, set(finding.tool_ids)
    if plant.every:
        return wanted <= named
    sides = (finding.left, finding.right, *finding.also)
    places = {(each.source_id.rpartition("-page-")[2], each.line) for each in sides if each.line is not None}
    return bool(wanted & named and places & plant.lines) and places <= plant.lines | plant.partners


class Checker:
    """Imports the pages of a set into an empty store, as the command does, and looks for contradictions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.empty = folder / "empty.db"
        ContentStore(self.empty).close()

    def check(self, page_set: PageSet, refused: list[str]) -> list[Contradiction]:
        """Return what is found in a set; what is said of pages that were refused goes to `refused`."""
        database = self.folder / "content.db"
        shutil.copyfile(self.empty, database)
        with ContentStore(database) as store:
            for page in page_set.pages:
                file = self.folder / f"{page.name}.txt"
                file.write_text(page.text, encoding="utf-8")
                try:
                    read = read_material(file, Provenance(url=f"{_SITE}/page-{page.name}", ours=True))
                    store.import_pack(read.pack, NOW, where=read.where)
                except BadInput as error:
                    refused.append(" ".join(str(error).split()))
            found = find_contradictions(store)
        for leftover in self.folder.glob("content.db*"):
            leftover.unlink()
        return list(found)


# What is said of it.

_SECTION = """\
Measured at {version} by `python -m benchmarks truth --write`, which wrote this part. Pages about invented tools are
written in the four known shapes, in words that the rules were not written from, imported, and checked as `newsletter facts
check` does. A planted set has one contradiction, in a field or in a sentence, which counts as found when a finding names
its tool and stands on its line; in a clean set everything agrees; a near-miss set holds true sentences that only look
untrue. Whatever else is found is a false alarm. The aim is to find 0.95 of what is planted in fields and 0.90 of what is
planted in sentences, of every kind, with no alarm in the clean sets and at most 3 in the near-miss sets.

```console
$ python -m benchmarks truth
$ python -m benchmarks truth --sets 8 --missed
$ python -m benchmarks truth --held-out
```

`--sets` plants fewer of each kind, `--missed` prints every sentence that was not found, by its wording, and every false
alarm. `--held-out` takes wordings that whoever writes the rules has not read. The sets come from seeds: each run has
the same ones.
"""

_HEADINGS = ("Kind", "Fields planted", "found", "recall", "Sentences planted", "found", "recall")


def as_table(result: Result) -> str:
    """Return the table of kinds, and below it the false alarms, as Markdown."""
    kinds = dict.fromkeys((*result.sentences, *result.fields))
    rows = [
        (kind, *_cells(result.fields.get(kind)), *_cells(result.sentences.get(kind)))
        for kind in sorted(kinds)
    ]
    rows.append(("**all**", *_cells(_sum(result.fields)), *_cells(_sum(result.sentences))))
    table = [_HEADINGS, ("---", *["---:"] * 6), *rows]
    lines = [f"| {' | '.join(row)} |" for row in table]
    lines += ["", "| Sets | | Alarms | serious | minor |", "| --- | ---: | ---: | ---: | ---: |"]
    for kind, alarms in result.alarms.items():
        serious = sum(each.is_serious for each in alarms)
        cells = (kind, result.sets[kind], len(alarms), serious, len(alarms) - serious)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    if result.refused:
        lines += ["", f"{len(result.refused)} pages were refused, the first: {result.refused[0]}"]
    return "\n".join(lines)


def _cells(count: Count | None) -> tuple[str, str, str]:
    if count is None:
        return "–", "–", "–"
    return str(count.planted), str(count.found), f"{count.recall:.2f}"


def _sum(counts: dict[str, Count]) -> Count:
    return Count(sum(each.planted for each in counts.values()), sum(each.found for each in counts.values()))


def missed_lines(result: Result) -> Iterator[str]:
    """Yield what was not found, kind by kind and wording by wording, and then every false alarm."""
    for (kind, in_field), plants in _grouped(result.missed):
        yield f"\n{kind}, in {'fields' if in_field else 'sentences'}: {len(plants)} not found"
        for wording, count in Counter(each.wording for each in plants).most_common():
            example = next(each for each in plants if each.wording == wording)
            yield f"  {count} × {wording}"
            yield f"      such as: {example.said}"
            if example.beside:
                yield f"      beside: {example.beside}"
    for kind, alarms in result.alarms.items():
        for each in alarms:
            yield f"\nfalse alarm in a {kind} set: {each.kind}, {', '.join(each.tool_ids)}: {each.reason}"
            for side in (each.left, each.right):
                yield f'  - {side.source_id}, line {side.line}: "{side.words}"'
    for refusal in result.refused:
        yield f"\nrefused: {refusal}"


def _grouped(plants: Sequence[Plant]) -> Iterable[tuple[tuple[str, bool], list[Plant]]]:
    groups: dict[tuple[str, bool], list[Plant]] = {}
    for each in plants:
        groups.setdefault((each.kind, each.in_field), []).append(each)
    return groups.items()


def _figures(result: Result) -> Iterator[Figure]:
    for name, counts, promise in (
        ("fields", result.fields, FIELDS),
        ("sentences", result.sentences, SENTENCES),
    ):
        total = _sum(counts)
        worst = min(counts, key=lambda kind: counts[kind].recall)
        for what, recall in (("all kinds", total.recall), (f"least, {worst}", counts[worst].recall)):
            yield Figure(
                name=f"truth: found in {name}, {what}",
                value=recall,
                unit="of what is planted",
                beside="the promise",
                limit=promise,
                ratio=recall / promise,
                at_least=1,
            )
    near = max(NEAR_ALARMS * result.sets["near-miss"] // NEAR_MISSES, 1)
    for kind, limit in (("clean", 0), ("near-miss", near), ("planted", 0)):
        alarms = len(result.alarms[kind])
        yield Figure(
            name=f"truth: false alarms in {result.sets[kind]:,} {kind} sets",
            value=alarms,
            unit="alarms",
            beside="the promise" if limit else "none",
            limit=limit,
            ratio=alarms / (limit or 1),
            at_most=1 if limit else 0,
        )

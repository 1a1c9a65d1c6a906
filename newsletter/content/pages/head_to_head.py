"""A head-to-head: stated costs at volumes, a benchmark table, which to choose, questions."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from newsletter.content.pages.lines import (
    HEADING,
    Line,
    PageText,
    Sections,
    is_prose,
    is_sentence,
    joined,
    read_questions,
    read_table,
)
from newsletter.content.pages.prose import claim, claims_in, score, size_in_name, total_attribute
from newsletter.content.pages.shape import Pair, Shape, check_end, pairs
from newsletter.content.records import BenchmarkEntry, ClaimEntry, ComparisonEntry, PackEntry, ToolEntry
from newsletter.content.statements.names import Names
from newsletter.content.statements.sentence import split_sentences
from newsletter.content.units import measure

_HEADINGS = {
    "costs": r"which is cheaper\??",
    "performance": r"which performs better\??",
    "choice": r"which should you choose\??",
    "questions": HEADING,
}
_VOLUME = re.compile(
    r"at (?P<size>\d[\d,.]*\s?[km]?) tokens(?:\s?/\s?mo(?:nth)?| per month| a month)?:?(?P<rest>.*)", re.I
)
_COST = re.compile(r"(?P<name>\S.*?):\s*(?P<cost>[~≈]?\$\d[\d,]*(?:\.\d+)?|—)(?:/mo(?:nth)?)?(?=\s|$)")
_PICK = re.compile(r"(?:pick|choose|go with|use)\s+(?P<name>.+?)\s+(?:if|when)\s+(?P<reason>.+)", re.I)


def read(page: PageText) -> Iterator[PackEntry]:
    sections = page.sections(_HEADINGS)
    if not {"costs", "performance"} & sections.headings.keys():
        raise page.refusal("neither costs nor benchmarks are there", field="sections")
    check_end(page, sections, {"choice": "Which Should You Choose?", "questions": "the questions"})
    pair = _title(page, sections)
    names = Names(pair.names)
    for tool, name in zip(pair.ids, pair.names, strict=True):
        yield ToolEntry(id=tool, name=name)
        yield from size_in_name(tool, name, pair.line)
    yield _comparison(pair, names, sections)
    yield from _costs(page, names, sections.lines("costs"))
    yield from _benchmarks(page, names, sections.lines("performance"))
    for line in (*filter(is_prose, sections.head), *sections.paragraphs(*_HEADINGS)):
        yield from claims_in(line, names)
    yield from read_questions(page, sections, "questions", comparison=f"{pair.ids[0]}-vs-{pair.ids[1]}")


SHAPE = Shape(
    name="head-to-head",
    marks={
        "Which Is Cheaper?": _HEADINGS["costs"],
        "Which Performs Better?": _HEADINGS["performance"],
        "Which Should You Choose?": _HEADINGS["choice"],
    },
    read=read,
)


def _title(page: PageText, sections: Sections) -> Pair:
    """Return the first "one vs another" whose names the costs or the table use, else the first that there is."""
    titles = [pair for pair in pairs(page) if pair.ids[0] != pair.ids[1]]
    if not titles:
        raise page.refusal('the title "one tool vs another" is missing', field="title")
    columns, _ = read_table(page, sections.lines("performance"))
    used = {name.casefold() for name in (*columns, *(line.text.partition(": $")[0] for line in page.lines))}
    return next((pair for pair in titles if {name.casefold() for name in pair.names} <= used), titles[0])


def _comparison(pair: Pair, names: Names, sections: Sections) -> ComparisonEntry:
    choice = sections.paragraphs("choice")
    return ComparisonEntry(
        left_id=pair.ids[0],
        right_id=pair.ids[1],
        # Where the page gives its own verdict under the title, that comes first.
        summary=joined((*filter(is_prose, sections.head), *choice)),
        cost_read=joined(sections.paragraphs("costs")),
        performance_read=joined(sections.paragraphs("performance")),
        pick_left_if=_pick(choice, names, pair.ids[0]),
        pick_right_if=_pick(choice, names, pair.ids[1]),
    )


def _pick(paragraphs: Iterable[Line], names: Names, tool: str) -> str:
    """Return what follows "Pick this tool if" in its sentence; empty where no sentence says it."""
    for paragraph in paragraphs:
        for sentence in split_sentences(paragraph.text):
            found = _PICK.match(sentence)
            if found and names.tool(found["name"]) == tool:
                return found["reason"].rstrip(".! ")
    return ""


def _costs(page: PageText, names: Names, lines: Iterable[Line]) -> Iterator[ClaimEntry]:
    """Yield what each tool costs at each volume, as listed: "At 10M tokens/mo", then "Heron 9B: $12"."""
    volume = ""
    for line in lines:
        heading = _VOLUME.fullmatch(line.text)
        volume = heading["size"] if heading else volume
        listed = heading["rest"] if heading else line.text
        if not volume or is_sentence(listed):
            continue
        costs = list(_COST.finditer(listed))
        if not costs and names.tool(listed.partition(":")[0]):
            raise page.refusal(f'"{listed}" cannot be read: an amount such as $12 is right', line, "cost")
        for cost in costs:
            tool = names.tool(cost["name"])
            if not tool:
                raise page.refusal(f'"{cost["name"]}" is neither of the two tools', line, "cost")
            if cost["cost"] != "—":
                yield claim(
                    tool,
                    total_attribute(measure("context", volume.replace(" ", "")).number or Decimal(0)),
                    cost["cost"].lstrip("~≈"),
                    line,
                    words=line.text,
                )


def _benchmarks(page: PageText, names: Names, lines: Iterable[Line]) -> Iterator[BenchmarkEntry]:
    """Yield the rows of the table under the names of its columns, whichever stands first."""
    columns, rows = read_table(page, lines)
    tools = [names.tool(column) for column in columns[1:]]
    for line, cells in rows:
        for tool, column, cell in zip(tools, columns[1:], cells[1:], strict=True):
            if not tool:
                raise page.refusal(f'the column "{column}" is neither of the two tools', line, "benchmarks")
            points, out_of = score(page, cell, line, cells[0])
            yield BenchmarkEntry(tool_id=tool, test=cells[0], score=points, out_of=out_of, line=line.number)

"""A model page: verdict, strengths, specification, prices, calculator, providers, prompts, examples, questions."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from newsletter.content.pages.lines import (
    HEADING,
    Line,
    PageText,
    Sections,
    is_furniture,
    is_prose,
    is_sentence,
    labelled,
    read_questions,
    read_table,
)
from newsletter.content.pages.prose import (
    amount,
    claim,
    claims_in,
    fits,
    milliseconds,
    size_in_name,
    token_count,
    token_price,
)
from newsletter.content.pages.shape import Shape, check_end
from newsletter.content.records import ClaimEntry, NoteEntry, NoteKind, OfferEntry, PackEntry, ToolEntry, slug
from newsletter.content.statements.names import Names

# What a model page lists under titles: starter prompts, example outputs, use cases.

#: The button under each prompt; text extraction glues it to the prompt, and the next title to it.
_BUTTON = re.compile(r"\s*\bOpen in (?:a|the|your) \w+\s*→?\s*")
_INTRODUCTION = re.compile(r"illustrative\b", re.I)
#: Longest title of a note, in characters.
_TITLE_LENGTH = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What was asked, what came back, and the page's comment on it."""

    prompt: Line
    output: Line
    comment: Line | None

    @property
    def words(self) -> str:
        return "\n\n".join([self.output.text, *([self.comment.text] if self.comment else [])])


def read_prompts(page: PageText, lines: Sequence[Line]) -> Iterator[tuple[Line, str]]:
    """Yield titles and texts of the prompts: up to a button each, or in twos where there are no buttons."""
    if not any(_BUTTON.search(line.text) for line in lines):
        yield from _in_twos(page, lines, "prompts")
        return
    waiting: list[Line] = []
    for line in lines:
        *closed, rest = _BUTTON.split(line.text)
        for text in closed:
            waiting += _piece(line, text)
            if len(waiting) > 1:
                yield waiting[0], "\n".join(each.text for each in waiting[1:])
            waiting = []
        waiting += _piece(line, rest)


def read_use_cases(page: PageText, lines: Sequence[Line]) -> Iterator[tuple[Line, str]]:
    """Yield each title with the sentences under it."""
    starts = [index for index, line in enumerate(lines) if not is_sentence(line.text)]
    for start, end in pairwise([*starts, len(lines)]):
        if end == start + 1:
            raise page.refusal("this use case has no text: the page is cut there", lines[start], "use case")
        yield lines[start], "\n\n".join(line.text for line in lines[start + 1 : end])


def read_examples(page: PageText, lines: Sequence[Line]) -> list[Example]:
    """Return prompt, output and comment in threes, or prompt and output in twos."""
    listed = [line for line in lines if not _INTRODUCTION.match(line.text)]
    step = 3 if len(listed) % 3 == 0 else 2
    if len(listed) % step:
        raise page.refusal("an example has no output: the page is cut there", listed[-1], "example")
    return [
        Example(prompt=listed[at], output=listed[at + 1], comment=listed[at + 2] if step == 3 else None)
        for at in range(0, len(listed), step)
    ]


def shortened(text: str) -> str:
    """Return a prompt as the title of a note."""
    return text if len(text) <= _TITLE_LENGTH else text[: _TITLE_LENGTH - 1].rstrip() + "…"


def _piece(line: Line, text: str) -> list[Line]:
    return [Line(number=line.number, text=text)] if text else []


def _in_twos(page: PageText, lines: Sequence[Line], field: str) -> Iterator[tuple[Line, str]]:
    if len(lines) % 2:
        raise page.refusal("this title has no text: the page is cut there", lines[-1], field)
    for title, text in zip(lines[::2], lines[1::2], strict=True):
        yield title, text.text


_HEADINGS = {
    "verdict": "verdict",
    "best_for": "best for",
    "strengths": "strengths",
    "trade_offs": "trade-?offs|weaknesses",
    "specification": "specifications?",
    "pricing": "pricing",
    "calculator": "(?:team )?cost calculator",
    "providers": "providers",
    "performance": "performance",
    "benchmarks": "benchmarks",
    "works_with": "works well with|top mcps",
    "teams": r"how .{1,60} teams? use it",
    "prompts": "(?:starter )?prompts",
    "examples": "example outputs?",
    "uses": "use[- ]case(?: deep[- ]dive)?s",
    "questions": HEADING,
}
_SPECIFICATION = {
    "maker": "provider|maker",
    "category": "category",
    "context": "context(?: length| window)?",
    "max_output": "max(?:imum)? output",
    "modalities": "modalities|modality",
    "licence": "licen[cs]e",
    "released": "released?(?: date)?",
    "parameters": "parameters|params",
}
_PRICING = {"input_price": "input", "output_price": "output", "model_id": "model id"}
#: How the page tells that the tool can be spoken to, by its name.
_MENTION = re.compile(r"@-mention (\S.*)")
_CALCULATOR = re.compile(
    r"(?P<seats>\d[\d,]*) seats?\s*[·•,|/]\s*(?P<messages>\d[\d,]*) (?:msgs?|messages?)\s?/\s?day", re.I
)
_COLUMNS = {
    "provider": "provider",
    "context": "context(?: length| window)?",
    "input": "input",
    "output": "output",
    "latency": r"(?:p50 )?latency",
    "throughput": "throughput",
    "uptime": r"(?:30-?d(?:ay)? )?uptime",
}


def read(page: PageText) -> Iterator[PackEntry]:
    sections = page.sections(_HEADINGS)
    if not sections.head:
        raise page.refusal("the name above the first section is missing", field="name")
    if not {"specification", "pricing", "providers"} & sections.headings.keys():
        raise page.refusal("neither specifications nor prices nor providers are there", field="sections")
    check_end(page, sections, {"uses": "Use-case deep-dives", "questions": "the questions"})
    title = _title(page, sections)
    name = title.text
    tool = slug(name)
    yield _tool(name, sections)
    yield from size_in_name(tool, name, title)
    yield from _labels(tool, sections)
    yield from _calculator(tool, sections.lines("calculator"))
    yield from _offers(page, tool, sections.lines("providers"))
    yield from _prose(page, sections, name)
    yield from _notes(page, tool, sections)
    yield from read_questions(page, sections, "questions", tool=tool)


SHAPE = Shape(
    name="model page",
    marks={
        "Specifications": "specifications?",
        "Team cost calculator": "(?:team )?cost calculator",
        "Providers": "providers",
        "Trade-offs": "trade-?offs",
        "Starter prompts": "starter prompts",
        "Example outputs": "example outputs?",
        "Use-case deep-dives": _HEADINGS["uses"],
        "Verdict": "verdict",
    },
    read=read,
)


def _title(page: PageText, sections: Sections) -> Line:
    """Return the line of the tool's name: the one that the page's own text repeats, which a badge may stand above."""
    first = sections.head[0]
    mentions = [found[1] for line in sections.head if (found := _MENTION.search(line.text))]
    if mentions:
        for line in sorted(sections.head, key=lambda each: -len(each.text)):
            named = re.compile(rf"{re.escape(line.text)}(?![\w-]|\.\w)")
            if any(map(named.match, mentions)):
                return line
        message = f'"{first.text}" stands where the name should, and the text calls the tool otherwise'
        raise page.refusal(message, first, "name")
    stated = {key: value for key, _, value in labelled(sections.lines("pricing"), _PRICING)}
    if "model_id" not in stated:
        return first
    model = slug(stated["model_id"].rpartition("/")[2])
    titles = (line for line in sections.head if not is_sentence(line.text))
    return next((line for line in titles if slug(line.text).endswith(model)), first)


def _tool(name: str, sections: Sections) -> ToolEntry:
    stated = {key: value for key, _, value in labelled(sections.lines("specification"), _SPECIFICATION)}
    return ToolEntry(
        id=slug(name),
        name=name,
        maker=stated.get("maker", ""),
        category=stated.get("category", ""),
        description=next((line.text for line in sections.head[1:] if is_prose(line)), ""),
    )


def _labels(tool: str, sections: Sections) -> Iterator[ClaimEntry]:
    for key, line, value in labelled(sections.lines("specification"), _SPECIFICATION):
        # An image model has no tokens: its page says 0.
        if key not in ("maker", "category") and fits(key, value) and not re.match(r"0\b(?!\.)", value):
            yield claim(tool, key, value, line, words=value)
    for key, line, value in labelled(sections.lines("pricing"), _PRICING):
        if fits(key, value):
            yield claim(tool, key, value, line, words=value)


def _calculator(tool: str, lines: Sequence[Line]) -> Iterator[ClaimEntry]:
    for line in lines:
        team = _CALCULATOR.search(line.text)
        if team:
            yield claim(tool, "team_seats", team["seats"], line, words=line.text, unit="seats")
            yield claim(tool, "team_messages", team["messages"], line, words=line.text, unit="messages/day")


def _offers(page: PageText, tool: str, lines: Sequence[Line]) -> Iterator[OfferEntry]:
    headings, rows = read_table(page, lines)
    columns = [
        next((key for key, name in _COLUMNS.items() if re.fullmatch(name, each, re.I)), each)
        for each in headings
    ]
    if rows and "provider" not in columns:
        raise page.refusal('the table has no column "Provider"', rows[0][0], "providers")
    for line, cells in rows:
        row = dict(zip(columns, cells, strict=True))
        yield OfferEntry(
            tool_id=tool,
            provider=row["provider"],
            context_tokens=token_count(page, row.get("context", ""), line, "Context"),
            input_price=token_price(page, row.get("input", ""), line, "Input"),
            output_price=token_price(page, row.get("output", ""), line, "Output"),
            p50_latency_ms=milliseconds(page, row.get("latency", ""), line, "P50 latency"),
            throughput_tps=amount(page, row.get("throughput", ""), line, "Throughput"),
            uptime_percent=amount(page, row.get("uptime", ""), line, "30d uptime"),
            line=line.number,
        )


def _prose(page: PageText, sections: Sections, name: str) -> Iterator[ClaimEntry]:
    names = Names([name], subject=name)
    for line in sections.head[1:]:
        if is_prose(line):
            yield from claims_in(line, names, about=True)
    for line in sections.paragraphs(
        "verdict", "strengths", "trade_offs", "performance", "benchmarks", "uses"
    ):
        yield from claims_in(line, names)
    for example in read_examples(page, sections.lines("examples")):
        yield from claims_in(example.comment, names) if example.comment else ()
    for line in sections.paragraphs("questions"):
        yield from claims_in(line, names)


def _notes(page: PageText, tool: str, sections: Sections) -> Iterator[NoteEntry]:
    for key, kind in (
        ("best_for", NoteKind.BEST_FOR),
        ("strengths", NoteKind.STRENGTH),
        ("trade_offs", NoteKind.TRADE_OFF),
    ):
        for line in sections.lines(key):
            if line.bulleted or (is_prose(line) if key != "best_for" else not is_furniture(line.text)):
                yield NoteEntry(tool_id=tool, kind=kind, words=line.text, line=line.number)
    for title, words in read_use_cases(page, sections.lines("uses")):
        yield NoteEntry(
            tool_id=tool, kind=NoteKind.USE_CASE, other=title.text, words=words, line=title.number
        )
    for title, words in read_prompts(page, sections.lines("prompts")):
        yield NoteEntry(tool_id=tool, kind=NoteKind.PROMPT, other=title.text, words=words, line=title.number)
    for example in read_examples(page, sections.lines("examples")):
        yield NoteEntry(
            tool_id=tool,
            kind=NoteKind.EXAMPLE_OUTPUT,
            other=shortened(example.prompt.text),
            words=example.words,
            line=example.output.number,
        )

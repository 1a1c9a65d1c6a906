"""A model profile: the head with its specification, then sections of prose, prices and comparisons."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import chain

from newsletter.content.pages.lines import (
    Line,
    PageText,
    Sections,
    is_furniture,
    is_prose,
    is_sentence,
    labelled,
)
from newsletter.content.pages.prose import claim, claims_in, fits, full_day, size_in_name
from newsletter.content.pages.shape import Shape, check_end
from newsletter.content.records import ClaimEntry, NoteEntry, NoteKind, PackEntry, ToolEntry, slug
from newsletter.content.statements.names import Names
from newsletter.content.units import measure

_SPECIFICATION = {
    "type": "type",
    "context": "context(?: window| length)?",
    "max_output": "max(?:imum)? output",
    "status": "status",
    "input_price": "input(?: price)?",
    "output_price": "output(?: price)?",
    "api_access": "api access",
    "licence": "licen[cs]e",
    "parameters": "parameters|params",
    "modalities": "modalities|modality",
    "model_id": "model id",
}
_PRICES = {"input_price": "input", "output_price": "output"}
_HEADINGS = {
    "overview": "overview",
    "capabilities": "capabilities|strengths",
    "details": "technical details",
    "pricing": "pricing (?:&|and) access|pricing",
    "uses": "best use cases|use cases",
    "comparisons": "comparisons|alternatives",
}
_DATE = (
    r"(?:[A-Z][a-z]+ \d{1,2}, \d{4}|\d{1,2} [A-Z][a-z]+ \d{4}|\d{4}-\d{2}(?:-\d{2})?|[A-Z][a-z]+ \d{4}|\d{4})"
)
_DATED = re.compile(rf"\b(?P<what>Released|Updated):?\s+(?P<value>{_DATE})", re.I)
_VERIFIED = re.compile(rf"\bverified\s+(?:on\s+)?(?P<value>{_DATE})", re.I)
_MAKER = re.compile(r"(?P<maker>[^·]{2,60}) · (?P<family>[^·]{2,60})")


def read(page: PageText) -> Iterator[PackEntry]:
    sections = page.sections(_HEADINGS)
    head = sections.head
    if len(head) < 2 or not any(labelled(head, _SPECIFICATION)):
        raise page.refusal("the specification (Context, Input, Output …) is missing", field="specification")
    check_end(page, sections, {"uses": "Best Use Cases", "comparisons": "Comparisons"})
    name, maker = head[0].text, _maker(head)
    tool = slug(name)
    names = Names([name], subject=name, also=maker)
    verified = _verified_on(sections)
    yield _tool(name, maker, head)
    for entry in chain(
        size_in_name(tool, name, head[0]),
        _specification(tool, head),
        _dates(tool, sections),
        _prices(page, tool, sections),
        _prose(sections, names),
    ):
        yield replace(entry, verified_on=verified)
    yield from _notes(tool, sections)


SHAPE = Shape(
    name="model profile",
    marks={
        "Overview": "overview",
        "Max Output": "max output",
        "API Access": "api access",
        "Capabilities": "capabilities",
        "Technical Details": "technical details",
        "Pricing & Access": "pricing (?:&|and) access",
        "Best Use Cases": "best use cases",
    },
    read=read,
)


def _maker(head: tuple[Line, ...]) -> tuple[str, str]:
    """Read maker and family from "Maker · Family"; empty where the page has no such line."""
    for line in head[1:]:
        found = _MAKER.fullmatch(line.text)
        if found and not _DATED.search(line.text):
            return found["maker"], found["family"]
    return "", ""


def _tool(name: str, maker: tuple[str, str], head: tuple[Line, ...]) -> ToolEntry:
    stated = {key: value for key, _, value in labelled(head, _SPECIFICATION)}
    about = next((line.text for line in head[1:] if is_prose(line)), "")
    return ToolEntry(
        id=slug(name),
        name=name,
        maker=maker[0],
        family=maker[1],
        description=about,
        type=stated.get("type", ""),
        status=stated.get("status", ""),
        tags=_tags(head),
    )


def _tags(head: tuple[Line, ...]) -> tuple[str, ...]:
    """Return the line of lower-case words at the foot of the head; one tag where nothing shows where tags end."""
    values = {line.number for _, line, _ in labelled(head, _SPECIFICATION)}
    for line in reversed(head[1:]):
        if line.number not in values and re.fullmatch(r"[a-z0-9][a-z0-9 ,#·|+.-]*", line.text):
            return tuple(tag.strip(" #") for tag in re.split(r"[,#·|]", line.text) if tag.strip(" #"))
    return ()


def _specification(tool: str, head: tuple[Line, ...]) -> Iterator[ClaimEntry]:
    for key, line, value in labelled(head, _SPECIFICATION):
        if key not in ("type", "status") and fits(key, value):
            yield claim(tool, key, value, line, words=value)


def _dates(tool: str, sections: Sections) -> Iterator[ClaimEntry]:
    """Yield when it was released and updated, and when the page says that it was checked."""
    for line in sections.head:
        for found in _DATED.finditer("" if is_sentence(line.text) else line.text):
            yield claim(tool, found["what"].lower(), found["value"], line, words=found[0])
    for line, found in _checks(sections):
        yield claim(tool, "verified", measure("updated", found["value"]).value, line, words=found[0])


def _verified_on(sections: Sections) -> date | None:
    days = [full_day(found["value"]) for _, found in _checks(sections)]
    return max((day for day in days if day), default=None)


def _checks(sections: Sections) -> Iterator[tuple[Line, re.Match[str]]]:
    """Yield where the page says when it was verified; what stands under comparisons is said of others."""
    own = (line for key in _HEADINGS if key != "comparisons" for line in sections.lines(key))
    for line in chain(sections.head, own):
        yield from ((line, found) for found in _VERIFIED.finditer(line.text) if not is_furniture(line.text))


def _prices(page: PageText, tool: str, sections: Sections) -> Iterator[ClaimEntry]:
    """Yield the list of prices in its section. An input price that is the last word of the page is a cut list."""
    prices = list(labelled(sections.lines("pricing"), _PRICES))
    if sections.last == "pricing" and [key for key, _, _ in prices] == ["input_price"]:
        raise page.refusal("the price list breaks off after the input price", prices[0][1], "output")
    for key, line, value in prices:
        yield claim(tool, key, value, line, words=line.text)


def _prose(sections: Sections, names: Names) -> Iterator[ClaimEntry]:
    for line in sections.head[1:]:
        if is_prose(line):
            yield from claims_in(line, names, about=True)
    for line in sections.paragraphs("overview", "capabilities", "details", "pricing", "uses"):
        yield from claims_in(line, names)


def _notes(tool: str, sections: Sections) -> Iterator[NoteEntry]:
    for key, kind in (("capabilities", NoteKind.STRENGTH), ("uses", NoteKind.USE_CASE)):
        for line in sections.paragraphs(key):
            yield NoteEntry(tool_id=tool, kind=kind, words=line.text, line=line.number)
    for line in sections.paragraphs("comparisons"):
        other, colon, words = line.text.partition(":")
        if colon and words.strip():
            yield NoteEntry(
                tool_id=tool, kind=NoteKind.VERSUS, other=other, words=words.strip(), line=line.number
            )

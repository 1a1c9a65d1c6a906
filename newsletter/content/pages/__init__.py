"""Pages: the plain text of a comparison site's pages, read into packs. Recognised by shape, never by file name.

`lines` splits the text, `prose` finds whose figure stands in a sentence, and one module per kind of page (`shape` says
what that is) reads its parts. A page says nothing here that it does not say there: what it leaves out stays unknown.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date
from typing import Any

from pydantic import ValidationError

from newsletter.content.pages import head_to_head, model_page, panel, profile
from newsletter.content.pages.lines import PageText, clean, decode, split_lines
from newsletter.content.pages.shape import Shape
from newsletter.content.records import (
    BenchmarkEntry,
    ClaimEntry,
    ComparisonEntry,
    NoteEntry,
    OfferEntry,
    Pack,
    PackEntry,
    QuestionEntry,
    ReviewEntry,
    ReviewerEntry,
    SourceEntry,
    ToolEntry,
    VerdictEntry,
    VotesEntry,
    pack_name,
    slug,
)
from newsletter.errors import BadInput, Place

__all__ = ["decode", "read_page"]

SHAPES = (panel.SHAPE, profile.SHAPE, head_to_head.SHAPE, model_page.SHAPE)
#: Fewer marks of a shape than this are a coincidence.
MARKS_NEEDED = 2

_KINDS: dict[type[PackEntry], str] = {
    ReviewerEntry: "reviewers",
    ToolEntry: "tools",
    ComparisonEntry: "comparisons",
    ReviewEntry: "reviews",
    VerdictEntry: "verdicts",
    VotesEntry: "votes",
    ClaimEntry: "claims",
    OfferEntry: "offers",
    BenchmarkEntry: "benchmarks",
    NoteEntry: "notes",
    QuestionEntry: "questions",
}
_DATED = (VerdictEntry, ClaimEntry, OfferEntry, BenchmarkEntry)


def read_page(
    text: str,
    *,
    name: str,
    url: str = "",
    ours: bool | None = None,
    published_on: date | None = None,
    as_of: date | None = None,
    seen_on: date | None = None,
) -> Pack:
    """Return what a page says, with the page as the source of it all. `name` is the file's, for its faults.

    `as_of` dates what the page leaves undated. Raises BadInput for a page of no known kind, or one that is cut.
    """
    text = clean(text, name)
    page = split_lines(text, name)
    shape = _recognise(page)
    try:
        entries = [_placed(entry, url if ours else "", published_on, as_of) for entry in shape.read(page)]
        about = " vs ".join(entry.name for entry in entries if isinstance(entry, ToolEntry))
        source = SourceEntry(
            # Without an address, two pages of one title are told apart by their files.
            id=None if url else slug(f"{name.rpartition('/')[2]} {about}"),
            name=f"{about}, {shape.name}",
            url=url,
            ours=ours,
            published_on=published_on,
            seen_on=seen_on,
            text=text,
        )
        return _pack(source, entries)
    except ValidationError as error:
        fault = error.errors()[0]
        # After "source", or a kind and a place in it, comes the field.
        field = ".".join(str(part) for part in fault["loc"][1 if fault["loc"][0] == "source" else 2 :])
        raise BadInput(f"{fault['msg']} (in a {shape.name})", Place(name, None, field)) from error


def _recognise(page: PageText) -> Shape:
    """Return the one kind of page that this is."""
    found = {shape.name: shape.found(page) for shape in SHAPES}
    ranked = sorted(SHAPES, key=lambda shape: len(found[shape.name]), reverse=True)
    first, second = ranked[:2]
    if len(found[first.name]) < MARKS_NEEDED:
        kinds = ", ".join(shape.name for shape in SHAPES)
        seen = ", ".join(found[first.name]) or "none of their headings"
        raise BadInput(f"this is no known kind of page ({kinds}): it holds {seen}", Place(page.name))
    if len(found[second.name]) >= MARKS_NEEDED:
        message = f"this is two pages in one, a {first.name} and a {second.name}: one file a page is right"
        raise BadInput(message, Place(page.name))
    mark = next(iter(first.marks))
    twice = first.twice(page, mark)
    if twice:
        raise page.refusal(f'this is two pages in one: "{mark}" stands here again', twice[1])
    return first


def _placed(entry: PackEntry, url: str, published_on: date | None, as_of: date | None) -> PackEntry:
    """Return the entry with what only the caller knows: the page's address and dates."""
    if isinstance(entry, ComparisonEntry):
        return replace(entry, url=url, published_on=published_on)
    if isinstance(entry, _DATED) and as_of is not None:
        return replace(entry, as_of=as_of)
    return entry


def _pack(source: SourceEntry, entries: Iterable[PackEntry]) -> Pack:
    """Return the entries by kind, each checked like one of a file: a page is anybody's text."""
    records: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        records[_KINDS[type(entry)]].append(_as_written(entry))
    return Pack.model_validate({"source": _as_written(source), **records})


def _as_written(entry: PackEntry) -> dict[str, Any]:
    return {pack_name(each.name): getattr(entry, each.name) for each in fields(entry)}

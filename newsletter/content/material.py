"""Files to packs: finds them, tells packs from pages by what they hold, and adds what only the caller knows."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from newsletter.content.pack import (
    BenchmarkEntry,
    ClaimEntry,
    OfferEntry,
    Pack,
    SourceEntry,
    VerdictEntry,
)
from newsletter.content.packfile import JSON_LIMIT, YAML_LIMIT, PackFile, is_json, parse_pack, read_text
from newsletter.content.pages import read_page
from newsletter.content.references import Path as FieldPath
from newsletter.content.references import field_name
from newsletter.errors import BadInput, Place

#: Of a folder, files with these endings are read.
SUFFIXES = (".yaml", ".yml", ".json", ".txt")
_PACK_SUFFIXES = (".yaml", ".yml", ".json")
#: The first line that is neither empty nor a comment.
_PACK_START = re.compile(rf"(?:\s|#[^\n]*\n|---\n)*(?:{'|'.join(Pack.model_fields)}):\s")

Dated = VerdictEntry | ClaimEntry | OfferEntry | BenchmarkEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What the caller says of the files: whose they are and from when. Empty: what they say themselves."""

    url: str = ""
    ours: bool | None = None
    published_on: date | None = None
    #: The date of every statement that has none.
    as_of: date | None = None

    def __post_init__(self) -> None:
        if self.url and not re.fullmatch(r"https?://[^\s<>\"']+", self.url):
            raise BadInput(f"{self.url} is no web address: one that begins with https:// is right")


def find_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and in the order of their names those of the folders named; raises BadInput for none."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = [file for file in _walk(path) if file.suffix.lower() in SUFFIXES]
        if not found:
            raise BadInput(f"this folder holds no file that ends in {', '.join(SUFFIXES)}", Place(path))
        yield from found


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        yield from (Path(parent, each) for each in sorted(files) if not each.startswith("."))


def read_material(file: Path, origin: Origin) -> PackFile:
    """The pack in a file, or the pack that a page is; raises BadInput with the place."""
    text = read_text(file, JSON_LIMIT if file.suffix.lower() == ".json" else 4 * YAML_LIMIT)
    if is_pack(file, text):
        read = parse_pack(text, file)
        return PackFile(_with_origin(read.pack, origin, file), read.where)
    pack = read_page(
        text,
        name=str(file),
        url=origin.url,
        ours=origin.ours,
        published_on=origin.published_on,
        as_of=origin.as_of,
    )

    def where(path: FieldPath) -> Place:
        return Place(file, field=field_name(path) or None)

    return PackFile(pack, where)


def is_pack(file: Path, text: str) -> bool:
    """Whether it is a pack by its ending, or by how it begins; everything else may be a page."""
    return file.suffix.lower() in _PACK_SUFFIXES or is_json(text) or _PACK_START.match(text) is not None


def _with_origin(pack: Pack, origin: Origin, file: Path) -> Pack:
    """The pack with the caller's word on its own source and on what it leaves undated."""
    source = pack.source
    if source is None and origin.url:
        source = SourceEntry(name=re.sub(r"^https?://(www\.)?", "", origin.url), url=origin.url)
    if source is not None:
        known = {"url": origin.url or source.url, "ours": source.ours if origin.ours is None else origin.ours}
        published_on = source.published_on or origin.published_on
        source = source.model_copy(update={**known, "published_on": published_on})
    elif origin.ours is not None or origin.published_on:
        raise BadInput("it has no source of its own to say that of: give it one", Place(file, field="source"))
    comparisons = (
        each.model_copy(update={"published_on": each.published_on or origin.published_on})
        for each in pack.comparisons
    )
    changed = {
        "source": source,
        "comparisons": tuple(comparisons),
        "verdicts": _dated(pack.verdicts, origin.as_of),
        "claims": _dated(pack.claims, origin.as_of),
        "offers": _dated(pack.offers, origin.as_of),
        "benchmarks": _dated(pack.benchmarks, origin.as_of),
    }
    return pack.model_copy(update=changed)


def _dated(statements: Iterable[Dated], as_of: date | None) -> tuple[Dated, ...]:
    """The statements, those without a date of their own as of that day."""
    if as_of is None:
        return tuple(statements)
    return tuple(each if _has_date(each) else each.model_copy(update={"as_of": as_of}) for each in statements)


def _has_date(statement: Dated) -> bool:
    verified = isinstance(statement, ClaimEntry) and statement.verified_on is not None
    return verified or statement.as_of is not None

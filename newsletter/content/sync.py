"""Copies what the site's own database says now into the store, through the operator's views.

Sites keep only what is current; the store keeps the history: a price that moves becomes a new claim, a comparison
that is gone keeps when it was last seen. All rows go in or none.
"""

import json
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from newsletter.content.complaints import complaint
from newsletter.content.pack import Pack, SourceEntry, slug
from newsletter.content.record import ImportCounts, record
from newsletter.content.references import Path as FieldPath
from newsletter.content.sitedb import SiteDatabase, open_site
from newsletter.content.store import ContentStore
from newsletter.content.views import VIEWS
from newsletter.errors import BadInput, Place

#: The source of everything that a sync brings.
SITE = "site"
_IDS = ("id", "tool", "left", "right", "comparison")
_DAYS = ("as_of", "verified_on", "published_on")
_PRICE_UNITS = {"input_price": "USD/Mtok", "output_price": "USD/Mtok", "price": ""}

Record = dict[str, Any]
#: Which view and row each record of a pack came from, by kind and place.
Origins = dict[tuple[str, int], tuple[str, int]]


def sync(
    store: ContentStore,
    *,
    database: Path,
    views: Path,
    name: str,
    url: str,
    now: datetime,
    dry_run: bool = False,
    advance: Callable[[int], None] = lambda rows: None,
) -> ImportCounts:
    """Bring the store up to what the site says now; raises BadInput for a view, column or row that is wrong."""
    with open_site(database, views) as site:
        records, origins = _read(site, advance)
    where = _where(views, origins)
    pack = _pack(records, SourceEntry(id=SITE, name=name, url=url, ours=True), where)
    return record(store.db, pack, now, where=where, dry_run=dry_run, watched=True)


def _read(site: SiteDatabase, advance: Callable[[int], None]) -> tuple[dict[str, list[Record]], Origins]:
    records: dict[str, list[Record]] = defaultdict(list)
    origins: Origins = {}
    for name in site.names():
        view = VIEWS[name]
        for number, row in enumerate(site.rows(view), 1):
            for entry in _entries(name, row):
                origins[view.kind, len(records[view.kind])] = (name, number)
                records[view.kind].append(entry)
            advance(1)
    return records, origins


def _entries(view: str, row: Record) -> Iterator[Record]:
    """What a row becomes: prices are a claim each, everything else one record."""
    values = {
        column: _cleaned(column, value) for column, value in row.items() if value not in (None, "", b"")
    }
    if view != "prices":
        yield values
        return
    shared = {column: value for column, value in values.items() if column not in _PRICE_UNITS}
    for attribute, unit in _PRICE_UNITS.items():
        if attribute in values:
            yield {**shared, "attribute": attribute, "value": values[attribute], "unit": unit}


def _cleaned(column: str, value: Any) -> Any:
    """A site's value as a pack wants it: ids as slugs, days without their hours, text without control characters."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if column in _IDS:
        return slug(str(value))
    if isinstance(value, float):
        return f"{value:.12g}"
    if column == "tags":
        return _tags(str(value))
    if not isinstance(value, str):
        return str(value) if column not in ("score", "derived") else value
    if column in _DAYS:
        return value.strip()[:10]
    if column in ("decision", "kind"):
        return value.strip().lower()
    return "".join(
        " " if unicodedata.category(each) == "Cc" and each not in "\n\t" else each for each in value
    )


def _tags(text: str) -> list[str]:
    """Tags as a JSON list or with commas between them."""
    if text.lstrip().startswith("["):
        try:
            return [str(each) for each in json.loads(text)]
        except ValueError:
            pass
    return [each.strip() for each in text.split(",") if each.strip()]


def _where(views: Path, origins: Origins) -> Callable[[FieldPath], Place]:
    def where(path: FieldPath) -> Place:
        view, row = origins.get((str(path[0]), int(path[1])) if len(path) > 1 else ("", 0), ("", 0))
        column = f", column {path[2]}" if len(path) > 2 else ""
        return Place(views, field=f"view {view}, row {row}{column}" if view else None)

    return where


def _pack(records: dict[str, list[Record]], source: SourceEntry, where: Callable[[FieldPath], Place]) -> Pack:
    try:
        return Pack.model_validate({"source": source, **records})
    except ValidationError as error:
        fault = complaint(error, Pack)
        raise BadInput(fault.message, where(fault.path)) from error

"""Writing a pack to the store: one transaction, all or nothing, and nothing at all the second time.

What is described (sources, tools, comparisons) is kept as last described, with its first and last sighting; what
is stated (ratings, verdicts, votes, claims, offers, benchmarks) is only ever added. `describe`, `state`
and `rate` do it; here stand the order of things and the check that everything referred to exists.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from newsletter.content.describe import (
    describe_comparisons,
    describe_sources,
    describe_tools,
    keep_revisions,
)
from newsletter.content.opening import writing
from newsletter.content.pack import Pack
from newsletter.content.rate import rate_reviews
from newsletter.content.references import Where, check_references, in_pack
from newsletter.content.rows import moment_text
from newsletter.content.state import state_everything
from newsletter.content.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCounts:
    """What an import added, by kind of record, and how many tools and comparisons it described anew."""

    added: tuple[tuple[str, int], ...] = ()
    changed: int = 0
    #: This very pack had been imported before, so nothing was done.
    repeated: bool = False
    #: What the import did to whose a source is, where that is worth saying: "now ours".
    whose: str = ""

    def __getitem__(self, kind: str) -> int:
        return dict(self.added).get(kind, 0)

    @property
    def total(self) -> int:
        return sum(count for _, count in self.added)


_NOW = "now "


class _DryRun(Exception):
    """Ends a transaction that was only to be tried."""


def record(
    db: Database,
    pack: Pack,
    seen_at: datetime,
    *,
    where: Where = in_pack,
    dry_run: bool = False,
    watched: bool = False,
) -> ImportCounts:
    """Write a pack in one transaction. `watched`: it is what a source says now, so it is never "imported before"."""
    own_source = pack.source.key if pack.source else ""
    writer = Writer(db=db, pack=pack, now=moment_text(seen_at), own_source=own_source, where=where)
    try:
        with writing(db):
            whose = _whose(writer)
            # Material that changes hands is read again: as somebody else's it was recorded otherwise.
            if not watched and not _is_new(writer) and not whose.startswith(_NOW):
                return ImportCounts(repeated=True, whose=whose)
            _write(writer)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return ImportCounts(added=tuple(sorted(writer.added.items())), changed=writer.changed, whose=whose)


def _whose(writer: Writer) -> str:
    """Whether a source the store knows changes hands; it does only when the pack says so itself."""
    known = {row["id"]: bool(row["ours"]) for row in writer.db.conn.execute("SELECT id, ours FROM sources")}
    sources = {each.key: each.ours for each in writer.pack.all_sources() if each.key in known}
    if any(said is not None and said != known[key] for key, said in sources.items()):
        return f"{_NOW}{'ours' if any(sources.values()) else 'not ours'}"
    return "still ours" if any(said is None and known[key] for key, said in sources.items()) else ""


def _write(writer: Writer) -> None:
    check_references(writer.db, writer.pack, writer.where)
    describe_sources(writer)
    describe_tools(writer)
    describe_comparisons(writer)
    keep_revisions(writer)
    rate_reviews(writer)
    state_everything(writer)


def _is_new(writer: Writer) -> bool:
    """Whether this pack was never imported; from now on it was. Exports bring the list of those that were."""
    if writer.pack.imports is not None:
        imports = [
            {"digest": each.digest, "seen_at": writer.seen(each.seen_at)} for each in writer.pack.imports
        ]
        writer.db.conn.executemany(_ADD_IMPORT, imports)
        return True
    contents = writer.pack.model_dump_json(exclude_defaults=True)
    digest = hashlib.sha256(contents.encode()).hexdigest()
    return writer.db.conn.execute(_ADD_IMPORT, {"digest": digest, "seen_at": writer.now}).rowcount == 1


_ADD_IMPORT = "INSERT INTO imports (digest, seen_at) VALUES (:digest, :seen_at) ON CONFLICT DO NOTHING"

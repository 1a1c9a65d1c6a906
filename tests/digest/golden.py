"""The golden letter: what a small week reads like, word for word. `python -m tests.digest.golden` writes it anew."""

import json
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from newsletter.content.records import Pack
from newsletter.db.engine import open_database
from newsletter.db.schema import metadata
from newsletter.digest import store
from newsletter.digest.content import IssueContent, issue_content_to_json
from newsletter.digest.draft import Drafted, IssueTimes, make_draft
from newsletter.digest.issues import Issue
from newsletter.digest.writing import WrittenIssue, write_issue
from tests.digest.week import CUTOFF, SEEN, SEND_AT, SLOT, WEEK, settings_in
from tests.installed import open_content

FILE = Path(__file__).with_name("golden_letter.json")

#: Ids come from the content store, whose own tests say what they are.
_IDS = ("claims", "review_id")


def letter_of_week(folder: Path, *packs: Pack, **how: Any) -> IssueContent:
    return written_week(folder, *packs, **how).content


def written_week(
    folder: Path,
    *packs: Pack,
    edits: dict[str, str] | None = None,
    rulings: dict[str, dict[str, str | None]] | None = None,
    since: datetime | None = None,
    before: tuple[Pack, datetime] | None = None,
    settings: Mapping[str, object] = MappingProxyType({}),
) -> WrittenIssue:
    """What these packs make, drafted and written in a folder of its own; `before` is one that was seen earlier."""
    database = open_database(f"sqlite:///{folder / 'subscribers.db'}")
    metadata.create_all(database.write_engine)
    configured = settings_in(folder, settings)
    times = IssueTimes(slot=SLOT, send_at=SEND_AT, cutoff_at=CUTOFF)
    with open_content(folder / "content.db") as content:
        if before is not None:
            content.import_pack(*before)
        for pack in packs:
            content.import_pack(pack, SEEN)
        made = make_draft(database, content, configured, times, now=CUTOFF, even_thin=True)
        assert isinstance(made, Drafted)
        with database.write() as connection:
            issue: Issue = store.change_draft(connection, made.issue, CUTOFF, **(edits or {}))
            items = store.items_of(connection, issue.id)
            written = write_issue(
                issue,
                items,
                content,
                configured,
                number=1,
                rulings=lambda _: rulings or {},
                since=since,
            )
    database.close()
    return written


def readable(letter: IssueContent) -> str:
    return (
        json.dumps(_without_ids(json.loads(issue_content_to_json(letter))), ensure_ascii=False, indent=1)
        + "\n"
    )


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_ids(each) for key, each in value.items() if key not in _IDS}
    return [_without_ids(each) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        FILE.write_text(readable(letter_of_week(Path(folder), *WEEK)), encoding="utf-8")

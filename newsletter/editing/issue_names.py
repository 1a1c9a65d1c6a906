"""How people name an issue: by id, by number, or as the latest."""

import re

from newsletter.db.engine import Database
from newsletter.db.statuses import Edition
from newsletter.digest.issues import Issue
from newsletter.digest.store import find_issue_by_number, find_latest_issue, get_issue
from newsletter.errors import BadInput, NotFound

LATEST = "latest"
_HINT = "List them with: newsletter issues"


def find_issue(database: Database, name: str) -> Issue:
    """The issue called "7" (its id), "#3" (its number; "monthly#3" of the other edition) or "latest"."""
    numbered = re.fullmatch(r"(weekly|monthly)?#([0-9]{1,9})", name.strip())
    with database.read() as connection:
        if name.strip() == LATEST:
            found = find_latest_issue(connection)
        elif numbered:
            edition = Edition(numbered[1] or Edition.WEEKLY)
            found = find_issue_by_number(connection, edition, int(numbered[2]))
        elif re.fullmatch(r"[0-9]{1,18}", name.strip()):
            return get_issue(connection, int(name))
        else:
            raise BadInput(f"{name!r} is no issue: give an id, a number such as #3, or latest. {_HINT}")
    if found is None:
        raise NotFound("issue", name, _HINT)
    return found

"""Letting an approved issue go, by hand or by the schedule: the last look before its audience is frozen."""

from urllib.parse import urlsplit

from newsletter.config import TransportName, require_ready_to_send
from newsletter.delivery.progress import Progress
from newsletter.delivery.store import start_issue
from newsletter.digest.issues import Issue
from newsletter.digest.store import get_frozen
from newsletter.editing.newsroom import Newsroom
from newsletter.errors import BadInput
from newsletter.readers.keys import require_keys
from newsletter.render.frame import MessageFrame


def start(newsroom: Newsroom, issue: Issue) -> Progress:
    """Freeze the audience and let the issue go; one that has begun is left as it is. Commits.

    Raises ConfigError when a setting is missing, BadInput when a key is, and BadInput for an issue approved for the outbox whose links
    nobody else could open: approval fixed them, and the settings have changed since.
    """
    require_ready_to_send(newsroom.settings)
    require_keys(newsroom.settings)
    if newsroom.settings.transport is not TransportName.OUTBOX and issue.approved_at is not None:
        _refuse_links_of_the_outbox(newsroom, issue)
    return start_issue(newsroom.database, issue.id, newsroom.clock.now(), zone=newsroom.settings.time_zone)


def _refuse_links_of_the_outbox(newsroom: Newsroom, issue: Issue) -> None:
    with newsroom.database.read() as connection:
        frame = MessageFrame.from_json(get_frozen(connection, issue.id).sender)
    if urlsplit(frame.public_url).scheme != "https":
        raise BadInput(
            f"issue {issue.label} was approved with links to {frame.public_url}, which is good for the outbox only. "
            f"Approve it again: newsletter withdraw {issue.id}, then newsletter approve {issue.id}"
        )

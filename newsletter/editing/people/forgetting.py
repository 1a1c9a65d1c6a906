"""What the desk lets go of when its time is over: deeds, sign-in links, sessions."""

from dataclasses import dataclass

from newsletter.editing.newsroom import Newsroom
from newsletter.editing.people.audit_store import forget_entries
from newsletter.editing.people.editors_store import forget_doors


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How many deeds, and links and sessions, were let go."""

    deeds: int
    doors: int


def forget_desk(newsroom: Newsroom) -> Forgotten:
    """Delete what the settings say is old enough. Commits."""
    now, settings = newsroom.clock.now(), newsroom.settings
    with newsroom.database.write() as connection:
        return Forgotten(
            deeds=forget_entries(connection, now - settings.forget_audit_after),
            doors=forget_doors(connection, now - settings.forget_sessions_after),
        )

"""Reads the token of a personal page's address. Whatever is wrong with it, the visitor sees the same page."""

from sqlalchemy import Connection

from newsletter.app import App
from newsletter.db.statuses import ReaderStatus
from newsletter.errors import BadLink
from newsletter.readers.links import LinkTarget, Purpose, link
from newsletter.readers.model import Reader
from newsletter.readers.store import look_for_reader


def target_of(app: App, purpose: Purpose, token: str) -> LinkTarget:
    """Whom a lasting link is for; raises BadLink."""
    return app.links.read(purpose, token)


def reader_of(app: App, connection: Connection, purpose: Purpose, token: str) -> Reader:
    """The reader of a lasting link, who has not been erased; raises BadLink."""
    return _known(connection, app.links.read(purpose, token).reader_id)


def reader_of_dated(app: App, connection: Connection, purpose: Purpose, token: str) -> Reader:
    """The reader of a link that expires; raises BadLink."""
    return _known(connection, app.links.read_dated(purpose, token, app.clock.now()).reader_id)


def personal_url(app: App, purpose: Purpose, reader_id: int) -> str:
    """The address of a reader's lasting page."""
    return link(app.settings.public_url, purpose, app.links.token(purpose, reader_id))


def _known(connection: Connection, reader_id: int) -> Reader:
    reader = look_for_reader(connection, reader_id)
    if reader is None or reader.status is ReaderStatus.ERASED:
        raise BadLink
    return reader

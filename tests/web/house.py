"""An installation with its pages, for tests: a moved clock, an outbox to read, a client that speaks HTTP."""

import email
import email.policy
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from httpx2 import Response

from newsletter.app import App
from newsletter.content.records import Pack, SourceEntry, ToolEntry
from newsletter.delivery.message import load_salts
from newsletter.readers.addresses import parse_address
from newsletter.readers.admin import add_by_hand
from newsletter.readers.links import Purpose
from newsletter.readers.store import Reader, find_reader, get_reader
from tests.web.visitor import Visitor

HEADING = re.compile(r"<h1>(.*?)</h1>", re.DOTALL)


@dataclass(frozen=True)
class House:
    """One installation and its visitor."""

    app: App
    client: Visitor

    def get(self, path: str) -> Response:
        return self.client.get(path)

    def post(self, path: str, **fields: Any) -> Response:
        return self.client.post(path, data=fields)

    def add(self, address: str) -> int:
        """Add an active reader by hand; the id."""
        app = self.app
        add_by_hand(
            app.database, address, consent="fair", suppression_key=app.suppression_key, now=app.clock.now()
        )
        found = self.find(address)
        assert found is not None
        return found.id

    def find(self, address: str) -> Reader | None:
        with self.app.database.read() as connection:
            return find_reader(connection, parse_address(address))

    def reader(self, reader_id: int) -> Reader:
        with self.app.database.read() as connection:
            return get_reader(connection, reader_id)

    def token(self, purpose: Purpose, reader_id: int, issue_id: int = 12) -> str:
        """Sign a link as it stands in a mail to the reader."""
        with self.app.database.read() as connection:
            [(issue_salt, salt)] = load_salts(connection, [(issue_id, reader_id)]).values()
        if purpose in (Purpose.CONFIRM, Purpose.PERSONAL):
            return self.app.links.dated_token(purpose, reader_id, self.app.clock.now(), salt)
        return self.app.links.token(purpose, reader_id, issue_id, salt, issue_salt)

    def mails(self, address: str) -> list[EmailMessage]:
        """Send what waits; then everything in the outbox to this address, by subject."""
        self.app.transactional_sender.deliver()
        folder = self.app.settings.path(self.app.settings.paths.outbox) / "new"
        found = [read_mail(file) for file in folder.iterdir()]
        return sorted(
            (each for each in found if each["To"] == address), key=lambda mail: str(mail["Subject"])
        )

    def import_tools(self, *named: tuple[str, str, str]) -> None:
        """Tools by id, name and category."""
        tools = tuple(ToolEntry(id=key, name=name, category=category) for key, name, category in named)
        pack = Pack(source=SourceEntry(name="Desk", url="https://tools.example.org", ours=True), tools=tools)
        with self.app.content() as content:
            content.import_pack(pack, self.app.clock.now())

    def rows(self) -> dict[str, list[Any]]:
        """Everything in the readers' store."""
        with closing(sqlite3.connect(self.app.settings.folder / "subscribers.db")) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables}


def read_mail(file: Path) -> EmailMessage:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text


def path_in(message: EmailMessage, page: str) -> str:
    """The path of the link to a page in a mail: path_in(mail, "confirm") → "/confirm/…"."""
    found = re.search(rf"(/{page}/\S+)", text_of(message))
    assert found is not None, text_of(message)
    return found[1]


def heading(response: Response) -> str:
    found = HEADING.search(response.text)
    assert found is not None, response.text
    return " ".join(found[1].split())

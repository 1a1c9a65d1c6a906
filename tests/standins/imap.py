"""An IMAP server of one mailbox, as far as reading reports needs it (RFC 3501): for one test, on loopback."""

import base64
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Box:
    """The mailbox: mails by UID, what was flagged, and every command that came."""

    mails: dict[int, bytes] = field(default_factory=dict)
    validity: int = 7
    password: str = "secret"
    uidplus: bool = True
    deleted: set[int] = field(default_factory=set)
    commands: list[str] = field(default_factory=list)
    auth_plain: bool = True
    #: Names and passwords by AUTHENTICATE.
    logins: list[tuple[str, ...]] = field(default_factory=list)
    port: int = 0

    def add(self, raw: bytes) -> None:
        self.mails[max(self.mails, default=0) + 1] = raw


@contextmanager
def imap_server() -> Iterator[Box]:
    box = Box()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK ready\r\n")
            while line := self.rfile.readline():
                tag, _, command = line.decode().strip().partition(" ")
                box.commands.append(command)
                if command.startswith("AUTHENTICATE PLAIN"):
                    self.wfile.write(b"+ \r\n")
                    said = base64.b64decode(self.rfile.readline()).decode()
                    box.logins.append(tuple(said.split("\0")[1:]))
                self.wfile.write(b"".join(_answer(box, command)))
                status = "NO wrong password" if _is_wrong(box, command) else "OK done"
                self.wfile.write(f"{tag} {status}\r\n".encode())
                if command == "LOGOUT":
                    return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        box.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield box
        server.shutdown()


def _is_wrong(box: Box, command: str) -> bool:
    return command.startswith("LOGIN") and box.password not in command


def _answer(box: Box, command: str) -> Iterator[bytes]:
    if command == "CAPABILITY":
        more = " UIDPLUS" * box.uidplus + " AUTH=PLAIN" * box.auth_plain
        yield f"* CAPABILITY IMAP4rev1{more}\r\n".encode()
    elif command.startswith(("SELECT", "EXAMINE")):
        yield f"* {len(box.mails)} EXISTS\r\n* OK [UIDVALIDITY {box.validity}] UIDs valid\r\n".encode()
    elif found := re.match(r"UID FETCH (\d+):\* \(UID RFC822.SIZE\)", command):
        uids = sorted(box.mails)
        wanted = [uid for uid in uids if uid >= int(found[1])] or uids[-1:]
        for uid in wanted:
            size = len(box.mails[uid])
            yield f"* {uids.index(uid) + 1} FETCH (UID {uid} RFC822.SIZE {size})\r\n".encode()
    elif found := re.match(r"UID FETCH (\d+) \(BODY.PEEK\[\]\)", command):
        raw = box.mails[int(found[1])]
        yield f"* 1 FETCH (UID {found[1]} BODY[] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n"
    elif found := re.match(r"UID STORE (\d+) \+FLAGS", command):
        box.deleted.add(int(found[1]))
    elif found := re.match(r"UID EXPUNGE (\d+)", command):
        del box.mails[int(found[1])]

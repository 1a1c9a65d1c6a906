"""A real Postfix of one's own, as ordinary processes: loopback only, with its own configuration, queue and port.

It bounces what goes to some domains, and delivers what comes back to bounces.example.org into a Maildir.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.parts import require_part

DAEMONS = Path("/usr/lib/postfix/sbin")

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {daemons}
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mail.example.org
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
local_recipient_maps =
alias_maps =
recipient_delimiter = +
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_reject_unlisted_recipient = no
virtual_mailbox_domains = bounces.example.org, kept.example.org
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ {{ @bounces.example.org = bounces/ }}, {{ @kept.example.org = kept/ }} }}
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
transport_maps = inline:{{ {{ gone.example.org = error:5.1.1 There is nobody here by that name }},
  {{ full.example.org = error:5.2.2 The mailbox is full }}, {{ wary.example.org = error:5.7.1 We do not like this }},
  {{ odd.example.org = error:Something is odd }} }}
"""

_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
postlog unix-dgram n - n - 1 postlogd
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
"""

_OWN = [
    "active",
    "bounce",
    "corrupt",
    "defer",
    "deferred",
    "flush",
    "hold",
    "incoming",
    "private",
    "saved",
    "trace",
    "maildrop",
    "public",
]


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running Postfix. `bounces` is the Maildir of what came back, `kept` of what arrived."""

    folder: Path
    port: int

    @property
    def bounces(self) -> Path:
        return self.folder / "mail" / "bounces"

    @property
    def kept(self) -> Path:
        return self.folder / "mail" / "kept"

    def wait_for(self, maildir: Path, count: int) -> None:
        _wait(lambda: maildir.joinpath("new").is_dir() and len(list((maildir / "new").iterdir())) >= count)


@contextmanager
def postfix() -> Iterator[Postfix]:
    """Start one, and end it; skips where Postfix is absent or nobody may start it."""
    require_part("postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix starts as root only")
    # Its own user must get there: pytest's folders are closed to others.
    folder = Path(tempfile.mkdtemp(prefix="newsletter-postfix-"))
    folder.chmod(0o755)
    port = _free_port()
    _lay_out(folder, port)
    with (folder / "out").open("wb") as out:
        command = [str(DAEMONS / "master"), "-c", str(folder / "conf"), "-s"]
        master = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
    try:
        _wait(lambda: _answers(port))
        yield Postfix(folder, port)
    finally:
        master.terminate()
        master.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _lay_out(folder: Path, port: int) -> None:
    owner = pwd.getpwnam("postfix")
    for name in ("conf", "queue", "queue/pid", "data", "mail", *(f"queue/{each}" for each in _OWN)):
        (folder / name).mkdir()
    for name in ("data", "mail", *(f"queue/{each}" for each in _OWN)):
        os.chown(folder / name, owner.pw_uid, owner.pw_gid)
    main = _MAIN.format(folder=folder, daemons=DAEMONS, uid=owner.pw_uid, gid=owner.pw_gid)
    (folder / "conf" / "main.cf").write_text(main)
    (folder / "conf" / "master.cf").write_text(_MASTER.format(port=port))


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def _wait(until: Callable[[], bool]) -> None:
    for _ in range(300):
        if until():
            return
        time.sleep(0.1)
    raise AssertionError("Postfix took longer than half a minute")

"""The transports that came first, held to what contract.py says that every transport owes the sender."""

import fcntl
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from newsletter.clock import SystemClock
from newsletter.delivery.loopback import Loopback
from newsletter.delivery.transports.outbox.maildir import Outbox, file_name
from newsletter.delivery.transports.sendgrid.sending import SendGrid as SendGridTransport
from newsletter.delivery.transports.smtp.sending import Smtp
from newsletter.delivery.transports.smtp.wire import Relay, Waits
from newsletter.errors import SendError
from tests.delivery.house import mailing
from tests.delivery.transports.contract import TransportContract, Way, recipients
from tests.standins.sendgrid import API_KEY, SendGrid


class OutboxWay(Way):
    def __init__(self, folder: Path) -> None:
        (folder / "loop").symlink_to("loop")
        self._folder = folder / "outbox"
        self.transport, self.out_of_order = Outbox(self._folder), Outbox(folder / "loop")

    def _messages(self) -> Iterator[tuple[str, str]]:
        for path in sorted(self._folder.glob("new/*")):
            message = message_from_bytes(path.read_bytes(), policy=policy.default)
            yield message["To"], message["Message-ID"]

    def arrived(self) -> Counter[str]:
        return Counter(to for to, _ in self._messages())

    def message_ids(self) -> list[str]:
        return [message_id for _, message_id in self._messages()]


class TestOutbox(TransportContract):
    @pytest.fixture
    def way(self, tmp_path: Path) -> Way:
        return OutboxWay(tmp_path)

    def test_the_same_message_never_lies_there_twice(self, way: Way) -> None:
        for _ in range(2):
            self.send(way.transport, recipients(3))
        assert way.arrived() == Counter(each.address for each in recipients(3))

    def test_a_file_is_whole_when_it_appears_and_nothing_is_left_behind(
        self, way: Way, tmp_path: Path
    ) -> None:
        self.send(way.transport, recipients(1))
        assert list((tmp_path / "outbox" / "tmp").iterdir()) == []
        (path,) = (tmp_path / "outbox" / "new").iterdir()
        assert path.read_bytes().endswith(b"--\r\n")

    def test_what_a_killed_sender_left_half_written_is_removed(self, way: Way, tmp_path: Path) -> None:
        drafts = tmp_path / "outbox" / "tmp"
        drafts.mkdir(parents=True)
        (drafts / "left.eml").write_text("half a mess")
        with (drafts / "held.eml").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            self.send(way.transport, recipients(1))
            assert [each.name for each in drafts.iterdir()] == ["held.eml"]

    def test_a_file_that_another_sender_took_for_left_is_written_again(
        self, way: Way, tmp_path: Path
    ) -> None:
        """Between making a file and holding it there is a moment in which another sender may remove it."""
        drafts, (reader,) = tmp_path / "outbox" / "tmp", recipients(1)
        drafts.mkdir(parents=True)
        mail = mailing()
        draft = drafts / file_name(mail.message_ids.message_id(mail.issue_id, reader.reader_id))
        with draft.open("wb") as taken, ThreadPoolExecutor() as pool:
            fcntl.flock(taken, fcntl.LOCK_EX)
            sending = pool.submit(self.send, way.transport, [reader])
            with pytest.raises(TimeoutError):
                sending.result(timeout=0.3)
            draft.unlink()
            fcntl.flock(taken, fcntl.LOCK_UN)
            sending.result(timeout=10)
        assert way.arrived() == Counter([reader.address])
        assert list(drafts.iterdir()) == []

    def test_a_file_in_its_place_is_for_a_person_to_move(self, tmp_path: Path) -> None:
        (tmp_path / "a file").write_text("")
        session = Outbox(tmp_path / "a file").open()
        with pytest.raises(SendError, match="Not a directory") as refused:
            list(session.send(recipients(1), mailing(), lambda who: None))
        assert refused.value.permanent


class SmtpWay(Way):
    def __init__(self, server: Loopback, gone: int) -> None:
        waits = Waits(connect=5, command=5, body=5, final=5)
        self._server = server
        self.transport = Smtp(relay=Relay(host="127.0.0.1", port=server.port, waits=waits))
        self.out_of_order = Smtp(relay=Relay(host="127.0.0.1", port=gone, waits=waits))

    def arrived(self) -> Counter[str]:
        return self._server.counts

    def message_ids(self) -> list[str]:
        return [
            message_from_bytes(each.content, policy=policy.default)["Message-ID"]
            for each in self._server.taken
        ]


class TestSmtp(TransportContract):
    @pytest.fixture(params=["pipelining", "plain"])
    def way(self, request: pytest.FixtureRequest, closed_port: int) -> Iterator[Way]:
        extensions = ("PIPELINING", "ENHANCEDSTATUSCODES") if request.param == "pipelining" else ()
        with Loopback(extensions=extensions, keeps=True) as server:
            yield SmtpWay(server, closed_port)


class SendGridWay(Way):
    def __init__(self, server: SendGrid, gone: int) -> None:
        now = SystemClock().now
        self._server = server
        self.transport = SendGridTransport(api_key=API_KEY, url=server.url, now=now, timeout=5)
        self.out_of_order = SendGridTransport(
            api_key=API_KEY, url=f"http://127.0.0.1:{gone}", now=now, timeout=5
        )

    def arrived(self) -> Counter[str]:
        return Counter(mail.address for mail in self._server.mails)

    def message_ids(self) -> list[str]:
        return [mail.headers["Message-ID"] for mail in self._server.mails]


class TestSendGrid(TransportContract):
    @pytest.fixture
    def way(self, closed_port: int) -> Iterator[Way]:
        with SendGrid() as server:
            yield SendGridWay(server, closed_port)

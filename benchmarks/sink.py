"""`python -m benchmarks.sink`: an SMTP server that throws away what it gets, as fast as it can look for the end of it.

Prints its port. It knows no more than PIPELINING and the words that a sender of ours says. smtp-sink, which looks at
each byte, takes eight times as long for a message: what a sender can do is not to be seen with it.
"""

import selectors
import socket
from contextlib import suppress

_END = b"\r\n.\r\n"
_ANSWERS = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250-SIZE 50000000\r\n250 ENHANCEDSTATUSCODES\r\n",
    b"MAIL": b"250 2.1.0 Ok\r\n",
    b"RCPT": b"250 2.1.5 Ok\r\n",
    b"DATA": b"354 Go ahead\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}


class _Peer:
    """One connection."""

    def __init__(self, peer: socket.socket) -> None:
        self.socket = peer
        self._in_body = False
        self._rest = b""
        self._taken = 0

    def read(self, space: memoryview) -> bool:
        """Take what has come and answer; False when the connection has ended."""
        size = self.socket.recv_into(space)
        answers: list[bytes] = []
        data = self._rest + space[:size]
        while data:
            end = _END if self._in_body else b"\r\n"
            line, found, behind = data.partition(end)
            if not found:
                break
            data = behind
            answers.append(self._answer(line))
        # Of a body only as much as may be the beginning of its end.
        self._rest = data[1 - len(_END) :] if self._in_body else data
        if answers:
            self.socket.sendall(b"".join(answers))
        return size > 0

    def _answer(self, line: bytes) -> bytes:
        if self._in_body:
            self._in_body = False
            self._taken += 1
            return b"250 2.0.0 Ok: queued as %X\r\n" % self._taken
        word = line[:4].upper()
        self._in_body = word == b"DATA"
        return _ANSWERS.get(word, b"250 2.0.0 Ok\r\n")


def serve() -> None:
    """Serve all connections in turns, for ever."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    waiting, space = selectors.DefaultSelector(), memoryview(bytearray(1 << 20))
    waiting.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            if key.data is None:
                _welcome(listener, waiting)
            elif not _read(key.data, space):
                waiting.unregister(key.fileobj)
                key.data.socket.close()


def _welcome(listener: socket.socket, waiting: selectors.BaseSelector) -> None:
    peer, _ = listener.accept()
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    peer.sendall(b"220 sink\r\n")
    waiting.register(peer, selectors.EVENT_READ, _Peer(peer))


def _read(peer: _Peer, space: memoryview) -> bool:
    with suppress(ConnectionError):
        return peer.read(space)
    return False


if __name__ == "__main__":
    serve()

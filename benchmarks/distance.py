"""`python -m benchmarks.distance PORT SECONDS`: a port that leads to PORT, a round trip of SECONDS away.

Prints its own port. Every byte waits half the round trip in each direction; nothing else is slowed. Threads that sleep
keep time to a tenth of a millisecond, where an event loop rounds up to whole ones: twice that in each round trip.
"""

import socket
import sys
import threading
import time
from contextlib import suppress
from queue import SimpleQueue

#: What came, and when it may go on; nothing where the connection ended.
_Delayed = tuple[float, bytes]


def serve(port: int, round_trip: float) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    while True:
        here, _ = listener.accept()
        there = socket.create_connection(("127.0.0.1", port))
        for one, other in ((here, there), (there, here)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            under_way: SimpleQueue[_Delayed] = SimpleQueue()
            threading.Thread(target=_take, args=(one, under_way, round_trip / 2), daemon=True).start()
            threading.Thread(target=_bring, args=(other, under_way), daemon=True).start()


def _take(source: socket.socket, under_way: "SimpleQueue[_Delayed]", delay: float) -> None:
    data = b"-"
    while data:
        try:
            data = source.recv(1 << 20)
        except OSError:
            data = b""
        under_way.put((time.monotonic() + delay, data))


def _bring(target: socket.socket, under_way: "SimpleQueue[_Delayed]") -> None:
    while True:
        due, data = under_way.get()
        # not the product's clock: what is kept here is the wire's time, not an issue's
        time.sleep(max(0.0, due - time.monotonic()))
        with suppress(OSError):
            if not data:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(data)


if __name__ == "__main__":
    serve(int(sys.argv[1]), float(sys.argv[2]))

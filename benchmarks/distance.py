"""`python -m benchmarks.distance PORT SECONDS`: a port that leads to PORT, a round trip of SECONDS away.

Prints its own port. Every byte waits half the round trip in each direction; nothing else is slowed.
"""

import asyncio
import sys


async def serve(port: int, round_trip: float) -> None:
    loop = asyncio.get_running_loop()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 20):
                loop.call_later(round_trip / 2, writer.write, data)
            loop.call_later(round_trip / 2, writer.close)
        except ConnectionError:
            writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, back), carry(there, writer))

    server = await asyncio.start_server(connect, "127.0.0.1", 0, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))

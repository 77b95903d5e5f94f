"""A TCP proxy between a Modbus client and a device that tampers with the answers.

It counts what the client puts on the wire, so that a write sent twice is seen there.
"""

import asyncio
import contextlib
import struct
from collections.abc import Callable

RESET = b"reset the connection"
WRITES = (5, 6, 15, 16)

Trick = Callable[[bytes], list[tuple[float, bytes]]]  # delay in s, bytes


def pass_on(answer: bytes) -> list[tuple[float, bytes]]:
    return [(0.0, answer)]


class TcpProxy:
    """Passes frames to and fro; ``trick`` makes what the client gets."""

    def __init__(self, device: tuple[str, int]) -> None:
        self._device = device
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.trick: Trick = pass_on
        self.functions: list[int] = []  # of what the client sent, in order
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*self._tasks)

    @property
    def writes(self) -> int:
        return sum(function in WRITES for function in self.functions)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        up, down = await asyncio.open_connection(*self._device)
        self._writers |= {writer, down}
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                request = await _frame(reader)
                self.functions.append(request[7])
                down.write(request)
                answer = await _frame(up)
                for delay_s, data in self.trick(answer):
                    await asyncio.sleep(delay_s)
                    if data == RESET:
                        writer.transport.abort()
                        break
                    writer.write(data)
                    await writer.drain()
        down.close()
        writer.close()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """One frame, header and all."""
    head = await reader.readexactly(6)
    (length,) = struct.unpack(">H", head[4:])
    return head + await reader.readexactly(length)

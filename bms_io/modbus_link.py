"""The way to one device: a silent one is asked in the background, on nobody's time.

A device that was silent once gets a moment in each cycle. If that is not enough its
request goes on beside the cycle, and the cycle goes on without its values; the next
attempt comes after a pause that doubles. A refused connection costs no time and is
tried in every cycle. A device alone on its site is waited for: nobody else loses time.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from bms_io.modbus_client import Address, ModbusClient
from bms_io.points import Device
from twin.errors import CommunicationError

PATIENCE_S = 0.05  # of a cycle with a device that was silent
LONGEST_PAUSE_S = 5.0  # between attempts, so that it is back within two cycles

Result = TypeVar("Result")


class DeviceLink:
    """One device, its connection, and how much time it gets.

    Parameters
    ----------
    device
        Where it listens.
    shared
        Whether other devices wait for the same cycle.
    """

    def __init__(self, device: Device, shared: bool) -> None:
        where = Address(device.name, device.host, device.port, device.unit)
        self.client = ModbusClient(where, device.timeout_s, device.tls)
        self._where, self._shared = where, shared
        self._silent = False
        self._pause_s = device.timeout_s
        self._first_pause_s = device.timeout_s
        self._next_s = 0.0  # monotonic clock
        self.trouble = ""  # why the last attempt to connect failed
        self._running: asyncio.Future[Any] | None = None

    async def connect(self) -> None:
        """Connect if not connected.

        Raises
        ------
        CommunicationError
            If the device does not answer, or did not lately and is asked again later.
        """
        if self.client.connected:
            return
        error = await self.in_time(self._connect)
        if not self.client.connected:
            raise error or CommunicationError(self.still_silent)

    @property
    def still_silent(self) -> str:
        """Why there is nothing from a device that is asked in the background."""
        return f"{self._where}: silent, asked again in the background."

    def heard(self, error: BaseException | None) -> None:
        """Take note of how a request ended; only silence makes suspicious."""
        was, self._silent = self._silent, isinstance(error, TimeoutError)
        if not self._silent:
            self._pause_s, self._next_s = self._first_pause_s, 0.0
        elif was:
            self._pause_s = min(2.0 * self._pause_s, LONGEST_PAUSE_S)
        if self._silent and self._shared:
            self._next_s = time.monotonic() + self._pause_s

    async def in_time(self, job: Callable[[], Awaitable[Result]]) -> Result | None:
        """Run a job that never raises, for as long as the device deserves.

        Returns
        -------
        Result or None
            None while the device is silent: the job goes on, its result is dropped.
        """
        if not (self._silent and self._shared):
            return await job()
        busy = self._running is not None and not self._running.done()
        if busy or time.monotonic() < self._next_s:
            return None
        task = asyncio.ensure_future(job())
        self._running = task
        try:
            done, _ = await asyncio.wait({task}, timeout=PATIENCE_S)
        except asyncio.CancelledError:
            task.cancel()
            raise
        return task.result() if done else None

    async def close(self) -> None:
        """End what runs in the background and disconnect."""
        running, self._running = self._running, None
        if running is not None and not running.done():
            running.cancel()
            await asyncio.wait({running})
        await self.client.close()

    async def _connect(self) -> CommunicationError | None:
        """Try once; the error is the result."""
        try:
            await self.client.connect()
        except CommunicationError as error:
            self.heard(error.__cause__)
            self.trouble = str(error)
            return error
        self.trouble = ""
        return None

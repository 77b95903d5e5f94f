"""Strict Modbus TCP client: a request is answered as agreed, or it fails at once.

Nothing is retried here and no write is ever sent twice: when an answer to a write is
lost the outcome is unknown, and only the caller can find out by reading back. After
any disagreement on the stream (wrong transaction, late, short, garbage) the connection
is dropped, so that a late answer can never be taken for that of another request.

Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, MODBUS Application
Protocol Specification V1.1b3.
"""

import asyncio
import struct
from collections.abc import Sequence
from typing import Literal, NamedTuple

from twin.errors import CommunicationError

READ_HOLDING, READ_INPUT, WRITE_REGISTERS = 3, 4, 16
_HEADER = struct.Struct(">HHHB")  # transaction, protocol, length, unit
_EXCEPTION_BIT = 0x80
_MEANING = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    6: "device busy",
    10: "gateway path unavailable",
    11: "gateway target failed to respond",
}


class DeviceRefusedError(CommunicationError):
    """The device answered properly, with an exception; the connection is sound."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Address(NamedTuple):
    """Where a device listens, for connecting and for error messages."""

    name: str
    host: str
    port: int
    unit: int

    def __str__(self) -> str:
        return f"device {self.name} ({self.host}:{self.port}, unit {self.unit})"


class ModbusClient:
    """One connection to one device; requests run one after the other.

    Parameters
    ----------
    address
        Where the device listens.
    timeout_s
        Longest wait for a connection or an answer, on the wall clock.
    """

    def __init__(self, address: Address, timeout_s: float) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._transaction = 0
        self._turn = asyncio.Lock()

    @property
    def connected(self) -> bool:
        """Whether the connection is open as far as we know."""
        return self._streams is not None

    async def connect(self) -> None:
        """Open the connection.

        Raises
        ------
        CommunicationError
            If the device does not accept it in time.
        """
        await self.close()
        target = self._address
        try:
            async with asyncio.timeout(self._timeout_s):
                self._streams = await asyncio.open_connection(target.host, target.port)
        except (OSError, TimeoutError) as error:
            message = self._say(f"cannot connect ({_reason(error)})", "Is it running?")
            raise CommunicationError(message) from error

    async def close(self) -> None:
        """Close the connection; closing twice does no harm."""
        streams, self._streams = self._streams, None
        if streams is None:
            return
        # abort instead of close: an unsent or half-sent request must not go out later
        streams[1].transport.abort()
        try:
            await streams[1].wait_closed()
        except OSError:
            return  # the peer was faster

    async def read(
        self, table: Literal["input", "holding"], address: int, count: int
    ) -> list[int]:
        """Read registers.

        Parameters
        ----------
        table
            Input (FC4) or holding (FC3) registers.
        address
            First register, 0-based.
        count
            How many, at most 125.

        Returns
        -------
        list[int]
            Exactly ``count`` registers.

        Raises
        ------
        DeviceRefusedError
            If the device answers with an exception.
        CommunicationError
            If it does not answer as agreed.
        """
        function = READ_HOLDING if table == "holding" else READ_INPUT
        what = f"read of {count} {table} registers at {address}"
        answer = await self._request(
            struct.pack(">BHH", function, address, count), what
        )
        if len(answer) != 2 + 2 * count or answer[1] != 2 * count:
            await self.close()
            detail = f"{what}: {max(len(answer) - 2, 0)} bytes instead of {2 * count}"
            raise CommunicationError(self._say(detail, "Check the point map."))
        return list(struct.unpack(f">{count}H", answer[2:]))

    async def write(self, address: int, registers: Sequence[int]) -> None:
        """Write holding registers in one request (FC16), so that no number is torn.

        Parameters
        ----------
        address
            First register, 0-based.
        registers
            Values, at most 123.

        Raises
        ------
        DeviceRefusedError
            If the device answers with an exception; nothing was written.
        CommunicationError
            If it does not answer as agreed; whether it wrote is unknown.
        """
        count = len(registers)
        what = f"write of {count} holding registers at {address}"
        pdu = struct.pack(
            f">BHHB{count}H", WRITE_REGISTERS, address, count, 2 * count, *registers
        )
        answer = await self._request(pdu, what)
        if answer[1:] != struct.pack(">HH", address, count):
            await self.close()
            detail = f"{what}: the answer names other registers"
            raise CommunicationError(self._say(detail, "Read back before writing."))

    async def _request(self, pdu: bytes, what: str) -> bytes:
        """Send one request and take its answer, which has the same function code."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._timeout_s):
                    unit, answer = await self._exchange(pdu)
            except (OSError, EOFError, TimeoutError, _OutOfStepError) as error:
                await self.close()
                message = self._say(f"{what}: {_reason(error)}", "Connect again.")
                raise CommunicationError(message) from error
            except BaseException:  # cancelled in the middle: the answer is still due
                await self.close()
                raise
        if unit == self._address.unit and answer[0] == pdu[0] | _EXCEPTION_BIT:
            code = answer[1] if len(answer) == 2 else 0
            meaning = _MEANING.get(code, "unknown code")
            message = self._say(f"{what}: exception {code} ({meaning})", "")
            raise DeviceRefusedError(message, code)
        if unit != self._address.unit or answer[0] != pdu[0]:
            await self.close()
            detail = f"{what}: unit {unit}, function {answer[0]} answered instead"
            raise CommunicationError(self._say(detail, "Check unit and gateway."))
        return answer

    async def _exchange(self, pdu: bytes) -> tuple[int, bytes]:
        """Put a frame on the wire and read one; returns unit and PDU."""
        if self._streams is None:
            message = "not connected"
            raise _OutOfStepError(message)
        reader, writer = self._streams
        self._transaction = self._transaction % 0xFFFF + 1
        length = len(pdu) + 1
        header = _HEADER.pack(self._transaction, 0, length, self._address.unit)
        writer.write(header + pdu)
        await writer.drain()
        heading = await reader.readexactly(_HEADER.size)
        transaction, protocol, length, unit = _HEADER.unpack(heading)
        if protocol != 0 or not 3 <= length <= 254:
            message = f"no Modbus header but {heading.hex()}"
            raise _OutOfStepError(message)
        answer = await reader.readexactly(length - 1)
        if transaction != self._transaction:
            message = f"answer to transaction {transaction}, not {self._transaction}"
            raise _OutOfStepError(message)
        return unit, answer

    def _say(self, what: str, next_step: str) -> str:
        """Sentence with the device, what happened and what to do next."""
        return f"{self._address}: {what}. {next_step}".rstrip()


class _OutOfStepError(Exception):
    """The stream carries something else than the awaited answer."""


def _reason(error: Exception) -> str:
    """Say why in words; timeouts and end of stream have no text of their own."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, EOFError):
        return "connection closed by the device"
    return str(error) or type(error).__name__

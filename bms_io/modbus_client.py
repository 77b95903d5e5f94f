"""Strict Modbus TCP client: a request is answered as agreed, or it fails at once.

Nothing is retried here and no write is ever sent twice: when an answer to a write is
lost the outcome is unknown, and only the caller can find out by reading back. After
any disagreement on the stream (wrong transaction, late, short, garbage) the connection
is dropped, so that a late answer can never be taken for that of another request.

Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, MODBUS Application
Protocol Specification V1.1b3.
"""

import asyncio
import ssl
import struct
from collections.abc import Sequence
from typing import NamedTuple

from bms_io.modbus_pdu import (
    WrongAnswerError,
    read_request,
    read_values,
    write_request,
)
from bms_io.modbus_tls import REFUSES_US, TRUST_US, tls_context, tls_trouble
from bms_io.point_schema import BITS, Table
from bms_io.points import Tls
from twin.errors import CommunicationError

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
    tls
        Certificates; plain TCP without.
    """

    def __init__(
        self, address: Address, timeout_s: float, tls: Tls | None = None
    ) -> None:
        self._address = address
        self._tls = tls
        self._timeout_s = timeout_s
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._transaction = 0
        self._proven = False  # whether the device ever answered
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
            context = None if self._tls is None else tls_context(self._tls)
            name = self._tls.server_name if self._tls else None
            async with asyncio.timeout(self._timeout_s):
                self._streams = await asyncio.open_connection(
                    target.host, target.port, ssl=context, server_hostname=name
                )
        except ssl.SSLError as error:
            reason, next_step = tls_trouble(error)
            raise CommunicationError(
                self._say(f"cannot connect ({reason})", next_step)
            ) from error
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

    async def read(self, table: Table, address: int, count: int) -> list[int]:
        """Read bits or registers.

        Parameters
        ----------
        table
            Coils (FC1), discrete inputs (FC2), holding (FC3) or input registers (FC4).
        address
            First one, 0-based.
        count
            How many, at most 125 registers or 2000 bits.

        Returns
        -------
        list[int]
            Exactly ``count`` values.

        Raises
        ------
        DeviceRefusedError
            If the device answers with an exception.
        CommunicationError
            If it does not answer as agreed.
        """
        kind = "bits" if table in BITS else "registers"
        what = f"read of {count} {table} {kind} at {address}"
        answer = await self._request(read_request(table, address, count), what)
        try:
            return read_values(table, count, answer)
        except WrongAnswerError as error:
            await self.close()
            message = self._say(f"{what}: {error}", "Check the point map.")
            raise CommunicationError(message) from error

    async def write(
        self,
        address: int,
        values: Sequence[int],
        table: Table = "holding",
        single: bool = False,
    ) -> None:
        """Write in one request (FC16, FC15), so that no number is torn.

        Parameters
        ----------
        address
            First register or coil, 0-based.
        values
            At most 123 registers, or bits.
        table
            Holding or coil.
        single
            Use FC6 or FC5 where there is one value only.

        Raises
        ------
        DeviceRefusedError
            If the device answers with an exception; nothing was written.
        CommunicationError
            If it does not answer as agreed; whether it wrote is unknown.
        """
        what = f"write of {len(values)} {table} values at {address}"
        request = write_request(table, address, values, single)
        answer = await self._request(request.pdu, what)
        if answer != request.echo:
            await self.close()
            detail = f"{what}: the answer names other values or addresses"
            raise CommunicationError(self._say(detail, "Read back before writing."))

    async def _request(self, pdu: bytes, what: str) -> bytes:
        """Send one request and take its answer, which has the same function code."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._timeout_s):
                    unit, answer = await self._exchange(pdu)
            except ssl.SSLError as error:  # TLS 1.3 refuses our certificate this late
                await self.close()
                reason, next_step = tls_trouble(error)
                message = self._say(f"{what}: {reason}", next_step)
                raise CommunicationError(message) from error
            except (OSError, EOFError, TimeoutError, _OutOfStepError) as error:
                suspicious = self._tls is not None and not self._proven
                await self.close()
                next_step = "Connect again."
                if suspicious and isinstance(error, EOFError | ConnectionError):
                    # with TLS 1.3 the handshake ends before our certificate is judged
                    next_step = f"Perhaps {REFUSES_US}. {TRUST_US}"
                message = self._say(f"{what}: {_reason(error)}", next_step)
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
        self._proven = True
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

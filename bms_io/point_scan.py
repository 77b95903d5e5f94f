"""Who answers at an address: units of a Modbus gateway, objects of a BACnet device."""

from collections.abc import Iterable
from typing import NamedTuple

from bms_io.modbus_client import Address, DeviceRefusedError, ModbusClient
from bms_io.point_schema import BITS, Table
from twin.errors import CommunicationError

TABLES: tuple[Table, ...] = ("coil", "discrete", "input", "holding")
_LARGEST_READ = 64  # registers or bits asked for at once
ILLEGAL_FUNCTION = 1


class UnitFound(NamedTuple):
    """One unit that answers."""

    unit: int
    spans: dict[Table, list[tuple[int, int]]]  # first and last address that answer


async def scan_modbus(
    host: str, port: int, units: Iterable[int], end: int, timeout_s: float
) -> list[UnitFound]:
    """Ask units for their tables; only reads, one request at a time.

    Parameters
    ----------
    host, port
        Gateway or device.
    units
        Unit numbers to ask.
    end
        Addresses 0 to ``end`` - 1 of each table are tried.
    timeout_s
        Longest wait for an answer.

    Returns
    -------
    list[UnitFound]
        Units that gave at least one value.

    Raises
    ------
    CommunicationError
        If nobody listens there.
    """
    found = []
    for unit in units:
        client = ModbusClient(Address("scan", host, port, unit), timeout_s)
        await client.connect()
        try:
            spans = {table: await _spans(client, table, end) for table in TABLES}
        except CommunicationError:  # silent: gateways drop requests to absent units
            continue
        finally:
            await client.close()
        if any(spans.values()):
            found.append(UnitFound(unit, {t: s for t, s in spans.items() if s}))
    return found


async def _spans(client: ModbusClient, table: Table, end: int) -> list[tuple[int, int]]:
    """Stretches of a table that can be read."""
    step = 16 if table in BITS else _LARGEST_READ
    spans: list[tuple[int, int]] = []
    for first in range(0, end, step):
        count = min(step, end - first)
        try:
            good = await _readable(client, table, first, count)
        except _NoTableError:
            return []
        for address in good:
            if spans and spans[-1][1] == address - 1:
                spans[-1] = (spans[-1][0], address)
            else:
                spans.append((address, address))
    return spans


class _NoTableError(Exception):
    """The unit does not know the function at all."""


async def _readable(
    client: ModbusClient, table: Table, first: int, count: int
) -> list[int]:
    """Addresses that answer, found by halving what is refused."""
    try:
        await client.read(table, first, count)
    except DeviceRefusedError as error:
        if error.code == ILLEGAL_FUNCTION:
            raise _NoTableError from error
        if count == 1:
            return []
        half = count // 2
        left = await _readable(client, table, first, half)
        return left + await _readable(client, table, first + half, count - half)
    return list(range(first, first + count))

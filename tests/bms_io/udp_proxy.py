"""A UDP proxy between a BACnet client and a device that tampers with the answers.

It counts what the client puts on the wire, so that a write sent twice is seen there.
"""

import asyncio
from collections.abc import Callable

BVLC, UNICAST = 0x81, 0x0A
SIMPLE_ACK, COMPLEX_ACK, ERROR, REJECT, ABORT = 2, 3, 5, 6, 7
READ, READ_MULTIPLE, WRITE, SUBSCRIBE = 12, 14, 15, 5

Trick = Callable[[bytes], list[tuple[float, bytes]]]  # delay in s, datagram


def pass_on(datagram: bytes) -> list[tuple[float, bytes]]:
    return [(0.0, datagram)]


def apdu(datagram: bytes) -> bytes:
    """APDU of a datagram without routing information."""
    return datagram[6:]


def frame(pdu: bytes) -> bytes:
    length = len(pdu) + 6
    return bytes([BVLC, UNICAST, length >> 8, length & 0xFF, 1, 0]) + pdu


def service_of(request: bytes) -> int | None:
    """Service of a confirmed request, None of anything else."""
    pdu = apdu(request)
    if not pdu or pdu[0] >> 4 != 0:
        return None
    return pdu[5] if pdu[0] & 8 else pdu[3]


class UdpProxy:
    """Passes datagrams to and fro; ``trick`` makes what the client gets."""

    def __init__(self, host: str, device: tuple[str, int]) -> None:
        self._host, self._device = host, device
        self._back: dict[tuple[str, int], asyncio.DatagramTransport] = {}
        self._front: asyncio.DatagramTransport | None = None
        self.trick: Trick = pass_on
        self.down = False  # nothing gets through
        self.services: list[int | None] = []  # of what the client sent, in order
        self.port = 0

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(
            lambda: _Ear(self._from_client), local_addr=(self._host, 0)
        )
        self.port = self._front.get_extra_info("sockname")[1]

    def stop(self) -> None:
        for transport in (self._front, *self._back.values()):
            if transport is not None:
                transport.close()

    @property
    def writes(self) -> int:
        return self.services.count(WRITE)

    def _from_client(self, datagram: bytes, client: tuple[str, int]) -> None:
        self.services.append(service_of(datagram))
        if not self.down:
            asyncio.ensure_future(self._to_device(datagram, client))  # noqa: RUF006 # ends itself

    async def _to_device(self, datagram: bytes, client: tuple[str, int]) -> None:
        if client not in self._back:
            loop = asyncio.get_running_loop()
            self._back[client], _ = await loop.create_datagram_endpoint(
                lambda: _Ear(lambda answer, _: self._to_client(answer, client)),
                remote_addr=self._device,
            )
        self._back[client].sendto(datagram)

    def _to_client(self, answer: bytes, client: tuple[str, int]) -> None:
        if self._front is None or self._front.is_closing():
            return
        loop = asyncio.get_running_loop()
        for delay_s, datagram in self.trick(answer):
            loop.call_later(delay_s, self._send, datagram, client)

    def _send(self, datagram: bytes, client: tuple[str, int]) -> None:
        if self._front is not None and not self._front.is_closing():
            self._front.sendto(datagram, client)


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self._heard(data, address)

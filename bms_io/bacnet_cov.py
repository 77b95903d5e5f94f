"""Notifications of change (COV) between polls: faster, never trusted alone.

Subscriptions expire, vanish when a device restarts and get lost without a word. So every
value is polled at least every ``poll_s`` whatever the notifications say, and a
subscription that is refused or lost costs nothing but speed.
"""

import asyncio
from functools import partial
from typing import Any, NamedTuple

from bacpypes3.apdu import SimpleAckPDU, SubscribeCOVRequest
from bacpypes3.primitivedata import ObjectIdentifier

from bms_io.bacnet_client import BacnetClient
from bms_io.bacnet_habits import BELIEVED_S
from bms_io.bacnet_values import Present, kind, present
from bms_io.points import Cov
from twin.errors import CommunicationError

_RENEWED_PER_READ = 20  # requests that one read may spend on subscriptions
_PROCESS = 1  # our number for all subscriptions; the object tells them apart


class _Known(NamedTuple):
    """Last news of an object."""

    value: Present
    polled_s: float  # monotonic; notifications do not change it
    heard_s: float  # monotonic; when the value came, by poll or notification


class CovWatch:
    """Reads objects of one device, from notifications where they are fresh enough.

    Parameters
    ----------
    client
        Of the device.
    cov
        How; None reads by polling only.
    """

    def __init__(self, client: BacnetClient, cov: Cov | None) -> None:
        self._client = client
        self._cov = cov
        self._known: dict[str, _Known] = {}
        self._renew_s: dict[str, float] = {}  # when a subscription must be renewed
        self._ends_s: dict[str, float] = {}  # when it is over at the device
        client.heard = self._hear

    def forget(self) -> None:
        """Poll everything next time: a write may have changed it."""
        self._known.clear()

    async def read(self, names: list[str]) -> dict[str, Present]:
        """Read objects; see ``BacnetClient.read``.

        Parameters
        ----------
        names
            As ``analog-input,3``.
        """
        if self._cov is None:
            return await self._client.read(names)
        now_s = asyncio.get_running_loop().time()
        due = [n for n in names if not self._is_fresh(n, now_s, self._cov)]
        polled = await self._client.read(due)
        for name, value in polled.items():
            self._known[name] = _Known(value, now_s, now_s)
            if value.trouble:
                del self._known[name]
        if not any(value.trouble.startswith("comm") for value in polled.values()):
            await self._renew(names, now_s, self._cov)
        return {n: polled[n] if n in polled else self._last(n, now_s) for n in names}

    def _last(self, name: str, now_s: float) -> Present:
        """What came last, with its age."""
        known = self._known[name]
        return known.value._replace(age_s=now_s - known.heard_s)

    def _is_fresh(self, name: str, now_s: float, cov: Cov) -> bool:
        """Whether notifications may stand for a poll."""
        known = self._known.get(name)
        subscribed = now_s < self._ends_s.get(name, 0.0)
        return known is not None and subscribed and now_s - known.polled_s < cov.poll_s

    async def _renew(self, names: list[str], now_s: float, cov: Cov) -> None:
        """Subscribe to some that need it; whatever goes wrong is left to the polls."""
        old = [n for n in names if now_s >= self._renew_s.get(n, 0.0)]
        for name in old[:_RENEWED_PER_READ]:
            self._renew_s[name] = now_s + BELIEVED_S
            send = partial(_subscribe, self._client.where, name, cov.lifetime_s)
            try:
                await self._client.ask(f"subscription to {name}", send)
            except CommunicationError:
                continue
            self._renew_s[name] = now_s + cov.lifetime_s / 2.0
            self._ends_s[name] = now_s + cov.lifetime_s

    def _hear(self, notification: Any) -> None:
        """Take the news of an object that was polled before."""
        name = str(notification.monitoredObjectIdentifier)
        known = self._known.get(name)
        if known is None:
            return
        try:
            found = {
                str(one.propertyIdentifier): one.value.cast_out(wanted)
                for one in notification.listOfValues
                if (wanted := kind(name, str(one.propertyIdentifier))) is not None
            }
        except (ValueError, TypeError, AttributeError):
            return  # not as agreed: the next poll tells
        if "present-value" in found:
            now_s = asyncio.get_running_loop().time()
            self._known[name] = known._replace(value=present(found), heard_s=now_s)


async def _subscribe(where: Any, name: str, lifetime_s: int, application: Any) -> None:
    """Ask for unconfirmed notifications; asking again renews."""
    answer = await application.request(
        SubscribeCOVRequest(
            subscriberProcessIdentifier=_PROCESS,
            monitoredObjectIdentifier=ObjectIdentifier(name),
            issueConfirmedNotifications=False,
            lifetime=lifetime_s,
            destination=where,
        )
    )
    if not isinstance(answer, SimpleAckPDU):
        message = f"odd answer {answer!r:.60}"
        raise ValueError(message)

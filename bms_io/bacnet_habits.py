"""What a BACnet device has refused, and for how long that is believed.

Many devices lack ReadPropertyMultiple, or take fewer objects than we would like, or
refuse a whole request for one object that they do not have. What was learnt is forgotten
after a while, because firmware is updated and a refusal may have been an accident.
"""

MOST_AT_ONCE = 50  # objects of two properties: 1476 B of one answer, found by trial
LONGEST_QUIET_S = 30.0  # assumption: a device that came back is seen within this
BELIEVED_S = 600.0  # assumption: one wasted request in ten minutes costs nothing


class Habits:
    """How a device wants to be asked."""

    def __init__(self) -> None:
        self._most = MOST_AT_ONCE
        self._small_until_s = 0.0
        self._alone_until_s: dict[str, float] = {}
        self._misses = 0
        self._quiet_until_s = 0.0

    def is_quiet(self, now_s: float) -> bool:
        """Whether a silent device is left alone, so that it holds up nobody."""
        return now_s < self._quiet_until_s

    def silent(self, now_s: float, timeout_s: float) -> None:
        """Learn that no answer came; the first time may be one lost datagram."""
        self._misses += 1
        wait_s = timeout_s * (2.0 ** min(self._misses - 1, 10) - 1.0)
        self._quiet_until_s = now_s + min(wait_s, LONGEST_QUIET_S)

    def answered(self) -> None:
        """Forget the silence."""
        self._misses = 0

    def batches(self, objects: list[str], now_s: float) -> list[list[str]]:
        """Objects of one request each, in the order given.

        Parameters
        ----------
        objects
            All that is wanted.
        now_s
            Monotonic clock.
        """
        if now_s >= self._small_until_s:
            self._most = MOST_AT_ONCE
        shared = [n for n in objects if self._alone_until_s.get(n, 0.0) <= now_s]
        company = set(shared)
        return [
            *(shared[i : i + self._most] for i in range(0, len(shared), self._most)),
            *([name] for name in objects if name not in company),
        ]

    def too_many(self, count: int, now_s: float) -> None:
        """Learn that so many objects in one request are too many."""
        self._most = max(1, min(self._most, count // 2))
        self._small_until_s = now_s + BELIEVED_S

    def alone(self, names: list[str], now_s: float) -> None:
        """Learn that these spoil requests for others."""
        self._alone_until_s |= dict.fromkeys(names, now_s + BELIEVED_S)

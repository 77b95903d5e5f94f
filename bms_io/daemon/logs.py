"""Log as JSON lines; what repeats is counted instead of repeated."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple, TextIO

REPEAT_S = 60.0  # the same line at most this often


class _Last(NamedTuple):
    told_s: float
    suppressed: int


class JsonLog:
    """Writes one JSON object per line.

    Parameters
    ----------
    stream
        Usually standard error, for the journal of systemd.
    clock
        Monotonic seconds.
    """

    def __init__(
        self, stream: TextIO, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._last: dict[tuple[str, str], _Last] = {}

    def say(self, level: str, event: str, key: str = "", **details: Any) -> None:
        """Log; the same event and key again within a minute is only counted.

        Parameters
        ----------
        level
            debug, info, warning or error.
        event
            What happened.
        key
            Tells apart what would repeat, e.g. a point or an alarm.
        **details
            Plain values.
        """
        now_s = self._clock()
        last = self._last.get((event, key))
        if last is not None and now_s - last.told_s < REPEAT_S:
            self._last[event, key] = last._replace(suppressed=last.suppressed + 1)
            return
        entry = {
            "wall": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "monotonic_s": round(now_s, 3),
            "level": level,
            "event": event,
            **({"key": key} if key else {}),
            **details,
            **({"repeated": last.suppressed} if last and last.suppressed else {}),
        }
        self._last[event, key] = _Last(now_s, 0)
        self._stream.write(json.dumps(entry, default=str) + "\n")
        self._stream.flush()

"""Second look at every write, shortly before it goes out.

This is not the guard: it shares no code with it, has limits of its own, remembers by
itself what was written and when, and can only say no. What it refuses is a fault of the
guard. In an emergency it lets moves toward the safe side pass at any rate, no others.
"""

import math
from collections.abc import Mapping

from bms_io.limits import Limits
from bms_io.points import PointMap
from twin.signals import Setpoints

_ROUNDING = 1e-6  # relative; float32 on the wire


class Verifier:
    """Checks writes against the limits of a site.

    Parameters
    ----------
    limits
        Its own, see ``bms_io.limits``.
    point_map
        Read-back tolerances.
    active
        Setpoints in force at the start.
    since_s
        Plant time since which they are in force.
    longest_s
        Time without a look that counts as room to move, at most. [s]
    """

    def __init__(
        self,
        limits: Limits,
        point_map: PointMap,
        active: Setpoints,
        since_s: float,
        longest_s: float = math.inf,
    ) -> None:
        self._limits = limits
        self._map = point_map
        self._last = _floats(active)
        self._cycle_s = since_s
        self._longest_s = longest_s

    def refusals(
        self,
        values: Mapping[str, float],
        active: Setpoints,
        now_s: float,
        emergency: bool = False,
    ) -> list[str]:
        """Look at one write cycle; call it in every control cycle, even for no values.

        Parameters
        ----------
        values
            What is about to be written, by setpoint.
        active
            In force in the plant, read back. Where it is not what was written last,
            somebody else moved it, and the move counts from there.
        now_s
            Plant clock.
        emergency
            Rates do not count, but only the safe side is open.

        Returns
        -------
        list[str]
            One sentence per violation; empty lets the write pass.
        """
        minutes = min(now_s - self._cycle_s, self._longest_s) / 60.0
        for name, value in _floats(active).items():
            if abs(value - self._last[name]) > self._tolerance(name):
                self._last[name] = value
        found = [
            sentence
            for name, value in values.items()
            for sentence in self._look(name, value, math.inf if emergency else minutes)
        ]
        if emergency:
            found += [s for n, v in values.items() for s in self._unsafe(n, v)]
        self._cycle_s = now_s
        self._last.update({} if found else values)
        return found

    def _tolerance(self, name: str) -> float:
        """How far a read-back may be from what was written."""
        rule = self._map.points[f"setpoints.{name}"].write
        return rule.readback_tolerance if rule else 0.0

    def _look(self, name: str, value: float, minutes: float) -> list[str]:
        """Limits, direction and rate of one value."""
        if not math.isfinite(value):
            return [f"{name}: {value} is not a number"]
        entry, last = self._limits.setpoints[name], self._last[name]
        found: list[str] = []
        slack = _ROUNDING * max(abs(entry.minimum), abs(entry.maximum))
        beyond = max(entry.minimum - value, value - entry.maximum)
        was_beyond = max(entry.minimum - last, last - entry.maximum)
        if beyond > slack and beyond >= was_beyond:
            limits = f"{entry.minimum:g} to {entry.maximum:g}"
            found.append(f"{name}: {value:g} is not within {limits}")
        allowed = entry.rate_per_minute * minutes
        if abs(value - last) > allowed + slack + self._tolerance(name):
            moved = f"{value - last:+g} in {minutes:g} min"
            found.append(f"{name}: moves {moved}, allowed is {allowed:g}")
        return found

    def _unsafe(self, name: str, value: float) -> list[str]:
        """Refuse what does not lead to the safe side, or to the default."""
        entry, last = self._limits.setpoints[name], self._last[name]
        upward = value > last
        safe = upward == (entry.safer == "up")
        home = abs(value - entry.default) <= self._tolerance(name)
        return [] if safe or home else [f"{name}: {value:g} is not the safe side"]


def _floats(setpoints: Setpoints) -> dict[str, float]:
    """Setpoints by name."""
    return {name: float(value) for name, value in setpoints._asdict().items()}

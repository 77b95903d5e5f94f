"""Second look at every write, shortly before it goes out.

This is not the guard: it shares no code with it, remembers by itself what was written
and when, and can only say no. What it refuses is a fault of the guard.
"""

import math
from collections.abc import Mapping

from bms_io.points import PointMap
from twin.config import GuardLimits
from twin.signals import Setpoints

_ROUNDING = 1e-6  # relative; float32 on the wire


class Verifier:
    """Checks writes against the limits of a site.

    Parameters
    ----------
    limits
        What the guard allows.
    point_map
        Hard limits of the plant.
    active
        Setpoints in force at the start.
    since_s
        Plant time since which they are in force.
    """

    def __init__(
        self,
        limits: GuardLimits,
        point_map: PointMap,
        active: Setpoints,
        since_s: float,
    ) -> None:
        self._limits = limits
        self._map = point_map
        self._last = _floats(active)
        self._cycle_s = since_s

    def refusals(
        self, values: Mapping[str, float], active: Setpoints, now_s: float
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

        Returns
        -------
        list[str]
            One sentence per violation; empty lets the write pass.
        """
        minutes = (now_s - self._cycle_s) / 60.0
        for name, value in _floats(active).items():
            if abs(value - self._last[name]) > self._tolerance(name):
                self._last[name] = value
        found = [
            sentence
            for name, value in values.items()
            for sentence in self._look(name, value, minutes)
        ]
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
        entry, last = getattr(self._limits, name), self._last[name]
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


def _floats(setpoints: Setpoints) -> dict[str, float]:
    """Setpoints by name."""
    return {name: float(value) for name, value in setpoints._asdict().items()}

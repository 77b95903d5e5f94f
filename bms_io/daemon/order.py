"""In which order setpoints are written, so that the plant is safe after any prefix.

Moves toward more cooling go first, flow before temperature: pumps and cells run before
anything is asked of them. Moves toward less cooling follow in the opposite order: heat
rejection gives way last. A connection that breaks in the middle then leaves a plant that
cools too much rather than too little.
"""

from collections.abc import Mapping

from bms_io.points import PointMap
from twin.config import GuardLimits
from twin.envelope import COOLING_DIRECTION
from twin.signals import Setpoints

ELECTRICAL = ("battery_power_w", "ups_eco", "ups_modules_on", "it_power_cap_w")
_RANK = {name: rank for rank, name in enumerate(COOLING_DIRECTION)}


def cools_more(name: str, step: float) -> bool:
    """Whether a move is toward more cooling."""
    return step * COOLING_DIRECTION[name] > 0.0


def safe_order(values: Mapping[str, float], active: Setpoints) -> dict[str, float]:
    """Sort writes so that any prefix is safe.

    Parameters
    ----------
    values
        About to be written, by setpoint.
    active
        In force now.
    """

    def rank(name: str) -> tuple[bool, int]:
        cooling = cools_more(name, values[name] - float(getattr(active, name)))
        return not cooling, _RANK[name] if cooling else -_RANK[name]

    return {name: values[name] for name in sorted(values, key=rank)}


def defaults(point_map: PointMap) -> dict[str, float]:
    """Neutral values of the setpoints that ask for it on exit."""
    rules = {n: point_map.points[f"setpoints.{n}"].write for n in Setpoints._fields}
    return {n: r.default for n, r in rules.items() if r and r.on_exit == "default"}


def most_cooling(
    limits: GuardLimits, design: Setpoints, active: Setpoints
) -> Setpoints:
    """Setpoints of maximum cooling within the limits; what is electrical at its design.

    What is already beyond stays where it is.
    """
    wanted: dict[str, float] = {}
    for name, direction in COOLING_DIRECTION.items():
        entry, now = getattr(limits, name), float(getattr(active, name))
        end = entry.maximum if direction > 0.0 else entry.minimum
        wanted[name] = now if cools_more(name, now - end) else end
        if name in ELECTRICAL:
            wanted[name] = float(getattr(design, name))
    return Setpoints(**wanted)

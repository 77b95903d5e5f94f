"""In which order setpoints are written, so that the plant is safe after any prefix.

Moves toward more cooling go first, flow before temperature: pumps and cells run before
anything is asked of them. Moves toward less cooling follow in the opposite order: heat
rejection gives way last. A connection that breaks in the middle then leaves a plant that
cools too much rather than too little.
"""

from collections.abc import Mapping

from bms_io.points import PointMap
from twin.config import GuardLimits
from twin.signals import Setpoints

# +1: a larger value cools more or is safer; in the order of the water from outside in.
COOLING_DIRECTION = {
    "battery_power_w": -1.0,  # charging keeps the reserve; less load on the battery
    "ups_eco": -1.0,  # double conversion is the safe mode
    "ups_modules_on": 1.0,
    "it_power_cap_w": 1.0,  # less work is not ours to decide in an emergency
    "tower_pump_speed": 1.0,
    "tower_cells_on": 1.0,
    "fws_pressure_pa": 1.0,
    "tcs_pressure_pa": 1.0,
    "tower_supply_c": -1.0,
    "chilled_water_c": -1.0,
    "tcs_supply_c": -1.0,
    "air_units_on": 1.0,
    "air_supply_c": -1.0,
}
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

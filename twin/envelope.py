"""What the plant as a whole must keep: temperatures at the worst forecast, and a spare.

A move toward less cooling, or to fewer units, is only allowed if the twin says that the
limits hold with it for the two hours to come at the worst weather and load that are forecast
(``Site.spare.outlook_s``), and with ``spare_units`` further units lost of each kind whose
number is being lowered (N+1). Where staying is no better, moving is free: the check never
stands between a hot plant and a way out.

The plant is looked at in ``PASSES`` long implicit steps from its present state, the way the
steady state is found; nothing is fitted and nothing is written a second time.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from plant._kernel import kernel, routine
from twin.compiled import Matrix, _compiled
from twin.facility import facility_step
from twin.rows import Row, as_setpoints
from twin.signals import Inputs, Setpoints, State
from twin.site import Forbidden, TemperatureLimits
from twin.topology import Facility

PASSES = 4  # warm tower water reaches racks and coils in the fourth
NOTHING_K = 0.01  # far below what a sensor sees
OVERLOAD_K = 100.0  # what an overload of 100 % weighs
PASS_S = 1800.0  # so that the two hours to come are looked at

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
_DIRECTION = np.array([COOLING_DIRECTION[name] for name in Setpoints._fields])
_IS_COUNT = np.array(
    [
        name in ("tower_cells_on", "air_units_on", "ups_modules_on")
        for name in Setpoints._fields
    ]
)


class Scene(NamedTuple):
    """The plant now, and the worst that is expected of the time to come."""

    facility: Facility
    limits: TemperatureLimits
    spare_units: float
    state: State
    worst: Inputs


def as_boxes(forbidden: tuple[Forbidden, ...]) -> Matrix:
    """Forbidden combinations as numbers, shape (combinations, 6), for the kernels."""
    rows = [
        (
            Setpoints._fields.index(rule.first),
            *rule.first_range,
            Setpoints._fields.index(rule.second),
            *rule.second_range,
        )
        for rule in forbidden
    ]
    return np.array(rows, dtype=float).reshape(-1, 6)


@kernel
def within(box: Any, row: Any) -> bool:
    """Whether setpoints are in a forbidden combination."""
    first, second = row[int(box[0])], row[int(box[3])]
    return bool(box[1] <= first <= box[2] and box[4] <= second <= box[5])


@routine
def excess(scene: Scene, row: Any) -> float:
    """By how much limits are exceeded in the worst two hours; infinite if nobody knows.

    Parameters
    ----------
    scene
        Plant and outlook.
    row
        Setpoints, shape (setpoints,).

    Returns
    -------
    float
        Kelvins above the temperature limits, and as many for each percent of overload of
        the UPS modules.
    """
    return excess_k(
        scene.facility, scene.limits, scene.state, scene.worst, as_setpoints(row)
    )


@_compiled
def excess_k(
    facility: Facility,
    limits: TemperatureLimits,
    state: State,
    worst: Inputs,
    setpoints: Setpoints,
) -> float:
    """As ``excess``; an entry of its own, so that LLVM leaves out what nobody asks for."""
    total = 0.0
    for _ in range(PASSES):
        state, out = facility_step(facility, state, worst, setpoints, PASS_S)
        total = float(
            max(out.rack_inlet_c - limits.rack_inlet_c, 0.0)
            + max(out.chip_c - limits.chip_c, 0.0)
            + max(out.tcs_supply_c - limits.tcs_supply_c, 0.0)
            + max(out.ups_load_fraction - 1.0, 0.0) * OVERLOAD_K
        )
        known = out.rack_inlet_c + out.chip_c + out.tcs_supply_c + out.ups_load_fraction
        if not math.isfinite(known):
            total = math.inf
    return total


@routine
def hold_back(scene: Scene, row: Row, before: Row, why: Row, code: float) -> None:
    """Take back the moves toward less cooling that the worst forecast forbids.

    Parameters
    ----------
    scene
        Plant and outlook.
    row
        Setpoints about to be in force; changed in place.
    before
        In force now.
    why
        Takes ``code`` where a move was taken back.
    """
    lean = row.copy()
    gives = fewer = False
    for k in range(row.shape[0]):
        gives = gives or (row[k] - before[k]) * _DIRECTION[k] < 0.0
        if _IS_COUNT[k] and row[k] < before[k]:
            lean[k] = row[k] - scene.spare_units
            fewer = True
    if not gives:
        return
    risk = excess(scene, row)
    if fewer:  # fewer units are not always the worse case
        risk = max(risk, excess(scene, lean))
    if risk == 0.0:
        return
    if math.isfinite(risk) and risk <= excess(scene, before) + NOTHING_K:
        return
    for k in range(row.shape[0]):
        if (row[k] - before[k]) * _DIRECTION[k] < 0.0:
            row[k] = before[k]
            why[k] = code

"""Yearly figures of many layouts from a few bins of weather and load.

One compiled loop goes through the bins from cold to warm; each starts from the state of
the one before, so two passes settle it. Threads share the work: the loop holds no lock.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.study.climate import Bins, Year
from optimizer.study.layout import Choice, Load, facility_of, setpoints_of
from optimizer.study.schema import Conditions
from twin.compiled import _compiled, initial_state, run
from twin.facility import SETTLED_S, facility_step
from twin.rows import as_inputs
from twin.signals import Inputs, Outputs, Setpoints, State
from twin.site import Site
from twin.topology import Facility

Matrix = NDArray[np.float64]
FIRST_PASSES, PASSES = 12, 2
HOUR_S = 3600.0
YEAR_H = 8760.0


class Figures(NamedTuple):
    """Means over the year, and the worst hour."""

    site_power_w: float
    it_power_w: float
    cooling_power_w: float
    makeup_kg_s: float
    chip_c: float  # worst
    rack_inlet_c: float  # worst
    tcs_supply_c: float  # worst
    peak_power_w: float

    @property
    def pue(self) -> float:
        """Site over IT energy."""
        return self.site_power_w / self.it_power_w

    @property
    def wue_l_kwh(self) -> float:
        """Make-up water over IT energy."""
        return self.makeup_kg_s * 3.6e6 / self.it_power_w


def _bins_plain(
    facility: Facility,
    start: State,
    setpoints: Setpoints,
    inputs: Matrix,
    rated_w: float,
    out: Matrix,
) -> None:
    """Settled outputs of every bin, shape (bins, outputs)."""
    state = start
    for i in range(out.shape[0]):
        now = as_inputs(inputs[i])
        now = Inputs(now[0], now[1], now[2], now[3], now[4] * rated_w)
        passes = FIRST_PASSES if i == 0 else PASSES
        for _ in range(passes):
            after, outputs = facility_step(facility, state, now, setpoints, SETTLED_S)
            state = State(
                after.tower_supply_c,
                after.fws_supply_c,
                after.tcs_supply_c,
                after.air_supply_c,
                state.battery_soc,
                after.chillers_on,
                after.chiller_hold_s,
                after.tank_upper_c,
                after.tank_lower_c,
            )
        for j in range(out.shape[1]):
            out[i, j] = outputs[j]


_bins = _compiled(_bins_plain, Path(__file__))


def screen(
    base: Site, at: Conditions, load: Load, choice: Choice, bins: Bins
) -> Figures:
    """Year of one layout from its bins.

    Parameters
    ----------
    base, at
        Units and design temperatures.
    load, choice
        The layout.
    bins
        Climate and load.
    """
    plant = facility_of(base, load, choice)
    held = setpoints_of(base, load, choice, at)
    chosen = Setpoints(*(float(value) for value in held))
    out = np.empty((len(bins.weights), len(Outputs._fields)))
    tower_c = chosen.tower_supply_c
    loops = (chosen.tcs_supply_c, chosen.air_supply_c)
    full = float(plant.power.battery.soc_maximum)
    start = State(
        tower_c, tower_c + 3.0, *loops, full, 0.0, SETTLED_S, tower_c, tower_c
    )
    _bins(plant, start, chosen, bins.inputs, load.it_power_w, out)
    return figures(out, bins.weights)


def full_year(
    base: Site, at: Conditions, load: Load, choice: Choice, year: Year
) -> tuple[Figures, Outputs]:
    """Year of one layout hour by hour, with what the plant remembers."""
    plant = facility_of(base, load, choice)
    held = setpoints_of(base, load, choice, at)
    hours = Inputs(*year.hours)
    hours = hours._replace(it_demand_w=year.hours[4] * load.it_power_w)
    first = Inputs(*(float(np.asarray(row)[0]) for row in hours))
    chosen = Setpoints(*(float(value) for value in held))
    start = initial_state(plant, first, chosen)
    _, out = run(plant, start, hours, chosen, HOUR_S)
    return figures(out, np.full(len(out), 1.0 / len(out))), Outputs(*out.T)


def figures(out: Matrix, weights: Matrix) -> Figures:
    """Weighted means and worst values of outputs, shape (cases, outputs)."""
    found: Any = Outputs(*out.T)
    mean = weights @ out
    named = Outputs(*mean)
    return Figures(
        float(named.site_power_w),
        float(named.it_power_w),
        float(named.cooling_power_w),
        float(named.tower_makeup_kg_s + named.ahu_makeup_kg_s),
        float(np.max(found.chip_c)),
        float(np.max(found.rack_inlet_c)),
        float(np.max(found.tcs_supply_c)),
        float(np.max(found.site_power_w)),
    )

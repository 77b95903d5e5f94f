"""Lithium battery behind a UPS: energy, losses and limits.

Power at the UPS bus is positive when it discharges. Each direction loses
``1 - one_way_efficiency``; the state of charge moves by what leaves or enters the cells,

    dE = -(P_discharge / eta - P_charge eta) dt

A request is cut to the power rating and to what the state of charge allows over the
step. The reserve for riding through a utility failure, ``soc_minimum``, is never used by
the optimizer's requests.

Valid for 10 to 40 degC, at which the efficiency holds; requests are cut, never
extrapolated. Accepted on its energy balance and limits (tests/contracts). Voltage, warming
and ageing are in ``plant.power.cell``, ``plant.power.tremblay`` and ``plant.power.ageing``.

References
----------
c2g-bench (2026): one-way efficiency 0.97 (battery and converter), the peak value used for
utility batteries.
"""

from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Interval

from plant._kernel import kernel
from plant.types import Fraction, NonNegative, Numeric

SMALL = 1e-9  # stands for zero in denominators
Efficiency = Annotated[float, Interval(gt=0, le=1)]


class Battery(NamedTuple):
    """Nameplate of all strings together."""

    energy_j: NonNegative  # usable between 0 and 1 of the state of charge
    discharge_power_w: NonNegative
    charge_power_w: NonNegative
    one_way_efficiency: Efficiency = 0.97
    soc_minimum: Fraction = 0.6  # reserve for ride-through
    soc_maximum: Fraction = 0.95


class BatteryOutputs(NamedTuple):
    """What the battery did over the step."""

    soc: Numeric  # at the end
    power_w: Numeric  # at the UPS bus, positive discharges
    loss_w: Numeric


@kernel
def exchange(
    battery: Battery, soc: Numeric, request_w: Numeric, dt_s: Numeric
) -> BatteryOutputs:
    """Charge or discharge for one step.

    Parameters
    ----------
    battery
        Nameplate.
    soc
        State of charge now, 0 to 1.
    request_w
        Power wanted at the UPS bus, positive discharges. [W]
    dt_s
        Step; below 0 it counts as none. [s]
    """
    eta, span_s = battery.one_way_efficiency, np.maximum(dt_s, SMALL)
    above_j = np.maximum(soc - battery.soc_minimum, 0.0) * battery.energy_j
    below_j = np.maximum(battery.soc_maximum - soc, 0.0) * battery.energy_j
    discharge = np.minimum(np.maximum(request_w, 0.0), battery.discharge_power_w)
    discharge = np.minimum(discharge, above_j * eta / span_s)
    charge = np.minimum(np.maximum(-request_w, 0.0), battery.charge_power_w)
    charge = np.minimum(charge, below_j / (eta * span_s))
    from_cells_w = discharge / eta - charge * eta
    power_w = discharge - charge
    size_j = np.maximum(battery.energy_j, 1.0)
    after = soc - from_cells_w * np.maximum(dt_s, 0.0) / size_j
    return BatteryOutputs(after, power_w, from_cells_w - power_w)

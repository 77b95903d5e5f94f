r"""Cold plate on a chip: case temperature from coolant flow, inlet and power.

.. math::

    T_{case} = T_{in} + \frac{q}{2 \dot m c_p} + q (R_0 + a\, \dot m^{-n})

The second term is the mean warming of the coolant, the third the conduction and the
flow-dependent convection. Valid down to a tenth of the nominal flow; below it the flow
is clamped (``outside_range``). No trusted public measurement was found: resistances are
parameters, typical 0.02 to 0.05 K/W for 1 kW packages (assumption). Accepted on limits and
monotonicity.
Beyond a heat flux of 180 W/cm2 single-phase plates no longer hold the case temperature:
``flux_exceeded`` tells.

References
----------
Incropera et al., Fundamentals of Heat and Mass Transfer, 7th ed., ch. 8 (n = 0.5 to 0.8).
Limit 180 W/cm2: design requirement of this project (vendor white paper, 2024). Area 8.14
cm2: die of a 700 W accelerator (H100).
"""

from typing import NamedTuple

import numpy as np

from plant._kernel import kernel
from plant._select import select
from plant.types import Fraction, NonNegative, Numeric, Positive

LEAST_FLOW = 0.1  # of nominal
LEAST_CP = 1000.0  # J/(kg K), below that of any coolant


class ColdPlate(NamedTuple):
    """Nameplate of one cold plate and its chip."""

    chip_power_w: Positive  # rated
    coolant_flow_kg_s: Positive  # nominal, per plate
    conduction_k_w: NonNegative  # R0
    convection_k_w: NonNegative  # at nominal flow
    flow_exponent: Fraction = 0.6
    chip_area_m2: Positive = 8.14e-4
    heat_flux_limit_w_m2: Positive = 1.8e6


@kernel
def case_temperature(
    plate: ColdPlate,
    chip_power_w: Numeric,
    coolant_in_c: Numeric,
    coolant_flow_kg_s: Numeric,
    heat_capacity_j_kg_k: Numeric,
) -> Numeric:
    """Temperature of the chip case [degC].

    Parameters
    ----------
    plate
        Nameplate.
    chip_power_w
        Heat of this chip. [W]
    coolant_in_c
        Coolant entering the plate. [degC]
    coolant_flow_kg_s
        Coolant through this plate. [kg/s]
    heat_capacity_j_kg_k
        Of the coolant. [J/(kg K)]
    """
    nominal = plate.coolant_flow_kg_s
    flow = np.maximum(coolant_flow_kg_s, LEAST_FLOW * nominal)
    convection = plate.convection_k_w * (flow / nominal) ** -plate.flow_exponent
    rate_w_k = flow * np.maximum(heat_capacity_j_kg_k, LEAST_CP)
    warming = chip_power_w / (2.0 * rate_w_k)
    return coolant_in_c + warming + chip_power_w * (plate.conduction_k_w + convection)


@kernel
def outside_range(
    plate: ColdPlate, coolant_flow_kg_s: Numeric, heat_capacity_j_kg_k: Numeric
) -> Numeric:
    """1 where ``case_temperature`` clamps the flow or the heat capacity, else 0."""
    slow = coolant_flow_kg_s < LEAST_FLOW * plate.coolant_flow_kg_s
    return select(slow | (heat_capacity_j_kg_k < LEAST_CP), 1.0, 0.0)


@kernel
def heat_flux(plate: ColdPlate, chip_power_w: Numeric) -> Numeric:
    """Mean heat flux through the chip [W/m2]."""
    return chip_power_w / plate.chip_area_m2


@kernel
def flux_exceeded(plate: ColdPlate, chip_power_w: Numeric) -> Numeric:
    """1 where the chip gives off more per area than the plate can take, else 0."""
    flux = heat_flux(plate, chip_power_w)
    return select(flux > plate.heat_flux_limit_w_m2, 1.0, 0.0)

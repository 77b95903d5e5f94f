r"""Finned coil between dry air and a liquid, conductance by flow and temperature.

.. math::

    \frac{1}{UA} = \frac{1}{hA_a} + \frac{1}{hA_w}, \qquad
    hA_a \sim \dot m_a^{n_a}\, [1 + 0.004769\,(T_a - T_{a,0})], \quad
    hA_w \sim \dot m_w^{n_w}\, \left[1 + \tfrac{0.014}{1 + 0.014\,T_{w,0}}
    (T_w - T_{w,0})\right]

with n = 0.8 for the air and 0.85 for the liquid; the square brackets are the properties
of warmer air and water at the entering temperatures. Counterflow for coils with many rows
(in-row, CRAH), crossflow with both streams unmixed for dry coolers. Below a tenth of the
nominal flow the films level off as in ``heat_exchanger``.

Valid for dry surfaces, air -30 to 60 and water 0 to 65 degC, at which the properties are
held. Validated against EnergyPlus Coil:Cooling:Water and
Modelica ``DryCooler`` (tests/validation/test_dry_coil.py, test_dry_cooler.py).

References
----------
Wetter (1999), Simulation model: finned water-to-air coil without condensation,
LBNL-42355; EnergyPlus Engineering Reference, "Chilled-Water-Based Air Cooling Coil".
"""

from typing import Annotated, NamedTuple

import numpy as np

from plant import heat_exchanger
from plant._curves import held
from plant._kernel import kernel
from plant.types import (
    Limits,
    NonNegative,
    Numeric,
    Positive,
    TemperatureC,
    within,
)

AIR_C: Limits = (-30.0, 60.0)
WATER_C: Limits = (0.0, 65.0)
CoilAirC = Annotated[Numeric, within(AIR_C)]
CoilWaterC = Annotated[Numeric, within(WATER_C)]

SMALL = 1e-12  # stands for zero in denominators


class DryCoil(NamedTuple):
    """Nameplate."""

    ua_w_k: NonNegative  # at both nominal flows and temperatures
    air_flow_kg_s: Positive  # nominal
    water_flow_kg_s: Positive  # nominal
    air_exponent: NonNegative = 0.8
    water_exponent: NonNegative = 0.85
    air_to_water_ratio: Positive = 1.0  # hA of the air over the water side, nominal
    air_c: TemperatureC = 35.0  # nominal, entering
    water_c: TemperatureC = 15.0  # nominal, entering
    air_warmth_1_k: NonNegative = 0.004769  # rise of the film, per K; 0: none
    water_warmth_1_k: NonNegative = 0.014  # at 0 degC; 0: none


class CoilStreams(NamedTuple):
    """Both streams on their way in."""

    air_c: CoilAirC
    air_flow_kg_s: Numeric
    air_heat_capacity_j_kg_k: Numeric
    water_c: CoilWaterC
    water_flow_kg_s: Numeric
    water_heat_capacity_j_kg_k: Numeric


class Films(NamedTuple):
    """What does not change with the air flow."""

    air: Numeric  # warmth of the air film
    water: Numeric  # water film over nominal, warmth included


@kernel
def films(
    coil: DryCoil, air_c: CoilAirC, water_c: CoilWaterC, water_flow_kg_s: Numeric
) -> Films:
    """Films at the entering temperatures and the water flow."""
    warm_air = 1.0 + coil.air_warmth_1_k * (held(air_c, AIR_C) - coil.air_c)
    slope = coil.water_warmth_1_k / (1.0 + coil.water_warmth_1_k * coil.water_c)
    warm_water = 1.0 + slope * (held(water_c, WATER_C) - coil.water_c)
    water = heat_exchanger.film(
        water_flow_kg_s / coil.water_flow_kg_s, coil.water_exponent
    )
    return Films(np.maximum(warm_air, 0.1), water * np.maximum(warm_water, 0.1))


@kernel
def conductance_past(coil: DryCoil, known: Films, air_flow_kg_s: Numeric) -> Numeric:
    """Overall conductance at an air flow where the rest is known [W/K]."""
    air = heat_exchanger.film(air_flow_kg_s / coil.air_flow_kg_s, coil.air_exponent)
    return heat_exchanger.in_series(
        coil.ua_w_k, coil.air_to_water_ratio, air * known.air, known.water
    )


@kernel
def conductance(coil: DryCoil, streams: CoilStreams) -> Numeric:
    """Overall conductance at the given flows and temperatures [W/K]."""
    known = films(coil, streams.air_c, streams.water_c, streams.water_flow_kg_s)
    return conductance_past(coil, known, streams.air_flow_kg_s)


@kernel
def heat_transferred(coil: DryCoil, streams: CoilStreams) -> Numeric:
    """Heat moved from the air to the water in counterflow.

    Parameters
    ----------
    coil
        Nameplate.
    streams
        Both streams on their way in.

    Returns
    -------
    Numeric
        Negative when the air is the colder one; 0 without flow. [W]
    """
    air_w_k = streams.air_flow_kg_s * streams.air_heat_capacity_j_kg_k
    water_w_k = streams.water_flow_kg_s * streams.water_heat_capacity_j_kg_k
    ua_w_k = conductance(coil, streams)
    moved_w_k = heat_exchanger.heat_per_kelvin(ua_w_k, air_w_k, water_w_k)
    return moved_w_k * (streams.air_c - streams.water_c)


@kernel
def crossflow_heat_per_kelvin(
    ua_w_k: Numeric, air_w_k: Numeric, water_w_k: Numeric
) -> Numeric:
    """Heat in crossflow, both unmixed, per kelvin between the inlets [W/K]."""
    smaller_w_k = np.minimum(air_w_k, water_w_k)
    larger_w_k = np.maximum(air_w_k, water_w_k)
    effectiveness = heat_exchanger.effectiveness_crossflow(
        ua_w_k / np.maximum(smaller_w_k, SMALL),
        smaller_w_k / np.maximum(larger_w_k, SMALL),
    )
    return effectiveness * smaller_w_k

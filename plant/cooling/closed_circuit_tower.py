r"""Closed-circuit cooling tower (evaporative fluid cooler) with a two-speed fan.

The fluid runs in tubes over which water is sprayed; heat and mass transfer to the air as
in ``merkel``, one conductance per fan speed,

.. math:: Q = C_w\, (s_{low}\, t_{low} + s_{high}\, t_{high})\, (T_{in} - T_{wb})

with the share :math:`s` of the span that the fluid goes at a speed and the share
:math:`t` of the time at it. Control: low speed is enough -> the fan
cycles between off and low; else it cycles between low and high; else high.

With the fan off nothing is cooled (the spray stops too). Air leaves saturated.

Valid for wet bulb -10 to 40 degC and fluid 5 to 60 degC; outside ``extrapolated`` is 1, and
hotter fluid drives no more than fluid of 60 degC. Validated against EnergyPlus
EvaporativeFluidCooler:TwoSpeed (tests/validation/test_closed_circuit_tower.py). There a
cycling fan is taken to blow all the time, which evaporates 7 % more over the shipped
points; here each speed counts with its share of time.

References
----------
Merkel (1925); EnergyPlus Engineering Reference, "Evaporative Fluid Cooler".
"""

from typing import NamedTuple

import numpy as np

from plant import psychrometrics as moist_air
from plant import water
from plant._curves import held
from plant._kernel import kernel
from plant._select import select
from plant.cooling import merkel, wet_tower
from plant.cooling.merkel import AirFlow
from plant.cooling.wet_tower import DRIFT, WATER_C, TowerC, TowerOutputs
from plant.types import (
    Fraction,
    Limits,
    NonNegative,
    Numeric,
    OutdoorAir,
    Positive,
)

SMALL = 1e-9  # stands for zero in denominators
WET_BULB_C: Limits = (-10.0, 40.0)  # validated range


class ClosedCircuitTower(NamedTuple):
    """Nameplate of one cell."""

    high_ua_w_k: Positive  # per K of wet bulb, at high speed
    low_ua_w_k: Positive
    high_air_flow_m3_s: Positive
    low_air_flow_m3_s: Positive
    high_fan_power_w: NonNegative  # electrical
    low_fan_power_w: NonNegative
    spray_flow_kg_s: NonNegative  # water over the tubes
    cycles_of_concentration: Positive = 3.0
    drift_fraction: Fraction = DRIFT  # of the spray at high speed


class _Stage(NamedTuple):
    """One fan speed."""

    share: Numeric  # of the span that the fluid goes
    evaporation_kg_s: Numeric


@kernel
def _air_flow(air: OutdoorAir, air_flow_m3_s: Numeric, ua_w_k: Numeric) -> AirFlow:
    """Air at one fan speed."""
    w = air.humidity_ratio
    dry_kg_s = air_flow_m3_s * moist_air.density(air.dry_bulb_c, w, air.pressure_pa)
    return AirFlow(dry_kg_s, ua_w_k / (dry_kg_s * moist_air.heat_capacity(w)))


@kernel
def _stages(
    tower: ClosedCircuitTower, streams: merkel.Streams, air: OutdoorAir
) -> tuple[_Stage, _Stage]:
    """Fluid and water at low and high speed."""
    low = _air_flow(air, tower.low_air_flow_m3_s, tower.low_ua_w_k)
    high = _air_flow(air, tower.high_air_flow_m3_s, tower.high_ua_w_k)
    slow, fast = merkel.exchange_two(streams, low, high)
    w = air.humidity_ratio
    return (
        _Stage(slow.water, merkel.evaporation(streams, w, low.kg_s, slow.air)),
        _Stage(fast.water, merkel.evaporation(streams, w, high.kg_s, fast.air)),
    )


@kernel
def _duty(low: _Stage, high: _Stage, wanted: Numeric) -> tuple[Numeric, Numeric]:
    """Shares of the time at low and at high speed that meet the wanted share."""
    on = np.minimum(wanted / np.maximum(low.share, SMALL), 1.0)
    fast = (wanted - low.share) / np.maximum(high.share - low.share, SMALL)
    fast = held(fast, (0.0, 1.0))
    return on - fast, fast


@kernel
def operate(
    tower: ClosedCircuitTower,
    setpoint_c: Numeric,
    fluid_in_c: TowerC,
    fluid_flow_kg_s: Numeric,
    air: OutdoorAir,
) -> TowerOutputs:
    """One cell that controls its leaving fluid (water in the tubes).

    Parameters
    ----------
    tower
        Nameplate.
    setpoint_c
        Wanted leaving fluid. [degC]
    fluid_in_c
        Fluid entering. [degC]
    fluid_flow_kg_s
        Fluid through the tubes. [kg/s]
    air
        Outdoor air.

    Returns
    -------
    TowerOutputs
        ``fan_speed`` is the air flow over that at high speed, mean over a cycle.
    """
    fluid_w_k = fluid_flow_kg_s * water.heat_capacity(fluid_in_c)
    driving_c = np.minimum(fluid_in_c, WATER_C[1])
    streams = merkel.streams_in(driving_c, fluid_w_k, air.wet_bulb_c, air.pressure_pa)
    low, high = _stages(tower, streams, air)
    useful = (fluid_flow_kg_s > 0.0) & (streams.span_k > 2.0 * merkel.LEAST)
    wanted = (fluid_in_c - setpoint_c) / streams.span_k
    slow, fast = _duty(low, high, select(useful, np.maximum(wanted, 0.0), 0.0))
    drop_k = (slow * low.share + fast * high.share) * streams.span_k
    evaporated = slow * low.evaporation_kg_s + fast * high.evaporation_kg_s
    speed = slow * tower.low_air_flow_m3_s / tower.high_air_flow_m3_s + fast
    drift_kg_s = tower.drift_fraction * tower.spray_flow_kg_s * speed
    used = wet_tower.water_use(evaporated, drift_kg_s, tower.cycles_of_concentration)
    return TowerOutputs(
        water_out_c=fluid_in_c - drop_k,
        heat_w=fluid_w_k * drop_k,
        fan_speed=speed,
        fan_power_w=slow * tower.low_fan_power_w + fast * tower.high_fan_power_w,
        evaporation_kg_s=used.evaporation_kg_s,
        drift_kg_s=used.drift_kg_s,
        blowdown_kg_s=used.blowdown_kg_s,
        makeup_kg_s=used.makeup_kg_s,
        extrapolated=wet_tower.outside_range(fluid_in_c, air, WET_BULB_C),
    )

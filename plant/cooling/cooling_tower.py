r"""Open cooling tower with a variable-speed fan, one cell, after Merkel.

Heat and mass transfer as in ``merkel`` (effectiveness-NTU on wet bulb). The conductance
follows air flow ``x``, wet bulb and water flow ``y`` by Scheier's curves

.. math:: UA = UA_{design}\, f_a(x)\, f_{wb}(T_{wb,design} - T_{wb})\, f_w(y)

Control in the order of a real cell: natural draught is enough -> fan off; colder than
asked at least speed -> fan cycles; else the speed that meets the setpoint; else full.

Air leaves saturated, which gives the evaporation; it is *not* Q over latent heat. It is
booked as EnergyPlus does, 4 % below the balance of dry air (docs/decisions/0014). Blowdown
holds the cycles of concentration.

Valid for wet bulb -10 to 35 degC, water 5 to 60 degC, flow ratio 0.3 to 1, air flow 0 to 1.
Outside, the conductance curves are held at their ends, hotter water drives no more than
water of 60 degC, and ``extrapolated`` is 1. Validated against
EnergyPlus CoolingTower:VariableSpeed:Merkel (tests/validation/test_cooling_tower.py).
With the fan off EnergyPlus counts no evaporation; here natural draught evaporates too.

References
----------
Merkel (1925); Scheier (EnergyPlus Engineering Reference, "Variable Speed Cooling Towers
Merkel"); ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 40 (water use).
"""

from typing import NamedTuple

import numpy as np

from plant import psychrometrics as moist_air
from plant import water
from plant._curves import cubic, held, outside, quadratic
from plant._kernel import kernel
from plant._select import select
from plant.cooling import merkel, wet_tower
from plant.cooling.wet_tower import (
    DRIFT,
    WATER_C,
    TowerC,
    TowerOutputs,
    WaterUse,
)
from plant.types import Fraction, NonNegative, Numeric, OutdoorAir, Positive, Share

WET_BULB_C = (-10.0, 35.0)
SMALL = 1e-9  # stands for zero in denominators


class CoolingTower(NamedTuple):
    """Nameplate of one cell; a conductance of 0 means there is none."""

    ua_w_k: NonNegative  # at design air and water flow, per K of wet bulb
    water_flow_kg_s: Positive  # design
    air_flow_m3_s: Positive  # at full fan speed
    fan_power_w: NonNegative  # electrical, at full fan speed
    design_wet_bulb_c: float = 25.6
    minimum_air_flow_ratio: Fraction = 0.2
    free_convection_ratio: Fraction = 0.1  # of air flow, fan off
    free_convection_ua_ratio: Fraction = 0.1  # of conductance, fan off
    cycles_of_concentration: Positive = 3.0
    drift_fraction: Fraction = DRIFT  # of design water flow at full air flow
    ua_air_curve: tuple[float, float, float] = (0.0, 1.3, -0.3)
    ua_air_limits: tuple[float, float] = (0.2, 1.0)
    ua_air_factor_limits: tuple[float, float] = (0.0, 10.0)
    ua_wet_bulb_curve: tuple[float, float] = (1.0, 0.0081)
    ua_wet_bulb_limits_k: tuple[float, float] = (-10.0, 25.0)
    ua_wet_bulb_factor_limits: tuple[float, float] = (0.85, 1.3)
    ua_water_curve: tuple[float, float, float] = (0.1082, 1.667, -0.7713)
    ua_water_limits: tuple[float, float] = (0.3, 1.0)
    ua_water_factor_limits: tuple[float, float] = (0.5, 1.1)
    fan_power_curve: tuple[float, float, float, float] = (0.02, 0.0, 0.0, 0.98)


class _Cell(NamedTuple):
    """Both streams and the cell that they meet in."""

    driving_k: Numeric  # water, held in its range, over wet bulb
    streams: merkel.Streams
    fan: merkel.AirSide
    draught: merkel.AirFlow  # natural, with the fan off


@kernel
def _conductance_factor(
    tower: CoolingTower, water_flow_kg_s: Numeric, wet_bulb_c: Numeric
) -> Numeric:
    """Conductance over design, for wet bulb and water flow."""
    below_k = held(tower.design_wet_bulb_c - wet_bulb_c, tower.ua_wet_bulb_limits_k)
    b = tower.ua_wet_bulb_curve
    by_wet_bulb = held(b[0] + b[1] * below_k, tower.ua_wet_bulb_factor_limits)
    y = held(water_flow_kg_s / tower.water_flow_kg_s, tower.ua_water_limits)
    by_water = held(quadratic(tower.ua_water_curve, y), tower.ua_water_factor_limits)
    return by_wet_bulb * by_water


@kernel
def _far(
    tower: CoolingTower, water_in_c: Numeric, water_flow_kg_s: Numeric, air: OutdoorAir
) -> Numeric:
    """1 where a conductance curve or the water was held, or the air is outside."""
    below_k = tower.design_wet_bulb_c - air.wet_bulb_c
    y = water_flow_kg_s / tower.water_flow_kg_s
    by_wet_bulb = outside(below_k, tower.ua_wet_bulb_limits_k)
    curves = np.maximum(by_wet_bulb, outside(y, tower.ua_water_limits))
    return np.maximum(curves, wet_tower.outside_range(water_in_c, air, WET_BULB_C))


@kernel
def _cell(
    tower: CoolingTower, water_in_c: Numeric, water_flow_kg_s: Numeric, air: OutdoorAir
) -> _Cell:
    """What both streams bring. Natural draught has its conductance uncorrected."""
    water_w_k = water_flow_kg_s * water.heat_capacity(water_in_c)
    dry_kg_m3 = moist_air.density(air.dry_bulb_c, air.humidity_ratio, air.pressure_pa)
    full_kg_s = tower.air_flow_m3_s * dry_kg_m3
    ntu = tower.ua_w_k / (full_kg_s * moist_air.heat_capacity(air.humidity_ratio))
    factor = _conductance_factor(tower, water_flow_kg_s, air.wet_bulb_c)
    driving_c = np.minimum(water_in_c, WATER_C[1])
    return _Cell(
        driving_c - air.wet_bulb_c,
        merkel.streams_in(driving_c, water_w_k, air.wet_bulb_c, air.pressure_pa),
        merkel.AirSide(
            full_kg_s,
            ntu * factor,
            tower.ua_air_curve,
            tower.ua_air_limits,
            tower.ua_air_factor_limits,
        ),
        merkel.AirFlow(
            full_kg_s * tower.free_convection_ratio,
            ntu
            * tower.free_convection_ua_ratio
            / np.maximum(tower.free_convection_ratio, SMALL),
        ),
    )


@kernel
def _fan_power(tower: CoolingTower, air_ratio: Numeric) -> Numeric:
    """Electrical power of the running fan [W]."""
    share = cubic(tower.fan_power_curve, air_ratio)
    return tower.fan_power_w * np.maximum(share, 0.0)


@kernel
def cool(
    tower: CoolingTower,
    air_flow_ratio: Share,
    water_in_c: TowerC,
    water_flow_kg_s: Numeric,
    air: OutdoorAir,
) -> Numeric:
    """Water leaving at a given fan speed.

    Parameters
    ----------
    tower
        Nameplate.
    air_flow_ratio
        Share of full air flow, 0 to 1; below the minimum the fan cycles.
    water_in_c
        Water entering. [degC]
    water_flow_kg_s
        Water through the cell. [kg/s]
    air
        Outdoor air.

    Returns
    -------
    Numeric
        Never below the wet bulb (nor below the entering water). [degC]
    """
    cell = _cell(tower, water_in_c, water_flow_kg_s, air)
    least = np.maximum(tower.minimum_air_flow_ratio, SMALL)
    on = held(air_flow_ratio / least, (0.0, 1.0))
    ratio = held(air_flow_ratio, (least, 1.0))
    flow = merkel.driven(cell.fan, ratio)
    driven, natural = merkel.exchange_two(cell.streams, flow, cell.draught)
    running, still = driven.water, natural.water
    exists = select(water_flow_kg_s > 0.0, 1.0, 0.0)
    share = (still + on * (running - still)) * exists
    out_c: Numeric = water_in_c - share * cell.driving_k
    return out_c


class _Control(NamedTuple):
    """What the controller of the cell decides."""

    water_share: Numeric  # of the span that the water goes
    air_share: Numeric  # of the span that the driven air goes
    still_share: Numeric  # of the span that the natural draught goes
    air_ratio: Numeric  # while the fan runs
    on: Numeric  # share of the time that the fan runs


@kernel
def _control(tower: CoolingTower, cell: _Cell, wanted: Numeric) -> _Control:
    """Fan that meets the wanted share of the span: off, cycling, solved or full."""
    least = np.maximum(tower.minimum_air_flow_ratio, SMALL)
    still, low, full = merkel.exchange_three(
        cell.streams,
        cell.draught,
        merkel.driven(cell.fan, least),
        merkel.driven(cell.fan, 1.0),
    )
    t = (wanted - low.water) / np.maximum(full.water - low.water, SMALL)
    t = np.minimum(np.maximum(t, 0.0), 1.0)
    first = low.air + t * (full.air - low.air)
    x, air_share = merkel.air_flow(cell.streams, cell.fan, wanted, first)

    exists = tower.ua_w_k * cell.streams.water_w_k > tower.ua_w_k * SMALL
    useful = exists & (cell.streams.span_k > 2.0 * merkel.LEAST)
    idle = np.logical_not(useful) | (still.water >= wanted)
    cycles = low.water > wanted
    short = full.water <= wanted
    spread = np.maximum(low.water - still.water, SMALL)
    cycling = np.minimum((wanted - still.water) / spread, 1.0)
    met = select(short, full.water, wanted)
    return _Control(
        water_share=select(idle, still.water, met),
        air_share=select(cycles, low.air, select(short, full.air, air_share)),
        still_share=still.air,
        air_ratio=select(cycles, least, select(short, 1.0, held(x, (least, 1.0)))),
        on=select(idle, 0.0, select(cycles, cycling, 1.0)),
    )


@kernel
def _water_use(
    tower: CoolingTower,
    cell: _Cell,
    control: _Control,
    humidity_ratio: Numeric,
    exists: Numeric,
) -> WaterUse:
    """Evaporation of driven air and of natural draught, drift and blowdown."""
    w, both, on = humidity_ratio, cell.streams, control.on
    driven = control.air_ratio * cell.fan.full_kg_s
    driven_kg_s = merkel.evaporation(both, w, driven, control.air_share)
    still_kg_s = merkel.evaporation(both, w, cell.draught.kg_s, control.still_share)
    evaporation_kg_s = (on * driven_kg_s + (1.0 - on) * still_kg_s) * exists
    drift_kg_s = on * control.air_ratio * tower.drift_fraction * tower.water_flow_kg_s
    return wet_tower.water_use(
        evaporation_kg_s, drift_kg_s, tower.cycles_of_concentration
    )


@kernel
def operate(
    tower: CoolingTower,
    setpoint_c: Numeric,
    water_in_c: TowerC,
    water_flow_kg_s: Numeric,
    air: OutdoorAir,
) -> TowerOutputs:
    """One cell that controls its leaving water.

    Parameters
    ----------
    tower
        Nameplate.
    setpoint_c
        Wanted leaving water. [degC]
    water_in_c
        Water entering. [degC]
    water_flow_kg_s
        Water through the cell. [kg/s]
    air
        Outdoor air.

    Returns
    -------
    TowerOutputs
        Without water or conductance nothing happens and the fan is off.
    """
    cell = _cell(tower, water_in_c, water_flow_kg_s, air)
    wanted = (water_in_c - setpoint_c) / cell.streams.span_k
    control = _control(tower, cell, wanted)
    on, x = control.on, control.air_ratio
    exists = select((water_flow_kg_s > 0.0) & (tower.ua_w_k > 0.0), 1.0, 0.0)
    drop_k: Numeric = control.water_share * cell.driving_k * exists
    used = _water_use(tower, cell, control, air.humidity_ratio, exists)
    return TowerOutputs(
        water_out_c=water_in_c - drop_k,
        heat_w=cell.streams.water_w_k * drop_k,
        fan_speed=on * x,
        fan_power_w=on * _fan_power(tower, x),
        evaporation_kg_s=used.evaporation_kg_s,
        drift_kg_s=used.drift_kg_s,
        blowdown_kg_s=used.blowdown_kg_s,
        makeup_kg_s=used.makeup_kg_s,
        extrapolated=_far(tower, water_in_c, water_flow_kg_s, air) * exists,
    )

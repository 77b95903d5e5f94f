r"""Open cooling tower with a variable-speed fan, one cell, after Merkel.

Effectiveness-NTU in counterflow, the air taken as a gas whose heat capacity is the
slope of saturated enthalpy over wet bulb:

.. math::

    c_e = \frac{h_s(T_{wb,out}) - h_s(T_{wb,in})}{T_{wb,out} - T_{wb,in}}, \quad
    C_a = \dot m_a c_e, \quad C_w = \dot m_w c_w, \quad
    Q = \varepsilon(NTU, R)\, C_{min}\, (T_{w,in} - T_{wb,in})

with ``NTU = UA c_e / (c_air C_min)`` and ``T_wb,out = T_wb,in + Q / C_a``. The conductance
follows air flow ``x``, wet bulb and water flow ``y`` by Scheier's curves

.. math:: UA = UA_{design}\, f_a(x)\, f_{wb}(T_{wb,design} - T_{wb})\, f_w(y)

Control in the order of a real cell: natural draught is enough -> fan off; colder than
asked at least speed -> fan cycles; else the speed that meets the setpoint; else full.

Air leaves saturated, which gives the evaporation; it is *not* Q over latent heat. Blowdown
holds the cycles of concentration.

Valid for wet bulb -10 to 35 degC, water 5 to 60 degC, flow ratio 0.3 to 1. Validated against
EnergyPlus CoolingTower:VariableSpeed:Merkel (tests/validation/test_cooling_tower.py).
The numbers of iterations are fixed; what they leave is far below 0.01 K.

References
----------
Merkel (1925); Scheier (EnergyPlus Engineering Reference, "Variable Speed Cooling Towers
Merkel"); ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 40 (water use).
"""

from typing import NamedTuple

import numpy as np

from plant import psychrometrics as air_properties
from plant import water
from plant._kernel import kernel
from plant._select import select
from plant.heat_exchanger import effectiveness_counterflow
from plant.types import Fraction, NonNegative, Numeric, OutdoorAir, Positive

SMALL = 1e-9  # stands for zero in denominators
TINY = 1e-14  # a secant flatter than this has converged
START = 0.7  # first guess of the share of the way that the air goes
LEAST = 1e-6  # keeps that share off both ends
COOL_STEPS = 5
SPEED_STEPS = 5


class CoolingTower(NamedTuple):
    """Nameplate of one cell; a conductance of 0 means there is none."""

    ua_w_k: NonNegative  # at design air and water flow, per K of wet bulb
    water_flow_kg_s: Positive  # design
    air_flow_m3_s: Positive  # at full fan speed
    fan_power_w: NonNegative  # electrical, at full fan speed
    design_wet_bulb_c: float = 25.6
    minimum_air_flow_ratio: Fraction = 0.2
    free_convection_ratio: Fraction = 0.1  # of air flow and conductance, fan off
    cycles_of_concentration: Positive = 3.0
    drift_fraction: Fraction = 0.00008  # of design water flow at full air flow
    ua_air_curve: tuple[float, float, float] = (0.0, 1.3, -0.3)
    ua_air_limits: tuple[float, float] = (0.2, 1.0)
    ua_wet_bulb_curve: tuple[float, float] = (1.0, 0.0081)
    ua_wet_bulb_limits_k: tuple[float, float] = (-10.0, 25.0)
    ua_wet_bulb_factor_limits: tuple[float, float] = (0.85, 1.3)
    ua_water_curve: tuple[float, float, float] = (0.1082, 1.667, -0.7713)
    ua_water_limits: tuple[float, float] = (0.3, 1.0)
    ua_water_factor_limits: tuple[float, float] = (0.5, 1.1)
    fan_power_curve: tuple[float, float, float, float] = (0.02, 0.0, 0.0, 0.98)


class TowerOutputs(NamedTuple):
    """One cell."""

    water_out_c: Numeric
    heat_w: Numeric  # from the water to the outdoor air
    fan_speed: Numeric  # air-flow ratio; below the minimum the fan cycles
    fan_power_w: Numeric
    evaporation_kg_s: Numeric
    drift_kg_s: Numeric
    blowdown_kg_s: Numeric
    makeup_kg_s: Numeric


class _Streams(NamedTuple):
    """What every equation of one cell needs to know of both streams."""

    water_in_c: Numeric
    water_w_k: Numeric  # capacity rate
    wet_bulb_c: Numeric
    span_k: Numeric  # water in over wet bulb, never exactly 0
    pressure_pa: Numeric
    enthalpy_in: Numeric  # saturated at the wet bulb
    air_kg_s: Numeric  # at full speed
    air_cp: Numeric
    ua_w_k: Numeric  # at design air flow


@kernel
def _held(value: Numeric, limits: tuple[float, float]) -> Numeric:
    """Value inside its limits."""
    return np.minimum(np.maximum(value, limits[0]), limits[1])


@kernel
def _streams(
    tower: CoolingTower, water_in_c: Numeric, water_flow_kg_s: Numeric, air: OutdoorAir
) -> _Streams:
    """Both streams and the conductance apart from its air-flow factor."""
    below_k = _held(
        tower.design_wet_bulb_c - air.wet_bulb_c, tower.ua_wet_bulb_limits_k
    )
    b = tower.ua_wet_bulb_curve
    by_wet_bulb = _held(b[0] + b[1] * below_k, tower.ua_wet_bulb_factor_limits)
    y = _held(water_flow_kg_s / tower.water_flow_kg_s, tower.ua_water_limits)
    c = tower.ua_water_curve
    by_water = _held(c[0] + y * (c[1] + y * c[2]), tower.ua_water_factor_limits)
    dry_kg_m3 = air_properties.density(
        air.dry_bulb_c, air.humidity_ratio, air.pressure_pa
    )
    span_k = water_in_c - air.wet_bulb_c
    return _Streams(
        water_in_c=water_in_c,
        water_w_k=water_flow_kg_s * water.heat_capacity(water_in_c),
        wet_bulb_c=air.wet_bulb_c,
        span_k=select(np.abs(span_k) < LEAST, LEAST, span_k),
        pressure_pa=air.pressure_pa,
        enthalpy_in=air_properties.saturated_enthalpy(air.wet_bulb_c, air.pressure_pa),
        air_kg_s=tower.air_flow_m3_s * dry_kg_m3,
        air_cp=air_properties.heat_capacity(air.humidity_ratio),
        ua_w_k=tower.ua_w_k * by_wet_bulb * by_water,
    )


class _Exchange(NamedTuple):
    """Where both streams end at one air flow."""

    water_out_c: Numeric
    air_share: Numeric  # of the span that the air goes
    air_kg_s: Numeric


@kernel
def _enthalpy_rise(streams: _Streams, share: Numeric) -> Numeric:
    """Enthalpy that saturated air gains over a share of the span [J/kg]."""
    leaving_c = streams.wet_bulb_c + share * streams.span_k
    leaving = air_properties.saturated_enthalpy(leaving_c, streams.pressure_pa)
    return leaving - streams.enthalpy_in


@kernel
def _inside(share: Numeric) -> Numeric:
    """Share of the span, off both ends."""
    return np.minimum(np.maximum(share, LEAST), 1.0 - LEAST)


@kernel
def _secant(
    at: Numeric, miss: Numeric, before: Numeric, miss_before: Numeric
) -> Numeric:
    """Zero of the line through two points; stays when it is flat."""
    rise = miss - miss_before
    flat = np.abs(rise) < TINY
    step = miss * (at - before) / select(flat, 1.0, rise)
    zero: Numeric = at - select(flat, 0.0, step)
    return zero


@kernel
def _shares(
    streams: _Streams, air_kg_s: Numeric, ua_w_k: Numeric, share: Numeric
) -> tuple[Numeric, Numeric]:
    """Shares of the span that air and water go, if the air's slope is as at ``share``."""
    slope = _enthalpy_rise(streams, share) / (share * streams.span_k)
    air_w_k = air_kg_s * slope
    smaller_w_k = np.minimum(air_w_k, streams.water_w_k)
    larger_w_k = np.maximum(np.maximum(air_w_k, streams.water_w_k), SMALL)
    ntu = ua_w_k * slope / (streams.air_cp * np.maximum(smaller_w_k, SMALL))
    moved = effectiveness_counterflow(ntu, smaller_w_k / larger_w_k) * smaller_w_k
    by_water = moved / np.maximum(streams.water_w_k, SMALL)
    return moved / np.maximum(air_w_k, SMALL), by_water


@kernel
def _exchange(streams: _Streams, air_ratio: Numeric, ua_w_k: Numeric) -> _Exchange:
    """Outlets at a given air flow: the share that the air goes must agree with itself."""
    air_kg_s = streams.air_kg_s * air_ratio
    before: Numeric = START
    by_air, by_water = _shares(streams, air_kg_s, ua_w_k, before)
    miss_before = by_air - before
    share = _inside(by_air)
    for _ in range(COOL_STEPS):
        by_air, by_water = _shares(streams, air_kg_s, ua_w_k, share)
        miss = by_air - share
        following = _inside(_secant(share, miss, before, miss_before))
        before, miss_before, share = share, miss, following
    return _Exchange(streams.water_in_c - by_water * streams.span_k, by_air, air_kg_s)


@kernel
def _air_factor(tower: CoolingTower, air_ratio: Numeric) -> Numeric:
    """Conductance over that at design air flow."""
    x = _held(air_ratio, tower.ua_air_limits)
    c = tower.ua_air_curve
    return np.maximum(c[0] + x * (c[1] + x * c[2]), 0.0)


@kernel
def _driven(tower: CoolingTower, streams: _Streams, air_ratio: Numeric) -> _Exchange:
    """Outlets with the fan running."""
    return _exchange(streams, air_ratio, streams.ua_w_k * _air_factor(tower, air_ratio))


@kernel
def _natural(tower: CoolingTower, streams: _Streams) -> _Exchange:
    """Outlets with the fan off; EnergyPlus leaves this conductance uncorrected."""
    ratio = tower.free_convection_ratio
    return _exchange(streams, ratio + 0.0 * streams.span_k, tower.ua_w_k * ratio)


@kernel
def _speed_miss(
    tower: CoolingTower, streams: _Streams, heat_w: Numeric, share: Numeric
) -> tuple[Numeric, Numeric]:
    """Logarithm of wanted over available conductance, and the air-flow ratio.

    With the heat known, the share that the air goes fixes the air flow, and the
    logarithmic mean difference fixes the conductance that is wanted.
    """
    x = heat_w / (_enthalpy_rise(streams, share) * streams.air_kg_s)
    cold_end = 1.0 - _inside(
        heat_w / np.maximum(streams.water_w_k * streams.span_k, SMALL)
    )
    hot_end = 1.0 - share
    apart = hot_end - cold_end
    near = np.abs(apart) < LEAST
    ends = np.log(hot_end / cold_end) / select(near, 1.0, apart)
    inverse_mean = select(near, 2.0 / (hot_end + cold_end), ends)
    wanted = share * inverse_mean * x * streams.air_kg_s * streams.air_cp
    available = np.maximum(streams.ua_w_k * _air_factor(tower, x), SMALL)
    return np.log(wanted / available), x


@kernel
def _solve_speed(
    tower: CoolingTower,
    streams: _Streams,
    heat_w: Numeric,
    low: _Exchange,
    full: _Exchange,
) -> tuple[Numeric, Numeric]:
    """Air-flow ratio that rejects ``heat_w``, and the share that the air then goes.

    Starts between the outlets at least and at full speed; meaningless unless the heat
    lies between theirs.
    """
    water_c = streams.water_in_c - heat_w / np.maximum(streams.water_w_k, SMALL)
    gap_k = low.water_out_c - full.water_out_c
    t = (low.water_out_c - water_c) / np.maximum(gap_k, SMALL)
    t = np.minimum(np.maximum(t, 0.0), 1.0)
    before = _inside(low.air_share + t * (full.air_share - low.air_share))
    miss_before, x = _speed_miss(tower, streams, heat_w, before)
    share = _inside(before - 0.1 * miss_before * (1.0 - before))
    for _ in range(SPEED_STEPS):
        miss, x = _speed_miss(tower, streams, heat_w, share)
        following = _secant(share, miss, before, miss_before)
        # never more than half of the way to either end
        following = np.maximum(following, 0.5 * share)
        following = np.minimum(following, 0.5 + 0.5 * share)
        before, miss_before, share = share, miss, _inside(following)
    return _held(x, (tower.minimum_air_flow_ratio, 1.0)), before


@kernel
def _evaporation(
    streams: _Streams, humidity_ratio: Numeric, air_kg_s: Numeric, share: Numeric
) -> Numeric:
    """Water that air takes up when it leaves saturated [kg/s]."""
    leaving_c = streams.wet_bulb_c + share * streams.span_k
    out = air_properties.saturated_humidity_ratio(leaving_c, streams.pressure_pa)
    gained = out / (1.0 + out) - humidity_ratio / (1.0 + humidity_ratio)
    return np.maximum(air_kg_s * gained, 0.0)


@kernel
def _fan_power(tower: CoolingTower, air_ratio: Numeric) -> Numeric:
    """Electrical power of the running fan [W]."""
    c = tower.fan_power_curve
    share = c[0] + air_ratio * (c[1] + air_ratio * (c[2] + air_ratio * c[3]))
    return tower.fan_power_w * np.maximum(share, 0.0)


@kernel
def cool(
    tower: CoolingTower,
    air_flow_ratio: Numeric,
    water_in_c: Numeric,
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
    streams = _streams(tower, water_in_c, water_flow_kg_s, air)
    least = tower.minimum_air_flow_ratio
    running = _driven(tower, streams, np.maximum(air_flow_ratio, least))
    still = _natural(tower, streams)
    on = np.minimum(air_flow_ratio / np.maximum(least, SMALL), 1.0)
    out_c: Numeric = still.water_out_c
    out_c = out_c + on * (running.water_out_c - still.water_out_c)
    return out_c


@kernel
def operate(
    tower: CoolingTower,
    setpoint_c: Numeric,
    water_in_c: Numeric,
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
    streams = _streams(tower, water_in_c, water_flow_kg_s, air)
    still = _natural(tower, streams)
    least = tower.minimum_air_flow_ratio
    low = _driven(tower, streams, least + 0.0 * streams.span_k)
    full = _driven(tower, streams, 1.0 + 0.0 * streams.span_k)
    wanted_w = streams.water_w_k * (water_in_c - setpoint_c)
    x, share = _solve_speed(tower, streams, np.maximum(wanted_w, SMALL), low, full)

    exists = streams.water_w_k * tower.ua_w_k > 0.0
    useful = exists & (water_in_c > air.wet_bulb_c)
    idle = (still.water_out_c <= setpoint_c) | np.logical_not(useful)
    cycles = low.water_out_c < setpoint_c
    short = full.water_out_c >= setpoint_c
    drop_k = np.maximum(still.water_out_c - low.water_out_c, SMALL)
    cycling = np.minimum((still.water_out_c - setpoint_c) / drop_k, 1.0)
    on = select(idle, 0.0, select(cycles, cycling, 1.0))
    x = select(cycles, least, select(short, 1.0, x))
    share = select(cycles, low.air_share, select(short, full.air_share, share))
    met_c = select(short, full.water_out_c, setpoint_c)
    out_c = select(idle, still.water_out_c, met_c)

    w = air.humidity_ratio
    driven_kg_s = _evaporation(streams, w, x * streams.air_kg_s, share)
    still_kg_s = _evaporation(streams, w, still.air_kg_s, still.air_share)
    evaporation_kg_s = (on * driven_kg_s + (1.0 - on) * still_kg_s) * exists
    drift_kg_s = on * x * tower.drift_fraction * tower.water_flow_kg_s
    bleed = np.maximum(tower.cycles_of_concentration - 1.0, SMALL)
    blowdown_kg_s = np.maximum(evaporation_kg_s / bleed - drift_kg_s, 0.0)
    return TowerOutputs(
        water_out_c=out_c,
        heat_w=streams.water_w_k * (water_in_c - out_c),
        fan_speed=on * x,
        fan_power_w=on * _fan_power(tower, x),
        evaporation_kg_s=evaporation_kg_s,
        drift_kg_s=drift_kg_s,
        blowdown_kg_s=blowdown_kg_s,
        makeup_kg_s=evaporation_kg_s + drift_kg_s + blowdown_kg_s,
    )

r"""Air and water in counterflow through wet fill, after Merkel.

The air is a gas whose heat capacity is the slope of saturated enthalpy over wet bulb
between inlet and outlet. Let the span be ``T_water,in - T_wb,in`` and let the air go the
share ``z`` of it. Then

.. math::

    c_e = \frac{h_s(T_{wb} + z\,span) - h_s(T_{wb})}{z\,span}, \quad
    NTU_a = \frac{UA\, c_e / c_{air}}{\dot m_a c_e} = \frac{UA}{\dot m_a c_{air}},
    \quad R = \frac{\dot m_a c_e}{C_w}

    z = \frac{1 - e^{-NTU_a (1 - R)}}{1 - R\, e^{-NTU_a (1 - R)}}, \qquad
    Q = R\, z\, C_w\, span

the effectiveness-NTU form with the air as the reference stream, whichever is the smaller.
Only ``c_e`` couples it: one unknown, a Newton step and a fixed number of secant steps.

The inverse, heat known and air flow wanted, needs no inner loop either: ``z`` gives the
air flow through the enthalpy balance and the wanted conductance through the logarithmic
mean difference.

Valid where moist air is, for water above the wet bulb; the towers that use it state and
flag their ranges. Validated as a part of them (tests/validation/test_cooling_tower.py).

References
----------
Merkel (1925); EnergyPlus Engineering Reference, "Cooling Towers"; Incropera et al.,
Fundamentals of Heat and Mass Transfer, ch. 11.
"""

from typing import NamedTuple

import numpy as np

from plant import psychrometrics as moist_air
from plant._curves import held, quadratic
from plant._kernel import kernel
from plant._root import TINY, secant
from plant._select import select
from plant.heat_exchanger import counterflow_and_slope, effectiveness_counterflow
from plant.types import Numeric

SMALL = 1e-9  # stands for zero in denominators
START = 0.8  # first guess of the share
LEAST = 1e-6  # keeps the share off both ends
STEPS = 2  # after Newton's; leave less than 0.0001 K in 99.9 % of the range
SPEED_STEPS = 3  # leave less than 0.0002 of full air flow in 99 % of the range


class Streams(NamedTuple):
    """Water and air on their way in."""

    span_k: Numeric  # water over wet bulb, never exactly 0
    wet_bulb_c: Numeric
    pressure_pa: Numeric
    enthalpy: Numeric  # saturated at the wet bulb, J/kg
    water_w_k: Numeric  # capacity rate, never exactly 0
    first_rise: Numeric  # enthalpy that the air gains up to the first guess, J/kg
    first_slope: Numeric  # of that enthalpy over the share


class AirSide(NamedTuple):
    """What a fan at full speed and the fill do for the air."""

    full_kg_s: Numeric  # dry air
    full_ntu: Numeric  # design conductance over the capacity rate at full flow
    curve: tuple[float, float, float]  # conductance over the air-flow ratio
    limits: tuple[float, float]  # of the ratio in that curve
    factor_limits: tuple[float, float]  # of its value


class AirFlow(NamedTuple):
    """One air flow and the conductance it meets."""

    kg_s: Numeric  # dry air
    ntu: Numeric  # sensible conductance over the sensible capacity rate of the air


class Outlet(NamedTuple):
    """Both streams on their way out, as shares of the span."""

    air: Numeric
    water: Numeric


@kernel
def streams_in(
    water_in_c: Numeric, water_w_k: Numeric, wet_bulb_c: Numeric, pressure_pa: Numeric
) -> Streams:
    """Both streams; ``water_w_k`` is the capacity rate of the water [W/K]."""
    span_k = water_in_c - wet_bulb_c
    span_k = select(np.abs(span_k) < LEAST, LEAST, span_k)
    first_c = wet_bulb_c + START * span_k
    enthalpy = moist_air.saturated_enthalpy(wet_bulb_c, pressure_pa)
    first, slope = moist_air.saturated_enthalpy_and_slope(first_c, pressure_pa)
    return Streams(
        span_k=span_k,
        wet_bulb_c=wet_bulb_c,
        pressure_pa=pressure_pa,
        enthalpy=enthalpy,
        water_w_k=np.maximum(water_w_k, SMALL),
        first_rise=first - enthalpy,
        first_slope=slope * span_k,
    )


@kernel
def leaving_wet_bulb(streams: Streams, share: Numeric) -> Numeric:
    """Temperature of the saturated air that leaves [degC]."""
    return streams.wet_bulb_c + share * streams.span_k


@kernel
def evaporation(
    streams: Streams, humidity_ratio: Numeric, air_kg_s: Numeric, share: Numeric
) -> Numeric:
    """Water that air takes up when it leaves saturated, see docs/decisions/0014 [kg/s]."""
    leaving_c = leaving_wet_bulb(streams, share)
    out = moist_air.saturated_humidity_ratio(leaving_c, streams.pressure_pa)
    gained = out / (1.0 + out) - humidity_ratio / (1.0 + humidity_ratio)
    return np.maximum(air_kg_s * gained, 0.0)


@kernel
def _enthalpy_rise(streams: Streams, share: Numeric) -> Numeric:
    """Enthalpy that the air gains on a share of the span [J/kg]."""
    leaving_c = leaving_wet_bulb(streams, share)
    leaving = moist_air.saturated_enthalpy(leaving_c, streams.pressure_pa)
    return leaving - streams.enthalpy


@kernel
def _inside(share: Numeric) -> Numeric:
    """Share of the span, off both ends."""
    return np.minimum(np.maximum(share, LEAST), 1.0 - LEAST)


class _Guess(NamedTuple):
    """Where the search for the share of one air flow stands."""

    share: Numeric
    before: Numeric
    miss_before: Numeric
    water_before: Numeric  # share that the water goes
    water: Numeric  # the same at ``share``, along the last line


@kernel
def _first(streams: Streams, air: AirFlow) -> _Guess:
    """Guess after a Newton step from the common start."""
    scale = air.kg_s / (streams.span_k * streams.water_w_k) / START
    ratio = scale * streams.first_rise
    reached, slope = counterflow_and_slope(air.ntu, ratio)
    steepness = slope * (scale * streams.first_slope - ratio / START) - 1.0
    miss = reached - START
    share = _inside(START - miss / steepness)
    return _Guess(share, START + 0.0 * share, miss, reached * ratio, reached * ratio)


@kernel
def _closer(streams: Streams, air: AirFlow, guess: _Guess) -> _Guess:
    """Guess after one more secant step."""
    scale = air.kg_s / (streams.span_k * streams.water_w_k)
    share = guess.share
    ratio = scale * _enthalpy_rise(streams, share) / share
    reached = effectiveness_counterflow(air.ntu, ratio)
    miss, water = reached - share, reached * ratio
    way = secant(miss, guess.miss_before)
    return _Guess(
        _inside(share + way * (share - guess.before)),
        share,
        miss,
        water,
        water + way * (water - guess.water_before),
    )


@kernel
def _outlet(guess: _Guess) -> Outlet:
    """Outlet of the last guess."""
    return Outlet(air=guess.share, water=np.minimum(guess.water, 1.0))


@kernel
def exchange(streams: Streams, air: AirFlow) -> Outlet:
    """Outlet at a given air flow; the water leaves at ``T_in - water * span``."""
    guess = _first(streams, air)
    for _ in range(STEPS):
        guess = _closer(streams, air, guess)
    return _outlet(guess)


@kernel
def exchange_two(streams: Streams, one: AirFlow, two: AirFlow) -> tuple[Outlet, Outlet]:
    """``exchange`` at two air flows, side by side: faster than in a row."""
    first, second = _first(streams, one), _first(streams, two)
    for _ in range(STEPS):
        first = _closer(streams, one, first)
        second = _closer(streams, two, second)
    return _outlet(first), _outlet(second)


@kernel
def exchange_three(
    streams: Streams, one: AirFlow, two: AirFlow, three: AirFlow
) -> tuple[Outlet, Outlet, Outlet]:
    """``exchange`` at three air flows, side by side: twice as fast as in a row."""
    first, second = _first(streams, one), _first(streams, two)
    third = _first(streams, three)
    for _ in range(STEPS):
        first = _closer(streams, one, first)
        second = _closer(streams, two, second)
        third = _closer(streams, three, third)
    return _outlet(first), _outlet(second), _outlet(third)


@kernel
def _unit_log_mean(hot_end: Numeric, cold_end: Numeric) -> Numeric:
    """One over the logarithmic mean of two differences."""
    apart = hot_end - cold_end
    near = np.abs(apart) < LEAST
    ends = np.log(hot_end / cold_end) / select(near, 1.0, apart)
    inverse: Numeric = select(near, 2.0 / (hot_end + cold_end), ends)
    return inverse


@kernel
def air_factor(fan: AirSide, air_ratio: Numeric) -> Numeric:
    """Conductance over that at full air flow; the curve is held at its limits."""
    x = held(air_ratio, fan.limits)
    value = held(quadratic(fan.curve, x), fan.factor_limits)
    factor: Numeric = np.maximum(value, SMALL)
    return factor


@kernel
def driven(fan: AirSide, air_ratio: Numeric) -> AirFlow:
    """Air flow at a share of full flow, above 0."""
    ntu = fan.full_ntu * air_factor(fan, air_ratio) / air_ratio
    return AirFlow(fan.full_kg_s * air_ratio, ntu)


@kernel
def _speed_miss(
    streams: Streams, fan: AirSide, water_share: Numeric, share: Numeric
) -> tuple[Numeric, Numeric]:
    """Wanted over available conductance, 0 where alike, and the air-flow ratio."""
    heat_w = water_share * streams.span_k * streams.water_w_k
    x = heat_w / (fan.full_kg_s * _enthalpy_rise(streams, share))
    x = np.maximum(x, TINY)
    wanted = share * x * _unit_log_mean(1.0 - share, 1.0 - water_share)
    available = np.maximum(fan.full_ntu * air_factor(fan, x), SMALL)
    # near the logarithm of their ratio, and cheaper
    return 2.0 * (wanted - available) / (wanted + available), x


@kernel
def air_flow(
    streams: Streams, fan: AirSide, water_share: Numeric, first_share: Numeric
) -> tuple[Numeric, Numeric]:
    """Air flow that cools the water by a given share of the span.

    Parameters
    ----------
    streams
        Both inlets.
    fan
        Air side of the tower.
    water_share
        Wanted drop of the water over the span, 0 to 1.
    first_share
        First guess of the share that the air goes.

    Returns
    -------
    tuple of Numeric
        Air-flow ratio, and the share of the span that the air goes. Meaningless when
        no air flow can do it: the caller decides that before.
    """
    water_share = _inside(water_share)
    before = _inside(first_share)
    miss_before, x_before = _speed_miss(streams, fan, water_share, before)
    share = _inside(before - 0.3 * miss_before * (1.0 - before))
    x = x_before
    for _ in range(SPEED_STEPS):
        miss, at = _speed_miss(streams, fan, water_share, share)
        way = secant(miss, miss_before)
        following = share + way * (share - before)
        # never more than half of the way to either end
        following = np.maximum(following, 0.5 * share)
        following = np.minimum(following, 0.5 + 0.5 * share)
        x = at + way * (at - x_before)
        before, miss_before, x_before, share = share, miss, at, _inside(following)
    return x, share

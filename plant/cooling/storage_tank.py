r"""Stratified water tank of two mixed layers, warm above cold.

A charging stream (> 0) brings cold water into the lower layer and pushes the same flow
through the upper one; a discharging stream (< 0) brings warm water in above. Each layer of
half the capacity :math:`C / 2` is the exact ``loop.settle``; the layer downstream gets the
mean temperature that left the one upstream, so the heat is conserved to the last joule.
Conduction and mixing between the layers and the loss to the surroundings follow, also
exactly.

Two layers blur the thermocline: a real tank delivers its setpoint for longer. Energy, not
the outlet temperature near the end of a charge, is what this tank is for.

Valid for water 1 to 95 degC, any step; outside (freezing, boiling) the balance goes on and
``extrapolated`` is 1. No trusted public record: accepted on its energy
balance and limits (tests/contracts, tests/plant/cooling/test_storage_tank.py).

References
----------
Duffie and Beckman, Solar Engineering of Thermal Processes, ch. 8 (multi-node tank).
"""

from typing import Annotated, NamedTuple

import numpy as np

from plant._curves import outside
from plant._kernel import kernel
from plant._select import select
from plant.cooling import loop
from plant.types import Limits, NonNegative, Numeric, Positive, within

WATER_C: Limits = (1.0, 95.0)
TankC = Annotated[Numeric, within(WATER_C)]
SMALL = 1e-9  # stands for zero in denominators


class StorageTank(NamedTuple):
    """Nameplate."""

    heat_capacity_j_k: Positive  # of all water
    mixing_w_k: NonNegative = 0.0  # between the layers
    loss_w_k: NonNegative = 0.0  # of the whole tank, to the surroundings


class TankState(NamedTuple):
    """Two layers."""

    upper_c: TankC
    lower_c: TankC


class TankOutputs(NamedTuple):
    """One step."""

    leaving_c: Numeric  # mean of the step; of the entering stream without flow
    heat_stored_w: Numeric  # into the water, mean of the step
    loss_w: Numeric  # to the surroundings, mean of the step
    extrapolated: Numeric  # 1 where stream or layers are no liquid water


@kernel
def _flush(
    layer_c: Numeric, entering_c: Numeric, rate_w_k: Numeric, half: Numeric, dt: Numeric
) -> tuple[Numeric, Numeric]:
    """Layer after the step and the mean temperature that left it."""
    after_c = loop.settle(layer_c, entering_c, rate_w_k, half, dt)
    kept_w = loop.stored(layer_c, after_c, half, dt)
    left_c = entering_c - kept_w / np.maximum(rate_w_k, SMALL)
    # at a trickle the difference of two equal numbers would leave these ends
    coldest_c, warmest_c = (
        np.minimum(layer_c, entering_c),
        np.maximum(layer_c, entering_c),
    )
    left_c = np.minimum(np.maximum(left_c, coldest_c), warmest_c)
    return after_c, select(rate_w_k > SMALL, left_c, layer_c)


@kernel
def _far(state: TankState, entering_c: Numeric) -> Numeric:
    """1 where any of the water is outside its range."""
    layers = np.maximum(
        outside(state.upper_c, WATER_C), outside(state.lower_c, WATER_C)
    )
    return np.maximum(layers, outside(entering_c, WATER_C))


@kernel
def _mixed(
    tank: StorageTank, lower_c: Numeric, upper_c: Numeric, dt_s: Numeric
) -> tuple[Numeric, Numeric]:
    """Mean of both layers, and half of what is left between them after the step."""
    half = 0.5 * tank.heat_capacity_j_k
    # water turns over when the lower layer is the warmer one
    apart_k = np.maximum(0.5 * (upper_c - lower_c), 0.0)
    apart_k = apart_k * np.exp(-2.0 * tank.mixing_w_k * dt_s / half)
    return 0.5 * (lower_c + upper_c), apart_k


@kernel
def step(
    tank: StorageTank,
    state: TankState,
    entering_c: TankC,
    charging_w_k: Numeric,
    ambient_c: Numeric,
    dt_s: Numeric,
) -> tuple[TankState, TankOutputs]:
    """One step of the tank.

    Parameters
    ----------
    tank
        Nameplate.
    state
        Both layers.
    entering_c
        Of the stream. [degC]
    charging_w_k
        Capacity rate of the stream; > 0 enters below, < 0 enters above. [W/K]
    ambient_c
        Around the tank. [degC]
    dt_s
        Step, any length. [s]
    """
    half = 0.5 * tank.heat_capacity_j_k
    rate_w_k = np.abs(charging_w_k)
    charges = charging_w_k > 0.0
    first_c = select(charges, state.lower_c, state.upper_c)
    second_c = select(charges, state.upper_c, state.lower_c)
    first, between_c = _flush(first_c, entering_c, rate_w_k, half, dt_s)
    second, left_c = _flush(second_c, between_c, rate_w_k, half, dt_s)
    lower_c = select(charges, first, second)
    upper_c = select(charges, second, first)
    mean_c, apart_k = _mixed(tank, lower_c, upper_c, dt_s)
    decay = np.exp(-tank.loss_w_k * dt_s / tank.heat_capacity_j_k)
    kept_c = ambient_c + (mean_c - ambient_c) * decay
    before_c = 0.5 * (state.upper_c + state.lower_c)
    outputs = TankOutputs(
        leaving_c=select(rate_w_k > SMALL, left_c, entering_c),
        heat_stored_w=loop.stored(before_c, kept_c, tank.heat_capacity_j_k, dt_s),
        loss_w=loop.stored(kept_c, mean_c, tank.heat_capacity_j_k, dt_s),
        extrapolated=_far(state, entering_c),
    )
    return TankState(kept_c + apart_k * decay, kept_c - apart_k * decay), outputs

"""In-row cooler: dry coil, fans that follow the servers' air flow, and a water valve.

Fans hold the air flow that the servers draw plus a margin (zero differential pressure
between aisles); the valve holds the supply air temperature as long as the coil can. Where
the fans fall short, or the containment leaks, warm return air reaches the rack inlets:

    T_inlet = T_supply + (leakage + (1 - leakage) shortfall) (T_return - T_supply)

with ``shortfall = max(0, 1 - m_coolers / m_servers)``. The coil is dry: facility water is
held above the dew point by the guard.

Valid for single-phase water and air that stays above its dew point, 0 to 100 degC.
Accepted on its energy balance and limits (tests/contracts,
tests/plant/cooling/test_micro_module.py); the coil is validated as ``dry_coil``.

References
----------
EnergyPlus Engineering Reference, ITE air-cooled objects (recirculation fraction);
counterflow effectiveness-NTU for the coil, see ``plant.heat_exchanger``.
"""

from typing import NamedTuple

import numpy as np

from plant import psychrometrics, water
from plant._kernel import kernel
from plant.cooling import control_valve
from plant.cooling.fan import Fan
from plant.heat_exchanger import PlateHeatExchanger
from plant.it.rack import HALL_HUMIDITY_RATIO
from plant.types import Fraction, NonNegative, Numeric


class InRow(NamedTuple):
    """Nameplate of one cooler and of its share of the containment."""

    coil: PlateHeatExchanger  # hot: air, cold: water
    fan: Fan
    air_margin: NonNegative = 0.05  # air flow above what the servers draw
    containment_leakage: Fraction = 0.05
    minimum_air_flow_ratio: Fraction = 0.2  # fans never stop


class InRowOutputs(NamedTuple):
    """One cooler."""

    water_flow_kg_s: Numeric
    leaving_c: Numeric  # supply air that the coil delivers
    valve: Numeric  # opening, share of the largest flow
    heat_w: Numeric  # moved by the coil


@kernel
def air_flow(cooler: InRow, server_flow_kg_s: Numeric) -> Numeric:
    """Air moved by one cooler for its share of the servers' flow [kg/s]."""
    full = cooler.fan.air_flow_kg_s
    wanted = server_flow_kg_s * (1.0 + cooler.air_margin)
    return np.minimum(np.maximum(wanted, cooler.minimum_air_flow_ratio * full), full)


@kernel
def rack_inlet(
    cooler: InRow,
    supply_c: Numeric,
    heat_w: Numeric,
    air_flow_kg_s: Numeric,
    server_flow_kg_s: Numeric,
) -> Numeric:
    """Air temperature at the rack inlets [degC].

    Parameters
    ----------
    cooler
        Nameplate.
    supply_c
        Air leaving the coolers. [degC]
    heat_w
        Heat of the servers behind this cooler. [W]
    air_flow_kg_s
        Through the cooler. [kg/s]
    server_flow_kg_s
        Drawn by the servers. [kg/s]
    """
    servers = np.maximum(server_flow_kg_s, 1e-9)
    shortfall = np.maximum(1.0 - air_flow_kg_s / servers, 0.0)
    leak = cooler.containment_leakage
    share = leak + (1.0 - leak) * shortfall
    rise_k = heat_w / (servers * psychrometrics.heat_capacity(HALL_HUMIDITY_RATIO))
    # The inlet itself is warmed by the recirculated share of (inlet + rise).
    return supply_c + np.minimum(share, 0.9) / (1.0 - np.minimum(share, 0.9)) * rise_k


@kernel
def operate(
    cooler: InRow,
    return_c: Numeric,
    air_flow_kg_s: Numeric,
    setpoint_c: Numeric,
    water_in_c: Numeric,
    largest_water_flow_kg_s: Numeric,
) -> InRowOutputs:
    """Position of the water valve and what it achieves.

    Parameters
    ----------
    cooler
        Nameplate.
    return_c
        Air entering the coil. [degC]
    air_flow_kg_s
        Air through the coil. [kg/s]
    setpoint_c
        Wanted supply air temperature. [degC]
    water_in_c
        Water entering. [degC]
    largest_water_flow_kg_s
        Water flow with the valve fully open, at today's pressure. [kg/s]
    """
    made = control_valve.operate(
        cooler.coil,
        return_c,
        air_flow_kg_s,
        psychrometrics.heat_capacity(HALL_HUMIDITY_RATIO),
        setpoint_c,
        water_in_c,
        water.heat_capacity(water_in_c),
        largest_water_flow_kg_s,
    )
    return InRowOutputs(made.cold_flow_kg_s, made.leaving_c, made.valve, made.heat_w)

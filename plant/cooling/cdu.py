"""Coolant distribution unit: plate exchanger, pumps and a valve on the facility side.

The technology cooling system (TCS) carries PG25 past the cold plates; the pump holds its
differential pressure, so the flow follows

    m = m_design sqrt(dp / dp_design)

The
valve on the facility-water side holds the TCS supply temperature as long as the exchanger
can. Pump head is the held differential pressure plus the unit's own pipes and exchanger,
``dp_unit (m / m_design)^2``.

Valid for single-phase PG25 and water, 0 to 100 degC. Accepted on its energy balance and
limits (tests/contracts, tests/plant/cooling/test_micro_module.py).

References
----------
ASHRAE TC 9.9, Water-Cooled Servers: Common Designs, Components, and Processes (2019).
No trusted public table of pump power exists.
"""

from typing import NamedTuple

import numpy as np

from plant import water
from plant._kernel import kernel
from plant.cooling import control_valve, pump
from plant.cooling.pump import Pump
from plant.heat_exchanger import PlateHeatExchanger
from plant.types import Numeric, Positive


class Cdu(NamedTuple):
    """Nameplate of one unit."""

    exchanger: PlateHeatExchanger  # hot: TCS, cold: facility water
    pump: Pump
    secondary_flow_kg_s: Positive  # TCS, at the design differential pressure
    design_pressure_pa: Positive  # TCS differential pressure
    unit_pressure_pa: Positive  # of the unit itself, at design flow


class CduOutputs(NamedTuple):
    """One unit."""

    primary_flow_kg_s: Numeric  # facility water
    leaving_c: Numeric  # TCS supply that the exchanger delivers
    valve: Numeric  # opening, share of the largest flow


@kernel
def secondary_flow(cdu: Cdu, pressure_pa: Numeric) -> Numeric:
    """TCS flow at a held differential pressure, none at a negative one [kg/s]."""
    return cdu.secondary_flow_kg_s * np.sqrt(
        np.maximum(pressure_pa, 0.0) / cdu.design_pressure_pa
    )


@kernel
def pump_power(cdu: Cdu, pressure_pa: Numeric, supply_c: Numeric) -> Numeric:
    """Electrical input of the unit's pumps [W], all of it heat to the TCS."""
    flow = secondary_flow(cdu, pressure_pa)
    ratio = flow / cdu.secondary_flow_kg_s
    head_pa = pressure_pa + cdu.unit_pressure_pa * ratio * ratio
    return pump.power(cdu.pump, flow / water.glycol25_density(supply_c), head_pa)


@kernel
def operate(
    cdu: Cdu,
    return_c: Numeric,
    secondary_flow_kg_s: Numeric,
    setpoint_c: Numeric,
    facility_c: Numeric,
    largest_primary_flow_kg_s: Numeric,
) -> CduOutputs:
    """Position of the valve and what it achieves.

    Parameters
    ----------
    cdu
        Nameplate.
    return_c
        TCS water back from the racks. [degC]
    secondary_flow_kg_s
        TCS flow. [kg/s]
    setpoint_c
        Wanted TCS supply temperature. [degC]
    facility_c
        Facility water entering. [degC]
    largest_primary_flow_kg_s
        Facility flow with the valve fully open, at today's pressure. [kg/s]
    """
    made = control_valve.operate(
        cdu.exchanger,
        return_c,
        secondary_flow_kg_s,
        water.glycol25_heat_capacity(return_c),
        setpoint_c,
        facility_c,
        water.heat_capacity(facility_c),
        largest_primary_flow_kg_s,
    )
    return CduOutputs(made.cold_flow_kg_s, made.leaving_c, made.valve)

"""What can break, as inputs of a run: faults change what of a site is in service.

A fault is applied to the nameplates (``apply``), so the physics of a damaged site is the
physics of a smaller one and is written once. A wrong sensor is a fault of its local loop:
the loop holds the reading at the setpoint, so the truth lies off by the offset
(``deceive``).

Without the utility only what the UPS feeds keeps running: racks, CDU pumps and hall fans.
Tower and facility-water pumps, tower fans and chillers stand still until the generator
takes over (``twin.ride_through``).
"""

from typing import Annotated, Any, NamedTuple

from annotated_types import Ge

from plant.types import Fraction, NonNegative
from twin.signals import Setpoints
from twin.topology import Facility

Whole = Annotated[int, Ge(0)]
STANDSTILL = 1e-3  # share of flow that natural circulation leaves, assumption


class Faults(NamedTuple):
    """What is out of service or worn; nothing by default."""

    utility_lost: bool = False
    transformers_out: Whole = 0
    ups_modules_out: Whole = 0
    tower_cells_out: Whole = 0
    tower_pumps_out: Whole = 0
    fws_pumps_out: Whole = 0
    cdus_out: Whole = 0
    in_row_coolers_out: Whole = 0
    chillers_out: Whole = 0
    exchanger_fouling: Fraction = 0.0  # share of the plate exchangers' conductance lost
    tower_fouling: Fraction = 0.0  # share of the fill's conductance lost
    cdu_fouling: Fraction = 0.0
    coolant_leak_kg_s: NonNegative = 0.0  # out of the technology loop
    tower_supply_offset_k: float = 0.0  # reading minus truth, likewise below
    tcs_supply_offset_k: float = 0.0
    air_supply_offset_k: float = 0.0


def apply(facility: Facility, faults: Faults) -> Facility:
    """Site with the faults in force.

    Parameters
    ----------
    facility
        Nameplates of the sound site.
    faults
        What is wrong.

    Returns
    -------
    Facility
        Nameplates of what still works. The coolant leak is not in it: it empties the
        loop over time, see ``twin.ride_through``.
    """
    rejection = _rejection(facility, faults)
    technology = facility.technology._replace(
        cdu_count=_left(facility.technology.cdu_count, faults.cdus_out),
        cdu=facility.technology.cdu._replace(
            exchanger=_fouled(facility.technology.cdu.exchanger, faults.cdu_fouling)
        ),
    )
    air = facility.air._replace(
        in_row_count=_left(facility.air.in_row_count, faults.in_row_coolers_out, 1.0)
    )
    fws = facility.facility_water._replace(
        pump_count=_left(facility.facility_water.pump_count, faults.fws_pumps_out)
    )
    chillers = facility.trim_chillers._replace(
        chiller_count=_left(facility.trim_chillers.chiller_count, faults.chillers_out)
    )
    power = facility.power._replace(
        ups_count=_left(facility.power.ups_count, faults.ups_modules_out, 1.0),
        transformer_count=_left(
            facility.power.transformer_count, faults.transformers_out, 1.0
        ),
    )
    damaged = Facility(facility.it, technology, air, fws, chillers, rejection, power)
    return _without_utility(damaged) if faults.utility_lost else damaged


def deceive(setpoints: Setpoints, faults: Faults) -> Setpoints:
    """Setpoints as local loops with wrong sensors really hold them.

    A sensor that reads too high makes its loop cool too much, by the offset.
    """
    return setpoints._replace(
        tower_supply_c=setpoints.tower_supply_c - faults.tower_supply_offset_k,
        tcs_supply_c=setpoints.tcs_supply_c - faults.tcs_supply_offset_k,
        air_supply_c=setpoints.air_supply_c - faults.air_supply_offset_k,
    )


def _left(count: float, out: int, least: float = 0.0) -> float:
    """Units that remain; some equations need one, or a trace of one, to stand."""
    return max(count - out, least, STANDSTILL if count > 0 and least < 1 else 0.0)


def _fouled(exchanger: Any, fouling: float) -> Any:
    """Exchanger or tower with less conductance."""
    return exchanger._replace(ua_w_k=exchanger.ua_w_k * (1.0 - fouling))


def _rejection(facility: Facility, faults: Faults) -> Any:
    side = facility.heat_rejection
    return side._replace(
        exchanger=_fouled(side.exchanger, faults.exchanger_fouling),
        tower=_fouled(side.tower, faults.tower_fouling),
        tower_cell_count=_left(side.tower_cell_count, faults.tower_cells_out, 1.0),
        pump_count=_left(side.pump_count, faults.tower_pumps_out),
    )


def _without_utility(facility: Facility) -> Facility:
    """What is not behind the UPS stands still."""
    side, fws = facility.heat_rejection, facility.facility_water
    return facility._replace(
        facility_water=fws._replace(pump_count=fws.pump_count * STANDSTILL),
        heat_rejection=side._replace(
            pump_count=side.pump_count * STANDSTILL,
            tower=side.tower._replace(fan_power_w=0.0),
        ),
        trim_chillers=facility.trim_chillers._replace(chiller_count=0.0),
    )

"""Slow faults of a plant: what each does to the twin, and what to do about it.

A family changes the nameplate (docs/decisions/0010) or what a sensor shows, by a severity
``x``: the share of conductance or efficiency lost, of loss or fan power added, or kelvins
of offset. Its signature, the derivative of every signal with respect to ``x``, comes from
the twin itself at the conditions of the day (``twin.diagnose``).
"""

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.nameplates import replaced
from twin.topology import Facility


class Family(NamedTuple):
    """One kind of fault."""

    name: str
    component: str
    path: str  # of the number, or the signal of the sensor
    change: Literal["less", "more", "curve", "sensor", "controlled"]
    prior: float  # typical severity, for the isolation; assumption
    meaning: str  # of a severity of 0.1, or of 1 K
    action: str


CLEAN = "clean it at the next low load"
FAMILIES = (
    Family(
        "tower fouling",
        "cooling tower",
        "heat_rejection.tower.ua_w_k",
        "less",
        0.2,
        "10 % of the fill's conductance lost",
        f"inspect fill, nozzles and water treatment; {CLEAN}",
    ),
    Family(
        "tower fan or belt",
        "cooling tower",
        "heat_rejection.tower.fan_power_w",
        "more",
        0.2,
        "10 % more power for the same air",
        "check belt tension, bearings and blade pitch",
    ),
    Family(
        "tower water loss",
        "cooling tower",
        "heat_rejection.tower.cycles_of_concentration",
        "less",
        0.2,
        "10 % fewer cycles of concentration: water leaves that has not evaporated",
        "close the blow-down valve by hand and read the make-up meter; if it still runs, "
        "isolate one basin after the other at its make-up valve",
    ),
    Family(
        "tower pump wear",
        "tower pumps",
        "heat_rejection.pump.efficiency",
        "less",
        0.1,
        "10 % of the efficiency lost",
        "compare the pumps one by one; inspect impeller and wear rings",
    ),
    Family(
        "facility-water pump wear",
        "facility-water pumps",
        "facility_water.pump.efficiency",
        "less",
        0.1,
        "10 % of the efficiency lost",
        "compare the pumps one by one; inspect impeller and wear rings",
    ),
    Family(
        "CDU pump wear or clogged filter",
        "CDUs",
        "technology.cdu.pump.efficiency",
        "less",
        0.1,
        "10 % more pump power for the same flow",
        "read the filters' pressure drop, change the filters",
    ),
    Family(
        "plate exchanger fouling",
        "plate exchangers",
        "heat_rejection.exchanger.ua_w_k",
        "less",
        0.2,
        "10 % of the conductance lost",
        f"read the pressure drop of both sides; {CLEAN}",
    ),
    Family(
        "CDU exchanger fouling",
        "CDUs",
        "technology.cdu.exchanger.ua_w_k",
        "less",
        0.2,
        "10 % of the conductance lost",
        "sample the coolant; clean or swap the unit's exchanger",
    ),
    Family(
        "in-row coil fouling",
        "in-row coolers",
        "air.in_row.coil.ua_w_k",
        "less",
        0.2,
        "10 % of the conductance lost",
        "clean coils, change air filters",
    ),
    Family(
        "in-row fan wear",
        "in-row coolers",
        "air.in_row.fan.fan_power_w",
        "more",
        0.2,
        "10 % more power for the same air",
        "change air filters, check bearings",
    ),
    Family(
        "chiller condenser fouling or refrigerant loss",
        "trim chillers",
        "trim_chillers.chiller.reference_cop",
        "less",
        0.15,
        "10 % of the COP lost",
        "read condenser approach and subcooling; clean tubes or search the leak",
    ),
    Family(
        "hot busway joint",
        "busway",
        "power.busway.full_loss_w",
        "more",
        0.3,
        "10 % more resistance",
        "thermography of the joints under load, re-torque",
    ),
    Family(
        "transformer overheating",
        "transformers",
        "power.transformer.load_loss_w",
        "more",
        0.2,
        "10 % more winding loss",
        "read winding temperature and fans, check harmonics and phase balance",
    ),
    Family(
        "UPS capacitor or fan ageing",
        "UPS",
        "power.ups.loss_curve",
        "curve",
        0.2,
        "10 % more loss",
        "measure capacitor ripple, plan their exchange; check fans",
    ),
    Family(
        "weak battery cells",
        "battery strings",
        "power.battery.one_way_efficiency",
        "less",
        0.005,
        "10 % of the energy lost on each way",
        "measure the resistance of the cells, compare strings; exchange the weak ones",
    ),
    Family(
        "CDU valve leaking or sticking",
        "CDUs",
        "cdu_valve",
        "sensor",
        0.3,
        "10 % more open than its flow needs; less than 0: it leaks past its seat",
        "stroke the valve, compare position and flow, unit by unit",
    ),
    Family(
        "in-row valve leaking or sticking",
        "in-row coolers",
        "in_row_valve",
        "sensor",
        0.3,
        "10 % more open than its flow needs; less than 0: it leaks past its seat",
        "stroke the valve, compare position and flow, unit by unit",
    ),
    Family(
        "sensor of the tower water",
        "tower water",
        "tower_supply_c",
        "controlled",
        0.5,
        "1 K too high",
        "compare with a second thermometer, calibrate",
    ),
    Family(
        "sensor of the TCS supply",
        "CDUs",
        "tcs_supply_c",
        "controlled",
        0.5,
        "1 K too high",
        "compare the CDUs with each other, calibrate",
    ),
    Family(
        "sensor of the facility water supply",
        "facility water",
        "fws_supply_c",
        "sensor",
        0.5,
        "1 K too high",
        "compare with a second thermometer, calibrate",
    ),
    Family(
        "sensor of the facility water return",
        "facility water",
        "fws_return_c",
        "sensor",
        0.5,
        "1 K too high",
        "compare with a second thermometer, calibrate",
    ),
    Family(
        "sensor of the tower water return",
        "tower water",
        "tower_return_c",
        "sensor",
        0.5,
        "1 K too high",
        "compare with a second thermometer, calibrate",
    ),
    Family(
        "flow meter of the facility water",
        "facility water",
        "fws_flow_kg_s",
        "sensor",
        0.05,
        "reads 10 % high",
        "compare with pump curve and heat balance, calibrate",
    ),
)


def with_fault(facility: Facility, family: Family, severity: float) -> Facility:
    """Site with a fault of the nameplate; sensors leave the site as it is.

    Parameters
    ----------
    facility
        Sound site.
    family
        Kind of fault.
    severity
        Share lost or added.
    """
    if family.change in ("sensor", "controlled"):
        return facility
    value: Any = facility
    for part in family.path.split("."):
        value = getattr(value, part)
    if family.change == "curve":
        ups = facility.power.ups
        curve = tuple(a * (1.0 + severity) for a in ups.loss_curve)
        worn = ups._replace(loss_curve=(curve[0], curve[1], curve[2]))
        return facility._replace(power=facility.power._replace(ups=worn))
    factor = 1.0 - severity if family.change == "less" else 1.0 + severity
    return replaced(facility, {family.path: value * factor})


def misread(
    family: Family, severity: float, truth: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What a faulty sensor shows; a position never leaves 0 to 1.

    Parameters
    ----------
    family
        Of a sensor.
    severity
        Kelvins, or share.
    truth
        Readings of a sound one.
    """
    if family.path.endswith("_c"):
        return truth + severity
    shown = truth * (1.0 + severity)
    return np.clip(shown, 0.0, 1.0) if family.path.endswith("_valve") else shown

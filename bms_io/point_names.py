"""The names that a point may have, and the units that follow from them.

The name of a point is a signal name, so nothing is translated twice:

=====================  =====  ====================================================
name                   table  meaning
=====================  =====  ====================================================
``inputs.<field>``     input  what the world does, see ``twin.signals.Inputs``
``outputs.<field>``    input  what comes of it, see ``twin.signals.Outputs``
``setpoints.<field>``  hold.  what we ask for, see ``twin.signals.Setpoints``
``active.<field>``     input  the setpoint in force in the plant (read-back)
``clock.time_s``       input  plant clock
``clock.target_s``     hold.  writing it moves a virtual plant to that time
``plant.mode``         input  0 local control, 1 remote
``plant.heartbeat``    hold.  the plant goes local when it stops changing
``plant.remote_enable`` input 1 where the operator lets a supervisor take over
``plant.owner``        hold.  who has the lease: 0 nobody; the plant clears it in local
=====================  =====  ====================================================

A second sensor of a signal has a label behind its name, ``outputs.tcs_supply_c@b``; it
votes with the first one where that names it in ``redundant_with``.
"""

from functools import cache

import pint

from twin.signals import Inputs, Outputs, Setpoints

MODE_POINT, HEARTBEAT_POINT = "plant.mode", "plant.heartbeat"
REMOTE_ENABLE_POINT, OWNER_POINT = "plant.remote_enable", "plant.owner"
CLOCK_POINT, CLOCK_TARGET_POINT = "clock.time_s", "clock.target_s"

SIGNALS: frozenset[str] = frozenset(
    [f"inputs.{name}" for name in Inputs._fields]
    + [f"outputs.{name}" for name in Outputs._fields]
    + [f"active.{name}" for name in Setpoints._fields]
    + [f"setpoints.{name}" for name in Setpoints._fields]
    + [MODE_POINT, HEARTBEAT_POINT, REMOTE_ENABLE_POINT, OWNER_POINT]
    + [CLOCK_POINT, CLOCK_TARGET_POINT]
)
_SI_UNIT = {"_kg_s": "kg/s", "_w": "W", "_c": "degC", "_pa": "Pa", "_s": "s"}


def signal_of(name: str) -> str:
    """Signal of a point: its name without the label of a redundant sensor."""
    return name.partition("@")[0]


def si_unit(name: str) -> str:
    """SI unit (degC for temperatures) named by the suffix of a signal, or empty."""
    signal = signal_of(name)
    return next((u for end, u in _SI_UNIT.items() if signal.endswith(end)), "")


@cache
def _registry() -> "pint.UnitRegistry[float]":
    """One registry; building it takes a third of a second."""
    return pint.UnitRegistry()


def affine(unit: str, si: str) -> tuple[float, float]:
    """Slope and intercept of the conversion ``si = unit * slope + intercept``."""
    quantity = _registry().Quantity
    zero = float(quantity(0.0, unit).to(si).magnitude)
    return float(quantity(1.0, unit).to(si).magnitude) - zero, zero

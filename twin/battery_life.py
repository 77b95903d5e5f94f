"""How long the batteries of a site last, from what their history asks of them.

The duty of the recorded days (charge over the day, cycles, depth, pace) is taken as the
duty of all years, before and after. Today's health is what the ageing model makes of the
years in service, or, better, what a capacity test found: then the model is entered at the
age at which it has that capacity. The rest is one exact step of the same model
(``plant.power.ageing``) to the end of life.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from plant.power import ageing, ageing_lfp, ageing_nmc111, ageing_nmc811
from plant.power.ageing import Duty, Health
from plant.power.battery import Battery
from twin.errors import DataError
from twin.history import History
from twin.signals import Outputs

Array = NDArray[np.float64]
DAY_S, YEAR_DAYS = 86400.0, 365.25
END_CAPACITY = 0.8  # of new: usual end of life of a standby battery
MOST_YEARS = 60.0  # nothing is foreseen beyond
NEW = Health(0.0, 0.0, 0.0, 0.0)


class Use(NamedTuple):
    """What a battery goes through on an average day."""

    soc: Array  # (rows,)
    cycles_per_day: float  # equivalent full ones
    depth: float  # of the daily cycle, mean
    daily_c_rate_1_h: float  # mean over the day
    working_c_rate_1_h: float  # mean while it discharges


class Outlook(NamedTuple):
    """Health and what is left."""

    health: float  # capacity over new
    years_left: float  # inf: beyond ``MOST_YEARS``


Aged = Callable[[Use, float, float], Health]  # use, cells [degC], days


def used(history: History, battery: Battery) -> Use:
    """Duty of a history.

    Raises
    ------
    DataError
        If charge and power of the battery are not recorded.
    """
    soc, power_w = (
        history.outputs[:, Outputs._fields.index(name)]
        for name in ("battery_soc", "battery_power_w")
    )
    known = np.isfinite(soc) & np.isfinite(power_w)
    if not known.any():
        message = (
            "battery_soc and battery_power_w are not recorded together; without them the "
            "use of the battery is not known. Record both."
        )
        raise DataError(message)
    soc, power_w, time_s = soc[known], np.abs(power_w[known]), history.time_s[known]
    drawn_w = power_w[history.outputs[known, _POWER] > 0.0]
    day = np.ceil(time_s / DAY_S)  # a row stands at the end of its scan
    swings = [float(np.ptp(soc[day == one])) for one in np.unique(day)]
    return Use(
        np.clip(soc, 0.0, 1.0),
        float(power_w.mean()) * DAY_S / (2.0 * battery.energy_j),
        float(np.mean(swings)),
        float(power_w.mean()) * 3600.0 / battery.energy_j,
        float(drawn_w.mean()) * 3600.0 / battery.energy_j if len(drawn_w) else 0.0,
    )


_POWER = Outputs._fields.index("battery_power_w")


def _duty(use: Use, days: float) -> Duty:
    return Duty(days, use.cycles_per_day * days, use.depth)


def _lfp(use: Use, cells_c: float, days: float) -> Health:
    plate = ageing_lfp.PUBLISHED
    rates = ageing_lfp.rates(plate, use.soc, np.full_like(use.soc, cells_c))
    mean = type(rates)(*(float(np.mean(rate)) for rate in rates))
    return ageing_lfp.age(plate, NEW, mean, _duty(use, days), use.daily_c_rate_1_h)


def _nmc111(use: Use, cells_c: float, days: float) -> Health:
    plate = ageing_nmc111.PUBLISHED
    rates = ageing_nmc111.rates(plate, use.soc, np.full_like(use.soc, cells_c))
    mean = type(rates)(*(float(np.mean(rate)) for rate in rates))
    return ageing_nmc111.age(plate, NEW, mean, _duty(use, days))


def _nmc811(use: Use, cells_c: float, days: float) -> Health:
    plate = ageing_nmc811.PUBLISHED
    rate = ageing_nmc811.rate(plate, use.soc, np.full_like(use.soc, cells_c))
    mean, pace = float(np.mean(rate)), use.working_c_rate_1_h
    return ageing_nmc811.age(plate, NEW, mean, _duty(use, days), pace, cells_c)


CHEMISTRIES: dict[str, Aged] = {"lfp": _lfp, "nmc111": _nmc111, "nmc811": _nmc811}


def outlook(
    chemistry: str,
    use: Use,
    cells_c: float,
    years_in_service: float,
    measured_capacity: float | None = None,
    end_capacity: float = END_CAPACITY,
) -> Outlook:
    """Health now and years until the end of life, the duty staying as it is.

    Parameters
    ----------
    chemistry
        One of ``CHEMISTRIES``.
    use
        Average day.
    cells_c
        Mean temperature of the cells. [degC]
    years_in_service
        So far.
    measured_capacity
        Of a capacity test, share of new; it overrules the model's.
    end_capacity
        At which the battery is replaced, share of new.
    """
    aged = CHEMISTRIES[chemistry]

    def capacity(years: float) -> float:
        return float(ageing.capacity(aged(use, cells_c, years * YEAR_DAYS)))

    health = capacity(years_in_service)
    age = years_in_service
    if measured_capacity is not None:
        health, age = measured_capacity, _when(capacity, measured_capacity)
    return Outlook(health, max(_when(capacity, end_capacity) - age, 0.0))


def _when(capacity: Callable[[float], float], wanted: float) -> float:
    """Age in years at which the model has a capacity."""
    if capacity(0.0) <= wanted:
        return 0.0
    if capacity(MOST_YEARS) > wanted:
        return float("inf")
    found = optimize.brentq(lambda t: capacity(t) - wanted, 0.0, MOST_YEARS, xtol=1e-3)
    return float(found)

"""How long the DC-link capacitors of a site's UPS last, from its history.

Wear adds up at the mean pace of the recorded days, before and after (Palmgren-Miner, as
in ``plant.power.capacitor``).
"""

from typing import NamedTuple

import numpy as np

from plant.power import capacitor
from plant.power.capacitor import Capacitor
from twin.errors import DataError
from twin.history import History
from twin.signals import Outputs

YEAR_S = 365.25 * 86400.0


class Outlook(NamedTuple):
    """Wear and what is left."""

    wear: float  # 0 new, 1 end of life
    years_left: float


def loads(history: History) -> np.ndarray:
    """Load ratios of a UPS module, shape (rows,).

    Raises
    ------
    DataError
        If they are not recorded.
    """
    load = history.outputs[:, Outputs._fields.index("ups_load_fraction")]
    load = load[np.isfinite(load)]
    if len(load) == 0:
        message = "ups_load_fraction is not recorded; the use of the UPS is not known."
        raise DataError(message)
    return np.clip(load, 0.0, 1.0)


def outlook(
    bank: Capacitor, load: np.ndarray, air_c: float, years_in_service: float
) -> Outlook:
    """Wear now and years until the bank is due, the use staying as it is.

    Parameters
    ----------
    bank
        Nameplate.
    load
        Load ratios of a module.
    air_c
        Around the bank. [degC]
    years_in_service
        So far.
    """
    pace = float(np.mean(1.0 / capacitor.life(bank, np.full_like(load, air_c), load)))
    wear = years_in_service * YEAR_S * pace
    return Outlook(wear, max(1.0 - wear, 0.0) / pace / YEAR_S)

"""What a controller is told of the time to come; ``twin.site_forecast`` makes it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.signals import Inputs

Series = NDArray[np.float64]

DAY_S = 86400.0


class Movable(NamedTuple):
    """Jobs that may wait, at the rack inputs of the site; arrays of shape (time,)."""

    placed_w: Series  # of theirs that the forecast of IT power holds
    least_j: Series  # taken by the end of each step if all start as late as they may
    most_j: Series  # likewise as early as they can
    most_w: Series  # that there is room for


class Forecast(NamedTuple):
    """Expected inputs and prices over the horizon; arrays of shape (time,)."""

    time_s: Series  # start of each step on the plant clock
    step_s: Series  # length of each step
    inputs: Inputs  # arrays of shape (time,)
    energy_price_usd_j: Series
    carbon_kg_j: Series
    # Marginal quantiles of every input, ascending; empty where none are known. Read them
    # with ``at_quantile``.
    quantiles: tuple[float, ...] = ()
    bands: tuple[Inputs, ...] = ()  # one per quantile, arrays of shape (time,)
    movable: Movable | None = None  # None where no job waits for a plan


def at_quantile(forecast: Forecast, quantile: float) -> Inputs:
    """Inputs that are each exceeded with the chance ``1 - quantile`` only.

    A limit that must hold with 90 % is checked at ``at_quantile(forecast, 0.9)``: wet bulb
    and IT power at their own 90 % quantiles, which is stricter than their joint one.

    Parameters
    ----------
    forecast
        From any forecaster.
    quantile
        0 to 1; linear between the given ones, the outermost beyond them.

    Returns
    -------
    Inputs
        Arrays of shape (time,); the expected inputs where no quantiles are known.
    """
    if not forecast.bands:
        return forecast.inputs
    above = int(np.searchsorted(forecast.quantiles, quantile))
    last = len(forecast.quantiles) - 1
    low, high = min(max(above - 1, 0), last), min(above, last)
    span = forecast.quantiles[high] - forecast.quantiles[low]
    share = (quantile - forecast.quantiles[low]) / span if span > 0.0 else 0.0
    pairs = zip(forecast.bands[low], forecast.bands[high], strict=True)
    return Inputs(*(np.asarray(a + share * (b - a)) for a, b in pairs))


def horizon_grid(fine: int = 16, coarse: int = 20) -> Series:
    """Step lengths: quarter hours first, then hours; 24 h by default [s]."""
    return np.concatenate([np.full(fine, 900.0), np.full(coarse, 3600.0)])

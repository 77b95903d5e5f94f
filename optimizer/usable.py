"""A forecast that a plan can be built on, or the reason why there is none."""

import numpy as np
from numpy.typing import NDArray

from twin.forecast import Forecast
from twin.signals import Inputs

Array = NDArray[np.float64]

LEAST_KNOWN_SHARE = 0.5  # of the steps of a series; below that nothing is filled


def usable(forecast: Forecast | None, steps: int) -> tuple[Forecast | None, str]:
    """Fill what few values are missing; refuse what lacks too much.

    Parameters
    ----------
    forecast
        As it came; may be missing, too short or hold values that are not finite.
    steps
        Steps that the plan needs.

    Returns
    -------
    Forecast or None, str
        None where no plan can be built; the text says what was filled or is missing.
    """
    if forecast is None:
        return None, "no forecast"
    if len(forecast.step_s) != steps:
        return None, f"forecast of {len(forecast.step_s)} steps, the plan has {steps}"
    named = {**forecast.inputs._asdict()}
    named["energy_price_usd_j"] = forecast.energy_price_usd_j
    named["carbon_kg_j"] = forecast.carbon_kg_j
    filled, lacking = [], []
    for name, values in named.items():
        series = np.broadcast_to(np.asarray(values, dtype=float), (steps,))
        known = np.isfinite(series)
        if known.mean() < LEAST_KNOWN_SHARE:
            lacking.append(name)
        elif not known.all():
            filled.append(name)
            named[name] = _filled(series, known)
    if lacking:
        return None, f"forecast lacks {', '.join(lacking)}"
    inputs = Inputs(*(named[name] for name in Inputs._fields))
    whole = forecast._replace(
        inputs=inputs,
        energy_price_usd_j=np.asarray(named["energy_price_usd_j"]),
        carbon_kg_j=np.asarray(named["carbon_kg_j"]),
    )
    return whole, f"forecast filled in {', '.join(filled)}" if filled else ""


def _filled(series: Array, known: NDArray[np.bool_]) -> Array:
    """Missing values from their neighbours in time."""
    at = np.arange(len(series))
    return np.asarray(np.interp(at, at[known], series[known]))

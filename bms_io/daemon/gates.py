"""Gates before a decision counts: data, model, solver, forecast, oscillation.

Each is a pure function that returns nothing, or the reason why it is closed.
"""

import math
from collections import deque
from collections.abc import Sequence

import numpy as np

from twin.forecast import Forecast, at_quantile
from twin.interfaces import Decision, Estimate
from twin.signals import Setpoints

MOST_RESIDUAL = 0.25  # of the predicted site power, assumption
RESIDUAL_CYCLES = 4  # cycles whose median counts, so that one bad forecast does not
MOST_FORECAST_AGE_S = 3600.0  # assumption
MOST_REVERSALS = 4  # of one setpoint within the last eight moves, assumption
_MOVES = 8
MOST_TOLD = 3  # reasons in one message
MOST_IT_SPREAD = (
    0.75  # of the rated power, 10 to 90 %, assumption: 0.43 is the usual most
)
MOST_WET_BULB_SPREAD_K = 6.0  # 10 to 90 %, assumption: 1.5 K is the usual most
_SOON_S = 3600.0  # what a decision rests on before the next ones correct it
_PLAUSIBLE_WET_BULB_C = (-45.0, 40.0)  # beyond any weather station record


def brief(reasons: Sequence[str]) -> str:
    """First few of many reasons: when a gateway is gone, every point says the same."""
    more = len(reasons) - MOST_TOLD
    told = "; ".join(reasons[:MOST_TOLD])
    return f"{told}; and {more} more" if more > 0 else told


def data_gate(estimate: Estimate) -> str:
    """Every critical signal must be usable."""
    return brief(estimate.problems)


def forecast_gate(forecast: Forecast, now_s: float) -> str:
    """A forecast must be there, recent, finite and possible."""
    if forecast.time_s.size == 0:
        return "forecast: is empty"
    age_s = now_s - float(forecast.time_s[0])
    if abs(age_s) > MOST_FORECAST_AGE_S:
        return f"forecast: begins {age_s:g} s ago"
    if not all(np.isfinite(np.asarray(values)).all() for values in forecast.inputs):
        return "forecast: has values that are not numbers"
    low_c, high_c = _PLAUSIBLE_WET_BULB_C
    wet_bulb_c = np.asarray(forecast.inputs.wet_bulb_c)
    if wet_bulb_c.min() < low_c or wet_bulb_c.max() > high_c:
        return f"forecast: wet bulb is not within {low_c:g} to {high_c:g} degC"
    if np.asarray(forecast.inputs.it_demand_w).min() < 0.0:
        return "forecast: IT power is negative"
    return ""


def spread_gate(forecast: Forecast, rated_w: float) -> str:
    """A forecast must know something of the next hour.

    Parameters
    ----------
    forecast
        Sound by ``forecast_gate``.
    rated_w
        Power of all racks, the measure of what is much.
    """
    soon = forecast.time_s < forecast.time_s[0] + _SOON_S
    low, high = (at_quantile(forecast, share) for share in (0.1, 0.9))

    def widest(name: str) -> float:
        width = np.asarray(getattr(high, name)) - np.asarray(getattr(low, name))
        return float(np.max(width[soon]))

    it_w, wet_bulb_k = widest("it_demand_w"), widest("wet_bulb_c")
    if not it_w <= MOST_IT_SPREAD * rated_w:
        return (
            f"forecast: IT power of the next hour is uncertain by {it_w / 1e3:.0f} kW"
        )
    if not wet_bulb_k <= MOST_WET_BULB_SPREAD_K:
        return f"forecast: wet bulb of the next hour is uncertain by {wet_bulb_k:.1f} K"
    return ""


def solver_gate(decision: Decision) -> str:
    """Every setpoint must be a number."""
    bad = [n for n, v in decision.setpoints._asdict().items() if not math.isfinite(v)]
    return f"controller: {', '.join(bad)} not a number" if bad else ""


class ModelGate:
    """Compares what was predicted with what came of it, at the IT load that came.

    How wrong the forecast of the IT load was says nothing of the twin; quarter hours of an
    exascale machine differ by a factor.
    """

    def __init__(self) -> None:
        self._predicted_w = self._it_w = math.nan
        self._misses: deque[float] = deque(maxlen=RESIDUAL_CYCLES)

    def expect(self, decision: Decision, it_w: float = math.nan) -> None:
        """Remember the prediction of a decision in force, and the IT power in it."""
        self._predicted_w, self._it_w = decision.predicted_site_power_w, it_w

    @property
    def residual(self) -> float:
        """Median relative miss of the last cycles; nan before there are enough."""
        full = len(self._misses) == RESIDUAL_CYCLES
        return float(np.median(self._misses)) if full else math.nan

    def check(self, estimate: Estimate) -> str:
        """Judge the last cycles."""
        measured_w = estimate.measured.get("site_power_w", math.nan)
        surprise_w = estimate.measured.get("it_power_w", math.nan) - self._it_w
        if math.isfinite(surprise_w):
            measured_w -= surprise_w
        miss = abs(measured_w - self._predicted_w) / max(abs(self._predicted_w), 1.0)
        if math.isfinite(miss):
            self._misses.append(miss)
        self._predicted_w = self._it_w = math.nan
        if self.residual > MOST_RESIDUAL:
            return f"model: predicted site power is off by {self.residual:.0%}"
        return ""


class ReversalGate:
    """Finds a controller that flips a setpoint to and fro."""

    def __init__(self) -> None:
        self._values: dict[str, deque[float]] = {
            name: deque(maxlen=_MOVES + 1) for name in Setpoints._fields
        }

    def check(self, decision: Decision) -> str:
        """Add a decision and judge the last ones."""
        for name, value in decision.setpoints._asdict().items():
            if math.isfinite(value):
                self._values[name].append(float(value))
        counts = {name: _large_reversals(v) for name, v in self._values.items()}
        worst = max(counts, key=lambda name: counts[name])
        if counts[worst] > MOST_REVERSALS:
            return (
                f"controller: {worst} reversed {counts[worst]} times in {_MOVES} moves"
            )
        return ""


def _large_reversals(values: Sequence[float]) -> int:
    """Changes of direction between steps of more than half the largest step."""
    steps = np.diff(np.asarray(values))
    large = steps[np.abs(steps) > 0.5 * np.abs(steps).max(initial=0.0)]
    return int((np.sign(large[1:]) != np.sign(large[:-1])).sum())

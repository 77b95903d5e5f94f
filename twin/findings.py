"""A warning in the operator's terms: evidence, cost of waiting, time to a limit."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from twin.fault_families import Family
from twin.misses import Misses
from twin.replay import Block, replay
from twin.signal_table import catalogue
from twin.signals import Outputs
from twin.signatures import residuals
from twin.site import TemperatureLimits
from twin.size import LATEST, faulty, most_severity, size
from twin.topology import Facility

Array = NDArray[np.float64]
SHOWN = 3  # signals in the evidence
SURE = 0.9  # that a fault grows, before a time to a limit is told
SITE = Outputs._fields.index("site_power_w")
WATER = tuple(map(Outputs._fields.index, ("tower_makeup_kg_s", "ahu_makeup_kg_s")))


class Suspect(NamedTuple):
    """A family and how likely it is."""

    family: Family
    confidence: float
    severity: float


class Finding(NamedTuple):
    """One warning."""

    raised_s: float  # end of the day on which it was raised
    since_s: float  # estimated begin
    suspects: tuple[Suspect, ...]  # the likeliest first
    growth_per_day: float  # of the severity
    evidence: tuple[str, ...]  # what the plant shows, in words
    waste_w: float  # what the fault costs, mean of the last day
    waste_water_kg_s: float  # likewise, make-up water
    limit_days: float  # until a temperature limit; inf: it does not grow; nan: to none


def told(
    facility: Facility,
    limits: TemperatureLimits,
    around: tuple[Sequence[Block], Sequence[Block]],
    misses: Misses,
    change: tuple[tuple[Suspect, ...], Array, float, float],
) -> Finding:
    """Add what an operator asks next.

    Parameters
    ----------
    facility
        Sound twin.
    limits
        Of the site.
    around
        Days before the change, and since it began.
    misses
        Signals and their noise.
    change
        Suspects; severity of the first by day; when raised and begun. [s]
    """
    suspects, course, raised_s, since_s = change
    before, since = around
    first = suspects[0]
    now = size(facility, before, since, misses, first.family)
    seen = float(np.mean(course[-LATEST:]))  # by tangents, which bend away
    if now * seen > 0.0:
        first, course = first._replace(severity=now), course * now / seen
        suspects = (first, *suspects[1:])
    growth, sure = _growth(course)
    return Finding(
        raised_s,
        since_s,
        suspects,
        growth,
        _evidence(facility, since[-1], misses, first.family),
        *_waste(facility, since[-1], first),
        _limit_days(facility, limits, since, first, growth if sure else 0.0),
    )


def _growth(course: Array) -> tuple[float, bool]:
    """Slope of a severity per day, and whether it is surely a growth."""
    if len(course) < 4:
        return 0.0, False
    fit = stats.linregress(np.arange(len(course)), course)
    grows = bool(fit.slope * np.sign(course[-1]) > 0 and fit.pvalue < 1.0 - SURE)
    return float(fit.slope), grows


def _evidence(
    facility: Facility, part: Block, misses: Misses, family: Family
) -> tuple[str, ...]:
    """Signals that speak most for the family, with what they are off by."""
    left, slopes = residuals(facility, part, misses, (family,))
    speaks = np.abs((left * slopes[..., 0]).sum(axis=0))
    texts = []
    for j in np.argsort(-speaks)[:SHOWN]:
        counted = left[:, j] != 0.0
        if speaks[j] <= 0.0 or not counted.any():
            continue
        off = float(np.mean(left[counted, j]) * misses.scale[j])
        name = Outputs._fields[misses.signals[j]]
        texts.append(_words(name, off))
    return tuple(texts)


def _words(name: str, off: float) -> str:
    """One signal: ``tower_fan_power_w 3.2 kW above the twin``."""
    unit = catalogue()["outputs", name].unit
    size, unit = (off / 1e3, "kW") if unit == "W" else (off, unit)
    unit = "K" if unit == "degC" else unit
    side = "above" if off > 0 else "below"
    return f"{name} {abs(size):.3g} {unit} {side} the twin"


def _waste(facility: Facility, part: Block, suspect: Suspect) -> tuple[float, float]:
    """Power [W] and water [kg/s] of the last day with the fault less those without it.

    0 for sensors.
    """
    if suspect.family.change == "sensor":
        return 0.0, 0.0
    worn = faulty(facility, part, suspect.family, suspect.severity)
    more = (worn - replay(facility, part))[part.burn_in :].mean(axis=0)
    return float(more[SITE]), float(more[list(WATER)].sum())


def _limit_days(
    facility: Facility,
    limits: TemperatureLimits,
    since: Sequence[Block],
    suspect: Suspect,
    growth: float,
) -> float:
    """Days until the fault alone would break a temperature limit on the warmest day."""
    if suspect.family.change == "sensor":
        return float("nan")
    warmest = max(since, key=lambda part: float(part.history.inputs[:, 1].max()))
    most = float(np.copysign(most_severity(suspect.family), suspect.severity))

    def breaks(severity: float) -> bool:
        rows = faulty(facility, warmest, suspect.family, severity)[warmest.burn_in :]
        checked = ("rack_inlet_c", "chip_c", "tcs_supply_c")
        return any(
            rows[:, Outputs._fields.index(name)].max() > getattr(limits, name)
            for name in checked
        )

    if breaks(0.0) or not breaks(most):
        return float("nan")
    if growth == 0.0:
        return float("inf")
    low, high = 0.0, most
    for _ in range(8):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if breaks(middle) else (middle, high)
    return max((high - suspect.severity) / growth, 0.0)

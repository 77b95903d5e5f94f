"""Sensors that cannot be what their name says: swapped pairs and wrong units.

A twin on its nameplates is within tenths of its plant; two sensors that were exchanged, or
a reading in another unit, are far outside that and come right when exchanged or rescaled.
Such readings are left out, day by day, and told with what to do about them. What fits no
explanation stays: it may be a fault of the plant, and that is for ``twin.diagnose``.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import DataError
from twin.history import History
from twin.misses import SIGNALS
from twin.replay import DEMAND, IT_POWER, Block, blocks, replay
from twin.signals import Outputs
from twin.topology import Facility

Array = NDArray[np.float64]
DAY_S = 86400.0
FAR_K, FAR_SHARE = 1.0, 0.3  # a twin on nameplates is nearer
BETTER = 0.3  # what exchanged sensors may still be off by, of what they were
NEAR = np.log(1.25)  # of a ratio to a factor between units
STEADY = 0.3  # scatter of the ratio within a day, logarithm
LEAST_DAYS = 2  # nobody exchanges sensors for a day; a machine may be odd for one
LEAST_LOAD = 0.01  # of the rated power; a site's racks never take less all the time
FACTORS = {
    "_w": {"kW": 1e-3, "MW": 1e-6},
    "_kg_s": {"m3/h or t/h": 3.6, "L/min": 60.0, "gpm": 15.85, "t/s or m3/s": 1e-3},
    "_pa": {"kPa": 1e-3, "bar": 1e-5, "psi": 1.45e-4},
    "": {"%": 100.0},
}
TEMPERATURES = {"degF": (1.8, 32.0), "K": (1.0, 273.15)}


class Doubt(NamedTuple):
    """Why a sensor is not believed on a day."""

    signals: tuple[str, ...]
    why: str


def trusted(facility: Facility, history: History) -> History:
    """A history without the readings of mistaken sensors, and notes on them.

    Parameters
    ----------
    facility
        Nameplates.
    history
        As recorded.

    Raises
    ------
    DataError
        If the IT demand, which drives the twin, is in another unit.
    """
    _check_demand(facility, history)
    parts = blocks(history, DAY_S)
    days = dict[Doubt, list[int]]()
    for number, part in enumerate(parts):
        for doubt in doubts(facility, part):
            days.setdefault(doubt, []).append(number)
    lasting = {d: found for d, found in days.items() if len(found) >= LEAST_DAYS}
    outputs = history.outputs.copy()
    for doubt, found in lasting.items():
        for number in found:
            rows = np.searchsorted(history.time_s, parts[number].history.time_s)
            for name in doubt.signals:
                outputs[rows, Outputs._fields.index(name)] = np.nan
    notes = [_note(doubt, found, len(parts)) for doubt, found in lasting.items()]
    return history._replace(outputs=outputs, notes=(*history.notes, *notes))


def _check_demand(facility: Facility, history: History) -> None:
    """Refuse a demand that no site of this size has."""
    most_w, rated_w = history.inputs[:, DEMAND].max(), facility.it.racks.rated_power_w
    if not LEAST_LOAD * rated_w < most_w < rated_w / LEAST_LOAD:
        message = (
            f"it_demand_w reaches {most_w:,.6g}, the racks are rated {rated_w:,.6g} W: "
            "wrong unit? Record it in W, or take the right site."
        )
        raise DataError(message)


def _note(doubt: Doubt, days: Sequence[int], of: int) -> str:
    """One line for people."""
    since = "" if len(days) == of else f", first on day {days[0] + 1}"
    return f"{doubt.why} on {len(days)} of {of} days{since}: left out"


def doubts(facility: Facility, part: Block) -> list[Doubt]:
    """What is mistaken in a stretch."""
    said = replay(facility, part)[part.burn_in :]
    seen = part.history.outputs[part.burn_in :]
    wrong = _scaled(seen, said)
    named = {name for doubt in wrong for name in doubt.signals}
    return [*wrong, *_swapped(seen, said, named)]


def _scaled(seen: Array, said: Array) -> list[Doubt]:
    """Readings that come right in another unit."""
    found = []
    for name in SIGNALS:
        column = Outputs._fields.index(name)
        known = np.isfinite(seen[:, column])
        if known.sum() < 2:
            continue
        there, expected = seen[known, column], said[known, column]
        unit = (
            _temperature(there, expected)
            if name.endswith("_c")
            else _factor(name, there, expected)
        )
        if unit:
            found.append(Doubt((name,), f"{name} looks like {unit}"))
    meter = IT_POWER
    if np.isfinite(seen[:, meter]).any():
        unit = _factor("it_power_w", seen[:, meter], said[:, meter])
        found += (
            [Doubt(("it_power_w",), f"it_power_w looks like {unit}")] if unit else []
        )
    return found


def _temperature(seen: Array, said: Array) -> str:
    """Unit in which a temperature fits far better, or nothing."""
    off = _rms(seen - said)
    for unit, (slope, zero) in TEMPERATURES.items():
        if off > 10.0 * FAR_K and _rms((seen - zero) / slope - said) < BETTER * off:
            return unit
    return ""


def _factor(name: str, seen: Array, said: Array) -> str:
    """Unit whose factor is the ratio of plant and twin, or nothing."""
    both = (seen > 0.0) & (said > 0.05 * max(float(said.max()), 1e-12))
    if both.sum() < 2:
        return ""
    ratio = np.log(seen[both] / said[both])
    middle = float(np.median(ratio))
    if float(np.median(np.abs(ratio - middle))) > STEADY:
        return ""
    suffix = next((s for s in FACTORS if s and name.endswith(s)), "")
    for unit, factor in FACTORS[suffix].items():
        if abs(middle) > 2.0 * NEAR and abs(middle - np.log(factor)) < NEAR:
            return unit
    return ""


def _swapped(seen: Array, said: Array, named: set[str]) -> list[Doubt]:
    """Pairs of one kind that come right when they are exchanged, the clearest first."""
    pairs = []
    for first, second in combinations([n for n in SIGNALS if n not in named], 2):
        if _kind(first) != _kind(second) or not _kind(first):
            continue
        i, j = Outputs._fields.index(first), Outputs._fields.index(second)
        known = np.isfinite(seen[:, i]) & np.isfinite(seen[:, j])
        if known.sum() < 2:
            continue
        own = [_off(first, seen[known, k], said[known, k]) for k in (i, j)]
        crossed = [
            _off(first, seen[known, i], said[known, j]),
            _off(first, seen[known, j], said[known, i]),
        ]
        if min(own) > 1.0 and sum(crossed) < BETTER * sum(own):
            pairs.append((sum(crossed) / sum(own), first, second))
    found: list[Doubt] = []
    for _, first, second in sorted(pairs):
        if not {first, second} & named:
            named = named | {first, second}
            found.append(Doubt((first, second), f"{first} and {second} look swapped"))
    return found


def _kind(name: str) -> str:
    """Suffix of the unit."""
    return next((s for s in ("_c", "_w", "_kg_s") if name.endswith(s)), "")


def _off(name: str, seen: Array, said: Array) -> float:
    """How far off, in what a twin on nameplates may be off by."""
    size = FAR_K if name.endswith("_c") else FAR_SHARE * float(np.mean(np.abs(said)))
    return _rms(seen - said) / max(size, 1e-9)


def _rms(off: Array) -> float:
    return float(np.sqrt(np.mean(off**2)))

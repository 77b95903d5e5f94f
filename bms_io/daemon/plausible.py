"""Readings that contradict each other: what range, rate and age of a point cannot see.

Outdoor air is measured four times over: dry bulb, humidity and pressure give the wet bulb.
A loop carries its heat from supply to return, and as much as its heat meter says. A sensor
that jumps to and fro is noise. Each contradiction must last for ``LASTS`` looks, longer
than a loop takes to follow its load; all thresholds are assumptions of several times the
accuracy of ordinary sensors.
"""

import math
from collections import Counter, deque
from collections.abc import Iterator, Mapping

import numpy as np

from plant.psychrometrics import wet_bulb
from twin.interfaces import Quality, Snapshot

LASTS = 4
MOST_WET_BULB_K = 2.0
MOST_INVERSION_K = 1.0  # return below supply
MOST_HEAT = 0.25  # of the larger of the two heats
LEAST_DIFFERENCE_K = 3.0  # below it the sensors' own errors count for too much
MOST_JITTER_K = 0.8
WATER_J_KG_K = 4186.0
_JITTERY = ("inputs.wet_bulb_c", "inputs.dry_bulb_c")  # what no setpoint moves
_LOOPS = (("tcs", "cdu_heat_w"), ("tower", ""), ("air", ""))
_LOOKS = 8

Finding = tuple[str, str]  # signal, what contradicts it
Values = Mapping[str, float]


class Plausible:
    """Watches the readings of a plant for contradictions."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._past = {name: deque[float](maxlen=_LOOKS) for name in _JITTERY}

    def look(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Judge a snapshot.

        Returns
        -------
        tuple of str
            One sentence per contradiction that lasts.
        """
        values = {
            name: reading.value
            for name, reading in snapshot.readings.items()
            if reading.quality is not Quality.BAD
        }
        for name, past in self._past.items():
            past.append(values.get(name, math.nan))
        found = dict([*_outdoor(values), *_loops(values)])
        found |= dict(self._noise())
        self._seen = Counter({n: self._seen[n] + 1 for n in found})
        return tuple(
            f"{name}: {why}" for name, why in found.items() if self._seen[name] >= LASTS
        )

    def _noise(self) -> Iterator[Finding]:
        """Jitter: the second difference does not see trends, and noise six times over."""
        for name, past in self._past.items():
            bends = np.diff(np.asarray(past), n=2)
            jitter_k = math.sqrt(float((bends**2).mean()) / 6.0) if len(bends) else 0.0
            if len(past) == _LOOKS and jitter_k > MOST_JITTER_K:
                yield name, f"jumps by {jitter_k:.1f} K from look to look"


def _outdoor(values: Values) -> Iterator[Finding]:
    """Wet bulb against what dry bulb, humidity and pressure say."""
    names = ("dry_bulb_c", "humidity_ratio", "pressure_pa", "wet_bulb_c")
    dry_c, ratio, pressure_pa, measured_c = (
        values.get(f"inputs.{name}", math.nan) for name in names
    )
    if math.isfinite(dry_c + ratio + pressure_pa + measured_c):
        expected_c = float(wet_bulb(dry_c, ratio, pressure_pa))
        if not abs(measured_c - expected_c) <= MOST_WET_BULB_K:
            why = f"{measured_c:.1f}, but the outdoor air gives {expected_c:.1f}"
            yield "inputs.wet_bulb_c", why


def _loops(values: Values) -> Iterator[Finding]:
    """Sign and size of the heat that a loop carries."""
    for loop, meter in _LOOPS:
        difference_k = _output(values, f"{loop}_return_c") - _output(
            values, f"{loop}_supply_c"
        )
        flow_kg_s = _output(values, f"{loop}_flow_kg_s")
        if difference_k < -MOST_INVERSION_K:
            yield (
                f"outputs.{loop}_supply_c",
                f"above the return by {-difference_k:.1f} K",
            )
        heat_w = _output(values, meter)
        carried_w = flow_kg_s * WATER_J_KG_K * difference_k
        miss = abs(carried_w - heat_w) / max(abs(carried_w), abs(heat_w), 1.0)
        if difference_k > LEAST_DIFFERENCE_K and miss > MOST_HEAT:
            why = f"carries {carried_w / 1e3:.0f} kW, its meter says {heat_w / 1e3:.0f}"
            yield f"outputs.{loop}_return_c", why


def _output(values: Values, name: str) -> float:
    return values.get(f"outputs.{name}", math.nan)

"""What may be wrong with a virtual plant, in the words of PX4's failure injection.

One fault is ``TARGET:KIND[=AMOUNT][@START_S][+DURATION_S]``, times on the plant clock:

============  ================================  =====================================
kind          on a sensor or setpoint           on a device
============  ================================  =====================================
off           no value; setpoint refused        does not answer
stuck         stays; setpoint ignored           serves old values
garbage       any number                        any numbers
wrong         AMOUNT too high                   all values are
slow          news every AMOUNT s               answers after AMOUNT s of wall clock
delayed       AMOUNT s late                     all values are
intermittent  off every other AMOUNT s          off every other AMOUNT s
drift         AMOUNT per hour too high          all values are
trip          AMOUNT units of equipment stop; the target is a field of
              ``twin.faults.Faults`` as ``chillers_out``
============  ================================  =====================================

A sensor is named by its point, an actuator by its setpoint (``setpoints.*``): what it does
then shows in ``active.*``. Amounts are SI; without one see ``_AMOUNTS``. An amount, a start
or a duration with which nothing would go wrong is refused.
"""

import math
import re
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from bms_io.point_names import signal_of
from bms_io.points import Point, PointMap
from twin.errors import ConfigError
from twin.faults import Faults

Kind = Literal[
    "off",
    "stuck",
    "garbage",
    "wrong",
    "slow",
    "delayed",
    "intermittent",
    "drift",
    "trip",
]
_FORM = re.compile(
    r"(?P<target>[\w.@/ -]+?):(?P<kind>\w+)(=(?P<amount>[-+.\deE]+))?"
    r"(@(?P<start>[.\d]+))?(\+(?P<length>[.\d]+))?"
)
# assumptions; wrong and drift take a tenth of the span of the point instead
_NEWS_EVERY_S = 900.0  # slow sensor
_AMOUNTS = {"delayed": 600.0, "intermittent": 600.0, "trip": 1.0}
_DEVICE_ANSWERS_AFTER_S = 2.0  # slow device, wall clock: longer than usual time-outs
_OF_ANSWERS = ("off", "slow", "intermittent")  # what a device does to all its points
_TRIPS = tuple(f for f in Faults._fields if f.endswith(("_out", "_fouling")))


class Fault(NamedTuple):
    """One thing that is wrong for a while."""

    target: str  # point, device, or field of ``twin.faults.Faults``
    kind: Kind
    amount: float = math.nan  # by its kind if nan
    start_s: float = 0.0
    duration_s: float = math.inf

    def is_on(self, time_s: float) -> bool:
        """Whether it is there at a time of the plant clock."""
        begun_s = time_s - self.start_s
        if not 0.0 <= begun_s < self.duration_s:
            return False
        return self.kind != "intermittent" or begun_s % (2 * self.amount) < self.amount


def parse_fault(text: str) -> Fault:
    """Read a fault as it is written on the command line.

    Raises
    ------
    ConfigError
        If it does not have the form, or the kind is unknown.
    """
    found = _FORM.fullmatch(text)
    kinds: tuple[Kind, ...] = get_args(Kind)
    kind = next((k for k in kinds if found and k == found["kind"]), None)
    try:
        if found is None or kind is None:
            raise ValueError
        fault = Fault(
            found["target"],
            kind,
            float(found["amount"] or _AMOUNTS.get(kind, math.nan)),
            float(found["start"] or 0.0),
            float(found["length"] or math.inf),
        )
    except ValueError:
        message = (
            f"fault {text!r} is not TARGET:KIND[=AMOUNT][@START_S][+DURATION_S] with a "
            f"kind of {', '.join(kinds)}. For example outputs.chip_c:drift=0.5@3600+7200"
        )
        raise ConfigError(message) from None
    if why := _in_vain(fault, found["amount"] is not None):
        message = f"fault {text!r}: {why}"
        raise ConfigError(message)
    return fault


def _in_vain(fault: Fault, given: bool) -> str:
    """Why a fault makes no sense or would do nothing, empty if it does something."""
    amount, kind = fault.amount, fault.kind
    if given and kind in ("off", "stuck", "garbage"):
        return f"{kind} takes no amount. Remove ={amount:g}."
    if math.isinf(amount):
        return "the amount is too large. Give a finite number."
    if kind in ("slow", "delayed", "intermittent", "trip") and amount <= 0.0:
        unit = "units" if kind == "trip" else "s"
        return f"the amount is {amount:g}; allowed is more than 0 {unit}. Change it."
    if kind in ("wrong", "drift") and amount == 0.0:
        return "an amount of 0 changes nothing. Change it."
    if fault.duration_s == 0.0:
        return "it lasts 0 s and is never there. Change the duration."
    return ""


class PlantFaults:
    """All faults of a plant, and what they make of its values.

    Parameters
    ----------
    faults
        What is wrong, and when.
    point_map
        Says what the targets are.
    rng
        Source of garbage.

    Raises
    ------
    ConfigError
        If a target does not exist, or cannot have that amount.
    """

    def __init__(
        self, faults: Sequence[Fault], point_map: PointMap, rng: np.random.Generator
    ) -> None:
        self._trips = [f for f in faults if f.kind == "trip"]
        self._devices = [f for f in faults if f.target in point_map.devices]
        self._wrongs: dict[str, list[_Wrong]] = {}
        _check(faults, point_map)
        for fault in faults:
            for point in _points_of(fault, point_map):
                wrong = _Wrong(_sized(fault, point), rng, point)
                self._wrongs.setdefault(point.name, []).append(wrong)

    def shown(self, values: Mapping[str, float], time_s: float) -> dict[str, float]:
        """Values as the sensors show them; nan is no value."""
        seen = dict(values)
        for name, wrongs in self._wrongs.items():
            if not name.startswith("setpoints."):
                value = seen.get(name, seen[signal_of(name)])  # a second sensor
                for wrong in wrongs:
                    value = wrong.apply(value, time_s)
                seen[name] = value
        return seen

    def actuated(self, name: str, value: float, time_s: float) -> float:
        """Setpoint in force where another was asked for."""
        for wrong in self._wrongs.get(name, []):
            value = wrong.apply(value, time_s)
        return value

    def refuses(self, name: str, time_s: float) -> bool:
        """Whether a point takes no write now."""
        return any(
            w.fault.kind == "off" and w.fault.is_on(time_s)
            for w in self._wrongs.get(name, [])
        )

    def answers_after_s(self, device: str, time_s: float) -> float:
        """How long a device takes for an answer, wall clock; infinite if it is off."""
        now = [f for f in self._devices if f.target == device and f.is_on(time_s)]
        if any(f.kind in ("off", "intermittent") for f in now):
            return math.inf
        slow = [_given(f.amount) for f in now if f.kind == "slow"]
        return max([0.0, *slow])

    def equipment(self, time_s: float) -> Faults:
        """Equipment that stands still now."""
        now = [f for f in self._trips if f.is_on(time_s)]
        out: dict[str, Any] = {f.target: f.amount for f in now}
        return Faults(**out)


class _Wrong:
    """One fault on one point, with its memory."""

    def __init__(self, fault: Fault, rng: np.random.Generator, point: Point) -> None:
        self.fault = fault
        self._rng = rng
        self._stops = point.write and (point.write.minimum, point.write.maximum)
        self._before: deque[tuple[float, float]] = deque(maxlen=100_000)
        self._held = math.nan
        self._since_s = -math.inf

    def apply(self, value: float, time_s: float) -> float:
        """What becomes of a value now; an actuator stays within its end stops."""
        self._before.append((time_s, value))
        if not self.fault.is_on(time_s):
            self._held, self._since_s = value, time_s
            return value
        if math.isnan(self._held):
            self._held = value
        if self._stops is None:
            return self._distorted(value, time_s)
        low, high = self._stops
        if self.fault.kind == "garbage":
            return float(self._rng.uniform(low, high))
        return min(max(self._distorted(value, time_s), low), high)

    def _distorted(self, value: float, time_s: float) -> float:
        """What the fault makes of a value; a dead actuator stays, a sensor has none."""
        fault = self.fault
        if fault.kind in ("off", "intermittent"):
            return math.nan if self._stops is None else self._held
        if fault.kind == "garbage":
            return float(self._rng.normal() * 10.0 ** self._rng.uniform(-6.0, 9.0))
        if fault.kind == "delayed":
            return self._ago(time_s - fault.amount)
        if fault.kind in ("wrong", "drift"):
            hours = (time_s - fault.start_s) / 3600.0
            return value + fault.amount * (hours if fault.kind == "drift" else 1.0)
        if fault.kind == "slow" and time_s - self._since_s >= fault.amount:
            self._held, self._since_s = value, time_s
        return self._held

    def _ago(self, time_s: float) -> float:
        """Value at an earlier time, the oldest known if that is too long ago."""
        while len(self._before) > 1 and self._before[1][0] <= time_s:
            self._before.popleft()
        return self._before[0][1]


def _check(faults: Sequence[Fault], point_map: PointMap) -> None:
    """Find every fault whose target does not exist."""
    wrong = [
        f"fault of {f.target!r}: no such "
        + (f"equipment. One of {', '.join(_TRIPS)}" if f.kind == "trip" else
           f"point or device in {point_map.path}")
        for f in faults
        if f.target not in (_TRIPS if f.kind == "trip" else _targets(point_map))
    ]  # fmt: skip
    wrong += [why for f in faults if f.kind == "trip" if (why := _untrippable(f))]
    if wrong:
        raise ConfigError("\n".join(wrong))


def _untrippable(fault: Fault) -> str:
    """Why equipment cannot trip by so much, empty if it can."""
    if fault.target.endswith("_out") and fault.amount != round(fault.amount):
        return f"fault of {fault.target!r}: {fault.amount:g} is no number of units"
    if fault.target.endswith("_fouling") and fault.amount >= 1.0:
        text = "give a share below 1, e.g. =0.3"
        return f"fault of {fault.target!r}: {fault.amount:g}: {text}"
    return ""


def _targets(point_map: PointMap) -> set[str]:
    return {*point_map.points, *point_map.devices}


def _points_of(fault: Fault, point_map: PointMap) -> list[Point]:
    """Points that a fault is on; those of a device if it is about all its values."""
    if fault.kind == "trip":
        return []
    if fault.target in point_map.points:
        return [point_map.points[fault.target]]
    if fault.kind in _OF_ANSWERS:
        return []
    points = point_map.points.values()
    return [p for p in points if p.device == fault.target and not p.commanded]


def _given(amount: float) -> float:
    """Delay of a slow device."""
    return _DEVICE_ANSWERS_AFTER_S if math.isnan(amount) else amount


def _sized(fault: Fault, point: Point) -> Fault:
    """Give a fault without amount one that suits its point."""
    if not math.isnan(fault.amount):
        return fault
    if fault.kind == "slow":
        return fault._replace(amount=_NEWS_EVERY_S)
    span = point.maximum - point.minimum
    if point.write is not None:
        span = point.write.maximum - point.write.minimum
    return fault._replace(amount=0.1 * span if math.isfinite(span) else 1.0)

"""What the sensors of a virtual plant make of the truth: noise, bias, steps, delay."""

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from twin.sensors import SensorNoise, sensed


class Imperfect(NamedTuple):
    """What sensors do besides their noise."""

    bias_k: float = 0.0  # standard deviation over the thermometers, constant for each
    resolution_k: float = 0.0  # thermometers show whole steps of this
    delay_s: float = 0.0  # of everything, on the plant clock


class Sensors:
    """All sensors of a plant.

    Parameters
    ----------
    noise
        Their noise.
    imperfect
        The rest.
    rng
        One normal number is drawn per reading, as without imperfections.
    """

    def __init__(
        self, noise: SensorNoise, imperfect: Imperfect, rng: np.random.Generator
    ) -> None:
        self._noise, self._imperfect, self._rng = noise, imperfect, rng
        (self._makers,) = rng.spawn(1)  # leaves the sequence of rng as it is
        self._bias_k: dict[str, float] = {}
        self._before: deque[tuple[float, dict[str, float]]] = deque()

    def read(self, truth: Mapping[str, float], time_s: float) -> dict[str, float]:
        """Values shown at a time of the plant clock, by signal name."""
        shown = {name: self._one(name, value) for name, value in truth.items()}
        if self._imperfect.delay_s <= 0.0:
            return shown
        self._before.append((time_s, shown))
        due_s = time_s - self._imperfect.delay_s
        while len(self._before) > 1 and self._before[1][0] <= due_s:
            self._before.popleft()
        return self._before[0][1]

    def _one(self, name: str, value: float) -> float:
        """Reading of one sensor."""
        seen = sensed(name, float(value), self._noise, self._rng)
        if not name.endswith("_c"):
            return seen
        if name not in self._bias_k:
            bias_k = self._imperfect.bias_k * self._makers.normal()
            self._bias_k[name] = float(bias_k)
        step_k = self._imperfect.resolution_k
        seen += self._bias_k[name]
        return seen if step_k <= 0.0 else step_k * round(seen / step_k)

"""What a sensor makes of the truth: noise by the kind of signal."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from twin.closed_loop import MEAN_SUFFIXES
from twin.forecast import Series
from twin.signals import Outputs


class SensorNoise(NamedTuple):
    """Standard deviations of the sensors; assumptions for calibrated BMS sensors."""

    temperature_k: float = 0.1
    power: float = 0.002  # fraction of the value
    flow: float = 0.01  # fraction of the value


def sensed(
    name: str, value: float, noise: SensorNoise, rng: np.random.Generator
) -> float:
    """Value that a sensor shows; counts, modes and fractions are exact.

    Parameters
    ----------
    name
        Of the signal; its unit suffix tells the kind of sensor.
    value
        Truth.
    noise
        Quality of the sensors.
    rng
        One normal number is drawn per call.
    """
    deviation = float(rng.normal())
    relative, absolute = _deviation(name, noise)
    return value * (1.0 + relative * deviation) + absolute * deviation


def _deviation(name: str, noise: SensorNoise) -> tuple[float, float]:
    """Standard deviation relative to the value, and in its unit."""
    if name.endswith("_c"):
        return 0.0, noise.temperature_k
    spread = noise.power if name.endswith("_w") else noise.flow
    return (spread if name.endswith(MEAN_SUFFIXES) else 0.0), 0.0


def sensed_table(
    telemetry: pd.DataFrame, noise: SensorNoise, rng: np.random.Generator
) -> pd.DataFrame:
    """Telemetry as the sensors of a plant show it; see ``sensed``."""
    shown = telemetry.copy()
    for name in telemetry.columns.drop("time_s"):
        relative, absolute = _deviation(str(name), noise)
        deviation = rng.normal(size=len(telemetry))
        value = telemetry[name].to_numpy(float)
        shown[name] = value * (1.0 + relative * deviation) + absolute * deviation
    return shown


def deviations(noise: SensorNoise) -> Series:
    """Of every output signal: relative and absolute, shape (2, outputs)."""
    return np.array([_deviation(name, noise) for name in Outputs._fields]).T

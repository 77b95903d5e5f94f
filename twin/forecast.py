"""Forecasts from what is known now: no forecaster ever sees the future."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.signals import Inputs

Series = NDArray[np.float64]


class Forecast(NamedTuple):
    """Expected inputs and prices over the horizon; arrays of shape (time,)."""

    time_s: Series  # start of each step on the plant clock
    step_s: Series  # length of each step
    inputs: Inputs  # arrays of shape (time,)
    energy_price_usd_j: Series
    carbon_kg_j: Series

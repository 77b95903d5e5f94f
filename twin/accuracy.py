"""How well a twin follows its plant, on readings it was not fitted to.

CV-RMSE and NMBE as in ASHRAE Guideline 14-2014, section 5.3.2.4 (one fitted parameter
assumed, so p = 1); accuracy as vendors state it, 1 - MAPE.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.replay import Block, replay
from twin.signals import Outputs
from twin.topology import Facility

Array = NDArray[np.float64]


class Accuracy(NamedTuple):
    """Of one signal; nan where the measure makes no sense (temperatures, zeros)."""

    signal: str
    rmse: float  # in the unit of the signal
    bias: float  # twin minus plant, likewise
    cv_rmse: float  # share of the mean
    nmbe: float  # share of the mean; positive if the twin reads low
    accuracy: float  # 1 - mean absolute percentage error
    points: int


def accuracy(signal: str, measured: Array, predicted: Array) -> Accuracy:
    """Compare one signal, shapes (points,); points not measured are left out."""
    known = np.isfinite(measured) & np.isfinite(predicted)
    seen, said = measured[known], predicted[known]
    count = len(seen)
    if count < 2:
        return Accuracy(signal, *(float("nan"),) * 5, count)
    apart = seen - said
    mean = float(seen.mean())
    is_share = not signal.endswith("_c") and mean > 0
    freedom = count - 1
    cv = float(np.sqrt((apart**2).sum() / freedom)) / mean if is_share else np.nan
    bias = float(apart.sum()) / freedom / mean if is_share else np.nan
    whole = is_share and bool((seen > 0).all())
    right = 1.0 - float(np.mean(np.abs(apart / seen))) if whole else np.nan
    rmse = float(np.sqrt(np.mean(apart**2)))
    return Accuracy(signal, rmse, -float(apart.mean()), cv, bias, right, count)


def judge(
    facility: Facility, parts: Sequence[Block], signals: Sequence[str]
) -> list[Accuracy]:
    """Accuracy of each signal over stretches."""
    said = np.concatenate([replay(facility, part)[part.burn_in :] for part in parts])
    seen = np.concatenate([part.history.outputs[part.burn_in :] for part in parts])
    columns = [Outputs._fields.index(name) for name in signals]
    return [
        accuracy(name, seen[:, k], said[:, k])
        for name, k in zip(signals, columns, strict=True)
    ]

r"""Failures of chips against temperature, and what they cost a cluster.

.. math::

    \lambda(T) = \lambda_{ref}\, 0.7^{(T_{ref} - T) / 7}, \qquad
    A = 1 - \frac{t_{checkpoint} / 2 + MTTR}{MTBF}, \quad
    MTBF = \frac{1}{N\, \lambda}

Chips that run 7 K cooler fail 30 % less. A failure of any of the :math:`N` chips stops
the synchronous job: on average half a checkpoint interval of work is lost, then the
repair. Effective compute is scale times model-FLOPS utilization times availability.

Valid for chips of 20 to 100 degC; temperatures outside are clamped and flagged.
Availability is clamped at 0 where a cluster fails faster than it recovers, and flagged.
No public failure rate over temperature: accepted on reproducing the claim and on limits
(tests/plant/it/test_reliability.py).

References
----------
The 7 K rule and the availability: vendor white paper on AI data centers (2024), claims
that the whole project tests. Default failure rate: Llama Team (2024), "The Llama 3 Herd
of Models", arXiv:2407.21783: 419 unexpected interruptions in 54 days of 16,384
accelerators; that they ran at 60 degC is an assumption.
"""

from typing import Annotated, NamedTuple

import numpy as np

from plant._curves import held, outside
from plant._kernel import kernel
from plant._select import select
from plant.types import (
    Limits,
    NonNegative,
    Numeric,
    Positive,
    TemperatureC,
    within,
)

CHIP_C: Limits = (20.0, 100.0)
ChipC = Annotated[Numeric, within(CHIP_C)]


class Chips(NamedTuple):
    """Failures of one kind of chip."""

    failure_rate_1_s: NonNegative = 5.48e-9  # at the reference temperature
    reference_c: TemperatureC = 60.0
    cooling_step_k: Positive = 7.0
    cooling_ratio: Positive = 0.7  # failures after one step of cooling over before


class ClusterOutputs(NamedTuple):
    """One synchronous job over all chips."""

    mtbf_s: Numeric
    availability: Numeric  # 0 to 1
    stalled: Numeric  # 1 where the job fails faster than it recovers
    extrapolated: Numeric  # 1 where the chip temperature was clamped


@kernel
def failure_rate(chips: Chips, chip_c: ChipC) -> Numeric:
    """Failures of one chip per second [1/s].

    Parameters
    ----------
    chips
        Parameters.
    chip_c
        Chip temperature; clamped to 20 to 100 degC. [degC]
    """
    steps = (chips.reference_c - held(chip_c, CHIP_C)) / chips.cooling_step_k
    rate: Numeric = chips.failure_rate_1_s * chips.cooling_ratio**steps
    return rate


@kernel
def cluster(
    chips: Chips,
    chip_c: ChipC,
    chip_count: Numeric,
    checkpoint_interval_s: Numeric,
    repair_s: Numeric,
) -> ClusterOutputs:
    """Mean time between failures and availability.

    Parameters
    ----------
    chips
        Parameters.
    chip_c
        Chip temperature. [degC]
    chip_count
        Chips of one synchronous job.
    checkpoint_interval_s
        Between two saved states. [s]
    repair_s
        Mean time to repair and restart. [s]
    """
    rate = failure_rate(chips, chip_c) * chip_count
    lost = (checkpoint_interval_s / 2.0 + repair_s) * rate
    mtbf = 1.0 / np.maximum(rate, 1e-30)
    stalled = select(lost > 1.0, 1.0, 0.0)
    far = outside(chip_c, CHIP_C)
    return ClusterOutputs(mtbf, np.maximum(1.0 - lost, 0.0), stalled, far)


@kernel
def effective_compute(
    scale: Numeric, model_utilization: Numeric, availability: Numeric
) -> Numeric:
    """Compute that reaches the model, in the unit of ``scale`` (FLOP/s, chips, ...)."""
    compute: Numeric = scale * model_utilization * availability
    return compute

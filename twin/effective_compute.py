"""Compute that reaches the model: scale x model-FLOPS utilization x availability.

Scale is the number of chips on cold plates that the IT power served corresponds to;
availability follows their temperature (``plant.it.reliability``), so a warm setpoint pays
for the failures it causes. Air-cooled chips have no temperature in the twin and are not
counted.

References
----------
The product: vendor white paper on AI data centers (2024). Defaults: Llama Team (2024),
arXiv:2407.21783 (38 to 43 % utilization; jobs of 16,384 chips); checkpoint interval and
repair are assumptions.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plant.it import reliability
from plant.it.reliability import Chips
from twin.topology import Facility

Array = NDArray[np.float64]


class Training(NamedTuple):
    """The jobs that the chips work on."""

    job_chips: float = 16_384.0  # of one synchronous job, at most
    model_utilization: float = 0.41
    checkpoint_s: float = 1800.0
    repair_s: float = 600.0


class Compute(NamedTuple):
    """What a run delivered."""

    effective_chip_s: float  # chip-seconds at full model-FLOPS utilization
    availability: float  # mean over the run, weighted by scale; 0 without chips


def chip_count(facility: Facility) -> float:
    """Chips on cold plates."""
    racks = facility.it.racks
    chip_w = facility.it.cold_plate.chip_power_w
    return float(racks.rated_power_w * racks.liquid_fraction / chip_w)


def delivered(
    facility: Facility,
    it_power_w: Array,
    chip_c: Array,
    step_s: Array,
    training: Training | None = None,
) -> Compute:
    """Effective compute of a course.

    Parameters
    ----------
    facility
        Nameplates.
    it_power_w, chip_c, step_s
        Arrays of shape (time,). [W], [degC], [s]
    training
        The defaults if None.
    """
    asked = training or Training()
    chips = chip_count(facility)
    if chips < 1.0:
        return Compute(0.0, 0.0)
    scale = chips * np.minimum(it_power_w / facility.it.racks.rated_power_w, 1.0)
    job = min(asked.job_chips, chips)
    state = reliability.cluster(
        Chips(), chip_c, job, asked.checkpoint_s, asked.repair_s
    )
    ready = np.asarray(state.availability)
    rate = reliability.effective_compute(scale, asked.model_utilization, ready)
    weight = max(float(np.sum(scale * step_s)), 1e-9)
    return Compute(
        float(np.sum(rate * step_s)), float(np.sum(scale * ready * step_s)) / weight
    )

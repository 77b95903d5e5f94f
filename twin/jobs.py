r"""What jobs draw: classes, utilization over the life of a job, power of all of them.

A job ramps up (loading data and weights), runs steadily with short dips while it saves a
checkpoint, and ends. Each phase has one utilization, so the power of a unit is piecewise
constant and its energy up to any elapsed time :math:`t` is exact:

.. math::

    E(t) = P_r \min(t, t_r) + P_s (s - d) + P_c d + P_e \max(t - L + t_e, 0)

with :math:`s` the time in the steady phase, :math:`d` that of it in checkpoints and
:math:`L` the length of the job. The powers come from ``plant.it``: accelerator with cap and
inlet temperature, host, conversion chain to the rack input. Units without a job idle.

Utilizations and lengths of the phases are assumptions: steady training 0.9 and a dip of
60 s every hour (Llama Team 2024, arXiv:2407.21783, reports power swings with checkpoints
and gives no figures); services 0.5; the host of Frontier from ExaDigiT/RAPS.
"""

from typing import NamedTuple

import numpy as np

from plant.it import accelerator, conversion
from plant.it.accelerator import Accelerator
from plant.it.conversion import Chain
from plant.types import Numeric
from twin.compiled import _compiled
from twin.errors import DataError
from twin.forecast import Series
from twin.job_table import CLASSES, Jobs, size

POWERS = (1, 2, 5, 7)  # columns of a profile
UNCAPPED_W = 1e9  # stands for no cap


class Profile(NamedTuple):
    """Life of one class of jobs."""

    ramp_s: float
    ramp_utilization: float
    steady_utilization: float
    checkpoint_interval_s: float
    checkpoint_s: float  # each; part of the interval
    checkpoint_utilization: float
    end_s: float
    end_utilization: float


class Hardware(NamedTuple):
    """One node with its share of rectifier and switches."""

    accelerator: Accelerator
    accelerators_per_node: float
    host_idle_w: float  # processors, memory, network, disks of one node
    host_busy_w: float
    chain: Chain


class Mode(NamedTuple):
    """How the units are run."""

    cap_w: float = UNCAPPED_W  # per accelerator
    inlet_c: float = 30.0


class Grid(NamedTuple):
    """Equal steps of time."""

    start_s: float
    step_s: float
    steps: int


PROFILES = {
    "general": Profile(120.0, 0.4, 0.8, 3600.0, 60.0, 0.3, 30.0, 0.3),
    "pretraining": Profile(600.0, 0.4, 0.95, 3600.0, 60.0, 0.2, 60.0, 0.3),
    "finetuning": Profile(300.0, 0.4, 0.9, 1800.0, 60.0, 0.2, 60.0, 0.3),
    "inference": Profile(120.0, 0.3, 0.5, 86400.0, 0.0, 0.5, 30.0, 0.2),
}
# Idle and peak W of the parts of a node: ExaDigiT/RAPS, config/frontier.yaml.
FRONTIER = Hardware(
    Accelerator(88.0, 560.0),
    4.0,
    90.0 + 74.26 + 4 * 20.0 + 30.0,
    280.0 + 74.26 + 4 * 20.0 + 30.0,
    conversion.FRONTIER,
)


def unit_power(hardware: Hardware, utilization: Numeric, mode: Mode) -> Numeric:
    """Power at the rack input of one accelerator with its share of everything else.

    Parameters
    ----------
    hardware
        Nameplate of the node.
    utilization
        0 to 1, any shape.
    mode
        Cap and coolant inlet.

    Returns
    -------
    Numeric
        [W]
    """
    card = accelerator.operate(
        hardware.accelerator, utilization, mode.cap_w, mode.inlet_c
    )
    host = hardware.host_idle_w + utilization * (
        hardware.host_busy_w - hardware.host_idle_w
    )
    per_node = hardware.accelerators_per_node
    drawn = conversion.chain(hardware.chain, card.power_w * per_node + host)
    power: Numeric = drawn.input_w / (hardware.chain.nodes_per_rectifier * per_node)
    return power


def phase_powers(hardware: Hardware, mode: Mode) -> tuple[Series, float]:
    """Lengths and powers of the phases of every class.

    Returns
    -------
    ndarray, float
        Shape (classes, 8) in the order of ``Profile``, powers above idle instead of
        utilizations [s, W]; power of an idle unit [W].
    """
    table = np.array([PROFILES[name] for name in CLASSES])
    idle = float(unit_power(hardware, 0.0, mode))
    for column in POWERS:
        table[:, column] = unit_power(hardware, table[:, column], mode) - idle
    return table, idle


def steady_power(hardware: Hardware, mode: Mode) -> Series:
    """Power of one busy unit of each class, idle power included [W]."""
    table, idle = phase_powers(hardware, mode)
    return np.asarray(table[:, 2] + idle)


@_compiled
def _energy(elapsed_s: float, length_s: float, phase: Series) -> float:
    """Energy above idle of one unit since its start; the formula above [J]."""
    ramp_s = min(phase[0], length_s)
    end_s = min(phase[6], length_s - ramp_s)
    steady_s = min(max(elapsed_s - ramp_s, 0.0), length_s - ramp_s - end_s)
    interval_s = max(phase[3], 1e-9)
    saved = np.floor(steady_s / interval_s)
    in_dip = max(steady_s - saved * interval_s - (interval_s - phase[4]), 0.0)
    dip_s = saved * phase[4] + in_dip
    ending_s = max(min(elapsed_s, length_s) - (length_s - end_s), 0.0)
    return float(
        phase[1] * min(elapsed_s, ramp_s)
        + phase[2] * (steady_s - dip_s)
        + phase[5] * dip_s
        + phase[7] * ending_s
    )


@_compiled
def add_power(
    start_s: Series,
    run_s: Series,
    units: Series,
    phases: Series,
    first_s: float,
    step_s: float,
    power_w: Series,
) -> None:
    """Add the mean power above idle of every job to each step it touches."""
    steps = len(power_w)
    for k in range(len(start_s)):
        begin, length = start_s[k] - first_s, run_s[k]
        first = max(int(np.floor(begin / step_s)), 0)
        last = min(int(np.floor((begin + length) / step_s)), steps - 1)
        before = _energy(max(first * step_s - begin, 0.0), length, phases[k])
        for i in range(first, last + 1):
            after = _energy(min((i + 1) * step_s - begin, length), length, phases[k])
            power_w[i] += units[k] * (after - before) / step_s
            before = after


def busy_units(jobs: Jobs, at_s: Series) -> Series:
    """Units that are busy at given times.

    Parameters
    ----------
    jobs
        With start and run time; others occupy nothing.
    at_s
        Shape (times,). [s]
    """
    ran = np.isfinite(jobs.start_s) & (jobs.run_s > 0)
    start_s, units = jobs.start_s[ran], size(jobs)[ran]
    end_s = start_s + jobs.run_s[ran]
    busy = np.zeros(len(at_s))
    for edge_s, sign in ((start_s, 1.0), (end_s, -1.0)):
        order = np.argsort(edge_s)
        total = np.concatenate([[0.0], np.cumsum(units[order])])
        busy += sign * total[np.searchsorted(edge_s[order], at_s, side="right")]
    return busy


def power_series(
    jobs: Jobs, grid: Grid, units: float, hardware: Hardware, mode: Mode
) -> Series:
    """Mean power of all units in each step.

    Parameters
    ----------
    jobs
        With start and run time; others draw nothing.
    grid
        Steps.
    units
        In the pool, busy or not.
    hardware, mode
        What they are and how they run. A measured power of a job replaces the profile.

    Returns
    -------
    ndarray
        Shape (steps,). [W]

    Raises
    ------
    DataError
        A step of no length.
    """
    if grid.step_s <= 0 or grid.steps < 1:
        message = f"a grid of {grid.steps} steps of {grid.step_s:g} s has no steps."
        raise DataError(message)
    table, idle = phase_powers(hardware, mode)
    ran = np.isfinite(jobs.start_s) & (jobs.run_s > 0)
    phases = table[jobs.job_class[ran]]
    count = size(jobs)[ran]
    measured = np.isfinite(jobs.power_w[ran])
    above = jobs.power_w[ran][measured] / count[measured] - idle
    for column in POWERS:
        phases[measured, column] = above
    power = np.full(grid.steps, units * idle)
    add_power(
        jobs.start_s[ran],
        jobs.run_s[ran],
        count,
        phases,
        float(grid.start_s),
        float(grid.step_s),
        power,
    )
    return power

"""Warnings before faults: residuals of the calibrated twin, explained by fault families.

Every day of telemetry the twin is replayed with the day's inputs and setpoints. The
severity of each family that explains the day best, all families at once, is the
regularised least-squares answer to the day's residuals (ridge with the typical severities
as prior). A baseline of sound days gives mean and scatter of each severity; a one-sided
CUSUM of what exceeds it (Page 1954) warns when it passes the threshold that keeps false
alarms at the wanted rate (Siegmund's approximation of the average run length, 1985).
Isolation compares how far the joint estimates have moved since the change began.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from twin.calibrate import Misses, apart, weigh
from twin.closed_loop import MEAN_SUFFIXES
from twin.errors import DataError
from twin.fault_families import FAMILIES, Family, with_fault
from twin.history import History
from twin.replay import Block, blocks, metered, replay
from twin.signals import Outputs, Setpoints
from twin.topology import Facility

Array = NDArray[np.float64]
DAY_S = 86400.0
DRIFT = 0.5  # CUSUM allowance, in standard deviations of a day
FALSE_PER_MONTH = 0.5  # of all families of a site together
LEAST_BASELINE = 7  # days
BELIEF = 0.005  # of a power's or flow's mean: no twin is closer
BELIEF_K = 0.1
SETTLING_ROWS = 9  # after unequal staging, 45 minutes at five minutes
JUMP = 60.0  # likewise, of a signature at the typical severity
FARTHEST = 8.0  # in units of noise; beyond it a residual or its change is a jump
STEP = 0.02  # of a severity, for derivatives
TEMPERATURE_STEP_K = 0.2
LEAST_SCATTER = 0.1  # of the typical severity: what a twin can be believed to
MOST_SCORE = 4.0  # one wild day alone does not warn
MOST_MERIT = 50.0  # keeps the confidences from overflowing


class Evidence(NamedTuple):
    """What one day says."""

    end_s: float
    severity: Array  # (families,), joint estimate
    site_w: float  # mean site power
    pull: Array  # (families,), slopes times residuals, in units of noise
    push: Array  # (families, families), slopes times slopes


class Suspect(NamedTuple):
    """A family and how likely it is."""

    family: Family
    confidence: float
    severity: float


class Warning(NamedTuple):
    """One warning."""

    raised_s: float  # end of the day on which it was raised
    since_s: float  # estimated begin
    suspects: tuple[Suspect, ...]  # the likeliest first
    growth_per_day: float  # of the severity
    waste_w: float  # what the fault costs now, mean of the last day


class Diagnosis(NamedTuple):
    """What a history says."""

    families: tuple[Family, ...]  # that the site's signals can show
    blind: tuple[Family, ...]  # that they cannot
    days: tuple[Evidence, ...]
    cusum: Array  # (days, families)
    threshold: float
    warnings: tuple[Warning, ...]


def threshold(families: int, false_per_month: float) -> float:
    """CUSUM threshold in standard deviations for a rate of false alarms.

    Siegmund: ARL = (exp(2 k b) - 2 k b - 1) / (2 k^2), b = h + 1.166.
    """
    wanted_days = 30.0 * families / false_per_month

    def excess(h: float) -> float:
        twice = 2.0 * DRIFT * (h + 1.166)
        run_days = (np.exp(twice) - twice - 1.0) / (2.0 * DRIFT**2)
        return float(np.log(run_days / wanted_days))

    return float(optimize.brentq(excess, 0.1, 60.0))


def diagnose(
    facility: Facility,
    history: History,
    baseline_days: int = 14,
    false_per_month: float = FALSE_PER_MONTH,
) -> Diagnosis:
    """Look for slow faults in a history.

    Parameters
    ----------
    facility
        Calibrated site.
    history
        Telemetry; its first days are taken as sound.
    baseline_days
        How many.
    false_per_month
        False alarms of the whole site that are put up with.

    Raises
    ------
    DataError
        If the history is not longer than the baseline.
    """
    parts = metered(facility, blocks(history, DAY_S))
    if len(parts) <= baseline_days or baseline_days < LEAST_BASELINE:
        message = (
            f"{len(parts)} usable days with a baseline of {baseline_days}: the baseline "
            f"must have at least {LEAST_BASELINE} days and leave days to judge. Give a "
            "longer history or a shorter --baseline."
        )
        raise DataError(message)
    misses = metered_only(weigh(parts[:baseline_days]))
    families, blind = visible(facility, parts[:: max(len(parts) // 4, 1)], misses)
    days = [evidence(facility, part, misses, families) for part in parts]
    scores = standardized(days, families, baseline_days)
    limit = threshold(len(families), false_per_month)
    sums = cusum(scores, families)
    found = warned(days, scores, sums, families, limit, baseline_days)
    return Diagnosis(families, blind, tuple(days), sums, limit, found)


def metered_only(misses: Misses) -> Misses:
    """Powers, flows and temperatures, none closer than a twin can be believed.

    Counts, modes and valve positions jump where the physics is smooth.
    """
    kept = [
        k
        for k, column in enumerate(misses.signals)
        if Outputs._fields[column].endswith((*MEAN_SUFFIXES, "_c"))
    ]
    names = [Outputs._fields[misses.signals[k]] for k in kept]
    size = np.nanmean(
        np.abs(np.concatenate([seen[:, kept] for seen in misses.measured])), axis=0
    )
    floor = np.array(
        [
            BELIEF_K if n.endswith("_c") else BELIEF * s
            for n, s in zip(names, size, strict=True)
        ]
    )
    return Misses(
        tuple(misses.signals[k] for k in kept),
        np.maximum(misses.scale[kept], floor),
        [seen[:, kept] for seen in misses.measured],
    )


def signatures(
    facility: Facility, part: Block, misses: Misses, families: Sequence[Family]
) -> tuple[Array, Array]:
    """Residuals of a day and their derivatives by severity, in units of noise.

    Returns
    -------
    ndarray, ndarray
        Plant minus twin (n,), derivatives (n, families); unknown readings are 0.
    """
    sound = replay(facility, part)
    columns = list(misses.signals)
    seen = part.history.outputs[part.burn_in :][:, columns]
    known = np.isfinite(seen)
    known &= alike(part, sound)[part.burn_in :, None]
    left = -_weighed(part, misses, sound) * known.ravel()
    slopes = []
    for family in families:
        step = TEMPERATURE_STEP_K if family.path.endswith("_c") else STEP
        shown = (_shown(facility, part, family, step, sound) - sound) / step
        slopes.append(
            (shown[part.burn_in :][:, columns] / misses.scale * known).ravel()
        )
    return left, np.stack(slopes, axis=1)


def alike(part: Block, sound: Array) -> Array:
    """Rows, shape (rows,), in which twin and plant run the same chillers, and have so.

    A chiller that starts minutes earlier is chance, not evidence.
    """
    column = Outputs._fields.index("chillers_on")
    seen = part.history.outputs[:, column]
    differ = np.isfinite(seen) & (np.round(seen) != np.round(sound[:, column]))
    recent = np.convolve(differ, np.ones(SETTLING_ROWS), mode="full")[: len(differ)]
    return np.asarray(recent < 0.5)


def _weighed(part: Block, misses: Misses, rows: Array) -> Array:
    """Twin minus plant of one day in units of noise, flat."""
    seen = part.history.outputs[part.burn_in :][:, list(misses.signals)]
    return apart([part], misses._replace(measured=[seen]), [rows])[0].ravel()


def _shown(
    facility: Facility, part: Block, family: Family, severity: float, sound: Array
) -> Array:
    """What the plant's readings would be with the fault, shape (rows, outputs)."""
    if family.change not in ("sensor", "controlled"):
        return replay(with_fault(facility, family, severity), part)
    shown = sound.copy()
    if family.change == "controlled":  # the loop holds the reading at the setpoint
        k = Setpoints._fields.index(family.path)
        setpoints = part.history.setpoints.copy()
        setpoints[:, k] -= severity
        deceived = part.history._replace(setpoints=setpoints)
        shown = replay(facility, part._replace(history=deceived))
    column = Outputs._fields.index(family.path)
    is_share = not family.path.endswith("_c")
    shown[:, column] += severity * (shown[:, column] if is_share else 1.0)
    return shown


def visible(
    facility: Facility, parts: Sequence[Block], misses: Misses
) -> tuple[tuple[Family, ...], tuple[Family, ...]]:
    """Families whose typical severity would show, and those that would not."""
    total = np.zeros(len(FAMILIES))
    for part in parts:
        _, slopes = signatures(facility, part, misses, FAMILIES)
        total += (slopes**2).sum(axis=0)
    strength = np.sqrt(total / len(parts)) * np.array([f.prior for f in FAMILIES])
    seen = tuple(f for f, s in zip(FAMILIES, strength, strict=True) if s > 3.0)
    return seen, tuple(f for f in FAMILIES if f not in seen)


def evidence(
    facility: Facility, part: Block, misses: Misses, families: Sequence[Family]
) -> Evidence:
    """Severities that explain a day."""
    left, slopes = signatures(facility, part, misses, families)
    typical = np.array([family.prior for family in families])
    steep = np.abs(slopes * typical).max(axis=1) > JUMP  # a unit starts or stops there
    left, slopes = left[~steep], slopes[~steep]
    clipped = np.clip(left, -FARTHEST, FARTHEST)  # a spike is not a fault
    push, pull = slopes.T @ slopes, slopes.T @ clipped
    prior = np.diag([1.0 / family.prior**2 for family in families])
    joint = np.linalg.solve(push + prior, pull)
    site = part.history.outputs[:, Outputs._fields.index("site_power_w")]
    end_s = float(part.history.time_s[-1])
    return Evidence(end_s, joint, float(np.nanmean(site)), pull, push)


def standardized(
    days: Sequence[Evidence], families: Sequence[Family], baseline: int
) -> Array:
    """Severities minus the baseline's mean, in its standard deviations."""
    table = np.stack([day.severity for day in days])
    typical = np.array([family.prior for family in families])
    mean = table[:baseline].mean(axis=0)
    scatter = table[:baseline].std(axis=0, ddof=1)
    # A short baseline underestimates the scatter about every second time.
    scatter = scatter * (1.0 + 1.0 / np.sqrt(2.0 * (baseline - 1)))
    return np.asarray((table - mean) / np.maximum(scatter, LEAST_SCATTER * typical))


def cusum(scores: Array, families: Sequence[Family]) -> Array:
    """Sums of what exceeds the allowance, shape (days, families).

    Wear only grows, so its families count to one side; sensors may err to either.
    """
    either = np.array([f.change in ("sensor", "controlled") for f in families])
    sums = np.zeros((2, *scores.shape))
    for sign, table in ((1.0, sums[0]), (-1.0, sums[1])):
        level = np.zeros(scores.shape[1])
        for k, score in enumerate(scores):
            step = np.clip(sign * score, -MOST_SCORE, MOST_SCORE) - DRIFT
            level = np.maximum(level + step, 0.0)
            table[k] = level
    return np.where(either, np.maximum(sums[0], sums[1]), sums[0])


def warned(
    days: Sequence[Evidence],
    scores: Array,
    sums: Array,
    families: Sequence[Family],
    limit: float,
    baseline: int,
) -> tuple[Warning, ...]:
    """First crossing after the baseline, isolated with all that came since."""
    above = (sums[baseline:] > limit).any(axis=1)
    if not above.any():
        return ()
    raised = baseline + int(np.argmax(above))
    family = int(np.argmax(sums[raised]))
    quiet = np.flatnonzero(sums[: raised + 1, family] == 0.0)
    begin = max(int(quiet[-1]) + 1 if len(quiet) else baseline, baseline)
    severities = np.stack([day.severity for day in days])
    usual = severities[:baseline].mean(axis=0)
    suspects = isolated(scores, severities - usual, families, begin, raised)
    first = families.index(suspects[0].family)
    table = severities[begin : raised + 1, first]
    growth = (
        float(np.polyfit(np.arange(len(table)), table, 1)[0]) if len(table) > 2 else 0.0
    )
    return (
        Warning(
            days[raised].end_s,
            days[begin].end_s - DAY_S,
            suspects,
            growth,
            float("nan"),
        ),
    )


def isolated(
    scores: Array, severities: Array, families: Sequence[Family], begin: int, end: int
) -> tuple[Suspect, ...]:
    """Families by how far the joint estimate has moved since the change began.

    Parameters
    ----------
    scores, severities
        Standardized and plain joint estimates, shape (days, families).
    families
        Of the columns.
    begin, end
        First and last day since the change.

    Returns
    -------
    tuple of Suspect
        The three likeliest; confidences are those of normal scores with equal prior odds
        of the families, the day's estimates being those of one lasting fault.
    """
    days = end + 1 - begin
    either = np.array([f.change in ("sensor", "controlled") for f in families])
    later = slice(end + 1 - (days + 1) // 2, end + 1)  # the change may begin in a day
    moved = np.median(scores[later], axis=0)
    moved = np.where(either, np.abs(moved), np.maximum(moved, 0.0))
    merit = 0.5 * np.minimum(moved**2 * days, MOST_MERIT)
    share = np.exp(merit - merit.max())
    share = share / share.sum()
    severity = np.median(severities[later], axis=0)
    order = np.argsort(-(moved**2))
    return tuple(
        Suspect(families[k], float(share[k]), float(severity[k])) for k in order[:3]
    )

"""Warnings before faults: residuals of the calibrated twin, explained by fault families.

A day's evidence (``twin.signatures``) is a vector of sums, one per family. On sound days
it scatters by the noise of the sensors and by what the twin misses that day, which is told
in severities of the families: a random effect with the scatter of a baseline of sound
days, wider on days whose weather or load the baseline has not seen. The severity of one
family that explains the day best, the other effects left to chance, is a generalised
least-squares estimate. A one-sided CUSUM (Page 1954) of what it exceeds, beyond what a
twin can be believed to, warns at the threshold that keeps false alarms at the wanted rate
(Siegmund's approximation of the average run length, 1985). A family that has been named is
left to chance from then on, so that a second fault is seen beside it.

Isolation asks how much of all that came since the change each family explains as the only
cause, in plain least squares: a fault bends with its severity, and what its tangent leaves
unexplained must not be held against it by weights made for small effects.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from twin.baseline import Baseline, baseline, left_over, spread_of, strangeness
from twin.errors import DataError
from twin.fault_families import Family
from twin.findings import Finding, Suspect, told
from twin.history import History
from twin.misses import Misses, weigh
from twin.replay import Block, blocks, metered
from twin.signatures import VISIBLE, Evidence, evidence, visible, watched
from twin.site import TemperatureLimits
from twin.topology import Facility

Array = NDArray[np.float64]
DAY_S = 86400.0
DRIFT = 0.5  # CUSUM allowance, in standard deviations of a day
FALSE_PER_MONTH = 0.5  # of all families of a site together
LEAST_BASELINE = 7  # days
ALLOWANCE = 0.1  # of the typical severity: what a calibrated twin can be believed to
STRANGE = 0.25  # likewise, more for each step outside the baseline
MOST_SCORE = 4.0  # one wild day alone does not warn
FREE = 5.0  # scatter, in typical severities, of a family that has been named
MOST_MERIT = 40.0  # keeps the confidences from overflowing
MOST_FINDINGS = 3
Progress = Callable[[str], None]


class Daily(NamedTuple):
    """Each family as the only cause, day by day."""

    moved: Array  # (days, families), score
    weight: Array  # (days, families), its information; moved / weight is the severity
    allowance: Array  # (days, families)


class Diagnosis(NamedTuple):
    """What a history says."""

    families: tuple[Family, ...]  # that the site's signals can show
    blind: tuple[Family, ...]  # that they cannot
    end_s: Array  # (days,)
    severity: Array  # (days, families), each as the only cause; not in typical units
    cusum: Array  # (days, families), larger of both signs for sensors
    threshold: float
    findings: tuple[Finding, ...]


class Named(NamedTuple):
    """A change that was found, before it is told."""

    suspects: tuple[Suspect, ...]
    raised: int  # day
    begin: int
    course: Array  # severity of the first suspect since then


class Scan(NamedTuple):
    """Result of the statistics alone."""

    severity: Array
    cusum: Array
    named: tuple[Named, ...]


def diagnose(
    facility: Facility,
    limits: TemperatureLimits,
    history: History,
    baseline_days: int = 14,
    false_per_month: float = FALSE_PER_MONTH,
    progress: Progress | None = None,
) -> Diagnosis:
    """Look for slow faults in a history.

    Parameters
    ----------
    facility
        Calibrated site.
    limits
        That a growing fault may reach.
    history
        Telemetry; its first days are taken as sound.
    baseline_days
        How many.
    false_per_month
        False alarms of the whole site that are put up with.
    progress
        Called with a line on each stage.

    Raises
    ------
    DataError
        If the history is not longer than the baseline.
    """
    say = progress or (lambda line: None)
    parts = blocks(history, DAY_S)
    if len(parts) <= baseline_days or baseline_days < LEAST_BASELINE:
        message = (
            f"{len(parts)} usable days with a baseline of {baseline_days}: the baseline "
            f"must have at least {LEAST_BASELINE} days and leave days to judge. Give a "
            "longer history or a shorter --baseline."
        )
        raise DataError(message)
    parts = metered(facility, parts)
    misses = watched(weigh(parts[:baseline_days]))
    families, blind = visible(facility, parts[:: max(len(parts) // 4, 1)], misses)
    if not families:
        message = (
            "no kind of fault would show in the recorded signals. Record powers, flows "
            "and temperatures of the cooling and of the power chain."
        )
        raise DataError(message)
    say(f"{len(parts)} days, {len(families)} kinds of fault")
    days = [evidence(facility, part, misses, families) for part in parts]
    limit = threshold(len(families), false_per_month)
    cases = scan(days, families, baseline_days, limit)
    findings = [_finding(facility, limits, parts, misses, case) for case in cases.named]
    return Diagnosis(
        families,
        blind,
        np.array([day.end_s for day in days]),
        cases.severity,
        cases.cusum,
        limit,
        tuple(findings),
    )


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


def scan(
    days: Sequence[Evidence], families: Sequence[Family], sound: int, limit: float
) -> Scan:
    """Days in their order: what exceeds the threshold, and which family it is."""
    usual = baseline(days[:sound])
    two_sided = np.array([f.change in ("sensor", "controlled") for f in families])
    told_of = np.array([informed(day) for day in days])
    quiet = told_of[:sound].sum(axis=0) < LEAST_BASELINE  # nothing to compare with
    typical = np.array([f.prior for f in families])
    free = np.zeros(len(families), bool)
    named: list[Named] = []
    start = sound
    first: Daily | None = None
    sums = np.zeros((len(days), len(families)))
    while len(named) < MOST_FINDINGS:
        daily = centred(each_alone(days, usual, free), told_of, sound)
        first = first or daily
        levels = cusum(daily, told_of, start)
        level = np.where(two_sided, levels.max(axis=0), levels[0])
        level[:, free | quiet] = 0.0
        sums = sums if named else level  # later passes only look for a second fault
        above = np.flatnonzero((level[start:] > limit).any(axis=1))
        if len(above) == 0:
            break
        raised = start + int(above[0])
        top = int(np.argmax(level[raised]))
        calm = np.flatnonzero(level[start:raised, top] == 0.0)
        begin = start + (int(calm[-1]) + 1 if len(calm) else 0)
        before = baseline(days[:begin]) if not named else usual  # all that was sound
        merit, severity = alone(days[begin:], before, two_sided)
        merit[free | quiet] = -np.inf
        suspects, best = _suspects(merit, severity * typical, families)
        course = [alone([day], before, two_sided)[1][best] for day in days[begin:]]
        named.append(Named(suspects, raised, begin, np.array(course) * typical[best]))
        free[best] = True
        start = raised + 1
        if start >= len(days):
            break
    assert first is not None
    return Scan(first.moved / first.weight * typical, sums, tuple(named))


def each_alone(days: Sequence[Evidence], usual: Baseline, free: Array) -> Daily:
    """Each family as the only cause of each day."""
    moved, weight, allowance = [], [], []
    for day in days:
        doubt = ALLOWANCE + STRANGE * strangeness(day, usual)
        scatter = np.hypot(usual.scatter, doubt - ALLOWANCE)
        vectors, spread = spread_of(day, usual, np.where(free, FREE, scatter))
        shape = vectors.T @ day.push  # (kept, families)
        solved = np.linalg.solve(spread, shape)
        moved.append(solved.T @ (vectors.T @ left_over(day, usual)))
        weight.append(np.maximum((shape * solved).sum(axis=0), 1e-12))
        allowance.append(np.full(len(day.pull), doubt))
    return Daily(np.stack(moved), np.stack(weight), np.stack(allowance))


def centred(daily: Daily, told_of: Array, sound: int) -> Daily:
    """Severities less their mean over the sound days that show the family."""
    counted = told_of[:sound]
    severity = np.where(counted, daily.moved[:sound] / daily.weight[:sound], 0.0)
    usual = severity.sum(axis=0) / np.maximum(counted.sum(axis=0), 1)
    return daily._replace(moved=daily.moved - usual * daily.weight)


def informed(day: Evidence) -> Array:
    """Families whose typical severity would show on a day, shape (families,)."""
    return np.asarray(np.diag(day.push) > VISIBLE**2)


def cusum(daily: Daily, told_of: Array, start: int) -> Array:
    """Sums of what exceeds the allowances, shape (2 signs, days, families).

    A day that cannot show a family (``told_of``) leaves its sum as it is.
    """
    severity = daily.moved / daily.weight
    sums = np.zeros((2, *severity.shape))
    for sign, table in ((1.0, sums[0]), (-1.0, sums[1])):
        beyond = (sign * severity - daily.allowance) * np.sqrt(daily.weight)
        level = np.zeros(severity.shape[1])
        for k in range(start, len(severity)):
            step = np.clip(beyond[k], -MOST_SCORE, MOST_SCORE) - DRIFT
            level = np.where(told_of[k], np.maximum(level + step, 0.0), level)
            table[k] = level
    return sums


def alone(
    days: Sequence[Evidence], usual: Baseline, two_sided: Array
) -> tuple[Array, Array]:
    """Log-likelihood ratio and severity of each family as the only cause of some days.

    Wear only grows, so a family of wear explains nothing by getting better.
    """
    push = sum(np.diag(day.push) for day in days) + 1.0
    pull = sum(left_over(day, usual) for day in days)
    pull = np.where(two_sided, pull, np.maximum(pull, 0.0))
    return 0.5 * pull**2 / push / usual.explained, pull / push


def _suspects(
    merit: Array, severity: Array, families: Sequence[Family]
) -> tuple[tuple[Suspect, ...], int]:
    """The three likeliest families with equal odds beforehand."""
    share = np.exp(np.maximum(merit - merit.max(), -MOST_MERIT))
    share = share / share.sum()
    order = np.argsort(-merit)
    found = [
        Suspect(families[k], float(share[k]), float(severity[k])) for k in order[:3]
    ]
    return tuple(found), int(order[0])


def _finding(
    facility: Facility,
    limits: TemperatureLimits,
    parts: Sequence[Block],
    misses: Misses,
    named: Named,
) -> Finding:
    """A change with its evidence, cost and time to a limit."""
    before, since = parts[: named.begin], parts[named.begin :]
    raised_s = float(parts[named.raised].history.time_s[-1])
    since_s = float(parts[named.begin].history.time_s[0])
    return told(
        facility,
        limits,
        (before, since),
        misses,
        (named.suspects, named.course, raised_s, since_s),
    )

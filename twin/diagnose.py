"""Warnings before faults: residuals of the calibrated twin, explained by fault families.

A day's evidence (``twin.signatures``) is a vector of sums, one per family. On sound days
it scatters by the noise of the sensors and by what the twin misses that day, which is told
in severities of the families: a random effect with the scatter of a baseline of sound
days, wider on days whose weather or load the baseline has not seen. The severity of one
family alone that explains the day best, the other effects left to chance, is a generalised
least-squares estimate. A one-sided CUSUM (Page 1954) of what it exceeds, beyond what a
twin can be believed to, warns at the threshold that keeps false alarms at the wanted rate
(Siegmund's approximation of the average run length, 1985). Isolation compares the
likelihood of each family as the only cause of all that came since the change began. A
family that has been named is left to chance from then on, so that a second fault is seen
beside it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from twin.errors import DataError
from twin.fault_families import Family
from twin.findings import Finding, Suspect, told
from twin.history import History
from twin.misses import Misses, weigh
from twin.replay import Block, blocks, metered
from twin.signatures import Evidence, evidence, visible, watched
from twin.site import TemperatureLimits
from twin.topology import Facility

Array = NDArray[np.float64]
DAY_S = 86400.0
DRIFT = 0.5  # CUSUM allowance, in standard deviations of a day
FALSE_PER_MONTH = 0.5  # of all families of a site together
LEAST_BASELINE = 7  # days
LEAST_SCATTER = 0.05  # of the typical severity, from day to day
ALLOWANCE = 0.1  # of the typical severity: what a calibrated twin can be believed to
STRANGE = 0.25  # likewise, more for each of ``CONDITION_STEPS`` outside the baseline
CONDITION_STEPS = (5.0, 0.2)  # K of wet bulb; share of the mean load
MOST_SCORE = 4.0  # one wild day alone does not warn
FREE = 5.0  # scatter, in typical severities, of a family that has been named
RANK = 1e-9  # of the largest eigenvalue: what the signals do not show at all
MOST_MERIT = 40.0  # keeps the confidences from overflowing
MOST_FINDINGS = 3
Progress = Callable[[str], None]


class Baseline(NamedTuple):
    """What sound days look like; severities in units of the typical ones."""

    usual: Array  # (families,), what the twin is off by
    scatter: Array  # (families,), from day to day
    noise: float  # of the readings beside what was assumed, squared
    low: Array  # (conditions,)
    high: Array


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
    typical = np.array([f.prior for f in families])
    free = np.zeros(len(families), bool)
    named: list[Named] = []
    start = sound
    first: Daily | None = None
    sums = np.zeros((len(days), len(families)))
    while len(named) < MOST_FINDINGS:
        daily = each_alone(days, usual, free)
        first = first or daily
        levels = cusum(daily, start)
        level = np.where(two_sided, levels.max(axis=0), levels[0])
        level[:, free] = 0.0
        sums[start:] = level[start:]
        above = np.flatnonzero((level[start:] > limit).any(axis=1))
        if len(above) == 0:
            break
        raised = start + int(above[0])
        top = int(np.argmax(level[raised]))
        quiet = np.flatnonzero(level[start:raised, top] == 0.0)
        begin = start + (int(quiet[-1]) + 1 if len(quiet) else 0)
        merit, severity = alone(daily, begin, len(days), two_sided)
        merit[free] = -np.inf
        suspects, best = _suspects(merit, severity * typical, families)
        course = daily.moved[begin:, best] / daily.weight[begin:, best] * typical[best]
        named.append(Named(suspects, raised, begin, course))
        free[best] = True
        start = raised + 1
        if start >= len(days):
            break
    assert first is not None
    return Scan(first.moved / first.weight * typical, sums, tuple(named))


def baseline(days: Sequence[Evidence]) -> Baseline:
    """Mean, scatter and noise of sound days, in units of typical severities."""
    count = len(days[0].pull)
    pulls = np.stack([day.pull for day in days])
    pushes = np.stack([day.push for day in days])
    one = np.eye(count)
    usual = np.linalg.solve(pushes.sum(axis=0) + one, pulls.sum(axis=0))
    joint = np.stack(
        [np.linalg.solve(p + one, q) for q, p in zip(pulls, pushes, strict=True)]
    )
    scatter = np.sqrt(np.mean((joint - usual) ** 2, axis=0))
    # a short baseline underestimates the scatter about every second time
    scatter = scatter * (1.0 + 1.0 / np.sqrt(2.0 * (len(days) - 1)))
    at = np.stack([day.conditions for day in days])
    found = Baseline(
        usual,
        np.maximum(scatter, LEAST_SCATTER),
        1.0,
        at.min(axis=0),
        at.max(axis=0),
    )
    for _ in range(3):
        sizes = [_surprise(day, found) for day in days]
        found = found._replace(noise=max(found.noise * float(np.median(sizes)), 1.0))
    return found


def _spread(day: Evidence, usual: Baseline, scatter: Array) -> tuple[Array, Array]:
    """Eigenvectors of what the day can show, and the covariance of its sums in them."""
    values, vectors = np.linalg.eigh(day.push)
    kept = values > RANK * values[-1]
    values, vectors = values[kept], vectors[:, kept]
    effects = (vectors.T * scatter**2) @ vectors
    spread = np.diag(usual.noise * values) + values[:, None] * effects * values
    return vectors, spread


def _surprise(day: Evidence, usual: Baseline) -> float:
    """Mean square of a sound day's deviation in units of its expected spread."""
    vectors, spread = _spread(day, usual, usual.scatter)
    away = vectors.T @ (day.pull - day.push @ usual.usual)
    return float(away @ np.linalg.solve(spread, away)) / len(away)


def strangeness(day: Evidence, usual: Baseline) -> float:
    """How far a day's weather and load lie outside the baseline, in steps."""
    steps = np.array([CONDITION_STEPS[0], CONDITION_STEPS[1] * usual.high[1]])
    outside = np.maximum(usual.low - day.conditions, day.conditions - usual.high)
    return float(np.maximum(outside / steps, 0.0).max())


def each_alone(days: Sequence[Evidence], usual: Baseline, free: Array) -> Daily:
    """Each family as the only cause of each day."""
    moved, weight, allowance = [], [], []
    for day in days:
        doubt = ALLOWANCE + STRANGE * strangeness(day, usual)
        scatter = np.hypot(usual.scatter, doubt - ALLOWANCE)
        vectors, spread = _spread(day, usual, np.where(free, FREE, scatter))
        shape = vectors.T @ day.push  # (kept, families)
        solved = np.linalg.solve(spread, shape)
        moved.append(solved.T @ (vectors.T @ (day.pull - day.push @ usual.usual)))
        weight.append(np.maximum((shape * solved).sum(axis=0), 1e-12))
        allowance.append(np.full(len(day.pull), doubt))
    return Daily(np.stack(moved), np.stack(weight), np.stack(allowance))


def cusum(daily: Daily, start: int) -> Array:
    """Sums of what exceeds the allowances, shape (2 signs, days, families)."""
    severity = daily.moved / daily.weight
    sums = np.zeros((2, *severity.shape))
    for sign, table in ((1.0, sums[0]), (-1.0, sums[1])):
        beyond = (sign * severity - daily.allowance) * np.sqrt(daily.weight)
        level = np.zeros(severity.shape[1])
        for k in range(start, len(severity)):
            step = np.clip(beyond[k], -MOST_SCORE, MOST_SCORE) - DRIFT
            level = np.maximum(level + step, 0.0)
            table[k] = level
    return sums


def alone(
    daily: Daily, begin: int, end: int, two_sided: Array
) -> tuple[Array, Array]:
    """Log-likelihood ratio and severity of each family as the only cause of some days.

    Wear only grows, so a family of wear explains nothing by getting better.
    """
    days = slice(begin, end)
    weight = daily.weight[days].sum(axis=0)
    severity = daily.moved[days].sum(axis=0) / weight
    doubt = (daily.allowance[days] * daily.weight[days]).sum(axis=0) / weight
    severity = np.where(two_sided, severity, np.maximum(severity, 0.0))
    return 0.5 * severity**2 / (1.0 / weight + doubt**2), severity


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
    since = parts[named.begin :]
    raised_s = float(parts[named.raised].history.time_s[-1])
    since_s = float(parts[named.begin].history.time_s[0])
    return told(
        facility, limits, since, misses, (named.suspects, named.course, raised_s, since_s)
    )

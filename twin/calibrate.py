"""Nameplates from telemetry: the site that answers like the plant.

The twin is replayed with the recorded inputs and setpoints over days chosen to differ as
much as the history allows. Each uncertain number (``twin.nameplates``) becomes
``nameplate * exp(x)``; robust least squares over every recorded signal finds x, component
by component and then all at once, with a weak belief that nameplates are right to
``PRIOR`` so that what the plant never shows stays where it is. The intervals hold for
errors that are alike within a day and independent between days (sandwich estimate,
Liang and Zeger 1986), because what a model misses lasts for hours.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from twin.history import History
from twin.misses import Misses, apart, weigh
from twin.mistaken import trusted
from twin.nameplates import highest, replaced, uncertain
from twin.replay import Block, metered, replay_all
from twin.signals import Outputs
from twin.stretches import MOST_DAYS, split
from twin.topology import Facility

Array = NDArray[np.float64]
PRIOR = 0.15  # relative standard deviation of nameplates, assumption
CONFIDENCE = 0.95
UNSEEN = 0.5  # of PRIOR: an uncertainty above this says the data do not show the value
FARTHEST = np.log(3.0)  # a factor beyond 3 is another machine
STEP = 1e-3  # of x, for derivatives
Progress = Callable[[str], None]


class Value(NamedTuple):
    """One number of the site."""

    path: str
    nameplate: float
    value: float
    low: float  # of the interval; nan where unseen
    high: float
    seen: bool
    note: str  # why unseen, or what it cannot be told from


class Calibration(NamedTuple):
    """What a fit found."""

    values: tuple[Value, ...]
    facility: Facility
    fit: tuple[Block, ...]
    validation: tuple[Block, ...]
    signals: tuple[str, ...]  # that were recorded and used
    notes: tuple[str, ...]


def calibrate(
    facility: Facility,
    history: History,
    days: int = MOST_DAYS,
    progress: Progress | None = None,
) -> Calibration:
    """Fit the uncertain numbers of a site to a history.

    Parameters
    ----------
    facility
        Nameplates: start and prior.
    history
        Recorded telemetry; its last quarter is kept for validation.
    days
        Most stretches in the fit.
    progress
        Called with a line on each stage.

    Raises
    ------
    DataError
        If the history is too short.
    """
    say = progress or (lambda line: None)
    history = trusted(facility, history)
    chosen, later = split(history, days)
    fit_blocks, validation = metered(facility, chosen), metered(facility, later)
    misses = weigh(fit_blocks)
    names = [Outputs._fields[k] for k in misses.signals]
    start = uncertain(facility)
    paths = sensitive(facility, fit_blocks, misses, list(start))
    x = np.zeros(len(paths))
    for group in components(paths):
        say(f"component {paths[group[0]].rpartition('.')[0]}")
        x = _solve(facility, fit_blocks, misses, (paths, x, group), 4)
    say("all components together")
    x = _solve(facility, fit_blocks, misses, (paths, x, list(range(len(paths)))), 12)
    values = _values(facility, fit_blocks, misses, paths, x)
    found = {v.path: v.value for v in values}
    return Calibration(
        values,
        replaced(facility, found),
        tuple(fit_blocks),
        tuple(validation),
        tuple(names),
        history.notes,
    )


def at_factors(facility: Facility, paths: list[str], x: Array) -> Facility:
    """Site with ``nameplate * exp(x)`` at the paths."""
    start = uncertain(facility)
    return replaced(
        facility,
        {
            path: start[path] * float(np.exp(k))
            for path, k in zip(paths, x, strict=True)
        },
    )


def sensitive(
    facility: Facility, parts: list[Block], misses: Misses, paths: list[str]
) -> list[str]:
    """Paths that change any compared signal at all."""
    paths = [path for path in paths if uncertain(facility)[path] > 0]
    slopes = _slopes(facility, parts, misses, paths, np.zeros(len(paths)))
    felt = [
        any(np.abs(part[..., k]).max() > 0 for part in slopes)
        for k in range(len(paths))
    ]
    return [path for path, does in zip(paths, felt, strict=True) if does]


def _slopes(
    facility: Facility, parts: list[Block], misses: Misses, paths: list[str], x: Array
) -> list[Array]:
    """Derivatives of the misses, per block (rows, signals, paths)."""
    moved = [x + STEP * np.eye(len(paths))[k] for k in range(len(paths))]
    sites = [at_factors(facility, paths, at) for at in [x, *moved]]
    answers = [apart(parts, misses, made) for made in replay_all(sites, parts)]
    return [
        np.stack(
            [(further[b] - answers[0][b]) / STEP for further in answers[1:]], axis=-1
        )
        for b in range(len(parts))
    ]


def components(paths: list[str]) -> list[list[int]]:
    """Indices of the paths of each component, in order."""
    groups: dict[str, list[int]] = {}
    for k, path in enumerate(paths):
        groups.setdefault(path.rpartition(".")[0], []).append(k)
    return list(groups.values())


def _solve(
    facility: Facility,
    parts: list[Block],
    misses: Misses,
    start: tuple[list[str], Array, list[int]],
    evaluations: int,
) -> Array:
    """Robust least squares over some of the factors, the others held."""
    paths, x, group = start
    rows = sum(seen.size for seen in misses.measured)
    belief = 1.0 / PRIOR

    def at(free: Array) -> Array:
        moved = x.copy()
        moved[group] = free
        return moved

    def miss(free: Array) -> Array:
        made = replay_all([at_factors(facility, paths, at(free))], parts)[0]
        far = [part.ravel() for part in apart(parts, misses, made)]
        return np.concatenate([*far, free * belief])

    def slope(free: Array) -> Array:
        some = [paths[k] for k in group]
        base = at_factors(facility, paths, at(free))
        parts_of = _slopes(base, parts, misses, some, np.zeros(len(some)))
        flat = np.concatenate([part.reshape(-1, len(some)) for part in parts_of])
        assert flat.shape[0] == rows
        return np.vstack([flat, np.eye(len(some)) * belief])

    limit = np.array([_reach(facility, paths[k]) for k in group])
    inside = np.clip(x[group], -FARTHEST, limit)
    found = optimize.least_squares(
        miss,
        inside,
        jac=slope,
        bounds=(np.full(len(group), -FARTHEST - 1e-9), limit + 1e-9),
        loss="soft_l1",
        f_scale=3.0,
        max_nfev=evaluations,
        xtol=1e-5,
        ftol=1e-6,
    )
    return at(found.x)


def _reach(facility: Facility, path: str) -> float:
    """Largest x that a path may take."""
    value = uncertain(facility)[path]
    return float(min(FARTHEST, np.log(highest(path, value) / value)))


def _values(
    facility: Facility, parts: list[Block], misses: Misses, paths: list[str], x: Array
) -> tuple[Value, ...]:
    """Every uncertain number with its interval, the unseen ones as on the nameplate."""
    start = uncertain(facility)
    site = at_factors(facility, paths, x)
    sigma, alike = _uncertainty(site, parts, misses, paths)
    student = float(stats.t.ppf(0.5 + 0.5 * CONFIDENCE, max(len(parts) - 1, 1)))
    found = dict(zip(paths, range(len(paths)), strict=True))
    values = []
    for path, nameplate in start.items():
        k = found.get(path)
        if k is None or sigma[k] > UNSEEN * PRIOR:
            why = "never showed in the recorded signals" if k is None else alike[k]
            nan = float("nan")
            values.append(Value(path, nameplate, nameplate, nan, nan, False, why))
            continue
        value = nameplate * float(np.exp(x[k]))
        half = float(np.exp(student * sigma[k]))
        values.append(
            Value(path, nameplate, value, value / half, value * half, True, "")
        )
    return tuple(values)


def _uncertainty(
    site: Facility, parts: list[Block], misses: Misses, paths: list[str]
) -> tuple[Array, list[str]]:
    """Standard deviation of each x, and what it is confused with.

    The larger of what the data's own scatter gives and of the sandwich over blocks.
    """
    slopes = _slopes(site, parts, misses, paths, np.zeros(len(paths)))
    left = apart(parts, misses, replay_all([site], parts)[0])
    flat = [part.reshape(-1, len(paths)) for part in slopes]
    weights = [1.0 / np.sqrt(1.0 + (far.ravel() / 3.0) ** 2) for far in left]
    bread = sum((s * w[:, None]).T @ s for s, w in zip(flat, weights, strict=True))
    pulls = [
        s.T @ (w * far.ravel()) for s, w, far in zip(flat, weights, left, strict=True)
    ]
    inverse = np.linalg.inv(np.asarray(bread) + np.eye(len(paths)) / PRIOR**2)
    meat = sum(np.outer(pull, pull) for pull in pulls)
    sandwich = np.diag(inverse @ np.asarray(meat) @ inverse)
    sigma = np.sqrt(np.maximum(sandwich, np.diag(inverse)))
    return np.asarray(sigma), _confused(np.asarray(inverse), paths)


def _confused(covariance: Array, paths: list[str]) -> list[str]:
    """In words, what each number cannot be told from."""
    size = np.sqrt(np.diag(covariance))
    together = covariance / np.outer(size, size) - np.eye(len(paths))
    words = []
    for k in range(len(paths)):
        other = int(np.argmax(np.abs(together[k]))) if len(paths) > 1 else k
        strong = len(paths) > 1 and abs(together[k, other]) > 0.9
        words.append(
            f"cannot be told from {paths[other]}"
            if strong
            else "hardly shows in the recorded signals"
        )
    return words

"""``wetbulb jobs flexibility``: what can wait, and what a plan that lets it wait costs."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dashboards import console
from dashboards.jobs import with_run_times
from twin.errors import ConfigError
from twin.flexibility import (
    Bounds,
    Deferrable,
    Executed,
    Plan,
    bounds,
    by_class,
    carry_out,
    expected,
    releases,
)
from twin.forecast import Series, horizon_grid
from twin.held_jobs import Delays
from twin.job_table import CLASSES, Jobs, take
from twin.jobs import FRONTIER, Mode
from twin.pools import Pools, simulate
from twin.readers.formats import read_table
from twin.scheduling import limits

HOUR_S = 3600.0
J_PER_KWH = 3.6e6


class Asked(NamedTuple):
    """What the command was asked for."""

    table: Path
    units: float
    at: str | None
    windows: tuple[str, ...]  # CLASS=HOURS
    share: float
    booked: bool
    out: Path | None
    plot: Path | None


def run(asked: Asked, as_json: bool) -> None:
    """Bounds of the next day, a plan between them, and what the scheduler makes of it.

    Raises
    ------
    WetbulbError
        A table, time or window cannot be used.
    """
    window_s = windows_s(asked.windows)
    jobs = with_run_times(read_table(asked.table))
    pools, mode = Pools(asked.units), Mode()
    ran = simulate(jobs, pools, FRONTIER, mode).jobs
    now_s = _moment(asked.at, ran)
    edge_s = now_s + np.concatenate([[0.0], np.cumsum(horizon_grid())])
    until_s = edge_s[-1] if asked.booked else now_s
    seen = expected(jobs, ran, now_s)
    known = simulate(take(seen, seen.submit_s <= until_s), pools, FRONTIER, mode).jobs
    start_s = np.full(len(seen.job_id), np.nan)  # of what is not submitted yet
    start_s[: len(known.start_s)] = known.start_s
    choice = _movable(
        seen._replace(start_s=start_s), by_class(seen, window_s, start_s), edge_s
    )
    if not choice.may_wait.any():
        message = (
            f"{asked.table}: no job of {', '.join(window_s)} waits at "
            f"{pd.Timestamp(now_s, unit='s')}Z on {asked.units:g} units. Give another "
            "--at or --window, fewer --units, or --booked."
        )
        raise ConfigError(message)
    found = bounds(seen, choice, edge_s, FRONTIER, mode)
    energy_j = found.latest_j + asked.share * (found.earliest_j - found.latest_j)
    plan = Plan(found.classes, edge_s, energy_j)
    release_s = releases(seen, choice, plan, FRONTIER, mode)
    done = carry_out(jobs, choice, release_s, pools, FRONTIER, mode)
    table = _table(found, energy_j)
    _store(table, asked.out)
    if asked.plot is not None:
        from dashboards.job_figures import save_bounds

        save_bounds(asked.plot, found, energy_j)
    _tell(_summary(now_s, choice, found, done), table, as_json)


def windows_s(given: tuple[str, ...], option: str = "--window") -> dict[str, float]:
    """Class -> seconds it can wait."""
    windows = {}
    for entry in given:
        name, _, hours = entry.partition("=")
        try:
            windows[name] = float(hours) * HOUR_S
        except ValueError:
            windows[name] = float("nan")
        if name not in CLASSES or not 0.0 <= windows[name] <= 8760.0 * HOUR_S:
            message = (
                f"{option} {entry}: give CLASS=HOURS with a class of {', '.join(CLASSES)} "
                "and 0 to 8760 hours, e.g. general=6."
            )
            raise ConfigError(message)
    return windows


def _moment(at: str | None, jobs: Jobs) -> float:
    """The time asked for, or the middle of the submissions."""
    if at is not None:
        try:
            stamp = pd.Timestamp(at)
        except ValueError as error:
            message = f"--at {at}: is not a time. Give e.g. 2024-03-01T12:00Z."
            raise ConfigError(message) from error
        zoned = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp
        return float(zoned.timestamp())
    return float(np.ceil(np.median(jobs.submit_s)))


def _movable(jobs: Jobs, choice: Deferrable, edge_s: Series) -> Deferrable:
    """Jobs that are known and not started."""
    known = jobs.start_s > edge_s[0]
    limit_s, _ = limits(jobs.requested_s, jobs.run_s)
    room = choice.deadline_s - limit_s > choice.earliest_s
    movable = choice.may_wait & known & room
    # the others made no promise: a scheduler shifts some of them at any change
    return choice._replace(
        may_wait=movable, deadline_s=np.where(movable, choice.deadline_s, np.nan)
    )


def _table(found: Bounds, energy_j: Series) -> pd.DataFrame:
    """One row for each class and step."""
    parts = []
    for k, name in enumerate(found.classes):
        parts.append(
            pd.DataFrame(
                {
                    "class": name,
                    "end_h": (found.edge_s[1:] - found.edge_s[0]) / HOUR_S,
                    "least_kwh": found.latest_j[k] / J_PER_KWH,
                    "plan_kwh": energy_j[k] / J_PER_KWH,
                    "most_kwh": found.earliest_j[k] / J_PER_KWH,
                    "least_kw": found.least_w[k] / 1e3,
                    "most_kw": found.most_w[k] / 1e3,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _store(table: pd.DataFrame, out: Path | None) -> None:
    if out is None:
        return
    try:
        table.to_csv(out, index=False)
    except OSError as error:
        message = f"{out}: cannot be written ({error.strerror}). Check the folder."
        raise ConfigError(message) from error


def _summary(
    now_s: float, choice: Deferrable, found: Bounds, done: Executed
) -> dict[str, Any]:
    """Counts, energy that can wait, and what the plan did."""
    room_kwh = (found.earliest_j - found.latest_j).max(axis=1) / J_PER_KWH
    return {
        "at_utc": f"{pd.Timestamp(now_s, unit='s'):%Y-%m-%dT%H:%M:%SZ}",
        "movable_jobs": int(choice.may_wait.sum()),
        "largest_room_kwh": {
            name: round(float(room), 1)
            for name, room in zip(found.classes, room_kwh, strict=True)
        },
        "delay_h": {
            name: {"mean": round(mean / HOUR_S, 3), "largest": round(most / HOUR_S, 2)}
            for name, (mean, most) in done.delay_s.items()
        },
        "released_at_once_to_keep_a_deadline": done.taken_back,
        "deadlines_missed_by_the_plan": done.missed,
    }


def _tell(summary: dict[str, Any], table: pd.DataFrame, as_json: bool) -> None:
    """For machines everything, for people the summary and the hours."""
    if as_json:
        console.write_json({**summary, "steps": table.to_dict(orient="records")})
        return
    for key, value in summary.items():
        console.write(f"{key.replace('_', ' ')}: {value}")
    hours = table[table["end_h"] % 2 == 0]
    console.write(hours.to_string(index=False, float_format=lambda x: f"{x:.1f}"))


def told(delays: Delays) -> list[str]:
    """Lines on jobs that waited for a plan."""
    lines = [
        f"{delays.held} jobs waited for a plan, {delays.missed} deadlines missed by it, "
        f"{delays.still_held} still waiting at the end",
        f"{delays.postponed_j / J_PER_KWH:,.0f} kWh of IT energy comes after the end",
    ]
    for name, (mean_s, most_s) in delays.delay_s.items():
        mean, most = mean_s / HOUR_S, most_s / HOUR_S
        lines.append(f"  delay of {name}: mean {mean:.2f} h, largest {most:.2f} h")
    return lines

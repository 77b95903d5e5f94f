"""Layouts around the program's one, chunk by chunk; each chunk is a pure function."""

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from optimizer.study.climate import Bins
from optimizer.study.judge import verdict
from optimizer.study.layout import Choice, Load
from optimizer.study.program import Inputs, inputs_of
from optimizer.study.schema import load_study
from optimizer.study.screen import screen

COUNTS = {
    "more_tower_cells": "tower_cell",
    "more_exchangers": "exchanger",
    "more_cdus": "cdu",
    "more_in_rows": "in_row",
    "more_ups": "ups",
}
SETTINGS = ("tower_supply_c", "tcs_supply_c", "tower_pump_speed")


class Task(NamedTuple):
    """One chunk; everything that its result depends on beside the files of the study."""

    study: str
    climate: str
    bins: Bins
    load: Load
    choice: Choice
    fixed: dict[str, float]
    number: int
    start: int  # number of its first layout
    size: int
    seed: int


@cache
def _given(study: str) -> Inputs:
    """Study and capacities, once per process."""
    return inputs_of(load_study(study))


def drawn_choices(given: Inputs, task: Task) -> list[Choice]:
    """Layouts of a chunk; the first of the first chunk is the program's own."""
    ranges = given.loaded.study.variables
    sequence = np.random.SeedSequence(task.seed, spawn_key=(task.number,))
    rng = np.random.default_rng(sequence)
    columns: dict[str, np.ndarray] = {}
    for name, kind in COUNTS.items():
        low, high = getattr(ranges, name)
        more = rng.integers(low, high + 1, task.size)
        columns[kind] = getattr(task.choice, kind) + more.astype(float)
    for name in SETTINGS:
        bounds = getattr(ranges, name)
        if bounds is not None:
            columns[name] = rng.uniform(bounds[0], bounds[1], task.size)
    made = [
        task.choice._replace(**{name: float(c[i]) for name, c in columns.items()})
        for i in range(task.size)
    ]
    return [task.choice, *made[1:]] if task.number == 0 else made


def screen_chunk(task: Task) -> pd.DataFrame:
    """Figures of every layout of a chunk.

    Returns
    -------
    DataFrame
        One row per layout: ``Choice``, then ``Verdict``.
    """
    given = _given(task.study)
    site, at = given.loaded.site, given.loaded.study.conditions
    rows = []
    for choice in drawn_choices(given, task):
        found = screen(site, at, task.load, choice, task.bins)
        judged = verdict(given, task.load, choice, found, task.fixed)
        rows.append({**choice._asdict(), **judged._asdict()})
    frame = pd.DataFrame(rows)
    frame.insert(0, "layout", task.start + np.arange(len(frame)))
    return frame

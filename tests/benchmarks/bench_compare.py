"""Speed of a comparison: ``python -m pytest tests/benchmarks/bench_compare.py -s``.

A closed-loop week of the mpc on hybrid_10mw, warm-up of half a day included, one core,
compilation not counted. Target: 5 minutes.
"""

import sys

import numpy as np

from optimizer.contest import Contest, Task, run_task
from optimizer.episodes import Episode, World
from optimizer.rules_file import tuned_for

TARGET_S = 300.0
SITE = "hybrid_10mw"


def test_closed_loop_week_of_the_mpc():
    contest = Contest(SITE, World(), 1, 0.05, tuned_for(SITE).rules)
    run_task(contest, Task("rules", Episode(100, 1)))  # compiles
    made = run_task(contest, Task("mpc", Episode(100, 7)))
    p50_s, p99_s = np.quantile(made.solve_s, [0.5, 0.99])
    told = f"week {made.wall_s:.0f} s, decision p50 {p50_s:.2f} s, p99 {p99_s:.2f} s"
    sys.stdout.write(f"\n{told}\n")
    assert made.wall_s <= TARGET_S

"""The measurements measure what they say; speed itself is not judged here."""

import time

import pytest

from optimizer.fixed import FixedController
from twin import benchmark
from twin.config import load_site
from twin.scenario import load_scenario

SITE = load_site("hybrid_10mw")


def test_median_of_runs_on_the_wall_and_on_the_processor():
    wall_s, cpu_s = benchmark.timed(lambda: time.sleep(0.05), 3)
    assert 0.05 <= wall_s < 1.0
    assert cpu_s < wall_s


def test_rows_compare_with_their_targets(monkeypatch):
    monkeypatch.setattr(benchmark, "SAMPLE", 2)
    day = load_scenario(SITE, "07-15", 24)
    fixed = FixedController(SITE)
    one = benchmark.year(SITE, day, fixed, 1)
    many = benchmark.many(SITE, day, fixed)
    chain = benchmark.power_chain(1)
    for row in (one, many, chain):
        assert row.met == (row.seconds <= row.target_s)
        assert row._replace(seconds=2 * row.target_s).met is False
    assert (one.target_s, many.target_s, chain.target_s) == (2.0, 60.0, 0.5)
    assert many.seconds > 0.0
    assert chain.what == "power chain, 5,761 x 25 groups"


def test_machine_names_what_decides_the_speed():
    about = benchmark.machine()
    assert {"machine", "python", "numpy", "numba"} <= set(about)
    assert "cores" in about["machine"]


def test_trace_covers_a_day_at_fifteen_seconds():
    day = load_scenario(SITE, "04-07", 24)
    assert day.load.period_s == pytest.approx(86400.0, abs=30.0)

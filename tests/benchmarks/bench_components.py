"""Speed of the plant: ``python -m pytest tests/benchmarks/bench_components.py -s``.

The set is every equation of the contracts table, each the same number of times.
Compiled: one core, all outputs summed so that nothing is optimised away. Plain: numpy
over 1,000 scenarios. Each figure is the median processor time of several runs after a
warm-up; compilation is not counted.
"""

import platform
import statistics
import sys
import time
from pathlib import Path

import numba
import numpy as np
import pytest

from plant import psychrometrics
from tests.contracts.test_components import ROWS, evaluate

RUNS = 7
STEPS = 20_000  # per row, compiled
SCENARIOS = 1_000
COMPILED_TARGET = 1e7  # component-steps per second
PLAIN_TARGET = 2e6
WET_BULBS = 525_600  # minutes of a year
WET_BULB_TARGET_S = 0.5
SLOWEST_SHOWN = 20
# An equation may stand in several rows, once for each output that is watched.
EQUATIONS = {(row.equation, row.params): (name, row) for name, row in ROWS.items()}
SET = dict(EQUATIONS.values())


@pytest.fixture(scope="module", autouse=True)
def _machine():
    versions = f"Python {platform.python_version()}, numpy {np.__version__}"
    say(f"\n{_processor()}, {versions}, numba {numba.__version__}")


def _processor():
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return f"{names[0]} ({len(names)} threads)" if names else platform.processor()


def say(text):
    sys.stdout.write(text + "\n")


def inputs(row, count):
    rng = np.random.default_rng(0)
    return [rng.uniform(low, high, size=count) for low, high in row.ranges]


def terms(value, name):
    """Every number of an output, as source text."""
    if not isinstance(value, tuple):
        return [name]
    return [part for i, v in enumerate(value) for part in terms(v, f"{name}[{i}]")]


def looped(row, x):
    """Compiled loop over the points that sums all outputs."""
    first = evaluate(row, *(float(a[0]) for a in x))
    arrays = ", ".join(f"x{i}" for i in range(len(x)))
    items = ", ".join(f"x{i}[i]" for i in range(len(x)))
    given = "" if row.params is None else "params, "
    source = (
        f"def loop(params, {arrays}):\n"
        "    total = 0.0\n"
        "    for i in range(x0.size):\n"
        f"        out = equation({given}{items})\n"
        f"        total += {' + '.join(terms(first, 'out'))}\n"
        "    return total\n"
    )
    names = {"equation": row.equation}
    exec(source, names)
    return numba.njit(names["loop"], error_model="numpy")


def median_s(call):
    call()
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return statistics.median(times)


def report(title, seconds, steps, target):
    total = len(seconds) * steps / sum(seconds.values())
    say(f"{title}: {total:.3g} component-steps/s over {len(seconds)} rows")
    slowest = sorted(seconds, key=seconds.get, reverse=True)[:SLOWEST_SHOWN]
    for name in slowest:
        say(f"  {name}: {1e9 * seconds[name] / steps:.0f} ns")
    assert total >= target


def test_compiled():
    seconds = {}
    for name, row in SET.items():
        x, params = inputs(row, STEPS), row.params
        loop = looped(row, x)
        argument = 0.0 if params is None else params
        seconds[name] = median_s(lambda f=loop, p=argument, x=x: f(p, *x))
    report("compiled, one core", seconds, STEPS, COMPILED_TARGET)


def test_plain_over_scenarios():
    seconds = {}
    for name, row in SET.items():
        x = inputs(row, SCENARIOS)
        seconds[name] = median_s(lambda row=row, x=x: evaluate(row, *x))
    report("numpy, 1,000 scenarios", seconds, SCENARIOS, PLAIN_TARGET)


@numba.njit(error_model="numpy")
def _wet_bulbs(dry_bulb_c, humidity, pressure_pa):
    out = np.empty_like(dry_bulb_c)
    for i in range(dry_bulb_c.size):
        out[i] = psychrometrics.wet_bulb(dry_bulb_c[i], humidity[i], pressure_pa[i])
    return out


def test_wet_bulbs_of_a_year():
    rng = np.random.default_rng(0)
    dry = rng.uniform(-15.0, 40.0, WET_BULBS)
    share = rng.uniform(0.1, 1.0, WET_BULBS)
    pressure = rng.uniform(80e3, 103e3, WET_BULBS)
    humidity = psychrometrics.humidity_ratio_from_relative_humidity(
        dry, share, pressure
    )
    seconds = median_s(lambda: _wet_bulbs(dry, humidity, pressure))
    say(f"{WET_BULBS} wet bulbs, compiled: {seconds:.3f} s")
    assert seconds <= WET_BULB_TARGET_S

"""Which columns of the reference the validation would miss if they were wrong.

``nice python -m tests.benchmarks.falsify``

Each round shifts one column of every case a little, replays all cases, and looks which of
them failed. A column whose shift nobody notices is either an input that hardly matters or
a result that no test reads; the latter belong into ``tests/validation/not_judged.toml``
with the reason.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from tests.validation.report import ROOT

SHIPPED = ROOT / "data" / "reference"
SHARE, KELVIN = 0.02, 0.5  # of the value, or of a temperature
NOT_REPLAYS = (  # of a single case, or slow beside a test that reads the same columns
    "test_harness.py",
    "test_further_cases.py",
    "test_cell.py::test_runs_that_the_fit_has_not_seen",
)


def shifted(values: pd.Series, name: str) -> pd.Series:
    """Column with every value a little off."""
    return values + KELVIN if name.endswith("_C") else values * (1.0 + SHARE)


def columns(table: pd.DataFrame) -> list[str]:
    """Columns that a shift changes."""
    numbers = table.select_dtypes("number")
    return [n for n in numbers if np.abs(numbers[n]).max() > 0.0]


def replay(folder: Path) -> set[str]:
    """Cases that fail."""
    command = [sys.executable, "-m", "pytest", "tests/validation", "-q", "--tb=no"]
    command += ["-m", "slow or not slow", "-p", "no:cacheprovider", "-rf"]
    for name in NOT_REPLAYS:
        command += ["--deselect", f"tests/validation/{name}"]
    done = subprocess.run(
        [*command, "--reference", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return set(re.findall(r"^(?:FAILED|ERROR) \S+\[([\w.-]+?)\]", done.stdout, re.M))


def main() -> None:
    """Print a line per column."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "reference"
        shutil.copytree(SHIPPED, folder)
        paths = sorted([*folder.glob("*.csv"), *folder.glob("*.csv.gz")])
        whole = {path: pd.read_csv(path) for path in paths}
        always = replay(folder)
        sys.stdout.write(f"without any shift: {sorted(always) or 'all pass'}\n")
        for number in range(max(len(columns(t)) for t in whole.values())):
            wrong = {}
            for path, table in whole.items():
                known = columns(table)
                if number < len(known):
                    column = known[number]
                    wrong[path.name.split(".")[0]] = column
                    new = {column: shifted(table[column], column)}
                    table.assign(**new).to_csv(path, index=False)
                else:
                    table.to_csv(path, index=False)
            failed = replay(folder)
            for case, column in wrong.items():
                seen = "noticed" if case in failed - always else "NOT noticed"
                sys.stdout.write(f"{case} {column}: {seen}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()

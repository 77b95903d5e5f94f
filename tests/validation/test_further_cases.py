"""The suite holds on cases it has not seen: other rows, order, names and conditions."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from CoolProp.CoolProp import HAPropsSI

from tests.validation.conftest import ROOT, SHIPPED, find_cases

ROWS = 60
HERE = ROOT / "tests" / "validation"
# time series depend on the rows before, a year on all of its hours
WHOLE = ("ep_liion", "ep_plantyear", "ep_dczone", "pybamm", "blast", "mod_")
COLUMNS = {"W": "hum_ratio_kgkg", "D": "t_dew_C", "H": "enthalpy_J_kgda"}


def moist_air():
    """Other temperatures, humidities and pressures than the shipped ones."""
    rng = np.random.default_rng(11)
    low, high = [-28.0, 0.03, 61e3], [49.0, 1.0, 109e3]
    for t, rh, p in rng.uniform(low, high, size=(150, 3)):
        given = ("T", t + 273.15, "P", p, "R", rh)
        row = {name: HAPropsSI(key, *given) for key, name in COLUMNS.items()}
        row["t_dew_C"] -= 273.15
        wet_bulb_c = HAPropsSI("B", *given) - 273.15
        volume = HAPropsSI("V", *given)
        yield row | {
            "t_dry_bulb_C": t,
            "rh": rh,
            "p_Pa": p,
            "t_wet_bulb_C": wet_bulb_c,
            "volume_m3_kgda": volume,
        }


@pytest.fixture
def further(tmp_path):
    """Some rows of every static case, shuffled and renamed, and fresh moist air."""
    for path in find_cases(SHIPPED, ""):
        name = path.name.split(".")[0]
        if name.startswith(WHOLE):
            continue
        table = pd.read_csv(path)
        some = table.sample(min(ROWS, len(table)), random_state=7)
        some.to_csv(tmp_path / f"{name}_Z.csv", index=False)
        params = SHIPPED / f"{name}.params.json"
        if params.exists():
            (tmp_path / f"{name}_Z.params.json").write_text(params.read_text())
    pd.DataFrame(moist_air()).to_csv(tmp_path / "coolprop_moist_air_new.csv")
    return tmp_path


def test_suite_holds_on_further_cases(further):
    names = [f"tests/validation/{p.name}" for p in sorted(HERE.glob("test_*.py"))]
    modules = [name for name in names if "further" not in name]
    call = [sys.executable, "-m", "pytest", "-q", *modules, "--reference", str(further)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout

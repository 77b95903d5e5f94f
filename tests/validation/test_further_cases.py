"""The suite holds on cases it has not seen: other rows, order, names and conditions."""

import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from CoolProp.CoolProp import HAPropsSI

from tests.validation.conftest import ROOT, SHIPPED, find_cases
from tests.validation.nameplates import COEFFICIENTS, coefficients

ROWS = 60
HERE = ROOT / "tests" / "validation"
# time series depend on the rows before, a year on all of its hours
WHOLE = ("ep_liion", "ep_plantyear", "ep_dczone", "pybamm", "blast", "mod_")
# what grows with the size of a machine, of its columns and of its parameters
SIZED_COLUMN = re.compile(r"_(kg_s|m3_s|W)$")
SIZED_PARAMETER = re.compile(
    r"(flow_rate|_power|area_value|_capacity|_loss|UA_W_K|_power_W|_flow_\w*m3_s)$"
)
SIZES = ("ep_tower", "ep_evap", "ep_dry", "ep_iec", "ep_chiller", "ep_hx", "ep_pump")
SIZE = 2.7
SPEEDS = ("air_flow_ratio", "fan_speed_ratio")
OTHER_FAN = dict(zip(COEFFICIENTS, (0.0, 0.0, 0.15, 0.85), strict=True))
COLUMNS = {"W": "hum_ratio_kgkg", "D": "t_dew_C", "H": "enthalpy_J_kgda"}


def moist_air():
    """Other temperatures, humidities and pressures than the shipped ones."""
    rng = np.random.default_rng(11)
    low, high = [-28.0, 0.03, 61e3], [79.0, 1.0, 109e3]
    for t, rh, p in rng.uniform(low, high, size=(220, 3)):
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


def sized(params):
    """The same machine in another size."""
    return {
        key: sized(value)
        if isinstance(value, dict) and key != "curves"
        else SIZE * value
        if SIZED_PARAMETER.search(key) and not isinstance(value, str)
        else value
        for key, value in params.items()
    }


def write_sized(path, table, params):
    """Larger case: intensive columns as they are, extensive ones larger."""
    larger = table.copy()
    columns = [name for name in table if SIZED_COLUMN.search(name)]
    larger[columns] = SIZE * larger[columns]
    larger.to_csv(path, index=False)
    text = json.dumps(sized(params))
    path.with_name(path.name.replace(".csv", ".params.json")).write_text(text)


def write_refanned(path, table, params):
    """The same tower with a fan of another curve."""
    fields, curves = params["fields"], params["curves"]
    key = next(name for name in fields if name.startswith("fan_power_"))
    ratio = table[next(name for name in SPEEDS if name in table)]
    x = ratio.clip(lower=fields["minimum_air_flow_rate_ratio"])
    known = curves[fields[key]]
    other = known | {"f": known["f"] | OTHER_FAN}
    old, new = (
        np.polynomial.Polynomial(coefficients(c["f"]))(x) for c in (known, other)
    )
    table.assign(p_fan_W=table.p_fan_W * new / old).to_csv(path, index=False)
    changed = {"fields": fields | {key: "other"}, "curves": curves | {"other": other}}
    text = json.dumps(params | changed)
    path.with_name(path.name.replace(".csv", ".params.json")).write_text(text)


@pytest.fixture
def further(tmp_path):
    """Static cases: some rows, shuffled and renamed; other sizes, another fan; new air."""
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
        if name.startswith(SIZES):
            known = json.loads(params.read_text())
            write_sized(tmp_path / f"{name}_size.csv", some, known)
            if name.startswith("ep_tower"):
                write_refanned(tmp_path / f"{name}_fan.csv", some, known)
    pd.DataFrame(moist_air()).to_csv(tmp_path / "coolprop_moist_air_new.csv")
    return tmp_path


def test_suite_holds_on_further_cases(further):
    names = [f"tests/validation/{p.name}" for p in sorted(HERE.glob("test_*.py"))]
    modules = [n for n in names if "further" not in n and "harness" not in n]
    call = [sys.executable, "-m", "pytest", "-q", *modules, "--reference", str(further)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout

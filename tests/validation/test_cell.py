"""Lithium cell against PyBaMM's Doyle-Fuller-Newman model."""

import json

import numpy as np
import pytest

from plant.power import cell
from tests.validation.conftest import shipped_params
from twin import cell_fit
from twin.resources import resolve

PREFIX = "pybamm_"
LOW_TRUST_RATE = 1.6  # C: beyond it the LFP set is not compared
LITHIUM_IRON_BELOW_V = 4.0  # largest voltage
LEAST_RUNS = 4
LAYERS = (
    "Negative current collector",
    "Negative electrode",
    "Separator",
    "Positive electrode",
    "Positive current collector",
)


def heat_capacity_j_k(params):
    """Of the layers, on the cell volume (lumped model of PyBaMM)."""
    thickness = np.array([params[f"{layer} thickness [m]"] for layer in LAYERS])
    dense = np.array([params[f"{layer} density [kg.m-3]"] for layer in LAYERS])
    specific = [params[f"{x} specific heat capacity [J.kg-1.K-1]"] for x in LAYERS]
    mean = (thickness * dense * specific).sum() / thickness.sum()
    return mean * params["Cell volume [m3]"]


def run_of(table):
    columns = (table[name].to_numpy(float) for name in ("time_s", "current_A"))
    volts, kelvin = table.voltage_V.to_numpy(float), table.temp_K.to_numpy(float)
    start_v = float(table.ocv_V.iloc[0])
    return cell_fit.CellRun(*columns, volts, kelvin - 273.15, start_v)


def runs_of(case):
    groups = case.table.sort_values("time_s", kind="stable").groupby("case")
    return {name: run_of(table) for name, table in groups}


@pytest.fixture
def params(request, case):
    """One file of parameters serves all runs of a set: ``pybamm_SET.params.json``."""
    prefix = "_".join(case.name.split("_")[:2])
    folder = request.config.getoption("--reference")
    return json.loads((folder / f"{prefix}.params.json").read_text())


def is_known(params, name, run):
    """Whether a run belongs to those from which parameters are taken."""
    rate = np.abs(run.current_a).max() / params["Nominal cell capacity [A.h]"]
    return "_ocv_" not in name and rate < 1.1 and abs(run.temperature_c[0] - 25.0) < 1.0


def fitted(case, params, runs):
    """A parameter set that does not ship is fitted to its own 25 degC runs."""
    slow = case.table[case.table.case.str.contains("_ocv_")]
    return cell_fit.fit(
        params["Nominal cell capacity [A.h]"],
        cell_fit.open_circuit(slow.soc.to_numpy(), slow.ocv_V.to_numpy()),
        params["Cation transference number"],
        [run for name, run in runs.items() if is_known(params, name, run)],
        voltage_minimum_v=params["Lower voltage cut-off [V]"],
        voltage_maximum_v=params["Upper voltage cut-off [V]"],
    )


@pytest.fixture(scope="module")
def shipped():
    return cell_fit.load(resolve("cells", "equipment", ".json"))


@pytest.fixture
def cell_of(case, params, shipped):
    """Parameters, and the runs that they do not come from.

    A set whose parameters are those of a shipped one is judged with the shipped fit; its
    own runs at 25 degC and up to 1C are the data of that fit in the shipped folder.
    """
    runs, key = runs_of(case), case.name
    for name in shipped:
        if params == shipped_params(f"pybamm_{name}"):
            key = name
    if key not in shipped:
        shipped[key] = fitted(case, params, runs)  # kept for the other tests here
    return shipped[key], runs


def rmse_v(parameters, run):
    keep = cell_fit.steady(parameters.capacity_ah, run)
    error = cell_fit.error_v(parameters, run)
    slow = np.abs(run.current_a).max() < cell_fit.SWITCHED * parameters.capacity_ah
    return np.sqrt((error[keep | slow] ** 2).mean())


def test_voltage(cell_of, check, draw, case):
    parameters, runs = cell_of
    limits = {}
    lithium_iron = parameters.voltage_maximum_v < LITHIUM_IRON_BELOW_V
    for run in runs.values():
        rate = np.abs(run.current_a).max() / parameters.capacity_ah
        known = "cell_lfp" if lithium_iron else "cell_1c" if rate < 1.1 else "cell_2c"
        if not (lithium_iron and rate > LOW_TRUST_RATE):
            error = rmse_v(parameters, run)
            limits[known] = max(limits.get(known, 0.0), error)
    for known, error in limits.items():
        check(f"{known}_rmse", error)
    run = max(runs.values(), key=lambda run: run.current_a.mean())
    error = cell_fit.error_v(parameters, run)
    draw("cell voltage [V]", run.voltage_v, run.voltage_v + error)


@pytest.mark.slow
def test_runs_that_the_fit_has_not_seen(case, params, check, draw):
    """Fitted on the first half of its known runs, by name, and judged on the others."""
    runs = runs_of(case)
    known = sorted(name for name, run in runs.items() if is_known(params, name, run))
    if len(known) < LEAST_RUNS:
        pytest.skip(f"{len(known)} runs at 25 degC and up to 1C leave no half to fit")
    seen = known[: len(known) // 2]
    parameters = fitted(case, params, {name: runs[name] for name in seen})
    lithium_iron = parameters.voltage_maximum_v < LITHIUM_IRON_BELOW_V
    figure = "cell_lfp_unseen" if lithium_iron else "cell_unseen"
    unseen = [runs[name] for name in known[len(known) // 2 :]]
    made = [run.voltage_v + cell_fit.error_v(parameters, run) for run in unseen]
    voltage = np.concatenate([run.voltage_v for run in unseen])
    draw("cell voltage unseen [V]", voltage, np.concatenate(made))
    for run in unseen:
        check(figure, rmse_v(parameters, run))


def test_energy(cell_of, check, draw):
    parameters, runs = cell_of
    energies = []
    for name, run in runs.items():
        rate = np.abs(run.current_a).max() / parameters.capacity_ah
        if "_dis_" not in name or (
            parameters.voltage_maximum_v < LITHIUM_IRON_BELOW_V
            and rate > LOW_TRUST_RATE
        ):
            continue
        made = run.voltage_v + cell_fit.error_v(parameters, run)
        energies.append(
            [np.trapezoid(v * run.current_a, run.time_s) for v in (made, run.voltage_v)]
        )
    found, reference = np.transpose(energies)
    draw("energy of a discharge [J]", reference, found)
    check("cell_energy_max", np.abs(found / reference - 1.0).max())


def test_thermal_node(cell_of, case, check, draw, params):
    """Temperature from the heat that the reference makes."""
    if "Cell cooling surface area [m2]" not in params:
        pytest.skip("isothermal: the parameter set has no thermal data")
    area = params["Cell cooling surface area [m2]"]
    plate = cell_of[0]._replace(
        heat_capacity_j_k=heat_capacity_j_k(params),
        conductance_w_k=area * params["Total heat transfer coefficient [W.m-2.K-1]"],
    )
    groups = case.table.sort_values("time_s", kind="stable").groupby("case")
    lumped = [table for _, table in groups if np.ptp(table.temp_K) > 0.0]
    found = np.concatenate([node(plate, table) for table in lumped])
    reference = np.concatenate([table.temp_K for table in lumped])
    draw("cell temperature [K]", reference, found)
    check("cell_temperature_max", np.abs(found - reference).max())


def node(plate, table):
    """Temperature from the heat of the reference [K]."""
    seconds, heat_w = table.time_s.to_numpy(float), table.heat_W.to_numpy(float)
    kelvin = table.temp_K.to_numpy(float)
    found = [kelvin[0]]
    for k, dt_s in enumerate(np.diff(seconds)):
        mean_w = 0.5 * (heat_w[k] + heat_w[k + 1])
        found.append(cell.warmed(plate, found[-1], mean_w, kelvin[0], dt_s))
    return np.array(found)

"""``wetbulb component``: look at, run and fit one component of the plant."""

import inspect
import re
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import yaml
from matplotlib.figure import Figure

from dashboards import console
from dashboards.plain import plain
from dashboards.style import ACCENT, INK, SETTINGS
from twin import bench, bench_fit, bench_inputs, bench_names, bench_ranges
from twin.bench import Component
from twin.bench_fit import Fit
from twin.errors import DataError

PANEL_IN = 3.2
_UNIT = re.compile(r"\[([^\]`]+)\]")


def show_all(as_json: bool) -> None:
    """Print every component with its summary."""
    known = bench.components()
    if as_json:
        console.write_json(_summaries(known))
        return
    _write_summaries(known)


def show(name: str, as_json: bool) -> None:
    """Print the nameplate, the inputs and the explanation of a component."""
    others = bench.family(name)
    if others and name not in bench.components():
        _show_family(name, others, as_json)
        return
    component = bench.find(name)
    fields = [] if component.params is None else bench.fields(component.params)
    inputs = bench.columns(component)
    outputs = bench.output_columns(component)
    described = {
        "name": component.name,
        "summary": component.summary,
        "parameters": [{**f._asdict(), "default": plain(f.default)} for f in fields],
        "inputs": inputs,
        "input_ranges": {n: str(r) for n, r in bench_inputs.allowed(inputs).items()},
        "valid_ranges": bench_ranges.declared(component.equation),
        "outputs": outputs,
        "units": {n: _unit(component, n) for n in (*inputs, *outputs)},
        "same_file": list(others),
    }
    if as_json:
        console.write_json(described)
        return
    _write_explained(component, fields)
    if others:
        console.write(f"\nSame file: {', '.join(others)}")


def _write_explained(component: Component, fields: list[bench.Field]) -> None:
    """Print the explanation of a component and every name that goes in or out."""
    console.write(_explanation(component))
    console.write("\nParameters (--params FILE, YAML or JSON)")
    _write_fields(fields)
    console.write("\nInput columns (CSV)")
    valid = bench_ranges.declared(component.equation)
    for column, limits in bench_inputs.allowed(bench.columns(component)).items():
        ends = valid.get(column)
        note = "" if ends is None else f"; valid {ends[0]:g} to {ends[1]:g}"
        console.write(f"  {column} [{bench_inputs.unit(column)}]: {limits}{note}")
    console.write("\nOutput columns")
    for column in bench.output_columns(component):
        console.write(f"  {column} [{_unit(component, column)}]")


def _show_family(name: str, members: dict[str, Component], as_json: bool) -> None:
    """Print the functions of a file that has no main one, and what they share."""
    kinds = {c.params for c in members.values() if c.params is not None}
    plates = {kind.__name__: bench.fields(kind) for kind in kinds}
    if as_json:
        described = {
            kind: [{**f._asdict(), "default": plain(f.default)} for f in fields]
            for kind, fields in plates.items()
        }
        functions = _summaries(members)
        console.write_json(
            {"name": name, "functions": functions, "parameters": described}
        )
        return
    console.write(f"{name} has {len(members)} functions; show one of them:")
    _write_summaries(members)
    for kind, fields in sorted(plates.items()):
        console.write(f"\nParameters of {kind} (--params FILE, YAML or JSON)")
        _write_fields(fields)


def _write_fields(fields: list[bench.Field]) -> None:
    """Print a line per parameter: what it may be, default, meaning."""
    for f in fields:
        default = "required" if f.default is None else f"default {plain(f.default)}"
        notes = "; ".join(note for note in (f.allowed, default, f.comment) if note)
        console.write(f"  {f.name}: {notes}")


def _summaries(known: dict[str, Component]) -> dict[str, str]:
    return {name: component.summary for name, component in known.items()}


def _write_summaries(known: dict[str, Component]) -> None:
    """Print one line per component."""
    width = max(map(len, known))
    for name, summary in _summaries(known).items():
        console.write(f"{name:{width}}  {summary}")


def _unit(component: Component, column: str) -> str:
    """Unit by the column's name; a single result has that of its docstring."""
    if column != component.equation.__name__:
        return bench_inputs.unit(column)
    text = inspect.getdoc(component.equation) or ""
    head, _, rest = text.partition("Parameters\n---")
    # what is returned stands in its section or in the summary, never among parameters
    stated = _UNIT.findall(rest.partition("Returns\n---")[2]) or _UNIT.findall(head)
    return stated[0] if stated else bench_inputs.unit(column)


def _explanation(component: Component) -> str:
    """Docstring of the file, or of the equation where it is not the main one."""
    module = inspect.getmodule(component.equation)
    own = inspect.getdoc(component.equation) or ""
    return f"{component.name}\n\n{inspect.getdoc(module) or ''}\n\n{own}"


def run(name: str, params: Path | None, inputs: Path, out: Path, as_json: bool) -> None:
    """Write a table with the outputs of a component, and what leaves its range."""
    if out.resolve() == inputs.resolve():
        message = f"--out {out}: is the file of the inputs. Give another one."
        raise DataError(message)
    component = bench.find(name)
    nameplate, _ = bench.load_params(component, params)
    table = bench.load_inputs(component, inputs)
    outputs = bench.run(component, nameplate, table)
    far = bench_ranges.flagged(component.equation, table)
    added = pd.concat([outputs, far], axis=1)
    clash = [column for column in added if column in table]
    named = added.rename(columns={column: f"{column}_out" for column in clash})
    _write(pd.concat([table, named], axis=1), out)
    beyond = bench_ranges.sentences(component.equation, table)
    if as_json:
        console.write_json(
            {
                "component": name,
                "rows": len(table),
                "outputs": list(named),
                "outside_range": beyond,
                "carried_through": bench.further_columns(component, table),
                "out": str(out),
            }
        )
        return
    console.write(f"{name}: {len(table)} rows to {out}")
    _write_run(component, table, named, beyond)


def _write_run(
    component: Component, table: pd.DataFrame, named: pd.DataFrame, beyond: list[str]
) -> None:
    """Print the span of every output, and what to doubt."""
    for column in named:
        low, high = named[column].min(), named[column].max()
        console.write(f"  {column}: {low:.6g} to {high:.6g}")
    for sentence in beyond:
        console.write(f"  warning: {sentence}")
    further = bench.further_columns(component, table)
    if further:
        console.write(f"  not used, written as they are: {', '.join(further)}")


def _write(table: pd.DataFrame, out: Path) -> None:
    """Save a table, or say why not."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(out, index=False)
    except OSError as error:
        message = f"{out}: cannot be written ({error.strerror}). Give another --out."
        raise DataError(message) from error


def fit(
    name: str,
    params: Path | None,
    data: Path,
    free: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Fit parameters to measured outputs; save the nameplate, the points and a plot."""
    component = bench.find(name)
    nameplate, given = bench.load_params(component, params)
    table = bench.load_inputs(component, data)
    wanted = (
        bench_names.usual(nameplate, given)
        if free is None
        else [part.strip() for part in free.split(",") if part.strip()]
    )
    found = bench_fit.fit(component, nameplate, table, wanted)
    folder = out or Path("runs") / f"fit-{name}"
    _save(found, folder)
    if as_json:
        console.write_json(_found(name, found, folder))
        return
    _write_found(name, found)
    console.write(f"nameplate, points and plot: {folder}")


def _found(name: str, found: Fit, folder: Path) -> dict[str, Any]:
    """What a fit found, for machines."""
    return {
        "component": name,
        "points": found.points,
        "values": [value._asdict() for value in found.values],
        "confidence": bench_fit.CONFIDENCE,
        "rmse": found.rmse,
        "warnings": found.warnings,
        "out": str(folder),
    }


def _write_found(name: str, found: Fit) -> None:
    """Print the values of a fit with their intervals, and what to doubt."""
    console.write(f"{name}: {found.points} points, 95 % confidence intervals")
    for value in found.values:
        half = 0.5 * (value.high - value.low)
        console.write(
            f"  {value.name}: {value.value:.6g} ± {half:.2g} (start {value.start:g})"
        )
    for column, rmse in found.rmse.items():
        console.write(f"  RMSE of {column}: {rmse:.4g}")
    for warning in found.warnings:
        console.write(f"  warning: {warning}")


def _save(found: Fit, folder: Path) -> None:
    """Nameplate, points and plot of a fit."""
    pairs = found.measured.add_suffix("_measured").join(
        found.fitted.add_suffix("_fitted")
    )
    _write(pairs, folder / "points.csv")
    values: dict[str, Any] = plain(found.params)
    text = yaml.safe_dump(values, sort_keys=False)
    (folder / "nameplate.yaml").write_text(text, encoding="utf-8")
    with mpl.rc_context({**SETTINGS, "svg.hashsalt": "fit"}):
        _picture(found).savefig(folder / "fit.svg", metadata={"Date": None})


def _picture(found: Fit) -> Figure:
    """Fitted over measured, and what is left, one row per output."""
    count = len(found.rmse)
    figure = Figure(figsize=(2.6 * PANEL_IN, count * PANEL_IN), layout="constrained")
    panels = figure.subplots(count, 2, squeeze=False)
    for (left, right), column in zip(panels, found.rmse, strict=True):
        measured, fitted = found.measured[column], found.fitted[column]
        ends = [measured.min(), measured.max()]
        left.plot(ends, ends, color=INK, linewidth=0.6)
        left.plot(measured, fitted, ".", color=ACCENT)
        left.set(xlabel=f"{column}, measured", ylabel="fitted")
        right.axhline(0.0, color=INK, linewidth=0.6)
        right.plot(measured, fitted - measured, ".", color=ACCENT)
        right.set(xlabel=f"{column}, measured", ylabel="fitted - measured")
    return figure

"""Bench of single components: what there is, what goes in, what comes out.

Nothing is listed here a second time: components, parameters, ranges, inputs and outputs
are read off the kernels and NamedTuples of ``plant``. A component is a public kernel;
``operate`` goes by the name of its file alone (``chiller``), any other by file and name
(``chiller.capacity``). Its parameters are a leading NamedTuple without a signal in it,
everything after that is an input, one column each.
"""

import difflib
import functools
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError

import plant
from plant.types import Numeric
from twin import bench_inputs
from twin.config import declared_range
from twin.errors import ConfigError, DataError
from twin.tables import read_csv
from twin.yaml_source import read_yaml, report

MAIN = "operate"
CLOSE_NAMES = 5  # offered when a name is not known
_STRICT = ConfigDict(allow_inf_nan=False, arbitrary_types_allowed=True)
_COMMENT = re.compile(r"^\s+(\w+):[^#\n]*?(?:#\s*(.*))?$", re.MULTILINE)


class Component(NamedTuple):
    """One equation of the plant with all that it needs."""

    name: str
    equation: Callable[..., Any]
    params: Any  # class of the nameplate, None without one
    inputs: dict[str, Any]  # argument -> NamedTuple of signals, or None for a number
    summary: str


class Field(NamedTuple):
    """One field of a nameplate."""

    name: str
    allowed: str
    default: Any  # None where it must be given
    comment: str


def fields(kind: Any) -> list[Field]:
    """Fields of a NamedTuple with range, default and comment."""
    comments = dict(_COMMENT.findall(inspect.getsource(kind)))
    return [
        Field(
            name,
            declared_range(kind, (name,)),
            kind._field_defaults.get(name),
            comments.get(name, ""),
        )
        for name in kind._fields
    ]


def components() -> dict[str, Component]:
    """Every component by name, in alphabetical order."""
    return dict(sorted(_catalogue().items()))


@functools.cache
def _catalogue() -> dict[str, Component]:
    found: dict[str, Component] = {}
    for module in pkgutil.walk_packages(plant.__path__, "plant."):
        short = module.name.rpartition(".")[2]
        if not (short.startswith("_") or module.ispkg or short == "types"):
            for component in _components_of(importlib.import_module(module.name)):
                found[component.name] = component
    return found


def _components_of(module: Any) -> Iterator[Component]:
    """Public equations that take numbers, of one file."""
    short = module.__name__.rpartition(".")[2]
    for name, function in inspect.getmembers(module, inspect.isfunction):
        own = function.__module__ == module.__name__ and not name.startswith("_")
        described = _describe(function) if own else None
        if described is not None:
            title = short if name == MAIN else f"{short}.{name}"
            source = module if name == MAIN else function
            summary = (inspect.getdoc(source) or "").partition("\n")[0]
            yield Component(title, function, *described, summary)


def _describe(function: Callable[..., Any]) -> tuple[Any, dict[str, Any]] | None:
    """Nameplate and inputs of an equation; None where a column cannot say it."""
    hints = get_type_hints(function)
    hints.pop("return", None)
    names = list(inspect.signature(function).parameters)
    params = hints.get(names[0]) if names else None
    if not _is_record(params) or _has_signals(params):
        params = None
    inputs: dict[str, Any] = {}
    for name in names[params is not None :]:
        kind = hints.get(name)
        if kind == Numeric:
            inputs[name] = None
        elif _is_record(kind) and _only_signals(kind):
            inputs[name] = kind
        else:
            return None
    names = _columns(inputs)
    one_each = len(set(names)) == len(names) > 0
    return (params, inputs) if one_each else None


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and hasattr(kind, "_fields")


def _only_signals(kind: Any) -> bool:
    return all(hint == Numeric for hint in get_type_hints(kind).values())


def _has_signals(kind: Any) -> bool:
    return any(hint == Numeric for hint in get_type_hints(kind).values())


def find(name: str) -> Component:
    """Component of a name.

    Raises
    ------
    ConfigError
        Unknown; names the closest ones.
    """
    known = components()
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, CLOSE_NAMES)
    offer = ", ".join(close) or "see `wetbulb component list`"
    message = f"component {name!r}: there is none. Take one of: {offer}."
    raise ConfigError(message)


def columns(component: Component) -> list[str]:
    """Columns that an input table must have."""
    return _columns(component.inputs)


def _columns(inputs: dict[str, Any]) -> list[str]:
    """One name per number, those of a record in its place."""
    names: list[str] = []
    for argument, kind in inputs.items():
        names += [argument] if kind is None else list(kind._fields)
    return names


def output_columns(component: Component) -> list[str]:
    """Columns that a run gives, from what the equation declares to return."""
    kind = get_type_hints(component.equation)["return"]
    return list(_output_names(kind, component.equation.__name__))


def _output_names(kind: Any, name: str) -> Iterator[str]:
    """Names of one result, those of a record one after another."""
    if _is_record(kind):
        for field, inner in get_type_hints(kind).items():
            yield from _output_names(inner, field)
    elif get_origin(kind) is tuple:
        for number, inner in enumerate(get_args(kind)):
            yield from _output_names(inner, f"{name}_{number}")
    else:
        yield name


def family(name: str) -> dict[str, Component]:
    """Other components of the same file: those named ``name.something``."""
    start = name.partition(".")[0] + "."
    return {k: c for k, c in components().items() if k.startswith(start) and k != name}


def load_params(component: Component, path: Path | None) -> tuple[Any, list[str]]:
    """Nameplate from a YAML or JSON file, and the fields that the file gives.

    Raises
    ------
    ConfigError
        Missing file, or every wrong field with line, range and repair.
    """
    if component.params is None:
        return None, []
    if path is None:
        needed = ", ".join(f.name for f in fields(component.params))
        message = f"{component.name} has a nameplate. Give --params with: {needed}."
        raise ConfigError(message)
    document = read_yaml(path)
    adapter = TypeAdapter(component.params, config=_STRICT)
    try:
        params = adapter.validate_python(document.data)
    except ValidationError as error:

        def allowed(at: Any) -> str:
            return declared_range(component.params, at)

        raise ConfigError(report(path, document.lines, error, allowed)) from error
    return _floats(params), list(document.data)


def _floats(value: Any) -> Any:
    """The same with every number a float, as compiled code wants it."""
    if isinstance(value, tuple):
        inner = [_floats(part) for part in value]
        return type(value)(*inner) if hasattr(value, "_fields") else tuple(inner)
    return float(value) if isinstance(value, int) else value


def load_inputs(component: Component, path: Path) -> pd.DataFrame:
    """Table of inputs, one row per operating point.

    Raises
    ------
    DataError
        Missing file or column, or a cell that is not a finite number or cannot be.
    """
    table = read_csv(path, columns(component))
    bench_inputs.refuse_doubled(path)
    for name in columns(component):
        numbers = pd.to_numeric(table[name], errors="coerce").astype(float)
        bad = np.flatnonzero(~np.isfinite(numbers.to_numpy()))
        if bad.size:
            cell = table[name].iloc[bad[0]]
            message = (
                f"{path}: row {bad[0] + 1}, column {name}: {cell!r} is not a finite "
                "number. Give a number or remove the row."
            )
            raise DataError(message)
        table[name] = numbers
    bench_inputs.check(str(path), table, columns(component))
    return table


def further_columns(component: Component, table: pd.DataFrame) -> list[str]:
    """Columns of a table that a component does not read."""
    known = set(columns(component))
    return [str(name) for name in table if name not in known]


def run(component: Component, params: Any, table: pd.DataFrame) -> pd.DataFrame:
    """Outputs of a component, one column each, for every row of a table.

    Parameters
    ----------
    component
        What to run.
    params
        Its nameplate, None without one.
    table
        Input columns.
    """
    arguments: list[Any] = [] if component.params is None else [params]
    for argument, kind in component.inputs.items():
        if kind is None:
            arguments.append(table[argument].to_numpy(float))
        else:
            signals = [table[name].to_numpy(float) for name in kind._fields]
            arguments.append(kind(*signals))
    outputs = component.equation(*arguments)
    shape = (len(table),)
    return pd.DataFrame(
        {
            name: np.broadcast_to(np.asarray(value, dtype=float), shape)
            for name, value in _flat(component, outputs)
        }
    )


def _flat(
    component: Component, outputs: Any
) -> Iterator[tuple[str, float | NDArray[np.float64]]]:
    """Outputs with their names, those of nested results one after another."""
    if hasattr(outputs, "_fields"):
        for name, value in outputs._asdict().items():
            yield from (
                _flat(component, value) if isinstance(value, tuple) else [(name, value)]
            )
    elif isinstance(outputs, tuple):
        for number, value in enumerate(outputs):
            nested = isinstance(value, tuple)
            name = f"{component.equation.__name__}_{number}"
            yield from _flat(component, value) if nested else [(name, value)]
    else:
        yield component.equation.__name__, outputs

"""Nothing of the plant is forgotten: every equation has a row, every flag is raised."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import plant
from tests.contracts.row import reached
from tests.contracts.test_components import ROWS, evaluate
from twin import bench_ranges

FLAG = re.compile(r"^ {4}(\w+): Numeric  # 1 (?:where|when|beyond)", re.MULTILINE)
PREDICATE = re.compile(r'def ([a-z]\w+)\([^"]*"""1 where', re.MULTILINE)


def public_modules():
    for found in pkgutil.walk_packages(plant.__path__, "plant."):
        if not (found.ispkg or found.name.rpartition(".")[2].startswith("_")):
            yield importlib.import_module(found.name)


def kernels(module):
    """Public equations of a file, those at its door (plain Python) left out."""
    marked = set(re.findall(r"@(?:kernel|routine)\ndef ([a-z]\w*)", source_of(module)))
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ == module.__name__ and name in marked:
            yield function


def source_of(module):
    return Path(module.__file__).read_text()


def test_every_public_equation_has_a_row():
    """A new equation of the plant fails here until a row of the contracts tries it."""
    tried = {equation for row in ROWS.values() for equation in reached(row)}
    missed = [
        f"{module.__name__}.{equation.__name__}"
        for module in public_modules()
        for equation in kernels(module)
        if equation not in tried
    ]
    assert not missed


def test_every_flag_is_raised_by_some_row():
    """Fields and functions of the plant that are documented as "1 where ..."."""
    raised = set()
    for row in ROWS.values():
        for arguments, flag in row.flagged():
            outputs = evaluate(row, *arguments)
            assert float(getattr(outputs, flag) if flag else outputs) == 1.0
            homes = [type(outputs)] if flag else list(reached(row))
            raised |= {(home.__module__, flag or home.__name__) for home in homes}
        if bench_ranges.declared(row.equation):  # tried beyond both ends of each
            kind = type(evaluate(row, *(low for low, _ in row.ranges)))
            raised.add((kind.__module__, "extrapolated"))
    declared = set()
    for module in public_modules():
        names = {
            *FLAG.findall(source_of(module)),
            *PREDICATE.findall(source_of(module)),
        }
        declared |= {(module.__name__, name) for name in names}
    assert not declared - raised

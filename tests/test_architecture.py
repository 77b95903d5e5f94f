"""The house has one direction, a slim core, and files that one can read."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT: dict[str, set[str]] = {
    "plant": set(),
    "twin": {"plant"},
    "optimizer": {"plant", "twin"},
    "bms_io": {"plant", "twin"},
    "dashboards": {"plant", "twin", "optimizer", "bms_io"},
}
# What the equations may know, and the two files that may know the compiler.
PLANT_MAY_IMPORT = {"plant", "numpy", "annotated_types", "typing", "collections"}
COMPILER_FILES = {ROOT / "plant" / name for name in ("_kernel.py", "_select.py")}
# Import name of each extra, and the only folders or files that may import it on loading.
EXTRAS = {
    "torch": "optimizer/rl",
    "stable_baselines3": "optimizer/rl",
    "sb3_contrib": "optimizer/rl",
    "gymnasium": "optimizer/rl:optimizer/rl_env.py",
    "onnx": "optimizer/rl",
    "tensorboard": "optimizer/rl",
    "dask": "optimizer/study",
    "distributed": "optimizer/study",
    "streamlit": "dashboards/app",
    "weasyprint": "dashboards/print",
    "xlsxwriter": "dashboards/print",
    "rdflib": "bms_io/point_brick.py",
    "aiomqtt": "bms_io/mqtt.py",
}
DEVELOPMENT = {"CoolProp", "hypothesis", "phable", "psychrolib", "pytest", "trustme"}
MAX_LINES = 400


def files_of(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def source_files() -> Iterator[Path]:
    for folder in (*MAY_IMPORT, "tests"):
        yield from files_of(folder)


def imported(nodes: Iterator[ast.AST]) -> set[str]:
    """Top-level names imported by these nodes."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import: name the package"
            names.add(node.module or "")
    return {name.split(".")[0] for name in names}


def imports_anywhere(path: Path) -> set[str]:
    return imported(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def executed_on_import(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes that run when the module is loaded: not the bodies of functions."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from executed_on_import(child)


def imports_on_loading(path: Path) -> set[str]:
    return imported(executed_on_import(ast.parse(path.read_text(encoding="utf-8"))))


def is_extra_of(path: Path, places: str) -> bool:
    return any(path.is_relative_to(ROOT / place) for place in places.split(":"))


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_downwards(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    for path in files_of(package):
        upwards = (imports_anywhere(path) & MAY_IMPORT.keys()) - allowed
        assert not upwards, f"{path.relative_to(ROOT)} imports {sorted(upwards)}"


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_no_package_knows_its_tests(package: str) -> None:
    for path in files_of(package):
        known = imports_anywhere(path) & (DEVELOPMENT | {"tests"})
        assert not known, f"{path.relative_to(ROOT)} imports {sorted(known)}"


def test_plant_knows_numpy_only() -> None:
    for path in files_of("plant"):
        compiler = {"numba"} if path in COMPILER_FILES else set()
        allowed = PLANT_MAY_IMPORT | compiler
        foreign = imports_anywhere(path) - allowed
        assert not foreign, f"{path.relative_to(ROOT)} imports {sorted(foreign)}"


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_extras_stay_in_their_folders(package: str) -> None:
    for path in files_of(package):
        on_loading = imports_on_loading(path) & EXTRAS.keys()
        stray = {name for name in on_loading if not is_extra_of(path, EXTRAS[name])}
        assert not stray, f"{path.relative_to(ROOT)} imports {sorted(stray)}"


def test_files_stay_readable() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {lines}"
        for path in source_files()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    ]
    assert not long, f"more than {MAX_LINES} lines: {long}"


BLOCKED_IMPORT = """
import importlib, sys
from importlib.machinery import PathFinder

blocked, modules = set(sys.argv[1].split(",")), sys.argv[2].split(",")

class Absent:
    # not found, instead of refused: libraries also ask find_spec what is installed
    @staticmethod
    def find_spec(name, path=None, target=None):
        absent = name.split(".")[0] in blocked
        return None if absent else PathFinder.find_spec(name, path, target)

    find_distributions = staticmethod(PathFinder.find_distributions)

sys.meta_path[:] = [Absent if f is PathFinder else f for f in sys.meta_path]
for module in modules:
    importlib.import_module(module)
assert not blocked & {name.split(".")[0] for name in sys.modules}
"""


def core_modules() -> list[str]:
    folders = set(EXTRAS.values())
    paths = (path for package in MAY_IMPORT for path in files_of(package))
    core = (p for p in paths if not any(is_extra_of(p, folder) for folder in folders))
    dotted = (p.relative_to(ROOT).with_suffix("").parts for p in core)
    return [".".join(parts).removesuffix(".__init__") for parts in dotted]


def test_core_imports_without_any_extra() -> None:
    modules = core_modules()
    assert {"plant", "twin.signals"} <= set(modules)
    names = ",".join([*EXTRAS, *DEVELOPMENT])
    result = subprocess.run(
        [sys.executable, "-c", BLOCKED_IMPORT, names, ",".join(modules)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr

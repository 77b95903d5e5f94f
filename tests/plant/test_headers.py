"""Every file of the plant opens with its equation, range, proof and source."""

import ast
import re
from pathlib import Path

import pytest

import plant

PLANT = Path(plant.__file__).parent
FILES = [
    path
    for path in sorted(PLANT.rglob("[!_]*.py"))
    if "@kernel" in path.read_text(encoding="utf-8")
]
PARTS = {
    "equation": re.compile(r"math::|:math:|^ {4}\S.* = ", re.MULTILINE),
    "range": re.compile(r"\bValid\b"),
    "proof": re.compile(r"[Vv]alidated|[Aa]ccepted on"),
    "source": re.compile(r"^References\n-{10}\n\S", re.MULTILINE),
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_header_says_equation_range_proof_and_source(path: Path) -> None:
    header = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    missing = [part for part, pattern in PARTS.items() if not pattern.search(header)]
    assert not missing, f"{path.name}: its docstring has no {', '.join(missing)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_tests_named_in_a_header_exist(path: Path) -> None:
    header = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    named = re.findall(r"\btests/[\w/]+\.py\b", header)
    assert not [name for name in named if not (PLANT.parent / name).is_file()]

"""Mutation score of guard and verifier: how many small faults do their tests find?

``nice python -m tests.benchmarks.mutation twin/guard.py`` (or ``bms_io/verifier.py``).

Each mutant changes one comparison, operator, constant, boolean or min/max. It runs in a
fork in which everything heavy is loaded already; a test that fails, or a minute without an
end, kills it. Survivors are printed with their line.
"""

import ast
import copy
import importlib
import os
import signal
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = {
    "twin/guard.py": ["tests/twin/test_guard.py", "tests/twin/test_guard_edges.py"],
    "bms_io/verifier.py": [
        "tests/bms_io/test_verifier_edges.py",
        "tests/bms_io/test_verifier.py",
    ],
}
WITHIN_S = 60
COMPARE = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
BINARY = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
NAMES = {"min": "max", "max": "min", "isfinite": "isnan"}


def variants(node: ast.AST) -> Iterator[ast.AST]:
    """Every small fault of one node."""
    new = copy.copy(node)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for kind in COMPARE.get(type(node.ops[0]), ()):
            yield ast.Compare(node.left, [kind()], node.comparators)
    elif isinstance(node, ast.Compare):
        for n, op in enumerate(node.ops):
            for kind in COMPARE.get(type(op), ()):
                ops = [*node.ops[:n], kind(), *node.ops[n + 1 :]]
                yield ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BinOp) and type(node.op) in BINARY:
        yield ast.BinOp(node.left, BINARY[type(node.op)](), node.right)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield ast.BoolOp(other, node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)
    elif isinstance(node, ast.Name) and node.id in NAMES:
        yield ast.Name(NAMES[node.id], node.ctx)
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield ast.Attribute(node.value, NAMES[node.attr], node.ctx)
    elif isinstance(node, ast.IfExp):
        new = ast.IfExp(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
        yield new


def mutants(tree: ast.Module) -> Iterator[tuple[int, str, ast.Module]]:
    """Line, text and whole tree of every mutant."""
    for at, node in enumerate(ast.walk(tree)):
        for variant in variants(node):
            line = getattr(node, "lineno", 0)
            text = f"{ast.unparse(node)}  ->  {ast.unparse(variant)}"  # type: ignore[arg-type]
            yield line, text, _replaced(tree, at, variant)


def _replaced(tree: ast.Module, at: int, variant: ast.AST) -> ast.Module:
    """Copy of a tree with one node replaced."""
    clone = copy.deepcopy(tree)
    wanted = list(ast.walk(clone))[at]

    class Put(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            if node is wanted:
                return copy.deepcopy(variant)
            return self.generic_visit(node)

    made: ast.Module = ast.fix_missing_locations(Put().visit(clone))
    return made


def is_killed(name: str, tree: ast.Module, path: str) -> bool:
    """Run the tests of a file in a fork, with a mutant in its place."""
    child = os.fork()
    if child == 0:
        signal.alarm(WITHIN_S)
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        module = types.ModuleType(name)
        module.__file__ = path
        sys.modules[name] = module
        try:
            exec(compile(tree, path, "exec"), module.__dict__)  # the mutant
            code = int(
                pytest.main(
                    ["-xq", "--assert=plain", "-p", "no:cacheprovider", *TESTS[path]]
                )
            )
        except BaseException:
            code = 1
        os._exit(code)
    _, status = os.waitpid(child, 0)
    return status != 0


def main(path: str) -> None:
    """Score of one file."""
    name = path.removesuffix(".py").replace("/", ".")
    for heavy in (name, "twin.config", "bms_io.points", "bms_io.limits", "hypothesis"):
        importlib.import_module(heavy)
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    if is_killed(name, tree, path):
        sys.exit(f"{path}: its tests fail without a mutant")
    killed, survivors = 0, []
    for line, text, mutant in mutants(tree):
        if is_killed(name, mutant, path):
            killed += 1
        else:
            survivors.append(f"{path}:{line}: {text}")
    total = killed + len(survivors)
    print("\n".join(survivors))  # noqa: T201 # the figure is the point
    print(f"{path}: {killed} of {total} mutants killed, {killed / total:.1%}")  # noqa: T201


if __name__ == "__main__":
    os.environ.setdefault("WETBULB_EXAMPLES", "20")
    main(sys.argv[1])

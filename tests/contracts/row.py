"""One row of the contracts table."""

import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

EXACT = "exact for every value"  # why an argument has no end


class Row(NamedTuple):
    """An equation and what is promised of it.

    What happens outside its range is said in one of four ways, and each is tried:
    ranges declared at its own arguments (``plant.types.within``), a point ``beyond`` with
    the flag it raises (``more`` of them), the row of the predicate that tells
    (``told_by``), or the reason why no argument has an end (``free``).
    """

    equation: Callable[..., Any]
    ranges: list[tuple[float, float]]  # of every argument, where the tests draw
    params: Any = None
    rising: Mapping[int, int] = {}  # argument -> +1 or -1
    watch: str = ""  # field of the outputs that rises, and rests
    at_rest: tuple[tuple[float, ...], float] | None = None  # arguments, output
    beyond: tuple[tuple[float, ...], str] | None = None  # arguments, flag that is 1
    more: tuple[tuple[tuple[float, ...], str], ...] = ()  # further such flags
    balance: Callable[..., Any] | None = None  # (arguments, outputs) -> W left over
    told_by: str = ""  # row of the predicate that flags the same arguments
    free: str = ""  # why no argument has an end

    def flagged(self) -> tuple[tuple[tuple[float, ...], str], ...]:
        """Every point beyond with its flag."""
        return (*(() if self.beyond is None else (self.beyond,)), *self.more)


def reached(row: Row) -> Iterator[Callable[..., Any]]:
    """Equations that a row tries: its own, and those that a wrapper of it calls."""
    yield row.equation
    code, known = row.equation.__code__, row.equation.__globals__
    if row.equation.__module__.startswith("tests."):
        for name in code.co_names:
            owner = known.get(name)
            if isinstance(owner, types.ModuleType):
                yield from (
                    getattr(owner, n) for n in code.co_names if hasattr(owner, n)
                )
            elif isinstance(owner, types.FunctionType):
                yield owner

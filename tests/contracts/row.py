"""One row of the contracts table."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Row(NamedTuple):
    equation: Callable[..., Any]
    ranges: list[tuple[float, float]]  # declared range of every argument
    params: Any = None
    rising: Mapping[int, int] = {}  # argument -> +1 or -1
    watch: str = ""  # field of the outputs that rises, and rests
    at_rest: tuple[tuple[float, ...], float] | None = None  # arguments, output
    beyond: tuple[tuple[float, ...], str] | None = None  # arguments, flag that is 1
    more: tuple[tuple[tuple[float, ...], str], ...] = ()  # further such flags
    balance: Callable[..., Any] | None = None  # (arguments, outputs) -> W left over

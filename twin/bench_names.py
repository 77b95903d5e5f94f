"""Names of the numbers in a nameplate: ``pump.efficiency``, ``loss_curve[1]``.

A field of a field stands behind a dot, an element of a tuple in brackets or behind a dot
too (``loss_curve.1``). The name of a tuple alone means all its elements.
"""

from collections.abc import Iterator, Sequence
from typing import Any


def parts(name: str) -> list[str]:
    """Fields and positions on the way to a number."""
    return name.replace("[", ".").replace("]", "").split(".")


def numbers(params: Any) -> list[str]:
    """Every number of a nameplate by its name."""
    return list(_numbers(params, ""))


def _numbers(value: Any, name: str) -> Iterator[str]:
    if hasattr(value, "_fields"):
        dotted = f"{name}." if name else ""
        for field, inner in value._asdict().items():
            yield from _numbers(inner, dotted + field)
    elif isinstance(value, tuple):
        for position, inner in enumerate(value):
            yield from _numbers(inner, f"{name}[{position}]")
    elif isinstance(value, float):
        yield name


def chosen(params: Any, wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names of the numbers that are wanted, and what is wanted but no number.

    Parameters
    ----------
    params
        Nameplate.
    wanted
        Names; that of a tuple or a record stands for all numbers in it.
    """
    known = {tuple(parts(name)): name for name in numbers(params)}
    found: dict[str, None] = {}
    wrong = []
    for name in wanted:
        start = tuple(parts(name))
        inside = [k for at, k in known.items() if at[: len(start)] == start]
        found.update(dict.fromkeys(inside))
        wrong += [] if inside else [name]
    return list(found), wrong


def usual(params: Any, given: list[str]) -> list[str]:
    """Numbers among the fields given that a fit frees unasked.

    Ratings (``rated_...``) say what the machine is sold as, not how it behaves; curves
    and limits are freed on request only.
    """
    single = {name for name in numbers(params) if len(parts(name)) == 1}
    return [name for name in given if name in single and not name.startswith("rated_")]


def value_at(params: Any, name: str) -> float:
    """Number of a name."""
    for part in parts(name):
        params = params[int(part)] if part.isdigit() else getattr(params, part)
    return float(params)


def scale_at(params: Any, name: str) -> float:
    """Size of a number; for 0 that of the largest beside it in its tuple, else 1."""
    own = abs(value_at(params, name))
    *outer, last = parts(name)
    if own > 0.0 or not last.isdigit():
        return own or 1.0
    before = ".".join(outer)
    beside = [n for n in numbers(params) if parts(n)[:-1] == parts(before)]
    return max(abs(value_at(params, n)) for n in beside) or 1.0


def replaced(params: Any, values: dict[str, float]) -> Any:
    """Nameplate with other numbers, by name."""
    for name, value in values.items():
        params = _with(params, parts(name), value)
    return params


def _with(value: Any, at: Sequence[str], number: float) -> Any:
    """The same record or tuple with one number changed."""
    if not at:
        return number
    first, *rest = at
    if first.isdigit():
        position = int(first)
        inner = _with(value[position], rest, number)
        return (*value[:position], inner, *value[position + 1 :])
    return value._replace(**{first: _with(getattr(value, first), rest, number)})

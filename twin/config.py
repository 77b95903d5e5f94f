"""Site files: YAML in, validated NamedTuples out.

A site is checked once, here. Everything behind this door trusts its numbers.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from twin.consistency import check
from twin.errors import ConfigError
from twin.resources import resolve
from twin.site import (
    Control,
    GuardLimits,
    Location,
    SetpointLimits,
    Site,
    Tariff,
    TemperatureLimits,
)
from twin.yaml_source import describe, read_yaml, report

__all__ = [
    "Control",
    "GuardLimits",
    "Location",
    "SetpointLimits",
    "Site",
    "Tariff",
    "TemperatureLimits",
    "allowed_range",
    "check",
    "declared_bounds",
    "declared_range",
    "load_site",
    "schema",
]

_STRICT = ConfigDict(allow_inf_nan=False, arbitrary_types_allowed=True)
_ADAPTER: TypeAdapter[Site] = TypeAdapter(Site, config=_STRICT)


def load_site(name_or_path: str | Path) -> Site:
    """Read and check a site.

    Parameters
    ----------
    name_or_path
        Name of a shipped site, e.g. ``hybrid_10mw``, or a path to a YAML file.

    Returns
    -------
    Site
        Checked values.

    Raises
    ------
    ConfigError
        With every finding: file, line, path, what is allowed, repair.
    """
    path = resolve(name_or_path, "sites", ".yaml")
    document = read_yaml(path)
    try:
        site = _ADAPTER.validate_python(document.data)
    except ValidationError as error:
        raise ConfigError(report(path, document.lines, error, allowed_range)) from error
    findings = [
        describe(path, document.lines, at, message) for at, message in check(site)
    ]
    if findings:
        raise ConfigError("\n".join(findings))
    return site


def allowed_range(at: Sequence[str | int]) -> str:
    """Range that the site's types declare for a path, in words; empty if none."""
    return declared_range(Site, at)


def declared_range(kind: Any, at: Sequence[str | int]) -> str:
    """Range that a type declares for a path in it, in words; empty if none."""
    metadata: tuple[Any, ...] = ()
    for part in at:
        hints = get_type_hints(kind, include_extras=True)
        if part not in hints:
            return ""
        kind, metadata = hints[str(part)], getattr(hints[str(part)], "__metadata__", ())
        kind = getattr(kind, "__origin__", kind)
    low = [f"{m.ge:g} or more" for m in metadata if getattr(m, "ge", None) is not None]
    low += [f"above {m.gt:g}" for m in metadata if getattr(m, "gt", None) is not None]
    high = [f"at most {m.le:g}" for m in metadata if getattr(m, "le", None) is not None]
    high += [f"below {m.lt:g}" for m in metadata if getattr(m, "lt", None) is not None]
    return " and ".join(low + high)


def declared_bounds(kind: Any, at: Sequence[str]) -> tuple[float, float]:
    """Least and largest value that a type declares for a path; infinite if open.

    A path goes through fields by name and through tuples by position.
    """
    hint = kind
    for part in at:
        hint = _inner_hint(hint, part)
    low, high = -math.inf, math.inf
    for mark in getattr(hint, "__metadata__", ()):
        low = max(low, *(_number(mark, key, -math.inf) for key in ("ge", "gt")))
        high = min(high, *(_number(mark, key, math.inf) for key in ("le", "lt")))
    return low, high


def _inner_hint(hint: Any, part: str) -> Any:
    """Declared type of a field, or of an element of a tuple."""
    if not part.isdigit():
        return get_type_hints(hint, include_extras=True)[part]
    inner = get_args(hint)
    return inner[0] if inner[-1] is Ellipsis else inner[int(part)]


def _number(mark: Any, key: str, otherwise: float) -> float:
    """Bound that a mark sets, or the open one."""
    value = getattr(mark, key, None)
    return otherwise if value is None else float(value)


class _ByFieldName(GenerateJsonSchema):
    """NamedTuples as objects with their field names, as site files write them."""

    def named_tuple_schema(self, schema: Any) -> JsonSchemaValue:
        """Describe the fields of a NamedTuple."""
        return self.kw_arguments_schema(schema["fields"], None)

    def arguments_schema(self, schema: Any) -> JsonSchemaValue:
        """Do the same with pydantic before 2.14."""
        return self.kw_arguments_schema(schema["arguments_schema"], None)


def schema() -> dict[str, Any]:
    """JSON Schema of a site file, for editors."""
    return _ADAPTER.json_schema(schema_generator=_ByFieldName)

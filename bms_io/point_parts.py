"""What can be trusted of an entry with mistakes, so that one run tells all of them.

A key that is missing or wrong has no value here: ``known`` asks before a rule looks. A key
that is not in the file has its default, as always.
"""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, TypeAdapter

from twin.yaml_source import Location

Model = TypeVar("Model", bound=BaseModel)


def trusted(
    model: type[Model], entry: Mapping[str, Any], broken: Collection[Location]
) -> Model:
    """Make the model of an entry without what is wrong in it.

    Parameters
    ----------
    model
        What the entry should be.
    entry
        As it stands in the file.
    broken
        Paths below the entry that pydantic refused.

    Returns
    -------
    Model
        With all attributes that are right; the others do not exist, see ``known``.
    """
    if not broken:
        return model.model_validate(entry)
    values: dict[str, Any] = {}
    unknown: set[str] = set()
    for name, field in model.model_fields.items():
        wrong = [at[1:] for at in broken if at[0] == name]
        kind: Any = field.annotation
        section = _section(kind)
        if name not in entry:
            unknown |= {name} if field.is_required() else set()
        elif section and isinstance(entry[name], dict):
            values[name] = trusted(section, entry[name], wrong)
        elif wrong:
            unknown.add(name)
        else:
            values[name] = _adapter(kind).validate_python(entry[name])
    made = model.model_construct(_fields_set=set(map(str, entry)), **values)
    for name in unknown:
        made.__dict__.pop(name, None)
    return made


def known(spec: BaseModel, *names: str) -> bool:
    """Whether these keys have values that can be trusted."""
    return all(name in spec.__dict__ for name in names)


def given(spec: BaseModel, name: str) -> bool:
    """Whether the file has this key, with whatever value but null."""
    value = spec.__dict__.get(name, "wrong, but there")
    return name in spec.model_fields_set and value is not None


def _section(annotation: Any) -> type[BaseModel] | None:
    """Model of a key that holds a section, also of an optional one."""
    kinds = (annotation, *get_args(annotation))
    models = (k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel))
    return next(models, None)


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    """Converter of one key; it has been checked before."""
    return TypeAdapter(annotation)

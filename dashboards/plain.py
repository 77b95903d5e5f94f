"""NamedTuples and numbers as plain data, for JSON and YAML."""

import math
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """Copy of a value that JSON can hold.

    Parameters
    ----------
    value
        NamedTuples, mappings, sequences, numpy numbers and arrays, nested.

    Returns
    -------
    Any
        Dictionaries, lists, floats, integers, strings; not-a-number is None.
    """
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

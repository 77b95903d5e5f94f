"""``select``: the one way to choose between two values without an ``if``."""

from typing import Any

import numpy as np
from numba.extending import overload

from plant.types import Numeric


def select(condition: Any, chosen: Numeric, otherwise: Numeric) -> Numeric:
    """Take ``chosen`` where the condition holds, else ``otherwise``.

    Like ``np.where``, but a scalar stays a scalar both in Python and compiled. Both
    values are computed: guard the one not taken against division by zero.
    """
    taken: Numeric = np.where(condition, chosen, otherwise)[()]
    return taken


@overload(select, jit_options={"error_model": "numpy"})
def _select_compiled(condition: Any, chosen: Any, otherwise: Any) -> Any:
    """Compiled form over scalars: a plain branch."""

    def scalar(condition: Any, chosen: Any, otherwise: Any) -> Any:
        return chosen if condition else otherwise

    return scalar

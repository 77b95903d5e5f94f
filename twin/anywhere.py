"""``anywhere``: skip a part of the site that does nothing here, without changing a number.

``select`` computes both sides. Where one side costs half a microsecond, a part may be
left out if its condition holds nowhere; both ways must give the same values.
"""

from typing import Any

import numpy as np
from numba.extending import overload


def anywhere(condition: Any) -> bool:
    """Whether a condition holds for a number, or for any entry of an array."""
    return bool(np.any(condition))


@overload(anywhere)
def _anywhere_compiled(condition: Any) -> Any:
    """Compiled form over scalars."""

    def scalar(condition: Any) -> Any:
        return condition

    return scalar

r"""Busway from the UPS output to the rack inputs: resistive loss with warm conductors.

.. math::

    P_{loss} = P_{loss,full}\, x^2\,
        \frac{1 + \alpha\, \Delta T_{full}\, x^2}{1 + \alpha\, \Delta T_{full}}

with the load ratio :math:`x`. The conductor warms with the square of the current; its
resistance rises by :math:`\alpha` per kelvin, so the loss at part load is below the
square law. At full load the loss is the nameplate's.

Valid for a load ratio from 0 to 1.2.

References
----------
IEC 60364-5-52 (conductor resistance); alpha of copper 0.00393 1/K at 20 degC;
temperature rise 55 K of busbar trunking, IEC 61439-6 (assumption for full load).
"""

from typing import NamedTuple

import numpy as np

from plant._kernel import kernel
from plant.types import NonNegative, Numeric, Positive


class Busway(NamedTuple):
    """Nameplate of the distribution between UPS and racks."""

    rated_power_w: Positive  # delivered
    full_loss_w: NonNegative  # at the rated power, conductors warm
    temperature_rise_k: NonNegative = 55.0
    resistance_slope_1_k: NonNegative = 0.00393


@kernel
def loss(busway: Busway, load_w: Numeric) -> Numeric:
    """Heat given off by the conductors [W].

    Parameters
    ----------
    busway
        Nameplate.
    load_w
        Power delivered to the racks. [W]
    """
    x = np.minimum(np.maximum(load_w / busway.rated_power_w, 0.0), 1.2)
    warm = busway.resistance_slope_1_k * busway.temperature_rise_k
    return busway.full_loss_w * x * x * (1.0 + warm * x * x) / (1.0 + warm)

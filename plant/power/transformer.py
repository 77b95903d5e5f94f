r"""Distribution transformer.

Constant core loss plus a winding loss that grows with the square of the load ratio
``x`` and with the winding temperature:

.. math::

    P_{loss} = P_{NL} + P_{LL}\, x^2 \left[(1 - e)\, r + e / r\right], \qquad
    r = \frac{T_w + F}{T_{ref} + F}, \quad
    T_w = \Delta T\, x^{1.6} + T_{ambient}, \quad T_{ref} = \Delta T + 20

The resistive part of the winding loss rises with temperature, the eddy share ``e`` falls.
F is 225 for aluminium and 235 for copper.

Valid for x from 0 to 1; loads beyond are clamped (``overloaded``). Validated against
EnergyPlus ElectricLoadCenter:Transformer (tests/validation/test_transformer.py).

References
----------
EnergyPlus Engineering Reference, "Transformers"; IEEE C57.12.91 (temperature correction
of load loss); IEC 60076-7 (winding exponent 1.6 = 2 x 0.8).
"""

from typing import NamedTuple

import numpy as np

from plant._kernel import kernel
from plant._select import select
from plant.types import Fraction, NonNegative, Numeric, Positive

SMALL = 1e-12  # stands for zero in denominators


class Transformer(NamedTuple):
    """Nameplate of one transformer; a rating of 0 means there is none."""

    rated_power_w: NonNegative
    no_load_loss_w: NonNegative
    load_loss_w: NonNegative  # at full load and reference temperature
    temperature_rise_k: Positive = 150.0  # of the winding at full load
    eddy_fraction: Fraction = 0.1  # of the load loss
    conductor_temperature_c: Positive = 225.0  # F: 225 aluminium, 235 copper


@kernel
def _winding_factor(
    transformer: Transformer, winding_c: Numeric, reference_c: Numeric
) -> Numeric:
    """Load loss at one winding temperature over that at another."""
    f = transformer.conductor_temperature_c
    r = (winding_c + f) / (reference_c + f)
    return (1.0 - transformer.eddy_fraction) * r + transformer.eddy_fraction / r


@kernel
def loss(
    transformer: Transformer, load_w: Numeric, ambient_c: Numeric = 20.0
) -> Numeric:
    """Loss of one transformer, all of it heat to the room.

    Parameters
    ----------
    transformer
        Nameplate.
    load_w
        Output power. [W]
    ambient_c
        Air around it. [degC]

    Returns
    -------
    Numeric
        0 where there is no transformer. [W]
    """
    rated_w = np.maximum(transformer.rated_power_w, SMALL)
    x = np.minimum(np.maximum(load_w / rated_w, 0.0), 1.0)
    rise_k = transformer.temperature_rise_k
    winding_c = rise_k * x**1.6 + ambient_c
    factor = _winding_factor(transformer, winding_c, rise_k + 20.0)
    total_w = transformer.no_load_loss_w + transformer.load_loss_w * x * x * factor
    lost_w: Numeric = total_w * (transformer.rated_power_w > 0.0)
    return lost_w


@kernel
def overloaded(transformer: Transformer, load_w: Numeric) -> Numeric:
    """1 where the load is beyond the rating or negative and ``loss`` clamps it, else 0."""
    above = select(load_w > transformer.rated_power_w, 1.0, 0.0)
    return np.maximum(above, select(load_w < 0.0, 1.0, 0.0))


def from_efficiency(
    rated_power_w: float,
    efficiency: float,
    efficiency_load: float,
    best_load: float,
    reference_c: float = 75.0,
    temperature_rise_k: float = 150.0,
    eddy_fraction: float = 0.1,
    conductor_temperature_c: float = 225.0,
) -> Transformer:
    """Nameplate from an efficiency and the load at which efficiency is best.

    At the best load the two losses are equal, both taken at ``reference_c``.

    Parameters
    ----------
    rated_power_w
        Rated power. [W]
    efficiency
        Output over input at ``efficiency_load``.
    efficiency_load
        Load ratio of the stated efficiency (0.35 or 0.5 on most nameplates).
    best_load
        Load ratio of the highest efficiency.
    reference_c
        Winding temperature of the statement. [degC]
    temperature_rise_k, eddy_fraction, conductor_temperature_c
        As in ``Transformer``.

    Returns
    -------
    Transformer
        Reproduces the stated efficiency at the stated temperature.
    """
    plate = Transformer(
        rated_power_w, 0.0, 0.0, temperature_rise_k, eddy_fraction,
        conductor_temperature_c,
    )  # fmt: skip
    total_w = rated_power_w * efficiency_load * (1.0 / efficiency - 1.0)
    no_load_w = total_w / (1.0 + (efficiency_load / best_load) ** 2)
    factor = _winding_factor(plate, reference_c, temperature_rise_k + 20.0)
    load_w = no_load_w / (float(factor) * best_load**2)
    return plate._replace(no_load_loss_w=no_load_w, load_loss_w=load_w)

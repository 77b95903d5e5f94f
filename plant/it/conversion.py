r"""Power conversion between the busway and the chips: supply units and rectifier chains.

A converter with a constant and a proportional loss draws

.. math:: P_{in} = (P_{out} + c) / \eta

Two of them in a row are the chain of a liquid-cooled cabinet: a converter on every node,
and a rectifier that feeds several nodes and the switches beside them. With the numbers
of Frontier (``FRONTIER_NODE``, ``FRONTIER_RECTIFIER``) the chain loses about 8 % idle and
6.5 % at full load. A power supply unit known by its efficiencies at some loads
(80 PLUS) is a table of its loss over its load.

Valid from no load to the rating; an output outside is clamped and flagged.

Validated against the Frontier totals that ExaDigiT/RAPS prints at 0 to 100 % utilization
(tests/plant/it/test_conversion.py). RAPS sums the loss over 600 chassis and the power
over 592; here both are those of 592, which gives an efficiency 0.1 points higher.

References
----------
ExaDigiT/RAPS, raps/power.py and config/frontier.yaml (ORNL): 13 W and 0.98 per node, 17 W
and 0.96 per rectifier of 13.67 kW. 80 PLUS Titanium, 230 V internal redundant.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from plant._curves import held, loss_ratio, outside
from plant._kernel import kernel
from plant.table import Table, lookup
from plant.types import Fraction, NonNegative, Numeric, Positive


class Converter(NamedTuple):
    """Nameplate of one converter."""

    rated_power_w: Positive  # output
    constant_loss_w: NonNegative
    efficiency: Fraction  # of the proportional part


class Chain(NamedTuple):
    """Nodes behind one rectifier."""

    node: Converter
    rectifier: Converter
    nodes_per_rectifier: Positive
    switch_power_w: NonNegative  # fed by the same rectifier


class Supply(NamedTuple):
    """Power supply unit known by its data sheet."""

    rated_power_w: Positive  # output
    loss: Table  # over the load ratio, share of the rating


class ConversionOutputs(NamedTuple):
    """One converter, chain or unit."""

    input_w: Numeric
    loss_w: Numeric
    overloaded: Numeric  # 1 where the output was clamped, to 0 or to the rating


FRONTIER_NODE = Converter(2_750.0, 13.0, 0.98)  # rating: assumption, above node peak
FRONTIER_RECTIFIER = Converter(13_670.0, 17.0, 0.96)
FRONTIER = Chain(FRONTIER_NODE, FRONTIER_RECTIFIER, 4.0, 250.0)
TITANIUM_LOAD = (0.1, 0.2, 0.5, 1.0)
TITANIUM_EFFICIENCY = (0.90, 0.94, 0.96, 0.91)


@kernel
def convert(converter: Converter, output_w: Numeric) -> ConversionOutputs:
    """Input and loss of one converter for what it delivers [W]."""
    range_w = (0.0, converter.rated_power_w)
    output = held(output_w, range_w)
    drawn = (output + converter.constant_loss_w) / converter.efficiency
    return ConversionOutputs(drawn, drawn - output, outside(output_w, range_w))


@kernel
def chain(conversion: Chain, node_power_w: Numeric) -> ConversionOutputs:
    """Input and loss of one rectifier with its nodes.

    Parameters
    ----------
    conversion
        Nameplate.
    node_power_w
        Drawn by the parts of one node. [W]
    """
    nodes = conversion.nodes_per_rectifier
    node = convert(conversion.node, node_power_w)
    feed = convert(
        conversion.rectifier, nodes * node.input_w + conversion.switch_power_w
    )
    over = np.maximum(node.overloaded, feed.overloaded)
    return ConversionOutputs(feed.input_w, feed.loss_w + nodes * node.loss_w, over)


@kernel
def supply(unit: Supply, output_w: Numeric) -> ConversionOutputs:
    """Input and loss of one supply unit for what it delivers [W]."""
    x = held(output_w / unit.rated_power_w, (0.0, 1.0))
    loss = lookup(unit.loss, x) * unit.rated_power_w
    over = outside(output_w, (0.0, unit.rated_power_w))
    return ConversionOutputs(x * unit.rated_power_w + loss, loss, over)


def supply_from_efficiency(
    rated_power_w: float, load_ratio: Sequence[float], efficiency: Sequence[float]
) -> Supply:
    """Nameplate through the efficiencies of a data sheet.

    Parameters
    ----------
    rated_power_w
        Output. [W]
    load_ratio
        Rising, the last is 1; e.g. ``TITANIUM_LOAD``.
    efficiency
        Output over input at these loads.

    Returns
    -------
    Supply
        Reproduces every point; the idle loss continues the first two in a straight line.
    """
    x = np.asarray(load_ratio, dtype=float)
    loss = loss_ratio(load_ratio, efficiency)
    idle = max(loss[0] - x[0] * (loss[1] - loss[0]) / (x[1] - x[0]), 0.0)
    points = (0.0, *(float(value) for value in x))
    return Supply(rated_power_w, Table(points, (idle, *(float(v) for v in loss))))

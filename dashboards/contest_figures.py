"""Figures of a comparison: days against each other, and where the money goes."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from dashboards.figures import STACK_TONES, Picture
from dashboards.style import SETTINGS, WIDTH_IN, tone
from optimizer.contest import Outcome
from optimizer.contestants import WITHOUT
from optimizer.ledger import BILL
from optimizer.verdict import FIGURES, Blocks, blocks_of, objective_usd, saved_share


def all_pictures(outcomes: Sequence[Outcome]) -> list[Picture]:
    """Every figure of the report, in order."""
    shown = [o for o in outcomes if not o.controller.startswith(WITHOUT)]
    blocks = blocks_of(shown)
    pictures = [Picture("bill", "Objective by item.", bill(blocks))]
    if len(blocks.names) > 1:
        caption = (
            f"Objective saved against {blocks.names[0]}, day by day, over the mean wet "
            "bulb of the day."
        )
        pictures.insert(0, Picture("savings", caption, savings(blocks)))
    return pictures


def savings(blocks: Blocks) -> Figure:
    """Saved share of each day against the first controller."""
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH_IN, 3.2), layout="constrained")
        axes = figure.subplots()
        base = objective_usd(blocks.sums(blocks.values, blocks.names[0]))
        wet_bulb_c = blocks.values[:, 0, FIGURES.index("wet_bulb_c")]
        for number, name in enumerate(blocks.names[1:]):
            mine = objective_usd(blocks.sums(blocks.values, name))
            colour, _, order = tone(number, len(blocks.names) - 1)
            axes.plot(
                wet_bulb_c,
                100.0 * saved_share(mine, base),
                "osD^vP*"[number % 7],
                color=colour,
                zorder=order,
                label=name,
                markersize=5,
            )
        axes.axhline(0.0, color="#999999", linewidth=0.8)
        axes.set_xlabel("mean wet bulb of the day [°C]")
        axes.set_ylabel("saved [%]")
        axes.legend(loc="best", ncols=3)
    return figure


def bill(blocks: Blocks) -> Figure:
    """Items of the objective, stacked, for each controller."""
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH_IN, 3.2), layout="constrained")
        axes = figure.subplots()
        left = np.zeros(len(blocks.names))
        for item, colour in zip(BILL, STACK_TONES, strict=True):
            usd = blocks.values[:, :, FIGURES.index(item)].sum(axis=0)
            axes.barh(
                blocks.names,
                usd / 1e3,
                left=left,
                color=colour,
                label=item.removeprefix("bill_").replace("_", " "),
            )
            left += usd / 1e3
        axes.invert_yaxis()
        axes.set_xlabel("objective [kUSD]")
        figure.legend(loc="outside upper right", ncols=len(BILL))
    return figure

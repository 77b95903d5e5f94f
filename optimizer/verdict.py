"""From the days of all controllers to figures with intervals, and to words that hold.

The days of a comparison form blocks of shape (day, controller, figure); each figure of
the table is a function of their sums, so that ratios (PUE) are ratios of totals and every
difference is paired.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from optimizer.contest import Outcome
from optimizer.contestants import FORESIGHT, ORACLE
from optimizer.ledger import BILL, Day
from optimizer.statistics import Array, Interval, interval

FIGURES = tuple(name for name in Day._fields if name != "day")
KWH_J = 3.6e6
MWH_J = 3.6e9


class Figure(NamedTuple):
    """A column of the table: from sums, shape (draw, figure), to values (draw,)."""

    title: str
    unit: str
    form: str
    of: Callable[[dict[str, Array]], Array]


TABLE = (
    Figure("site energy", "MWh", ",.2f", lambda s: s["site_energy_j"] / MWH_J),
    Figure("overhead energy", "MWh", ",.2f", lambda s: overhead_j(s) / MWH_J),
    Figure("beyond the load", "MWh", ",.2f", lambda s: beyond_load_j(s) / MWH_J),
    Figure("PUE", "", ".4f", lambda s: s["site_energy_j"] / s["it_energy_j"]),
    Figure("WUE", "L/kWh", ".3f", lambda s: s["water_kg"] / (s["it_energy_j"] / KWH_J)),
    Figure(
        "CUE", "kg/kWh", ".4f", lambda s: s["carbon_kg"] / (s["it_energy_j"] / KWH_J)
    ),
    Figure("cost", "USD", ",.0f", lambda s: s["cost_usd"]),
    Figure("objective", "USD", ",.0f", lambda s: objective_usd(s)),
    Figure("violations", "K min", ".1f", lambda s: s["violation_k_min"]),
    Figure("starts", "", ".0f", lambda s: s["starts"]),
    Figure("reversals", "", ".0f", lambda s: s["reversals"]),
    Figure("free cooling", "h", ",.0f", lambda s: s["free_cooling_h"]),
    Figure("ECO mode", "h", ",.0f", lambda s: s["eco_h"]),
    Figure(
        "linearization error", "% of overhead", ".2f", lambda s: linearization_error(s)
    ),
)


def overhead_j(sums: dict[str, Array]) -> Array:
    """Everything but IT [J]."""
    return np.asarray(sums["site_energy_j"] - sums["it_energy_j"])


def beyond_load_j(sums: dict[str, Array]) -> Array:
    """Everything beyond the power that the load asked for [J].

    Leakage and server fans stand in it. They answer to the cooling, but count as IT in
    overhead and PUE, so that warm chips look like a saving there.
    """
    return np.asarray(sums["site_energy_j"] - sums["asked_energy_j"])


def linearization_error(sums: dict[str, Array]) -> Array:
    """What plans missed the twin by [% of the overhead energy], nan without plans."""
    missed_j = sums["linearization_error_j"]
    share = 100.0 * missed_j / overhead_j(sums)
    return np.asarray(np.where(missed_j > 0.0, share, np.nan))


def objective_usd(sums: dict[str, Array]) -> Array:
    """What controllers are judged by, see ``optimizer.problem`` [USD]."""
    return np.asarray(sum(sums[name] for name in BILL))


class Column(NamedTuple):
    """All figures of one controller."""

    controller: str
    figures: tuple[Interval, ...]  # as TABLE
    peak_w: float  # the largest of all days; a maximum has no bootstrap interval
    solve_p50_s: float  # nan where nothing is solved
    solve_p99_s: float
    decisions: int
    fallbacks: int
    guard_violations: int
    gap_closure: Interval  # nan without rules and oracle, or if they cost the same
    interventions: int  # of a learned controller's own shield
    held_back: float  # mean share of its wish that the shield then refused


class Difference(NamedTuple):
    """What one controller saves against another, as shares; negative: takes more."""

    controller: str
    against: str
    site_energy: Interval
    overhead_energy: Interval
    beyond_load: Interval  # see ``beyond_load_j``
    cost: Interval  # of energy and demand
    objective: Interval
    objective_usd: Interval


class Verdict(NamedTuple):
    """Result of a comparison."""

    days: int
    columns: tuple[Column, ...]
    differences: tuple[Difference, ...]
    regret_usd: Interval | None  # of the forecasts: mpc minus mpc with foresight


class Blocks(NamedTuple):
    """Paired days."""

    names: tuple[str, ...]
    days: tuple[str, ...]
    values: Array  # (day, controller, figure)

    def sums(self, drawn: Array, name: str) -> dict[str, Array]:
        """Figures of one controller by name, from sums of shape (draw, ...)."""
        rows = drawn[:, self.names.index(name)]
        return {figure: rows[:, k] for k, figure in enumerate(FIGURES)}


def blocks_of(outcomes: Sequence[Outcome]) -> Blocks:
    """Pair the days of all controllers, in the order of their first outcome."""
    names = tuple(dict.fromkeys(outcome.controller for outcome in outcomes))
    days = {
        name: [day for o in outcomes if o.controller == name for day in o.days]
        for name in names
    }
    values = [[day[1:] for day in days[name]] for name in names]
    stacked = np.array(values, dtype=float).swapaxes(0, 1)
    return Blocks(names, tuple(day.day for day in days[names[0]]), stacked)


def judge(outcomes: Sequence[Outcome]) -> Verdict:
    """All figures, differences of each controller against those before it, regret."""
    blocks = blocks_of(outcomes)
    names = blocks.names
    columns = tuple(
        _column(blocks, [o for o in outcomes if o.controller == name]) for name in names
    )
    differences = tuple(
        difference(blocks, name, before)
        for number, name in enumerate(names)
        for before in names[:number]
    )
    regret = None
    if {"mpc", FORESIGHT} <= set(names):
        regret = interval(
            blocks.values,
            lambda drawn: (
                _objective(blocks, drawn, "mpc") - _objective(blocks, drawn, FORESIGHT)
            ),
        )
    return Verdict(len(blocks.days), columns, differences, regret)


def _objective(blocks: Blocks, drawn: Array, name: str) -> Array:
    return objective_usd(blocks.sums(drawn, name))


def _column(blocks: Blocks, outcomes: list[Outcome]) -> Column:
    """Figures of one controller."""
    name = outcomes[0].controller
    solved = [s for outcome in outcomes for s in outcome.solve_s]
    spent = [s for s in solved if s > 0.0]
    refused = [share for outcome in outcomes for share in outcome.held_back]
    p50_s, p99_s = np.quantile(spent, [0.5, 0.99]) if spent else (np.nan, np.nan)
    return Column(
        name,
        tuple(_figure(blocks, name, figure) for figure in TABLE),
        float(max(day.peak_w for outcome in outcomes for day in outcome.days)),
        float(p50_s),
        float(p99_s),
        len(solved),
        sum(outcome.fallbacks for outcome in outcomes),
        sum(len(outcome.guard_violations) for outcome in outcomes),
        _gap_closure(blocks, name),
        len(refused),
        float(np.mean(refused)) if refused else 0.0,
    )


def _figure(blocks: Blocks, name: str, figure: Figure) -> Interval:
    return interval(blocks.values, lambda drawn: figure.of(blocks.sums(drawn, name)))


def _gap_closure(blocks: Blocks, name: str) -> Interval:
    """(J_rules - J) / (J_rules - J_oracle), if the oracle clearly beats the rules."""
    unknown = Interval(float("nan"), float("nan"), float("nan"))
    if not {"rules", ORACLE} <= set(blocks.names) or name in ("rules", ORACLE):
        return unknown

    def gap(drawn: Array) -> Array:
        room = _objective(blocks, drawn, "rules") - _objective(blocks, drawn, ORACLE)
        return np.where(room > 0.0, room, np.nan)

    def closed(drawn: Array) -> Array:
        won = _objective(blocks, drawn, "rules") - _objective(blocks, drawn, name)
        return np.asarray(won / gap(drawn))

    return interval(blocks.values, closed)


def saved_share(mine: Array, other: Array) -> Array:
    """Share of another's figure that is saved; below 0 where more is taken.

    Of its amount: where prices are negative an income that grows is a saving, too.
    """
    return np.asarray(np.sign(other) * (1.0 - mine / other))


def difference(blocks: Blocks, name: str, against: str) -> Difference:
    """Paired savings of one controller against another."""

    def share(figure: Callable[[dict[str, Array]], Array]) -> Interval:
        return interval(
            blocks.values,
            lambda drawn: saved_share(
                figure(blocks.sums(drawn, name)), figure(blocks.sums(drawn, against))
            ),
        )

    return Difference(
        name,
        against,
        share(lambda sums: sums["site_energy_j"]),
        share(overhead_j),
        share(beyond_load_j),
        share(lambda sums: sums["cost_usd"]),
        share(objective_usd),
        interval(
            blocks.values,
            lambda drawn: (
                _objective(blocks, drawn, against) - _objective(blocks, drawn, name)
            ),
        ),
    )

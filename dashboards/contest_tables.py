"""A comparison as rows of text and as sentences that say no more than the sample does."""

import numpy as np

from optimizer.contestants import ORACLE, WITHOUT
from optimizer.statistics import LEAST_BLOCKS, Interval
from optimizer.verdict import TABLE, Column, Difference, Verdict

NOTHING = "-"
AGAINST = {
    "fixed": "as found (fixed design setpoints)",
    "best_constant": "the best constant setpoints, chosen with hindsight",
    "rules": "the tuned rules",
}


def titles() -> list[str]:
    """Name of each figure with its unit."""
    return [f"{f.title} [{f.unit}]" if f.unit else f.title for f in TABLE]


def headings() -> list[str]:
    """Figures down the table, controllers across."""
    return [
        *titles(),
        "peak [kW]",
        "solve time p50 / p99 [s]",
        "fall-backs",
        "own shield: decisions (mean share refused [%])",
        "gap closure [%]",
    ]


def bounded(found: Interval, form: str, factor: float = 1.0) -> str:
    """Value with its interval, or the value alone; nan is nothing."""
    if np.isnan(found.value):
        return NOTHING
    value = format(found.value * factor, form)
    if not found.known:
        return value
    low, high = (format(v * factor, form) for v in (found.low, found.high))
    return f"{value} [{low}; {high}]"


def cells(column: Column) -> list[str]:
    """One controller, down the table."""
    solve = NOTHING
    if column.solve_p50_s > 0.0:
        solve = f"{column.solve_p50_s:.2f} / {column.solve_p99_s:.2f}"
    gap = bounded(column.gap_closure, ".0f", 100.0)
    decided = f"{column.fallbacks} of {column.decisions}"
    shielded = NOTHING
    if column.interventions:
        shielded = f"{column.interventions} ({100.0 * column.held_back:.0f})"
    return [
        *(
            bounded(value, figure.form)
            for figure, value in zip(TABLE, column.figures, strict=True)
        ),
        f"{column.peak_w / 1e3:,.0f}",
        solve,
        decided,
        shielded,
        gap,
    ]


def grid(verdict: Verdict) -> list[list[str]]:
    """Rows of the table: a figure and its value for each controller."""
    columns = [
        cells(c) for c in verdict.columns if not c.controller.startswith(WITHOUT)
    ]
    return [list(row) for row in zip(headings(), *columns, strict=True)]


def names(verdict: Verdict) -> list[str]:
    """Controllers of the table, in its order."""
    return [
        column.controller
        for column in verdict.columns
        if not column.controller.startswith(WITHOUT)
    ]


def words(verdict: Verdict) -> list[str]:
    """What the comparison says, one sentence each."""
    told = [_sample(verdict)]
    by_name = {(d.controller, d.against): d for d in verdict.differences}
    last = [n for n in names(verdict) if n in ("mpc", "search", "rules")]
    candidate = "mpc" if "mpc" in last else last[-1] if last else names(verdict)[-1]
    for against, meaning in AGAINST.items():
        found = by_name.get((candidate, against))
        if found:
            told.append(f"Against {meaning}, {_saved(found)}")
    if verdict.regret_usd is not None:
        share = bounded(verdict.regret_usd, ",.0f")
        told.append(f"Perfect forecasts would be worth {share} USD of the objective.")
    told += _ablation(verdict)
    told += _bound(verdict)
    return told


def _sample(verdict: Verdict) -> str:
    """How much was looked at."""
    if verdict.days < LEAST_BLOCKS:
        return (
            f"Days compared: {verdict.days}. An interval over so few would not be "
            f"informative and is not printed; {LEAST_BLOCKS} days or more give one."
        )
    return (
        f"{verdict.days} days were compared, noon to noon; brackets are 95 % bootstrap "
        "intervals over days, paired in every difference."
    )


def _saved(found: Difference) -> str:
    """One difference in words, with whether it can be told from nothing."""
    parts = (
        ("site energy", found.site_energy),
        ("overhead energy", found.overhead_energy),
        ("energy beyond the load", found.beyond_load),
        ("cost", found.cost),
        ("objective", found.objective),
    )
    text = ", ".join(f"{bounded(v, '.2f', 100.0)} % of the {n}" for n, v in parts)
    sentence = f"{found.controller} saves {text}."
    unclear = [n for n, v in parts if v.known and v.low <= 0.0 <= v.high]
    if unclear:
        sentence += f" The sign of {' and '.join(unclear)} is not certain."
    return sentence


def _ablation(verdict: Verdict) -> list[str]:
    """What each group of levers gives, given all others."""
    columns = {column.controller: column for column in verdict.columns}
    told = []
    for entry in verdict.differences:
        if not entry.controller.startswith(WITHOUT) or entry.against != "mpc":
            continue
        group = entry.controller.removeprefix(WITHOUT)
        worth = entry.objective_usd._replace(
            value=-entry.objective_usd.value,
            low=-entry.objective_usd.high,
            high=-entry.objective_usd.low,
        )
        energy = TABLE[0].title
        more = (
            columns[entry.controller].figures[0].value - columns["mpc"].figures[0].value
        )
        told.append(
            f"Lever {group}: left to the rules it costs {bounded(worth, ',.0f')} USD of "
            f"the objective and {more:+,.2f} MWh of {energy}."
        )
    if told:
        told.append(
            "The worths of levers do not add up: what one lever is denied, others "
            "partly make good. Jobs are moved only through the cap of the IT power."
        )
    return told


def _bound(verdict: Verdict) -> list[str]:
    """Whether the bound is one."""
    column = {c.controller: c for c in verdict.columns}
    if ORACLE not in column:
        return []
    best = min(verdict.columns, key=lambda c: c.figures[_OBJECTIVE].value)
    if best.controller == ORACLE:
        return []
    return [
        f"{best.controller} cost less than the oracle: the bound is not tight here, and "
        "gap closure above 100 % says so."
    ]


_OBJECTIVE = [figure.title for figure in TABLE].index("objective")

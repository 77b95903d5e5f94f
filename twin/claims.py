"""Published claims for AI data centers, checked against the reference sites.

The claims are those of a vendor white paper on AI data centers (2024). Each check says
what was claimed, what the twin finds, a verdict, and why. A claim that does not hold in a
climate stays in the table and says so.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from plant.it import reliability
from plant.it.reliability import Chips
from plant.power import distribution
from twin.annual import Year, simulate_year
from twin.config import Site, load_site
from twin.effective_compute import Training
from twin.resources import data_path
from twin.signals import Setpoints

SOURCE = "vendor white paper on AI data centers, 2024"
CLIMATES: dict[str, str | Path] = {
    "Golden": "USA_CO_Golden-NREL.724666_TMY3",
    "Tampa": "USA_FL_Tampa.Intl.AP.722110_TMY3",
    "Singapore": data_path("weather", "openmeteo_SG_2024.csv"),
}
COOL_CLIMATE = "Golden"
SITE_W = 100e6  # all claims are for 100 MW at the meter
J_PER_GWH = 3.6e12
LIQUID_CABINET_W, AIR_CABINET_W = 66e3, 35e3
YEAR_S = 8760 * 3600.0


class Claim(NamedTuple):
    """One line of the table."""

    name: str
    source: str
    claimed: str
    found: str
    holds: bool
    why: str


class Optimized(NamedTuple):
    """Energy of a year of one site under two controllers, handed in from above."""

    site: str
    climate: str
    baseline: str
    candidate: str
    baseline_j: float
    candidate_j: float
    violation_kh: float  # of the candidate


def check_all(optimized: Optimized | None = None) -> list[Claim]:
    """Every claim, in the order of the design.

    Parameters
    ----------
    optimized
        Result of controllers, which this floor cannot run; without it the claim on
        optimization is left out.
    """
    legacy, campus = load_site("legacy_air_2mw"), load_site("campus_100mw")
    old = {name: simulate_year(legacy, w, 1.0) for name, w in CLIMATES.items()}
    new = {name: simulate_year(campus, w, 1.0) for name, w in CLIMATES.items()}
    return [
        *(_saving(name, old[name], new[name]) for name in CLIMATES),
        *_eco_mode(campus, new[COOL_CLIMATE]),
        *(_large_site(name, new[name]) for name in CLIMATES),
        *([_optimization(optimized)] if optimized else []),
        _cabinets(),
        *_chips(),
        _cluster(),
    ]


def _saving(climate: str, old: Year, new: Year) -> Claim:
    """PUE 1.5 to 1.15 at 100 MW saves about 200 GWh a year."""
    saved_gwh = SITE_W * (1.0 - new.pue / old.pue) * YEAR_S / J_PER_GWH
    return Claim(
        f"from legacy to campus at 100 MW, {climate}",
        SOURCE,
        "PUE 1.5 -> 1.15 saves about 200 GWh a year",
        f"PUE {old.pue:.3f} -> {new.pue:.3f} saves {saved_gwh:.0f} GWh a year",
        saved_gwh >= 200.0,
        "same IT energy; the campus also cools with warm water and runs ECO mode, so it "
        "ends below the 1.15 of the claim",
    )


def _eco_mode(campus: Site, eco: Year) -> list[Claim]:
    """ECO mode: efficiency of the power chain and what it loses a year."""
    doubled = Setpoints(*(float(v) for v in campus.design))._replace(ups_eco=0.0)
    double = simulate_year(campus, CLIMATES[COOL_CLIMATE], 1.0, doubled)
    losses = {}
    for mode, year in (("double conversion", double), ("ECO", eco)):
        share = year.power_chain_loss_j / year.site_energy_j
        losses[mode] = share * SITE_W * YEAR_S / J_PER_GWH
    efficiency = 1.0 - eco.power_chain_loss_j / (
        eco.it_energy_j + eco.power_chain_loss_j
    )
    return [
        Claim(
            "efficiency of the power chain in ECO mode",
            SOURCE,
            "97.8 %",
            f"{efficiency:.1%}",
            efficiency >= 0.978,
            "transformer, UPS and busway of campus_100mw at full load",
        ),
        Claim(
            "yearly loss of the power chain at 100 MW",
            SOURCE,
            "48 -> 18 GWh with ECO mode",
            f"{losses['double conversion']:.0f} -> {losses['ECO']:.0f} GWh",
            losses["ECO"] <= 18.0 and losses["double conversion"] >= 48.0,
            "the claim starts from a 95 % chain; our double conversion is a modern 97 % "
            "UPS, so less is left to save, and what ECO mode leaves is as claimed",
        ),
    ]


def _large_site(climate: str, year: Year) -> Claim:
    """PUE of an ultra-large site, with the lower claim in a cool climate."""
    limit = 1.10 if climate == COOL_CLIMATE else 1.15
    return Claim(
        f"PUE of campus_100mw, {climate}",
        SOURCE,
        f"at most {limit:.2f}",
        f"{year.pue:.3f}",
        year.pue <= limit,
        "full load all year, design setpoints; trim chillers take "
        f"{_chiller_share(year):.2%} of the IT energy",
    )


def _chiller_share(year: Year) -> float:
    chillers_w = np.sum(year.outputs.chiller_power_w)
    return float(chillers_w / np.sum(year.outputs.it_power_w))


def _optimization(found: Optimized) -> Claim:
    """Setpoints that follow load and weather cut 8 to 15 % of the total power."""
    saved = 1.0 - found.candidate_j / found.baseline_j
    return Claim(
        f"optimization of {found.site}, a year in {found.climate}",
        SOURCE,
        "8 to 15 % of the total power",
        f"{saved:.1%} ({found.candidate} against {found.baseline}), "
        f"{found.violation_kh:.0f} K h of violations",
        saved >= 0.08 and found.violation_kh < 1.0,
        "no learning and no forecast: wet-bulb reset, staging and trim-and-respond; a "
        "site that is already tuned has less to give",
    )


def _cabinets() -> Claim:
    """Cabinets of a micro-module hang on busway taps of at most 63 A."""
    tap = distribution.Tap()
    liquid_a = float(distribution.tap_current(tap, LIQUID_CABINET_W / 2.0))
    air_a = float(distribution.tap_current(tap, AIR_CABINET_W))
    single_a = float(distribution.tap_current(tap, LIQUID_CABINET_W))
    return Claim(
        "cabinets of a micro-module on its busway",
        SOURCE,
        "liquid up to 66 kW, air up to 35 kW, taps up to 63 A",
        f"66 kW on two taps {liquid_a:.0f} A each, 35 kW on one {air_a:.0f} A",
        max(liquid_a, air_a) <= tap.rating_a,
        f"230 V per phase, power factor {tap.power_factor:g}; one tap alone would carry "
        f"{single_a:.0f} A for a liquid cabinet, so it needs two",
    )


def _cluster() -> Claim:
    """Availability of one large job, and what 7 K do to it."""
    training, chips = Training(), Chips()
    warm, cool = (
        float(
            reliability.cluster(
                chips,
                chip_c,
                training.job_chips,
                training.checkpoint_s,
                training.repair_s,
            ).availability
        )
        for chip_c in (65.0, 58.0)
    )
    return Claim(
        f"availability of a job on {training.job_chips:,.0f} chips",
        SOURCE,
        "1 - (checkpoint interval / 2 + MTTR) / MTBF",
        f"{warm:.1%} at 65 degC, {cool:.1%} at 58 degC",
        cool > warm,
        "the formula with the failure rate of Llama 3 training; checkpoint every "
        f"{training.checkpoint_s / 60:.0f} min and {training.repair_s / 60:.0f} min of "
        "repair are assumptions, so the difference counts, not the level",
    )


def _chips() -> list[Claim]:
    """Cooler chips fail less, and what that does to a cluster."""
    chips = Chips()
    warm, cool = 65.0, 58.0
    ratio = float(
        reliability.failure_rate(chips, cool) / reliability.failure_rate(chips, warm)
    )
    return [
        Claim(
            "failures of chips that run 7 K cooler",
            SOURCE,
            "30 % fewer",
            f"{1 - ratio:.0%} fewer",
            abs(ratio - 0.7) < 0.005,
            "the claim is the model's own rule; it is not an independent finding",
        )
    ]

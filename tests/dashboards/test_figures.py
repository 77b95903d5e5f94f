"""Figures show the results, and every axis has a unit."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from dashboards import figures
from dashboards.results import Study
from dashboards.style import ACCENT, svg
from optimizer.fixed import FixedController
from twin.config import load_site
from twin.scenario import load_scenario
from twin.signals import Setpoints
from twin.simulate import simulate


def test_every_axis_has_a_unit(study: Study) -> None:
    for picture in figures.all_pictures(study):
        for axes in picture.figure.axes:
            shared = axes.get_title(loc="left") in [run.name for run in study.runs]
            label = axes.get_ylabel() or axes.get_title(loc="left")
            assert shared or label.endswith("]"), f"{picture.name}: {label}"
        assert any("[h]" in axes.get_xlabel() for axes in picture.figure.axes)


def test_pue_lines_book_out_the_battery(study: Study) -> None:
    lines = figures.pue(study).axes[0].get_lines()
    assert [line.get_label() for line in lines] == [run.name for run in study.runs]
    for line, run in zip(lines, study.runs, strict=True):
        power_w = run.telemetry["site_power_w"] + run.telemetry["battery_power_w"]
        ratio = power_w / run.telemetry["it_power_w"]
        np.testing.assert_allclose(np.asarray(line.get_ydata()), ratio)


def test_only_the_candidate_has_colour(study: Study) -> None:
    *grey, accent = figures.pue(study).axes[0].get_lines()
    assert accent.get_color() == ACCENT
    for line in grey:
        red, green, blue = (line.get_color()[k : k + 2] for k in (1, 3, 5))
        assert red == green == blue


@pytest.mark.parametrize("name", ["hybrid_10mw", "campus_100mw"])
def test_stack_is_everything_but_it(name: str) -> None:
    # with the battery at rest, what is not IT is exactly the stack
    site = load_site(name)
    scenario = load_scenario(site, "07-15", 3.0)
    table = simulate(site, scenario, FixedController(site)).telemetry
    parts = [part for group in figures.STACK.values() for part in group]
    rest_w = table["site_power_w"] - table["it_power_w"]
    np.testing.assert_allclose(table[parts].sum(axis=1), rest_w, rtol=1e-3)


def test_layers_of_the_stack_differ_in_colour() -> None:
    tones = [to_rgb(tone) for tone in figures.STACK_TONES]
    assert len(tones) == len(figures.STACK)
    for one, other in itertools.pairwise(tones):
        lightness = [np.dot(tone, (0.299, 0.587, 0.114)) for tone in (one, other)]
        assert abs(lightness[0] - lightness[1]) > 0.1  # also without colour vision


def test_setpoints_are_drawn_to_the_end(study: Study) -> None:
    axes = figures.setpoints(study).axes
    assert len(axes) == len(Setpoints._fields)
    end_h = study.settings.hours
    for panel in axes:
        for line in panel.get_lines():
            assert np.asarray(line.get_xdata())[-1] == pytest.approx(end_h)


def test_exceedance_is_marked_and_only_that(study: Study) -> None:
    run = study.candidate
    hottest_c = float(run.telemetry["rack_inlet_c"].max())
    for limit_c, marked in ((hottest_c - 0.5, True), (hottest_c + 0.5, False)):
        limits = study.site.limits._replace(rack_inlet_c=limit_c)
        site = study.site._replace(limits=limits)
        panel = figures.temperatures(study._replace(site=site, runs=(run,))).axes[0]
        extent = panel.collections[0].get_datalim(panel.transData)
        assert bool(extent.height > 1e-9) is marked


def test_drawing_is_the_same_every_time(study: Study) -> None:
    first, second = (svg(figures.pue(study), "pue") for _ in range(2))
    assert first == second
    assert first.startswith("<svg")


@pytest.mark.parametrize(
    ("signal", "label"),
    [
        ("tcs_supply_c", "TCS supply [°C]"),
        ("fws_pressure_pa", "FWS pressure [kPa]"),
        ("ups_eco", "UPS ECO [-]"),
        ("battery_power_w", "battery power [kW]"),
    ],
)
def test_labels_speak_as_people_do(signal: str, label: str) -> None:
    assert figures.label(signal, figures.axis_unit(signal)[0]) == label

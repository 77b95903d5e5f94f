"""Layout studies: checked at the door, capacities of the twin, limits that are told."""

import os
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optimizer.study.catalogue import read_catalogue
from optimizer.study.climate import bins_of, year_of
from optimizer.study.generations import courses, fixed_design
from optimizer.study.judge import fixed_counts, pareto, shares
from optimizer.study.layout import choice_of, load_of, site_of
from optimizer.study.program import Inputs, inputs_of
from optimizer.study.sample import Task, screen_chunk
from optimizer.study.schema import load_study
from optimizer.study.screen import full_year, screen
from optimizer.study.seam import run_chunks, shard_path
from optimizer.study.zoning import Answer, answer
from twin import design_day
from twin.errors import ConfigError
from twin.resources import data_path

STUDIES = ("greenfield_100mw", "retrofit_air_hall", "micro_module_ratio")


@pytest.fixture(scope="module", params=STUDIES)
def solved(request: pytest.FixtureRequest) -> tuple[Inputs, Answer]:
    given = inputs_of(load_study(request.param))
    return given, answer(given, shadow=False)


def edited(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = data_path("studies", "retrofit_air_hall.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = edited(
        tmp_path,
        ("liquid_66kw: {minimum: 0", "liquid_99kw: {minimum: 500"),
        ("tower_supply_c: 20.5", "tower_supply_c: 17"),
        ("existing: {tower_cell: 7", "existing: {towers: 7"),
        ("USA_CO_Golden-NREL.724666_TMY3", "nowhere"),
    )
    with pytest.raises(ConfigError) as caught:
        load_study(path)
    text = str(caught.value)
    for part in ("liquid_99kw", "minimum 500", "above wet_bulb_c", "towers", "nowhere"):
        assert part in text
    assert f"{path}:" in text


def test_a_row_without_source_or_price_is_refused(tmp_path: Path) -> None:
    text = data_path("equipment", "study_catalogue.csv").read_text(encoding="utf-8")
    text = text.replace("cdu,90000,140000,220000", "cdu,90000,,220000")
    text = text.replace('"tap-off box of 16 to 63 A"', "")
    path = tmp_path / "catalogue.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_catalogue(path)
    assert "price_usd is missing" in str(caught.value)
    assert "source is missing" in str(caught.value)


def test_the_smallest_conflicting_set_is_named(tmp_path: Path) -> None:
    path = edited(tmp_path, ("air_35kw: {minimum: 80", "air_35kw: {minimum: 239"),
                  ("utility_limit_w: 11.5e+6", "utility_limit_w: 5.0e+6"))  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        answer(inputs_of(load_study(path)))
    text = str(caught.value)
    assert "utility_limit_w = 5e+06" in text
    assert "at least 239 air_35kw in 2026" in text
    assert "floor" not in text


def test_temperatures_that_no_unit_can_hold_are_refused(tmp_path: Path) -> None:
    path = edited(
        tmp_path,
        ("tower_supply_c: 20.5", "tower_supply_c: 18.001"),
        ("air_supply_c: 24", "air_supply_c: 21.5001"),
    )
    with pytest.raises(ConfigError, match=r"in_row.*can carry nothing"):
        inputs_of(load_study(path))


def test_the_binding_unit_is_named_and_its_gain_is_real(tmp_path: Path) -> None:
    given = inputs_of(load_study("retrofit_air_hall"))
    found = answer(given)
    first = found.binding[0]
    assert first.name == "at_most.exchanger"
    study = given.loaded.study
    wider = study._replace(at_most={**study.at_most, "exchanger": 6})
    more = answer(
        given._replace(loaded=given.loaded._replace(study=wider)), shadow=False
    )
    assert more.maximized == pytest.approx(found.maximized + first.gain)


def test_program_and_twin_agree_on_the_design_day(
    solved: tuple[Inputs, Answer],
) -> None:
    given, found = solved
    site, at = given.loaded.site, given.loaded.study.conditions
    for phase in found.phases:
        load = load_of(phase, given.loaded.catalogue)
        choice = choice_of(phase, site.design, at)
        assert all(
            share >= 1.0 - 1e-6 for share in shares(given, load, choice).values()
        )
        made = site_of(site, load, choice, at)
        # the program's wet bulb is that of the towers' nameplate here
        assert at.wet_bulb_c == site.facility.heat_rejection.tower.design_wet_bulb_c
        out = design_day.settled(made)
        assert out.tcs_supply_c <= at.tcs_supply_c + 0.1
        assert out.fws_supply_c <= at.facility_supply_c + 0.1
        assert out.chip_c <= site.limits.chip_c + 0.1
        assert out.rack_inlet_c <= site.limits.rack_inlet_c
        assert out.site_power_w <= given.loaded.study.envelope.utility_limit_w


def test_screening_and_full_year_agree_within_two_percent(
    solved: tuple[Inputs, Answer],
) -> None:
    given, found = solved
    site, study = given.loaded.site, given.loaded.study
    phase = found.phases[-1]
    load = load_of(phase, given.loaded.catalogue)
    choice = choice_of(phase, site.design, study.conditions)
    for climate in study.climates:
        year = year_of(site, climate, study.economy)
        quick = screen(site, study.conditions, load, choice, bins_of(year))
        slow, _ = full_year(site, study.conditions, load, choice, year)
        overhead = slow.site_power_w - slow.it_power_w
        assert quick.site_power_w - quick.it_power_w == pytest.approx(
            overhead, rel=0.02
        )
        assert quick.makeup_kg_s == pytest.approx(slow.makeup_kg_s, rel=0.02)


def tasks() -> list[Task]:
    given = inputs_of(load_study("micro_module_ratio"))
    site, study = given.loaded.site, given.loaded.study
    phase = answer(given, shadow=False).phases[-1]
    bins = bins_of(year_of(site, study.climates[0], study.economy))
    load = load_of(phase, given.loaded.catalogue)
    choice = choice_of(phase, site.design, study.conditions)
    fixed = fixed_counts(given, phase)
    name = study.climates[0]
    return [
        Task("micro_module_ratio", name, bins, load, choice, fixed, n, n * 50, 50, 3)
        for n in range(4)
    ]


def test_a_killed_study_goes_on_and_gives_the_same(tmp_path: Path) -> None:
    todo = tasks()
    whole = run_chunks(screen_chunk, todo, tmp_path, {"a": 1}, "serial")
    kept = shard_path(tmp_path, 0).stat().st_mtime_ns
    shard_path(tmp_path, 2).unlink()
    told: list[tuple[int, int]] = []
    again = run_chunks(
        screen_chunk, todo, tmp_path, {"a": 1}, "serial", lambda *n: told.append(n)
    )
    pd.testing.assert_frame_equal(whole, again, check_exact=True)
    assert told == [(4, 4)]
    assert shard_path(tmp_path, 0).stat().st_mtime_ns == kept
    with pytest.raises(ConfigError, match="another study"):
        run_chunks(screen_chunk, todo, tmp_path, {"a": 2}, "serial")


def test_pareto_keeps_what_nothing_beats() -> None:
    rng = np.random.default_rng(5)
    table = rng.integers(0, 6, (60, 3)).astype(float)
    kept = pareto(table)
    for row, on_front in zip(table, kept, strict=True):
        better = (table <= row).all(axis=1) & (table < row).any(axis=1)
        assert not (on_front and better.any())
        assert on_front or (table[kept] <= row).all(axis=1).any()


@pytest.mark.slow
def test_processes_and_dask_give_the_same_bits(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    todo = tasks()
    here = run_chunks(screen_chunk, todo, tmp_path / "a", {}, "serial")
    pool = run_chunks(screen_chunk, todo, tmp_path / "b", {}, "processes")
    cluster = run_chunks(screen_chunk, todo, tmp_path / "c", {}, "dask")
    pd.testing.assert_frame_equal(here, pool, check_exact=True)
    pd.testing.assert_frame_equal(here, cluster, check_exact=True)


def test_a_fixed_design_serves_less_than_an_elastic_one() -> None:
    given = inputs_of(load_study("greenfield_100mw"))
    study, site = given.loaded.study, given.loaded.site
    elastic = answer(given, shadow=False)
    bins = bins_of(year_of(site, study.climates[0], study.economy))
    both = {course.design: course for course in courses(given, bins, elastic)}
    fixed = fixed_design(given)
    assert all(p.units == fixed.phases[0].units for p in fixed.phases)
    assert both["fixed"].it_kwh < both["elastic"].it_kwh
    last = [both[name].phases[-1] for name in ("fixed", "elastic")]
    assert last[0].it_power_w < last[1].it_power_w
    assert fixed.price_usd > sum(
        given.loaded.catalogue.items[name].price_usd * count
        for name, count in fixed.phases[0].units.items()
    )


@pytest.mark.slow
def test_a_killed_worker_of_a_cluster_changes_nothing(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    todo = [task._replace(size=300) for task in tasks() * 2]
    todo = [task._replace(number=n, start=n * 300) for n, task in enumerate(todo)]
    here = run_chunks(screen_chunk, todo, tmp_path / "a", {}, "serial")
    killed: list[int] = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:

        def kill_one(done: int, total: int) -> None:
            if not killed:
                worker = next(iter(cluster.workers.values()))
                killed.append(worker.pid)
                os.kill(worker.pid, signal.SIGKILL)

        address = cluster.scheduler_address
        assert address.startswith("tcp://")
        there = run_chunks(screen_chunk, todo, tmp_path / "b", {}, address, kill_one)
    assert killed
    pd.testing.assert_frame_equal(here, there, check_exact=True)

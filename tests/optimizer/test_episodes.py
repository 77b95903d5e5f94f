"""Days are drawn over the whole year, the same for a seed, with the site's own truth."""

import numpy as np
import pytest

from optimizer.episodes import (
    DAY_S,
    YEAR_DAYS,
    Episode,
    World,
    check_weather,
    month_day,
    sample,
    scenario_of,
    whole_year,
)
from twin.config import load_site
from twin.errors import ConfigError, DataError
from twin.scenario import load_scenario

SITE = load_site("hybrid_10mw")


def days(episodes):
    return [(e.first_day + k) % YEAR_DAYS for e in episodes for k in range(e.days)]


@pytest.mark.parametrize(("count", "length"), [(4, 1), (12, 1), (4, 7), (52, 7)])
@pytest.mark.parametrize("seed", [1, 2])
def test_each_stratum_gives_one_episode_and_none_overlap(count, length, seed):
    drawn = sample(count, length, seed)
    assert drawn == sample(count, length, seed)
    assert len(set(days(drawn))) == count * length
    since = [(e.first_day - 334) % YEAR_DAYS for e in drawn]
    strata = [int((s + 1) * count / YEAR_DAYS - 1e-9) for s in since]
    assert strata == list(range(count))


def test_seeds_differ_and_four_days_are_the_four_seasons():
    assert sample(4, 1, 1) != sample(4, 1, 2)
    months = [int(month_day(e.first_day)[:2]) for e in sample(4, 1, 3)]
    seasons = [(12, 1, 2, 3), (3, 4, 5), (6, 7, 8), (9, 10, 11)]
    assert all(m in season for m, season in zip(months, seasons, strict=True))


def test_a_year_has_every_day_once():
    assert sorted(days(whole_year())) == list(range(YEAR_DAYS))


@pytest.mark.parametrize(("count", "length"), [(0, 1), (366, 1), (53, 7)])
def test_impossible_samples_are_refused(count, length):
    with pytest.raises(ConfigError, match="at least 1"):
        sample(count, length, 1)


def test_episode_has_the_weather_of_its_days_and_a_daily_trace_starts_at_midnight():
    time_s = np.arange(0.0, DAY_S - 60.0, 600.0)
    for first in (0, 187, 364):
        mine = scenario_of(SITE, World(), Episode(first, 1)).inputs_at(time_s)
        whole = load_scenario(SITE, month_day(first), 24.0).inputs_at(time_s)
        for one, other in zip(mine, whole, strict=True):
            np.testing.assert_array_equal(one, other)


def test_weather_that_lacks_a_day_is_named_before_any_run(tmp_path):
    path = tmp_path / "july.csv"
    rows = ["time_local,dry_bulb_c,relative_humidity_pct"]
    rows += [
        f"2023-07-{d:02d}T{h:02d}:00,20,50" for d in range(1, 31) for h in range(24)
    ]
    path.write_text("\n".join(rows))
    world = World(weather=str(path))
    check_weather(SITE, world, (Episode(187, 1),))
    with pytest.raises(DataError, match=r"july.csv: covers 07-01"):
        check_weather(SITE, world, (Episode(187, 1), Episode(20, 1)))

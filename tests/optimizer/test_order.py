"""The order of the controllers: oracle <= mpc <= tuned rules in the objective."""

import pytest

from optimizer.contest import Contest, Task, objective_usd, run_task
from optimizer.episodes import Episode, World, sample
from optimizer.rules_file import tuned_for

# Readings are noisy for the mpc and not for the oracle; ties may go either way by this.
NOISE_SHARE = 0.001
MONTH = tuple(Episode(day, 1) for day in (183, 190, 197, 204))  # of July, sampled


def usd(site, name, episode, seed=1):
    contest = Contest(site, World(), seed, 0.05, tuned_for(site).rules)
    return objective_usd(run_task(contest, Task(name, episode)))


@pytest.mark.slow
@pytest.mark.parametrize("site", ["hybrid_10mw", "legacy_air_2mw"])
@pytest.mark.parametrize("seed", [1, 2])
def test_oracle_below_mpc_below_rules(site, seed):
    episode = sample(4, 1, seed)[2]
    oracle, mpc, rules = (
        usd(site, name, episode, seed) for name in ("oracle", "mpc", "rules")
    )
    assert oracle <= mpc * (1.0 + NOISE_SHARE)
    assert mpc <= rules * (1.0 + NOISE_SHARE)


@pytest.mark.slow
def test_mpc_is_not_worse_than_tuned_rules_over_a_sampled_month():
    site = "legacy_air_2mw"
    mpc, rules = (
        sum(usd(site, name, episode) for episode in MONTH) for name in ("mpc", "rules")
    )
    assert mpc <= rules


def test_rules_are_below_fixed_on_every_season():
    for episode in sample(4, 1, 5):
        assert usd("legacy_air_2mw", "rules", episode) < usd(
            "legacy_air_2mw", "fixed", episode
        )


@pytest.mark.slow
def test_oracle_may_choose_and_so_is_never_above_the_rules_with_exact_readings():
    episode = Episode(195, 1)
    site = "edge_50kw"
    assert usd(site, "oracle", episode) <= usd(site, "rules", episode) * 1.001

"""``WetbulbSite-v0`` is an environment like any other, with a datasheet."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from optimizer import rl_env
from optimizer.rl import observation
from optimizer.rl.actions import LEVERS


@pytest.fixture(scope="module")
def env() -> rl_env.WetbulbSite:
    return rl_env.WetbulbSite(days=2)


def test_gymnasium_finds_nothing_wrong(env: rl_env.WetbulbSite) -> None:
    check_env(env, skip_render_check=True)


def test_gymnasium_makes_it_by_its_name() -> None:
    made = gymnasium.make("optimizer.rl_env:WetbulbSite-v0", site="edge_50kw", days=1)
    seen, _ = made.reset(seed=1)
    assert seen.shape == (observation.COUNT,)


def test_a_seed_draws_the_same_day(env: rl_env.WetbulbSite) -> None:
    action = np.random.default_rng(0).uniform(-1, 1, (5, len(LEVERS)))
    courses = []
    for _ in range(2):
        env.reset(seed=7, options={"day": 1})
        courses.append([env.step(row.astype(np.float32))[:2] for row in action])
    for (seen, reward), (again, rewarded) in zip(*courses, strict=True):
        np.testing.assert_array_equal(seen, again)
        assert reward == rewarded


def test_a_day_ends_after_96_decisions(env: rl_env.WetbulbSite) -> None:
    env.reset(seed=3)
    for count in range(1, 97):
        _, reward, ended, cut, info = env.step(np.zeros(len(LEVERS), np.float32))
        assert reward == 0.0  # the rules against themselves
        assert (ended, cut) == (False, count == 96)
    assert info["cost_usd"] == info["rules_cost_usd"] > 0.0


def test_the_datasheet_names_everything() -> None:
    text = rl_env.WetbulbSite.__doc__
    assert text is not None
    for name in (*observation.names(), *LEVERS):
        assert name in text

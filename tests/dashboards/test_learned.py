"""Learned controllers on the command line: names, mistakes, runs of another policy."""

from pathlib import Path

import pytest

from dashboards import contest, controllers, train
from dashboards.contest import Request
from optimizer.episodes import World
from optimizer.rl.policy import load, save
from optimizer.rl.recipe import Recipe
from twin.config import load_site
from twin.errors import ConfigError

SITE = load_site("edge_50kw")


def asked(out: Path, *names: str) -> Request:
    return Request("edge_50kw", World(), names, 1, 0.05, 1, 0, False, False, out)


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.npz"
    save(load("default"), path)
    return path


def test_a_policy_is_called_by_its_file_without_its_path(policy_file: Path) -> None:
    made = controllers.make(("rules", f"rl:{policy_file}"), SITE)
    assert [one.name for one in made] == ["rules", "rl:mine"]


def test_two_policies_of_one_name_are_refused(policy_file: Path) -> None:
    twin = policy_file.rename(policy_file.with_name("default.npz"))
    with pytest.raises(ConfigError, match="both be called rl:default"):
        controllers.make(("rl:default", f"rl:{twin}"), SITE)


@pytest.mark.parametrize("name", ["rl:", "rl:nothing_here"])
def test_a_policy_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="default"):
        controllers.make((name,), SITE)


def test_runs_of_another_policy_are_not_continued(
    policy_file: Path, tmp_path: Path
) -> None:
    request = asked(tmp_path, "rules", f"rl:{policy_file}")
    contest._same_policies(request)
    contest._same_policies(request)  # the same goes on
    other = load("default")
    bias = other.layers[-1].bias + 0.25
    layers = (*other.layers[:-1], other.layers[-1]._replace(bias=bias))
    save(other._replace(layers=layers), policy_file)
    with pytest.raises(ConfigError, match="holds runs of another rl:"):
        contest._same_policies(request)
    contest._same_policies(asked(tmp_path, "rules"))  # others may go on


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"algorithm": "dqn"}, "--algo dqn: give one of ppo, sac, tqc, crossq"),
        ({"steps": 0}, "--steps 0"),
        ({"plants": 3}, "--plants 3: give a whole number of at least 5"),
        ({"sites": ("edge_50kw", "edge_50kw")}, "a site stands twice"),
        ({"sites": ("nowhere",)}, "nowhere"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(change: dict, said: str) -> None:
    recipe = Recipe(("edge_50kw",), (), ())._replace(**change)
    with pytest.raises(ConfigError, match=said):
        train._checked(recipe)


def test_weather_and_load_are_the_sites_own_if_none_are_named() -> None:
    recipe = train._checked(Recipe(("edge_50kw", "hybrid_10mw"), (), ()))
    assert recipe.weather == (SITE.defaults.weather,)
    assert recipe.loads == (SITE.defaults.load,)

"""The shipped policy: whole, documented, and worth something where it was not trained."""

import json
import shlex

import numpy as np
import pytest

from optimizer.rl import batch, cases
from optimizer.rl.policy import load
from optimizer.rl.trial import trial
from optimizer.rules_file import tuned_for
from twin.config import load_site
from twin.resources import available, data_path

HELD_OUT_CLIMATE = "USA_FL_Tampa.Intl.AP.722110_TMY3"
HELD_OUT_LOAD = "NASA-iPSC-1993-3.1-cln"


def test_every_policy_has_its_card_and_onnx() -> None:
    names = available("policies", ".npz")
    assert "default" in names
    for name in names:
        card = data_path("policies", f"{name}.md").read_text(encoding="utf-8")
        with np.load(data_path("policies", f"{name}.npz")) as file:
            head = json.loads(str(file["head"]))
        assert head["sha256"] in card
        assert data_path("policies", f"{name}.onnx").stat().st_size > 0


def test_the_card_says_what_was_held_out() -> None:
    recipe = load("default").card["recipe"]
    assert HELD_OUT_CLIMATE not in recipe["weather"]
    assert HELD_OUT_LOAD not in recipe["loads"]
    command = data_path("policies", "default.md").read_text("utf-8").split("`")[1]
    words = shlex.split(command)
    assert words[:2] == ["wetbulb", "train"]
    assert set(recipe["sites"]) <= set(words)


@pytest.mark.parametrize(
    "site",
    [
        "hybrid_10mw",  # known plant
        "micro_module_1mw",  # a plant that was not trained on
    ],
)
def test_it_saves_in_a_climate_that_it_never_met(site: str) -> None:
    found = load_site(site)
    assert site == "hybrid_10mw" or site not in load("default").card["recipe"]["sites"]
    place = cases.place_of(
        found, tuned_for(site).rules, (HELD_OUT_CLIMATE,), (HELD_OUT_LOAD,)
    )
    prepared = batch.prepare(place, 12, np.random.default_rng(2026))
    made, usd = trial(load("default"), prepared)
    assert np.isfinite(usd).all()
    assert made.saved > 0.0
    # plants off by 6 %, one in ten broken, jumps of the load: a minute a day at most
    assert made.exceedance_min <= made.rules_exceedance_min + 1.0

"""Days and policies that the tests of learned controllers share."""

import numpy as np
import pytest

from optimizer.rl import actions, batch, cases, observation
from optimizer.rl.policy import Layer, Policy
from optimizer.rules import RuleParameters
from twin.config import load_site

GOLDEN = "USA_CO_Golden-NREL.724666_TMY3"
FRONTIER = "frontier_cdu_power_2024-04-07"


@pytest.fixture(scope="session")
def place() -> cases.Place:
    site = load_site("hybrid_10mw")
    return cases.place_of(site, RuleParameters(), (GOLDEN,), (FRONTIER,))


@pytest.fixture(scope="session")
def prepared(place: cases.Place) -> batch.Prepared:
    return batch.prepare(place, 3, np.random.default_rng(5))


@pytest.fixture
def policy() -> Policy:
    """Small random network that may see anything."""
    rng = np.random.default_rng(3)
    width, levers = observation.COUNT, len(actions.LEVERS)
    first = rng.normal(0.0, 0.1, (8, width)).astype(np.float32).astype(float)
    last = rng.normal(0.0, 0.3, (levers, 8)).astype(np.float32).astype(float)
    layers = (
        Layer(first, np.zeros(8), "tanh"),
        Layer(last, np.zeros(levers), "linear"),
    )
    far = np.full(width, 10.0)
    return Policy(layers, -far, far, {"name": "random"})

"""Training with the real libraries, small; skipped where the extra `rl` is not installed."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `rl`")
pytest.importorskip("stable_baselines3", reason="training needs the extra `rl`")
pytest.importorskip("sb3_contrib", reason="training needs the extra `rl`")
pytest.importorskip("onnx", reason="training needs the extra `rl`")

import torch
from onnx.reference import ReferenceEvaluator

from optimizer.rl import observation, policy, training
from optimizer.rl.cloning import Examples
from optimizer.rl.export import policy_of, write_onnx
from optimizer.rl.recipe import ALGORITHMS, Recipe, places, training_days
from optimizer.rl.vec_env import WetbulbVecEnv

GOLDEN = "USA_CO_Golden-NREL.724666_TMY3"
FRONTIER = "frontier_cdu_power_2024-04-07"
SMALL = Recipe(
    ("edge_50kw",),
    (GOLDEN,),
    (FRONTIER,),
    steps=8 * 96,
    days=4,
    validation_days=2,
    plants=4,
    variants=2,
    clone_days=0,
)


def quiet(what: str, done: float, total: float) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def env() -> WetbulbVecEnv:
    return WetbulbVecEnv(training_days(SMALL, places(SMALL)), SMALL.plants, SMALL.seed)


def seen(rows: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(rows, observation.COUNT)).astype("f4")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_file_decides_as_the_model(env: WetbulbVecEnv, algorithm: str) -> None:
    torch.set_num_threads(1)
    model = training.learner(SMALL._replace(algorithm=algorithm), env)
    found = Examples(seen(64).astype(float), np.full((64, 10), 0.3))
    training.imitate(model, found, seed=1)  # weights and normalizations move
    rows = seen(16)
    made = policy.act(policy_of(model, env.low, env.high), rows.astype(float))
    wanted, _ = model.predict(rows, deterministic=True)
    np.testing.assert_allclose(made, wanted, atol=2e-6)
    assert np.abs(made).max() > 0.1


def test_imitating_comes_close(env: WetbulbVecEnv) -> None:
    model = training.learner(SMALL, env)
    rows = seen(256).astype(float)
    action = np.tanh(rows[:, :10])
    assert training.imitate(model, Examples(rows, action), seed=1) < 0.01


def test_onnx_decides_the_same(env: WetbulbVecEnv, tmp_path: Path) -> None:
    made = policy_of(training.learner(SMALL, env), env.low, env.high)
    write_onnx(made, tmp_path / "p.onnx")
    rows = seen(7)
    session = ReferenceEvaluator(str(tmp_path / "p.onnx"))
    (found,) = session.run(["action"], {"observation": rows})
    np.testing.assert_allclose(found, policy.act(made, rows.astype(float)), atol=2e-6)


def test_a_seed_trains_the_same_policy(tmp_path: Path) -> None:
    made = []
    for name in "ab":
        folder = tmp_path / name
        folder.mkdir()
        made.append(training.train(SMALL, folder, quiet).policy)
    for one, other in zip(*(p.layers for p in made), strict=True):
        np.testing.assert_array_equal(one.weight, other.weight)


def test_a_killed_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "LOOK_STEPS", 96)
    half = SMALL._replace(steps=SMALL.steps // 2)
    training.train(half, tmp_path, quiet)
    done = json.loads((tmp_path / "progress.json").read_text())["steps"]
    assert done >= half.steps - SMALL.plants
    counts: list[float] = []
    training.train(SMALL, tmp_path, lambda what, at, of: counts.append(at))
    assert min(count for count in counts if count > 1.0) > done
    assert max(counts) >= SMALL.steps


def test_the_environment_is_what_the_library_expects(env: WetbulbVecEnv) -> None:
    first = env.reset()
    assert first.shape == (SMALL.plants, observation.COUNT)
    still = np.zeros((SMALL.plants, 10), dtype=np.float32)
    for count in range(1, 97):
        rows, reward, over, infos = env.step(still)
        assert over.all() == over.any() == (count == 96)
    np.testing.assert_array_equal(reward, 0.0)
    assert all(info["TimeLimit.truncated"] for info in infos)
    assert not np.array_equal(infos[0]["terminal_observation"], rows[0])
    assert np.all(env.low <= env.high)

"""A policy file: what was saved is what decides, and what is wrong is refused by name."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from optimizer.rl import observation
from optimizer.rl.policy import Layer, Policy, act, load, save
from twin.errors import ConfigError

ROOT = Path(__file__).parents[3]


def test_what_was_saved_decides_the_same(policy: Policy, tmp_path: Path) -> None:
    path = tmp_path / "random.npz"
    save(policy, path)
    seen = np.random.default_rng(1).normal(size=(5, observation.COUNT))
    np.testing.assert_allclose(act(load(path), seen), act(policy, seen), atol=1e-6)
    assert load(path).card == {"name": "random"}


def test_actions_stay_within_one(policy: Policy) -> None:
    seen = np.full(observation.COUNT, 10.0)
    assert np.abs(act(policy, 50.0 * seen)).max() <= 1.0


def rewritten(path: Path, **changes: object) -> Path:
    """The same file with other entries; the hash stays as it was."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    head = json.loads(str(arrays.pop("head"))) | changes.pop("head", {})  # type: ignore[operator]
    made = path.with_name("changed.npz")
    np.savez(made, head=np.array(json.dumps(head)), **{**arrays, **changes})
    return made


@pytest.fixture
def saved(policy: Policy, tmp_path: Path) -> Path:
    path = tmp_path / "random.npz"
    save(policy, path)
    return path


def test_a_missing_policy_is_refused_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing_here"):
        load(tmp_path / "nothing_here.npz")


def test_edited_numbers_are_refused(saved: Path) -> None:
    path = rewritten(saved, bias_0=np.ones(8, dtype=np.float32))
    with pytest.raises(ConfigError, match=r"changed\.npz: its numbers do not match"):
        load(path)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ({"schema": 99}, "schema 99"),
        ({"layout": "0" * 16}, "other observations or actions"),
    ],
)
def test_another_schema_is_refused(saved: Path, head: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(rewritten(saved, head=head))


@pytest.mark.parametrize("length", [0, 10, 2000])
def test_a_cut_file_is_refused(saved: Path, length: int) -> None:
    cut = saved.with_name("cut.npz")
    cut.write_bytes(saved.read_bytes()[:length])
    with pytest.raises(ConfigError, match=r"cut\.npz: not a policy"):
        load(cut)


def test_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.npz"
    np.savez(path, table=np.zeros(3))
    with pytest.raises(ConfigError, match="not a policy"):
        load(path)


def _of(policy: Policy, **changes: object) -> Policy:
    return policy._replace(**changes)


def test_layers_that_do_not_fit_are_refused(policy: Policy, tmp_path: Path) -> None:
    broken = {
        "narrow": _of(policy, layers=policy.layers[1:]),
        "no action": _of(policy, layers=policy.layers[:1]),
        "range": _of(policy, low=policy.low[1:]),
        "not finite": _of(
            policy,
            layers=(
                policy.layers[0],
                policy.layers[1]._replace(bias=np.full(10, np.nan)),
            ),
        ),
        "unknown activation": _of(
            policy, layers=(Layer(*policy.layers[0][:2], "swish"), policy.layers[1])
        ),
    }
    said = {
        "narrow": "layer 0 is of shape",
        "no action": "it has 8 actions",
        "range": "range of its observations",
        "not finite": "not finite",
        "unknown activation": "unknown activation swish",
    }
    for name, one in broken.items():
        path = tmp_path / f"{name}.npz"
        save(one, path)
        with pytest.raises(ConfigError, match=said[name]):
            load(path)


RUN = """
import sys
import numpy as np
from optimizer.contestants import plain
from twin.config import load_site
plain("rl:" + sys.argv[1], load_site("edge_50kw"), None)
heavy = {"torch", "stable_baselines3", "sb3_contrib", "gymnasium", "onnx"}
assert not heavy & {name.split(".")[0] for name in sys.modules}
"""


def test_running_a_policy_imports_no_training_library(saved: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(saved)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr

"""Training with Stable-Baselines3: imitate the MPC, then learn on the twin.

One torch thread: two are nine times slower on such small networks. A training that is
killed goes on from its last checkpoint. The best policy on days that were never learned
from is kept, as a file that needs no torch to run.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sb3_contrib import TQC, CrossQ
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import configure

from optimizer.rl import cases
from optimizer.rl.batch import Prepared
from optimizer.rl.cloning import Examples, examples
from optimizer.rl.export import policy_of
from optimizer.rl.policy import Policy
from optimizer.rl.recipe import (
    CLONE,
    Recipe,
    generator,
    places,
    training_days,
    validation_days,
)
from optimizer.rl.trial import Trial, trial
from optimizer.rl.vec_env import WetbulbVecEnv

Array = NDArray[np.float64]
Report = Callable[[str, float, float], None]  # what, done, in all
HIDDEN = (64, 64)
EPISODE = 96  # decisions of a judged day
LOOK_STEPS = 250_000  # between two looks at the validation days
MINIBATCHES = 12  # of an episode of all plants
FIRST_SPREAD = -1.5  # log of the standard deviation of actions at the start
CLONE_EPOCHS = 200
CLONE_ROWS = 256


class Trained(NamedTuple):
    """What a training made."""

    policy: Policy
    validation: tuple[Trial, ...]
    examples: int
    clone_loss: float  # mean square of the actions' error; nan without cloning


def train(recipe: Recipe, folder: Path, report: Report) -> Trained:
    """Train, or go on where a killed training stopped.

    Parameters
    ----------
    recipe
        What decides the result.
    folder
        Existing; takes checkpoint, log and the best policy.
    report
        Progress.
    """
    torch.set_num_threads(1)
    grounds = places(recipe)
    report("preparing days", 0.0, 1.0)
    env = WetbulbVecEnv(training_days(recipe, grounds), recipe.plants, recipe.seed)
    judged = validation_days(recipe, grounds)
    keeper = _Keeper(recipe, folder, judged, env, report)
    model = keeper.resumed() or learner(recipe, env)
    if model.num_timesteps == 0:
        keeper.cloned = _clone(recipe, grounds, model, report)
    model.set_logger(configure(str(folder / "log"), _formats()))
    try:
        left = recipe.steps - model.num_timesteps
        if left > 0:
            model.learn(left, keeper, reset_num_timesteps=False)
        keeper.look(model)
    finally:
        model.logger.close()
    best = keeper.best
    assert best is not None
    return Trained(best, keeper.trials, *keeper.cloned)


def _formats() -> list[str]:
    """Where the log goes: TensorBoard if it is there."""
    try:
        import tensorboard  # noqa: F401 - only whether it is there
    except ModuleNotFoundError:
        return ["csv"]
    return ["csv", "tensorboard"]


def learner(recipe: Recipe, env: WetbulbVecEnv) -> BaseAlgorithm:
    """Untrained model of an algorithm; its first actions are close to none."""
    common: dict[str, Any] = {"seed": recipe.seed, "device": "cpu", "gamma": 0.98}
    off_policy: dict[str, Any] = {
        "learning_rate": 3e-4,
        "batch_size": 512,
        "buffer_size": 400_000,
        "learning_starts": recipe.plants * EPISODE,
        "train_freq": 1,
        "gradient_steps": 4,
        "policy_kwargs": {"net_arch": list(HIDDEN)},
    }
    model: BaseAlgorithm
    if recipe.algorithm == "ppo":
        model = PPO(
            "MlpPolicy",
            env,
            n_steps=EPISODE,
            batch_size=recipe.plants * EPISODE // MINIBATCHES,
            n_epochs=5,
            gae_lambda=0.9,
            learning_rate=lambda left: 5e-5 + 2.5e-4 * left,
            policy_kwargs={
                "net_arch": list(HIDDEN),
                "activation_fn": torch.nn.Tanh,
                "log_std_init": FIRST_SPREAD,
            },
            **common,
        )
    else:
        kinds = {"sac": SAC, "tqc": TQC, "crossq": CrossQ}
        model = kinds[recipe.algorithm]("MlpPolicy", env, **off_policy, **common)
    with torch.no_grad():
        last = last_layer(model)
        last.weight.mul_(0.1)
        last.bias.zero_()
    return model


def last_layer(model: BaseAlgorithm) -> Any:
    """Layer that gives the mean action."""
    policy: Any = model.policy
    return policy.action_net if isinstance(model, PPO) else policy.actor.mu


def mean_action(model: BaseAlgorithm, observed: torch.Tensor) -> torch.Tensor:
    """Deterministic action, with its gradient."""
    policy: Any = model.policy
    if isinstance(model, PPO):
        features = policy.mlp_extractor.forward_actor(observed)
        return torch.as_tensor(policy.action_net(features))
    actor = policy.actor
    return torch.tanh(actor.mu(actor.latent_pi(observed)))


def _clone(
    recipe: Recipe,
    grounds: list[list[cases.Place]],
    model: BaseAlgorithm,
    report: Report,
) -> tuple[int, float]:
    """Imitate the MPC on some days; returns rows and the loss that is left."""
    if recipe.clone_days == 0:
        return 0, float("nan")
    drawn = []
    for number, ground in enumerate(grounds):
        rng = generator(recipe, CLONE, number)
        for k in range(recipe.clone_days):
            place = ground[k % len(ground)]
            drawn.append((place, cases.draw(place, rng)))
    found = examples(drawn, lambda done: report("plans of the MPC", done, len(drawn)))
    return len(found.observed), imitate(model, found, recipe.seed)


def imitate(model: BaseAlgorithm, found: Examples, seed: int) -> float:
    """Fit the mean action to examples; returns the loss of the last epoch."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    seen = torch.as_tensor(found.observed, dtype=torch.float32)
    action = torch.as_tensor(found.action, dtype=torch.float32)
    steps = torch.optim.Adam(model.policy.parameters(), lr=1e-3)
    model.policy.set_training_mode(True)
    loss = float("nan")
    for _ in range(CLONE_EPOCHS):
        order = rng.permutation(len(seen))
        losses = []
        for first in range(0, len(order), CLONE_ROWS):
            rows = order[first : first + CLONE_ROWS]
            made = ((mean_action(model, seen[rows]) - action[rows]) ** 2).mean()
            steps.zero_grad()
            made.backward()
            steps.step()
            losses.append(float(made.detach()))
        loss = float(np.mean(losses))
    model.policy.set_training_mode(False)
    return loss


class _Keeper(BaseCallback):
    """Looks at the validation days now and then, keeps the best, writes checkpoints."""

    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        judged: list[Prepared],
        env: WetbulbVecEnv,
        report: Report,
    ) -> None:
        super().__init__()
        self._recipe, self._folder, self._judged = recipe, folder, judged
        self._env, self._report = env, report
        self._next = LOOK_STEPS
        self._score = -np.inf
        self.best: Policy | None = None
        self.trials: tuple[Trial, ...] = ()
        self.cloned: tuple[int, float] = (0, float("nan"))

    def _on_step(self) -> bool:
        if self.num_timesteps >= self._next:
            self._next = self.num_timesteps + LOOK_STEPS
            self.look(self.model)
            self._keep()
        self._report("learning", self.num_timesteps, self._recipe.steps)
        return True

    def look(self, model: BaseAlgorithm) -> None:
        """Judge the policy as it is; the best is what saves most on the mean site."""
        policy = policy_of(model, self._env.low, self._env.high)
        trials = tuple(trial(policy, days)[0] for days in self._judged)
        score = float(np.mean([one.median_saved + one.saved for one in trials]))
        for one in trials:
            model.logger.record(f"validation/saved_{one.site}", one.saved)
        if score > self._score:
            self._score, self.best, self.trials = score, policy, trials

    def _keep(self) -> None:
        """Checkpoint as a whole or not at all."""
        assert self.best is not None
        fresh = self._folder / "fresh_checkpoint.zip"
        self.model.save(fresh)
        np.savez(
            self._folder / "fresh_seen.npz",
            low=self._env.low,
            high=self._env.high,
            score=self._score,
            cloned=np.array(self.cloned),
        )
        (self._folder / "fresh_seen.npz").replace(self._folder / "seen.npz")
        fresh.replace(self._folder / "checkpoint.zip")
        words = [one.told() for one in self.trials]
        text = json.dumps({"steps": self.num_timesteps, "best": words}, indent=2)
        (self._folder / "progress.json").write_text(text + "\n", encoding="utf-8")

    def resumed(self) -> BaseAlgorithm | None:
        """Model of the last checkpoint; None if there is none."""
        path = self._folder / "checkpoint.zip"
        if not path.exists():
            return None
        kinds = {"ppo": PPO, "sac": SAC, "tqc": TQC, "crossq": CrossQ}
        model: BaseAlgorithm = kinds[self._recipe.algorithm].load(path, self._env)
        with np.load(self._folder / "seen.npz") as kept:
            self._env.low, self._env.high = kept["low"], kept["high"]
            rows, loss = kept["cloned"]
        self.cloned = (int(rows), float(loss))
        model.set_random_seed(self._recipe.seed + model.num_timesteps)
        self.model = model
        model.set_logger(configure(None, []))
        self.look(model)
        self._next = model.num_timesteps + LOOK_STEPS
        return model

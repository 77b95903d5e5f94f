"""A trained policy as a file, and its decision in numpy alone.

The file holds the layers of the network, the range of every observation that was met in
training, and the model card. It names the observations and actions it was made for and
carries a hash over its numbers: a file of another layout, a damaged one or one that was
edited is refused. Loading it runs no code (``allow_pickle=False``).
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from optimizer.rl import actions, observation
from twin.errors import ConfigError
from twin.resources import resolve

Array = NDArray[np.float64]
Numbers = NDArray[Any]
SCHEMA = 1
SUFFIX = ".npz"
PREFIX = "rl:"
ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "relu": lambda x: np.asarray(np.maximum(x, 0.0)),
    "linear": lambda x: x,
}


class Layer(NamedTuple):
    """One affine layer and what follows it."""

    weight: Array  # (out, in)
    bias: Array  # (out,)
    activation: str  # name in ``ACTIVATIONS``


class Policy(NamedTuple):
    """Network, the observations it knows, and where it comes from."""

    layers: tuple[Layer, ...]
    low: Array  # (observations,), least value met in training
    high: Array
    card: dict[str, Any]


def layout() -> str:
    """Hash over names and order of observations and actions."""
    text = json.dumps([observation.names(), actions.LEVERS, actions.SHARE])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def act(policy: Policy, observed: Array) -> Array:
    """Action of -1 to 1 for observations of shape (..., observations)."""
    x = observed
    for layer in policy.layers:
        x = ACTIVATIONS[layer.activation](x @ layer.weight.T + layer.bias)
    return np.asarray(np.clip(x, -1.0, 1.0))


def save(policy: Policy, path: Path) -> str:
    """Write a policy as a whole or not at all; returns the hash over its numbers."""
    arrays = _arrays(policy)
    digest = _digest(arrays)
    head = {
        "schema": SCHEMA,
        "layout": layout(),
        "sha256": digest,
        "activations": [layer.activation for layer in policy.layers],
        "card": policy.card,
    }
    fresh = path.with_name(f"fresh_{path.name}")
    with fresh.open("wb") as file:
        np.savez(file, head=np.array(json.dumps(head)), **arrays)  # type: ignore[arg-type]
    fresh.replace(path)
    return digest


def load(name_or_path: str | Path) -> Policy:
    """Read and check a policy.

    Parameters
    ----------
    name_or_path
        Name of a shipped policy, or a path.

    Raises
    ------
    ConfigError
        If there is none, or it cannot be used: says what is wrong.
    """
    path = resolve(name_or_path, "policies", SUFFIX)
    try:
        with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as file:
            head = json.loads(str(file["head"]))
            arrays = {name: file[name] for name in file.files if name != "head"}
        policy = _policy(head, arrays)
    except (OSError, EOFError, ValueError, LookupError, TypeError, BadZipFile) as error:
        message = f"{path}: not a policy of `wetbulb train` ({error})."
        raise ConfigError(message) from error
    wrong = _wrong(head, arrays, policy)
    if wrong:
        message = f"{path}: {wrong} Train it again with `wetbulb train`."
        raise ConfigError(message)
    return policy


def _arrays(policy: Policy) -> dict[str, Numbers]:
    """Numbers of a policy by name."""
    named = {"low": policy.low, "high": policy.high}
    for k, layer in enumerate(policy.layers):
        named |= {f"weight_{k}": layer.weight, f"bias_{k}": layer.bias}
    return {name: values.astype(np.float32) for name, values in named.items()}


def _digest(arrays: Mapping[str, Numbers]) -> str:
    made = hashlib.sha256()
    for name in sorted(arrays):
        made.update(name.encode())
        made.update(np.ascontiguousarray(arrays[name], dtype="<f4").tobytes())
    return made.hexdigest()


def _policy(head: dict[str, Any], arrays: dict[str, Numbers]) -> Policy:
    layers = tuple(
        Layer(arrays[f"weight_{k}"], arrays[f"bias_{k}"], str(name))
        for k, name in enumerate(head["activations"])
    )
    return Policy(layers, arrays["low"], arrays["high"], dict(head["card"]))


def _wrong(head: dict[str, Any], arrays: dict[str, Numbers], policy: Policy) -> str:
    """Why a policy cannot be used; empty if it can."""
    if head.get("schema") != SCHEMA:
        return f"schema {head.get('schema')}, this version reads {SCHEMA}."
    if head.get("sha256") != _digest(arrays):
        return "its numbers do not match their hash, so it is damaged or was edited."
    if head.get("layout") != layout():
        return "made for other observations or actions than this version has."
    unknown = {layer.activation for layer in policy.layers} - ACTIVATIONS.keys()
    if unknown:
        return f"unknown activation {', '.join(sorted(unknown))}."
    return _misshapen(policy)


def _misshapen(policy: Policy) -> str:
    """Where the layers do not fit together."""
    width = observation.COUNT
    if policy.low.shape != (width,) or policy.high.shape != (width,):
        return f"the range of its observations is not of shape ({width},)."
    for k, layer in enumerate(policy.layers):
        out = layer.bias.shape[0] if layer.bias.ndim == 1 else -1
        if layer.weight.shape != (out, width):
            shape = layer.weight.shape
            return f"layer {k} is of shape {shape}, expected ({out}, {width})."
        width = out
    levers = len(actions.LEVERS)
    if width != levers:
        return f"it has {width} actions, this version {levers}."
    finite = all(np.isfinite(values).all() for values in _arrays(policy).values())
    return "" if finite else "it holds numbers that are not finite."

"""From a trained model to a policy without torch, and to ONNX."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.base_class import BaseAlgorithm

from optimizer.rl.policy import Layer, Policy

Array = NDArray[np.float64]
_ACTIVATIONS = {"Tanh": "tanh", "ReLU": "relu"}
OPSET = 17


def policy_of(model: BaseAlgorithm, low: Array, high: Array) -> Policy:
    """Network of a model in numpy; the card is added once it is known.

    Parameters
    ----------
    model
        Trained.
    low, high
        Range of the observations met in training.
    """
    layers = list(_layers(model))
    return Policy(tuple(layers), np.asarray(low), np.asarray(high), {})


def _layers(model: BaseAlgorithm) -> Iterator[Layer]:
    """Affine layers, each with what follows it; normalizations are affine too."""
    affine: Layer | None = None
    for module in _modules(model):
        kind = type(module).__name__
        if kind in _ACTIVATIONS:
            assert affine is not None
            affine = affine._replace(activation=_ACTIVATIONS[kind])
            continue
        if affine is not None:
            yield affine
        affine = _normalization(module) if "BatchRenorm" in kind else _linear(module)
    assert affine is not None
    yield affine._replace(activation="linear" if isinstance(model, PPO) else "tanh")


def _modules(model: BaseAlgorithm) -> list[Any]:
    policy: Any = model.policy
    if isinstance(model, PPO):
        return [*policy.mlp_extractor.policy_net, policy.action_net]
    return [*policy.actor.latent_pi, policy.actor.mu]


def _linear(module: Any) -> Layer:
    weight, bias = (
        part.detach().cpu().numpy() for part in (module.weight, module.bias)
    )
    return Layer(np.array(weight, dtype=float), np.array(bias, dtype=float), "linear")


def _normalization(module: Any) -> Layer:
    """What a batch normalization does once it no longer learns."""
    scale, shift, mean, variance = (
        np.array(part.detach().cpu().numpy(), dtype=float)
        for part in (module.scale, module.bias, module.ra_mean, module.ra_var)
    )
    factor = scale / np.sqrt(variance + float(module.eps))
    return Layer(np.diag(factor), shift - factor * mean, "linear")


def write_onnx(policy: Policy, path: Path) -> None:
    """The same network as ONNX: input ``observation``, output ``action``."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants, name = [], [], "observation"
    for k, layer in enumerate(policy.layers):
        for what, values in (("weight", layer.weight), ("bias", layer.bias)):
            tensor = numpy_helper.from_array(values.astype(np.float32), f"{what}_{k}")
            constants.append(tensor)
        made = f"affine_{k}"
        nodes.append(
            helper.make_node(
                "Gemm", [name, f"weight_{k}", f"bias_{k}"], [made], transB=1
            )
        )
        name = made
        if layer.activation != "linear":
            kind = {"tanh": "Tanh", "relu": "Relu"}[layer.activation]
            nodes.append(helper.make_node(kind, [made], [f"after_{k}"]))
            name = f"after_{k}"
    for bound, value in (("least", -1.0), ("most", 1.0)):
        constants.append(numpy_helper.from_array(np.float32(value), bound))
    nodes.append(helper.make_node("Clip", [name, "least", "most"], ["action"]))
    width, levers = policy.low.shape[0], policy.layers[-1].bias.shape[0]
    graph = helper.make_graph(
        nodes,
        "wetbulb_policy",
        [helper.make_tensor_value_info("observation", TensorProto.FLOAT, ["n", width])],
        [helper.make_tensor_value_info("action", TensorProto.FLOAT, ["n", levers])],
        constants,
    )
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))

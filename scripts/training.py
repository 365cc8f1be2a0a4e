"""What the training scripts share: a seeded training loop, files with stable bytes, `--check`."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import optax
from onnx import numpy_helper

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
WEIGHT_TOLERANCE = (
    0.02  # float32 sums differ a little between processors, and training amplifies it
)

Parameters = dict[str, jax.Array]
Forward = Callable[[Parameters, jax.Array], jax.Array]


def fit(
    forward: Forward,
    parameters: Parameters,
    inputs: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    batch: int,
    rate: float,
    decay: float,
    seed: int,
) -> Parameters:
    """Train with AdamW on a cosine schedule; `inputs` [n, ...] float32, `labels` [n] int64."""
    steps = epochs * (len(inputs) // batch)
    optimizer = optax.adamw(optax.cosine_decay_schedule(rate, steps), weight_decay=decay)

    @jax.jit
    def step(values, state, x, y):
        def loss(candidate):
            scores = forward(candidate, x)
            return optax.softmax_cross_entropy_with_integer_labels(scores, y).mean()

        gradient = jax.grad(loss)(values)
        updates, state = optimizer.update(gradient, state, values)
        return optax.apply_updates(values, updates), state

    state = optimizer.init(parameters)
    random = np.random.default_rng(seed)
    for _ in range(epochs):
        order = random.permutation(len(inputs))
        for start in range(0, len(order) - batch + 1, batch):
            chosen = order[start : start + batch]
            parameters, state = step(
                parameters, state, jnp.asarray(inputs[chosen]), jnp.asarray(labels[chosen])
            )
    return parameters


def accuracy(
    forward: Forward, parameters: Parameters, inputs: np.ndarray, labels: np.ndarray
) -> float:
    """Share of `inputs` whose highest score is at their label."""
    scores = forward(parameters, jnp.asarray(inputs))
    return float((np.asarray(scores).argmax(axis=1) == labels).mean())


def as_initializers(weights: Mapping[str, np.ndarray]) -> list[onnx.TensorProto]:
    """Name each array as an ONNX float32 initializer."""
    return [
        numpy_helper.from_array(np.ascontiguousarray(value, dtype=np.float32), name)
        for name, value in weights.items()
    ]


def as_model(graph: onnx.GraphProto) -> onnx.ModelProto:
    """Close `graph` as a checked model of opset 13."""
    model = onnx.helper.make_model(
        graph,
        opset_imports=[onnx.helper.make_opsetid("", 13)],
        ir_version=8,
        producer_name="zkescrow",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def arguments() -> argparse.Namespace:
    """Parse the command line of a training script."""
    parser = argparse.ArgumentParser(description="Train a shipped model and write it to examples/.")
    parser.add_argument(
        "--check", action="store_true", help="train again and compare with the committed files"
    )
    return parser.parse_args()


def finish(
    name: str,
    data: str,
    model: onnx.ModelProto,
    archives: Mapping[str, Mapping[str, np.ndarray]],
    *,
    check: bool,
) -> None:
    """Write `<name>.onnx` and `<data>-<part>.npz` to examples/, or compare with what is there."""
    if check:
        if _compare(name, data, model, archives):
            sys.exit(f"{name} is not what this training gives")
        return
    EXAMPLES.mkdir(exist_ok=True)
    (EXAMPLES / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))
    for part, arrays in archives.items():
        np.savez_compressed(EXAMPLES / f"{data}-{part}.npz", **arrays)


def _compare(
    name: str,
    data: str,
    model: onnx.ModelProto,
    archives: Mapping[str, Mapping[str, np.ndarray]],
) -> int:
    """0 if the committed weights and data are what this training gives, else 1."""
    committed = onnx.load(EXAMPLES / f"{name}.onnx")
    worst = max(
        float(np.abs(numpy_helper.to_array(ours) - numpy_helper.to_array(theirs)).max())
        for ours, theirs in zip(model.graph.initializer, committed.graph.initializer, strict=True)
    )
    print(f"largest difference of a weight: {worst:.2e} (allowed {WEIGHT_TOLERANCE})")
    same_data = all(
        np.array_equal(array, np.load(EXAMPLES / f"{data}-{part}.npz")[key])
        for part, arrays in archives.items()
        for key, array in arrays.items()
    )
    print(f"data equal: {same_data}")
    return 0 if worst <= WEIGHT_TOLERANCE and same_data else 1

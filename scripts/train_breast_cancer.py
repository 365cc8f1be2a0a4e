"""Train the breast-cancer MLP on scikit-learn's bundled Wisconsin data.

Input encoding: each of the 30 measurements is divided by its fixed `FULL_SCALE`, rounded to steps
of 1/128 and clipped to 0..1, so that every model input has one small domain. The standardisation
that training uses is folded into the first layer.

Writes examples/breast-cancer-mlp.onnx (input `measurements` float32 [1, 30]; output `scores`
[1, 2]: 0 malignant, 1 benign), examples/breast-cancer-calibration.npz (training rows),
examples/breast-cancer-test.npz (rows held out from training) and examples/breast-cancer-records.npz
(all 569 rows). All carry `full_scale` [30].
"""

import jax
import jax.numpy as jnp
import numpy as np
import training
from onnx import TensorProto, helper
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

SEED = 7
HELD_OUT = 114
CALIBRATION = 256
HIDDEN = 16
STEPS = 128
# Mean, standard error and worst of: radius, texture, perimeter, area, smoothness, compactness,
# concavity, concave points, symmetry, fractal dimension. A little above the largest in the data.
FULL_SCALE = np.array(
    [
        *(30, 40, 190, 2560, 0.2, 0.4, 0.5, 0.25, 0.4, 0.1),
        *(3, 5, 22, 550, 0.035, 0.15, 0.4, 0.06, 0.08, 0.03),
        *(40, 50, 256, 4300, 0.25, 1.1, 1.3, 0.3, 0.7, 0.25),
    ],
    dtype=np.float32,
)


def encode(raw: np.ndarray) -> np.ndarray:
    """Measurements [n, 30] in their units to model inputs in steps of 1/128 from 0 to 1."""
    return (np.clip(np.round(raw / FULL_SCALE * STEPS), 0, STEPS) / STEPS).astype(np.float32)


def initial() -> training.Parameters:
    """Draw He-normal weights of two dense layers."""
    first, second = jax.random.split(jax.random.PRNGKey(SEED))
    return {
        "hidden.weight": jax.random.normal(first, (30, HIDDEN)) * (2 / 30) ** 0.5,
        "hidden.bias": jnp.zeros(HIDDEN),
        "dense.weight": jax.random.normal(second, (HIDDEN, 2)) * (1 / HIDDEN) ** 0.5,
        "dense.bias": jnp.zeros(2),
    }


def forward(parameters: training.Parameters, rows: jax.Array) -> jax.Array:
    """Scores [n, 2] of `rows` [n, 30]."""
    hidden = jax.nn.relu(rows @ parameters["hidden.weight"] + parameters["hidden.bias"])
    return hidden @ parameters["dense.weight"] + parameters["dense.bias"]


def fold(
    parameters: training.Parameters, mean: np.ndarray, deviation: np.ndarray
) -> training.Parameters:
    """Move (x - mean) / deviation into the first layer."""
    weight = parameters["hidden.weight"] / deviation[:, None]
    return {
        **parameters,
        "hidden.weight": weight,
        "hidden.bias": parameters["hidden.bias"] - mean @ weight,
    }


def graph(parameters: training.Parameters) -> helper.GraphProto:
    """The same network as an ONNX graph of batch 1."""
    nodes = [
        helper.make_node(
            "Gemm", ["measurements", "hidden.weight", "hidden.bias"], ["sums"], "hidden"
        ),
        helper.make_node("Relu", ["sums"], ["active"], "relu"),
        helper.make_node("Gemm", ["active", "dense.weight", "dense.bias"], ["scores"], "dense"),
    ]
    return helper.make_graph(
        nodes,
        "breast-cancer",
        [helper.make_tensor_value_info("measurements", TensorProto.FLOAT, [1, 30])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 2])],
        training.as_initializers({k: np.asarray(v) for k, v in parameters.items()}),
    )


def main() -> None:
    """Train, say the held-out accuracy, write or check the files."""
    check = training.arguments().check
    raw, labels = load_breast_cancer(return_X_y=True)
    rows, labels = encode(raw), labels.astype(np.int64)
    train, test = train_test_split(
        np.arange(len(labels)), test_size=HELD_OUT, random_state=SEED, stratify=labels
    )
    mean, deviation = rows[train].mean(axis=0), rows[train].std(axis=0)
    parameters = training.fit(
        forward,
        initial(),
        (rows[train] - mean) / deviation,
        labels[train],
        epochs=60,
        batch=32,
        rate=5e-3,
        decay=1e-1,
        seed=SEED,
    )
    parameters = fold(parameters, mean, deviation)
    score = training.accuracy(forward, parameters, rows[test], labels[test])
    print(f"held-out accuracy {score:.4f} on {len(test)} rows")
    test, shown = np.sort(test), np.sort(train[:CALIBRATION])
    parts = {"calibration": shown, "test": test, "records": np.arange(len(labels))}
    archives = {
        part: {"inputs": rows[at], "labels": labels[at], "indices": at, "full_scale": FULL_SCALE}
        for part, at in parts.items()
    }
    model = training.as_model(graph(parameters))
    training.finish("breast-cancer-mlp", "breast-cancer", model, archives, check=check)


if __name__ == "__main__":
    main()

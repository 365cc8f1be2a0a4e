"""Train the digits CNN on scikit-learn's bundled 8x8 digits.

Writes examples/digits-cnn.onnx (input `pixels` float32 [1, 1, 8, 8], grey levels 0..16 divided by
16; output `scores` [1, 10]), examples/digits-calibration.npz (training images) and
examples/digits-test.npz (the images held out from training, with their indices in the bundled set).
"""

import jax
import jax.numpy as jnp
import numpy as np
import training
from onnx import TensorProto, helper
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SEED = 7
HELD_OUT = 360
CALIBRATION = 256
FILTERS = 8


def images() -> tuple[np.ndarray, np.ndarray]:
    """All images as [1797, 1, 8, 8] in steps of 1/16 from 0 to 1, and their labels [1797]."""
    pixels, labels = load_digits(return_X_y=True)
    return (pixels.reshape(-1, 1, 8, 8) / 16).astype(np.float32), labels.astype(np.int64)


def initial() -> training.Parameters:
    """Draw He-normal weights: one convolution, one dense layer."""
    filters, dense = jax.random.split(jax.random.PRNGKey(SEED))
    return {
        "conv.weight": jax.random.normal(filters, (FILTERS, 1, 3, 3)) * (2 / 9) ** 0.5,
        "conv.bias": jnp.zeros(FILTERS),
        "dense.weight": jax.random.normal(dense, (FILTERS * 16, 10)) * (1 / (FILTERS * 16)) ** 0.5,
        "dense.bias": jnp.zeros(10),
    }


def forward(parameters: training.Parameters, pixels: jax.Array) -> jax.Array:
    """Scores [n, 10] of `pixels` [n, 1, 8, 8]."""
    hidden = jax.lax.conv_general_dilated(
        pixels, parameters["conv.weight"], window_strides=(2, 2), padding=((1, 1), (1, 1))
    )
    hidden = jax.nn.relu(hidden + parameters["conv.bias"][:, None, None])
    flat = hidden.reshape(hidden.shape[0], -1)
    return flat @ parameters["dense.weight"] + parameters["dense.bias"]


def graph(parameters: training.Parameters) -> helper.GraphProto:
    """The same network as an ONNX graph of batch 1."""
    nodes = [
        helper.make_node(
            "Conv",
            ["pixels", "conv.weight", "conv.bias"],
            ["conv"],
            "conv",
            kernel_shape=[3, 3],
            strides=[2, 2],
            pads=[1, 1, 1, 1],
            dilations=[1, 1],
            group=1,
        ),
        helper.make_node("Relu", ["conv"], ["hidden"], "relu"),
        helper.make_node("Flatten", ["hidden"], ["flat"], "flatten", axis=1),
        helper.make_node("Gemm", ["flat", "dense.weight", "dense.bias"], ["scores"], "dense"),
    ]
    return helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [1, 1, 8, 8])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 10])],
        training.as_initializers({k: np.asarray(v) for k, v in parameters.items()}),
    )


def main() -> None:
    """Train, say the held-out accuracy, write or check the files."""
    check = training.arguments().check
    pixels, labels = images()
    train, test = train_test_split(
        np.arange(len(labels)), test_size=HELD_OUT, random_state=SEED, stratify=labels
    )
    parameters = training.fit(
        forward,
        initial(),
        pixels[train],
        labels[train],
        epochs=120,
        batch=32,
        rate=1e-2,
        decay=1e-2,
        seed=SEED,
    )
    score = training.accuracy(forward, parameters, pixels[test], labels[test])
    print(f"held-out accuracy {score:.4f} on {len(test)} images")
    test, shown = np.sort(test), np.sort(train[:CALIBRATION])
    archives = {
        "calibration": {"inputs": pixels[shown], "labels": labels[shown], "indices": shown},
        "test": {"inputs": pixels[test], "labels": labels[test], "indices": test},
    }
    model = training.as_model(graph(parameters))
    training.finish("digits-cnn", "digits", model, archives, check=check)


if __name__ == "__main__":
    main()

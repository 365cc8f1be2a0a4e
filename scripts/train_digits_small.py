"""Train two small digits networks of one architecture, whose weights are kept hidden in the demo.

Writes examples/digits-small.onnx and examples/digits-novice.onnx (input `pixels` float32
[1, 1, 8, 8], grey levels 0..16 divided by 16; output `scores` [1, 10]; 438 parameters, so that
their digest is cheap to prove). The novice has seen few images and misses what the other reaches.
Neither has seen examples/digits-test.npz.
"""

import jax
import jax.numpy as jnp
import numpy as np
import training
from onnx import TensorProto, helper
from sklearn.model_selection import train_test_split
from train_digits import HELD_OUT, SEED, images

FILTERS, KERNEL, STRIDE = 4, 4, 2
HIDDEN = FILTERS * 3 * 3
SEEN_BY_NOVICE = 60


def initial() -> training.Parameters:
    """Draw He-normal weights: one convolution, one dense layer."""
    filters, dense = jax.random.split(jax.random.PRNGKey(SEED))
    return {
        "conv.weight": jax.random.normal(filters, (FILTERS, 1, KERNEL, KERNEL)) * 2**0.5 / KERNEL,
        "conv.bias": jnp.zeros(FILTERS),
        "dense.weight": jax.random.normal(dense, (HIDDEN, 10)) / HIDDEN**0.5,
        "dense.bias": jnp.zeros(10),
    }


def forward(parameters: training.Parameters, pixels: jax.Array) -> jax.Array:
    """Scores [n, 10] of `pixels` [n, 1, 8, 8]."""
    hidden = jax.lax.conv_general_dilated(
        pixels,
        parameters["conv.weight"],
        window_strides=(STRIDE, STRIDE),
        padding=((0, 0), (0, 0)),
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
            kernel_shape=[KERNEL, KERNEL],
            strides=[STRIDE, STRIDE],
            pads=[0, 0, 0, 0],
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


def trained(pixels: np.ndarray, labels: np.ndarray, epochs: int) -> training.Parameters:
    """The network after `epochs` over these images."""
    return training.fit(
        forward, initial(), pixels, labels, epochs=epochs, batch=32, rate=1e-2, decay=1e-2,
        seed=SEED,
    )  # fmt: skip


def main() -> None:
    """Train both, say their held-out accuracy, write or check the files."""
    check = training.arguments().check
    pixels, labels = images()
    train, test = train_test_split(
        np.arange(len(labels)), test_size=HELD_OUT, random_state=SEED, stratify=labels
    )
    few = train[:SEEN_BY_NOVICE]
    for name, seen, epochs in (("digits-small", train, 120), ("digits-novice", few, 40)):
        parameters = trained(pixels[seen], labels[seen], epochs)
        score = training.accuracy(forward, parameters, pixels[test], labels[test])
        print(f"{name}: held-out accuracy {score:.4f} on {len(test)} images")
        model = training.as_model(graph(parameters))
        training.finish(name, "digits", model, {}, check=check)


if __name__ == "__main__":
    main()

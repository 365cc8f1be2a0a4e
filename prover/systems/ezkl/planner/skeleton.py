"""A network without its hidden weights, from which anybody can rebuild the verifier."""

import numpy as np
import onnx
from onnx import numpy_helper

SEED = 0


def skeleton(network: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph with every floating-point initializer drawn anew from a fixed seed.

    With hashed weights the verifying key depends on the graph alone, which set-up checks by making
    the key of both.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(network)
    draw = np.random.default_rng(SEED)
    for tensor in copy.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if np.issubdtype(values.dtype, np.floating):
            drawn = draw.uniform(0.25, 0.75, values.shape).astype(values.dtype)
            tensor.CopyFrom(numpy_helper.from_array(drawn, tensor.name))
    return copy


def serialise(network: onnx.ModelProto) -> bytes:
    """Bytes that depend on the network alone."""
    return bytes(network.SerializeToString(deterministic=True))

"""Evaluates an ONNX model in floating point, on onnxruntime."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import onnx

from prover.base.errors import ModelRefused

if TYPE_CHECKING:
    import onnxruntime

Floats = npt.NDArray[np.float32]


def outputs_of(model: onnx.ModelProto, samples: Floats) -> Floats:
    """Outputs [n, outputs] of `samples` [n, 1, ...], one run of batch 1 each; flattened.

    Raises ModelRefused if onnxruntime does not take the model.
    """
    session = _session(model)
    name = session.get_inputs()[0].name
    rows = [np.ravel(session.run(None, {name: sample})[0]) for sample in samples]
    stacked: Floats = np.stack(rows).astype(np.float32)
    return stacked


def _session(model: onnx.ModelProto) -> "onnxruntime.InferenceSession":
    import onnxruntime  # a quarter of a second, which few commands need

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's exceptions share no base class
        reason = str(error).strip().splitlines()[0][:300]
        raise ModelRefused(f"the model cannot be evaluated: {reason}") from error

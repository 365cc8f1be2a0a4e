"""What the planner asks of the proving library; `prover.proving` implements it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

RunArgs = Mapping[str, Any]
Settings = dict[str, Any]
Row = Mapping[str, Any]


class CircuitEngine(Protocol):
    """Compiles and evaluates circuits of ONNX models; makes no keys and no proofs."""

    def gen_settings(self, model: bytes, run_args: RunArgs) -> Settings:
        """The canonical settings of the circuit: its lists sorted, no time stamp.

        Raises ModelRefused if the library does not take the model.
        """
        ...

    def table(self, model: bytes, run_args: RunArgs) -> Sequence[Row]:
        """The nodes of the circuit's graph: "index", "operator", "scale", "inputs", "shape"."""
        ...

    def witnesses(
        self, model: bytes, settings: Settings, inputs: Sequence[Sequence[Sequence[int]]]
    ) -> Sequence[Mapping[str, Any]]:
        """Compile once and evaluate many inputs, each one list of integers per graph input.

        Each answer holds "outputs": signed integers per graph output.
        """
        ...

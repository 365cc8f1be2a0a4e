"""What the planner asks of the proving library; `prover.systems` implements it."""

from typing import Any, Protocol

RunArgs = dict[str, Any]
Settings = dict[str, Any]
Row = dict[str, Any]


class CircuitEngine(Protocol):
    """Compiles and evaluates circuits of ONNX models; makes no keys and no proofs."""

    def gen_settings(self, model: bytes, run_args: RunArgs) -> Settings:
        """The canonical settings of the circuit: its lists sorted, no time stamp.

        Raises ModelRefused if the library does not take the model.
        """
        ...

    def table(self, model: bytes, run_args: RunArgs) -> list[Row]:
        """The nodes of the circuit's graph: "index", "operator", "scale", "inputs", "shape"."""
        ...

    def witnesses(
        self, model: bytes, settings: Settings, inputs: list[list[list[int]]]
    ) -> list[dict[str, Any]]:
        """Compile once and evaluate many inputs, each one list of integers per graph input.

        Each answer holds "outputs": signed integers per graph output.
        """
        ...

"""What the planner asks of ezkl, answered by child processes."""

from collections.abc import Mapping, Sequence
from typing import Any

from prover.base.errors import ModelRefused, WorkerFailed
from prover.base.files import scratch_folder
from prover.systems.worker import Limits, run

ENGINE = "prover.systems.ezkl.engine"


class EzklCircuits:
    """The planner's `CircuitEngine` over ezkl; models are serialised ONNX."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()

    def gen_settings(self, model: bytes, run_args: Mapping[str, Any]) -> dict[str, Any]:
        """Canonical settings of the circuit that these arguments give; ModelRefused if none."""
        try:
            return self._with_model(model, "gen_settings", run_args=dict(run_args))
        except WorkerFailed as error:
            raise ModelRefused(f"ezkl makes no circuit of the model: {error}") from error

    def table(self, model: bytes, run_args: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The operators of the circuit's graph, see `engine.table`."""
        rows: list[dict[str, Any]] = self._with_model(model, "table", run_args=dict(run_args))[
            "rows"
        ]
        return rows

    def witnesses(
        self, model: bytes, settings: dict[str, Any], inputs: Sequence[Sequence[Sequence[int]]]
    ) -> list[dict[str, Any]]:
        """Outputs of the quantised model on many inputs, see `engine.witnesses`; in one child."""
        answer = self._with_model(model, "compile_and_evaluate", settings=settings, inputs=inputs)
        witnesses: list[dict[str, Any]] = answer["witnesses"]
        return witnesses

    def _with_model(self, model: bytes, function: str, **arguments: Any) -> dict[str, Any]:
        with scratch_folder() as scratch:
            path = scratch / "network.onnx"
            path.write_bytes(model)
            return run(f"{ENGINE}:{function}", {"model": str(path)} | arguments, self._limits)

"""What was decided about a circuit: enough, with the ONNX file, to build it again."""

from dataclasses import dataclass
from typing import Any, Literal

from prover.protocol.limits import CODE_SIZE_LIMIT
from prover.systems.ezkl.arithmetic.scales import Quantisation

InputMode = Literal["public", "hashed"]
Weights = Literal["fixed", "hashed"]

INPUT_VISIBILITY: dict[str, str] = {"public": "public", "hashed": "hashed/public"}
PARAM_VISIBILITY: dict[str, str] = {"fixed": "fixed", "hashed": "hashed/public"}


@dataclass(frozen=True)
class Accuracy:
    """The quantised model against the float model, measured on `samples` of the calibration data.

    `label_agreement` is the share of equal labels, `worst_error` the largest difference of a
    score in the model's own units. The labelled accuracies are None without labels.
    """

    label_agreement: float
    worst_error: float
    samples: int
    labelled_accuracy_float: float | None
    labelled_accuracy_quantised: float | None


@dataclass(frozen=True)
class Plan:
    """Parameters of one circuit.

    A value x is proven as round(x * 2**scale). `input_min` and `input_max` bound the quantised
    inputs for which a witness certainly exists, both allowed. `tolerance` is the worst error of an
    output word, in output units (2**-output_scale), that a proof can hide: 0 if `exact`. `rows` are
    the circuit's, of 2**logrows. `lookup_min` and `lookup_max` bound the tables of Sigmoid, Tanh.
    """

    system: Literal["ezkl"]
    items: int
    input_mode: InputMode
    weights: Weights
    input_scale: int
    param_scale: int
    decomp_base: int
    decomp_legs: int
    num_inner_cols: int
    logrows: int
    scale_rebase_multiplier: int
    context_limbs: int
    context_bits: int
    salt_elements: int
    salt_bits: int
    input_min: int
    input_max: int
    lookup_min: int
    lookup_max: int
    exact: bool
    tolerance: int
    output_scale: int
    rows: int
    accuracy: Accuracy

    def run_args(self) -> dict[str, Any]:
        """The proving library's run arguments by name."""
        return {
            "input_visibility": INPUT_VISIBILITY[self.input_mode],
            "output_visibility": "public",
            "param_visibility": PARAM_VISIBILITY[self.weights],
            "input_scale": self.input_scale,
            "param_scale": self.param_scale,
            "scale_rebase_multiplier": self.scale_rebase_multiplier,
            "decomp_base": self.decomp_base,
            "decomp_legs": self.decomp_legs,
            "num_inner_cols": self.num_inner_cols,
            "logrows": self.logrows,
            "lookup_range": (self.lookup_min, self.lookup_max),
            "disable_freivalds": True,
        }

    @property
    def quantisation(self) -> Quantisation:
        """The scales that tensors and constants are computed from."""
        scales = self.input_scale, self.param_scale, self.scale_rebase_multiplier
        return Quantisation(*scales, shared=self.items > 1)


@dataclass(frozen=True)
class Constraints:
    """What a plan must keep to.

    `domain` bounds every input value in the model's units; None takes zero and the calibration
    data's range, outwards to powers of two. `memory_bytes` is for proving; None takes three
    quarters of the machine's. `min_agreement` is the share of labels that must stay,
    `max_relative_error` the worst error over the spread of the scores, `max_accuracy_loss` the
    share of labelled samples.
    """

    input_mode: InputMode = "public"
    weights: Weights = "fixed"
    items: int | None = None
    domain: tuple[float, float] | None = None
    exact_required: bool | None = None
    max_logrows: int = 17
    memory_bytes: int | None = None
    max_verifier_bytes: int = CODE_SIZE_LIMIT
    samples: int = 48
    min_agreement: float = 0.98
    max_relative_error: float = 0.1
    max_accuracy_loss: float = 0.005

    @property
    def slots(self) -> int:
        """Items of one proof: 1 unless said otherwise."""
        return 1 if self.items is None else self.items

    @property
    def must_be_exact(self) -> bool:
        """Hidden weights and batches need exact plans: an inexact one is for single predictions."""
        forced = self.weights == "hashed" or self.slots > 1
        return forced or bool(self.exact_required)

"""What a native circuit makes public: the sections of its statement."""

from dataclasses import dataclass
from typing import Literal

from prover.systems.native.circuit.columns import FormName


@dataclass(frozen=True)
class Form:
    """The public statement besides the network.

    `context`: limbs of the job's context, first among the instances. `inputs`: `point`, the image
    column's commitment that stands in the proof, or `hashed`, salted Poseidon digests of chunks of
    the packed image, after the context. `labels`: how many labels are public, best first; 0 makes
    every score public instead. Both stand last. `weights`: `hidden` makes the columns of weights
    and biases secret; the verifying key then commits to them.
    """

    context: int = 0
    inputs: Literal["point", "hashed"] = "point"
    labels: int = 0
    weights: Literal["public", "hidden"] = "public"

    @property
    def names(self) -> tuple[FormName, ...]:
        """Which columns of columns.json the circuit has."""
        found: list[FormName] = ["all"]
        if self.labels:
            found.append("labels")
        if self.inputs == "hashed":
            found.append("hashed")
        if self.weights == "hidden":
            found.append("hidden")
        return tuple(found)


PLAIN = Form()

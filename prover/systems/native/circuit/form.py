"""What a native circuit makes public: the sections of its statement."""

from dataclasses import dataclass
from typing import Literal


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


PLAIN = Form()

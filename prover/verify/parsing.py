"""Reading a circuit description."""

import json

from pydantic import ValidationError

from prover.base.errors import ArtifactMismatch
from prover.verify import consistency
from prover.verify.description import Description
from prover.verify.digest import require_digest


def parse_description(content: bytes) -> Description:
    """The circuit that the JSON describes, checked.

    Raises ArtifactMismatch naming the field that is not as the format wants it, UnsoundCircuit
    naming the rule that the circuit breaks, or if the digest is not that of the rest.
    """
    _refuse_lookups(content)
    try:
        description = Description.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the text"
        raise ArtifactMismatch(
            f"circuit description: {place}: {first['msg']}; export it again"
        ) from None
    consistency.check(description)
    require_digest(description)
    return description


def _refuse_lookups(content: bytes) -> None:
    """halo2's own lookups are a different argument; a circuit states its own in gates."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return  # said better by pydantic
    if isinstance(found, dict) and found.get("lookups"):
        raise ArtifactMismatch(
            f"circuit description: lookups: {len(found['lookups'])} built-in lookups: expected "
            "none; write them as gates (logUp)"
        )

"""What a manifest says of its set-up."""

from pydantic import BaseModel, ConfigDict


class SetUp(BaseModel):
    """Name of the set-up, and SHA-256 of its file in halo2's raw format for the circuit's rows."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    sha256: str

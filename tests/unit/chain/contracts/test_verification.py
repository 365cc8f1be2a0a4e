"""What a verifier that is not the model's says of the model's own proof."""

from dataclasses import replace

import pytest

from prover.base.errors import ArtifactMismatch
from prover.chain.contracts.registry import Circuit
from prover.chain.contracts.verification import verification_gas
from prover.chain.node.client import checksum
from tests.localchain import STRANGER, Chain
from tests.unit.chain.fakenode import CIRCUIT

OTHER = checksum("0x" + "ab" * 20)
REVERTS = "0x60006000fd"


def test_a_verifier_that_refuses_the_models_proof_is_not_staked_on(chain: Chain) -> None:
    """It is measured before the code is compared, and must not end as an unclear revert."""
    chain.rpc("anvil_setCode", OTHER, REVERTS)
    circuit = replace(Circuit.from_abi(CIRCUIT), verifier=OTHER)
    with pytest.raises(ArtifactMismatch, match=f"verifier {OTHER} refuses .* do not stake"):
        verification_gas(chain.sender(STRANGER), circuit, b"proof", [1])

"""Both proof systems prove and verify by one interface."""

from prover.proving.artifacts import Artifacts
from prover.proving.ezkl.system import Ezkl
from prover.proving.native.artifacts import NativeArtifacts
from prover.proving.native.system import Native, NativeWitness
from prover.proving.system import ProofSystem, Prover, Witness


def test_both_systems_are_provers() -> None:
    """mypy checks the verbs; here only that they are told apart."""
    ezkl: Prover[Artifacts, Witness] = Ezkl()
    whole: ProofSystem = Ezkl()
    native: Prover[NativeArtifacts, NativeWitness] = Native()
    assert (ezkl.name, whole.name, native.name) == ("ezkl", "ezkl", "native")

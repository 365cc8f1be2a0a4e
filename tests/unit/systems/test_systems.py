"""Both proof systems prove and verify by one interface."""

from prover.systems.ezkl.artifacts import Artifacts
from prover.systems.ezkl.system import Ezkl
from prover.systems.interface import ProofSystem, Prover, Witness
from prover.systems.native.artifacts import NativeArtifacts
from prover.systems.native.system import Native, NativeWitness


def test_both_systems_are_provers() -> None:
    """mypy checks the verbs; here only that they are told apart."""
    ezkl: Prover[Artifacts, Witness] = Ezkl()
    whole: ProofSystem = Ezkl()
    native: Prover[NativeArtifacts, NativeWitness] = Native()
    assert (ezkl.name, whole.name, native.name) == ("ezkl", "ezkl", "native")

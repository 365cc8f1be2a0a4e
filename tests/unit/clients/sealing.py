"""Test sets and datasets of items that a circuit of a test takes."""

from collections.abc import Sequence

from prover.statement.documents.inputs_file import Item
from prover.statement.documents.testset import SealedTestSet, Test, seal_tests
from prover.statement.sealing import check_sealable
from prover.systems.circuits import chunks
from prover.systems.interface import Artifacts


def sealed_items(
    artifacts: Artifacts,
    circuit_id: bytes,
    items: Sequence[Item],
    labels: Sequence[int],
    key: bytes,
) -> SealedTestSet:
    """Items under a key; every label is hidden by a salt of zeros."""
    tests = [
        Test(chunks(artifacts, item), label, bytes(32))
        for item, label in zip(items, labels, strict=True)
    ]
    return seal_tests(circuit_id, tests, key, check_sealable(artifacts.facts.sealed))

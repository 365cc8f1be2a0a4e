"""The public API: proofs from files, by any proof system, and a chain to look at (docs/API.md)."""

from collections.abc import Callable
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prover import systems
from prover.base.errors import StatementInvalid
from prover.base.files import read_file
from prover.chain import deployments
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.statement.context import JobContext
from prover.systems import Circuit
from prover.systems.interface import Answer
from prover.systems.proof import Proof


def load_artifacts(directory: str | PathLike[str]) -> Circuit:
    """A circuit's folder, each of its files checked against the manifest.

    The proof system is the one that the manifest names. Raises ArtifactMismatch naming the file, or
    UnsoundCircuit naming the rule.

    >>> load_artifacts("circuit").system.name
    'ezkl'
    """
    return systems.load(Path(directory))


def read_proof(path: str | PathLike[str]) -> Proof:
    """A proof file, as `zkescrow prove` writes it.

    Raises UsageError if it cannot be read, ArtifactMismatch if it is malformed.

    >>> len(read_proof("proof.json").proof)
    3072
    """
    return Proof.from_bytes(read_file(Path(path)))


def prove(
    circuit: Circuit,
    inputs: ArrayLike,
    job: JobContext,
    progress: Callable[[str], None] | None = None,
) -> Proof:
    """A verified proof of the model's outputs on `inputs`, bound to a job and its payee.

    `inputs` [items, ...] are numbers as the model takes them; salts, where the circuit has any, are
    drawn anew. `progress` is called with the stage that begins. Raises StatementInvalid if the
    circuit takes no such inputs, EnvironmentMissing where the native engine is needed and missing.

    >>> proof = prove(load_artifacts("circuit"), [[0.5, -1.0, 0.25, 2.0]], job)
    """
    values = _numbers(inputs)
    if values.ndim < 2 or not np.isfinite(values).all():
        raise StatementInvalid(
            f"expected finite numbers [items, ...] as inputs, found shape {list(values.shape)}"
            f"{'' if np.isfinite(values).all() else ' with others'}: clean and shape the data"
        )
    system, made = circuit
    return system.prove(made, system.witness(made, system.take(made, values), job), progress)


def _numbers(inputs: ArrayLike) -> NDArray[np.float64]:
    try:
        return np.asarray(inputs, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise StatementInvalid(
            f"expected finite numbers [items, ...] as inputs, found no array of numbers ({error}): "
            "clean and shape the data"
        ) from None


def verify_proof(circuit: Circuit, proof: Proof, job: JobContext | None = None) -> Answer:
    """What a proof says, if it holds; with `job`, only if it was made for that one.

    Slots of items that were not used show what the model says of padding. Raises ProofRejected, or
    ArtifactMismatch if the circuit's keys use another set-up than its manifest names.

    >>> verify_proof(load_artifacts("circuit"), read_proof("proof.json"), job).lines
    ('proven label 0; scores 3.730 0.645 0.000',)
    """
    system, made = circuit
    system.check_set_up(made)
    system.verify(made, [proof])
    if job is not None:
        system.check_context(made, proof, job)
    return system.answer(made, proof)


def load_deployment(client: Client) -> Deployment:
    """zkescrow's contracts on the client's chain, each compared with the code of this version.

    The file is `CHAIN_ID.json` in the folder that ZKESCROW_DEPLOYMENTS names. Raises
    EnvironmentMissing if there is none that fits, ChainError if a contract has no code.

    >>> sorted(load_deployment(client).contracts)[:2]
    ['AccuracyBounty', 'ModelRegistry']
    """
    return deployments.load(client)

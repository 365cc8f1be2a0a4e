"""Before any stake: the proving key is here, it is the manifest's, and this machine has used it.

One proof is rehearsed for each model and noted as text, not as bytes: how long it took, how much
memory. A proof that fails afterwards is written down too, and bars the model until another
rehearsal succeeds, which a later run tries.
"""

import json
import platform
import resource
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from prover.base.errors import (
    ArtifactMismatch,
    ProofRejected,
    ProvingError,
    StatementInvalid,
    ZkescrowError,
)
from prover.base.files import sha256_file, write_atomically
from prover.base.log import logger
from prover.base.settings import get_settings
from prover.base.units import KIB
from prover.statement.context import NO_JOB, JobContext
from prover.statement.documents.inputs_file import Item, padding
from prover.systems.interface import Artifacts, ItemProver
from prover.systems.places import directory_name
from prover.systems.proof import Proof
from prover.systems.worker import Progress

LOG = logger(__name__)


@dataclass(frozen=True)
class Rehearsal:
    """A proof made with a key (its SHA-256) on a machine, in seconds.

    `memory_bytes` is that of the greatest process started so far; `failure` says why the last
    proof failed, and is empty if it did not.
    """

    key: str
    machine: str
    seconds: float
    memory_bytes: int
    failure: str = ""


class KeyMissing(ArtifactMismatch):
    """The proving key is not on this machine, which can verify proofs of the model only."""


class Readiness:
    """Says whether a model can be proven here; asked before each stake of every protocol."""

    def __init__(self, system: ItemProver[Any], progress: Progress | None = None) -> None:
        self._system = system
        self._say = progress or (lambda _stage: None)
        self._failed_now: dict[str, str] = {}
        self._sound: set[bytes] = set()

    def ready(self, artifacts: Artifacts, items: Sequence[Item] = ()) -> Rehearsal:
        """Check the key and rehearse one proof, on some of `items`, unless that was done before.

        Raises KeyMissing, ArtifactMismatch if the key is another one, ProvingError if a proof
        failed in this process, or fails now.
        """
        key = check_key(artifacts)
        why = self._failed_now.get(_name(artifacts))
        if why is not None:
            raise ProvingError(_barred(why))
        known = _read(artifacts)
        if known is not None and _holds(known, key):
            return known
        return self._rehearsed(artifacts, key, items)

    def prove(
        self,
        artifacts: Artifacts,
        items: Sequence[Item],
        context: JobContext,
        progress: Progress | None = None,
    ) -> Proof:
        """A proof for a job, verified independently of the prover's own word.

        Whatever fails here fails with a stake at risk: no other job of the model is taken then.
        """
        try:
            witness = self._system.witness(artifacts, items, context)
            proof = self._system.prove(artifacts, witness, progress)
            self._system.verify(artifacts, [proof])
        except Exception as error:
            self.failed(artifacts, str(error))
            raise
        self._sound.add(_mark(artifacts, proof))
        return proof

    def faults(self, artifacts: Artifacts, proofs: Sequence[Proof]) -> list[str | None]:
        """Why each of some kept proofs does not hold, or None; no process verifies one twice.

        One that cannot be verified, for want of memory say, is not at fault: a contract judges it.
        """
        if len(proofs) > 1 and self._fault(artifacts, proofs) is None:
            return [None] * len(proofs)
        return [self._fault(artifacts, [proof]) for proof in proofs]

    def _fault(self, artifacts: Artifacts, proofs: Sequence[Proof]) -> str | None:
        """Why they do not all hold."""
        marks = {_mark(artifacts, proof) for proof in proofs}
        if marks <= self._sound:
            return None
        try:
            self._system.verify(artifacts, proofs)
        except (ProofRejected, StatementInvalid) as error:
            return str(error)
        except ZkescrowError as error:
            LOG.warning("a kept proof cannot be verified", why=str(error))
            return None
        self._sound |= marks
        return None

    def failed(self, artifacts: Artifacts, why: str) -> None:
        """Take no new job of the model: a proof of it has just failed."""
        known = _read(artifacts) or Rehearsal(
            artifacts.proving_key_sha256 or "", platform.node(), 0.0, 0
        )
        _write(artifacts, replace(known, failure=why or "no reason given"))
        self._failed_now[_name(artifacts)] = why

    def _rehearsed(self, artifacts: Artifacts, key: str, items: Sequence[Item]) -> Rehearsal:
        self._say("rehearsing one proof, to know that it works and how long it takes")
        slots = artifacts.facts.layout.items
        chosen = list(items[:slots]) or [padding(artifacts.facts.shape)]
        started = time.monotonic()
        try:
            witness = self._system.witness(artifacts, chosen, NO_JOB)
            proof = self._system.prove(artifacts, witness)
            seconds = time.monotonic() - started
            self._system.verify(artifacts, [proof])
        except ProvingError as error:
            self.failed(artifacts, str(error))
            raise ProvingError(_barred(str(error))) from error
        made = Rehearsal(key, platform.node(), seconds, _peak_memory())
        _write(artifacts, made)
        return made


def check_key(artifacts: Artifacts) -> str:
    """The SHA-256 of the proving key. Raises KeyMissing or ArtifactMismatch."""
    path, allowed = artifacts.proving_key, artifacts.proving_key_sha256
    if not path.is_file():
        raise KeyMissing(
            f"there is no proving key at {path}, so that nothing can be proven here: nothing is "
            "staked; `zkescrow model keys MODEL` makes the key of an imported model"
        )
    found = sha256_file(path)
    if allowed is not None and found != allowed:
        raise ArtifactMismatch(
            f"proving key {path} has SHA-256 {found}: expected {allowed} by the manifest; "
            "nothing is staked; put the right file there or set the model up again"
        )
    return found


def strange_items(artifacts: Artifacts, count: int = 8) -> list[Item]:
    """Items at the corners of the domain and from all over it, for want of a job's own."""
    shape = artifacts.facts.shape
    size, low, high = shape.values, shape.input_min, shape.input_max
    draw = secrets.SystemRandom()
    rows = [[low] * size, [high] * size]
    rows += [[draw.choice((low, high)) for _ in range(size)] for _ in range(count // 2 - 1)]
    rows += [[draw.randint(low, high) for _ in range(size)] for _ in range(count - count // 2 - 1)]
    return [Item(tuple(row), (0,) * shape.salt_elements) for row in rows]


def _barred(why: str) -> str:
    return (
        f"no new job of this model is taken, as a proof of it failed ({why}): fix that; the next "
        "run rehearses again"
    )


def _holds(known: Rehearsal, key: str) -> bool:
    return known.key == key and known.machine == platform.node() and not known.failure


def _name(artifacts: Artifacts) -> str:
    return directory_name(artifacts.digest, artifacts.weights_commitment)


def _mark(artifacts: Artifacts, proof: Proof) -> bytes:
    """Of a proof of a model."""
    return sha256(f"{_name(artifacts)}:{json.dumps(proof.to_dict())}".encode()).digest()


def _path(artifacts: Artifacts) -> Path:
    return get_settings().home / "rehearsals" / f"{_name(artifacts)}.json"


def _read(artifacts: Artifacts) -> Rehearsal | None:
    """What is known; a file that says nothing sensible is as good as none: one proof is lost."""
    try:
        known = Rehearsal(**json.loads(_path(artifacts).read_bytes()))
        sensible = known.seconds > 0 or bool(known.failure)
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return known if sensible else None


def _write(artifacts: Artifacts, known: Rehearsal) -> None:
    content = json.dumps(asdict(known), indent=2).encode() + b"\n"
    write_atomically(_path(artifacts), content, private=True)


def _peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * KIB

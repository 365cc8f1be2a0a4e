"""`model verify`: is the code on the chain that of the model on this machine?

Both sides ask before they stake. The code that artifacts give is kept, as rebuilding takes as long
as setting up: however many circuits strangers register for them, they are rebuilt once. What the
chain says is looked at every time.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from prover.base.errors import ArtifactMismatch
from prover.base.files import write_atomically
from prover.base.settings import get_settings
from prover.base.text import moment
from prover.chain.contracts.registry import Circuit, Registry
from prover.chain.node.client import Client
from prover.systems.circuits import find_artifacts
from prover.systems.interface import Artifacts, Codes
from prover.systems.srs import DEVELOPMENT
from prover.systems.worker import Progress

CHECKS = 3  # 1 rebuilt; 2 compares scales and witnesses as well; 3 knows keys


@dataclass(frozen=True)
class Verdict:
    """A model that is what it claims to be: and whether it was rebuilt now."""

    model_id: bytes
    circuit_id: bytes
    code_hash: bytes
    rebuilt: bool


class Rebuilder(Protocol):
    """A system whose verifiers are on the chain."""

    def rebuilt(
        self, made: Any, progress: Progress | None = None, model: Path | None = None
    ) -> Codes:
        """The contracts' code, from the model: the given one, or the artifacts' own."""
        ...


@dataclass(frozen=True)
class CircuitAuditor:
    """Compares registered models with artifacts; `system` rebuilds them."""

    client: Client
    registry: Registry
    system: Rebuilder
    progress: Progress | None = None

    def verify(
        self,
        model_id: bytes,
        artifacts: Artifacts | None = None,
        model: Path | None = None,
        *,
        anew: bool = False,
    ) -> Verdict:
        """Check a registered model against its artifacts, by default those of this machine.

        Raises ArtifactMismatch on any difference, on a condemned circuit, and on a development SRS
        outside chain 31337. `anew` rebuilds in spite of an earlier verdict.
        """
        circuit_id, weights = self.registry.model(model_id)
        circuit = self.registry.circuit(circuit_id)
        found = artifacts or find_artifacts(circuit.artifact_digest, weights)
        self._check_claims(circuit_id, circuit, weights, found)
        allowed = None if anew or model is not None else _load_code(_code_path(found))
        rebuilt = allowed is None
        if allowed is None:
            allowed = self.system.rebuilt(found, self.progress, model)
            write_atomically(_code_path(found), _content(allowed))
        _compare_code("verifier", circuit.verifier, self._code(circuit.verifier), allowed.verifier)
        if allowed.key:
            _compare_code("key", circuit.key, self._code(circuit.key), allowed.key)
        return Verdict(model_id, circuit_id, circuit.code_hash, rebuilt)

    def _code(self, address: str) -> bytes:
        return self.client.code(address)

    def _check_claims(
        self, circuit_id: bytes, circuit: Circuit, weights: int, artifacts: Artifacts
    ) -> None:
        expected = Circuit.from_abi(artifacts.circuit(circuit.verifier, circuit.key))
        _same("circuit", circuit, expected)
        _same("circuit id", circuit_id, expected.id)
        _same("weights commitment", weights, artifacts.weights_commitment)
        if artifacts.srs.name == DEVELOPMENT and not self.client.local:
            raise ArtifactMismatch(
                f"the circuit was set up with a development SRS: on chain {self.client.chain_id} "
                "expected a ceremony's, as whoever made it can forge proofs; do not stake"
            )
        condemned = self.registry.condemned_at(circuit_id)
        if condemned:
            raise ArtifactMismatch(
                f"the circuit was condemned at {moment(condemned)}: nothing can be posted or "
                "delivered on it; use another model"
            )


def _compare_code(name: str, address: str, found: bytes, allowed: bytes) -> None:
    if found != allowed:
        where = next(
            (at for at, (a, b) in enumerate(zip(found, allowed, strict=False)) if a != b),
            min(len(found), len(allowed)),
        )
        raise ArtifactMismatch(
            f"{name} {address} has {len(found)} bytes of code that differ from the rebuilt "
            f"{len(allowed)} at byte {where}: expected equal code; do not stake on this model"
        )


def _code_path(artifacts: Artifacts) -> Path:
    return get_settings().home / "verdicts" / f"{artifacts.directory.name}.json"


def _content(code: Codes) -> bytes:
    fields = {"verifier": code.verifier.hex(), "key": code.key.hex(), "checks": CHECKS}
    return json.dumps(fields, sort_keys=True).encode()


def _load_code(path: Path) -> Codes | None:
    """The code that the artifacts gave before, by no fewer checks than there are now."""
    try:
        found = json.loads(path.read_bytes())
        if found["checks"] != CHECKS:
            return None
        return Codes(bytes.fromhex(found["verifier"]), bytes.fromhex(found["key"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None  # what makes no sense is made anew


def _same(name: str, found: object, allowed: object) -> None:
    if found != allowed:
        raise ArtifactMismatch(
            f"{name} registered is {found}: expected {allowed} by the artifacts; "
            "do not stake on this model"
        )

"""The proofs that steps rest on: stated again, called again, verified again, a batch at a time."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prover.audit.findings import Findings
from prover.audit.proofs import Accepted, broken_rules, reverified
from prover.audit.protocols.common import ProtocolAudit
from prover.audit.steps import Step
from prover.base.errors import ArtifactsMissing, ProvingError, ZkescrowError
from prover.base.text import shown
from prover.chain.node.client import Client
from prover.protocol.events import ItemMalformed, PredictionDelivered, RecordMalformed
from prover.systems.circuits import find_artifacts
from prover.systems.interface import Artifacts, ItemProver

BATCH = 64  # proofs of a circuit that are held, and verified together


class Evidence:
    """What the calls of steps show; findings take down what is not as it must be."""

    def __init__(
        self,
        client: Client,
        system: ItemProver[Any],
        audits: Mapping[str, ProtocolAudit[Any]],
        findings: Findings,
    ) -> None:
        self._client = client
        self._system = system
        self._audits = audits
        self._findings = findings
        self._known: dict[tuple[bytes, int], Artifacts | None] = {}
        self._waiting: dict[bytes, tuple[Artifacts, list[Accepted]]] = {}

    def check(self, steps: Sequence[Step]) -> None:
        """Each accepted proof: its statement recomputed, a typed call, the proof system itself."""
        for step in steps:
            self._findings.deliveries += step.has(PredictionDelivered)
            self._findings.disputes += step.has(ItemMalformed, RecordMalformed)
            for accepted in self._proofs_of(step):
                for artifacts in self._artifacts(accepted):
                    self._queue(artifacts, accepted)

    def finish(self) -> None:
        """Verify the proofs that still wait."""
        for artifacts, proofs in self._waiting.values():
            self._reverify(artifacts, proofs)
        self._waiting.clear()

    def _queue(self, artifacts: Artifacts, accepted: Accepted) -> None:
        _, proofs = self._waiting.setdefault(artifacts.digest, (artifacts, []))
        proofs.append(accepted)
        if len(proofs) >= BATCH:
            self._reverify(*self._waiting.pop(artifacts.digest))

    def _proofs_of(self, step: Step) -> Iterator[Accepted]:
        """The proofs of a step; whatever is wrong with them is noted."""
        try:
            for one in self._audits[step.contract].evidence(step):
                if isinstance(one, str):
                    self._findings.note(step.name, one)
                    continue
                self._findings.proofs_accepted += 1
                for what in broken_rules(self._client, one):
                    self._findings.note(step.name, what)
                yield one
        except ZkescrowError as error:
            self._findings.note(step.name, str(error))
        except Exception as error:  # noqa: BLE001 - one odd call must not end the audit of others
            what = shown(f"cannot be checked, {type(error).__name__}: {error}")
            self._findings.note(step.name, what)

    def _artifacts(self, accepted: Accepted) -> Iterator[Artifacts]:
        """The artifacts of the proof's model, if this machine has them."""
        name = (accepted.bound.circuit.artifact_digest, accepted.bound.weights)
        if name not in self._known:
            self._known[name] = self._found(*name)
        artifacts = self._known[name]
        if artifacts is None:
            self._findings.proofs_not_reverifiable += 1
        else:
            yield artifacts

    def _found(self, digest: bytes, weights: int) -> Artifacts | None:
        """Artifacts on this machine; finding them reads every file, so do it once.

        Damaged ones are noted: they could have shown whether the proofs hold.
        """
        try:
            return find_artifacts(digest, weights)
        except ArtifactsMissing:
            return None
        except ProvingError as error:
            self._findings.note(f"artifacts 0x{digest.hex()}", str(error))
            return None

    def _reverify(self, artifacts: Artifacts, proofs: Sequence[Accepted]) -> None:
        for one, holds in zip(proofs, reverified(self._system, artifacts, proofs), strict=True):
            if holds:
                self._findings.proofs_reverified += 1
            else:
                self._findings.note(one.where, "the proof system refuses the proof")

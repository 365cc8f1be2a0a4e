"""RetrievalBounty: each record proven, each match and each dispute, checked again."""

from collections.abc import Iterator
from typing import Any

from prover.audit.proofs import Accepted
from prover.audit.protocols.common import ProtocolAudit, commitments, indices_of, not_under
from prover.audit.protocols.sealed import shown_leaf, sound_chunk, sound_digit
from prover.audit.steps import Step
from prover.chain.contracts.registry import Circuit
from prover.chain.contracts.retrieval import RetrievalBounty
from prover.protocol.events import RecordMalformed, RecordsProven
from prover.protocol.retrieval.state import Dataset, Predicate, Record
from prover.statement.documents.sealed import key_hash, sealed_leaf
from prover.statement.field import decode_signed


class RetrievalAudit(ProtocolAudit[RetrievalBounty]):
    """The retrieval bounties."""

    TITLE, CONTRACT = "retrieval", RetrievalBounty

    def differences(self, job_id: bytes, record: Record, block: int) -> Iterator[str]:
        """What the contract keeps, and what it says of the block's own time."""
        allowed = (record.state, record.payee, record.deadline, len(record.proven))
        found = tuple(vars(self.contract.status(job_id, block)).values())
        yield from self.compared(found, allowed)
        now = record.as_of(int(self.client.block(block)["timestamp"]))
        status = self.contract.status_now(record.job, block)
        yield from self.compared(status, (now.state, now.state_deadline))

    def marks(self, step: Step) -> Iterator[str]:
        """That each record proven in the step is marked so, and as a match or not."""
        record: Any = step.after
        for event in step.events:
            if isinstance(event, RecordsProven):
                for index in event.indices:
                    found = self.contract.outcome(step.job_id, index, step.block)
                    yield from self.compared(
                        (index, *found), (index, True, index in record.matches)
                    )

    def evidence(self, step: Step) -> Iterator[Accepted | str]:
        """The proofs of records, their matches with their keys; and what a dispute showed."""
        if step.has(RecordsProven):
            yield from self._proven(step)
        if step.has(RecordMalformed):
            yield from self._disputed(step)

    def dataset_differences(self, dataset: Dataset, block: int) -> Iterator[str]:
        """What the contract's view of a dataset says that its event does not."""
        found = tuple(vars(self.contract.dataset(dataset.id, block)).values())
        allowed = (dataset.owner, dataset.count, dataset.committed_at, dataset.root)
        yield from self.compared(found, allowed)

    def _proven(self, step: Step) -> Iterator[Accepted | str]:
        before: Any = step.before
        record: Any = step.after
        done, matches = (set(before.proven), dict(before.matches)) if before else (set(), {})
        dataset = step.world.retrieval.datasets[record.job.terms.dataset_id]
        for (submissions,) in self.calls(step, "submit"):
            for runs, records, keys, proof, instances in submissions:
                model_id = record.job.terms.model_id
                accepted = self.accepted(step, model_id, len(records), proof, instances)
                yield accepted
                yield from _opened(accepted, runs, records, dataset)
                flagged = _flagged(accepted, record.job.terms.predicate)
                yield from _wrong_keys(flagged, records, keys)
                given = dict(zip(flagged, keys, strict=False))
                for slot, index in enumerate(indices_of(runs)):
                    if index not in done and slot in given:
                        matches[index] = given[slot]
                    done.add(index)
        yield from self.compared((sorted(record.proven), record.matches), (sorted(done), matches))

    def _disputed(self, step: Step) -> Iterator[str]:
        """The record is in the dataset, and the disputed chunk is not what was proven."""
        terms: Any = step.after.job.terms
        dataset = step.world.retrieval.datasets[terms.dataset_id]
        circuit_id, _ = step.world.registry.models[terms.model_id]
        circuit = Circuit.from_abi(step.world.registry.circuits[circuit_id])
        found = 0
        for index, key, chunk, ciphertext, committed in self.calls(step, "disputeChunk"):
            found += 1
            yield from _not_in(dataset, index, key, chunk, ciphertext, committed)
            yield from sound_chunk(circuit, index, chunk, ciphertext, key, committed[1])
        for index, key, place, ciphertext, committed in self.calls(step, "disputeDigit"):
            found += 1
            yield from _not_in(dataset, index, key, place[0], ciphertext, committed)
            yield from sound_digit(circuit, index, place, ciphertext, key)
        if not found:
            yield "no call of a dispute for this job in its transaction"


def _not_in(
    dataset: Dataset, index: int, key: bytes, chunk: int, ciphertext: bytes, committed: Any
) -> Iterator[str]:
    """That the disputed record is not in the dataset."""
    chunks, digests, path = committed
    leaf = shown_leaf(index, chunk, ciphertext, chunks, digests, key_hash(key))
    yield from not_under(dataset.root, dataset.count, index, [leaf], path)


def _flagged(accepted: Accepted, flag: Predicate) -> list[int]:
    """The slots whose proven outputs the predicate flags."""
    layout, words = accepted.bound.circuit.layout, accepted.proof.instances
    rows = [layout.item_outputs(words, slot) for slot in range(accepted.items)]
    signed = [[decode_signed(word) for word in row] for row in rows]
    return [slot for slot, row in enumerate(signed) if flag.flags(row, layout.output_kind)]


def _wrong_keys(flagged: list[int], records: Any, keys: Any) -> Iterator[str]:
    """There is a key for each match, the one that the dataset committed to."""
    if len(flagged) != len(keys):
        yield f"{len(keys)} keys for {len(flagged)} matches"
    for slot, key in zip(flagged, keys, strict=False):
        if key_hash(key) != records[slot][1]:
            yield f"the key of the match in slot {slot} is not the one that was committed"


def _opened(accepted: Accepted, runs: Any, records: Any, dataset: Dataset) -> Iterator[str]:
    """Each run's inputs, chunks and key hashes are those of the dataset."""
    inputs, first = commitments(accepted), 0
    for start, size, path in runs:
        slots = range(first, first + size)
        leaves = [
            sealed_leaf(start + i, records[slot][0], inputs[slot], records[slot][1])
            for i, slot in enumerate(slots)
        ]
        yield from not_under(dataset.root, dataset.count, start, leaves, path)
        first += size

"""Retrieval requests: proving all records, some to a proof, some proofs to a transaction.

The records are cut into the same parts every time, so that a proof which was made before
the owner was killed is used, and one that somebody else relayed is not made again. What is proven
is sent as soon as a transaction is full, or when the time is short.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from eth_utils.crypto import keccak

from prover.base.errors import UsageError
from prover.base.text import counted, moment
from prover.chain.abi.contract import Call
from prover.chain.contracts.batch import Run
from prover.chain.contracts.retrieval import RetrievalBounty, SealedRecord, Submission
from prover.chain.events.finality import SEND_SECONDS, now_on
from prover.chain.sending.transactions import Sender
from prover.clients.common.job_files import JobFiles
from prover.clients.common.money import worth
from prover.clients.common.packing import Pack, ProofsSent
from prover.clients.common.readiness import Readiness
from prover.clients.retrieval.secrets import Secrets
from prover.protocol.retrieval.state import Record
from prover.statement.context import JobContext
from prover.statement.documents.dataset import PublicDataset
from prover.statement.field import decode_signed
from prover.statement.runs import runs
from prover.systems.interface import Artifacts
from prover.systems.proof import Proof
from prover.systems.worker import Progress


@dataclass(frozen=True)
class _Part:
    """The records of one proof, and what is sent of them."""

    indices: tuple[int, ...]
    submission: Submission


def parts(count: int, slots: int, done: frozenset[int]) -> list[tuple[int, ...]]:
    """All records in parts of one proof each, without those that are done wholly."""
    cut = [tuple(range(at, min(at + slots, count))) for at in range(0, count, slots)]
    return [part for part in cut if not done.issuperset(part)]


class RecordProver:
    """Proves the records of one request, for one payee."""

    def __init__(
        self,
        sender: Sender,
        retrieval: RetrievalBounty,
        readiness: Readiness,
        artifacts: Artifacts,
        files: JobFiles,
        progress: Progress,
    ) -> None:
        self._sender = sender
        self._retrieval = retrieval
        self._readiness = readiness
        self._artifacts = artifacts
        self._files = files
        self._progress = progress

    def proof_of(self, part: tuple[int, ...], secrets: Secrets, context: JobContext) -> Proof:
        """The proof of some records, made and verified now unless one from before holds."""
        found = self._sound([part])
        if part in found:
            return found[part]
        chosen = [secrets.items[index] for index in part]
        proof = self._readiness.prove(self._artifacts, chosen, context)
        self._files.save_proof(part, proof)
        return proof

    def prove(
        self, job_id: bytes, record: Record, secrets: Secrets, public: PublicDataset
    ) -> ProofsSent:
        """Prove and send all that is left, with the keys of the matches. Raises Busy."""
        client = self._retrieval.client
        where, model_id = self._retrieval.address, record.job.terms.model_id
        context = JobContext.of(client.chain_id, where, job_id, record.payee, model_id)
        todo = parts(record.count, self._artifacts.facts.layout.items, record.proven)
        with self._files.alone():
            missing = set(todo) - set(self._sound(todo))  # all in one process, which takes a second
            started = time.monotonic()
            proofs = self._proofs(todo, secrets, context)
            gas = list[int]()
            for group in self._groups(record, proofs, secrets, public):
                if not gas:  # the keys that one gives away are lost if the others are too dear
                    self._require_worth(record, group, len(todo))
                gas.append(self._send(job_id, record, group))
        seconds = time.monotonic() - started if missing else 0.0
        return ProofsSent(len(missing), seconds, len(gas), sum(gas))

    def _sound(self, todo: Sequence[tuple[int, ...]]) -> dict[tuple[int, ...], Proof]:
        return self._files.sound(todo, partial(self._readiness.faults, self._artifacts))

    def _proofs(
        self, todo: Sequence[tuple[int, ...]], secrets: Secrets, context: JobContext
    ) -> Iterator[tuple[tuple[int, ...], Proof]]:
        for number, part in enumerate(todo, 1):
            self._progress(f"proof {number} of {len(todo)}: records {part[0]} to {part[-1]}")
            yield part, self.proof_of(part, secrets, context)

    def _groups(
        self,
        record: Record,
        proofs: Iterator[tuple[tuple[int, ...], Proof]],
        secrets: Secrets,
        public: PublicDataset,
    ) -> Iterator[Pack[_Part]]:
        """As many submissions as fit a transaction; fewer when the next proof may be too late."""
        group, last = Pack[_Part].on(self._sender), time.monotonic()
        for part, proof in proofs:
            self._require_in_time(record)  # the dry run shows the node keys of matches
            submission = self.submission(record, part, proof, secrets, public)
            call = self._retrieval.submit(record.job, [submission])
            gas, size = self._sender.estimate(call).gas, len(call.data)
            if not group.has_room(gas, size):
                yield group
                group = Pack.on(self._sender)
            group.add(_Part(part, submission), gas, size)
            took, last = time.monotonic() - last, time.monotonic()
            if self._is_short(record, took):
                yield group
                group = Pack.on(self._sender)
        if group.submissions:
            yield group

    def _is_short(self, record: Record, took: float) -> bool:
        """Whether another proof, which takes about as long, could leave no time to send."""
        left = record.state_deadline - now_on(self._retrieval.client)
        return left < 2 * took + 2 * SEND_SECONDS

    def submission(
        self,
        record: Record,
        part: Sequence[int],
        proof: Proof,
        secrets: Secrets,
        public: PublicDataset,
    ) -> Submission:
        """A proof with what the contract needs of its records; keys of those that match."""
        records = [public.records[index] for index in part]
        flagged = self._flagged(record, part, proof)
        return Submission(
            runs=tuple(_opened(run.first, run.size, public) for run in runs(part)),
            records=tuple(SealedRecord(one.chunks_hash, one.key_hash) for one in records),
            keys=tuple(secrets.keys[index] for index in flagged),
            proof=proof.proof,
            instances=proof.instances,
        )

    def _flagged(self, record: Record, part: Sequence[int], proof: Proof) -> list[int]:
        """Which of the records match, by what the proof shows."""
        layout, predicate = self._artifacts.facts.layout, record.job.terms.predicate
        return [
            index
            for slot, index in enumerate(part)
            if predicate.flags(
                [decode_signed(word) for word in layout.item_outputs(proof.instances, slot)],
                layout.output_kind,
            )
        ]

    def _require_worth(self, record: Record, group: Pack[_Part], count: int) -> None:
        """Raise Postponed if `count` proofs, each as dear as one of the group, cost too much."""
        gas = group.gas * count // len(group.submissions)
        self._sender.require_worth("proving all records", gas, _worth(record))

    def _require_in_time(self, record: Record) -> None:
        client = self._retrieval.client
        margin = 0 if client.local else SEND_SECONDS
        due, now = record.state_deadline, now_on(client)
        if now + margin > due:
            raise UsageError(
                f"the deadline to prove is {moment(due)}, and it is {moment(now)} now: the keys "
                "of the matches are not sent, as a late transaction shows them and is not paid"
            )

    def _send(self, job_id: bytes, record: Record, group: Pack[_Part]) -> int:
        self._require_in_time(record)
        indices = [index for one in group.submissions for index in one.indices]
        self._progress(
            f"sending {counted(len(group.submissions), 'proof')} of "
            f"{counted(len(indices), 'record')}"
        )
        call: Call = self._retrieval.submit(
            record.job, [one.submission for one in group.submissions]
        )
        name = keccak(b"".join(index.to_bytes(4, "big") for index in indices)).hex()
        action = f"submit:{job_id.hex()}:{name}"
        return int(self._sender.send(action, call, worth=_worth(record))["gasUsed"])


def _worth(record: Record) -> int | None:
    """What is won or lost by the proofs, in wei; None in a token."""
    terms = record.job.terms
    return worth(terms.currency, record.escrow, terms.stake)


def _opened(first: int, size: int, public: PublicDataset) -> Run:
    return Run(first, size, public.tree.path(first, size.bit_length() - 1))

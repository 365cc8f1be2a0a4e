"""Retrieval requests, the requester's side once keys are revealed: read the matches, or dispute."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prover.base.errors import UsageError
from prover.base.files import write_atomically
from prover.base.text import shown
from prover.chain.abi.contract import Call
from prover.chain.contracts.retrieval import CommittedRecord, RetrievalBounty
from prover.chain.contracts.sealed import DigitOpening
from prover.chain.deployments import Deployment
from prover.chain.sending.transactions import Sender
from prover.clients.retrieval.checks import check_format
from prover.clients.retrieval.datasets import checked, load_public
from prover.protocol.retrieval.state import Dataset, Record
from prover.statement.documents.dataset import Format, PublicDataset
from prover.statement.documents.inputs_file import Item
from prover.statement.documents.sealed import Malformed
from prover.statement.sealing import check_sealable
from prover.systems.circuits import unsealed
from prover.systems.interface import Artifacts


@dataclass(frozen=True)
class Matches:
    """The matches so far: those that read as proven, and what is wrong with others."""

    readable: Mapping[int, Item]
    wrong: Mapping[int, Malformed]

    @property
    def malformed(self) -> dict[int, str]:
        """Why they do not read as proven."""
        return {index: str(one) for index, one in self.wrong.items()}


def public_side(dataset: Dataset, file: Path | None = None) -> PublicDataset:
    """The dataset's public file, as given or as kept when the request was posted, checked.

    Raises UsageError if it is not here, StatementInvalid if it is another.
    """
    if file is not None:
        return checked(dataset, file.read_bytes())
    public = load_public(dataset)
    if public is None:
        raise UsageError(
            f"the file of dataset 0x{dataset.id.hex()} is not on this machine: its owner put it at "
            f"{shown(dataset.uri)}; give it with --file"
        )
    return public


def read_matches(record: Record, public: PublicDataset, artifacts: Artifacts) -> Matches:
    """Decrypt each match with its key, and compare it with what was committed to and proven.

    `artifacts` are the model's. Raises StatementInvalid if it takes no such records.
    """
    check_format(public.form, artifacts)
    form, readable, wrong = check_sealable(artifacts.facts.sealed), {}, {}
    for index, key in sorted(record.matches.items()):
        try:
            found = public.records[index].opened(index, key, form)
        except Malformed as error:
            wrong[index] = error
        else:
            readable[index] = unsealed(artifacts, found)
    return Matches(readable, wrong)


def write_records(path: Path, matches: Matches, form: Format) -> None:
    """Write what can be read to an NPZ archive: `inputs` [m, values] in the data's own units, and
    `indices` [m], their places in the dataset.
    """
    rows = [
        [value * form.input_unit for value in item.values] for item in matches.readable.values()
    ]
    content = io.BytesIO()
    np.savez(
        content,
        inputs=np.array(rows, dtype=np.float32).reshape(-1, form.values),
        indices=np.array(list(matches.readable), dtype=np.int64),
    )
    write_atomically(path, content.getvalue())


def dispute(
    sender: Sender,
    deployment: Deployment,
    found: tuple[bytes, Record],
    public: PublicDataset,
    artifacts: Artifacts,
) -> tuple[int, int]:
    """Dispute a match that does not read as proven; its index, and the gas it took.

    Raises UsageError if there is none, ContractRefused if the contract sees no fault or it is late.
    """
    job_id, record = found
    wrong = read_matches(record, public, artifacts).wrong
    if not wrong:
        raise UsageError(
            f"all {len(record.matches)} matches read as proven: there is nothing to dispute"
        )
    index = min(wrong)
    contract = RetrievalBounty(sender.client, deployment.retrieval)
    call = _dispute(contract, record, index, wrong[index], public, artifacts)
    return index, int(sender.send(f"dispute:{job_id.hex()}", call)["gasUsed"])


def _dispute(
    contract: RetrievalBounty,
    record: Record,
    index: int,
    wrong: Malformed,
    public: PublicDataset,
    artifacts: Artifacts,
) -> Call:
    """The call that shows what is wrong with the chunk."""
    one, key, job = public.records[index], record.matches[index], record.job
    committed = CommittedRecord(one.hashes, one.digests, public.tree.path(index))
    shown = one.chunks[wrong.part]
    if wrong.digit is None:
        return contract.dispute_chunk(job, index, key, wrong.part, shown, committed)
    place = DigitOpening.of(wrong.digit, check_sealable(artifacts.facts.sealed))
    return contract.dispute_digit(job, index, key, place, shown, committed)

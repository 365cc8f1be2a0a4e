"""Retrieval requests, the requester's side once keys are revealed: read the matches, or dispute."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prover.base.errors import StatementInvalid, UsageError
from prover.base.files import write_atomically
from prover.base.text import shown
from prover.chain.contracts.retrieval import RetrievalBounty
from prover.chain.deployments import Deployment
from prover.chain.sending.transactions import Sender
from prover.clients.retrieval.datasets import checked, load_public
from prover.protocol.retrieval.state import Dataset, Record
from prover.statement.documents.dataset import Format, PublicDataset
from prover.statement.documents.inputs_file import Item
from prover.statement.quantise import dequantise


@dataclass(frozen=True)
class Matches:
    """The matches so far: those that read as proven, and why others do not."""

    readable: Mapping[int, Item]
    malformed: Mapping[int, str]


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


def read_matches(record: Record, public: PublicDataset) -> Matches:
    """Decrypt each match with its key, and compare it with what was committed to and proven."""
    readable, malformed = {}, {}
    for index, key in sorted(record.matches.items()):
        try:
            readable[index] = public.records[index].opened(index, key, public.form)
        except StatementInvalid as error:
            malformed[index] = str(error)
    return Matches(readable, malformed)


def write_records(path: Path, matches: Matches, form: Format) -> None:
    """Write what can be read to an NPZ archive: `inputs` [m, values] in the data's own units, and
    `indices` [m], their places in the dataset.
    """
    rows = [dequantise(item.values, form.input_scale) for item in matches.readable.values()]
    content = io.BytesIO()
    np.savez(
        content,
        inputs=np.array(rows, dtype=np.float32).reshape(-1, form.values),
        indices=np.array(list(matches.readable), dtype=np.int64),
    )
    write_atomically(path, content.getvalue())


def dispute(
    sender: Sender, deployment: Deployment, job_id: bytes, record: Record, public: PublicDataset
) -> tuple[int, int]:
    """Dispute a match that does not read as proven; its index, and the gas it took.

    Raises UsageError if there is none, ContractRefused if the contract sees no fault or it is late.
    """
    malformed = read_matches(record, public).malformed
    if not malformed:
        raise UsageError(
            f"all {len(record.matches)} matches read as proven: there is nothing to dispute"
        )
    index = min(malformed)
    one, key = public.records[index], record.matches[index]
    call = RetrievalBounty(sender.client, deployment.retrieval).dispute(
        record.job, index, key, one.ciphertext, one.commitment, public.tree.path(index)
    )
    return index, int(sender.send(f"dispute:{job_id.hex()}", call)["gasUsed"])

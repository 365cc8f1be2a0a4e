"""Committed datasets: what the chain says of one, and its public file on this machine."""

from pathlib import Path

from prover.base.errors import StatementInvalid, UsageError
from prover.base.files import write_atomically
from prover.base.settings import get_settings
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.chain.state.replay import load_world
from prover.protocol.retrieval.state import Dataset
from prover.statement.documents.dataset import PublicDataset, data_hash


def find_dataset(client: Client, deployment: Deployment, dataset_id: bytes | None) -> Dataset:
    """A dataset by its id, or the only one of the chain. Raises UsageError."""
    known = load_world(client, deployment).retrieval.datasets
    if dataset_id is None and len(known) == 1:
        return next(iter(known.values()))
    if dataset_id is None:
        raise UsageError(
            f"{len(known)} datasets are committed on this chain: give the id of one; `zkescrow "
            "retrieval datasets` lists them"
        )
    if dataset_id not in known:
        raise UsageError(
            f"dataset 0x{dataset_id.hex()} is not on this chain: `zkescrow retrieval datasets` "
            "lists those that are"
        )
    return known[dataset_id]


def checked(dataset: Dataset, content: bytes) -> PublicDataset:
    """The records of a public file, if it is the one committed to: its hash, count and root.

    Raises StatementInvalid.
    """
    _require("file has the hash", data_hash(content), dataset.data_hash)
    public = PublicDataset.from_bytes(content)
    if len(public.records) != dataset.count:
        raise StatementInvalid(
            f"the dataset's file has {len(public.records)} records: expected {dataset.count}, as "
            "committed; do not pay for it"
        )
    _require("file's records have the root", public.tree.root, dataset.root)
    return public


def keep(dataset: Dataset, content: bytes) -> Path:
    """Keep a checked public file on this machine."""
    path = path_of(dataset.id)
    write_atomically(path, content)
    return path


def load_public(dataset: Dataset) -> PublicDataset | None:
    """The dataset as its public file on this machine has it; None if there is no such file.

    Raises StatementInvalid if the file is not the one committed to.
    """
    try:
        content = path_of(dataset.id).read_bytes()
    except FileNotFoundError:
        return None
    return checked(dataset, content)


def path_of(dataset_id: bytes) -> Path:
    """Where the public file of a dataset is kept."""
    return get_settings().home / "datasets" / f"{dataset_id.hex()}.json"


def _require(what: str, found: bytes, allowed: bytes) -> None:
    if found != allowed:
        raise StatementInvalid(
            f"the dataset's {what} is 0x{found.hex()}: expected 0x{allowed.hex()}, committed on "
            "the chain; do not pay for it; ask the owner for the right file"
        )

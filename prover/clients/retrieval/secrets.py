"""An owner's dataset: sealed from data and seed, committed, and made again when it is asked for."""

import json
from dataclasses import dataclass
from pathlib import Path

from prover.base.errors import StatementInvalid, UsageError
from prover.base.files import publish, write_atomically
from prover.base.settings import get_settings
from prover.chain.contracts.retrieval import RetrievalBounty
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.chain.sending.handing import check_uri, uri_of
from prover.chain.sending.transactions import Sender
from prover.chain.state.replay import load_world
from prover.clients.retrieval import datasets
from prover.clients.retrieval.records import Rows, format_of, read_rows
from prover.protocol.retrieval.state import Dataset
from prover.statement.documents.dataset import (
    Format,
    PublicDataset,
    data_hash,
    record_keys,
    salted_records,
    sealed_dataset,
)
from prover.statement.documents.inputs_file import Item
from prover.statement.documents.sealed import key_hash, seal_chunks
from prover.statement.documents.seeds import Seed
from prover.statement.sealing import Chunks
from prover.systems.circuits import chunks
from prover.systems.interface import Artifacts


@dataclass(frozen=True, repr=False)
class Secrets:
    """Every record in the clear, with its key."""

    form: Format
    items: tuple[Item, ...]
    keys: tuple[bytes, ...]
    chunks: tuple[Chunks, ...]  # of each item

    def sealed(self) -> PublicDataset:
        """What may be public of it; hashes every record, which takes a while."""
        return sealed_dataset(self.form, self.chunks, self.keys)


@dataclass(frozen=True)
class Source:
    """Where an owner's data and seed are."""

    data: Path
    seed: Path


@dataclass(frozen=True)
class Committed:
    """A dataset on the chain; `gas` is 0 if it was there before."""

    dataset: Dataset
    file: Path
    gas: int


def read_secrets(artifacts: Artifacts, data: Path, seed: Seed) -> Secrets:
    """The records of an NPZ archive, salted and with their keys; UsageError or StatementInvalid."""
    return secrets_of(artifacts, read_rows(artifacts, data), seed)


def secrets_of(artifacts: Artifacts, rows: Rows, seed: Seed) -> Secrets:
    """Quantised rows as records. Raises StatementInvalid naming one outside the domain."""
    form = format_of(artifacts)
    items = salted_records(form, artifacts.facts.shape, rows, seed)
    found = tuple(chunks(artifacts, item) for item in items)
    return Secrets(form, tuple(items), tuple(record_keys(form, rows, seed)), found)


def commit(sender: Sender, deployment: Deployment, secrets: Secrets, uri: str | None) -> Committed:
    """Write the public file, read it again, compute the root from it, then commit to it.

    Raises UsageError, StatementInvalid or ContractRefused.
    """
    check_uri(sender.client, uri)  # before a file is written
    content = secrets.sealed().to_bytes()
    scratch = get_settings().home / "datasets" / f"file-{data_hash(content).hex()}.json"
    write_atomically(scratch, content)
    written = scratch.read_bytes()
    public = PublicDataset.from_bytes(written)
    root, count = public.tree.root, len(public.records)
    dataset = Dataset(sender.address, root, count, data_hash(written), b"", 0)
    path = datasets.path_of(dataset.id)
    publish(scratch, path)
    before = _known(sender.client, deployment, dataset)
    if before is not None:
        return Committed(before, path, 0)
    where = uri_of(sender.client, uri, path)
    call = RetrievalBounty(sender.client, deployment.retrieval).commit_dataset(
        root, count, data_hash(written), where
    )
    gas = int(sender.send(f"commit:{dataset.id.hex()}", call, exact=True)["gasUsed"])
    return Committed(datasets.find_dataset(sender.client, deployment, dataset.id), path, gas)


def check_secrets(secrets: Secrets, dataset: Dataset) -> PublicDataset:
    """The public side of secrets, hashed anew. Raises StatementInvalid unless it is the dataset."""
    public = secrets.sealed()
    if (len(public.records), public.tree.root) != (dataset.count, dataset.root):
        raise StatementInvalid(_other(dataset))
    return public


def match_secrets(secrets: Secrets, dataset: Dataset, public: PublicDataset) -> None:
    """The same by ciphertexts and keys alone, which is quick. Raises StatementInvalid."""
    form, known = public.form.sealed, public.records
    same = secrets.form == public.form and len(secrets.chunks) == len(known)
    if not same or any(
        seal_chunks(found, form, key, index) != record.chunks or key_hash(key) != record.key_hash
        for index, (found, key, record) in enumerate(
            zip(secrets.chunks, secrets.keys, known, strict=True)
        )
    ):
        raise StatementInvalid(_other(dataset))


def remember_source(dataset_id: bytes, source: Source) -> None:
    """Note where data and seed of a dataset are."""
    noted = {"data": str(source.data.resolve()), "seed": str(source.seed.resolve())}
    write_atomically(_source_path(dataset_id), json.dumps(noted).encode() + b"\n")


def source_of(dataset_id: bytes, data: Path | None, seed: Path | None) -> Source:
    """Where data and seed of a dataset are: as given, else as remembered. Raises UsageError."""
    path = _source_path(dataset_id)
    try:
        noted = {} if data and seed else json.loads(path.read_bytes())
        return Source(data or Path(noted["data"]), seed or Path(noted["seed"]))
    except FileNotFoundError:
        raise UsageError(
            f"dataset 0x{dataset_id.hex()} was not committed from here: give its data with --data "
            "and its seed with --seed"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{path} is damaged: give --data and --seed") from None


def _source_path(dataset_id: bytes) -> Path:
    return get_settings().home / "datasets" / f"{dataset_id.hex()}.source.json"


def _known(client: Client, deployment: Deployment, dataset: Dataset) -> Dataset | None:
    return load_world(client, deployment).retrieval.datasets.get(dataset.id)


def _other(dataset: Dataset) -> str:
    return (
        f"data, seed and model do not give dataset 0x{dataset.id.hex()}: its root is "
        f"0x{dataset.root.hex()}, and theirs is another; give the files that it was committed from "
        "with --data and --seed"
    )

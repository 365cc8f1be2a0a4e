"""Inputs get from a consumer to a provider on another machine, and to nobody else.

Each has a home of their own; between them goes only what `model export`, `provider key` and the
post wrote.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prover.chain.accounts import anvil_account
from prover.chain.readers import Reader
from prover.statement.documents.envelope import is_sealed
from prover.statement.documents.inputs_file import InputsFile, data_hash
from prover.systems.onnx.onnx_file import ImportedModel
from tests.conftest import ELEMENTS
from tests.e2e.conftest import Cli, World

PROVIDER, CONSUMER, STRANGER = 1, 2, 3
RUN = ("provider", "run", "--once", "--no-withdraw", "--account", PROVIDER)


@dataclass(frozen=True)
class Apart:
    """A provider and a consumer with homes of their own, on the provider's hidden-input model."""

    provider: Cli
    consumer: Cli
    address: str
    records: Path
    key: Path
    where: Path

    def post(self, *extra: object, status: int = 0) -> Any:
        words = ("prediction", "post", "--model", "sealed", "--account", CONSUMER, "--index", 0)
        money = ("--reward", "0.01", "--stake", "0.005", "--inputs", self.records)
        if status:
            return self.consumer.run(*words, *money, *extra, status=status).err
        return self.consumer.json(*words, *money, *extra)

    def ran(self, *extra: object, key: bytes | None = None) -> dict[str, Any]:
        """What became of the one job; with another key in the provider's home, if one is given."""
        place = self.where / "provider" / "reader.key"
        own = place.read_bytes()
        place.write_bytes(key or own)
        jobs = self.provider.json(*RUN, *extra)["jobs"]
        assert len(jobs) == 1, jobs
        (job,) = jobs
        place.write_bytes(own)
        return dict(job)


@pytest.fixture(scope="module")
def made(digits: World, tiny: ImportedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model added by the provider, exported, and imported by the consumer."""
    where = tmp_path_factory.mktemp("apart")
    draw = np.random.default_rng(7)
    rows = draw.uniform(0, 1, (32, ELEMENTS)).astype(np.float32)
    np.savez(where / "records.npz", inputs=rows)
    provider, consumer = (at_home(digits, where / name) for name in ("provider", "consumer"))
    provider.run(
        *("model", "add", tiny.path, "--data", where / "records.npz", "--name", "sealed"),
        *("--inputs", "hashed", "--account", PROVIDER),
    )
    provider.run("model", "export", "sealed", "--out", where / "given")
    consumer.run("model", "import", where / "given", "--name", "sealed")
    for one in (provider, consumer):
        one.run("model", "verify", "sealed")  # which takes seconds, once in each home
    provider.run("provider", "key", "--out", where / "key.json", "--account", PROVIDER)
    return where


@pytest.fixture
def apart(made: Path, world: World, tmp_path: Path) -> Apart:
    """Homes of this test's own: the chain is put back, and a journal would send all of it again."""
    for name in ("provider", "consumer"):
        shutil.copytree(made / name, tmp_path / name)
    provider, consumer = (at_home(world, tmp_path / name) for name in ("provider", "consumer"))
    address = str(anvil_account(PROVIDER).address)
    return Apart(provider, consumer, address, made / "records.npz", made / "key.json", tmp_path)


def at_home(world: World, home: Path) -> Cli:
    return Cli(world.cli.environment | {"ZKESCROW_HOME": str(home)})


def test_hidden_inputs_are_not_posted_for_anybody_to_read(apart: Apart) -> None:
    """Not even with a provider named whose key is not known; said otherwise, they are."""
    for named in ((), ("--provider", anvil_account(STRANGER).address)):
        refused = apart.post(*named, status=2)
        assert "whoever asks for the inputs file must be given it, and can read it" in refused
        assert "--in-clear" in refused
    posted = apart.post("--in-clear")
    assert not is_sealed(Path(posted["given"]).read_bytes())


def test_inputs_are_encrypted_to_the_provider_that_is_named(apart: Apart) -> None:
    posted = apart.post("--provider-key", apart.key)
    given = Path(posted["given"]).read_bytes()
    clear = Path(posted["inputs_file"]).read_bytes()
    assert is_sealed(given)
    values = InputsFile.from_bytes(clear).items[0].values
    assert json.dumps(values, separators=(",", ":")).encode() not in given
    assert posted["uri"].endswith(f"{data_hash(clear).hex()}.sealed")
    other = apart.ran(key=bytes(range(32)))
    assert other["result"] == "skipped"
    assert "encrypted, and not to this machine's key" in other["message"]
    assert apart.ran()["result"] == "delivered"


def test_a_file_is_handed_over_by_hand(apart: Apart) -> None:
    posted = apart.post("--provider-key", apart.key, "--uri", "")
    skipped = apart.ran()
    assert skipped["result"] == "skipped"
    assert (
        "hands its file over by hand: ask for it, and give it with --inputs" in skipped["message"]
    )
    assert apart.ran("--inputs", posted["given"])["result"] == "delivered"


def test_an_address_that_nobody_fetches_from_is_refused_before_anything_is_posted(
    apart: Apart,
) -> None:
    before = apart.consumer.json("prediction", "status", "--all")
    for uri in ("http://example.org/x", "ftp://x/y", "https://a..b/x", "x"):
        refused = apart.post("--in-clear", "--uri", uri, status=2)
        assert "no address from which a file can be fetched" in refused
    assert apart.consumer.json("prediction", "status", "--all") == before


def test_a_key_counts_only_if_its_account_signed_it(apart: Apart, tmp_path: Path) -> None:
    forged = Reader.signed_by(anvil_account(STRANGER), bytes(range(32)))
    fields = json.loads(forged.to_bytes()) | {"account": apart.address}
    (tmp_path / "forged.json").write_text(json.dumps(fields))
    refused = apart.post("--provider-key", tmp_path / "forged.json", status=2)
    assert f"names account {apart.address}, but is signed by" in refused
    (tmp_path / "other.json").write_bytes(forged.to_bytes())
    named = ("--provider", apart.address, "--provider-key", tmp_path / "other.json")
    assert f"is the key of {forged.account}" in apart.post(*named, status=2)

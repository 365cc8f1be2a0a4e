"""What the digits story leaves out: hashed batches, hidden weights, tokens, relayed deliveries."""

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prover.chain.abi.contract import Call
from prover.chain.state.replay import load_world
from prover.solidity.compile import compile_contracts
from prover.systems.onnx.floating import outputs_of
from prover.systems.onnx.onnx_file import ImportedModel
from tests.conftest import ELEMENTS
from tests.e2e.conftest import World
from tests.e2e.test_predictions import PROVIDE, crash, credit, proof_of
from tests.localchain import CONSUMER, DEPLOYER, PROVIDER, STRANGER, address_of

UNIT = 10**6  # PlainToken has 6 decimals


@dataclass(frozen=True)
class Deployed:
    """A contract of contracts/mocks on the world's chain."""

    world: World
    contract: Any

    @classmethod
    def new(cls, world: World, name: str) -> "Deployed":
        made = compile_contracts([name])[name]
        sender = world.chain.sender(DEPLOYER)
        receipt = sender.send(f"new:{name}", Call(f"creating {name}", None, made.bytecode))
        web3 = world.chain.client.web3
        return cls(world, web3.eth.contract(address=receipt["contractAddress"], abi=made.abi))

    @property
    def address(self) -> str:
        return str(self.contract.address)

    def send(self, account: int, function: str, *arguments: Any) -> None:
        data = bytes.fromhex(self.contract.encode_abi(function, args=list(arguments))[2:])
        call = Call(function, self.address, data)
        self.world.chain.sender(account).send(f"{function}:{account}", call, once=False)


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "records.npz"
    draw = np.random.default_rng(7)
    np.savez(path, inputs=draw.uniform(0, 1, (32, ELEMENTS)).astype(np.float32))
    return path


def test_a_sealed_batch_is_paid_in_tokens(world: World, tiny: ImportedModel, records: Path) -> None:
    """Two records in one proof; neither they nor the weights are on the chain."""
    cli, token = world.cli, Deployed.new(world, "PlainToken")
    cli.run(
        *("model", "add", tiny.path, "--data", records, "--name", "sealed", "--items", 2),
        *("--inputs", "hashed", "--weights", "hidden", "--account", PROVIDER),
    )
    for account in (CONSUMER, PROVIDER):
        token.send(DEPLOYER, "mint", address_of(account), 100 * UNIT)
    posted = cli.json(
        *("prediction", "post", "--model", "sealed", "--inputs", records, "--account", CONSUMER),
        *("--index", 0, "--index", 1, "--token", token.address, "--reward", "2.5", "--stake", 1),
        "--in-clear",
    )
    inputs = Path(posted["inputs_file"])
    assert stat.S_IMODE(inputs.stat().st_mode) == 0o600
    ignored = cli.json(*PROVIDE)["jobs"]
    assert [job["result"] for job in ignored] == ["skipped"]
    assert "limits are missing" in ignored[0]["message"]
    limits = ("--max-stake", f"1:{token.address}", "--min-reward", f"2.5:{token.address}")
    served = cli.json(*PROVIDE, *limits)
    assert [job["result"] for job in served["jobs"]] == ["delivered"]
    assert served["withdrawn"] == {token.address: 3_500_000}
    assert token.contract.functions.balanceOf(address_of(PROVIDER)).call() == 102_500_000
    proven = cli.json("prediction", "status", posted["job"])["predictions"]
    floats = outputs_of(tiny.proto, np.load(records)["inputs"][:2, None])
    assert np.allclose([one["scores"] for one in proven], floats, atol=0.1)
    audit = cli.json("audit", "replay")
    assert (audit["proofs_reverified"], audit["mismatches"]) == (1, [])


@pytest.mark.deep
def test_a_delivery_relayed_by_a_contract_is_audited(world: World) -> None:
    job = world.cli.post()["job"]
    crash(world, "before deliver")
    proof, predictions = proof_of(world, job), world.chain.prediction
    jobs = load_world(world.chain.client, world.chain.deployment).prediction.jobs
    record = jobs[bytes.fromhex(job[2:])]
    call = predictions.deliver(record.job, 1, proof.proof, list(proof.instances))
    relay = Deployed.new(world, "CallingAccount")
    relay.send(STRANGER, "execute", predictions.address, call.data)
    assert credit(world, PROVIDER) == record.job.terms.reward + record.job.terms.stake
    audit = world.cli.json("audit", "replay")
    assert (audit["proofs_reverified"], audit["mismatches"]) == (1, [])

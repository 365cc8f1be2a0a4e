"""A chain forks and takes another id: what is open there can be ended, and nothing is begun."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from prover.base.errors import EnvironmentMissing, UsageError
from prover.chain import deployments
from prover.chain.abi.contract import REGISTRY, Call, encode_call
from prover.chain.accounts import anvil_account
from prover.chain.contracts.prediction import PredictionMarket
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client, connect
from prover.chain.sending.transactions import Sender
from prover.chain.state.replay import load_world
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.prediction.state import Job, State, Terms
from prover.protocol.registry.state import circuit_id_of, model_id_of
from prover.solidity.compile import compile_contracts
from prover.statement.layout import Layout, OutputKind
from tests.localchain import CONSUMER, PROVIDER, Chain, address_of, settings_of, started

FORK = 10_001
REWARD, STAKE = 1_000, 300
LAYOUT = Layout(12, 1, 4, 8, 17, 1, 1, 0, 1, 2, 1, 0, 3, 1, OutputKind.LABEL, 10)
SAMPLE = (1, 2, 3, 4, *range(8))


@dataclass(frozen=True)
class Fork:
    """A chain with an open job, seen after it took another id."""

    before: Chain
    client: Client
    job: Job
    job_id: bytes

    def sender(self, number: int) -> Sender:
        return Sender(self.client, anvil_account(number))


@pytest.fixture
def fork(home: Path, tmp_path: Path) -> Iterator[Fork]:
    """In a home of its own: two nodes started in one second have the same genesis block."""
    with started(tmp_path) as chain, settings_of(deployments=str(tmp_path / "deployments")):
        job = _posted(chain)
        job_id = chain.prediction.job_id(job)
        chain.rpc("anvil_setChainId", FORK)
        yield Fork(chain, connect(chain.url), job, job_id)


def _posted(chain: Chain) -> Job:
    """An open job on a model whose verifier takes the hash of the instances for a proof."""
    sender = chain.sender(CONSUMER)
    code = compile_contracts(["MockVerifier"])["MockVerifier"].bytecode
    verifier = str(sender.send("verifier", Call("deploying", None, code))["contractAddress"])
    digest = keccak(chain.client.code(verifier))
    circuit = (verifier, ZERO_ADDRESS, digest, bytes(32), LAYOUT.to_abi(), -8, 7, 6, 3, 45, True, 0)
    proof = keccak(b"".join(word.to_bytes(32, "big") for word in SAMPLE))
    circuit_id = circuit_id_of(circuit)
    for name, arguments in (
        ("registerCircuit", (circuit, proof, list(SAMPLE))),
        ("registerModel", (circuit_id, 5)),
    ):
        data = encode_call(REGISTRY, name, *arguments)
        sender.send(name, Call(name, chain.deployment.registry, data))
    until = chain.client.now() + 1_000
    model, nobody = model_id_of(circuit_id, 5), ZERO_ADDRESS
    terms = Terms(model, bytes(32), nobody, REWARD, STAKE, nobody, until, 600)
    job = Job(address_of(CONSUMER), 7, terms)
    sender.send("post", chain.prediction.post(job, bytes(32), ""))
    return job


def _copied(fork: Fork, **changes: int) -> Deployment:
    """The deployment file under the fork's id, as it is or with changes."""
    fields = json.loads(deployments.path_of(31337).read_text()) | changes
    deployments.path_of(FORK).write_text(json.dumps(fields))
    return deployments.load(fork.client)


def test_an_open_job_is_found_and_cancelled_on_the_fork(fork: Fork) -> None:
    deployment = _copied(fork)
    predictions, consumer = (
        PredictionMarket(fork.client, deployment.prediction),
        fork.sender(CONSUMER),
    )

    assert predictions.job_id(fork.job) == fork.job_id
    assert load_world(fork.client, deployment).prediction.jobs[fork.job_id].state is State.OPEN
    consumer.send("cancel", predictions.cancel(fork.job))

    ended = load_world(fork.client, deployment).prediction.jobs[fork.job_id]
    assert ended.state is State.CANCELLED
    assert predictions.credit(ZERO_ADDRESS, consumer.address) == REWARD
    consumer.send("withdraw", predictions.withdraw(ZERO_ADDRESS, consumer.address))
    assert predictions.credit(ZERO_ADDRESS, consumer.address) == 0


def test_an_open_job_is_refunded_on_the_fork(fork: Fork) -> None:
    predictions = PredictionMarket(fork.client, _copied(fork).prediction)
    fork.before.pass_time(1_001)
    fork.sender(PROVIDER).send("refund", predictions.refund(fork.job))
    assert predictions.credit(ZERO_ADDRESS, address_of(CONSUMER)) == REWARD


def test_nothing_is_begun_on_the_fork(fork: Fork) -> None:
    predictions = PredictionMarket(fork.client, _copied(fork).prediction)
    with pytest.raises(UsageError, match=r"deployed on chain 31337.*fork with the id 10001"):
        predictions.post(replace(fork.job, nonce=8), bytes(32), "")
    with pytest.raises(UsageError, match="deploy the contracts anew"):
        predictions.lock(fork.job, address_of(PROVIDER))


def test_the_file_of_another_chain_is_refused(fork: Fork) -> None:
    """Not renumbered either: the ids of all jobs would be others."""
    with pytest.raises(EnvironmentMissing, match=r"is for chain 10001.*deployed on chain 31337"):
        _copied(fork, chainId=FORK)

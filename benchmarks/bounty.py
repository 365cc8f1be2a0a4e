"""One batch of an accuracy bounty, submitted: what it takes more than a delivered prediction."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak

from benchmarks.scene import CONSUMER, DAY, PROVIDER, REWARD, STAKE, Scene
from prover.chain.contracts.accuracy import AccuracyBounty, Submission, TestItem
from prover.chain.contracts.batch import Run
from prover.clients.register import Registered
from prover.protocol.accuracy.state import Job, Terms
from prover.protocol.events import ZERO_ADDRESS
from prover.statement.context import JobContext
from prover.statement.documents.inputs_file import Item
from prover.statement.documents.sealed import key_hash
from prover.statement.documents.testset import SealedTestSet, Test, seal_tests
from prover.statement.sealing import check_sealable
from prover.systems.circuits import chunks
from prover.systems.interface import Artifacts
from prover.systems.proof import Proof

TESTS = 600  # 5 % at 95 %, by Hoeffding
NUM, DEN = 9, 10


@dataclass(frozen=True)
class Bounty:
    """A bounty whose key is out, on a test set that begins with the items to prove."""

    scene: Scene
    job: Job
    test_set: SealedTestSet
    labels: tuple[int, ...]

    @property
    def contract(self) -> AccuracyBounty:
        """Where it was posted."""
        return AccuracyBounty(self.scene.client, self.scene.deployment.accuracy)

    @property
    def context(self) -> JobContext:
        """What its proofs are bound to."""
        where, job_id = self.contract.address, self.contract.job_id(self.job)
        payee, chain = self.scene.sender(PROVIDER).address, self.scene.client.chain_id
        model_id = self.contract.status(job_id).model_id
        return JobContext.of(chain, where, job_id, payee, model_id)

    def submitted(self, proof: Proof, items: int) -> tuple[int, int]:
        """Gas and calldata bytes of the first `items` test items in one proof."""
        level = (items - 1).bit_length()
        tests = tuple(
            TestItem(sealed.parts_hash, label, bytes(32))
            for sealed, label in zip(self.test_set.items[:items], self.labels, strict=False)
        )
        run = Run(0, items, self.test_set.tree.path(0, level))
        submission = Submission((run,), tests, proof.proof, proof.instances)
        call = self.contract.submit(self.job, [submission])
        return self.scene.send(PROVIDER, call), len(call.data)


def opened(
    scene: Scene,
    model: Registered,
    artifacts: Artifacts,
    items: Sequence[Item],
    labels: Sequence[int],
) -> Bounty:
    """Post a bounty on 600 tests, the items first and repeated, accept it, reveal the key."""
    key = secrets.token_bytes(32)
    places = [at % len(items) for at in range(TESTS)]
    all_labels = tuple(labels[at] for at in places)
    tests = [Test(chunks(artifacts, items[at]), labels[at], bytes(32)) for at in places]
    form = check_sealable(artifacts.facts.sealed)
    test_set = seal_tests(model.circuit_id, tests, key, form)
    terms = Terms(
        circuit_id=model.circuit_id,
        provider=ZERO_ADDRESS,
        currency=ZERO_ADDRESS,
        reward=REWARD,
        bond=REWARD,
        stake=STAKE,
        miss_penalty=STAKE,
        test_root=test_set.tree.root,
        n=TESTS,
        key_hash=key_hash(key),
        data_hash=keccak(test_set.to_bytes()),
        num=NUM,
        den=DEN,
        open_until=scene.client.now() + DAY,
        reveal_seconds=DAY,
        prove_seconds=DAY,
    )
    job = Job(scene.sender(CONSUMER).address, secrets.randbits(256), terms)
    bounty = Bounty(scene, job, test_set, all_labels)
    contract, payee = bounty.contract, scene.sender(PROVIDER).address
    scene.send(CONSUMER, contract.post(job, "ipfs://tests"))
    scene.send(PROVIDER, contract.accept(job, model.model_id, payee))
    scene.send(CONSUMER, contract.reveal_key(job, key))
    return bounty

"""Accuracy bounties, the consumer's side: seal a test set and post a bounty on it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from prover.base.errors import UsageError
from prover.base.files import write_atomically
from prover.chain.contracts.accuracy import AccuracyBounty
from prover.chain.deployments import Deployment
from prover.chain.events.finality import confirmations, final_seconds
from prover.chain.node.client import Client
from prover.chain.sending.fees import gas_price
from prover.chain.sending.handing import uri_of
from prover.chain.sending.transactions import Sender
from prover.chain.sending.wallet import Handed
from prover.chain.state.replay import load_world
from prover.clients.accuracy.posted_sets import (
    PostedSet,
    check_unknown,
    mark_handed,
    posted_set,
    sharing,
)
from prover.clients.accuracy.test_items import Tests, key_of, sealed_form, sealed_tests
from prover.clients.common import posting as postings
from prover.clients.common.posting import Drawn, Posting
from prover.clients.common.seeds import read_seed
from prover.protocol.accuracy.state import Job, Terms
from prover.protocol.limits import limits_of
from prover.statement.documents.inputs_file import data_hash
from prover.statement.documents.sealed import key_hash
from prover.statement.documents.testset import SealedTestSet
from prover.systems.interface import Artifacts
from prover.systems.worker import Progress

MINING_SECONDS = 600  # a posting that is mined later would be refused


@dataclass(frozen=True)
class JobSpec:
    """What a consumer asks for; amounts in wei or token units, times in seconds.

    `artifacts` are the circuit's on this machine, which must have been compared with the chain.
    """

    circuit_id: bytes
    artifacts: Artifacts
    currency: str
    reward: int
    bond: int
    stake: int
    miss_penalty: int
    num: int
    den: int
    provider: str
    open_seconds: int
    reveal_seconds: int
    prove_seconds: int
    uri: str | None


@dataclass(frozen=True)
class Posted:
    """A bounty on the chain."""

    job_id: bytes
    terms: Terms
    file: Path
    uri: str
    gas: int
    wei_per_gas: int
    notes: tuple[str, ...]


@contextmanager
def posting(
    sender: Sender,
    deployment: Deployment,
    spec: JobSpec,
    tests: Tests,
    seed: Path,
    asked: dict[str, Any],
    progress: Progress,
) -> Iterator[Posting[Terms]]:
    """The bounty of a job spec, perhaps begun by an earlier command; `asked` are the options of it.

    Raises UsageError if a row's key was ever revealed or a window cannot hold.
    """
    client, accuracy = sender.client, AccuracyBounty(sender.client, deployment.accuracy)
    _check_spec(client, spec)
    check_unknown(tests.hashes, client.scope, revealed(client, deployment))
    draw = partial(_drawn, sender, accuracy, spec, tests, seed, progress)
    content = asked | {"circuit": spec.circuit_id, "seed": str(seed)}
    with postings.posting(sender, accuracy, Terms, content, draw) as drawn:
        try:
            yield drawn
        except Handed:
            mark_handed(drawn.job_id, drawn.job.terms.open_until)
            raise


def post_bounty(sender: Sender, deployment: Deployment, drawn: Posting[Terms]) -> Posted:
    """Post the bounty and pay reward and bond in.

    Raises ContractRefused with the rule that the terms break, InsufficientFunds or Postponed.
    """
    accuracy = AccuracyBounty(sender.client, deployment.accuracy)
    path, terms = drawn.file, drawn.job.terms
    notes = (*_shared(sender.client, deployment, drawn.job_id), *drawn.notes)
    call = accuracy.post(drawn.job, drawn.uri)
    receipt = postings.send(sender, accuracy, drawn, call, terms.escrow)
    gas, price = int(receipt["gasUsed"]), gas_price(sender.client)
    return Posted(drawn.job_id, terms, path, drawn.uri, gas, price, notes)


def _shared(client: Client, deployment: Deployment, job_id: bytes) -> Iterator[str]:
    """A note for each other bounty under way, posted from here, with rows of this one."""
    known, jobs = posted_set(job_id), load_world(client, deployment).accuracy.jobs
    for other in () if known is None else sharing(known.rows, client.scope):
        record = jobs.get(bytes.fromhex(other.job_id))
        if record is not None and not record.ended and other.job_id != job_id.hex():
            yield (
                f"bounty 0x{other.job_id} has rows of this test set too: the key of one gives the "
                "other's away, so that it is not revealed while the other is open"
            )


def revealed(client: Client, deployment: Deployment) -> Iterator[bytes]:
    """The bounties of the chain whose key is known."""
    jobs = load_world(client, deployment).accuracy.jobs
    return (job_id for job_id, record in jobs.items() if record.key is not None)


def _check_spec(client: Client, spec: JobSpec) -> None:
    """Windows: the contract's bounds, time to be mined, and the time to wait for finality."""
    limits = limits_of(client.chain_id)  # the contract's: deployments.load compared them
    least, most = limits.min_window, limits.max_window
    wait = 2 * final_seconds(client)
    for name, seconds, wanted in (
        ("--open-for", spec.open_seconds, least + (1 if client.local else MINING_SECONDS)),
        ("--reveal-within", spec.reveal_seconds, least if client.local else max(least, wait)),
        ("--prove-within", spec.prove_seconds, least),
    ):
        if not wanted <= seconds <= most:
            raise UsageError(
                f"{name} is {seconds} s: expected {wanted} to {most} s on chain "
                f"{client.chain_id} (a key is sent {confirmations(client)} blocks after the "
                "acceptance)"
            )


def _drawn(
    sender: Sender,
    accuracy: AccuracyBounty,
    spec: JobSpec,
    tests: Tests,
    seed: Path,
    progress: Progress,
) -> Drawn[Terms]:
    """Seal the tests, write the file, read it again, compute the root from it."""
    client, nonce = sender.client, secrets.randbits(256)
    own = read_seed(seed)
    progress(f"sealing {len(tests.labels)} test items")
    content = sealed_tests(spec.circuit_id, spec.artifacts, tests, own, nonce).to_bytes()
    digest = data_hash(content)
    path = postings.file_at(digest)
    uri = uri_of(client, spec.uri, path)
    write_atomically(path, content)
    terms = _terms(spec, path.read_bytes(), key_of(own, nonce), client.now(), len(tests.labels))
    job_id = accuracy.job_id(Job(sender.address, nonce, terms))
    written = PostedSet(client.scope, job_id.hex(), str(seed.resolve()), tests.hashes).save()
    return Drawn(nonce, terms, digest, uri, (path, written))


def _terms(spec: JobSpec, content: bytes, key: bytes, now: int, count: int) -> Terms:
    """Terms over the file as it is on the disk."""
    written = SealedTestSet.from_bytes(content)
    written.check(spec.circuit_id, count, sealed_form(spec.artifacts))
    return Terms(
        circuit_id=spec.circuit_id,
        provider=spec.provider,
        currency=spec.currency,
        reward=spec.reward,
        bond=spec.bond,
        stake=spec.stake,
        miss_penalty=spec.miss_penalty,
        test_root=written.tree.root,
        n=len(written.items),
        key_hash=key_hash(key),
        data_hash=data_hash(content),
        num=spec.num,
        den=spec.den,
        open_until=now + spec.open_seconds,
        reveal_seconds=spec.reveal_seconds,
        prove_seconds=spec.prove_seconds,
    )

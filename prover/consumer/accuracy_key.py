"""Revealing the key of an accuracy bounty: once, and only when the acceptance is final."""

from pathlib import Path

from prover.chain.accuracy import AccuracyBounty
from prover.chain.client import Client
from prover.chain.deployments import Deployment
from prover.chain.events import fetch_events
from prover.chain.finality import wait_final
from prover.chain.replay import load_world
from prover.chain.transactions import Sender
from prover.consumer.accuracy_tests import key_of, read_seed
from prover.consumer.testsets import mark_revealed, posted_set
from prover.errors import ChainError, UsageError
from prover.protocol.accuracy import Record, State
from prover.protocol.events import BountyAccepted
from prover.protocol.words import moment
from prover.proving.worker import Progress
from prover.statement.sealed import key_hash


def reveal(
    sender: Sender,
    deployment: Deployment,
    found: tuple[bytes, Record],
    seed: Path | None,
    progress: Progress,
) -> int:
    """Send the key once the acceptance is final; the gas it took.

    Raises UsageError in another state or with another seed, before anything is given away;
    ChainError if the acceptance changed meanwhile.
    """
    job_id, record = found
    client, accuracy = sender.client, AccuracyBounty(sender.client, deployment.accuracy)
    _require_accepted(record, client.now())
    key = _own_key(job_id, record, seed)
    wait_final(client, _accepted_in(client, deployment, job_id), progress=progress)
    after = load_world(client, deployment).accuracy.jobs.get(job_id)
    if after is None or (after.model_id, after.payee) != (record.model_id, record.payee):
        raise ChainError(
            "the chain was reorganised and the acceptance is another now: look at `zkescrow "
            "accuracy status` and run the command again"
        )
    call = accuracy.reveal_key(record.job, key)
    sender.estimate(call)
    mark_revealed(job_id)
    return int(sender.send(f"reveal:{job_id.hex()}", call)["gasUsed"])


def _require_accepted(record: Record, now: int) -> None:
    if record.state is not State.ACCEPTED:
        raise UsageError(
            f"the bounty is {record.state.name.lower()}: the key is revealed once, after a "
            "provider has accepted; see `zkescrow accuracy status`"
        )
    if now > record.state_deadline:
        raise UsageError(
            f"the key was due until {moment(record.state_deadline)}, and it is {moment(now)} "
            "now: keep it; the bond is the provider's when anyone settles"
        )


def _own_key(job_id: bytes, record: Record, seed: Path | None) -> bytes:
    known = posted_set(job_id)
    if seed is None and known is None:
        raise UsageError("the bounty was not posted from here: give its seed file with --seed")
    path = seed or Path(known.seed)  # type: ignore[union-attr]
    key = key_of(read_seed(path), record.job.nonce)
    if key_hash(key) != record.job.terms.key_hash:
        raise UsageError(f"{path} is not the seed of this bounty: give the one that it was made of")
    return key


def _accepted_in(client: Client, deployment: Deployment, job_id: bytes) -> int:
    return next(
        logged.block
        for logged in fetch_events(client, deployment)
        if isinstance(logged.event, BountyAccepted) and logged.event.job_id == job_id
    )

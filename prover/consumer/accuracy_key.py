"""Revealing the key of an accuracy bounty: once, and only when the acceptance is final."""

from functools import partial
from pathlib import Path

from web3.types import TxReceipt

from prover.chain.accuracy import AccuracyBounty
from prover.chain.client import Client
from prover.chain.contracts import Call
from prover.chain.deeds import on_the_way
from prover.chain.deployments import Deployment
from prover.chain.events import fetch_events
from prover.chain.finality import SEND_SECONDS, now_on, once_final
from prover.chain.replay import load_world
from prover.chain.transactions import Sender
from prover.chain.wallet import Handed
from prover.consumer.accuracy_tests import key_of, read_seed
from prover.consumer.testsets import key_is_out, mark_revealed, posted_set, sharing
from prover.errors import ChainError, UsageError
from prover.protocol.accuracy import Record, State
from prover.protocol.events import BountyAccepted
from prover.protocol.words import moment
from prover.proving.worker import Progress
from prover.statement.sealed import key_hash

_REORGANISED = (
    "the chain was reorganised and the acceptance is another now: look at `zkescrow accuracy "
    "status` and run the command again"
)


def reveal(
    sender: Sender,
    deployment: Deployment,
    found: tuple[bytes, Record],
    seed: Path | None,
    progress: Progress,
    never_signed: bool = False,
) -> int:
    """Send the key once the acceptance is final; the gas it took.

    `never_signed`: no wallet will send what it was given for a bounty with one of the rows. Raises
    UsageError in another state, with another seed, or where it may be late, before anything is
    given away: an earlier key that no node has does not go out then; ChainError if the acceptance
    changed meanwhile.
    """
    action = f"reveal:{found[0].hex()}"
    with sender.deciding(action):
        call = _call(sender, deployment, found, seed, progress, never_signed)
    return int(_sent(sender, action, found[0], call)["gasUsed"])


def _call(
    sender: Sender,
    deployment: Deployment,
    found: tuple[bytes, Record],
    seed: Path | None,
    progress: Progress,
    never_signed: bool,
) -> Call:
    """The call that gives the key away, when it may be sent."""
    job_id, record = found
    client, accuracy = sender.client, AccuracyBounty(sender.client, deployment.accuracy)
    margin = _margin(client, job_id)
    _require_accepted(job_id, record, now_on(client), margin)
    key = _own_key(job_id, record, seed)
    accepted_in = partial(_accepted_in, client, deployment, job_id)
    final = once_final(client, accepted_in, _REORGANISED, progress)
    after = load_world(client, deployment, final).accuracy.jobs.get(job_id)
    if after is None or _acceptance(after) != _acceptance(record):
        raise ChainError(_REORGANISED)
    _require_accepted(job_id, after, now_on(client), margin)
    _require_alone(client, deployment, job_id, never_signed)
    call = accuracy.reveal_key(record.job, key)
    sender.estimate(call)
    return call


def _sent(sender: Sender, action: str, job_id: bytes, call: Call) -> TxReceipt:
    """Send the key, and write down that it is known, where it was signed or is for a wallet."""
    try:
        return sender.send(action, call)
    except Handed:
        mark_revealed(job_id)
        raise
    finally:
        if sender.ever_signed(action):
            mark_revealed(job_id)


def _margin(client: Client, job_id: bytes) -> int:
    """Seconds that sending may take; a key that was sent before has nothing left to keep."""
    return 0 if client.local or key_is_out(client.scope, job_id) else SEND_SECONDS


def _require_alone(
    client: Client, deployment: Deployment, job_id: bytes, never_signed: bool
) -> None:
    """Raise UsageError while another bounty with one of the rows can, or will, be accepted.

    Whoever has trained on them would accept it. A key that was sent before has nothing to keep.
    """
    known = posted_set(job_id)
    if known is None or key_is_out(client.scope, job_id):
        return
    now, jobs = client.now(), load_world(client, deployment).accuracy.jobs
    coming = on_the_way(client)
    for other in sharing(known.rows, client.scope):
        record = jobs.get(bytes.fromhex(other.job_id))
        if record is None and bytes.fromhex(other.job_id) in coming:
            raise UsageError(
                f"bounty 0x{other.job_id} has rows of this test set, and its posting is signed and "
                "not on the chain now: give its command again and cancel it first, as whoever "
                "trained on the rows could take it once the key is known"
            )
        if record is None and now <= other.handed_until and not never_signed:
            raise UsageError(
                f"bounty 0x{other.job_id} has rows of this test set, and was given to a wallet, "
                f"which may send it until {moment(other.handed_until)}: whoever trained on the "
                "rows could take it once the key is known; see that it is never signed, then give "
                "--never-signed"
            )
        if record is not None and record.state is State.OPEN and now <= record.state_deadline:
            raise UsageError(
                f"bounty 0x{other.job_id} has rows of this test set and is open until "
                f"{moment(record.state_deadline)}: whoever trained on them could take it once the "
                f"key is known; `zkescrow accuracy cancel 0x{other.job_id[:10]}` first"
            )


def _require_accepted(job_id: bytes, record: Record, now: int, margin: int) -> None:
    if record.state is not State.ACCEPTED:
        raise UsageError(
            f"bounty 0x{job_id.hex()[:10]} is {record.state.name.lower()}: the key is revealed "
            "once, after a provider has accepted; see `zkescrow accuracy status`"
        )
    due = record.state_deadline
    if now > due:
        raise UsageError(
            f"the key was due until {moment(due)}, and it is {moment(now)} now: keep it; the bond "
            "is the provider's when anyone settles"
        )
    if now + margin > due:
        raise UsageError(
            f"the key is due until {moment(due)}, and it is {moment(now)} now: a transaction takes "
            f"up to {margin} s, and a late one shows the key and does not save the bond; keep it"
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


def _acceptance(record: Record) -> tuple[State, bytes, str, str]:
    """What the key is given for: whose model may be proven, for whom."""
    return (record.state, record.model_id, record.provider, record.payee)


def _accepted_in(client: Client, deployment: Deployment, job_id: bytes) -> int | None:
    """The block of the acceptance as the chain is now; None if there is none."""
    return next(
        (
            logged.block
            for logged in fetch_events(client, deployment)
            if isinstance(logged.event, BountyAccepted) and logged.event.job_id == job_id
        ),
        None,
    )

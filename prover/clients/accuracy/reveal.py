"""Revealing the key of an accuracy bounty: once, and only when the acceptance is final."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from web3.types import TxReceipt

from prover.base.errors import ChainError, UsageError
from prover.base.text import moment
from prover.chain.abi.contract import Call
from prover.chain.contracts.accuracy import AccuracyBounty
from prover.chain.deployments import Deployment
from prover.chain.events.finality import SEND_SECONDS, now_on, once_final
from prover.chain.events.reading import fetch_events
from prover.chain.node.client import Client
from prover.chain.sending.transactions import Sender
from prover.chain.sending.wallet import Handed
from prover.chain.state.deeds import on_the_way
from prover.chain.state.replay import load_world
from prover.clients.accuracy.posted_sets import (
    key_is_out,
    mark_revealed,
    posted_set,
    posted_sets,
    sharing,
)
from prover.clients.accuracy.test_items import key_of
from prover.clients.common.seeds import read_seed
from prover.protocol.accuracy.state import Record, State
from prover.protocol.events import BountyAccepted
from prover.statement.documents.sealed import key_hash
from prover.systems.worker import Progress

_REORGANISED = (
    "the chain was reorganised and the acceptance is another now: look at `zkescrow accuracy "
    "status` and run the command again"
)


@dataclass(frozen=True)
class Assured:
    """What the consumer vouches for of other bounties that may have rows of this one.

    `never_signed`: no wallet will send what it was given. `never_shared`: none has them, where this
    home does not know.
    """

    never_signed: bool = False
    never_shared: bool = False


def reveal(
    sender: Sender,
    deployment: Deployment,
    found: tuple[bytes, Record],
    seed: Path | None,
    progress: Progress,
    assured: Assured,
) -> int:
    """Send the key once the acceptance is final; the gas it took.

    Raises UsageError in another state, with another seed, where it may be late, or another bounty
    be won with it, before anything is given away: an earlier key that no node has does not go out
    then; ChainError if the acceptance changed meanwhile.
    """
    action = f"reveal:{found[0].hex()}"
    with sender.deciding(action):
        call = _call(sender, deployment, found, seed, progress, assured)
    return int(_sent(sender, action, found[0], call)["gasUsed"])


def _call(
    sender: Sender,
    deployment: Deployment,
    found: tuple[bytes, Record],
    seed: Path | None,
    progress: Progress,
    assured: Assured,
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
    _require_alone(client, deployment, found, assured)
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
    client: Client, deployment: Deployment, found: tuple[bytes, Record], assured: Assured
) -> None:
    """Raise UsageError while another bounty with one of the rows can, or will, be accepted.

    Whoever has trained on them would accept it. Where this home has only the seed, and not the
    rows, any bounty of the account may have them. A key that was sent before has nothing to keep.
    """
    job_id, record = found
    known = posted_set(job_id)
    if key_is_out(client.scope, job_id) or (known is None and assured.never_shared):
        return
    jobs, coming, now = (
        load_world(client, deployment).accuracy.jobs,
        on_the_way(client),
        client.now(),
    )
    sets = posted_sets(client.scope) if known is None else sharing(known.rows, client.scope)
    others = {bytes.fromhex(one.job_id): one.handed_until for one in sets}
    if known is None:
        others |= {one: 0 for one in jobs if jobs[one].job.consumer == record.job.consumer}
    for other, handed_until in others.items():
        until = 0 if assured.never_signed else handed_until
        obstacle = _obstacle(other, jobs.get(other), other in coming, until, now)
        if obstacle is not None:
            raise UsageError(_shared(other, *obstacle, sure=known is not None))


def _obstacle(
    other: bytes, record: Record | None, coming: bool, handed_until: int, now: int
) -> tuple[str, str] | None:
    """Why a bounty can, or will, be accepted, and what to do about it; None if it cannot."""
    if record is None and coming:
        return (
            ", and its posting is signed and not on the chain now",
            "give its command again and cancel it first",
        )
    if record is None and now <= handed_until:
        return (
            f", and was given to a wallet, which may send it until {moment(handed_until)}",
            "see that it is never signed, then give --never-signed",
        )
    if record is not None and record.state is State.OPEN and now <= record.state_deadline:
        return (
            f" and is open until {moment(record.state_deadline)}",
            f"`zkescrow accuracy cancel 0x{other.hex()[:10]}` first",
        )
    return None


def _shared(other: bytes, why: str, remedy: str, sure: bool) -> str:
    """Why a key is kept; unless `sure`, this home does not know which rows the bounties have."""
    has = "has" if sure else "may have"
    unless = "" if sure else ", or give --never-shared if it has none of them"
    return (
        f"bounty 0x{other.hex()} {has} rows of this test set{why}: whoever trained on them "
        f"could take it once the key is known; {remedy}{unless}"
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

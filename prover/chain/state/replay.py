"""The world as the events of a chain tell it."""

import hashlib
import time
from collections.abc import Iterable, Sequence

from prover.base.errors import ChainError
from prover.base.log import logger
from prover.base.settings import get_settings
from prover.base.units import HOUR
from prover.chain.abi.contract import ACCURACY, PREDICTION, REGISTRY, RETRIEVAL, SERVING
from prover.chain.deployments import Deployment
from prover.chain.events.decoding import Logged, decode_log
from prover.chain.events.finality import patience_of, pause
from prover.chain.events.reading import by_transaction
from prover.chain.events.store import FILE, BlockPoint, Doubt, opened
from prover.chain.events.sync import TAIL_BLOCKS, forget, head_of, read_logs, source_of
from prover.chain.node.client import Client, checksum
from prover.chain.state.deeds import forgotten, jobs_at, not_shown
from prover.chain.state.view import View, status_at
from prover.protocol.history import History
from prover.protocol.jobs import JobRef
from prover.protocol.limits import pace_of
from prover.protocol.world import Finding, World, empty

_FIELDS = {
    REGISTRY: "registry",
    PREDICTION: "prediction",
    SERVING: "serving",
    ACCURACY: "accuracy",
    RETRIEVAL: "retrieval",
}
_loaded: dict[str, tuple[BlockPoint, World]] = {}  # by source, the last one
_SHOWN: set[Finding] = set()
_MAX_SHOWN = 20
# What makes no sense is read again after so long, then twice as long, up to the most; what is new
# after the least, as strangers could otherwise have everything read at each command.
AGAIN_SECONDS, MAX_AGAIN_SECONDS, MIN_AGAIN_SECONDS = 600, HOUR, 60


def empty_world(client: Client, deployment: Deployment) -> World:
    """Before any event."""
    at = deployment.contracts
    addresses = {field: str(checksum(at[name].address)) for name, field in _FIELDS.items()}
    return empty(deployment.chain_id, **addresses)


def load_world(client: Client, deployment: Deployment, last: int | None = None) -> World:
    """The world after block `last`, by default the latest. Raises ChainError.

    What makes no sense is logged once, skipped, and among the findings. As long as the block is the
    same, one process reads it once. By default it is not older than what this home has seen, and
    what was done from here is in it: a node that is behind is waited for, and one that left a job
    out when it was read is asked for everything again.
    """
    if last is not None:
        return _world(client, deployment, last, head_of(client, last))
    started, anew = time.monotonic(), False
    while True:
        head = head_of(client)
        world = _world(client, deployment, None, head)
        since = head.block - max(TAIL_BLOCKS, pace_of(client.chain_id).final_blocks)
        missing = not_shown(client, world, since) or forgotten(client, world, since)
        if missing is None:
            return world
        if missing.block.number < since and not anew:
            anew = True
            _read_anew(client, deployment)
            continue
        if time.monotonic() - started > patience_of(client):
            raise ChainError(
                f"the node shows no sign of {missing.says} on job 0x{missing.job_id.hex()}, "
                "although it has that block: what it gives is old or lacks events, and nothing is "
                "concluded from it; run the command again, or use another node"
            )
        _loaded.clear()
        pause(client)


def load_held(client: Client, deployment: Deployment, refs: Sequence[JobRef]) -> World:
    """The world, in which jobs stand where their contracts say that they do in the same block.

    Where one does not, the node left events out, now or when they were stored: it is asked for all
    of them again. Raises ChainError if it goes on contradicting itself.
    """
    source, loose = source_of(client, deployment), list[JobRef]()
    for anew in (False, True):
        world = load_world(client, deployment)
        views = status_at(client, refs, _loaded[source][0])
        pairs = zip(refs, views, strict=True)
        loose = [ref for ref, view in pairs if not _is_held(world, ref, view, anew)]
        if not loose:
            return world
        if not anew:
            _read_anew(client, deployment)
    raise ChainError(
        f"the node's events of job 0x{loose[0][1].hex()} are not what the contract says of it in "
        "the same block: it leaves some out, and nothing is concluded from it; run the command "
        "again, or use another node"
    )


def _is_held(world: World, ref: JobRef, view: View | None, anew: bool) -> bool:
    """Whether events and view agree; a node that does not give the view tells nothing.

    A job whose events make no sense is read again once, and then has its own message.
    """
    contract, job_id = ref
    jobs = jobs_at(world, contract)
    if jobs is None or view is None or (job_id in jobs.set_aside and anew):
        return True
    record = jobs.jobs.get(job_id)
    if record is None:
        return view.state == 0
    return view == View(int(record.state), record.payee, record.deadline)


def _read_anew(client: Client, deployment: Deployment) -> None:
    logger(__name__).warning("the node left events out: all are read again")
    forget(client, deployment)
    _loaded.clear()


def _world(client: Client, deployment: Deployment, last: int | None, head: BlockPoint) -> World:
    source = source_of(client, deployment)
    if source not in _loaded or _loaded[source][0] != head:
        found = _read(client, deployment, last, head)
        if _is_read_again(source, found[1]):
            forget(client, deployment)
            found = _read(client, deployment, last, None)
            _note(source, found[1])
        _loaded[source] = found
        _tell(found[1].findings)
    return _loaded[source][1]


def _read(
    client: Client, deployment: Deployment, last: int | None, head: BlockPoint | None
) -> tuple[BlockPoint, World]:
    reading = read_logs(client, deployment, last, head)
    world = reduce_events(empty_world(client, deployment), map(decode_log, reading))
    return reading.head, world


def _is_read_again(source: str, world: World) -> bool:
    """Whether what makes no sense may be what a node said once, or a file that was damaged since.

    The contracts emit nothing of the kind, so that all is read anew: at once for what is new, and
    later and later for what stays.
    """
    if not _nonsense(world):
        return False
    known, now = opened(get_settings().home / FILE).doubt(source), int(time.time())
    if known is None:
        return True
    wait = known.wait if known.digest == _nonsense(world) else MIN_AGAIN_SECONDS
    return not known.read <= now < known.read + wait


def _note(source: str, world: World) -> None:
    store, digest = opened(get_settings().home / FILE), _nonsense(world)
    known = store.doubt(source)
    same = known is not None and known.digest == digest
    wait = min(known.wait * 2, MAX_AGAIN_SECONDS) if known and same else AGAIN_SECONDS
    store.save_doubt(source, Doubt(digest, int(time.time()), wait))


def _nonsense(world: World) -> bytes:
    """A digest of all that makes no sense; empty if there is nothing."""
    jobs = [job_id.hex() for jobs in world.protocols for job_id in jobs.set_aside]
    odd = sorted([*map(str, world.findings), *jobs])
    return hashlib.sha256("\n".join(odd).encode()).digest() if odd else b""


def reduce_events(world: World, events: Iterable[Logged]) -> World:
    """The world after events in the order of the chain, a transaction at a time."""
    history = History(world)
    for transaction in by_transaction(events):
        history.add([logged.event for logged in transaction])
    return history.finished()


def _tell(findings: Iterable[Finding]) -> None:
    """Each finding once in the life of this process, and not more than can be read."""
    for finding in findings:
        if finding in _SHOWN:
            continue
        _SHOWN.add(finding)
        if len(_SHOWN) <= _MAX_SHOWN:
            logger(__name__).warning("skipped", where=finding.where, what=finding.what)
        elif len(_SHOWN) == _MAX_SHOWN + 1:
            logger(__name__).warning("skipped more; `zkescrow audit replay` tells all of it")

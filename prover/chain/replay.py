"""The world as the events of a chain tell it."""

import time
from collections.abc import Iterable

from prover.chain.client import Client, checksum
from prover.chain.contracts import ACCURACY, MARKET, REGISTRY, RETRIEVAL, SERVING
from prover.chain.decoding import Logged, decode_log
from prover.chain.deeds import not_shown
from prover.chain.deployments import Deployment
from prover.chain.events import by_transaction
from prover.chain.finality import patience_of, pause
from prover.chain.store import Point
from prover.chain.sync import TAIL_BLOCKS, head_of, read_logs, source_of
from prover.errors import ChainError
from prover.log import logger
from prover.protocol.history import History
from prover.protocol.limits import pace_of
from prover.protocol.world import Finding, World, empty

_FIELDS = {
    REGISTRY: "registry",
    MARKET: "prediction",
    SERVING: "serving",
    ACCURACY: "accuracy",
    RETRIEVAL: "retrieval",
}
_loaded: dict[str, tuple[Point, World]] = {}  # by source, the last one
_TOLD: set[Finding] = set()
_MOST_TOLD = 20


def empty_world(client: Client, deployment: Deployment) -> World:
    """Before any event."""
    at = deployment.contracts
    addresses = {field: str(checksum(at[name].address)) for name, field in _FIELDS.items()}
    return empty(deployment.chain_id, **addresses)


def load_world(client: Client, deployment: Deployment, last: int | None = None) -> World:
    """The world after block `last`, by default the latest. Raises ChainError.

    What makes no sense is told once, skipped, and among the findings. As long as the block is the
    same, one process reads it once. By default it is not older than what this home has seen, and
    what was done from here is in it: a node that is behind is waited for.
    """
    if last is not None:
        return _world(client, deployment, last, head_of(client, last))
    started = time.monotonic()
    while True:
        head = head_of(client)
        world = _world(client, deployment, None, head)
        since = head.block - max(TAIL_BLOCKS, pace_of(client.chain_id).final_blocks)
        missing = not_shown(client, world, since)
        if missing is None:
            return world
        if time.monotonic() - started > patience_of(client):
            raise ChainError(
                f"the node shows no sign of {missing.says} on job 0x{missing.job_id.hex()}, "
                "although it has that block: what it tells is old or lacks events, and nothing is "
                "concluded from it; run the command again, or use another node"
            )
        _loaded.clear()
        pause(client)


def _world(client: Client, deployment: Deployment, last: int | None, head: Point) -> World:
    source = source_of(client, deployment)
    if source not in _loaded or _loaded[source][0] != head:
        reading = read_logs(client, deployment, last, head)
        world = reduce_events(empty_world(client, deployment), map(decode_log, reading))
        _loaded[source] = (reading.head, world)
        _tell(world.findings)
    return _loaded[source][1]


def reduce_events(world: World, events: Iterable[Logged]) -> World:
    """The world after events in the order of the chain, a transaction at a time."""
    history = History(world)
    for transaction in by_transaction(events):
        history.add([logged.event for logged in transaction])
    return history.finished()


def _tell(findings: Iterable[Finding]) -> None:
    """Each finding once in the life of this process, and not more than can be read."""
    for finding in findings:
        if finding in _TOLD:
            continue
        _TOLD.add(finding)
        if len(_TOLD) <= _MOST_TOLD:
            logger(__name__).warning("skipped", where=finding.where, what=finding.what)
        elif len(_TOLD) == _MOST_TOLD + 1:
            logger(__name__).warning("skipped more; `zkescrow audit replay` tells all of it")

"""The world as the events of a chain tell it."""

import logging
from collections.abc import Iterable

from prover.chain.client import Client
from prover.chain.contracts import ACCURACY, MARKET, REGISTRY, RETRIEVAL, SERVING
from prover.chain.deployments import Deployment
from prover.chain.events import Logged, by_transaction, fetch_events
from prover.protocol.history import History
from prover.protocol.world import Finding, World, empty

_FIELDS = {
    REGISTRY: "registry",
    MARKET: "prediction",
    SERVING: "serving",
    ACCURACY: "accuracy",
    RETRIEVAL: "retrieval",
}
_TOLD: set[Finding] = set()
_MOST_TOLD = 20
_log = logging.getLogger(__name__)


def empty_world(client: Client, deployment: Deployment) -> World:
    """Before any event."""
    addresses = {field: deployment.contracts[name].address for name, field in _FIELDS.items()}
    return empty(deployment.chain_id, **addresses)


def load_world(client: Client, deployment: Deployment, last: int | None = None) -> World:
    """The world after block `last`, by default the latest. Raises ChainError.

    What makes no sense is told once, skipped, and among the findings.
    """
    events = fetch_events(client, deployment, last=last)
    world = reduce_events(empty_world(client, deployment), events)
    _tell(world.findings)
    return world


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
            _log.warning("skipped: %s", finding)
        elif len(_TOLD) == _MOST_TOLD + 1:
            _log.warning("skipped: more findings; `zkescrow audit replay` tells all of them")

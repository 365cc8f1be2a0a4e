"""The world as the events of a chain tell it."""

from collections.abc import Iterable

from prover.chain.client import Client
from prover.chain.contracts import ACCURACY, MARKET, REGISTRY, RETRIEVAL, SERVING
from prover.chain.deployments import Deployment
from prover.chain.events import Logged, by_transaction, fetch_events
from prover.protocol.world import World, apply_transaction, empty

_FIELDS = {
    REGISTRY: "registry",
    MARKET: "prediction",
    SERVING: "serving",
    ACCURACY: "accuracy",
    RETRIEVAL: "retrieval",
}


def empty_world(client: Client, deployment: Deployment) -> World:
    """Before any event."""
    addresses = {field: deployment.contracts[name].address for name, field in _FIELDS.items()}
    return empty(client.chain_id, **addresses)


def load_world(client: Client, deployment: Deployment, last: int | None = None) -> World:
    """The world after block `last`, by default the latest. Raises IllegalEvent or ChainError."""
    events = fetch_events(client, deployment, last=last)
    return reduce_events(empty_world(client, deployment), events)


def reduce_events(world: World, events: Iterable[Logged]) -> World:
    """The world after events in the order of the chain, a transaction at a time."""
    for transaction in by_transaction(events):
        world = apply_transaction(world, [logged.event for logged in transaction])
    return world

"""Waiting until a move of the other side can no longer be undone, before a secret is given away."""

import time
from collections.abc import Callable

from prover.chain.client import Client
from prover.settings import get_settings

CONFIRMATIONS = 64  # two epochs of Ethereum: final unless a third of the stake is burnt
POLL_SECONDS = 2.0


def confirmations(client: Client) -> int:
    """Blocks that must lie on top of a block: the setting, or 0 on a local chain, 64 elsewhere."""
    chosen = get_settings().confirmations
    if chosen is not None:
        return chosen
    return 0 if client.local else CONFIRMATIONS


def wait_final(
    client: Client,
    block: int,
    depth: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> None:
    """Return once `depth` blocks (by default `confirmations`) lie on top of block number `block`.

    A reorganisation may have changed the past meanwhile: read the state again afterwards.
    """
    wanted = block + (confirmations(client) if depth is None else depth)
    told = None
    while (missing := wanted - int(client.block()["number"])) > 0:
        if progress and missing != told:
            progress(f"waiting for finality: {missing} blocks to go")
            told = missing
        time.sleep(POLL_SECONDS)

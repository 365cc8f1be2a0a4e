"""How long the hosts of open jobs may hold up a pass of a provider: they are strangers' too.

A host that answers slowly costs a pass up to the whole deadline of a download. So one pass spends a
bounded time on all of them, and a file that was slow is not asked for again for an hour, then two,
then four; one that was not to be had, and took a second or more, for as long in proportion. However
many such jobs there are, the others get their turn.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from eth_utils.crypto import keccak

from prover.base.text import moment
from prover.base.units import HOUR
from prover.clients.common.inputs.fetch import InputsUnavailable
from prover.clients.common.inputs.handover import is_kept
from prover.clients.prediction.store import JobStore
from prover.protocol.prediction.state import Record

SLOW_SECONDS = 5.0
FAILED_SECONDS = 1.0  # a failure that takes so long is slow too
PASS_SECONDS = 120.0
FIRST_WAIT_SECONDS = HOUR


@dataclass
class Patience:
    """Seconds that one pass has spent on slow files of open jobs, and what is known of them."""

    store: JobStore
    spent: float = 0.0

    @contextmanager
    def fetching(self, record: Record) -> Iterator[None]:
        """Time the fetching of a job's file. Raises InputsUnavailable if it is not its turn."""
        if is_kept(record.data_hash):
            yield
            return
        name = keccak(record.data_hash + record.uri)
        waited = self._check(name)
        started, slow = time.monotonic(), FAILED_SECONDS
        try:
            yield
            slow = SLOW_SECONDS
        finally:
            took = time.monotonic() - started
            if took >= slow:
                self.spent += took
                share = min(took / SLOW_SECONDS, 1.0)
                wait = 2 * waited or int(FIRST_WAIT_SECONDS * share)
                self.store.save_slow(name, int(time.time()) + wait, wait)

    def _check(self, name: bytes) -> int:
        """Seconds that the file was waited for the last time, 0 if it was never slow."""
        until, wait = self.store.slow(name)
        if time.time() < until:
            raise InputsUnavailable(
                "its inputs came too slowly, or not at all: they are asked for again from "
                f"{moment(until)} on, or give the file with --inputs FILE"
            )
        if self.spent >= PASS_SECONDS:
            raise InputsUnavailable(
                f"this pass has spent {self.spent:.0f} s on slow hosts, expected at most "
                f"{PASS_SECONDS:.0f}: the next pass looks at it"
            )
        return wait

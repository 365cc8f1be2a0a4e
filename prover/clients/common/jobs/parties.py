"""The parties of a job as text, for the sentences that say where it stands."""

from typing import Any

from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.jobs import Record


def parties(named: str, record: Record[Any]) -> dict[str, str]:
    """Who may join (`named` by the terms, or any provider), who did, who is paid, who posted."""
    return {
        "who": "any provider" if named == ZERO_ADDRESS else f"provider {named}",
        "provider": record.provider,
        "payee": record.payee,
        "consumer": record.job.consumer,
    }

"""Where a job stands, in words."""

from dataclasses import dataclass
from typing import Any

from prover.chain.client import Client
from prover.chain.deployments import Deployment
from prover.chain.replay import load_world
from prover.cli.consumer import find_job
from prover.cli.options import in_ether
from prover.cli.outcome import Prediction, read_outputs
from prover.errors import ArtifactMismatch
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.prediction import Record, State
from prover.protocol.world import World


@dataclass(frozen=True)
class Report:
    """A job's standing as data and as lines."""

    data: dict[str, Any]
    lines: list[str]


def report(client: Client, deployment: Deployment, text: str | None) -> Report:
    """Where one job stands, who must act until when, and what was proven."""
    job_id, record = find_job(client, deployment, text)
    now = client.now()
    predictions = _predictions(load_world(client, deployment), record)
    after = next_step(record, now)
    data = _row(job_id, record) | {
        "now": now,
        "next": after,
        "predictions": None if predictions is None else [one.to_dict() for one in predictions],
        "outputs": [hex(word) for word in record.outputs],
    }
    lines = [f"job 0x{job_id.hex()} is {record.state.name.lower()}", f"next: {after}"]
    if predictions is not None:
        lines += [f"item {at}: {one.sentence()}" for at, one in enumerate(predictions)]
    elif record.outputs:
        lines.append("the model's artifacts are not on this machine: outputs are shown by --json")
    return Report(data, lines)


def all_jobs(client: Client, deployment: Deployment) -> list[dict[str, Any]]:
    """One row for each job of the market, oldest first."""
    world = load_world(client, deployment)
    now = client.now()
    return [
        _row(job_id, record) | {"next": next_step(record, now)}
        for job_id, record in world.prediction.jobs.items()
    ]


def next_step(record: Record, now: int) -> str:
    """What happens next, who must act, until when."""
    due, terms = record.state_deadline, record.job.terms
    if record.state is State.OPEN and now <= due:
        who = "any provider" if terms.provider == ZERO_ADDRESS else f"provider {terms.provider}"
        return f"{who} may lock it within {due - now} s (until {due}); until then you may cancel"
    if record.state is State.OPEN:
        return f"nobody locked it until {due}: anyone may refund the consumer"
    if record.state is State.LOCKED and now <= due:
        return f"provider {record.provider} must deliver within {due - now} s (until {due})"
    if record.state is State.LOCKED:
        return (
            f"the provider missed {due}: anyone may refund it, reward and stake go to the consumer"
        )
    return _ENDS[record.state].format(payee=record.payee, consumer=record.job.consumer)


_ENDS = {
    State.PAID: "nothing: the proof was accepted, and {payee} may withdraw reward and stake",
    State.CANCELLED: "{consumer} may withdraw the reward",
    State.EXPIRED: "{consumer} may withdraw the reward",
    State.SLASHED: "{consumer} may withdraw reward and stake",
    State.VOIDED: "the circuit was condemned: each side may withdraw its own deposit",
}


def _predictions(world: World, record: Record) -> list[Prediction] | None:
    from prover.chain.registry import Circuit
    from prover.proving.artifacts import find_artifacts

    if not record.outputs:
        return None
    circuit_id, weights = world.registry.models[record.job.terms.model_id]
    digest = Circuit.from_abi(world.registry.circuits[circuit_id]).artifact_digest
    try:
        manifest = find_artifacts(digest, weights).manifest
    except ArtifactMismatch:
        return None
    return read_outputs(record.outputs, manifest)


def _row(job_id: bytes, record: Record) -> dict[str, Any]:
    terms = record.job.terms
    native = terms.currency == ZERO_ADDRESS
    return {
        "job": "0x" + job_id.hex(),
        "state": record.state.name.lower(),
        "reward": in_ether(terms.reward) if native else f"{terms.reward} of {terms.currency}",
        "consumer": record.job.consumer,
        "payee": record.payee,
        "deadline": record.state_deadline,
    }

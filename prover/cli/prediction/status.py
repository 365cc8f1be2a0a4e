"""Where a job stands, as text."""

from dataclasses import dataclass
from typing import Any

from prover.base.errors import ArtifactMismatch
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.chain.state.replay import load_world
from prover.cli.prediction.job import find_job
from prover.clients.agenda import entry, reminders, rows
from prover.clients.common.jobs.deeds import of_job
from prover.clients.common.jobs.kinds import PREDICTION
from prover.clients.prediction.status import row
from prover.protocol.prediction.state import Record
from prover.protocol.world import World
from prover.systems.ezkl.outputs import Prediction, read_outputs


@dataclass(frozen=True)
class Report:
    """A job's status as data and as lines."""

    data: dict[str, Any]
    lines: list[str]


def report(client: Client, deployment: Deployment, text: str | None) -> Report:
    """Where one job stands, who must act until when, and what was proven."""
    job_id, record = find_job(client, deployment, text)
    now, world = client.now(), load_world(client, deployment)
    predictions = _predictions(world, record)
    current = entry(world, PREDICTION, job_id, record, now)
    done, due = of_job(client, world, job_id), reminders(client, world, job_id, now)
    data = row(job_id, record) | {
        "now": now,
        "provisional": done.rows,
        "reminders": due.rows,
        **current.to_dict(),
        "predictions": None if predictions is None else [one.to_dict() for one in predictions],
        "outputs": [hex(word) for word in record.outputs],
    }
    stands = f"job 0x{job_id.hex()} is {record.state.name.lower()}"
    lines = [stands, *done.lines, f"next: {current.next}"]
    if predictions is not None:
        lines += [f"item {at}: {one.message()}" for at, one in enumerate(predictions)]
    elif record.outputs:
        lines.append("the model's artifacts are not on this machine: outputs are shown by --json")
    return Report(data, [*lines, *due.lines])


def all_jobs(client: Client, deployment: Deployment) -> list[dict[str, Any]]:
    """One row for each job of predictions, oldest first."""
    return rows(client, load_world(client, deployment), PREDICTION, client.now(), row)


def _predictions(world: World, record: Record) -> list[Prediction] | None:
    from prover.chain.contracts.registry import Circuit
    from prover.systems.ezkl.artifacts import find_artifacts

    if not record.outputs:
        return None
    circuit_id, weights = world.registry.models[record.job.terms.model_id]
    digest = Circuit.from_abi(world.registry.circuits[circuit_id]).artifact_digest
    try:
        manifest = find_artifacts(digest, weights).manifest
    except ArtifactMismatch:
        return None
    return read_outputs(record.outputs, manifest)

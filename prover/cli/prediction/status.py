"""`zkescrow prediction status`: where a job stands, and what was proven."""

from typing import Any

from prover.base.errors import ArtifactMismatch
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.chain.state.replay import load_world
from prover.cli.job import job_status
from prover.cli.prediction.job import find_job
from prover.clients.agenda import rows
from prover.clients.common.jobs.kinds import PREDICTION
from prover.clients.prediction.status import row
from prover.protocol.prediction.state import Record
from prover.protocol.world import World
from prover.systems.circuits import read_outputs
from prover.systems.interface import Prediction


def status_of(
    client: Client, deployment: Deployment, text: str | None
) -> tuple[dict[str, Any], list[str]]:
    """One job, the last one used without `text`; what to print."""
    job_id, record = find_job(client, deployment, text)
    now, world = client.now(), load_world(client, deployment)
    predictions = _predictions(world, record)
    facts = row(job_id, record) | {
        "predictions": None if predictions is None else [one.to_dict() for one in predictions],
        "outputs": [hex(word) for word in record.outputs],
    }
    head, read = [f"job 0x{job_id.hex()} is {facts['state']}"], list[str]()
    if predictions is not None:
        read = [f"item {at}: {one.message()}" for at, one in enumerate(predictions)]
    elif record.outputs:
        read = ["the model's artifacts are not on this machine: outputs are shown by --json"]
    return job_status(client, world, PREDICTION, job_id, record, now, facts, head, read)


def all_jobs(client: Client, deployment: Deployment) -> list[dict[str, Any]]:
    """One row for each job of predictions, oldest first."""
    world = load_world(client, deployment)
    return rows(client, world, PREDICTION, client.now(), row)


def _predictions(world: World, record: Record) -> list[Prediction] | None:
    from prover.chain.contracts.registry import Circuit
    from prover.systems.circuits import find_artifacts

    if not record.outputs:
        return None
    circuit_id, weights = world.registry.models[record.job.terms.model_id]
    digest = Circuit.from_abi(world.registry.circuits[circuit_id]).artifact_digest
    try:
        artifacts = find_artifacts(digest, weights)
    except ArtifactMismatch:
        return None
    return read_outputs(artifacts, record.outputs)

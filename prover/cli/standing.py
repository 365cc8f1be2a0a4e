"""Where a job stands, in words."""

from dataclasses import dataclass
from typing import Any

from prover.chain.client import Client
from prover.chain.deployments import Deployment
from prover.chain.replay import load_world
from prover.cli.consumer import find_job
from prover.cli.outcome import Prediction, read_outputs
from prover.errors import ArtifactMismatch
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.prediction import Record, State
from prover.protocol.words import amount_in, credited, moment, until, voidable
from prover.protocol.world import World


@dataclass(frozen=True)
class Report:
    """A job's standing as data and as lines."""

    data: dict[str, Any]
    lines: list[str]


def report(client: Client, deployment: Deployment, text: str | None) -> Report:
    """Where one job stands, who must act until when, and what was proven."""
    job_id, record = find_job(client, deployment, text)
    now, world = client.now(), load_world(client, deployment)
    predictions = _predictions(world, record)
    after = next_step(record, now, world.condemned_in_time(record, now))
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
        _row(job_id, record)
        | {"next": next_step(record, now, world.condemned_in_time(record, now))}
        for job_id, record in world.prediction.jobs.items()
    ]


def next_step(record: Record, now: int, condemned: int | None = None) -> str:
    """What happens next, who must act until when, and what the deadline's default pays whom.

    `condemned` is when the circuit was condemned, if the job can be ended for that.
    """
    terms = record.job.terms
    if record.ended:
        return credited(_ENDS[record.state], record.payouts(), record.job.terms.currency)
    if condemned is not None:
        return voidable("job", condemned, "refund")
    due = record.state_deadline
    words = _LATE[record.state] if now > due else _IN_TIME[record.state]
    return words.format(
        due=moment(due),
        until=until(due, now),
        who="any provider" if terms.provider == ZERO_ADDRESS else f"provider {terms.provider}",
        provider=record.provider,
        payee=record.payee,
        consumer=record.job.consumer,
        reward=amount_in(terms.currency, terms.reward),
        stake=amount_in(terms.currency, terms.stake),
        everything=amount_in(terms.currency, terms.reward + terms.stake),
    )


_IN_TIME = {
    State.OPEN: (
        "{who} may lock it {until} with a stake of {stake}; until then {consumer} may cancel. If "
        "nobody locks it, {consumer} gets {reward} back"
    ),
    State.LOCKED: (
        "provider {provider} must deliver the proof {until}; then {payee} gets {everything} "
        "(reward and stake). If it does not, {consumer} gets {everything}, the stake included"
    ),
}
_LATE = {
    State.OPEN: "nobody locked it until {due}: anyone may refund it, and {consumer} gets {reward}",
    State.LOCKED: (
        "the proof was not delivered until {due}: anyone may refund it, and {consumer} gets "
        "{everything}, the stake included"
    ),
}
_ENDS = {
    State.PAID: "the proof was accepted",
    State.CANCELLED: "the consumer took the job back",
    State.EXPIRED: "nobody locked it in time",
    State.SLASHED: "the proof was not delivered in time, and the stake is the consumer's",
    State.VOIDED: "the circuit was condemned, and each side has its deposits back",
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
    return {
        "job": "0x" + job_id.hex(),
        "state": record.state.name.lower(),
        "reward": amount_in(terms.currency, terms.reward),
        "stake": amount_in(terms.currency, terms.stake),
        "consumer": record.job.consumer,
        "payee": record.payee,
        "deadline": record.state_deadline,
    }

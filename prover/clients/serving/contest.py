"""Serving rounds, the consumer's side after the outputs are posted: contest some, read them all."""

import secrets
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil

from prover.base.errors import ChainError, StatementInvalid, UsageError
from prover.base.settings import get_settings
from prover.chain.contracts.serving import ServingRound
from prover.chain.deployments import Deployment
from prover.chain.events.finality import once_final
from prover.chain.events.reading import fetch_events
from prover.chain.node.client import Client
from prover.chain.sending.transactions import Sender
from prover.chain.state.replay import load_world
from prover.protocol.events import OutputsCommitted
from prover.protocol.serving.economics import chance_to_catch
from prover.protocol.serving.state import Record, State
from prover.statement.documents.inputs_file import InputsFile
from prover.statement.documents.samples import CONFIDENCE
from prover.statement.runs import decode_outputs, inputs_tree
from prover.systems.circuits import commitments, compare_with_witness, evaluate
from prover.systems.interface import Artifacts
from prover.systems.worker import Progress

Outputs = tuple[tuple[int, ...], ...]
_REORGANISED = "the chain was reorganised and the outputs are others now: run the command again"


@dataclass(frozen=True)
class Contested:
    """The items that the consumer wants proven, as they are on the chain."""

    indices: tuple[int, ...]
    deadline: int
    gas: int


def wait_for_outputs(
    client: Client, deployment: Deployment, job_id: bytes, progress: Progress
) -> Record:
    """The round once its outputs are final: before that a contest would give the sample away.

    A provider that sees the sample while a reorganisation can still replace the outputs would
    correct just these. Raises UsageError if the outputs are not there, ChainError if they changed.
    """
    before = _served(client, deployment, job_id)
    served_in = partial(_block_of_outputs, client, deployment, job_id)
    final = once_final(client, served_in, _REORGANISED, progress)
    after = _served(client, deployment, job_id, final)
    if (after.outputs_root, after.payee) != (before.outputs_root, before.payee):
        raise ChainError(_REORGANISED)
    return after


def draw(n: int, count: int, wanted: Iterable[int] = ()) -> tuple[int, ...]:
    """`count` of n indices, ascending: those wanted, and others from the system's generator.

    If more are wanted than may be contested, a random part of them.
    """
    generator = secrets.SystemRandom()
    first = sorted(set(wanted))
    if len(first) > count:
        return tuple(sorted(generator.sample(first, count)))
    others = sorted(set(range(n)) - set(first))
    return tuple(sorted((*first, *generator.sample(others, min(count, n) - len(first)))))


def checked(record: Record, indices: Iterable[int]) -> tuple[int, ...]:
    """Indices that were named by hand, ascending. Raises UsageError."""
    terms, chosen = record.job.terms, sorted(indices)
    for index in chosen:
        if not 0 <= index < terms.n:
            raise UsageError(f"--index {index}: expected 0 to {terms.n - 1} in this round")
    if len(set(chosen)) != len(chosen) or not 1 <= len(chosen) <= terms.max_contests:
        raise UsageError(
            f"{len(chosen)} indices, {len(set(chosen))} of them different: expected 1 to "
            f"{terms.max_contests} different ones in this round"
        )
    return tuple(chosen)


def contest(
    sender: Sender, deployment: Deployment, job_id: bytes, record: Record, indices: Sequence[int]
) -> Contested:
    """Contest; if this was done before, what was contested then. Raises ContractRefused."""
    serving = ServingRound(sender.client, deployment.serving)
    receipt = sender.send(f"contest:{job_id.hex()}", serving.contest(record.job, indices))
    found = load_world(sender.client, deployment).serving.jobs.get(job_id)
    if found is None:
        raise ChainError(
            f"round 0x{job_id.hex()} was contested, and the node does not know it any more: look "
            "at `zkescrow serving status`, with another node if it stays so"
        )
    return Contested(found.contested, found.state_deadline, int(receipt["gasUsed"]))


def posted_outputs(record: Record) -> Outputs:
    """The signed output words of all items. Raises UsageError before they are posted."""
    terms = record.job.terms
    if not record.outputs:
        raise UsageError(f"the round is {record.state.name.lower()}: no outputs are posted")
    return decode_outputs(record.outputs, terms.n, terms.word_bytes)


def differing(record: Record, artifacts: Artifacts) -> tuple[int, ...]:
    """Items whose posted outputs are not what the model gives on this machine.

    Needs the inputs file of the round, and the model with its weights. Raises ArtifactMismatch or
    StatementInvalid, and ProvingError if our evaluation is not what a proof would show.
    """
    inputs_file = own_inputs(record, artifacts)
    compare_with_witness(artifacts, inputs_file.items)
    ours = evaluate(artifacts, inputs_file.items)
    pairs = zip(posted_outputs(record), ours, strict=True)
    found = [index for index, (theirs, own) in enumerate(pairs) if theirs != own]
    compare_with_witness(artifacts, [inputs_file.items[index] for index in found])
    return tuple(found)


def own_inputs(record: Record, artifacts: Artifacts) -> InputsFile:
    """The inputs file that was written when the round was opened from here."""
    path = get_settings().home / "inputs" / f"{record.data_hash.hex()}.json"
    if not path.is_file():
        raise StatementInvalid(
            f"the round's inputs file is not at {path}: only where the round was opened can its "
            "outputs be computed again"
        )
    inputs_file = InputsFile.from_bytes(path.read_bytes())
    root = inputs_tree(commitments(artifacts, inputs_file.items)).root
    if root != record.job.terms.inputs_root:
        raise StatementInvalid(
            f"{path} is another file: expected the inputs file of the round; put that back"
        )
    return inputs_file


def supports(n: int, contested: int, wrong: int) -> tuple[str, ...]:
    """What a random sample says of `wrong` wrong answers among n, and what it does not."""
    if contested == n:
        return (f"all {n} answers must be proven: no wrong one can pass",)
    return (
        f"if {wrong} or more of the {n} posted answers ({wrong / n:.1%}) are wrong, at least one "
        f"is among {contested} random ones with {chance_to_catch(n, wrong, contested):.1%}: it "
        "cannot be proven, and the provider loses price and stake",
        f"not supported: that the {n - contested} other answers are right. A single wrong one is "
        f"found with {chance_to_catch(n, 1, contested):.1%} ({contested} of {n}), and a provider "
        "that gains more from it elsewhere than it loses here is not deterred",
    )


def wrong_answers(n: int, share: float) -> int:
    """How many answers a share of n is, rounded up."""
    return max(1, ceil(round(share * n, 9)))


def least_found(n: int, contested: int, confidence: float = CONFIDENCE) -> int:
    """The fewest wrong answers of n that a random sample finds with this confidence."""
    return bisect_left(
        range(n), confidence, lo=1, key=lambda wrong: chance_to_catch(n, wrong, contested)
    )


def _served(
    client: Client, deployment: Deployment, job_id: bytes, last: int | None = None
) -> Record:
    record = load_world(client, deployment, last).serving.jobs.get(job_id)
    if record is None or record.state is not State.SERVED:
        state = "not on this chain" if record is None else record.state.name.lower()
        raise UsageError(
            f"round 0x{job_id.hex()} is {state}: it can be contested once, after the outputs are "
            "posted; see `zkescrow serving status`"
        )
    return record


def _block_of_outputs(client: Client, deployment: Deployment, job_id: bytes) -> int | None:
    """The block of the outputs as the chain is now; None if there is none."""
    return next(
        (
            logged.block
            for logged in fetch_events(client, deployment)
            if isinstance(logged.event, OutputsCommitted) and logged.event.job_id == job_id
        ),
        None,
    )

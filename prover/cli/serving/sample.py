"""`zkescrow serving contest` and `results`: which answers to have proven, and what came back."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prover.base.console import progress
from prover.base.errors import UsageError
from prover.base.files import write_atomically
from prover.base.text import moment, some_of
from prover.chain.deployments import Deployment
from prover.chain.sending.transactions import Sender
from prover.clients.common.models import find
from prover.clients.serving import contest as consumer
from prover.protocol.serving.state import Record
from prover.statement.field import encode_signed
from prover.systems.circuits import read_outputs
from prover.systems.interface import Artifacts

Report = tuple[dict[str, Any], list[str]]


@dataclass(frozen=True)
class Choice:
    """Options of `serving contest`: how many at random, or which by hand."""

    count: int | None
    indices: tuple[int, ...]
    differing: bool

    def gave(self, record: Record) -> bool:
        """Whether what is contested is what this choice gives: those by hand, or so many."""
        if self.indices:
            return sorted(self.indices) == sorted(record.contested)
        return self.count in (None, len(record.contested))


def contested(sender: Sender, deployment: Deployment, job_id: bytes, choice: Choice) -> Report:
    """Wait until the outputs are final, draw, contest; what to print."""
    if choice.indices and (choice.count is not None or choice.differing):
        raise UsageError(
            "--index with --count or --differing: expected either the items by --index, or how "
            "to draw them; leave one out"
        )
    record = consumer.wait_for_outputs(sender.client, deployment, job_id, progress)
    wrong = _differing(sender, deployment, record) if choice.differing else ()
    indices = _chosen(record, choice, wrong)
    done = consumer.contest(sender, deployment, job_id, record, indices)
    data = {
        "job": "0x" + job_id.hex(),
        "contested_items": list(done.indices),
        "random": not choice.indices,
        "differing_items": list(wrong),
        "until": done.deadline,
        "gas": done.gas,
    }
    return data, _lines(record.job.terms.n, done, not choice.indices, wrong)


def _how(n: int, count: int, random: bool, wrong: int) -> str:
    """How the items were chosen."""
    if count == n:
        return "all of them"
    if not random:
        return "chosen by hand: they say nothing about the others"
    if wrong == 0:
        return "random"
    return f"{min(wrong, count)} that differ, {max(count - wrong, 0)} random"


def _lines(n: int, done: consumer.Contested, random: bool, wrong: tuple[int, ...]) -> list[str]:
    """What was contested, and what that supports."""
    count = len(done.indices)
    return [
        f"contested {count} of {n} items ({_how(n, count, random, len(wrong))}); {done.gas} gas",
        *([f"differ from your own evaluation: {len(wrong)} ({some_of(wrong)})"] if wrong else []),
        *(consumer.supports(n, count, consumer.least_found(n, count)) if random else ()),
        f"next: the provider proves them until {moment(done.deadline)}, or you get everything",
    ]


def results_of(
    job_id: bytes, record: Record, artifacts: Artifacts, out: Path, compare: bool
) -> Report:
    """Write all posted outputs and which are proven; what to print."""
    rows = consumer.posted_outputs(record)
    words = tuple(encode_signed(word) for row in rows for word in row)
    proven = {record.contested[position] for position in record.answered}
    wrong = consumer.differing(record, artifacts) if compare else None
    entries = [
        {"index": index, "proven": index in proven} | one.to_dict()
        for index, one in enumerate(read_outputs(artifacts, words))
    ]
    data = {
        "job": "0x" + job_id.hex(),
        "state": record.state.name.lower(),
        "items": len(entries),
        "proven": len(proven),
        "differing_items": None if wrong is None else list(wrong),
    }
    content = json.dumps(data | {"outputs": entries}, indent=1).encode()
    write_atomically(out.absolute(), content, private=False)
    lines = [
        f"{out}: the outputs of {len(entries)} items, {len(proven)} of them proven; the round is "
        f"{data['state']}"
    ]
    if wrong is not None:
        named = f" ({some_of(wrong)})" if wrong else ""
        lines.append(f"{len(wrong)} differ from the evaluation on this machine{named}")
    return data | {"file": str(out)}, lines


def _differing(sender: Sender, deployment: Deployment, record: Record) -> tuple[int, ...]:
    progress("evaluating the inputs here")
    known = find(sender.client, deployment, "0x" + record.job.terms.model_id.hex())
    return consumer.differing(record, known.artifacts)


def _chosen(record: Record, choice: Choice, wrong: tuple[int, ...]) -> tuple[int, ...]:
    terms = record.job.terms
    if choice.indices:
        return consumer.checked(record, choice.indices)
    count = terms.max_contests if choice.count is None else choice.count
    if not 1 <= count <= terms.max_contests:
        raise UsageError(
            f"--count {count}: expected 1 to {terms.max_contests}, which may be contested"
        )
    return consumer.draw(terms.n, count, wrong)

"""What the commands about one round share: which of them, and what joining says."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from prover.base.text import counted
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.cli.job import find_on
from prover.clients.common.jobs.choosing import UNENDED, Wanted, in_state, open_to
from prover.clients.common.jobs.kinds import ROUND
from prover.clients.serving.status import amount
from prover.protocol.serving.state import Record, State

if TYPE_CHECKING:
    from prover.clients.serving.provider import Joined


def find_round(
    client: Client, deployment: Deployment, text: str | None, wanted: Wanted = UNENDED
) -> tuple[bytes, Record]:
    """A round of the chain by its id or the id's beginning, else the one that is wanted."""
    _, job_id, record = find_on(client, deployment, ROUND, text, wanted)
    return job_id, record


def joinable(who: str, payee: str, accept: Callable[[str], None]) -> Wanted:
    """Rounds that an account may join, in the currencies that `accept` does not refuse."""
    there = open_to("open to you", State.OPEN, who, accept)
    return replace(there, moves=("join",), who=who, same=lambda one: one.payee == payee)


def to_serve(who: str) -> Wanted:
    """Rounds of a provider that wait for its outputs."""
    message = "joined by you and waiting for outputs"
    return in_state(message, State.JOINED, by="provider", who=who, moves=("serve",))


def to_contest(who: str, same: Callable[[Record], bool]) -> Wanted:
    """Rounds of a consumer whose outputs may be contested; `same` as in `Wanted`."""
    there = in_state("yours to contest", State.SERVED, by="consumer", who=who, moves=("contest",))
    return replace(there, same=same)


def to_answer(who: str) -> Wanted:
    """Rounds of a provider with contested outputs."""
    message = "joined by you and contested"
    return in_state(message, State.CONTESTED, by="provider", who=who, moves=("answer",))


def describe_join(
    job_id: bytes, record: Record, payee: str, joined: "Joined"
) -> tuple[dict[str, Any], list[str]]:
    """What a provider has promised, may earn and may lose; what to print."""
    terms, ahead = record.job.terms, joined.round_gas
    data = {
        "job": "0x" + job_id.hex(),
        "state": "joined",
        "payee": payee,
        "expected_proof_seconds": round(joined.proof_seconds, 3),
        "expected_proofs": joined.proofs,
        "gas": joined.gas,
        "expected_outputs_gas": ahead.outputs,
        "expected_answers_gas": ahead.answers,
    }
    lines = [
        f"joined round 0x{job_id.hex()} for {payee}: {joined.gas} gas",
        f"you earn {amount(terms, terms.earned(0))}, and for each contested item "
        f"{amount(terms, terms.proof_fee)}; the stake of {amount(terms, terms.stake)} is lost if "
        "the outputs or one proof do not come in time",
        f"posting the outputs takes about {ahead.outputs} gas; if all {terms.max_contests} items "
        f"that may be contested are, {counted(joined.proofs, 'proof')} of "
        f"{joined.proof_seconds:.1f} s and about {ahead.answers} gas",
        "next: zkescrow serving serve",
    ]
    return data, lines

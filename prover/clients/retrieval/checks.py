"""What a dataset's owner asks of a request before it stakes."""

import math
from dataclasses import dataclass

from prover.base.errors import StatementInvalid, UsageError
from prover.base.text import counted
from prover.clients.common.limits import (
    CALL_BYTES,
    TIME_FACTOR,
    ProviderLimits,
    misfit,
    require_open,
)
from prover.clients.common.money import Account, Deal, Purse, check_money
from prover.clients.retrieval.records import format_of
from prover.protocol.retrieval.gas import RetrievalGas, largest_submission_gas
from prover.protocol.retrieval.state import Dataset, Terms
from prover.statement.documents.dataset import Format
from prover.statement.field import WORD_BYTES
from prover.statement.tree import depth_of
from prover.systems.interface import Artifacts

_RECORD_BYTES = 3 * WORD_BYTES  # two hashes, and a key if it matches
_RUN_BYTES = 5 * WORD_BYTES  # a run without its path


@dataclass(frozen=True)
class OwnerLimits(ProviderLimits):
    """Those of a dataset's owner: also the most records that may match, None for half of them."""

    max_matches: int | None = None


def check_terms(terms: Terms, dataset: Dataset, account: str, now: int) -> None:
    """Raise UsageError unless the account may accept."""
    if account != dataset.owner:
        raise UsageError(
            f"the dataset is {dataset.owner}'s, who alone can accept: account {account} cannot"
        )
    require_open("request", terms, now)


def check_request_money(
    terms: Terms,
    count: int,
    artifacts: Artifacts,
    verification_gas: int,
    gas_wei: int,
    purse: Purse,
    account: Account,
) -> None:
    """Raise UsageError unless proving all records pays."""
    gas = RetrievalGas.of(count, artifacts.facts.layout, verification_gas)
    cost = (gas.accept + gas.submit) * gas_wei
    deal = Deal(terms.currency, terms.price_of(count), terms.stake, cost)
    check_money("the request", deal, purse, account)


def check_format(found: Format, artifacts: Artifacts) -> None:
    """Raise StatementInvalid unless a circuit takes records of this format."""
    allowed = format_of(artifacts)
    differing = [
        f"{name} {value} (expected {getattr(allowed, name)})"
        for name, value in vars(found).items()
        if value != getattr(allowed, name)
    ]
    if differing:
        raise StatementInvalid(
            f"the dataset's records are not in the model's format: {', '.join(differing)}; the "
            "dataset must be committed anew for this model"
        )


def check_matches(matches: int, count: int, limits: OwnerLimits) -> None:
    """Raise UsageError if more records match than the owner lets anybody read.

    By default that is half of them: a model that flags everything buys the whole dataset.
    """
    allowed = count // 2 if limits.max_matches is None else limits.max_matches
    if matches > allowed:
        raise UsageError(
            f"{matches} of {count} records match, and everybody could read them: expected at most "
            f"{allowed}; if you want that, say so with --max-matches"
        )


def check_proofs(
    terms: Terms,
    count: int,
    artifacts: Artifacts,
    verification_gas: int,
    seconds: float,
    wait: int,
    call_bytes: int,
) -> int:
    """The proofs that all records take, if each fits a transaction and all fit the time.

    `wait` is how many seconds the acceptance takes to be final; a call has at most `call_bytes` on
    this chain. Raises StatementInvalid otherwise.
    """
    proofs = -(-count // artifacts.facts.layout.items)
    least = math.ceil(wait + TIME_FACTOR * proofs * seconds)
    if terms.prove_seconds < least:
        raise StatementInvalid(
            f"{count} records take {counted(proofs, 'proof')} of {seconds:.1f} s: "
            f"{terms.prove_seconds} s are given, expected {TIME_FACTOR} times what it takes and "
            f"{wait} s to finality; do not accept: nothing is staked; ask for a request with "
            f"--prove-within {least}s or more, or try again on a machine that has less to do"
        )
    gas = largest_submission_gas(min(artifacts.facts.layout.items, count), verification_gas)
    too_much = misfit(submission_bytes(count, artifacts), gas, call_bytes)
    if too_much:
        name, found, most = too_much
        raise StatementInvalid(
            f"a proof's submission could take {found} {name}: expected at most {most}, which fit a "
            "transaction; use a circuit of fewer items; do not accept"
        )
    return proofs


def submission_bytes(count: int, artifacts: Artifacts) -> int:
    """Bytes that no call with one proof of this circuit exceeds, if every record matches."""
    layout, depth = artifacts.facts.layout, depth_of(count)
    slots = min(layout.items, count)
    runs = min(slots, 2 * depth + 1)  # neighbours, cut into aligned subtrees
    opened = runs * (_RUN_BYTES + depth * WORD_BYTES) + slots * _RECORD_BYTES
    proof = artifacts.facts.proof_bytes + WORD_BYTES * layout.instances
    return CALL_BYTES + opened + proof

"""What a provider asks of a round before it stakes: the terms, and that answers are possible."""

from prover.base.errors import StatementInvalid
from prover.base.text import counted
from prover.clients.common.limits import (
    CALL_BYTES,
    TIME_FACTOR,
    misfit,
    require_named,
    require_open,
)
from prover.clients.common.money import Account, Deal, Purse, check_money, worth
from prover.protocol.serving.gas import RoundGas, answers_gas
from prover.protocol.serving.state import Terms
from prover.statement.field import WORD_BYTES
from prover.systems.interface import Artifacts

_RUN_BYTES = 8 * WORD_BYTES  # a run of one item without its paths


def check_terms(terms: Terms, account: str, now: int, artifacts: Artifacts) -> None:
    """Raise UsageError or StatementInvalid unless the account may and should join."""
    require_open("round", terms, now)
    require_named("round", "join", terms.provider, account)
    needed = artifacts.facts.word_bytes
    if terms.word_bytes < needed:
        raise StatementInvalid(
            f"the round posts {terms.word_bytes} bytes a word: expected at least {needed} by the "
            "proven bounds of this model; an output that does not fit could not be posted; do not "
            "join"
        )


def worth_of(terms: Terms) -> int | None:
    """What a provider has to win or to lose by its moves, in wei; None in a token."""
    return worth(terms.currency, terms.escrow, terms.stake)


def check_round_money(
    terms: Terms,
    artifacts: Artifacts,
    verification_gas: int,
    gas_wei: int,
    purse: Purse,
    account: Account,
) -> None:
    """Raise UsageError unless the round pays, however many of its items are contested."""
    layout, slots = artifacts.facts.layout, artifacts.facts.layout.items
    for contests in (0, *range(1, terms.max_contests + 1, slots)):  # a proof more, for one item
        gas = RoundGas.of(terms.n, terms.word_bytes, contests, layout, verification_gas)
        deal = Deal(terms.currency, terms.earned(contests), terms.stake, gas.provider * gas_wei)
        check_money(f"a round with {contests} items contested", deal, purse, account)


def check_answers(
    terms: Terms, artifacts: Artifacts, verification_gas: int, seconds: float, call_bytes: int
) -> int:
    """The proofs that the most contested items take, if each fits a transaction and all fit the
    time, `seconds` for a proof; a call has at most `call_bytes` on this chain. Raises
    StatementInvalid otherwise.
    """
    proofs = -(-terms.max_contests // artifacts.facts.layout.items)
    if terms.answer_seconds < TIME_FACTOR * proofs * seconds:
        raise StatementInvalid(
            f"{terms.max_contests} items may be contested, {counted(proofs, 'proof')} of "
            f"{seconds:.1f} s: {terms.answer_seconds} s are given, expected {TIME_FACTOR} times "
            "what it takes; do not join"
        )
    slots = min(artifacts.facts.layout.items, terms.max_contests)
    gas = answers_gas(1, slots, terms.max_contests, verification_gas)
    too_much = misfit(answer_bytes(terms, artifacts), gas, call_bytes)
    if too_much:
        name, found, most = too_much
        raise StatementInvalid(
            f"an answer could take {found} {name} with {terms.max_contests} contested items: "
            f"expected at most {most}, which fit a transaction; do not join"
        )
    return proofs


def answer_bytes(terms: Terms, artifacts: Artifacts) -> int:
    """Bytes that no call with one proof of this circuit exceeds in this round."""
    layout, depth = artifacts.facts.layout, (terms.n - 1).bit_length()
    slots = min(layout.items, terms.max_contests)
    opened = slots * (_RUN_BYTES + 2 * depth * WORD_BYTES)
    proof = artifacts.facts.proof_bytes + WORD_BYTES * layout.instances
    return CALL_BYTES + terms.max_contests * WORD_BYTES + opened + proof

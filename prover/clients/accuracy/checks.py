"""What a provider asks of an accuracy bounty before it looks at the test set."""

from prover.base.errors import StatementInvalid, UsageError
from prover.base.text import counted, in_ether
from prover.clients.common.limits import TIME_FACTOR, require_named, require_open
from prover.clients.common.money import Account, Deal, Purse, check_money
from prover.protocol.accuracy.gas import KEY_WITHHELD, BountyGas
from prover.protocol.accuracy.state import Terms
from prover.protocol.events import ZERO_ADDRESS
from prover.statement.documents.samples import needed
from prover.systems.interface import Artifacts


def check_terms(terms: Terms, account: str, now: int) -> None:
    """Raise UsageError unless the account may and would accept."""
    require_open("bounty", terms, now)
    require_named("bounty", "accept", terms.provider, account)


def check_bounty_money(
    terms: Terms,
    artifacts: Artifacts,
    verification_gas: int,
    gas_wei: int,
    purse: Purse,
    account: Account,
) -> None:
    """Raise UsageError unless the reward pays for proving, and the bond for a key that stays away.

    The bond is all that a provider gets then, for its acceptance, a settlement and a withdrawal.
    """
    items, slots = needed(terms.n, terms.num, terms.den), artifacts.facts.layout.items
    gas = BountyGas.of(items, slots, verification_gas)
    deal = Deal(terms.currency, terms.reward, terms.stake, gas.provider * gas_wei)
    check_money("the bounty", deal, purse, account)
    least = KEY_WITHHELD * gas_wei
    if terms.currency == ZERO_ADDRESS and terms.bond < least and not purse.at_a_loss:
        raise UsageError(
            f"the bounty is not taken: its bond is {in_ether(terms.bond)}, and if the consumer "
            f"keeps the key your gas costs {in_ether(least)} at present fees: expected at least "
            "that (--at-a-loss takes it)"
        )


def check_circuit(terms: Terms, circuit_id: bytes) -> None:
    """Raise UsageError unless the model is of the bounty's circuit."""
    if circuit_id != terms.circuit_id:
        raise UsageError(
            f"the model is of circuit 0x{circuit_id.hex()}: expected one of the bounty's circuit, "
            f"0x{terms.circuit_id.hex()}; `zkescrow model add --like` makes one"
        )


def check_time(proofs: int, seconds: float, given: int) -> None:
    """Raise StatementInvalid unless so many proofs fit the time that is given, with room."""
    if given < TIME_FACTOR * proofs * seconds:
        raise StatementInvalid(
            f"{given} s are given to prove: {counted(proofs, 'proof')} of {seconds:.0f} s may be "
            f"needed, expected {TIME_FACTOR} times what they take; do not accept"
        )

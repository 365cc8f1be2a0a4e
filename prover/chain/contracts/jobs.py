"""What the contracts that hold jobs share: ids, payments in, credits out."""

from enum import IntEnum
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from prover.base.errors import ChainError, UsageError
from prover.chain.abi.contract import Call, contract, encode_call
from prover.chain.contracts.tokens import balance_of
from prover.chain.limits import DeployedFor, deployed_for
from prover.chain.node.client import Client, checksum, map_rpc_errors
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.limits import ChainLimits
from prover.protocol.terms import Job, Terms

S = TypeVar("S", bound=IntEnum)


def state_in(states: type[S], number: int) -> S:
    """The state that a contract's number stands for. Raises ChainError if there is none."""
    try:
        return states(number)
    except ValueError as error:
        raise ChainError(
            f"the node says that a job is in state {number}: expected {min(states)} to "
            f"{max(states)}; use another node"
        ) from error


class JobContract:
    """A contract of this project at an address; its methods make calls, its views ask the node."""

    NAME: ClassVar[str]

    def __init__(self, client: Client, address: str) -> None:
        self.client = client
        self.address = str(checksum(address))
        self._contract: Any = contract(client.web3, self.NAME, address)

    @cached_property
    def _deployed_for(self) -> DeployedFor:
        return deployed_for(self.client, self.NAME, self.address)

    @property
    def deployment_chain(self) -> int:
        """Id of the chain when the contract was deployed; after a fork it may have another."""
        return self._deployed_for.chain_id

    @property
    def limits(self) -> ChainLimits:
        """Windows and sizes that the contract allows."""
        return self._deployed_for.limits

    def job_id(self, job: Job[Any]) -> bytes:
        """The id of a job on this contract."""
        return job.id_on(self.deployment_chain, self.address)

    def withdraw(self, currency: str, to: str) -> Call:
        """Take the caller's whole credit out."""
        return self._call("withdrawing", "withdraw", checksum(currency), checksum(to))

    @map_rpc_errors
    def credit(self, currency: str, account: str, block: int | None = None) -> int:
        """What an account may withdraw, in wei or token units."""
        return int(self._view("credits", checksum(currency), checksum(account), block=block))

    @map_rpc_errors
    def exists(self, job_id: bytes) -> bool:
        """Whether a job was ever posted."""
        return bool(self._view("jobs", job_id)[0])

    def holdings(self, currency: str, block: int | None = None) -> int:
        """What the contract really has of a currency, in wei or token units."""
        return balance_of(self.client, currency, self.address, block)

    def _call(self, says: str, function: str, *arguments: Any, value: int = 0) -> Call:
        return Call(says, self.address, encode_call(self.NAME, function, *arguments), value)

    def _pay(self, says: str, terms: Terms, amount: int, function: str, *arguments: Any) -> Call:
        """A call that brings `amount` of the terms' currency in; a token is pulled by it.

        Raises UsageError on a fork: what is open there can be ended, but nothing begun.
        """
        if self.deployment_chain != self.client.chain_id:
            raise UsageError(
                f"{self.NAME} was deployed on chain {self.deployment_chain}, and this one is a "
                f"fork with the id {self.client.chain_id}: jobs that are open can be finished, "
                "cancelled or settled here; deploy the contracts anew to post or join others"
            )
        value = amount if terms.currency == ZERO_ADDRESS else 0
        return self._call(says, function, *arguments, value=value)

    def _view(self, function: str, *arguments: Any, block: int | bytes | None = None) -> Any:
        """What a view says at a block by number or hash; at the latest, whichever that is, if none
        is stated.
        """
        at = "latest" if block is None else block
        return self._contract.functions[function](*arguments).call(block_identifier=at)

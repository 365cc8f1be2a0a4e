"""Random walks over a contract: after each transaction the reducer equals the views.

A refused move must leave everything as it was, so the reducer follows the events either way.
"""

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import ape
from ape.exceptions import VirtualMachineError
from web3.types import LogReceipt

from prover.chain.events.log import Log
from prover.chain.events.reading import by_transaction, decode_log
from prover.protocol import world as reducer
from prover.protocol.escrow.state import EscrowState
from tests.contracts.scenario import CHAIN_ID, ETH, at, holdings, now


class Walk(ABC):
    """Moves drawn at random, by anybody; `protocol` names the contract's place in a World."""

    protocol: str

    def __init__(
        self, registry: Any, contract: Any, token: str, everybody: list[Any], seed: int
    ) -> None:
        self.contract, self.token, self.everybody = contract, token, everybody
        self.addresses = [registry.address, contract.address]
        self.draw = random.Random(seed)
        self.seen = -1
        self.model = reducer.empty(
            CHAIN_ID, registry=registry.address, **{self.protocol: contract.address}
        )
        self.read_events()
        self.jobs: list[Any] = []

    @property
    def records(self) -> Mapping[bytes, Any]:
        """The jobs as the reducer has them."""
        return self.model.jobs_of(self.contract.address)

    @property
    def escrow(self) -> EscrowState:
        return self.model.escrows[self.contract.address]

    @abstractmethod
    def moves(self) -> list[Callable[[Any, Any], Any]]:
        """Each takes a job and an account; the likelier ones more than once."""

    @abstractmethod
    def compare_views(self, job_id: bytes, record: Any) -> None:
        """That the contract's views of a job are what the reducer has."""

    @abstractmethod
    def settle(self, job: Any, account: Any) -> Any:
        """The call with which a stranger ends a job."""

    def step(self) -> None:
        move, job = self.draw.choice(self.moves()), self.draw.choice(self.jobs)
        account = self.draw.choice(self.everybody)
        self.tried(lambda: move(job, account))

    def wait(self, _job: Any, _account: Any) -> None:
        at(now() + self.draw.choice([1, 60, 200]))
        ape.chain.mine()

    def withdraw(self, job: Any, account: Any) -> None:
        self.contract.withdraw(job.terms.currency, account, sender=account)

    def end_all(self, stranger: Any, times: int = 1) -> None:
        """Waiting and a stranger's calls end every job."""
        for _ in range(times):
            at(now() + 10_000)
            for job in self.jobs:
                self.tried(lambda job=job: self.settle(job, stranger))

    def compare(self) -> None:
        """Every job, credit and balance."""
        for job_id, record in self.records.items():
            self.compare_views(job_id, record)
        for currency in (ETH, self.token):
            assert holdings(currency, self.contract) == self.escrow.balance(currency)
            for account in self.everybody:
                credit = self.escrow.credits.get((currency, account.address), 0)
                assert self.contract.credits(currency, account) == credit

    def states(self) -> set[Any]:
        return {record.state for record in self.records.values()}

    def tried(self, attempt: Callable[[], Any]) -> bool:
        """Whether the contract let it happen."""
        try:
            attempt()
        except VirtualMachineError:
            return False
        finally:
            self.read_events()
        return True

    def read_events(self) -> None:
        eth = ape.chain.provider.web3.eth
        head = eth.block_number
        query = {"address": self.addresses, "fromBlock": self.seen + 1, "toBlock": head}
        logs = eth.get_logs(query) if head > self.seen else []
        times = {log["blockNumber"]: eth.get_block(log["blockNumber"])["timestamp"] for log in logs}
        logged = [decode_log(_logged(log, times[log["blockNumber"]])) for log in logs]
        for events in by_transaction(logged):
            self.model = reducer.apply_transaction(self.model, [one.event for one in events])
        self.seen = head


def _logged(log: LogReceipt, time: int) -> Log:
    """A log as web3 gives it."""
    return Log(
        block=int(log["blockNumber"]),
        block_hash=bytes(log["blockHash"]),
        time=time,
        transaction=bytes(log["transactionHash"]),
        place=int(log["transactionIndex"]),
        index=int(log["logIndex"]),
        address=str(log["address"]),
        topics=tuple(bytes(topic) for topic in log["topics"]),
        data=bytes(log["data"]),
    )

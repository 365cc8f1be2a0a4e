"""Anybody doing anything: after each transaction the reducer over the events equals the views."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import ape
import pytest
from ape.exceptions import VirtualMachineError

from prover.chain.events import by_transaction, decode_log
from prover.protocol import world as reducer
from prover.protocol.prediction import Job, State

from .scenario import CHAIN_ID, ETH, NOBODY, STAKE, World, at, holdings, now

JOBS, STEPS = 8, 40
ENDS = {State.PAID, State.CANCELLED, State.EXPIRED, State.SLASHED, State.VOIDED}


class Walk:
    """Moves drawn at random, by anybody; a refused one must leave everything as it was."""

    def __init__(self, play: World, token: str, everybody: list[Any], seed: int) -> None:
        self.play, self.token, self.everybody = play, token, everybody
        self.draw = random.Random(seed)
        self.seen = -1
        self.model = reducer.empty(
            CHAIN_ID, registry=play.registry.address, prediction=play.market.address
        )
        self._read_events()
        self.jobs = [self._post(nonce) for nonce in range(JOBS)]

    def _post(self, nonce: int) -> Job:
        """Jobs of each currency, open to anyone or not, of one to three items."""
        named = nonce % 4 == 3
        job = self.play.job(
            1 + nonce % 3,
            nonce,
            currency=self.token if nonce % 2 else ETH,
            provider=self.play.provider.address if named else NOBODY,
            stake=0 if named else STAKE,
            open_until=now() + 600,
        )
        assert self._tried(lambda: self.play.post(job))
        return job

    def step(self) -> None:
        moves: list[Callable[[Job, Any], Any]] = [self._cancel, self._lock, self._lock]
        moves += [self._deliver, self._deliver, self._refund, self._withdraw, self._wait]
        move, job = self.draw.choice(moves), self.draw.choice(self.jobs)
        account = self.draw.choice(self.everybody)
        self._tried(lambda: move(job, account))

    def life(self, job: Job) -> bool:
        """The whole of a good one."""
        locked = self._tried(lambda: self.play.lock(job))
        return locked and self._tried(lambda: self.play.deliver(job))

    def settle(self) -> None:
        """Waiting and a stranger's refunds end every job."""
        at(now() + 10_000)
        for job in self.jobs:
            self._tried(lambda job=job: self.play.refund(job))

    def _cancel(self, job: Job, account: Any) -> None:
        self.play.cancel(job, sender=account)

    def _lock(self, job: Job, account: Any) -> None:
        self.play.lock(job, payee=self.draw.choice(self.everybody), sender=account)

    def _deliver(self, job: Job, account: Any) -> None:
        bound = self.draw.random() < 0.8
        payee = self.play.standing(job)[1] if bound else account
        items = 1 + job.nonce % 3 + (self.draw.random() < 0.2)
        self.play.deliver(job, items, self.play.prove(job, payee), sender=account)

    def _refund(self, job: Job, account: Any) -> None:
        self.play.refund(job, sender=account)

    def _withdraw(self, job: Job, account: Any) -> None:
        self.play.market.withdraw(job.terms.currency, account, sender=account)

    def _wait(self, job: Job, account: Any) -> None:
        at(now() + self.draw.choice([1, 60, 200]))
        ape.chain.mine()

    def compare(self) -> None:
        market = self.play.market
        for job_id, record in self.model.prediction.jobs.items():
            assert market.jobs(job_id) == (record.state, record.payee, record.deadline)
        escrow = self.model.escrows[market.address]
        for currency in (ETH, self.token):
            assert holdings(currency, market) == escrow.balance(currency)
            for account in self.everybody:
                credit = escrow.credits.get((currency, account.address), 0)
                assert market.credits(currency, account) == credit

    def states(self) -> Iterator[State]:
        return (record.state for record in self.model.prediction.jobs.values())

    def _tried(self, attempt: Any) -> bool:
        """Whether the market let it happen; the model follows the events either way."""
        try:
            attempt()
        except VirtualMachineError:
            return False
        finally:
            self._read_events()
        return True

    def _read_events(self) -> None:
        eth = ape.chain.provider.web3.eth
        head = eth.block_number
        addresses = [self.play.registry.address, self.play.market.address]
        query = {"address": addresses, "fromBlock": self.seen + 1, "toBlock": head}
        logs = eth.get_logs(query) if head > self.seen else []
        logged = [decode_log(log, eth.get_block(log["blockNumber"])["timestamp"]) for log in logs]
        for events in by_transaction(logged):
            self.model = reducer.apply_transaction(self.model, [one.event for one in events])
        self.seen = head


@pytest.mark.parametrize(("seed", "condemned"), [(1, False), (2, True)])
def test_reducer_equals_views(world, token, consumer, provider, payee, attacker, seed, condemned):
    walk = Walk(world, token.address, [consumer, provider, payee, attacker], seed)
    assert walk.life(walk.jobs[0])
    for _ in range(STEPS):
        walk.step()
        walk.compare()
    if condemned:
        world.condemn()
    walk.settle()
    walk.compare()
    assert set(walk.states()) <= ENDS
    assert State.PAID in walk.states()
    assert condemned or State.VOIDED not in walk.states()

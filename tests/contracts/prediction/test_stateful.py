"""PredictionMarket walked at random: the reducer over the events equals the views."""

from collections.abc import Callable
from typing import Any

import pytest

from prover.protocol.prediction.state import TABLE, Job, State
from tests.contracts.scenario import ETH, NOBODY, STAKE, World, now
from tests.contracts.walking import Walk

JOBS, STEPS = 8, 40


class PredictionWalk(Walk):
    protocol = "prediction"

    def __init__(self, play: World, token: str, everybody: list[Any], seed: int) -> None:
        super().__init__(play.registry, play.predictions, token, everybody, seed)
        self.play = play
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
        assert self.tried(lambda: self.play.post(job))
        return job

    def moves(self) -> list[Callable[[Any, Any], Any]]:
        twice = [self._lock, self._deliver] * 2
        return [self._cancel, *twice, self.settle, self.withdraw, self.wait]

    def life(self, job: Job) -> bool:
        """The whole of a good one."""
        locked = self.tried(lambda: self.play.lock(job))
        return locked and self.tried(lambda: self.play.deliver(job))

    def settle(self, job: Job, account: Any) -> None:
        self.play.refund(job, sender=account)

    def compare_views(self, job_id: bytes, record: Any) -> None:
        assert self.contract.jobs(job_id) == (record.state, record.payee, record.deadline)

    def _cancel(self, job: Job, account: Any) -> None:
        self.play.cancel(job, sender=account)

    def _lock(self, job: Job, account: Any) -> None:
        self.play.lock(job, payee=self.draw.choice(self.everybody), sender=account)

    def _deliver(self, job: Job, account: Any) -> None:
        bound = self.draw.random() < 0.8
        payee = self.play.status(job)[1] if bound else account
        items = 1 + job.nonce % 3 + (self.draw.random() < 0.2)
        self.play.deliver(job, items, self.play.prove(job, payee), sender=account)


@pytest.mark.parametrize(
    ("seed", "condemned"), [pytest.param(1, False, marks=pytest.mark.deep), (2, True)]
)
def test_reducer_equals_views(world, token, consumer, provider, payee, attacker, seed, condemned):
    walk = PredictionWalk(world, token.address, [consumer, provider, payee, attacker], seed)
    assert walk.life(walk.jobs[0])
    for _ in range(STEPS):
        walk.step()
        walk.compare()
    if condemned:
        world.condemn()
    walk.end_all(attacker)
    walk.compare()
    assert walk.states().isdisjoint(TABLE)
    assert State.PAID in walk.states()
    assert condemned or State.VOIDED not in walk.states()

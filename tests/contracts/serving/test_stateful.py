"""ServingRound walked at random: the reducer over the events equals the views."""

from collections.abc import Callable
from typing import Any

import pytest

from prover.protocol.serving.state import TABLE, Job, State
from tests.contracts.scenario import ETH, NOBODY, now
from tests.contracts.serving.scenario import BLOCKS, LIST, PROOFS, STAKE, Scene
from tests.contracts.walking import Walk

JOBS, STEPS = 6, 50


class RoundWalk(Walk):
    """Some providers post wrong outputs, which no proof can answer for."""

    protocol = "serving"

    def __init__(self, scene: Scene, token: str, everybody: list[Any], seed: int) -> None:
        super().__init__(scene.registry, scene.rounds, token, everybody, seed)
        self.scene = scene
        self.jobs = [self._post(nonce) for nonce in range(JOBS)]

    def _post(self, nonce: int) -> Job:
        named = nonce % 3 == 2
        job = self.scene.job(
            nonce,
            currency=self.token if nonce % 2 else ETH,
            provider=self.scene.provider.address if named else NOBODY,
            stake=0 if named else STAKE,
            proof_fee=self.draw.choice([0, 10**15]),
            open_until=now() + 600,
        )
        assert self.tried(lambda: self.scene.post(job))
        return job

    def moves(self) -> list[Callable[[Any, Any], Any]]:
        often = [self._join, self._serve, self._contest, self._answer, self._answer]
        return [*often, *often, self._cancel, self.settle, self.withdraw, self.wait]

    def lives(self) -> None:
        """One round that is contested and answered, answer by answer, some of them twice."""
        job = self.jobs[0]
        assert self.tried(lambda: self.scene.join(job))
        assert self.tried(lambda: self.scene.commit(job))
        assert self.tried(lambda: self.scene.contest(job))
        for blocks in (PROOFS[0], *PROOFS):
            assert self.tried(lambda blocks=blocks: self.scene.prove(job, *blocks))
            self.compare()

    def settle(self, job: Job, account: Any) -> None:
        self.scene.settle(job, sender=account)

    def compare_views(self, job_id: bytes, record: Any) -> None:
        counts = (len(record.contested), len(record.answered))
        head = (record.state, record.payee, record.deadline, record.provider)
        allowed = (*head, *counts, record.outputs_root, record.list_hash)
        assert tuple(self.contract.jobs(job_id)) == allowed

    def compare_places(self) -> None:
        """Every bit."""
        for job in self.jobs:
            assert self.scene.answered(job) == self.records[self.scene.id_of(job)].answered

    def _cancel(self, job: Job, account: Any) -> None:
        self.scene.cancel(job, sender=account)

    def _join(self, job: Job, account: Any) -> None:
        self.scene.join(job, payee=self.draw.choice(self.everybody), sender=account)

    def _serve(self, job: Job, account: Any) -> None:
        outputs = self.scene.outputs()
        lie = self.draw.random() < 0.2
        posted = bytes([outputs[0] ^ 1]) + outputs[1:] if lie else outputs
        sender = self.draw.choice([self.scene.provider, account])
        self.scene.commit(job, posted, sender=sender)

    def _contest(self, job: Job, account: Any) -> None:
        sender = self.draw.choice([self.scene.consumer, account])
        self.scene.contest(job, self.draw.choice([LIST, LIST, (4, 4)]), sender=sender)

    def _answer(self, job: Job, account: Any) -> None:
        """Some blocks in one or two proofs, mostly for who is paid."""
        payee = self.scene.stored(job)[1] if self.draw.random() < 0.9 else account
        chosen = [
            self.scene.proof(job, self.draw.choice(BLOCKS), payee=payee)
            for _ in range(self.draw.choice([1, 2]))
        ]
        self.scene.answer(job, *chosen, sender=account)


@pytest.mark.parametrize(
    ("seed", "condemned"), [pytest.param(1, False, marks=pytest.mark.deep), (2, True)]
)
def test_reducer_equals_views(serving, token, consumer, provider, payee, attacker, seed, condemned):
    walk = RoundWalk(serving, token.address, [consumer, provider, payee, attacker], seed)
    walk.lives()
    for _ in range(STEPS):
        walk.step()
        walk.compare()
    walk.compare_places()
    if condemned:
        serving.condemn()
    walk.end_all(attacker)
    walk.compare()
    assert walk.states().isdisjoint(TABLE)
    assert State.SETTLED in walk.states()
    assert not any(walk.escrow.deposits.values())

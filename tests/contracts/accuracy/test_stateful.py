"""AccuracyBounty walked at random: the reducer over the events equals the views."""

from collections.abc import Callable
from typing import Any

import pytest

from prover.protocol.accuracy.state import TABLE, Job, State
from tests.contracts.accuracy.scenario import STAKE, N, Scene, scores_of
from tests.contracts.accuracy.scenario import TestSet as Items
from tests.contracts.scenario import ETH, NOBODY, now
from tests.contracts.walking import Walk

JOBS, STEPS, BAD = 6, 50, 3
BLOCKS = ((0, 1), (1, 1), (2, 2), (3, 1), (4, 4), (6, 1), (8, 2), (9, 1), (5, 1))


class BountyWalk(Walk):
    """Item 3 is sealed wrong and can be proven all the same, so that any move may be possible."""

    protocol = "accuracy"

    def __init__(self, scene: Scene, token: str, everybody: list[Any], seed: int) -> None:
        super().__init__(scene.registry, scene.bounty, token, everybody, seed)
        self.scene = scene.with_data(Items(contents={BAD: b"junk"}))
        self.jobs = [self._post(nonce) for nonce in range(JOBS)]

    def _post(self, nonce: int) -> Job:
        """Bounties of each currency, open to anyone or not, of all kinds of targets and amounts."""
        named = nonce % 3 == 2
        job = self.scene.job(
            nonce,
            currency=self.token if nonce % 2 else ETH,
            provider=self.scene.provider.address if named else NOBODY,
            stake=0 if named else STAKE,
            miss_penalty=0 if named else self.draw.choice([1, STAKE]),
            bond=self.draw.choice([0, 10**17]),
            num=self.draw.choice([1, 4, 7, 10]),
            open_until=now() + 600,
        )
        assert self.tried(lambda: self.scene.post(job))
        return job

    def moves(self) -> list[Callable[[Any, Any], Any]]:
        often = [self._accept, self._reveal, self._submit, self._submit, self._submit]
        rare = [self._cancel, self._dispute, self.settle, self.withdraw, self.wait]
        return [*often, *often, *rare]

    def lives(self) -> None:
        """One bounty that is paid, and one whose test set is shown to be malformed."""
        paid, malformed = self.jobs[:2]
        for job in (paid, malformed):
            assert self.tried(lambda job=job: self.scene.accept(job))
            assert self.tried(lambda job=job: self.scene.reveal(job))
        assert self.tried(lambda: self.scene.dispute(malformed, BAD))
        for block in ((0, 4), (4, 4), (8, 2)):
            self.tried(lambda block=block: self.scene.prove(paid, block))
            self.compare()

    def settle(self, job: Job, account: Any) -> None:
        self.scene.settle(job, sender=account)

    def compare_views(self, job_id: bytes, record: Any) -> None:
        counts = (len(record.proven), record.correct)
        head = (record.state, record.payee, record.deadline, record.provider)
        allowed = (*head, *counts, record.model_id, record.key or bytes(32))
        assert tuple(self.contract.jobs(job_id)) == allowed

    def compare_items(self) -> None:
        """Every bit."""
        for job in self.jobs:
            assert self.scene.proven(job) == self.records[self.scene.id_of(job)].proven

    def _cancel(self, job: Job, account: Any) -> None:
        self.scene.cancel(job, sender=account)

    def _accept(self, job: Job, account: Any) -> None:
        self.scene.accept(job, payee=self.draw.choice(self.everybody), sender=account)

    def _reveal(self, job: Job, account: Any) -> None:
        wrong = bytes(32) if self.draw.random() < 0.1 else None
        sender = self.draw.choice([self.scene.consumer, account])
        self.scene.reveal(job, wrong, sender=sender)

    def _submit(self, job: Job, account: Any) -> None:
        """One or two proofs, mostly for who is paid, sometimes of outputs that nobody expects."""
        payee = self.scene.stored(job)[1] if self.draw.random() < 0.9 else account
        lies = {index: scores_of(self.draw.randrange(N)) for index in (2, 6)}
        chosen = [
            self.scene.submission(job, self.draw.choice(BLOCKS), payee=payee, outputs=lies)
            for _ in range(self.draw.choice([1, 2]))
        ]
        self.scene.submit(job, *chosen, sender=account)

    def _dispute(self, job: Job, account: Any) -> None:
        sender = self.draw.choice([self.scene.provider, account])
        self.scene.dispute(job, self.draw.choice([BAD, 0]), sender=sender)


@pytest.mark.parametrize(
    ("seed", "condemned"), [pytest.param(1, False, marks=pytest.mark.deep), (2, True)]
)
def test_reducer_equals_views(
    accuracy, token, consumer, provider, payee, attacker, seed, condemned
):
    walk = BountyWalk(accuracy, token.address, [consumer, provider, payee, attacker], seed)
    walk.lives()
    for _ in range(STEPS):
        walk.step()
        walk.compare()
    walk.compare_items()
    if condemned:
        accuracy.condemn()
    walk.end_all(attacker)
    walk.compare()
    assert walk.states().isdisjoint(TABLE)
    assert {State.PAID, State.MALFORMED} & walk.states()
    assert not any(walk.escrow.deposits.values())

"""RetrievalBounty walked at random: the reducer over the events equals the views."""

from collections.abc import Callable
from typing import Any

import ape
import pytest

from prover.protocol.retrieval.state import TABLE, Job, State
from tests.contracts.retrieval.scenario import ALL, COUNT, STAKE, Records, Scene, scores_of
from tests.contracts.scenario import ETH, now
from tests.contracts.walking import Walk

JOBS, STEPS, BAD = 6, 50, 2
BLOCKS = (*ALL, (0, 1), (2, 2), (3, 1), (6, 2), (9, 1))


class RequestWalk(Walk):
    """Match 2 is sealed wrong, so that a dispute may be possible."""

    protocol = "retrieval"

    def __init__(self, scene: Scene, token: str, everybody: list[Any], seed: int) -> None:
        super().__init__(scene.registry, scene.bounty, token, everybody, seed)
        self.scene = scene.with_data(Records(contents={BAD: b"junk"}))
        self.read_events()
        self.jobs = [self._post(nonce) for nonce in range(JOBS)]

    def _post(self, nonce: int) -> Job:
        predicate = self.scene.label() if nonce % 3 == 2 else self.scene.at_least()
        job = self.scene.job(
            nonce,
            currency=self.token if nonce % 2 else ETH,
            stake=self.draw.choice([1, STAKE]),
            predicate=predicate,
            open_until=now() + 600,
        )
        assert self.tried(lambda: self.scene.post(job))
        return job

    def moves(self) -> list[Callable[[Any, Any], Any]]:
        often = [self._accept, self._submit, self._submit, self._submit]
        rare = [self._cancel, self._dispute, self.settle, self.withdraw, self.wait]
        return [*often, *often, *rare]

    def lives(self) -> None:
        """One request that is proven block by block, and one whose match cannot be read."""
        whole, unreadable = self.jobs[:2]
        for job in (whole, unreadable):
            assert self.tried(lambda job=job: self.scene.accept(job))
        for block in (ALL[0], *ALL):
            assert self.tried(lambda block=block: self.scene.prove(whole, block))
            self.compare()
        assert self.tried(lambda: self.scene.submit(unreadable))
        assert self.tried(lambda: self.scene.dispute(unreadable, BAD))

    def settle(self, job: Job, account: Any) -> None:
        self.scene.settle(job, sender=account)

    def compare_views(self, job_id: bytes, record: Any) -> None:
        allowed = (record.state, record.payee, record.deadline, len(record.proven))
        assert tuple(self.contract.jobs(job_id)) == allowed
        now_ = record.as_of(ape.chain.provider.get_block("latest").timestamp)
        status = self.contract.standing(record.job.to_abi())
        assert tuple(status) == (now_.state, now_.state_deadline)

    def compare_records(self) -> None:
        """Every bit."""
        for job in self.jobs:
            record = self.records[self.scene.id_of(job)]
            assert self.scene.outcomes(job) == (record.proven, set(record.matches))

    def _cancel(self, job: Job, account: Any) -> None:
        self.scene.cancel(job, sender=account)

    def _accept(self, job: Job, account: Any) -> None:
        sender = self.draw.choice([self.scene.owner, account])
        self.scene.accept(job, payee=self.draw.choice(self.everybody), sender=sender)

    def _submit(self, job: Job, account: Any) -> None:
        """One or two proofs, mostly for who is paid, sometimes of outputs without their keys."""
        payee = self.scene.stored(job)[1] if self.draw.random() < 0.9 else account
        lies = {6: scores_of(self.draw.randrange(COUNT))} if self.draw.random() < 0.2 else {}
        chosen = [
            self.scene.submission(job, self.draw.choice(BLOCKS), payee=payee, outputs=lies)
            for _ in range(self.draw.choice([1, 2]))
        ]
        self.scene.submit(job, *chosen, sender=account)

    def _dispute(self, job: Job, account: Any) -> None:
        sender = self.draw.choice([self.scene.consumer, account])
        self.scene.dispute(job, self.draw.choice([BAD, 3]), sender=sender)


@pytest.mark.parametrize(
    ("seed", "condemned"), [pytest.param(1, False, marks=pytest.mark.deep), (2, True)]
)
def test_reducer_equals_views(
    retrieval, token, consumer, provider, payee, attacker, seed, condemned
):
    walk = RequestWalk(retrieval, token.address, [consumer, provider, payee, attacker], seed)
    walk.lives()
    for _ in range(STEPS):
        walk.step()
        walk.compare()
    walk.compare_records()
    if condemned:
        retrieval.condemn()
    walk.end_all(attacker, times=2)
    walk.compare()
    assert walk.states().isdisjoint(TABLE)
    assert State.MALFORMED in walk.states()
    assert not any(walk.escrow.deposits.values())

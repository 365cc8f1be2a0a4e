"""Hypothesis drives each contract: any account makes any move of any job, at any time.

After every step the reducer equals the views; in the end waiting and a stranger's calls end every
job with all its money credited. A failing history is made as short as it can be.
ZKESCROW_DEEP=1 tries many more and longer ones.
"""

import os
from typing import Any

import ape
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.contracts.accuracy.test_stateful import BountyWalk
from tests.contracts.prediction.test_stateful import PredictionWalk
from tests.contracts.retrieval.test_stateful import RequestWalk
from tests.contracts.serving.test_stateful import RoundWalk
from tests.contracts.walking import Walk

DEEP = bool(os.environ.get("ZKESCROW_DEEP"))
SETTINGS = settings(
    max_examples=40 if DEEP else 3,
    stateful_step_count=60 if DEEP else 20,
    derandomize=not DEEP,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
WALKS = {
    "world": PredictionWalk,
    "serving": RoundWalk,
    "accuracy": BountyWalk,
    "retrieval": RequestWalk,
}
ROUNDS = 2  # of waiting: a request for records closes by the time alone, and then settles


class Machine(RuleBasedStateMachine):
    """One contract with the jobs of a walk; `scene` and `walk` are set by the test."""

    kind: type[Any]
    scene: Any
    token: str
    everybody: list[Any]

    def __init__(self) -> None:
        super().__init__()
        self._before = ape.chain.snapshot()
        self._walk: Walk = self.kind(self.scene, self.token, self.everybody, seed=0)
        self._condemned = False

    @rule(
        draw=st.randoms(use_true_random=False),
        move=st.integers(0, 63),
        job=st.integers(0, 63),
        account=st.integers(0, 63),
    )
    def move(self, draw: Any, move: int, job: int, account: int) -> None:
        walk = self._walk
        walk.draw = draw
        moves = walk.moves()
        chosen, whose = moves[move % len(moves)], walk.jobs[job % len(walk.jobs)]
        who = self.everybody[account % len(self.everybody)]
        walk.tried(lambda: chosen(whose, who))
        walk.compare()

    @precondition(lambda self: not self._condemned)
    @rule(luck=st.integers(0, 15))
    def condemn(self, luck: int) -> None:
        """Seldom, as it ends all trade."""
        if luck:
            return
        self._condemned = True
        self._walk.tried(self.scene.condemn)
        self._walk.compare()

    def teardown(self) -> None:
        try:
            self._walk.end_all(self.everybody[-1], times=ROUNDS)
            self._walk.compare()
            assert all(record.ended for record in self._walk.records.values())
            assert not any(self._walk.escrow.deposits.values())
        finally:
            ape.chain.restore(self._before)


@pytest.mark.parametrize("name", WALKS)
def test_every_history_keeps_books_and_ends(
    request, token, consumer, provider, payee, attacker, name
):
    machine = type(
        WALKS[name].__name__,
        (Machine,),
        {
            "kind": WALKS[name],
            "scene": request.getfixturevalue(name),
            "token": token.address,
            "everybody": [consumer, provider, payee, attacker],
        },
    )
    run_state_machine_as_test(machine, settings=SETTINGS)

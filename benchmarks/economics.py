"""Plays rational and malicious parties over the protocols' parameters; shows when cheating pays.

Usage: python -m benchmarks.economics_page, which writes docs/ECONOMICS.md.

Payouts are those of the reducers (prover/protocol), costs and default amounts those of
`economics.py` and `gas.py` of each of them.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil

from prover.protocol.accuracy import state as accuracy
from prover.protocol.accuracy.economics import AccuracyMoney, accuracy_money
from prover.protocol.accuracy.gas import dispute_gas
from prover.protocol.costs import Prices, Proving
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.gas import END, POST, TAKE, WITHDRAW
from prover.protocol.retrieval import state as retrieval
from prover.protocol.retrieval.economics import RetrievalMoney, retrieval_money
from prover.protocol.retrieval.terms import Predicate, PredicateKind
from prover.protocol.serving import state as serving
from prover.protocol.serving.economics import ServingMoney, chance_to_catch, serving_money
from prover.protocol.serving.gas import outputs_gas
from prover.protocol.terms import Job

CONSUMER, PROVIDER = "0x" + "c0" * 20, "0x" + "f0" * 20
BLANK, LATER, DAY = bytes(32), 1_900_000_000, 86_400


@dataclass(frozen=True)
class Outcome:
    """What each side has more than if it had stayed away, in wei, on average."""

    provider: float
    consumer: float

    def mixed(self, other: "Outcome", chance: float) -> "Outcome":
        """This one, or with this chance the other."""
        return Outcome(
            self.provider + chance * (other.provider - self.provider),
            self.consumer + chance * (other.consumer - self.consumer),
        )


@dataclass(frozen=True)
class Setting:
    """What the job is about: n items, proven by proofs of this kind, at these prices."""

    n: int
    proving: Proving
    prices: Prices

    def gas(self, *amounts: int) -> int:
        """Wei of some gas."""
        return sum(amounts) * self.prices.gas_wei


# ---------------------------------------------------------------- serving rounds


@dataclass(frozen=True)
class Serving(Setting):
    """A serving round; the consumer may contest `contests` items, each answer is so long."""

    output_bytes: int
    contests: int

    @cached_property
    def money(self) -> ServingMoney:
        """The default amounts."""
        return serving_money(self.n, self.output_bytes, self.contests, self.proving, self.prices)

    def play(
        self,
        wrong: Iterable[int],
        contested: Iterable[int],
        gain: int = 0,
        stake: int | None = None,
    ) -> Outcome:
        """One round: these items are wrong, those contested; `gain` is what a wrong one earns."""
        bad, asked = frozenset(wrong), tuple(sorted(contested))
        record = self._ended(asked, caught=bool(bad & set(asked)), stake=stake)
        return self._outcome(record, len(bad) * gain)

    def expected(
        self, wrong: int, contested: int, gain: int = 0, stake: int | None = None
    ) -> Outcome:
        """The average of `play` over random samples of that many contested items."""
        asked = tuple(range(contested))
        honest = self._outcome(self._ended(asked, caught=False, stake=stake), wrong * gain)
        if not contested:
            return honest
        caught = self._outcome(self._ended(asked, caught=True, stake=stake), wrong * gain)
        return honest.mixed(caught, chance_to_catch(self.n, wrong, contested))

    def best_number_of_wrong_answers(
        self, contested: int, gain: int, stake: int | None = None
    ) -> int:
        """What a provider does that is out for money alone."""
        numbers = sorted({0, 1, *(ceil(self.n * share / 64) for share in range(65))})
        return max(numbers, key=lambda wrong: self.expected(wrong, contested, gain, stake).provider)

    def vanishing(self) -> Outcome:
        """The provider joins and posts nothing."""
        record = replace(self._ended((), caught=False), state=serving.State.UNSERVED)
        paid = record.payouts()
        return Outcome(
            paid.get(PROVIDER, 0) - record.job.terms.stake - self.gas(TAKE),
            paid.get(CONSUMER, 0) - record.escrow - self.gas(POST, END, WITHDRAW),
        )

    def _outcome(self, record: serving.Record, gained: int) -> Outcome:
        paid, asked = record.payouts(), len(record.contested)
        answered = record.state is serving.State.SETTLED and asked > 0
        work = self.gas(TAKE, outputs_gas(self.n, self.output_bytes), WITHDRAW)
        work += self.proving.cost(asked, self.prices) if answered else 0
        asking = (TAKE if asked else 0, POST, END, WITHDRAW)
        return Outcome(
            paid.get(PROVIDER, 0) - record.job.terms.stake - work + gained,
            paid.get(CONSUMER, 0) - record.escrow - self.gas(*asking),
        )

    def _ended(
        self, asked: tuple[int, ...], *, caught: bool, stake: int | None = None
    ) -> serving.Record:
        money = self.money
        terms = serving.Terms(
            model_id=BLANK, provider=ZERO_ADDRESS, currency=ZERO_ADDRESS, inputs_root=BLANK,
            n=self.n, word_bytes=1, price=money.price, proof_fee=money.proof_fee,
            max_contests=self.contests, stake=money.stake if stake is None else stake,
            open_until=LATER, serve_seconds=DAY, contest_seconds=DAY, answer_seconds=DAY,
        )  # fmt: skip
        state = serving.State.UNANSWERED if caught else serving.State.SETTLED
        return serving.Record(
            job=Job(CONSUMER, 0, terms), posted_at=0, state=state, provider=PROVIDER,
            payee=PROVIDER, data_hash=BLANK, uri=b"", contested=asked,
            answered=frozenset() if caught else frozenset(range(len(asked))),
        )  # fmt: skip


# ---------------------------------------------------------------- accuracy bounties


@dataclass(frozen=True)
class Accuracy(Setting):
    """A bounty on n test items, of which `needed` must be right."""

    needed: int
    elements: int

    @cached_property
    def money(self) -> AccuracyMoney:
        """The default amounts."""
        return accuracy_money(self.needed, self.elements, self.proving, self.prices)

    def tried(self, chance: float) -> Outcome:
        """A provider that reaches the target with this chance enters; it knows before it proves."""
        missed = self._outcome(accuracy.State.MISSED, TAKE, WITHDRAW)
        paid = self._outcome(accuracy.State.PAID, TAKE, WITHDRAW, proofs=self.needed)
        return missed.mixed(paid, chance)

    def key_withheld(self) -> Outcome:
        """The consumer never reveals the key."""
        return self._outcome(accuracy.State.KEY_WITHHELD, TAKE, END, WITHDRAW)

    def item_planted(self) -> Outcome:
        """The consumer planted a malformed item, and the provider disputes it."""
        dispute = dispute_gas(self.elements)
        return self._outcome(accuracy.State.MALFORMED, TAKE, dispute, WITHDRAW)

    def _outcome(self, state: accuracy.State, *gas: int, proofs: int = 0) -> Outcome:
        record = self._ended(state)
        paid = record.payouts()
        work = self.gas(*gas) + self.proving.cost(proofs, self.prices)
        return Outcome(
            paid.get(PROVIDER, 0) - record.job.terms.stake - work,
            paid.get(CONSUMER, 0) - record.escrow - self.gas(POST, TAKE, WITHDRAW),
        )

    def _ended(self, state: accuracy.State) -> accuracy.Record:
        money = self.money
        terms = accuracy.Terms(
            circuit_id=BLANK, provider=ZERO_ADDRESS, currency=ZERO_ADDRESS, reward=money.reward,
            bond=money.bond, stake=money.stake, miss_penalty=money.miss_penalty, test_root=BLANK,
            n=self.n, key_hash=BLANK, data_hash=BLANK, num=self.needed, den=self.n,
            open_until=LATER, reveal_seconds=DAY, prove_seconds=DAY,
        )  # fmt: skip
        return accuracy.Record(
            job=Job(CONSUMER, 0, terms), posted_at=0, state=state, provider=PROVIDER,
            payee=PROVIDER, uri=b"", model_id=BLANK,
        )  # fmt: skip


# ---------------------------------------------------------------- retrieval bounties


@dataclass(frozen=True)
class Retrieval(Setting):
    """A request for all n records of a dataset."""

    @cached_property
    def money(self) -> RetrievalMoney:
        """The default amounts."""
        return retrieval_money(self.n, self.proving, self.prices)

    def hidden(self, records: int, gain: int = 0, stake: int | None = None) -> Outcome:
        """The owner leaves that many records out; `gain` is what each hidden one is worth to it."""
        record = self._ended(self.n - records, stake)
        paid = record.payouts()
        work = self.gas(TAKE, WITHDRAW) + self.proving.cost(self.n - records, self.prices)
        return Outcome(
            paid.get(PROVIDER, 0) - record.job.terms.stake - work + records * gain,
            paid.get(CONSUMER, 0) - record.escrow - self.gas(POST, END, WITHDRAW),
        )

    def _ended(self, proven: int, stake: int | None) -> retrieval.Record:
        money = self.money
        terms = retrieval.Terms(
            dataset_id=BLANK, model_id=BLANK, predicate=Predicate(PredicateKind.LABEL, 0),
            currency=ZERO_ADDRESS, price_per_record=money.price_per_record,
            stake=money.stake if stake is None else stake,
            open_until=LATER, prove_seconds=DAY, dispute_seconds=DAY,
        )  # fmt: skip
        return retrieval.Record(
            job=Job(CONSUMER, 0, terms), posted_at=0, state=retrieval.State.SETTLED,
            provider=PROVIDER, payee=PROVIDER, count=self.n, proven=frozenset(range(proven)),
        )  # fmt: skip


def simulated(round_: Serving, wrong: int, contested: int, gain: int, trials: int) -> Outcome:
    """The average of played rounds with random wrong answers and samples; the same each time."""
    draw = random.Random(3)  # noqa: S311
    items = range(round_.n)
    played = [
        round_.play(draw.sample(items, wrong), draw.sample(items, contested), gain)
        for _ in range(trials)
    ]
    return Outcome(
        sum(one.provider for one in played) / trials, sum(one.consumer for one in played) / trials
    )

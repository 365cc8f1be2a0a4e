"""One pass of work: finish what is promised, then take what pays.

What a job has come to is decided from one stated block, and believed when that block is final:
until then each pass looks again, and delivers again what a reorganisation took away.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial

from eth_utils.crypto import keccak

from prover.base.errors import ArtifactMismatch, ContractRefused, ProvingError, ZkescrowError
from prover.base.files import alone
from prover.base.log import logger
from prover.base.redaction import redacted
from prover.base.settings import get_settings
from prover.base.text import moment, shown
from prover.chain.contracts.withdrawals import withdraw_credit
from prover.chain.events.finality import Heads, lost_of
from prover.chain.sending.wallet import Handed
from prover.chain.state.replay import load_world
from prover.clients.common.money import staking
from prover.clients.prediction.examine import Examiner, PredictionTools, Unwanted, artifacts_of
from prover.clients.prediction.policy import Policy, refusal
from prover.clients.prediction.steps import FAILED, SKIPPED, Outcome, Steps
from prover.clients.prediction.store import Stage, TrackedJob
from prover.clients.prediction.views import end_of, is_ours, look
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.prediction.state import Record, State
from prover.protocol.world import World
from prover.systems.interface import Artifacts

MAX_CHARACTERS = 1_000
LOG = logger(__name__)


class Provider:
    """One account's service on one chain; proofs are bound to `payee`, by default the account."""

    def __init__(self, tools: PredictionTools, policy: Policy, payee: str | None = None) -> None:
        self._tools = tools
        self._policy = policy
        self._account = tools.sender.address
        self._payee = payee or self._account
        self._contract = tools.contract
        self._scope = f"{tools.client.scope}:{self._contract.address}"
        self._heads = Heads(tools.client)
        self._examiner = Examiner(tools, policy)
        self._world: World | None = None

    def run_once(self) -> list[Outcome]:
        """Finish locked jobs, the most urgent first, then take open ones.

        Raises Busy if another run of the account on this chain is at work: two would prove the
        same jobs, and each count its own stakes alone.
        """
        name = keccak(f"{self._tools.client.scope}:{self._account}".encode()).hex()[:16]
        lock = get_settings().home / "locks" / f"run-{name}.lock"
        with alone(lock, f"the jobs of {self._account}"):
            return self._pass()

    def wanted(self) -> dict[bytes, int]:
        """Inputs files by hash, with the most bytes of each, of what the last pass saw.

        Those of open jobs and of this account's, for which this machine has the circuit.
        """
        found: dict[bytes, int] = {}
        if self._world is not None:
            most = cache(partial(_most_bytes, self._world))
            for record in self._world.prediction.jobs.values():
                if record.state is State.OPEN or self._is_locked(record):
                    allowed = most(record.job.terms.model_id)
                    found[record.data_hash] = max(found.get(record.data_hash, 0), allowed)
        return {named: allowed for named, allowed in found.items() if allowed}

    def _is_locked(self, record: Record) -> bool:
        return record.provider == self._account and record.state is State.LOCKED

    def _pass(self) -> list[Outcome]:
        stored = list(self._tools.store.all(self._scope, self._account))
        open_ends = [job.block for job in stored if job.block and not job.final]
        newest = max(open_ends, key=lambda block: block.number, default=None)
        self._heads = Heads(self._tools.client, newest)
        last = self._heads.head().block.number
        world = load_world(self._tools.client, self._tools.deployment, last)
        self._examiner, self._world = Examiner(self._tools, self._policy), world
        promised = {job.job_id: job for job in self._promised(stored, world)}
        outcomes = [
            self._guarded(job.job_id, lambda job=job: self._serve(job, world))  # type: ignore[misc]
            for job in sorted(promised.values(), key=lambda job: _due(world, job))
        ]
        outcomes += self._set_aside(stored, world)
        for job in self._unseen(stored, world):
            outcomes += self._ask_contract(job)
        known = {job.job_id for job in stored}
        for job_id, record in world.prediction.jobs.items():
            if record.state is State.OPEN and job_id not in known:
                outcomes.append(
                    self._guarded(job_id, lambda i=job_id, r=record: self._consider(i, r, world))  # type: ignore[misc]
                )
        return outcomes

    def withdraw(
        self, to: str | None = None, left: Callable[[str], None] | None = None
    ) -> dict[str, int]:
        """Withdraw every credit of the account; amounts in wei or token units, by currency.

        Why the credit of a currency stays is given to `left`, if it is given, else raised.
        """
        taken: dict[str, int] = {}
        for currency in sorted({ZERO_ADDRESS, *self._policy.purse.bounds}):
            try:
                found = withdraw_credit(
                    self._tools.sender, self._contract, currency, to or self._account
                )
            except ZkescrowError as error:
                if left is None:
                    raise
                left(f"{currency}: {error}")
                if isinstance(error, ContractRefused):
                    continue  # that is of this credit: the others are withdrawn
                break
            for one in found:
                taken[currency] = taken.get(currency, 0) + one.amount
        return taken

    def _promised(self, stored: list[TrackedJob], world: World) -> Iterator[TrackedJob]:
        """Unfinished jobs of the store, doubtful ends, and locked jobs that the store has lost."""
        on_chain = world.prediction.jobs  # a job that a reorganisation took away waits in the store
        doubtful = {job.job_id for job in self._doubtful(stored)}
        mine = {job_id for job_id, record in on_chain.items() if self._is_locked(record)}
        for job in stored:
            taken_for_lost = job.stage is Stage.LOST and job.job_id in mine
            if job.job_id in on_chain and (
                not job.ended or job.job_id in doubtful or taken_for_lost
            ):
                yield job
        known = {job.job_id for job in stored}
        for job_id, record in on_chain.items():
            if job_id in mine and job_id not in known:
                yield TrackedJob(
                    self._scope, self._account, job_id, record.payee, b"", Stage.LOCKED
                )

    def _set_aside(self, stored: list[TrackedJob], world: World) -> Iterator[Outcome]:
        """Jobs of which the events make no sense; one that was promised fails until they do."""
        unfinished = {job.job_id for job in stored if not job.ended}
        for job_id, why in world.prediction.set_aside.items():
            result = FAILED if job_id in unfinished else SKIPPED
            message = f"its events make no sense: {why}; use another node"
            yield Outcome(job_id, result, message)

    def _unseen(self, stored: list[TrackedJob], world: World) -> Iterator[TrackedJob]:
        """Unfinished jobs that the events do not show: reorganised away, or hidden by the node."""
        visible = {*world.prediction.jobs, *world.prediction.set_aside}
        yield from (job for job in stored if not job.ended and job.job_id not in visible)

    def _ask_contract(self, job: TrackedJob) -> Iterator[Outcome]:
        """What the contract says of a job whose events the node does not give."""
        try:
            view = look(self._heads, self._contract, job.job_id)
        except ZkescrowError as error:  # of this job alone: the others go on
            why = str(error)
            yield self._guarded(job.job_id, lambda: Outcome(job.job_id, FAILED, why))
            return
        if is_ours(job, view):
            message = (
                f"it is locked by you in {view.where()}, and the node shows none of its events, so "
                f"that its terms are not known: use another node before "
                f"{moment(view.status.deadline)}, or its stake is lost"
            )
            yield self._guarded(job.job_id, lambda: Outcome(job.job_id, FAILED, message))

    def _doubtful(self, stored: list[TrackedJob]) -> Iterator[TrackedJob]:
        """Ends in blocks that the chain no longer has; the others become final with time."""
        ended = [job for job in stored if job.ended]
        dated = [(job.block, job) for job in ended if job.block is not None]
        lost = lost_of(self._tools.client, [block for block, _ in dated]) if dated else set()
        yield from (job for job in ended if job.block is None or job.block in lost)
        for block, job in dated:
            if block not in lost and not job.final and self._heads.is_final(block):
                self._tools.store.advance(job, job.stage, block, final=True)

    def _guarded(self, job_id: bytes, work: Callable[[], Outcome]) -> Outcome:
        """What became of a job, fit to be printed (a stranger may have written part of it), and
        written to the log too.
        """
        found = self._outcome(job_id, work)
        outcome = replace(found, message=shown(redacted(found.message), most=MAX_CHARACTERS))
        tell = LOG.info if outcome.result not in (FAILED, Stage.LATE) else LOG.error
        tell("job", id="0x" + job_id.hex(), result=str(outcome.result), why=outcome.message)
        return outcome

    def _outcome(self, job_id: bytes, work: Callable[[], Outcome]) -> Outcome:
        """No job's trouble is another's: whatever it is, it becomes this job's outcome."""
        try:
            return work()
        except Handed:  # no error: a wallet is to sign the next step
            raise
        except Unwanted as error:
            return Outcome(job_id, SKIPPED, str(error))
        except ZkescrowError as error:
            return Outcome(job_id, FAILED, str(error))
        except Exception as error:  # noqa: BLE001 - a stranger's job may hold any surprise
            message = f"internal error, {type(error).__name__}: {error}; report it"
            return Outcome(job_id, FAILED, message, mistake=error)

    def _consider(self, job_id: bytes, record: Record, world: World) -> Outcome:
        """Take an open job if it pays and can be proven."""
        why_not = refusal(record, self._account, self._tools.client.now())
        if why_not:
            return Outcome(job_id, SKIPPED, why_not)
        try:
            artifacts = artifacts_of(world, record.job.terms.model_id)
        except ArtifactMismatch as error:  # somebody else's model, or damaged files
            return Outcome(job_id, SKIPPED, str(error))
        content = self._examiner.examined(record, artifacts, world).to_bytes()
        taken = TrackedJob(self._scope, self._account, job_id, self._payee, content)
        return self._serve(self._tools.store.save(taken), world, examined=True)

    def _serve(self, job: TrackedJob, world: World, *, examined: bool = False) -> Outcome:
        """Bring a job from where it stands to its end."""
        record = world.prediction.jobs[job.job_id]
        steps = Steps(self._tools, self._contract, self._heads, self._examiner, record)
        view = steps.look(job)
        job = steps.adopted(job, view)
        if not is_ours(job, view) and not view.behind:
            job = self._for_payee(job, steps)
        end = end_of(job, view)
        if end is not None:
            return steps.ended(job, end, view)
        if is_ours(job, view):
            artifacts = artifacts_of(world, record.job.terms.model_id)
            job = steps.locked_before(job, view)
        else:
            with self._tools.sender.deciding(steps.lock_name(job)):
                artifacts = artifacts_of(world, record.job.terms.model_id)
                if not examined:  # it was taken by an earlier run, or its lock reorganised away
                    self._reconsider(record, artifacts, world)
            locked = self._locked(steps, job, artifacts)
            if isinstance(locked, Outcome):
                return locked
            job = locked
        job = steps.sound(job, artifacts)
        if job.proof is None:
            job = steps.prove(job, artifacts)
        return steps.deliver(job, artifacts)

    def _locked(self, steps: Steps, job: TrackedJob, artifacts: Artifacts) -> TrackedJob | Outcome:
        """Stake, if it is still worth it; fees and other stakes change while a job is examined."""
        with staking(self._tools.sender, steps.lock_name(job)):
            with self._tools.sender.deciding(steps.lock_name(job)):
                self._examiner.weigh(steps.record, artifacts)
            return steps.lock(job)

    def _for_payee(self, job: TrackedJob, steps: Steps) -> TrackedJob:
        """The job for the payee of this run, unless an earlier run's lock is with a node."""
        if job.payee == self._payee or job.ended:
            return job
        sender = self._tools.sender
        sender.take_back(steps.lock_name(job))
        if not sender.unsent(steps.lock_name(job)):
            return job
        sender.take_back(steps.delivery_name(job))
        fresh = replace(job, payee=self._payee, stage=Stage.TAKEN, proof=None, seconds=0.0)
        return self._tools.store.save(fresh)

    def _reconsider(self, record: Record, artifacts: Artifacts, world: World) -> None:
        """Raise unless a job that is open again, or still, may be staked on now."""
        opened = replace(record, state=State.OPEN)
        why_not = refusal(opened, self._account, self._tools.client.now())
        if why_not:
            raise Unwanted(why_not)
        self._examiner.examined(record, artifacts, world)


def _most_bytes(world: World, model_id: bytes) -> int:
    """Size that no inputs file for a model exceeds; 0 if nothing can be proven with it here."""
    try:
        return artifacts_of(world, model_id).facts.shape.max_bytes
    except ProvingError:  # somebody else's model, or damaged files
        return 0


def _due(world: World, job: TrackedJob) -> int:
    return world.prediction.jobs[job.job_id].state_deadline

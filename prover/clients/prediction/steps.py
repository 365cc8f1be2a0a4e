"""The steps of one prediction job that has been found worth it: lock, prove, deliver."""

import time
from dataclasses import dataclass, replace

from web3.types import TxReceipt

from prover.base.errors import ContractRefused, UsageError
from prover.base.text import amount_in, moment
from prover.chain.contracts.prediction import PredictionMarket
from prover.chain.events.finality import Heads, confirmations, pause
from prover.clients.common.money import stake, worth
from prover.clients.prediction.examine import Examiner, PredictionTools
from prover.clients.prediction.store import Stage, TrackedJob
from prover.clients.prediction.views import UNTAKEN, View, end_of, is_ours, look
from prover.protocol.prediction.state import Record
from prover.statement.context import JobContext
from prover.systems.interface import Artifacts

WAITING, SKIPPED, FAILED = "waiting", "skipped", "failed"
PATIENCE_SECONDS = 60.0  # for a node that does not know yet what was mined
LOCAL_PATIENCE_SECONDS = 5.0
_LATE, _WRONG_STATE = "Jobs_Late", "PredictionMarket_WrongState"
_WRONG_CONTEXT = "ProofAcceptance_WrongContext"  # the payee is another than the proof's


@dataclass(frozen=True)
class Outcome:
    """What became of a job in this pass: `result` is a stage, or one of the strings above.

    `mistake` is an error that nobody foresaw, for the log.
    """

    job_id: bytes
    result: str
    message: str
    seconds: float = 0.0
    gas: int = 0
    mistake: Exception | None = None


@dataclass(frozen=True)
class Steps:
    """What is done for one job; each step is written down before the next begins."""

    tools: PredictionTools
    prediction: PredictionMarket
    heads: Heads
    examiner: Examiner
    record: Record

    def look(self, job: TrackedJob) -> View:
        """The job in the newest block."""
        return look(self.heads, self.prediction, job.job_id)

    @staticmethod
    def lock_name(job: TrackedJob) -> str:
        """The action that stakes on a job."""
        return f"lock:{job.job_id.hex()}"

    @staticmethod
    def delivery_name(job: TrackedJob) -> str:
        """The action that delivers a proof."""
        return f"deliver:{job.job_id.hex()}"

    def adopted(self, job: TrackedJob, view: View) -> TrackedJob:
        """The job for the payee that the chain names, where this account has locked it for that.

        An earlier run may have named another payee, and a proof is good for one alone.
        """
        payee = view.status.payee
        if view.state in UNTAKEN or payee == job.payee or not self._locked_for(job, payee):
            return job
        fresh = replace(job, payee=payee, stage=Stage.TAKEN, proof=None, seconds=0.0)
        return self.tools.store.save(fresh)

    def _locked_for(self, job: TrackedJob, payee: str) -> bool:
        if self.record.provider == job.account and self.record.payee == payee:
            return True
        lock = self.prediction.lock(self.record.job, payee)
        return self.tools.sender.ever_made(self.lock_name(job), lock)

    def locked_before(self, job: TrackedJob, view: View) -> TrackedJob:
        """A job that the chain shows as locked by us, whatever was written down of it."""
        if job.stage in (Stage.LOCKED, Stage.PROVEN):
            return job
        return self.tools.store.advance(job, _locked(job), view.block)

    def lock(self, job: TrackedJob) -> TrackedJob | Outcome:
        """Send the stake; what a refusal means is read from the job's status."""
        terms, sender = self.record.job.terms, self.tools.sender
        try:
            call = self.prediction.lock(self.record.job, job.payee)
            receipt = stake(sender, self.lock_name(job), terms, self.prediction, call)
        except ContractRefused as error:
            if error.error_name not in (_WRONG_STATE, _LATE):
                raise
            return self._meaning(job, error) or self._unclear(job, error)
        except UsageError:  # an earlier run's lock was mined, for another payee
            view = self.look(job)
            job = self.adopted(job, view)
            if not is_ours(job, view):
                raise
            self.examiner.stake(terms.currency, terms.stake)
            return self.locked_before(job, view)
        self.examiner.stake(terms.currency, terms.stake)
        return self.tools.store.advance(job, _locked(job), self.heads.saw(receipt))

    def sound(self, job: TrackedJob, artifacts: Artifacts) -> TrackedJob:
        """The job without the proof that was kept, unless that holds: it is made again then."""
        if job.proof is None:
            return job
        (fault,) = self.tools.readiness.faults(artifacts, [job.proof])
        if fault is None:
            return job
        return self.tools.store.discard(replace(job, stage=Stage.LOCKED), fault)

    def prove(self, job: TrackedJob, artifacts: Artifacts) -> TrackedJob:
        """Prove and verify, and keep the proof."""
        if not job.inputs_file:  # the store had lost the job
            job = replace(job, inputs_file=self.examiner.inputs(self.record, artifacts).to_bytes())
        started, chain_id = time.monotonic(), self.tools.client.chain_id
        where, model_id = self.prediction.address, self.record.job.terms.model_id
        context = JobContext.of(chain_id, where, job.job_id, job.payee, model_id)
        proof = self.tools.readiness.prove(artifacts, job.items, context, self.tools.progress)
        seconds = time.monotonic() - started
        return self.tools.store.save(replace(job, proof=proof, seconds=seconds, stage=Stage.PROVEN))

    def deliver(self, job: TrackedJob, artifacts: Artifacts) -> Outcome:
        """Send the proof; a node that does not know of the lock yet is asked again."""
        local = self.tools.client.local
        until = time.monotonic() + (LOCAL_PATIENCE_SECONDS if local else PATIENCE_SECONDS)
        while True:
            try:
                return self._delivered(job, self._send(job))
            except ContractRefused as error:
                if error.error_name not in (_WRONG_STATE, _LATE, _WRONG_CONTEXT):
                    self.tools.readiness.failed(artifacts, str(error))
                    raise
                known = self._meaning(job, error)
                if known is not None or time.monotonic() > until:
                    return known or self._unclear(job, error)
            except UsageError as error:  # an earlier run's proof was mined
                known = self._meaning(job, error)
                if known is None:
                    raise
                return known
            pause(self.tools.client)

    def ended(self, job: TrackedJob, stage: Stage, view: View) -> Outcome:
        """The job is no longer this provider's to deliver, or needs no delivery."""
        final = self.heads.is_final(view.block)
        self.tools.store.advance(job, stage, view.block, final=final)
        message = (
            self._late(view) if stage is Stage.LATE else f"the job is {view.state.name.lower()}"
        )
        return Outcome(job.job_id, stage, message + self._until_final(final), job.seconds)

    def _send(self, job: TrackedJob) -> TxReceipt:
        assert job.proof is not None  # noqa: S101 - it was made before
        items, instances = len(job.items), list(job.proof.instances)
        call = self.prediction.deliver(self.record.job, items, job.proof.proof, instances)
        terms, at_a_loss = self.record.job.terms, self.examiner.policy.purse.at_a_loss
        depends = None if at_a_loss else worth(terms.currency, terms.reward, terms.stake)
        action = self.delivery_name(job)
        return self.tools.sender.send(action, call, exact=True, worth=depends)

    def _delivered(self, job: TrackedJob, receipt: TxReceipt) -> Outcome:
        block = self.heads.saw(receipt)
        final = self.heads.is_final(block)
        self.tools.store.advance(job, Stage.DELIVERED, block, final=final)
        terms = self.record.job.terms
        self.examiner.stake(terms.currency, -terms.stake)
        paid = "" if job.payee == self.tools.sender.address else f" for payee {job.payee}"
        message = f"proven in {job.seconds:.1f} s and delivered{paid}" + self._until_final(final)
        gas = int(receipt["gasUsed"])
        return Outcome(job.job_id, Stage.DELIVERED, message, job.seconds, gas)

    def _meaning(self, job: TrackedJob, error: ContractRefused | UsageError) -> Outcome | None:
        """How the job has ended, if it is for that that nothing can be sent; None if not."""
        view = self.look(job)
        job = self.adopted(job, view)
        end = end_of(job, view)
        late = isinstance(error, ContractRefused) and error.error_name == _LATE
        if end is None and late and is_ours(job, view):
            end = Stage.LATE  # the next block will be late, as the dry run knows
        return None if end is None else self.ended(job, end, view)

    def _unclear(self, job: TrackedJob, error: ContractRefused) -> Outcome:
        """The node contradicts itself: nothing is concluded from that."""
        view = self.look(job)
        message = (
            f"{error}; but the job is {view.state.name.lower()} in {view.where()}: nothing is "
            "given up, the next pass looks again"
        )
        return Outcome(job.job_id, WAITING, message, job.seconds)

    def _late(self, view: View) -> str:
        terms, due = self.record.job.terms, view.status.deadline
        lost = amount_in(terms.currency, terms.stake)
        return (
            f"too late: the proof was due at {moment(due)}; the stake of {lost} goes to the "
            "consumer"
        )

    def _until_final(self, final: bool) -> str:
        depth = confirmations(self.tools.client)
        return "" if final else f"; final when {depth} blocks lie on it, and looked at until then"


def _locked(job: TrackedJob) -> Stage:
    """Where a job stands right after its lock; after a reorganisation its proof may be there."""
    return Stage.LOCKED if job.proof is None else Stage.PROVEN

"""Passes of `provider run`: one, or one after the other until the command is ended."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from prover.base.errors import ZkescrowError
from prover.base.text import amount_in
from prover.chain.sending.wallet import Handed
from prover.cli.common.output import say_error, say_mistake, show

if TYPE_CHECKING:
    from prover.clients.prediction.provider import Provider
    from prover.clients.prediction.steps import Outcome

_BAD_ENDS = frozenset({"failed", "late"})


@dataclass(frozen=True)
class Pass:
    """What became of the jobs, what was withdrawn by currency, and why nothing could be."""

    outcomes: Sequence["Outcome"]
    withdrawn: dict[str, int]
    trouble: str | None

    @property
    def bad(self) -> bool:
        """Whether a job failed or was late, or credit stays where it is."""
        return bool(self.trouble) or any(one.result in _BAD_ENDS for one in self.outcomes)

    def then(self, later: "Pass") -> "Pass":
        """Both as one: what a job has come to is what it came to last."""
        outcomes = {one.job_id: one for one in (*self.outcomes, *later.outcomes)}
        withdrawn = dict(self.withdrawn)
        for currency, amount in later.withdrawn.items():
            withdrawn[currency] = withdrawn.get(currency, 0) + amount
        return Pass(list(outcomes.values()), withdrawn, later.trouble)

    def tell(self) -> None:
        """Print it."""
        jobs: list[dict[str, Any]] = [
            {
                "job": "0x" + outcome.job_id.hex(),
                "result": str(outcome.result),
                "message": outcome.message,
                "proof_seconds": round(outcome.seconds, 3),
                "gas": outcome.gas,
            }
            for outcome in self.outcomes
        ]
        lines = [f"{job['job']} {job['result']}: {job['message']}" for job in jobs]
        taken = self.withdrawn.items()
        lines += [f"withdrawn: {amount_in(currency, amount)}" for currency, amount in taken]
        lines += [f"not withdrawn: {self.trouble}"] if self.trouble else []
        show(
            {"jobs": jobs, "withdrawn": self.withdrawn, "trouble": self.trouble},
            *lines or ["no open job for this provider's models"],
        )
        for outcome in self.outcomes:
            if outcome.mistake is not None:
                say_mistake(outcome.mistake)


def one_pass(worker: "Provider", withdraw: bool, done: Callable[[list[bytes]], None]) -> Pass:
    """Work on all jobs, then take credits out; `done` is called with the ids of those jobs.

    Raises Busy, ChainError.
    """
    outcomes = worker.run_once()
    done([one.job_id for one in outcomes if one.result != "skipped"])
    if not withdraw:
        return Pass(outcomes, {}, None)
    left: list[str] = []
    try:
        return Pass(outcomes, worker.withdraw(left=left.append), "; ".join(left) or None)
    except ZkescrowError as error:  # the jobs' outcomes are printed all the same
        return Pass(outcomes, {}, str(error))


def only_pass(work: Callable[[], Pass], take: Callable[[], bool]) -> Pass:
    """Work, take files, and work again if there were any; the outcome is printed in any case.

    What is locked waits for no file of a stranger. Raises as `work` and `take`.
    """
    found = work()
    try:
        if take():
            found = found.then(work())
    finally:
        found.tell()
    return found


@dataclass
class Loop:
    """Passes without end, `seconds` apart, of which only news is printed.

    After a pass files are taken; if there were any, the next one comes at once. A job is news when
    it comes to something else than before; an error is when it is another one.
    """

    work: Callable[[], Pass]
    take: Callable[[], bool]
    seconds: float
    _known: dict[bytes, str] = field(default_factory=dict)
    _trouble: str | None = None
    _untaken: str | None = None

    def run(self) -> NoReturn:
        """Until the process is ended: what stops one pass is printed, and the next tries again."""
        while True:
            try:
                self._tell(self.work())
                if self._took():
                    continue
            except Handed:  # no error: a wallet is to sign the next step
                raise
            except (ZkescrowError, OSError) as error:
                self._hindered(str(error))
            except Exception as error:  # noqa: BLE001 - who ends here loses what is locked
                self._hindered(f"internal error, {type(error).__name__}: {error}; report it")
                say_mistake(error)
            self._wait()

    def _took(self) -> bool:
        """Whether there are new files; what hinders taking them is printed."""
        taken, why = False, None
        try:
            taken = self.take()
        except (ZkescrowError, OSError) as error:
            why = str(error)
            if why != self._untaken:
                say_error(f"{why}; the next pass tries again")
        self._untaken = why
        return taken

    def _wait(self) -> None:
        time.sleep(self.seconds)

    def _tell(self, found: Pass) -> None:
        news = [one for one in found.outcomes if self._known.get(one.job_id) != str(one.result)]
        self._known |= {one.job_id: str(one.result) for one in found.outcomes}
        trouble = found.trouble if found.trouble != self._trouble else None
        self._trouble = found.trouble
        if news or found.withdrawn or trouble:
            Pass(news, found.withdrawn, trouble).tell()

    def _hindered(self, why: str) -> None:
        if why != self._trouble:
            say_error(f"{why}; the next pass tries again")
        self._trouble = why

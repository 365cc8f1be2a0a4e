"""Which job a command is about: by its id or the id's first digits, or the sole one that fits."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from prover.base.console import progress
from prover.base.errors import UsageError
from prover.base.text import as_text, some_of
from prover.chain.contracts.tokens import learn
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.chain.state.deeds import Deed, done_by
from prover.chain.state.replay import load_held, load_world
from prover.clients.common.jobs.deeds import require_there
from prover.clients.common.jobs.kinds import Kind, protocols, short
from prover.clients.common.jobs.recent import last_used
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.jobs import Jobs, Record
from prover.protocol.world import World

MIN_DIGITS = 4
_HEX = re.compile(r"(0x)?[0-9a-fA-F]+", re.ASCII)

R = TypeVar("R", bound=Record[Any])


@dataclass(frozen=True)
class Wanted:
    """The jobs that a command can act on; `message` follows "no round" and "3 rounds".

    `accept` raises for a currency that is not accepted, before its token is asked anything: any
    contract may be a token. `done` says that the command was done for a job: whoever types it once
    more, as after an interruption, does not mean another one. By one of the `moves` the account
    `who` does it, and `same` says whether a job is as this very command would have made it.
    """

    message: str
    fits: Callable[[Any, int], bool]
    accept: Callable[[str], None] = lambda _currency: None
    done: Callable[[Any], bool] = lambda _record: False
    moves: tuple[str, ...] = ()
    who: str = ""
    same: Callable[[Any], bool] = lambda _record: True


class DoneBefore(Exception):
    """Not an error: `deed` of an earlier run of the very command took the job where it is."""

    def __init__(self, world: World, kind: Kind, job_id: bytes, deed: Deed) -> None:
        super().__init__(f"{kind.name} {short(job_id)}: {deed.says}")
        self.world, self.kind, self.job_id, self.deed = world, kind, job_id, deed
        self.record: Record[Any] = _jobs_of(world, kind).jobs[job_id]


UNENDED = Wanted("still open or under way", lambda one, _: not one.ended)
LATE = Wanted(
    "past a deadline and not ended yet",
    lambda one, now: not one.ended and now > one.as_of(now).state_deadline,
)


def in_state(
    message: str, *states: int, by: str | None = None, who: str = "", moves: tuple[str, ...] = ()
) -> Wanted:
    """Jobs in one of the states, in which the account `who` has the part `by`.

    `by` is "consumer" or "provider"; None asks for no part. `moves` as in `Wanted`.
    """

    def fits(one: Record[Any], now: int) -> bool:
        part = {None: who, "consumer": one.job.consumer, "provider": one.provider}[by]
        current = one.as_of(now)
        in_time = current.ended or now <= current.state_deadline
        return current.state in states and in_time and part == who

    return Wanted(message, fits, moves=moves, who=who)


def cancellable(who: str, open_: int, cancelled: int) -> Wanted:
    """Open jobs that `who` has posted, and may take back."""

    def done(one: Record[Any]) -> bool:
        return one.state == cancelled and one.job.consumer == who

    mine = in_state("yours and open", open_, by="consumer", who=who, moves=("cancel",))
    return replace(mine, done=done)


def open_to(
    message: str, state: int, who: str, accept: Callable[[str], None] = lambda _currency: None
) -> Wanted:
    """Jobs that wait for somebody to join, and that `who` may join; `accept` as in `Wanted`."""

    def fits(one: Record[Any], now: int) -> bool:
        named = getattr(one.job.terms, "provider", ZERO_ADDRESS)
        in_time = now <= one.job.terms.open_until
        return one.state == state and in_time and named in (ZERO_ADDRESS, who)

    def done(one: Record[Any]) -> bool:
        return one.joined and not one.ended and one.provider == who

    return Wanted(message, fits, accept, done)


def find_on(
    client: Client, deployment: Deployment, kind: Kind, text: str | None, wanted: Wanted = UNENDED
) -> tuple[World, bytes, Any]:
    """The job that a command means, as `choose`, with its world: events and contract agree on it.

    Raises ChainError if the node contradicts itself, DoneBefore if the command was done before.
    """
    world = load_world(client, deployment)
    contract = _jobs_of(world, kind).contract
    named = last_used(client, contract) if text is None else _full_id(text)
    if named is not None:
        world = load_held(client, deployment, [(contract, named)])
    job_id, record = choose(client, _jobs_of(world, kind), kind, text, wanted)
    if job_id != named:
        world = load_held(client, deployment, [(contract, job_id)])
        job_id, record = choose(client, _jobs_of(world, kind), kind, text, wanted)
    if not wanted.fits(record, client.now()):
        _require_undone(client, world, kind, job_id, wanted)
    return world, job_id, record


def _require_undone(
    client: Client, world: World, kind: Kind, job_id: bytes, wanted: Wanted
) -> None:
    """Raise DoneBefore if a job is where it is by an earlier run of the very command."""
    record = _jobs_of(world, kind).jobs[job_id]
    deeds = (done_by(client, wanted.who, move, job_id, record) for move in wanted.moves)
    deed = next((one for one in deeds if one is not None and wanted.same(record)), None)
    if deed is not None:
        raise DoneBefore(world, kind, job_id, deed)


def _jobs_of(world: World, kind: Kind) -> Jobs[Any]:
    return dict(protocols(world))[kind]


def _full_id(text: str) -> bytes | None:
    """An id of which all digits are given."""
    digits = text.removeprefix("0x")
    return bytes.fromhex(digits) if _HEX.fullmatch(text) and len(digits) == 64 else None


def choose(
    client: Client, jobs: Jobs[R], kind: Kind, text: str | None, wanted: Wanted = UNENDED
) -> tuple[bytes, R]:
    """The job that a command means, and its record.

    Raises UsageError if that is not clear, IllegalEvent if its events make no sense, and what
    `wanted` raises for its currency.

    Without `text` it is the last one used from here if the command fits it, else the sole one of
    the chain that it fits.
    """
    job_id = _chosen(client, jobs, kind, text, wanted)
    jobs.require_sound(job_id)
    record = jobs.jobs[job_id]
    wanted.accept(record.job.terms.currency)
    learn(client, record.job.terms.currency)
    return job_id, record


def _chosen(client: Client, jobs: Jobs[R], kind: Kind, text: str | None, wanted: Wanted) -> bytes:
    known, now = {**jobs.jobs, **jobs.set_aside}, client.now()
    last = last_used(client, jobs.contract) if text is None else None
    begins = (last or b"").hex() if text is None else text.removeprefix("0x").lower()
    fitting = [job_id for job_id, one in jobs.jobs.items() if wanted.fits(one, now)]
    if begins and not any(job_id.hex().startswith(begins) for job_id in known):
        require_there(client, jobs, kind, begins)
    if text is not None:
        job_id = by_digits(known, kind, text)
    else:
        job_id = _without_text(known, kind, wanted, last, fitting)
    if wanted is not UNENDED and job_id not in fitting:
        require_there(client, jobs, kind, job_id.hex())
    if text is None and job_id != last:
        progress(f"{kind.name} 0x{job_id.hex()}: the only one {wanted.message}")
    return job_id


def _without_text(
    jobs: Mapping[bytes, object],
    kind: Kind,
    wanted: Wanted,
    last: bytes | None,
    fitting: list[bytes],
) -> bytes:
    if last is not None and last in fitting:
        return last
    record = None if last is None else jobs.get(last)
    if last is not None and fitting and isinstance(record, Record) and wanted.done(record):
        raise UsageError(
            f"{kind.name} {short(last)}, the last one used here, is "
            f"{as_text(record.state.name.lower())} by this command already; if you mean another "
            f"one, such as {listed(fitting)}, name it"
        )
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise UsageError(
            f"{len(fitting)} {kind.plural} are {wanted.message}: name one of {listed(fitting)}"
        )
    if last is not None and last in jobs:
        return last  # the command itself says why it cannot act on it
    if len(jobs) == 1 and wanted is UNENDED:
        return next(iter(jobs))
    aside = sum(not isinstance(one, Record) for one in jobs.values())
    others = f", and {aside} were set aside: their events make no sense" if aside else ""
    raise UsageError(f"no {kind.name} on this chain is {wanted.message}{others}: {kind.listing}")


def by_digits(known: Mapping[bytes, object], kind: Kind, text: str) -> bytes:
    """The one known id that begins with the digits. Raises UsageError if there is none, or more."""
    digits = text.removeprefix("0x").lower()
    if not _HEX.fullmatch(text) or not MIN_DIGITS <= len(digits) <= 64:
        raise UsageError(
            f"{kind.name} {text!r}: expected an id of 64 hex digits, or its first {MIN_DIGITS} "
            f"or more; {kind.listing}"
        )
    found = [job_id for job_id in known if job_id.hex().startswith(digits)]
    if not found:
        raise UsageError(f"{kind.name} 0x{digits} is not on this chain: {kind.listing}")
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} {kind.plural} begin with 0x{digits}: give more digits, as in "
            f"{listed(found)}"
        )
    return found[0]


def listed(job_ids: Iterable[bytes]) -> str:
    """Ids for a sentence, shortened; the first few if they are many."""
    return some_of([short(job_id) for job_id in job_ids])

"""Posting a job once, whatever dies on the way: the same command goes on with the same job."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from web3.types import TxReceipt

from prover.base.errors import ChainError, Postponed, StatementInvalid
from prover.base.files import locked
from prover.base.settings import get_settings
from prover.base.text import moment
from prover.chain.abi.contract import Call
from prover.chain.contracts.jobs import JobContract
from prover.chain.contracts.tokens import allow
from prover.chain.sending.handing import given_of
from prover.chain.sending.intents import Intent, Intents, name_of
from prover.chain.sending.transactions import Sender
from prover.chain.sending.wallet import Handed
from prover.chain.state.deeds import POST, deeds_of, gone, mark_reported, unreported
from prover.clients.common.jobs.recent import remember
from prover.protocol.terms import Job, Terms

T = TypeVar("T", bound=Terms)
AGAIN = "done: the same command again posts another one"
RESUMED = "this job is that of an earlier run, which was interrupted: nothing was posted twice"
RETURNED = (
    "this job is that of an earlier run, which a reorganisation of the chain had taken away: it is "
    "posted again, and paid once"
)


@dataclass(frozen=True)
class Drawn(Generic[T]):
    """All of a job that the user did not choose: nonce, times, salts (in the file).

    `data_hash` is that of the file beside it, if it has one; the file is written before. `made` are
    the files that no other job can have, as they hold salts or keys of this one.
    """

    nonce: int
    terms: T
    data_hash: bytes = b""
    uri: str = ""
    made: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Posting(Generic[T]):
    """A job to be posted; `resumed` if an earlier command began it.

    It had `returned` if it was posted already, and a reorganisation took it away. `others` are jobs
    with other terms to which that happened too: their transactions come before this one's.
    `before` is a job of the same words that a wallet was given, and that is on the chain. Of the
    jobs `beside` it the commands were interrupted, and nobody was told that they are paid too.
    """

    job: Job[T]
    job_id: bytes
    data_hash: bytes
    uri: str
    resumed: bool
    returned: bool = False
    others: tuple[bytes, ...] = ()
    before: bytes | None = None
    beside: tuple[bytes, ...] = ()

    @property
    def file(self) -> Path:
        """The file beside the job: inputs or test set. Raises StatementInvalid if it is gone."""
        path = file_at(self.data_hash)
        if not path.is_file():
            raise StatementInvalid(
                f"{path}, which belongs to job 0x{self.job_id.hex()}, is gone: put it back from a "
                "copy; without it nobody can prove the job"
            )
        return path

    @property
    def given(self) -> Path:
        """What the provider is given of the file: its envelope where its key is known."""
        return given_of(self.file)

    @property
    def about(self) -> dict[str, Any]:
        """For --json, where a wallet is to sign it."""
        return {
            "job": "0x" + self.job_id.hex(),
            **({"given": str(self.given), "uri": self.uri} if self.data_hash else {}),
            **({"notes": list(self._others)} if self._others else {}),
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """What to print besides the result."""
        earlier = (RETURNED if self.returned else RESUMED,) if self.resumed else ()
        return (*earlier, *self._others, AGAIN)

    @property
    def _others(self) -> tuple[str, ...]:
        """What there may be to pay besides this job."""
        another = () if self.before is None else (_another(self.before),)
        return (*another, *map(_comes_back, self.others), *map(_beside, self.beside))


@contextmanager
def posting(
    sender: Sender,
    contract: JobContract,
    kind: type[T],
    asked: dict[str, Any],
    draw: Callable[[], Drawn[T]],
) -> Iterator[Posting[T]]:
    """The job of what was asked for: an earlier command's that was interrupted, else a new one.

    It is done when the block ends without an error, so tell the user inside. A job that was never
    signed, or cannot be mined any more, is drawn anew; never one that the chain has. One that the
    user was told of, and that a reorganisation took away, is posted again. What was drawn and
    refused before it was signed leaves no file behind.
    """
    name = name_of(
        {
            "contract": contract.address,
            "terms": kind.ABI,
            "asked": json.dumps(asked, sort_keys=True, default=_plain),
        }
    )
    home = get_settings().home
    intents = Intents(home / "intents.sqlite", sender.client.scope, sender.address)
    with locked(home / "locks" / f"intent-{name}.lock"):
        known = intents.find(name)
        drawn, found = None, _resumable(sender, contract, kind, known)
        if found is None:
            drawn = draw()
            found = replace(
                _begun(sender, contract, drawn), before=_before(sender, contract, kind, known)
            )
            intents.keep(name, _packed(drawn))
        beside = [
            deed
            for deed in unreported(sender.client, sender.address)
            if deed.job_id != found.job_id and not sender.is_sending(action_of(deed.job_id))
        ]
        ids = tuple(deed.job_id for deed in beside)
        found = replace(found, others=_lost(sender, contract, found.job_id), beside=ids)
        try:
            yield found
        except Handed as handed:
            intents.hand_over(name)
            remember(sender.client, contract.address, found.job_id)
            handed.about |= found.about
            raise
        except BaseException:
            if drawn is not None and not sender.ever_signed(action_of(found.job_id)):
                intents.forget(name)
                _remove(drawn.made)
            raise
        intents.end(name)
        with suppress(ChainError):  # the job is posted and reported: at worst they are shown again
            mark_reported(sender.client, beside)


def send(
    sender: Sender, contract: JobContract, posted: Posting[T], call: Call, amount: int
) -> TxReceipt:
    """Pay `amount` of the terms' currency in with `call`, once. Raises ContractRefused."""
    action = action_of(posted.job_id)
    if sender.unsent(action):
        allow(sender, posted.job.terms.currency, contract.address, amount)
    receipt = sender.send(action, call)
    remember(sender.client, contract.address, posted.job_id)
    return receipt


def was_resumed(notes: tuple[str, ...]) -> bool:
    """Whether the job that these notes are about was begun by an earlier command."""
    return RESUMED in notes or RETURNED in notes


def action_of(job_id: bytes) -> str:
    """The name of a job's posting."""
    return f"post:{job_id.hex()}"


def file_at(data_hash: bytes) -> Path:
    """Where the file of a job is kept that was posted from here."""
    return get_settings().home / "inputs" / f"{data_hash.hex()}.json"


def _resumable(
    sender: Sender, contract: JobContract, kind: type[T], found: Intent | None
) -> Posting[T] | None:
    """An earlier command's job, if a transaction of it was or can be mined.

    What a wallet was given and has sent needs no command any more. Raises Postponed where the chain
    has a job whose posting cannot be ended here.
    """
    if found is None:
        return None
    handed, posting_ = found.handed, _posting(sender, contract, _unpacked(kind, found.drawn), True)
    if found.told:
        lost = sender.signs and sender.lost(action_of(posting_.job_id))
        return replace(posting_, returned=True) if lost else None
    action = action_of(posting_.job_id)
    signed = not sender.unsent(action)
    if signed and sender.signs:
        return posting_
    signed = signed or sender.may_come(action)
    open_ = sender.client.now() < posting_.job.terms.open_until
    if open_ and not handed and contract.exists(posting_.job_id):
        raise _posted(posting_)
    can_be_mined = open_ and (handed or signed) and not contract.exists(posting_.job_id)
    return posting_ if can_be_mined else None


def _before(
    sender: Sender, contract: JobContract, kind: type[T], found: Intent | None
) -> bytes | None:
    """The job that a wallet was given by an earlier command of the same words, and has sent."""
    if found is None or not found.handed:
        return None
    job_id = _posting(sender, contract, _unpacked(kind, found.drawn), True).job_id
    return job_id if contract.exists(job_id) else None


def _lost(sender: Sender, contract: JobContract, job_id: bytes) -> tuple[bytes, ...]:
    """Other jobs of the account that were posted, and that a reorganisation took away."""
    mine = [
        deed
        for deed in deeds_of(sender.client)
        if deed.kind == POST and deed.account == sender.address and deed.job_id != job_id
    ]
    return tuple(deed.job_id for deed in gone(sender.client, mine))


def _another(job_id: bytes) -> str:
    return (
        f"job 0x{job_id.hex()}, which the same command gave to a wallet before, is on the chain: "
        "this is another one, and would be paid too"
    )


def _comes_back(job_id: bytes) -> str:
    return (
        f"job 0x{job_id.hex()}, which you posted before and a reorganisation took away, may come "
        "back beside this one and be paid too, as its transaction is still good: look at `zkescrow "
        "status`, and cancel it if you do not want both"
    )


def _beside(job_id: bytes) -> str:
    return (
        f"job 0x{job_id.hex()}, whose command was interrupted, is posted too, or may be: look at "
        "`zkescrow status`, and cancel it if you do not want both"
    )


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _posted(posting_: Posting[Any]) -> Postponed:
    return Postponed(
        f"job 0x{posting_.job_id.hex()} of an earlier run is on the chain, and paid: nothing is to "
        "be signed. `zkescrow status` shows it; the same command with the key that signed it tells "
        f"the result, and after {moment(posting_.job.terms.open_until)} it posts another one"
    )


def _posting(sender: Sender, contract: JobContract, drawn: Drawn[T], resumed: bool) -> Posting[T]:
    job = Job(sender.address, drawn.nonce, drawn.terms)
    return Posting(job, contract.job_id(job), drawn.data_hash, drawn.uri, resumed)


def _begun(sender: Sender, contract: JobContract, drawn: Drawn[T]) -> Posting[T]:
    """What was just drawn; it leaves no file behind where the contract has no room for it."""
    try:
        return _posting(sender, contract, drawn, False)
    except StatementInvalid:
        _remove(drawn.made)
        raise


def _packed(drawn: Drawn[T]) -> str:
    fields = (drawn.nonce, drawn.terms.to_abi(), drawn.data_hash, drawn.uri)
    return json.dumps(fields, default=_plain)


def _unpacked(kind: type[T], text: str) -> Drawn[T]:
    nonce, terms, data_hash, uri = json.loads(text, object_hook=_bytes)
    return Drawn(nonce, kind.from_abi(tuple(terms)), data_hash, uri)


def _plain(value: object) -> dict[str, str]:
    if not isinstance(value, bytes):
        raise TypeError(f"{type(value).__name__} has no place in an intent")
    return {"hex": value.hex()}


def _bytes(fields: dict[str, str]) -> bytes:
    return bytes.fromhex(fields["hex"])

"""What this home did to jobs, looked at again: a reorganisation may have taken it away.

The journal knows every transaction that was signed here, and the block in which it was seen mined.
A deed whose block the chain has no longer is gone until it is mined again.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from prover.chain.events.finality import (
    Block,
    confirmations,
    final_block,
    hashes_at,
    lost_of,
    stands,
)
from prover.chain.node.client import Client, checksum
from prover.chain.sending.fees import fields_of
from prover.chain.sending.journal import Attempt, Fate, Journal, journal_of_home
from prover.chain.sending.receipts import canonical_receipt
from prover.protocol.accuracy import state as accuracy
from prover.protocol.jobs import Jobs, Record
from prover.protocol.prediction import state as prediction
from prover.protocol.retrieval import state as retrieval
from prover.protocol.serving import state as serving
from prover.protocol.world import World

POST, CANCEL, ENDING = "post", "cancel", frozenset({"settle", "refund"})
# Calls of contracts whose deeds are named by another word: as their commands, or as what they post.
_KIND_OF = {"commitOutputs": "serve", "revealKey": "reveal"}
# The states that a move takes a job from, and brings it to: of several proofs, the last one does.
MOVES: Mapping[type[Record[Any]], Mapping[str, tuple[Any, Any]]] = {
    record: {
        _KIND_OF.get(move.call, move.call): (rule.state, move.to)
        for rule in record.TABLE.values()
        for move in rule.moves
    }
    for record in (prediction.Record, serving.Record, accuracy.Record, retrieval.Record)
}
_GOES_ON = frozenset({"answer", "submit"})  # one of several proofs
NAMES = {
    "post": "posting",
    "deliver": "delivery",
    "serve": "outputs",
    "answer": "proofs",
    "accept": "acceptance",
    "reveal": "key",
    "submit": "proofs",
    "cancel": "cancellation",
    "settle": "settlement",
}
KINDS = frozenset({POST, *ENDING, *(kind for moves in MOVES.values() for kind in moves)})


@dataclass(frozen=True)
class Deed:
    """What an account of this home did to a job, and the block in which it was last seen."""

    account: str
    contract: str
    kind: str
    job_id: bytes
    block: Block
    attempts: tuple[Attempt, ...]

    @property
    def says(self) -> str:
        """As text, such as "your outputs of block 7"."""
        return f"your {NAMES.get(self.kind, self.kind)} of block {self.block.number}"


def deeds_of(client: Client, since: int = 0) -> list[Deed]:
    """What was done from here on this chain from block `since` on, newest block first."""
    path = journal_of_home()
    if not path.exists():
        return []
    by_action = dict[tuple[str, str], list[Attempt]]()
    for attempt in _journal(path).mined(client.scope, since):
        by_action.setdefault((attempt.sender, attempt.action), []).append(attempt)
    found = (_deed(attempts) for attempts in by_action.values())
    return [deed for deed in found if deed is not None]


def waiting(client: Client) -> list[Deed]:
    """What was signed here and the chain has not; its nonce is free there, so that it may come."""
    path = journal_of_home()
    if not path.exists():
        return []
    by_action = {(one.sender, one.action): one for one in _journal(path).unmined(client.scope)}
    found = [(one.nonce, _deed([one])) for one in by_action.values()]
    accounts = {deed.account for _, deed in found if deed is not None}
    used = {account: client.used_nonces(account) for account in accounts}
    return [deed for nonce, deed in found if deed is not None and nonce >= used[deed.account]]


def unreported(client: Client, account: str) -> list[Deed]:
    """Postings that were interrupted, and are or may be on the chain: see `mark_reported`."""
    path = journal_of_home()
    if not path.exists():
        return []
    by_job = dict[bytes, Deed]()
    for attempt in _journal(path).unmined(client.scope):
        deed = _deed([attempt])
        if deed is None or (deed.account, deed.kind) != (account, POST):
            continue
        receipt = canonical_receipt(client, attempt.hash)
        mined = receipt is not None and receipt["status"] == 1
        if mined or (receipt is None and attempt.nonce >= client.used_nonces(account)):
            by_job[deed.job_id] = deed
    return list(by_job.values())


def mark_reported(client: Client, deeds: Collection[Deed]) -> None:
    """The user knows of these: those that are mined are not shown again."""
    journal = _journal(journal_of_home())
    for attempt in (attempt for deed in deeds for attempt in deed.attempts):
        _noted(client, journal, attempt)


def _noted(client: Client, journal: Journal, attempt: Attempt) -> Block | None:
    """The block in which an attempt is mined with its effect; what became of it is written down."""
    receipt = canonical_receipt(client, attempt.hash)
    if receipt is None:
        return None
    block = Block(int(receipt["blockNumber"]), bytes(receipt["blockHash"]))
    mined = receipt["status"] == 1
    journal.set_block(client.scope, attempt.hash, block.number, block.hash)
    journal.set_fate([attempt], Fate.MINED if mined else Fate.REVERTED)
    return block if mined else None


def signed_here(scope: str, kind: str, job_id: bytes) -> bool:
    """Whether a deed of a chain was ever signed by an account of this home, on the chain or not."""
    path = journal_of_home()
    return path.exists() and _journal(path).names(scope, f"{kind}:{job_id.hex()}")


def on_the_way(client: Client) -> frozenset[bytes]:
    """Jobs of which something was signed here that may come: not on the chain yet, or no more."""
    lost = gone(client, [deed for deed in deeds_of(client) if deed.kind == POST])
    used = {account: client.used_nonces(account) for account in {deed.account for deed in lost}}
    again = [deed for deed in lost if any(one.nonce >= used[deed.account] for one in deed.attempts)]
    return frozenset(deed.job_id for deed in [*waiting(client), *again])


def gone(client: Client, deeds: Collection[Deed]) -> list[Deed]:
    """Those of some deeds that the chain does not have now."""
    lost = lost_of(client, [deed.block for deed in deeds]) if deeds else set()
    return [deed for deed in deeds if deed.block in lost and not _found_again(client, deed)]


def unsettled(client: Client, deeds: Collection[Deed]) -> Iterator[tuple[Deed, int]]:
    """Those of some deeds on the chain that are not final, with the blocks that must still come."""
    if confirmations(client) and deeds:
        final = final_block(client)
        yield from (
            (deed, deed.block.number - final) for deed in deeds if deed.block.number > final
        )


def not_shown(client: Client, world: World, since: int) -> Deed | None:
    """A deed of a block of the chain that the world knows nothing of: its events are old."""
    for deed in deeds_of(client, since):
        jobs = jobs_at(world, deed.contract)
        whole = jobs is not None and deed.kind not in _GOES_ON and undone(jobs, deed)
        if whole and stands(client, deed.block):
            return deed
    return None


def forgotten(client: Client, world: World, before: int) -> Deed | None:
    """A deed of an older block of the chain, on a job that the world knows nothing of at all."""
    path = journal_of_home()
    if not path.exists():
        return None
    journal, missing = _journal(path), list[Deed]()
    for sender, action in journal.mined_before(client.scope, before):
        if not _is_known(world, action):
            mined = journal.attempts(client.scope, sender, action)
            deed = _deed([one for one in reversed(mined) if one.fate is Fate.MINED])
            missing += [deed] if deed and jobs_at(world, deed.contract) is not None else []
    found = hashes_at(client, [deed.block.number for deed in missing])
    canonical = (one for one, known in zip(missing, found, strict=True) if one.block.hash == known)
    return next(canonical, None)


def _is_known(world: World, action: str) -> bool:
    """Whether an action is about no job, or about one that the world knows of."""
    _, job_id = _about(action)
    return job_id is None or any(
        job_id in jobs.jobs or job_id in jobs.set_aside for jobs in world.protocols
    )


def undone(jobs: Jobs[Any], deed: Deed) -> bool:
    """Whether a job is in the state in which the deed would have to be done, or done again."""
    if deed.job_id in jobs.set_aside:
        return False
    record = jobs.jobs.get(deed.job_id)
    if deed.kind == POST or record is None:
        return record is None and deed.kind == POST
    if deed.kind in ENDING:
        return not record.ended
    before, _ = MOVES[type(record)].get(deed.kind, (None, None))
    return bool(record.state == before)


def done_by(client: Client, account: str, kind: str, job_id: bytes, record: Any) -> Deed | None:
    """What an account of this home did to a job, where that brought it to the state it is in.

    Whether or not the command that did it lived to see it mined.
    """
    path = journal_of_home()
    _, after = MOVES[type(record)][kind]
    if record.state != after or not path.exists():
        return None
    journal = _journal(path)
    for action in journal.open_actions(client.scope, account, f"{kind}:{job_id.hex()}"):
        for attempt in journal.attempts(client.scope, account, action):
            block = _noted(client, journal, attempt)
            if block is not None:
                seen = replace(attempt, block=block.number, block_hash=block.hash)
                return _deed([seen])
    return None


def jobs_at(world: World, contract: str) -> Jobs[Any] | None:
    """The jobs of the contract at an address, if it is one of the deployment's."""
    return next((one for one in world.protocols if one.contract == contract), None)


@lru_cache(maxsize=8)
def _journal(path: Path) -> Journal:
    return Journal(path)


def _deed(attempts: list[Attempt]) -> Deed | None:
    """The deed of an action's transactions, newest block first; None if it is about no job."""
    newest = attempts[0]
    kind, job_id = _about(newest.action)
    to = fields_of(newest.raw).get("to")
    if job_id is None or not to:
        return None
    block = Block(int(newest.block or 0), newest.block_hash or b"")
    contract = str(checksum("0x" + bytes(to).hex()))
    return Deed(newest.sender, contract, kind, job_id, block, tuple(attempts))


def _about(action: str) -> tuple[str, bytes | None]:
    """What an action does, and to which job; None if it is about no job."""
    kind, _, rest = action.partition(":")
    digits = rest.split(":")[0]
    is_deed = kind in KINDS and len(digits) == 64
    return kind, bytes.fromhex(digits) if is_deed else None


def _found_again(client: Client, deed: Deed) -> bool:
    """Whether a transaction of the deed is in another block, with or without its effect.

    Which block that is, and that it had no effect there, is noted.
    """
    journal = _journal(journal_of_home())
    for attempt in deed.attempts:
        receipt = canonical_receipt(client, attempt.hash)
        if receipt is not None:
            number, block_hash = int(receipt["blockNumber"]), bytes(receipt["blockHash"])
            journal.set_block(client.scope, attempt.hash, number, block_hash)
            if receipt["status"] != 1:
                journal.set_fate(deed.attempts, Fate.REVERTED)
            return True
    return False

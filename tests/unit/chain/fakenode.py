"""A node made of events: JSON-RPC over blocks in memory, counting what it is asked."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from eth_abi.abi import encode
from eth_utils.abi import collapse_if_tuple, event_abi_to_log_topic
from eth_utils.crypto import keccak
from web3 import Web3
from web3.providers.base import JSONBaseProvider

from prover.chain.abi.contract import JOBS, POSEIDON, PREDICTION, REGISTRY, abi
from prover.chain.deployments import Deployed, Deployment
from prover.chain.node.client import Client, checksum
from prover.protocol import events as e
from prover.protocol.prediction.terms import PredictionTerms
from prover.protocol.registry.state import circuit_id_of, model_id_of
from prover.protocol.terms import Job, Terms
from tests.unit.protocol.scenes import LAYOUT

CHAIN, FIRST, START, SECONDS = 31337, 5, 1_000_000, 12
AT = {
    name: str(checksum("0x" + f"{number:02x}" * 20))
    for number, name in enumerate((REGISTRY, *JOBS, POSEIDON), start=0xA1)
}
CONSUMER, PROVIDER, PAYEE = (str(checksum("0x" + pair * 20)) for pair in ("c0", "b0", "ee"))
CIRCUIT = (PROVIDER, e.ZERO_ADDRESS, keccak(b"code"), b"\2" * 32, LAYOUT, -8, 8, 0, 0, 0, True, 0)
CIRCUIT_ID = circuit_id_of(CIRCUIT)
MODEL_ID = model_id_of(CIRCUIT_ID, 0)
REWARD, STAKE = 100, 40
DECIMALS = "0x313ce567"  # selector
JOB_VIEW = "0x38ed7cfc"  # selector of jobs(bytes32)

Transaction = Sequence[e.Event]


def deployment() -> Deployment:
    nothing = "0x" + "00" * 32
    return Deployment(
        chainId=CHAIN,
        contracts={
            name: Deployed(address=where, block=FIRST, tx=nothing, compiler="", inputHash=nothing)
            for name, where in AT.items()
        },
    )


@dataclass
class Block:
    """A block of transactions, each a sequence of events; `salt` makes another fork's hash."""

    number: int
    transactions: Sequence[Transaction] = ()
    salt: bytes = b""
    logs: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        events = [event for one in self.transactions for event in one]
        self.hash = keccak(self.number.to_bytes(8, "big") + self.salt + repr(events).encode())
        for at, transaction in enumerate(self.transactions):
            name = keccak(self.hash + at.to_bytes(4, "big"))
            for event in transaction:
                place = {"transactionHash": _hex(name), "transactionIndex": hex(at)}
                self.logs.append(self._log(event) | place)

    @property
    def time(self) -> int:
        return START + SECONDS * self.number

    def header(self) -> dict[str, Any]:
        return {
            "number": hex(self.number),
            "hash": _hex(self.hash),
            "timestamp": hex(self.time),
        }

    def _log(self, event: e.Event) -> dict[str, Any]:
        topics, data = encoded(event)
        return {
            "address": event.contract.lower(),
            "topics": [_hex(topic) for topic in topics],
            "data": _hex(data),
            "blockNumber": hex(self.number),
            "blockHash": _hex(self.hash),
            "blockTimestamp": hex(self.time),
            "logIndex": hex(len(self.logs)),
            "removed": False,
        }


class FakeNode(JSONBaseProvider):
    """Serves blocks; refuses ranges with more logs than `limit`, and can leave timestamps out."""

    endpoint_uri = "http://fake.invalid"

    def __init__(self, blocks: Iterable[Block], limit: int = 10_000, stamped: bool = True) -> None:
        super().__init__()
        self.blocks = {block.number: block for block in blocks}
        self.limit, self.stamped = limit, stamped
        self.asked: Counter[str] = Counter()
        self.requests = 0

    @property
    def client(self) -> Client:
        return Client(Web3(self), CHAIN, f"{CHAIN}:fake")

    def make_request(self, method: Any, params: Any) -> Any:
        self.requests += 1
        return self._answer(method, params)

    def make_batch_request(self, requests: Any) -> Any:
        self.requests += 1
        return [self._answer(method, params) for method, params in requests]

    def _answer(self, method: str, params: Any) -> Any:
        self.asked[method] += 1
        answer = getattr(self, method)(*params)
        named = {"jsonrpc": "2.0", "id": 1}
        return named | (
            answer if isinstance(answer, dict) and "error" in answer else {"result": answer}
        )

    def eth_chainId(self) -> Any:
        return hex(CHAIN)

    def eth_getBlockByNumber(self, number: str, _full: bool) -> Any:
        latest = max(self.blocks)
        wanted = latest if number in ("latest", "pending") else int(number, 16)
        block = self.blocks.get(wanted)
        return None if block is None else block.header()

    def eth_getCode(self, *_: Any) -> Any:
        return _hex(b"code")

    def eth_call(self, call: Any, _block: str) -> Any:
        """Every contract is a token, the coin, of two decimals; its jobs are not told."""
        if call["data"].startswith(JOB_VIEW):
            return {"error": {"code": -32000, "message": "missing trie node"}}
        return _hex(
            encode(["uint8"], [2]) if call["data"] == DECIMALS else encode(["string"], ["COIN"])
        )

    def eth_getLogs(self, query: Any) -> Any:
        first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        wanted = set(query["topics"][0])
        found = [
            log
            for number in range(first, last + 1)
            if number in self.blocks
            for log in self.blocks[number].logs
            if log["topics"][0] in wanted
        ]
        if len(found) > self.limit:
            return {"error": {"code": -32602, "message": "query returned more than allowed"}}
        return found if self.stamped else [_without(log, "blockTimestamp") for log in found]


def encoded(event: e.Event) -> tuple[list[bytes], bytes]:
    """Topics and data of an event, as the contracts emit it."""
    entry = _entries()[type(event).__name__]
    topics, types, values = [bytes(event_abi_to_log_topic(entry))], [], []
    for one in entry["inputs"]:
        value: Any = getattr(event, _snake(one["name"]))
        value = value.to_abi() if isinstance(value, Terms) else value
        kind = collapse_if_tuple(one).replace("string", "bytes")
        if one["indexed"]:
            topics.append(encode([kind], [value]))
        else:
            types.append(kind)
            values.append(value)
    return topics, encode(types, values)


def registered() -> list[e.Event]:
    about: dict[str, Any] = {"contract": AT[REGISTRY], "at": 0, "circuit_id": CIRCUIT_ID}
    return [
        e.CircuitRegistered(**about, registrant=PROVIDER, circuit=CIRCUIT),
        e.ModelRegistered(**about, model_id=MODEL_ID, weights_commitment=0),
    ]


def jobs(count: int, first: int = FIRST + 1, per_block: int = 1) -> Iterator[Block]:
    """Blocks in which jobs are posted, locked, delivered: six events a job, in three blocks."""
    number, done = first, 0
    while done < count:
        batch = range(done, min(count, done + per_block))
        yield from (Block(number + step, moves) for step, moves in enumerate(_moves(batch, number)))
        number, done = number + 3, done + per_block


def chain(count: int, per_block: int = 1) -> list[Block]:
    """A registered model and `count` paid jobs."""
    return [Block(0), Block(FIRST, [registered()]), *jobs(count, per_block=per_block)]


def posted_in(currency: str, consumer: str, nonce: int) -> Transaction:
    """The posting of a job in another currency, in the first block after the model's."""
    at = START + SECONDS * (FIRST + 1)
    job = _job(nonce, at)
    return _posted(Job(consumer, nonce, replace(job.terms, currency=currency)), at)


def _moves(batch: Iterable[int], number: int) -> Iterator[list[Transaction]]:
    at = START + SECONDS * number
    made = [_job(nonce, at) for nonce in batch]
    yield [_posted(job, at) for job in made]
    yield [_locked(job, at + SECONDS) for job in made]
    yield [_delivered(job) for job in made]


def _job(nonce: int, at: int) -> Job[PredictionTerms]:
    terms = PredictionTerms(
        MODEL_ID, b"\3" * 32, e.ZERO_ADDRESS, REWARD, STAKE, e.ZERO_ADDRESS, at + 500, 300
    )
    return Job(CONSUMER, nonce, terms)


def _about(job: Job[PredictionTerms]) -> dict[str, Any]:
    return {"contract": AT[PREDICTION], "at": 0, "job_id": job.id_on(CHAIN, AT[PREDICTION])}


def _posted(job: Job[PredictionTerms], at: int) -> Transaction:
    about = _about(job)
    return [
        e.JobPosted(
            **about, consumer=job.consumer, model_id=MODEL_ID, nonce=job.nonce, terms=job.terms,
            data_hash=bytes(32), uri=b"https://inputs.example/",
        ),
        e.Deposited(**about, currency=job.terms.currency, sender=job.consumer, amount=REWARD),
    ]  # fmt: skip


def _locked(job: Job[PredictionTerms], at: int) -> Transaction:
    about = _about(job)
    return [
        e.JobLocked(**about, provider=PROVIDER, payee=PAYEE, deadline=at + 300),
        e.Deposited(**about, currency=e.ZERO_ADDRESS, sender=PROVIDER, amount=STAKE),
    ]


def _delivered(job: Job[PredictionTerms]) -> Transaction:
    about = _about(job)
    return [
        e.PredictionDelivered(**about, payee=PAYEE, items=1, outputs=(1, 2)),
        e.Credited(**about, currency=e.ZERO_ADDRESS, account=PAYEE, amount=REWARD + STAKE),
    ]


def _entries() -> dict[str, Any]:
    found = [one for name in (REGISTRY, *JOBS) for one in abi(name) if one["type"] == "event"]
    return {one["name"]: one for one in found}


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _without(log: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in log.items() if key != name}

"""PredictionMarket and tokens: calls and views, typed."""

from dataclasses import dataclass
from typing import Any

from prover.chain.client import Client, checksum, speaks
from prover.chain.contracts import MARKET, Call, contract, encode_call
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.prediction import State
from prover.protocol.terms import Job, Terms

_ERC20: list[dict[str, Any]] = [
    {
        "type": "function",
        "name": name,
        "stateMutability": mutability,
        "inputs": [{"name": f"a{i}", "type": kind} for i, kind in enumerate(inputs)],
        "outputs": [{"name": "", "type": output}],
    }
    for name, mutability, inputs, output in (
        ("approve", "nonpayable", ("address", "uint256"), "bool"),
        ("allowance", "view", ("address", "address"), "uint256"),
        ("balanceOf", "view", ("address",), "uint256"),
        ("decimals", "view", (), "uint8"),
    )
]


@dataclass(frozen=True)
class Standing:
    """Where the contract says a job stands; `payee` and `deadline` are zero before a lock."""

    state: State
    payee: str
    deadline: int


class Market:
    """The prediction market at an address."""

    def __init__(self, client: Client, address: str) -> None:
        self.client = client
        self.address = str(checksum(address))
        self._contract: Any = contract(client.web3, MARKET, address)

    def job_id(self, job: Job) -> bytes:
        """The id of a job on this contract and chain."""
        return job.id_on(self.client.chain_id, self.address)

    def post(self, job: Job, data_hash: bytes, uri: str) -> Call:
        """Post a job and pay the reward in."""
        arguments = (job.terms.to_abi(), job.nonce, data_hash, uri)
        value = _native(job.terms, job.terms.reward)
        return self._call("posting the job", value, "post", *arguments)

    def cancel(self, job: Job) -> Call:
        """Take an open job back."""
        return self._call("cancelling the job", 0, "cancel", job.to_abi())

    def lock(self, job: Job, payee: str) -> Call:
        """Promise to deliver, and pay the stake in."""
        value = _native(job.terms, job.terms.stake)
        return self._call("locking the job", value, "lock", job.to_abi(), checksum(payee))

    def deliver(self, job: Job, items: int, proof: bytes, instances: list[int]) -> Call:
        """Deliver the proof of the first `items` slots."""
        arguments = (job.to_abi(), items, proof, instances)
        return self._call("delivering the proof", 0, "deliver", *arguments)

    def refund(self, job: Job) -> Call:
        """End a job whose deadline passed or whose circuit was condemned in time."""
        return self._call("refunding the job", 0, "refund", job.to_abi())

    def withdraw(self, currency: str, to: str) -> Call:
        """Take the caller's whole credit out."""
        arguments = (checksum(currency), checksum(to))
        return self._call("withdrawing", 0, "withdraw", *arguments)

    @speaks
    def standing(self, job_id: bytes, block: int | None = None) -> Standing:
        """A job's state in the contract's storage (a deadline that passed is not noticed there)."""
        at = "latest" if block is None else block
        state, payee, deadline = self._contract.functions.jobs(job_id).call(block_identifier=at)
        return Standing(State(state), str(payee), int(deadline))

    @speaks
    def credit(self, currency: str, account: str, block: int | None = None) -> int:
        """What an account may withdraw, in wei or token units."""
        at = "latest" if block is None else block
        call = self._contract.functions.credits(checksum(currency), checksum(account))
        return int(call.call(block_identifier=at))

    def holdings(self, currency: str, block: int | None = None) -> int:
        """What the contract really has of a currency, in wei or token units."""
        return balance_of(self.client, currency, self.address, block)

    def _call(self, says: str, value: int, function: str, *arguments: Any) -> Call:
        return Call(says, self.address, encode_call(MARKET, function, *arguments), value)


@speaks
def balance_of(client: Client, currency: str, account: str, block: int | None = None) -> int:
    """ETH (currency zero) or tokens of an account, in wei or token units."""
    at: Any = "latest" if block is None else block
    if currency == ZERO_ADDRESS:
        return int(client.web3.eth.get_balance(checksum(account), at))
    token: Any = client.web3.eth.contract(address=checksum(currency), abi=_ERC20)
    return int(token.functions.balanceOf(checksum(account)).call(block_identifier=at))


@speaks
def decimals_of(client: Client, currency: str) -> int:
    """Decimals of a token's unit."""
    token: Any = client.web3.eth.contract(address=checksum(currency), abi=_ERC20)
    return int(token.functions.decimals().call())


@speaks
def approval(client: Client, currency: str, owner: str, spender: str, amount: int) -> Call | None:
    """The approval that a payment still needs, exactly of its amount; None if it needs none."""
    if currency == ZERO_ADDRESS or amount == 0:
        return None
    token: Any = client.web3.eth.contract(address=checksum(currency), abi=_ERC20)
    if token.functions.allowance(checksum(owner), checksum(spender)).call() >= amount:
        return None
    data = bytes.fromhex(token.encode_abi("approve", args=[checksum(spender), amount])[2:])
    return Call("approving the token", str(checksum(currency)), data)


def _native(terms: Terms, amount: int) -> int:
    return amount if terms.currency == ZERO_ADDRESS else 0

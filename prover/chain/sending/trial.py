"""What a transaction would do and take, asked of the node before anything is signed."""

from dataclasses import dataclass

from hexbytes import HexBytes
from web3.exceptions import ContractLogicError, Web3RPCError
from web3.types import TxParams, Wei

from prover.base.errors import ChainError, ContractRefused, InsufficientFunds
from prover.base.text import in_ether
from prover.chain.abi.contract import Call
from prover.chain.node.client import Client, checksum, map_rpc_errors, refused, rpc_message
from prover.chain.sending.answers import Answer, meaning
from prover.chain.sending.fees import market
from prover.protocol.limits import ETHEREUM

GAS_CAP = ETHEREUM.transaction_gas
GAS_MARGIN_PERCENT = 20


@dataclass(frozen=True)
class Cost:
    """What a transaction will take: gas limit and wei at the present fees."""

    gas: int
    wei: int


@dataclass(frozen=True)
class Trial:
    """Dry runs for one account."""

    client: Client
    address: str

    def fields(self, call: Call) -> TxParams:
        """A call as a transaction of the account, without gas, fees and nonce."""
        transaction: TxParams = {
            "from": checksum(self.address),
            "data": HexBytes(call.data),
            "value": Wei(call.value),
        }
        if call.to is not None:
            transaction["to"] = checksum(call.to)
        return transaction

    def gas(self, call: Call) -> int:
        """The gas limit, after a dry run with all the gas that a transaction may have.

        Raises ContractRefused, InsufficientFunds or ChainError.
        """
        transaction = self.fields(call)
        self.check_funds(call.value, call)
        self._run(transaction, call)
        return self._estimate(transaction, call)

    def cost(self, call: Call) -> Cost:
        """Dry run and cost. Raises ContractRefused, InsufficientFunds or ChainError."""
        gas = self.gas(call)
        return Cost(gas, gas * market(self.client).maximum)

    def check_funds(self, needed: int, call: Call, bound: int = 0) -> None:
        """Raise InsufficientFunds unless the account has `needed` wei, `bound` of it for others."""
        balance = self.client.balance(self.address)
        if balance < needed:
            raise self._lacking(call, balance, needed, bound)

    def _run(self, transaction: TxParams, call: Call) -> None:
        try:
            self.client.try_call({**transaction, "gas": GAS_CAP})
        except ContractRefused:
            raise
        except ChainError as error:
            if meaning(str(error)) is Answer.NO_FUNDS:
                balance = self.client.balance(self.address)
                raise self._lacking(call, balance, call.value, 0) from error
            if not _is_out_of_gas(str(error)):
                raise
            raise _too_much(call, "more") from error

    @map_rpc_errors
    def _estimate(self, transaction: TxParams, call: Call) -> int:
        try:
            estimate = int(self.client.web3.eth.estimate_gas(transaction, self.client.tip))
        except ContractLogicError as error:
            raise refused(error) from error
        except Web3RPCError as error:
            if meaning(rpc_message(error)) is Answer.NO_FUNDS:
                balance = self.client.balance(self.address)
                raise self._lacking(call, balance, call.value, 0) from error
            if not _is_out_of_gas(rpc_message(error)):
                raise
            raise _too_much(call, "more") from error
        if estimate > GAS_CAP:
            raise _too_much(call, str(estimate))
        return min(estimate * (100 + GAS_MARGIN_PERCENT) // 100, GAS_CAP)

    def _lacking(self, call: Call, balance: int, needed: int, bound: int) -> InsufficientFunds:
        gas = "gas included" if needed > call.value + bound else "and gas besides"
        others = f", and {in_ether(bound)} for what is not mined yet" if bound else ""
        return InsufficientFunds(
            f"account {self.address} has {in_ether(balance)}: {in_ether(needed)} are needed for "
            f"{call.says}, {gas}{others}; send it ETH"
        )


def _is_out_of_gas(message: str) -> bool:
    return "outofgas" in message.lower().replace(" ", "").replace("_", "")


def _too_much(call: Call, needed: str) -> ChainError:
    return ChainError(
        f"{call.says} needs {needed} gas: expected at most {GAS_CAP} in one (EIP-7825); use a "
        "smaller circuit or fewer items"
    )

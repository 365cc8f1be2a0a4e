"""Fees of EIP-1559: what the node suggests, what a replacement must pay, and how much is allowed.

A pool takes a transaction in place of another with its nonce only if both fees are higher by a
tenth (geth, erigon, nethermind, besu, reth); ours are higher by 15 %.
"""

import warnings
from dataclasses import dataclass
from typing import Any

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from prover.base.errors import Postponed
from prover.base.settings import get_settings
from prover.base.units import GWEI as GWEI
from prover.chain.abi.contract import Call
from prover.chain.node.client import Client, map_rpc_errors

TIP_FLOOR_WEI = GWEI // 1000  # geth's miners take no less
BUMP_PERCENT = 15


@dataclass(frozen=True)
class Fees:
    """Maximum and priority fee, in wei a gas (EIP-1559)."""

    maximum: int
    priority: int

    def raised(self, market: "Fees") -> "Fees":
        """Both fees high enough to replace these, and at least the market's."""
        maximum = max(_raised(self.maximum), market.maximum)
        return Fees(maximum, min(max(_raised(self.priority), market.priority), maximum))


def suggested(client: Client) -> Fees:
    """Fees of a new transaction.

    Raises Postponed if the present base fee leaves no room for a tip below the limit.
    """
    base, tip, limits = base_fee(client), suggested_tip(client), limit()
    if base + tip > limits.maximum:
        raise Postponed(
            f"gas costs {in_gwei(base + tip)} now: expected at most {in_gwei(limits.maximum)} "
            "by ZKESCROW_MAX_FEE_GWEI, so nothing was sent; run the same command again when gas "
            "is cheaper, or raise the limit"
        )
    return _room(base, tip)


def market(client: Client) -> Fees:
    """What the node suggests, within the limits."""
    return _room(base_fee(client), suggested_tip(client))


def gas_price(client: Client) -> int:
    """Wei that a gas costs now, base fee and tip."""
    return base_fee(client) + suggested_tip(client)


def limit() -> Fees:
    """The highest fees that the settings allow."""
    settings = get_settings()
    return Fees(settings.max_fee_gwei * GWEI, settings.max_tip_gwei * GWEI)


def within(fees: Fees) -> bool:
    """Whether the settings allow these fees."""
    allowed = limit()
    return fees.maximum <= allowed.maximum and fees.priority <= allowed.priority


@map_rpc_errors
def base_fee(client: Client) -> int:
    """Base fee of the latest block, in wei a gas."""
    return int(client.block().get("baseFeePerGas", 0))


@map_rpc_errors
def suggested_tip(client: Client) -> int:
    """The tip that the node suggests (eth_maxPriorityFeePerGas, else by eth_feeHistory), bounded.

    A node may say anything: what it says is brought between geth's minimum and what can be raised
    twice below the limit, as nothing that pays the limit could ever be replaced.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # web3 warns where it falls back to the fee history
        said = int(client.web3.eth.max_priority_fee)
    most = (limit().priority - 3) * 100**2 // (100 + BUMP_PERCENT) ** 2  # two raises, rounded up
    return max(min(said, most), TIP_FLOOR_WEI)


def fields_of(raw: bytes) -> dict[str, Any]:
    """The fields of a signed transaction, as they were signed."""
    return dict(TypedTransaction.from_bytes(HexBytes(raw)).as_dict())


def makes(raw: bytes, call: Call) -> bool:
    """Whether a signed transaction makes a call."""
    fields = fields_of(raw)
    to = b"" if call.to is None else bytes.fromhex(call.to[2:])
    found = (bytes(HexBytes(fields.get("to") or b"")), bytes(HexBytes(fields["data"])))
    return (*found, int(fields["value"])) == (to, call.data, call.value)


def fees_of(raw: bytes) -> Fees:
    """The fees of a signed transaction."""
    fields = fields_of(raw)
    return Fees(int(fields["maxFeePerGas"]), int(fields["maxPriorityFeePerGas"]))


def in_gwei(wei: int) -> str:
    """As text, such as "1.5 gwei"."""
    return f"{wei / GWEI:.9g} gwei"


def _raised(fee: int) -> int:
    return fee * (100 + BUMP_PERCENT) // 100 + 1


def _room(base: int, tip: int) -> Fees:
    """Twice the base fee holds for six full blocks."""
    return Fees(min(2 * base + tip, limit().maximum), tip)

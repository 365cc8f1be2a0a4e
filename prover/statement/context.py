"""The job context: what ties a proof to one chain, escrow, job, payee and model."""

from dataclasses import dataclass

from eth_abi.abi import encode
from eth_utils.address import to_canonical_address
from eth_utils.crypto import keccak

from prover.base.errors import StatementInvalid
from prover.statement.field import WORD_BITS

MIN_CONTEXT_BITS = 120
MAX_CONTEXT_BITS = WORD_BITS
_CHAIN_BITS = 256


@dataclass(frozen=True)
class JobContext:
    """Chain id, escrow contract, job id, payee and model id; ids are 32 bytes, addresses 20.

    The model is in it as a provider of hidden weights chooses among its models when it knows the
    job.
    """

    chain_id: int
    escrow: bytes
    job_id: bytes
    payee: bytes
    model_id: bytes

    @classmethod
    def of(
        cls, chain_id: int, escrow: str, job_id: bytes, payee: str, model_id: bytes
    ) -> "JobContext":
        """From hexadecimal addresses as web3 gives them. Raises StatementInvalid."""
        places = _address("escrow", escrow), _address("payee", payee)
        return cls(chain_id, places[0], job_id, places[1], model_id)

    def __post_init__(self) -> None:
        _check_chain(self.chain_id)
        for name, value, size in (
            ("escrow", self.escrow, 20),
            ("job id", self.job_id, 32),
            ("payee", self.payee, 20),
            ("model id", self.model_id, 32),
        ):
            if not isinstance(value, bytes):
                raise StatementInvalid(
                    f"{name} {value!r}: expected {size} bytes; of hexadecimal text, give "
                    "bytes.fromhex(text)"
                )
            if len(value) != size:
                raise StatementInvalid(
                    f"{name} has {len(value)} bytes: expected {size}; check the value given"
                )

    def hash(self) -> int:
        """uint256(keccak256(abi.encode(chainid, escrow, jobId, payee, modelId)))."""
        fields = (self.chain_id, self.escrow, self.job_id, self.payee, self.model_id)
        return int.from_bytes(keccak(encode(_ABI_TYPES, fields)), "big")

    def limbs(self, count: int, bits: int) -> tuple[int, ...]:
        """Limb j = (c >> j*bits) mod 2^bits of c = hash mod 2^(count*bits).

        Raises StatementInvalid unless 120 <= count*bits <= 253.
        """
        check_context_size(count, bits)
        value = self.hash()
        return tuple((value >> (j * bits)) & ((1 << bits) - 1) for j in range(count))


def _check_chain(chain_id: object) -> None:
    number = chain_id if isinstance(chain_id, int) and not isinstance(chain_id, bool) else -1
    if not 0 <= number < 1 << _CHAIN_BITS:
        raise StatementInvalid(
            f"chain id {chain_id!r}: expected an integer, 0 to 2^{_CHAIN_BITS}-1; give the chain's"
        )


def _address(name: str, text: str) -> bytes:
    try:
        return bytes(to_canonical_address(text))
    except (ValueError, TypeError):
        raise StatementInvalid(
            f"{name} {text!r}: expected an address, 0x and 40 hexadecimal digits; give all of it"
        ) from None


def check_context_size(count: int, bits: int) -> None:
    """Raises StatementInvalid unless the limbs bind at least 120 bits and at most 253."""
    if count < 1 or bits < 1 or not MIN_CONTEXT_BITS <= count * bits <= MAX_CONTEXT_BITS:
        raise StatementInvalid(
            f"context of {count} limbs of {bits} bits: expected limbs * bits from "
            f"{MIN_CONTEXT_BITS} to {MAX_CONTEXT_BITS}; choose another number of limbs"
        )


_ABI_TYPES = ("uint256", "address", "bytes32", "address", "bytes32")
# No chain has id 0: its proofs can be sent nowhere. The samples of circuits are bound to it.
NO_JOB = JobContext(0, bytes(20), bytes(32), bytes(20), bytes(32))

"""Revert data in words: which rule refused, with its values, and what to do."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import abi_to_signature
from eth_utils.crypto import keccak

from prover.chain.contracts import NAMES, abi
from prover.protocol.prediction import State

ERROR_STRING = bytes.fromhex("08c379a0")
PANIC = bytes.fromhex("4e487b71")

_OPENZEPPELIN = (
    ("ReentrancyGuardReentrantCall", ()),
    ("SafeERC20FailedOperation", (("token", "address"),)),
    ("AddressEmptyCode", (("target", "address"),)),
    ("FailedCall", ()),
    (
        "ERC20InsufficientBalance",
        (("sender", "address"), ("balance", "uint256"), ("needed", "uint256")),
    ),
    (
        "ERC20InsufficientAllowance",
        (("spender", "address"), ("allowance", "uint256"), ("needed", "uint256")),
    ),
)
_PANICS = {
    0x01: "an assertion is false",
    0x11: "arithmetic overflows",
    0x12: "a division by zero",
    0x21: "a value outside its enum",
    0x32: "an index outside its array",
    0x41: "too much memory is asked for",
}
ADVICE = {
    "Escrow_WrongValue": "send exactly the amount due, and no ETH when the currency is a token",
    "Escrow_WrongReceipt": "use a token that moves exact amounts, without fees on transfer",
    "Escrow_TokenWithoutCode": "check the token's address",
    "Escrow_NothingToWithdraw": "there is no credit: see `zkescrow prediction status`",
    "Escrow_BadRecipient": "withdraw to an account of yours",
    "Escrow_TransferFailed": "withdraw to an account that accepts ETH",
    "ModelRegistry_UnknownCircuit": "register the circuit first: `zkescrow model add`",
    "ModelRegistry_UnknownModel": "register the model first: `zkescrow model add`",
    "ModelRegistry_VerifierWithoutCode": "deploy the verifier first",
    "ModelRegistry_DelegatedVerifier": "register a deployed verifier, not a delegated account",
    "ModelRegistry_WrongCodeHash": "make the artifacts again: the verifier is another one",
    "ModelRegistry_BadLayout": "make the artifacts again: sections must tile the instances",
    "ModelRegistry_BadContextBits": "choose another number of context limbs",
    "ModelRegistry_BadDomain": "give a domain whose minimum is not above its maximum",
    "ModelRegistry_BadSalt": "make the artifacts again: salt stands inside a digest",
    "ModelRegistry_NotExact": "use an exact plan, or fixed weights and score outputs",
    "ModelRegistry_BadTolerance": "exact circuits have tolerance 0, others a positive one",
    "ModelRegistry_SampleRefused": "make the sample proof again with these artifacts",
    "ModelRegistry_FalseSampleAccepted": "the verifier accepts anything: do not use it",
    "ModelRegistry_TooLittleGas": "send more gas",
    "ModelRegistry_BadWeightsCommitment": "0 for fixed weights, else a digest below the modulus",
    "ModelRegistry_AlreadyCondemned": "the circuit was condemned: use another one",
    "ModelRegistry_DifferentStatement": "two proofs of the same inputs and weights are needed",
    "ModelRegistry_NoContradiction": "the proofs agree: nothing is to be condemned",
    "PredictionMarket_WrongState": "see `zkescrow prediction status` for what can happen now",
    "Jobs_JobExists": "the job is posted already",
    "Jobs_NotConsumer": "use the account that posted the job",
    "Jobs_NotProvider": "only the provider of the job may do that",
    "Jobs_BadPayee": "name an account that is neither zero nor the contract",
    "Jobs_ZeroReward": "offer a reward above 0",
    "Jobs_OpenNeedsStake": "ask for a stake, or name one provider",
    "Jobs_BadCount": "choose another number of items",
    "Jobs_BadWindow": "choose other time limits (seconds)",
    "Jobs_Late": "the deadline has passed: anyone may end the job",
    "Jobs_Early": "wait for the deadline (Unix seconds)",
    "ModelRegistry_ProofRejected": "give two proofs that the verifier accepts",
    "ProofAcceptance_BadItemCount": "prove the items of the job, within the circuit's slots",
    "ProofAcceptance_Condemned": "the circuit was condemned: use another model",
    "ProofAcceptance_NotExact": "use an exact circuit: `zkescrow model show` says which are",
    "ProofAcceptance_ProofRejected": "the verifier refuses the proof: make it again",
    "ProofAcceptance_WrongContext": "the proof is for another job, payee, contract or chain",
    "PredictionMarket_WrongInputs": "prove exactly the items of the job, in their order",
    "ProofAcceptance_WrongVerifierCode": "the verifier's code changed: do not use this circuit",
    "ProofAcceptance_WrongWeights": "prove with the weights that the model registered",
    "Statement_OutOfField": "send every instance as the residue below the modulus",
    "Statement_WrongInstanceCount": "send the instances of this circuit, no more and no fewer",
    "ReentrancyGuardReentrantCall": "do not call back during a call",
    "SafeERC20FailedOperation": "check the token's balance and allowance",
    "AddressEmptyCode": "check the address: there is no contract",
    "FailedCall": "check the address called",
    "ERC20InsufficientBalance": "get more of the token",
    "ERC20InsufficientAllowance": "approve the market to spend the token",
}


@dataclass(frozen=True)
class Revert:
    """A decoded revert: error name, arguments by name, and what to do about it."""

    name: str
    arguments: dict[str, Any]
    advice: str

    def sentence(self) -> str:
        """For example: Jobs_Late (now 12, deadline 11): the deadline has passed."""
        shown = ", ".join(f"{name} {_show(value)}" for name, value in self.arguments.items())
        return f"{self.name}{f' ({shown})' if shown else ''}: {self.advice}"


def decode_revert(data: bytes) -> Revert:
    """What revert data says; unknown data is shown by its selector, never refused."""
    if not data:
        return Revert("no reason", {}, "the code reverted without data: check address and gas")
    selector, body = data[:4], data[4:]
    try:
        return _decode(selector, body)
    except (DecodingError, OverflowError, ValueError):
        return Revert("malformed error", {"data": data[:68]}, "check the contract's address")


def _decode(selector: bytes, body: bytes) -> Revert:
    if selector == ERROR_STRING:
        return Revert("Error", {"reason": decode(["string"], body)[0]}, "see the reason given")
    if selector == PANIC:
        code = decode(["uint256"], body)[0]
        return Revert("Panic", {"code": code}, _PANICS.get(code, "the code panicked"))
    if selector not in _known():
        return Revert(
            "unknown error", {"selector": selector}, "no contract of this project says it"
        )
    name, inputs = _known()[selector]
    values = decode([_type(entry) for entry in inputs], body)
    arguments = {
        entry["name"].rstrip("_"): _value(entry, value)
        for entry, value in zip(inputs, values, strict=True)
    }
    return Revert(name, arguments, ADVICE.get(name, "see docs/SPEC.md for the rule"))


@cache
def _known() -> dict[bytes, tuple[str, list[dict[str, Any]]]]:
    entries = [entry for name in NAMES for entry in abi(name) if entry["type"] == "error"]
    for name, inputs in _OPENZEPPELIN:
        fields = [{"name": field, "type": kind} for field, kind in inputs]
        entries.append({"type": "error", "name": name, "inputs": fields})
    return {
        keccak(text=abi_to_signature(entry))[:4]: (entry["name"], entry["inputs"])  # type: ignore[arg-type]
        for entry in entries
    }


def _type(entry: dict[str, Any]) -> str:
    kind: str = entry["type"]
    return kind


def _value(entry: dict[str, Any], value: Any) -> Any:
    if entry.get("internalType", "").endswith("PredictionMarket.State"):
        return State(value).name.capitalize()
    return value


def _show(value: Any) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)

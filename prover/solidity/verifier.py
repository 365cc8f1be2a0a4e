"""Verifiers: ezkl's generated source made safe to call, and compiled reproducibly."""

import re
from dataclasses import dataclass

from prover.base.errors import ArtifactMismatch, ModelRefused
from prover.protocol.limits import CODE_SIZE_LIMIT
from prover.solidity.compile import CompiledContract, compile_source

VERIFIER_CONTRACT = "Halo2Verifier"
VERIFIER_UNIT = "verifier.sol"
PROOF_OFFSET = 0x64  # selector, two heads, proof length
GUARD = f"success := and(success, eq(proof.offset, {PROOF_OFFSET:#x}))"
_LENGTH_CHECK = re.compile(
    r"^(?P<indent>[ \t]*)success := and\(success, eq\((?P<length>0x[0-9a-f]+), proof\.length\)\)$",
    re.MULTILINE,
)
_RELIED_UPON = (
    "success := and(success, eq(num_instances, instances.length))",
    "success := and(success, lt(instance, r))",
    "let proof_cptr := proof.offset",
    f"contract {VERIFIER_CONTRACT} {{",
)


@dataclass(frozen=True)
class Verifier:
    """A hardened verifier: its source, its code, and the exact length of its proofs in bytes."""

    source: str
    contract: CompiledContract
    proof_bytes: int


def harden(source: str) -> str:
    """Tie the proof that is hashed to the fixed calldata positions that are read.

    The generated code hashes the proof at its ABI offset but reads fixed positions, so a caller
    could have one proof hashed and another one read.
    Raises ArtifactMismatch unless every anchor is found exactly once.
    """
    check = _length_check(source)
    if "proof.offset," in source:
        raise ArtifactMismatch("verifier source compares proof.offset already: harden it only once")
    for anchor in _RELIED_UPON:
        if source.count(anchor) != 1:
            raise ArtifactMismatch(
                f"verifier source has {anchor!r} {source.count(anchor)} times: expected exactly 1; "
                "this generator is not the one that was reviewed"
            )
    return source[: check.start()] + check["indent"] + GUARD + "\n" + source[check.start() :]


def compile_verifier(hardened: str) -> Verifier:
    """Compile a hardened source. Raises ModelRefused above 24,576 bytes of runtime code."""
    if hardened.count(GUARD) != 1:
        raise ArtifactMismatch("verifier source is not hardened: expected exactly one guard")
    proof_bytes = int(_length_check(hardened)["length"], 16)
    contract = compile_source(VERIFIER_UNIT, hardened, VERIFIER_CONTRACT)
    check_code_size(contract)
    return Verifier(hardened, contract, proof_bytes)


def check_code_size(contract: CompiledContract) -> None:
    """Raise ModelRefused if the runtime code exceeds the limit of EIP-170."""
    if len(contract.runtime) > CODE_SIZE_LIMIT:
        raise ModelRefused(
            f"verifier {contract.name} has {len(contract.runtime)} bytes of code: "
            f"expected at most {CODE_SIZE_LIMIT}; choose fewer inner columns"
        )


def _length_check(source: str) -> re.Match[str]:
    found = list(_LENGTH_CHECK.finditer(source))
    if len(found) != 1:
        raise ArtifactMismatch(
            f"verifier source checks the proof length {len(found)} times: expected exactly 1; "
            "this generator is not the one that was reviewed"
        )
    return found[0]

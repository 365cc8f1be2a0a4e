"""Hardening finds its place exactly once, or refuses; code is reproducible and small enough."""

from collections.abc import Callable

import pytest

from prover.base.errors import ArtifactMismatch, ModelRefused, UsageError
from prover.base.settings import get_settings
from prover.solidity import compile as solidity
from prover.solidity.compile import CompiledContract, compile_contracts, compile_source
from prover.solidity.verifier import GUARD, check_code_size, compile_verifier, harden
from tests.conftest import Proven

Get = Callable[[str], Proven]


@pytest.fixture
def generated(proven: Get) -> str:
    """What ezkl wrote, before hardening."""
    source = proven("plain").artifacts.verifier_source
    lines = [line for line in source.splitlines() if GUARD not in line]
    return "\n".join(lines) + "\n"


def test_the_guard_stands_before_the_length_check(generated: str) -> None:
    hardened = harden(generated)
    lines = [line.strip() for line in hardened.splitlines()]
    assert lines.count(GUARD) == 1
    assert "proof.length" in lines[lines.index(GUARD) + 1]
    assert hardened.replace(GUARD + "\n", "").replace(" ", "") == generated.replace(" ", "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("proof.length", "proof.size"),
        ("eq(num_instances, instances.length)", "1"),
        ("lt(instance, r)", "1"),
        ("let proof_cptr := proof.offset", "let proof_cptr := 0x64"),
        ("contract Halo2Verifier {", "contract Other {"),
    ],
)
def test_a_source_without_an_anchor_is_refused(generated: str, old: str, new: str) -> None:
    with pytest.raises(ArtifactMismatch):
        harden(generated.replace(old, new))


def test_a_source_with_two_anchors_is_refused(generated: str) -> None:
    line = next(line for line in generated.splitlines() if "proof.length" in line)
    with pytest.raises(ArtifactMismatch, match="2 times"):
        harden(generated.replace(line, line + "\n" + line))


def test_a_source_is_hardened_once(generated: str) -> None:
    with pytest.raises(ArtifactMismatch, match="already"):
        harden(harden(generated))


def test_a_source_that_is_not_hardened_is_not_compiled(generated: str) -> None:
    with pytest.raises(ArtifactMismatch, match="not hardened"):
        compile_verifier(generated)


@pytest.mark.parametrize(("size", "allowed"), [(24_576, True), (24_577, False)])
def test_code_above_the_limit_of_the_evm_is_refused(size: int, allowed: bool) -> None:
    contract = CompiledContract("Big", [], b"", bytes(size), "")
    if allowed:
        check_code_size(contract)
    else:
        with pytest.raises(ModelRefused, match="24577 bytes"):
            check_code_size(contract)


def test_code_holds_no_metadata_and_does_not_depend_on_the_cache(
    proven: Get, home: object, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    source = proven("plain").artifacts.verifier_source
    cached = compile_verifier(source).contract
    monkeypatch.setenv("ZKESCROW_CACHE", str(tmp_path))
    get_settings.cache_clear()
    fresh = compile_verifier("// another comment\n" + source).contract
    assert fresh.runtime == cached.runtime
    assert b"solc" not in fresh.runtime
    assert b"ipfs" not in fresh.runtime


def test_a_second_compilation_comes_from_the_cache(
    home: object, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("ZKESCROW_CACHE", str(tmp_path))
    get_settings.cache_clear()
    source = "pragma solidity ^0.8.0; contract A { uint256 public x = 1; }"
    first = compile_source("A.sol", source, "A")
    monkeypatch.setattr(solidity, "_run_solc", lambda request: pytest.fail("compiled again"))
    assert compile_source("A.sol", source, "A") == first


def test_a_compiler_error_names_the_line() -> None:
    with pytest.raises(UsageError, match="ParserError"):
        compile_source("A.sol", "contract A { uint256 x = ; }", "A")


def test_an_unknown_contract_is_refused() -> None:
    with pytest.raises(UsageError, match="NoSuchContract"):
        compile_contracts(["NoSuchContract"])

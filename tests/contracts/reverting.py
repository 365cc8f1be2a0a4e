"""A stricter `ape.reverts`: that one is content with any revert that it cannot decode."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ape.exceptions import ContractLogicError, CustomError
from eth_abi.abi import decode
from eth_utils.crypto import keccak


@contextmanager
def reverts(error: type[CustomError], **arguments: Any) -> Iterator[None]:
    """The block reverts with exactly this error of a contract and exactly these arguments.

    Bytes are bytes, addresses are lower-case or checksummed hexadecimal.
    """
    with pytest.raises(ContractLogicError) as caught:
        yield
    data = revert_data(caught.value)
    assert data[:4] == keccak(text=error.abi.selector)[:4], f"another error: {caught.value!r}"
    types = [parameter.canonical_type for parameter in error.abi.inputs]
    names = [parameter.name for parameter in error.abi.inputs]
    values = dict(zip(names, decode(types, data[4:]), strict=True))
    assert _plain(values) == _plain(arguments)


@contextmanager
def reverts_with_nothing() -> Iterator[None]:
    """The block reverts without an error of ours: a refusal by the EVM or by the ABI decoder."""
    with pytest.raises(ContractLogicError) as caught:
        yield
    assert revert_data(caught.value) == b""


def revert_data(error: ContractLogicError) -> bytes:
    """What the contract reverted with, as web3 has it. A call of a view loses it: transact."""
    data = getattr(error.__cause__, "data", None)
    return bytes.fromhex(data[2:]) if isinstance(data, str) else b""


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _lower(getattr(value, "address", value)) for name, value in values.items()}


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) and value.startswith("0x") else value

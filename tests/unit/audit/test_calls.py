"""Which calls of a transaction count as evidence."""

from types import SimpleNamespace
from typing import Any

import pytest

from prover.audit.calls import job_calls
from prover.base.errors import StatementInvalid
from prover.chain.abi.contract import PREDICTION, encode_call
from prover.chain.node.client import checksum
from prover.protocol.prediction.state import Job, Terms

OURS, ROUTER, NOBODY = (str(checksum("0x" + byte * 20)) for byte in ("a1", "b2", "00"))
TERMS = Terms(b"\1" * 32, b"\2" * 32, NOBODY, 5, 6, NOBODY, 7, 8)


def delivery(items: int) -> str:
    job = Job(ROUTER, 9, TERMS).to_abi()
    return "0x" + encode_call(PREDICTION, "deliver", job, items, b"proof", [3, 4]).hex()


def node(to: str, data: str, trace: dict[str, Any] | None = None) -> Any:
    """A client of a node with one transaction."""
    answer = {"error": "no tracing"} if trace is None else {"result": trace}
    provider = SimpleNamespace(make_request=lambda *_: answer)
    return SimpleNamespace(
        transaction=lambda _: {"to": to, "input": data},
        web3=SimpleNamespace(provider=provider),
    )


def items(client: Any) -> list[int]:
    """The item counts of the deliveries found."""
    found = job_calls(client, PREDICTION, OURS, b"", "deliver", Terms)
    return [arguments[0] for _, arguments in found]


def call(to: str, data: str = "0x", *calls: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "CALL", "to": to, "input": data, "calls": list(calls)} | fields


def test_a_direct_call_is_read_off_the_transaction() -> None:
    client = node(OURS, delivery(2))
    ((job, arguments),) = job_calls(client, PREDICTION, OURS, b"", "deliver", Terms)
    assert (job.nonce, job.terms) == (9, TERMS)
    assert arguments == (2, b"proof", (3, 4))


def test_relayed_calls_are_read_off_the_trace_in_order() -> None:
    inner = call(ROUTER, "0x", call(OURS, delivery(1)), call(OURS, delivery(2)))
    trace = call(ROUTER, "0x", inner, call(OURS, delivery(3)))
    assert items(node(ROUTER, "0x", trace)) == [1, 2, 3]


def test_other_functions_and_contracts_are_no_evidence() -> None:
    trace = call(ROUTER, "0x", call(ROUTER, delivery(1)), call(OURS, "0x12345678"))
    assert items(node(ROUTER, "0x", trace)) == []
    assert items(node(OURS, "0x12345678")) == []


def test_a_reverted_call_is_none_and_nor_is_what_it_called() -> None:
    reverted = call(ROUTER, "0x", call(OURS, delivery(1)), error="execution reverted")
    failed = call(OURS, delivery(2), error="execution reverted")
    assert items(node(ROUTER, "0x", call(ROUTER, "0x", reverted, failed))) == []


@pytest.mark.parametrize("kind", ["DELEGATECALL", "STATICCALL", "CALLCODE"])
def test_our_code_run_elsewhere_is_no_evidence(kind: str) -> None:
    trace = call(ROUTER, "0x", call(OURS, delivery(1), type=kind))
    assert items(node(ROUTER, "0x", trace)) == []


def test_a_node_that_does_not_trace_gives_nothing() -> None:
    assert items(node(ROUTER, "0x")) == []


def test_calldata_against_the_abi_is_an_error() -> None:
    with pytest.raises(StatementInvalid, match="cannot be decoded"):
        items(node(OURS, delivery(1)[:200]))

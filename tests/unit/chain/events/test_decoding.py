"""Logs that cannot be decoded, or that are nobody's, are told and stop nothing."""

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from prover.chain.events.decoding import decode_log, known_topics
from prover.chain.events.log import Log
from prover.protocol import events as e
from prover.protocol.prediction.terms import PredictionTerms

PREDICTION, JOB, MODEL = "0x" + "11" * 20, b"\2" * 32, b"\3" * 32
WHO = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
TERMS = PredictionTerms(MODEL, b"\4" * 32, WHO, 5, 6, WHO, 7, 8)
POSTED = keccak(
    text="JobPosted(bytes32,address,bytes32,uint256,(bytes32,bytes32,address,uint128,uint128,"
    "address,uint40,uint32),bytes32,string)"
)


def log(topics: list[bytes], data: bytes, time: int = 1000) -> Log:
    return Log(7, b"\x08" * 32, time, b"\x09" * 32, 0, 3, PREDICTION, tuple(topics), data)


def posted(uri: bytes) -> Log:
    types = ["uint256", PredictionTerms.ABI, "bytes32", "bytes"]
    data = encode(types, [9, TERMS.to_abi(), b"\5" * 32, uri])
    return log([POSTED, JOB, encode(["address"], [WHO]), MODEL], data)


@given(st.binary(max_size=100))
def test_a_string_is_bytes_of_any_content(uri: bytes) -> None:
    logged = decode_log(posted(uri))
    assert logged.event == e.JobPosted(
        at=1000,
        contract=PREDICTION,
        job_id=JOB,
        consumer=WHO,
        model_id=MODEL,
        nonce=9,
        terms=TERMS,
        data_hash=b"\5" * 32,
        uri=uri,
    )
    assert (logged.block, logged.index, logged.transaction) == (7, 3, b"\x09" * 32)


@given(st.binary(max_size=400))
def test_data_of_any_kind_is_an_event_or_unreadable(data: bytes) -> None:
    event = decode_log(log([POSTED, JOB, bytes(32), MODEL], data)).event
    assert isinstance(event, e.Unreadable | e.JobPosted)


@pytest.mark.parametrize(
    ("topics", "job_id"),
    [([], None), ([b"\7" * 32], None), ([POSTED], None), ([POSTED, JOB], JOB)],
)
def test_a_log_of_another_form_is_unreadable(topics: list[bytes], job_id: bytes | None) -> None:
    event = decode_log(log(topics, b"", 5)).event
    assert isinstance(event, e.Unreadable)
    assert (event.at, event.contract, event.job_id) == (5, PREDICTION, job_id)
    assert "log 3 of block 7" in event.why


def test_every_event_of_the_contracts_is_asked_for_once() -> None:
    topics = known_topics()
    assert POSTED in topics
    assert len(topics) == len(set(topics)) > 40

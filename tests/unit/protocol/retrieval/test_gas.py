"""The gas of a whole request, told before its first transaction."""

import json
from pathlib import Path

from prover.protocol.retrieval.gas import RECORD, SUBMIT, RetrievalGas
from tests.unit.statement.test_layout import HASHED

GAS = json.loads((Path(__file__).parents[4] / "snapshots/gas.json").read_text())


def test_each_proof_is_verified_and_each_record_is_opened() -> None:
    gas = RetrievalGas.of(9, HASHED, 700_000)  # four items a proof
    assert gas.submit == 3 * (700_000 + SUBMIT) + 9 * RECORD
    assert gas.total == gas.post + gas.accept + gas.submit + gas.settle


def test_no_step_takes_more_than_is_told() -> None:
    told = RetrievalGas.of(1, HASHED, 0)
    assert GAS["retrieval post eth"] <= told.post
    assert GAS["retrieval accept eth"] <= told.accept
    assert GAS["retrieval submit first record with match"] <= SUBMIT
    assert GAS["retrieval submit extra record with match"] <= RECORD
    assert GAS["retrieval settle complete eth"] <= told.settle

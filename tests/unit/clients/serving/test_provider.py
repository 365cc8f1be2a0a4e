"""The provider's side of serving rounds: what it asks before it stakes, and what it answers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid, UsageError
from prover.chain.abi.contract import SERVING, encode_call
from prover.chain.contracts.serving import Answer, Contest
from prover.chain.sending.transactions import GAS_CAP
from prover.clients.common.job_files import JobFiles
from prover.clients.common.money import Account, Purse
from prover.clients.serving.answer import Openings, Part, parts, require_provable
from prover.clients.serving.checks import (
    answer_bytes,
    check_answers,
    check_round_money,
    check_terms,
)
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.gas import ITEM, PROVE, TAKE
from prover.protocol.limits import LOCAL
from prover.protocol.serving.gas import ANSWER_INDEX, OUTPUT_BYTE, OUTPUT_LEAF
from prover.protocol.serving.state import Job, Record, Terms
from prover.statement.runs import (
    decode_outputs,
    encode_outputs,
    input_leaf,
    inputs_tree,
    output_leaf,
    outputs_tree,
)
from prover.statement.tree import check_membership, fold
from prover.systems.ezkl.artifacts import Artifacts
from prover.systems.ezkl.evaluate import evaluate, word_bytes
from prover.systems.proof import Proof
from tests.conftest import Proven
from tests.unit.systems.ezkl.test_evaluate import items_for

ME, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
MOST = LOCAL.call_bytes
NOW = 100
TERMS = Terms(
    model_id=b"\x01" * 32,
    provider=ETH,
    currency=ETH,
    inputs_root=b"\x02" * 32,
    n=20,
    word_bytes=3,
    price=3,
    proof_fee=7,
    max_contests=7,
    stake=100,
    open_until=1000,
    serve_seconds=10,
    contest_seconds=10,
    answer_seconds=80,
)


@pytest.fixture
def artifacts(proven: Callable[[str], Proven]) -> Artifacts:
    return proven("batch").artifacts


def record(terms: Terms = TERMS, **changes: object) -> Record:
    fields = {"data_hash": bytes(32), "uri": "file:///x"} | changes
    return Record(job=Job(OTHER, 1, terms), posted_at=0, **fields)  # type: ignore[arg-type]


# ---------------------------------------------------------------- terms


def test_good_terms_are_taken(artifacts: Artifacts) -> None:
    assert word_bytes(artifacts.manifest.plan) == 3
    check_terms(TERMS, ME, NOW, artifacts)
    check_terms(replace(TERMS, provider=ME), ME, 998, artifacts)


@pytest.mark.parametrize(
    ("terms", "now", "message"),
    [
        (TERMS, 999, "was open until 1970-01-01 00:16:40 UTC"),
        (replace(TERMS, provider=OTHER), NOW, "is for provider"),
        (replace(TERMS, word_bytes=2), NOW, "expected at least 3 by the proven bounds"),
    ],
)
def test_terms_that_can_only_lose_are_refused(
    artifacts: Artifacts, terms: Terms, now: int, message: str
) -> None:
    with pytest.raises((UsageError, StatementInvalid), match=message):
        check_terms(terms, ME, now, artifacts)


def round_refusal(artifacts: Artifacts, **changes: int) -> str:
    rich = Account(10**18, 0, 10**18)
    with pytest.raises(UsageError) as caught:
        check_round_money(replace(TERMS, **changes), artifacts, 700_000, 1, Purse(), rich)  # type: ignore[arg-type]
    return str(caught.value)


def test_a_round_must_pay_however_many_items_are_contested(artifacts: Artifacts) -> None:
    """20 items, 2 to a proof: joining and outputs, then a proof more for each second contest."""
    rich = Account(10**18, 0, 10**18)
    posted = TAKE + PROVE + 20 * (OUTPUT_LEAF + 9 * OUTPUT_BYTE)
    price = -(-posted * 125 // 100) // 20 + 1
    proof = 700_000 + PROVE + 2 * ITEM + 7 * ANSWER_INDEX
    pays = replace(TERMS, price=price + proof * 125 // 100, proof_fee=proof, stake=1)
    check_round_money(pays, artifacts, 700_000, 1, Purse(), rich)
    assert "0 items contested is not taken: it earns" in round_refusal(artifacts, stake=1)
    one = round_refusal(artifacts, price=price, proof_fee=proof // 2, stake=1)
    assert "a round with 1 items contested is not taken" in one
    several = {"price": price + proof * 125 // 100 // 20, "proof_fee": 1, "stake": 1}
    assert "a round with 3 items contested" in round_refusal(artifacts, **several)
    greedy = {"price": pays.price, "proof_fee": proof, "stake": 201 * pays.price}
    assert "10 times what it earns" in round_refusal(artifacts, **greedy)


def test_all_that_may_be_contested_must_be_provable_in_time(artifacts: Artifacts) -> None:
    assert check_answers(TERMS, artifacts, 700_000, 10.0, MOST) == 4  # 7 items, 2 a proof
    assert check_answers(replace(TERMS, max_contests=6), artifacts, 700_000, 10.0, MOST) == 3
    with pytest.raises(StatementInvalid, match=r"4 proofs of 10\.1 s: 80 s are given"):
        check_answers(TERMS, artifacts, 700_000, 10.1, MOST)


def test_an_answer_must_fit_a_transaction(artifacts: Artifacts) -> None:
    many = replace(TERMS, n=4000, max_contests=3700)
    check_answers(replace(many, max_contests=3000), artifacts, 700_000, 0.001, MOST)
    with pytest.raises(StatementInvalid, match="bytes with 3700 contested items"):
        check_answers(many, artifacts, 700_000, 0.001, MOST)
    with pytest.raises(StatementInvalid, match="gas with 7 contested items"):
        check_answers(TERMS, artifacts, GAS_CAP, 0.001, MOST)


@given(st.sets(st.integers(0, 4095), min_size=2, max_size=2), st.integers(2, 400))
def test_no_answer_is_longer_than_was_reckoned(pair: set[int], contests: int) -> None:
    artifacts = _ARTIFACTS[0]
    terms = replace(TERMS, n=4096, max_contests=contests)
    opened = tuple(Contest(at, 1, (bytes(32),) * 12, (bytes(32),) * 12) for at in range(2))
    manifest = artifacts.manifest
    proof = bytes(manifest.verifier.proof_bytes)
    answer = Answer(opened, proof, (0,) * manifest.layout.instances)
    job = Job(OTHER, 1, terms)
    told = (job.to_abi(), [*range(contests)], [answer.to_abi()])
    assert len(encode_call(SERVING, "answer", *told)) <= answer_bytes(terms, artifacts)


_ARTIFACTS: list[Artifacts] = []


@pytest.fixture(autouse=True)
def _for_properties(artifacts: Artifacts) -> None:
    """Hypothesis runs a function many times for one set of fixtures."""
    _ARTIFACTS[:] = [artifacts]


# ---------------------------------------------------------------- answers


def test_the_list_is_cut_alike_whatever_is_answered() -> None:
    contested = (0, 4, 5, 9, 13)
    whole = record(contested=contested)
    assert parts(whole, 2) == [Part(0, (0, 4)), Part(2, (5, 9)), Part(4, (13,))]
    some = record(contested=contested, answered=frozenset({0, 1, 2}))
    assert parts(some, 2) == [Part(2, (5, 9)), Part(4, (13,))]
    assert parts(record(contested=contested, answered=frozenset(range(5))), 2) == []


def test_an_answer_opens_both_trees(artifacts: Artifacts) -> None:
    items = items_for(artifacts, 20)
    content = encode_outputs(evaluate(artifacts, items), 3)
    found = record(outputs=content, contested=(2, 4, 5, 6, 7))
    commitments = [item.commitment() for item in items]
    part = Part(0, (2, 4, 5, 6, 7))
    answer = Openings(found, commitments).answer(part, Proof(b"", (1,)))
    assert [(one.position, one.size) for one in answer.contests] == [(0, 1), (1, 4)]
    inputs, outputs = inputs_tree(commitments).root, outputs_tree(content, 20).root
    for contest, indices in zip(answer.contests, ((2,), (4, 5, 6, 7)), strict=True):
        levels = contest.size.bit_length() - 1
        leaves = fold([input_leaf(n, commitments[n]) for n in indices])
        check_membership(inputs, 20, indices[0], leaves, contest.input_path, levels)
        leaves = fold([output_leaf(n, content[9 * n : 9 * n + 9]) for n in indices])
        check_membership(outputs, 20, indices[0], leaves, contest.output_path, levels)


def test_outputs_that_no_proof_can_show_are_named_before_any_is_made(artifacts: Artifacts) -> None:
    items = items_for(artifacts, 20)
    rows = [list(row) for row in evaluate(artifacts, items)]
    honest = encode_outputs(rows, 3)
    rows[4][1] += 1
    rows[9][0] -= 1
    lying = encode_outputs(rows, 3)
    assert decode_outputs(lying, 20, 3) != decode_outputs(honest, 20, 3)
    require_provable(record(outputs=honest, contested=(4, 9)), artifacts, items)
    require_provable(record(outputs=lying, contested=(3, 5)), artifacts, items)
    with pytest.raises(StatementInvalid, match=r"contested item\(s\) 4, 9 are not"):
        require_provable(record(outputs=lying, contested=(3, 4, 9)), artifacts, items)


# ---------------------------------------------------------------- files


def test_proofs_are_kept_by_round_payee_and_items(home: Path) -> None:
    files = JobFiles.of("chain:contract", b"\x07" * 32, ME)
    proof = Proof(b"\x01\x02", (3, 4))
    assert files.proof((1, 2)) is None
    files.save_proof((1, 2), proof)
    assert files.proof((1, 2)) == proof
    assert files.proof((1, 3)) is None
    for other in (
        JobFiles.of("other:contract", b"\x07" * 32, ME),
        JobFiles.of("chain:contract", b"\x08" * 32, ME),
        JobFiles.of("chain:contract", b"\x07" * 32, OTHER),
    ):
        assert other.proof((1, 2)) is None


def test_a_file_that_is_no_proof_is_discarded(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = JobFiles.of("chain:contract", b"\x07" * 32, ME)
    files.save_proof((1,), Proof(b"", ()))
    (path,) = files.directory.glob("proof-*")
    path.write_text("{")
    assert files.proof((1,)) is None
    assert (
        f"{path} is damaged: it is discarded, and the proof made again" in capsys.readouterr().err
    )
    assert not path.exists()


def test_inputs_are_kept_privately(home: Path) -> None:
    files = JobFiles.of("chain:contract", b"\x07" * 32, ME)
    assert files.inputs() is None
    files.save_inputs(b"secret")
    assert files.inputs() == b"secret"
    assert (files.directory / "inputs.json").stat().st_mode & 0o077 == 0


def test_an_answer_is_reckoned_word_by_word(artifacts: Artifacts) -> None:
    """20 items, 2 to a proof: 64 words of the call, an index each; 8 and two paths a run."""
    words = 64 + 7 + 2 * (8 + 2 * 5) + artifacts.manifest.layout.instances
    wanted = 32 * words + artifacts.manifest.verifier.proof_bytes
    assert answer_bytes(TERMS, artifacts) == wanted
    words += 1 - 7 - (8 + 2 * 5)
    wanted = 32 * words + artifacts.manifest.verifier.proof_bytes
    assert answer_bytes(replace(TERMS, max_contests=1), artifacts) == wanted
    path = 32 * 2 * 1  # of one contested item: both its trees are one level deeper
    full, more = (answer_bytes(replace(TERMS, n=n, max_contests=1), artifacts) for n in (32, 33))
    assert (full, more) == (wanted, wanted + path)

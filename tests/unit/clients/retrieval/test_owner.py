"""The owner's side of retrieval: what it asks before it stakes, and what it proves."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.base.errors import Busy, Postponed, StatementInvalid, UsageError
from prover.chain.abi.contract import RETRIEVAL, encode_call
from prover.chain.contracts.retrieval import Submission
from prover.chain.events.finality import SEND_SECONDS
from prover.chain.sending.transactions import GAS_CAP
from prover.clients.common.job_files import JobFiles
from prover.clients.common.money import Account, Purse
from prover.clients.common.readiness import Readiness
from prover.clients.retrieval import secrets as owned
from prover.clients.retrieval.checks import (
    OwnerLimits,
    check_format,
    check_matches,
    check_proofs,
    check_request_money,
    check_terms,
    submission_bytes,
)
from prover.clients.retrieval.prove import RecordProver, parts
from prover.clients.retrieval.records import format_of, read_rows
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.gas import TAKE
from prover.protocol.limits import LOCAL
from prover.protocol.retrieval.gas import RECORD, SUBMIT
from prover.protocol.retrieval.state import (
    Dataset,
    Job,
    Predicate,
    PredicateKind,
    Record,
    State,
    Terms,
)
from prover.statement.context import JobContext
from prover.statement.documents.dataset import PublicDataset
from prover.statement.documents.seeds import Seed
from prover.statement.tree import check_membership, fold
from prover.systems.ezkl.artifacts import Artifacts
from prover.systems.ezkl.system import Ezkl
from prover.systems.proof import Proof
from tests.conftest import JOB, Proven

ME, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
MOST = LOCAL.call_bytes
NOW = 100
TERMS = Terms(
    dataset_id=b"\x01" * 32,
    model_id=b"\x02" * 32,
    predicate=Predicate(PredicateKind.LABEL, 1),
    currency=ETH,
    price_per_record=3,
    stake=100,
    open_until=1000,
    prove_seconds=80,
    dispute_seconds=300,
)
SEED = Seed(b"\x09" * 32)
COUNT = 7
ROWS = tuple((index, 2, 3, -4) for index in range(COUNT))
DATASET = Dataset(ME, b"\x03" * 32, COUNT, bytes(32), "", 1)


@pytest.fixture
def artifacts(proven: Callable[[str], Proven]) -> Artifacts:
    return proven("batch").artifacts


@pytest.fixture
def secrets(artifacts: Artifacts) -> owned.Secrets:
    return owned.secrets_of(artifacts, ROWS, SEED)


# ---------------------------------------------------------------- before the stake


def test_good_terms_are_taken() -> None:
    check_terms(TERMS, DATASET, ME, 998)


@pytest.mark.parametrize(
    ("account", "now", "message"),
    [
        (OTHER, NOW, "who alone can accept"),
        (ME, 999, "was open until 1970-01-01 00:16:40 UTC"),
    ],
)
def test_terms_that_cannot_be_accepted_are_refused(account: str, now: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_terms(TERMS, DATASET, account, now)


def test_all_records_must_pay_for_their_proofs(artifacts: Artifacts) -> None:
    """6 records of 2 to a proof: acceptance, 3 proofs and 6 records."""
    gas = TAKE + 3 * (700_000 + SUBMIT) + 6 * RECORD
    rich, wanted = Account(10**18, 0, 10**18), -(-gas * 125 // 100)
    pays = replace(TERMS, price_per_record=-(-wanted // 6))
    check_request_money(pays, 6, artifacts, 700_000, 1, Purse(), rich)
    poor = replace(TERMS, price_per_record=-(-wanted // 6) - 1)
    with pytest.raises(UsageError, match="the request is not taken: it earns"):
        check_request_money(poor, 6, artifacts, 700_000, 1, Purse(), rich)
    greedy = replace(pays, stake=61 * pays.price_per_record)
    with pytest.raises(UsageError, match="10 times what it earns"):
        check_request_money(greedy, 6, artifacts, 700_000, 1, Purse(), rich)


def test_an_owner_can_bound_what_becomes_readable() -> None:
    check_matches(5, 6, OwnerLimits(max_matches=5))
    with pytest.raises(UsageError, match="6 of 6 records match, and everybody could read them"):
        check_matches(6, 6, OwnerLimits(max_matches=5))


def test_more_than_half_becomes_readable_only_by_the_owners_word() -> None:
    check_matches(3, 6, OwnerLimits())
    with pytest.raises(UsageError, match=r"4 of 7 records match.*expected at most 3"):
        check_matches(4, 7, OwnerLimits())


def test_all_records_must_be_provable_in_time(artifacts: Artifacts) -> None:
    assert check_proofs(TERMS, COUNT, artifacts, 700_000, 10.0, 0, MOST) == 4
    assert check_proofs(TERMS, COUNT - 1, artifacts, 700_000, 10.0, 0, MOST) == 3
    with pytest.raises(StatementInvalid, match=r"4 proofs of 10\.1 s: 80 s are given"):
        check_proofs(TERMS, COUNT, artifacts, 700_000, 10.1, 0, MOST)
    with pytest.raises(StatementInvalid, match="12 s to finality"):
        check_proofs(TERMS, COUNT, artifacts, 700_000, 10.0, 12, MOST)


def test_a_submission_must_fit_a_transaction(artifacts: Artifacts) -> None:
    with pytest.raises(StatementInvalid, match="gas: "):
        check_proofs(TERMS, COUNT, artifacts, GAS_CAP, 1.0, 0, MOST)
    fields = artifacts.manifest.verifier.model_copy(update={"proof_bytes": 130_000})
    large = artifacts.manifest.model_copy(update={"verifier": fields})
    with pytest.raises(StatementInvalid, match="bytes: "):
        check_proofs(TERMS, COUNT, replace(artifacts, manifest=large), 700_000, 1.0, 0, MOST)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 300), st.integers(1, 64), st.integers(0, 299))
def test_no_submission_is_longer_than_was_reckoned(count: int, slots: int, at: int) -> None:
    """Whichever part of the dataset it proves, and if every record matches."""
    artifacts = _with_slots(_ARTIFACTS[0], slots)
    every = parts(count, slots, frozenset())
    part = every[at % len(every)]
    public = SimpleNamespace(tree=SimpleNamespace(path=lambda first, log2: _path(count, log2)))
    from prover.clients.retrieval.prove import _opened  # the runs as they are sent
    from prover.statement.runs import runs

    told = Submission(
        runs=tuple(_opened(run.first, run.size, public) for run in runs(part)),  # type: ignore[arg-type]
        records=(),
        keys=(bytes(32),) * len(part),
        proof=bytes(artifacts.facts.proof_bytes),
        instances=(0,) * artifacts.facts.layout.instances,
    ).to_abi()
    full = (told[0], [(bytes(32), bytes(32))] * len(part), *told[2:])
    data = encode_call(RETRIEVAL, "submit", Job(OTHER, 1, TERMS).to_abi(), [full])
    assert len(data) <= submission_bytes(count, artifacts)


def _path(count: int, log2: int) -> tuple[bytes, ...]:
    return (bytes(32),) * max((count - 1).bit_length() - log2, 0)


def _with_slots(artifacts: Artifacts, slots: int) -> Artifacts:
    """The same circuit as if it had other item slots; its instances are not laid out anew."""
    layout = SimpleNamespace(items=slots, instances=artifacts.manifest.layout.instances)
    facts = SimpleNamespace(layout=layout, proof_bytes=artifacts.facts.proof_bytes)
    return SimpleNamespace(facts=facts)  # type: ignore[return-value]


_ARTIFACTS: list[Artifacts] = []


@pytest.fixture(autouse=True)
def _for_properties(artifacts: Artifacts) -> None:
    """Hypothesis runs a function many times for one set of fixtures."""
    _ARTIFACTS[:] = [artifacts]


# ---------------------------------------------------------------- the dataset


def test_secrets_are_the_datasets_or_refused(secrets: owned.Secrets) -> None:
    public = secrets.sealed()
    dataset = replace(DATASET, root=public.tree.root)
    assert owned.check_secrets(secrets, dataset) == public
    owned.match_secrets(secrets, dataset, public)
    for other in (
        replace(secrets, keys=(secrets.keys[1], *secrets.keys[1:])),
        replace(secrets, chunks=(secrets.chunks[1], *secrets.chunks[1:])),
        replace(secrets, chunks=secrets.chunks[:-1], keys=secrets.keys[:-1]),
        replace(secrets, chunks=secrets.chunks * 2, keys=secrets.keys * 2),
    ):
        with pytest.raises(StatementInvalid, match="do not give dataset"):
            owned.check_secrets(other, dataset)
        with pytest.raises(StatementInvalid, match="do not give dataset"):
            owned.match_secrets(other, dataset, public)
    form = replace(secrets.form, input_unit=9.0)
    with pytest.raises(StatementInvalid, match="do not give dataset"):
        owned.match_secrets(replace(secrets, form=form), dataset, public)


def test_secrets_are_not_shown(secrets: owned.Secrets) -> None:
    assert secrets.keys[0].hex() not in repr(secrets)
    assert "Item" not in repr(secrets)


def test_records_of_another_format_are_refused(artifacts: Artifacts) -> None:
    form = format_of(artifacts)
    check_format(form, artifacts)
    with pytest.raises(StatementInvalid, match=r"input_unit 9.0 \(expected 0.0625\)"):
        check_format(replace(form, input_unit=9.0), artifacts)


def test_data_and_seed_are_remembered_and_can_be_given(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="was not committed from here"):
        owned.source_of(b"\x01" * 32, None, tmp_path)
    assert owned.source_of(b"\x01" * 32, tmp_path, tmp_path).data == tmp_path
    owned.remember_source(b"\x01" * 32, owned.Source(tmp_path / "a", tmp_path / "b"))
    assert owned.source_of(b"\x01" * 32, None, None).data == tmp_path / "a"
    assert owned.source_of(b"\x01" * 32, None, tmp_path).seed == tmp_path
    next((home / "datasets").glob("*.source.json")).write_text("[]")
    with pytest.raises(UsageError, match="is damaged"):
        owned.source_of(b"\x01" * 32, None, None)


def rows_file(path: Path, *rows: Sequence[float]) -> Path:
    np.savez(path, inputs=np.array(rows, dtype=np.float32))
    return path


def test_values_are_quantised_as_the_circuit_does(artifacts: Artifacts, tmp_path: Path) -> None:
    file = rows_file(tmp_path / "x.npz", (0.5, -0.5, 8, -8), (0.03125, -0.03125, 0.03, 0))
    assert read_rows(artifacts, file) == ((8, -8, 128, -128), (1, -1, 0, 0))


def test_values_outside_the_domain_are_never_clipped(artifacts: Artifacts, tmp_path: Path) -> None:
    file = rows_file(tmp_path / "x.npz", (0, 0, 0, 0), (0, 0, -8.1, 9), *[(9, 0, 0, 0)] * 6)
    with pytest.raises(StatementInvalid) as refused:
        read_rows(artifacts, file)
    assert "7 of 8 records" in str(refused.value)
    assert "(1, 2, 3, 4, 5, ...)" in str(refused.value)
    assert "record 1 has -8.1 at place 2, expected -8 to 8" in str(refused.value)


# ---------------------------------------------------------------- proving


@given(st.integers(1, 200), st.integers(1, 64), st.sets(st.integers(0, 199)))
def test_parts_cover_what_is_left_and_are_cut_alike(count: int, slots: int, done: set[int]) -> None:
    every = parts(count, slots, frozenset())
    assert [index for part in every for index in part] == list(range(count))
    assert all(len(part) == slots for part in every[:-1])
    left = parts(count, slots, frozenset(done))
    assert set(left) <= set(every)
    covered = {index for part in left for index in part}
    assert set(range(count)) - done <= covered


class Chain:
    """A contract that takes everything, at a time that passes with each look."""

    def __init__(self, now: Iterator[int], *, gas: int = 1, local: bool = True) -> None:
        self.client = SimpleNamespace(chain_id=31337, local=local, now=lambda: next(now), scope="x")
        self.address = "0x" + "33" * 20
        self.sent: list[list[Submission]] = []
        self.weighed: list[int] = []
        self.estimates, self.most = 0, 10**9
        self._gas = gas

    def submit(self, _job: object, submissions: list[Submission]) -> Any:
        return SimpleNamespace(data=b"", submissions=list(submissions))

    def estimate(self, _call: object) -> Any:
        self.estimates += 1
        return SimpleNamespace(gas=self._gas)

    def require_worth(self, _says: str, gas: int, worth: int) -> None:
        assert worth == request().job.terms.price_per_record * COUNT + request().job.terms.stake
        self.weighed.append(gas)
        if gas > self.most:
            raise Postponed("too dear")

    def send(self, _name: str, call: Any, *, worth: int) -> dict[str, int]:
        terms = request().job.terms
        assert worth == terms.price_per_record * request().count + terms.stake
        self.sent.append(call.submissions)
        return {"gasUsed": 7}


def sound(_artifacts: object, proofs: Sequence[Proof]) -> list[None]:
    """What `Readiness.faults` says of proofs that hold."""
    return [None] * len(proofs)


@pytest.fixture
def prepared(
    artifacts: Artifacts, secrets: owned.Secrets, tmp_path: Path, home: Path
) -> Callable[[Chain], RecordProver]:
    """A prover that finds the proof of each part on the disk."""
    files = JobFiles(tmp_path / "proofs")
    for part in parts(COUNT, 2, frozenset()):
        words = [0] * artifacts.manifest.layout.instances
        start = artifacts.manifest.layout.outputs
        for slot, index in enumerate(part):
            words[start + 3 * slot + (1 if index % 3 == 0 else 2)] = 7
        files.save_proof(part, Proof(bytes([part[0]]), tuple(words)))

    def over(chain: Chain) -> RecordProver:
        return RecordProver(
            chain,
            chain,
            SimpleNamespace(faults=sound),  # type: ignore[arg-type]
            artifacts,
            files,
            lambda _stage: None,  # type: ignore[arg-type]
        )

    return over


def request(**changes: object) -> Record:
    fields = {
        "job": Job(OTHER, 1, TERMS),
        "posted_at": 0,
        "count": COUNT,
        "state": State.PROVING,
        "provider": ME,
        "payee": ME,
        "deadline": 1000,
    }
    return Record(**(fields | changes))  # type: ignore[arg-type]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five seconds pass between two looks, and so with each proof."""
    times = iter(range(5, 1000, 5))
    monkeypatch.setattr("prover.clients.retrieval.prove.time.monotonic", lambda: next(times))


def ticking(*times: int) -> Iterator[int]:
    yield from times
    while True:
        yield times[-1]


def test_submissions_carry_aligned_runs_and_the_keys_of_matches_alone(
    prepared: Callable[[Chain], RecordProver], secrets: owned.Secrets
) -> None:
    chain, public = Chain(ticking(NOW)), secrets.sealed()
    done = prepared(chain).prove(b"\x05" * 32, request(), secrets, public)
    assert (done.proofs, done.seconds, done.transactions, done.gas) == (0, 0.0, 1, 7)
    (sent,) = chain.sent
    assert [one.proof[0] for one in sent] == [0, 2, 4, 6]
    keys = [list(one.keys) for one in sent]
    own = secrets.keys
    assert keys == [[own[0]], [own[3]], [], [own[6]]]  # every third record has label 1
    for one in sent:
        check_opened(one, public)


def check_opened(one: Submission, public: PublicDataset) -> None:
    """Each run is a subtree of the dataset's tree."""
    at = 0
    for run in one.runs:
        leaves = [
            public.records[index].leaf(index) for index in range(run.start, run.start + run.size)
        ]
        hashes = [record.chunks_hash for record in one.records[at : at + run.size]]
        assert hashes == [public.records[run.start + i].chunks_hash for i in range(run.size)]
        log2 = run.size.bit_length() - 1
        check_membership(public.tree.root, COUNT, run.start, fold(leaves), run.path, log2)
        at += run.size
    assert at == len(one.records)


def test_done_parts_are_left_out_and_a_half_done_one_is_sent_whole(
    prepared: Callable[[Chain], RecordProver], secrets: owned.Secrets
) -> None:
    chain = Chain(ticking(NOW))
    some = request(proven=frozenset({0, 1, 2, 6}), matches={0: secrets.keys[0]})
    prepared(chain).prove(b"\x05" * 32, some, secrets, secrets.sealed())
    assert [one.proof[0] for one in chain.sent[0]] == [2, 4]


def test_a_transaction_takes_as_many_proofs_as_fit(
    prepared: Callable[[Chain], RecordProver], secrets: owned.Secrets
) -> None:
    chain = Chain(ticking(NOW), gas=GAS_CAP // 3)
    prepared(chain).prove(b"\x05" * 32, request(), secrets, secrets.sealed())
    assert [len(group) for group in chain.sent] == [3, 1]
    assert chain.weighed == [4 * (GAS_CAP // 3)]  # once, before any key is given away


def test_no_key_is_given_away_where_all_proofs_together_are_too_dear(
    prepared: Callable[[Chain], RecordProver], secrets: owned.Secrets
) -> None:
    chain = Chain(ticking(NOW), gas=GAS_CAP)
    chain.most = 4 * GAS_CAP - 1
    with pytest.raises(Postponed):
        prepared(chain).prove(b"\x05" * 32, request(), secrets, secrets.sealed())
    assert chain.sent == []
    chain.most += 1
    prepared(chain).prove(b"\x05" * 32, request(), secrets, secrets.sealed())
    assert len(chain.sent) == 4


def test_proofs_are_sent_one_by_one_when_time_is_short(
    prepared: Callable[[Chain], RecordProver], secrets: owned.Secrets
) -> None:
    """A full transaction that comes too late is worth nothing."""
    chain = Chain(ticking(1000 - 2 * SEND_SECONDS + 1))
    prepared(chain).prove(b"\x05" * 32, request(), secrets, secrets.sealed())
    assert [len(group) for group in chain.sent] == [1, 1, 1, 1]


@pytest.mark.parametrize(("local", "now"), [(True, 1001), (False, 1001 - SEND_SECONDS)])
def test_keys_are_not_shown_in_a_transaction_that_may_be_late(
    prepared: Callable[[Chain], RecordProver], secrets: owned.Secrets, local: bool, now: int
) -> None:
    chain = Chain(ticking(now), local=local)
    with pytest.raises(UsageError, match="keys of the matches are not sent"):
        prepared(chain).prove(b"\x05" * 32, request(), secrets, secrets.sealed())
    assert chain.sent == []
    assert chain.estimates == 0  # the node that runs them would learn the keys
    in_time = Chain(ticking(now - 1), local=local)
    prepared(in_time).prove(b"\x05" * 32, request(), secrets, secrets.sealed())
    assert in_time.sent


def test_records_are_proven_by_one_process_at_a_time(
    prepared: Callable[[Chain], RecordProver], secrets: owned.Secrets, tmp_path: Path
) -> None:
    chain = Chain(ticking(NOW))
    with JobFiles(tmp_path / "proofs").alone(), pytest.raises(Busy, match="another run"):
        prepared(chain).prove(b"\x05" * 32, request(), secrets, secrets.sealed())
    assert chain.sent == []


def test_it_is_told_which_records_are_proven_and_sent(
    proven: Callable[[str], Proven], secrets: owned.Secrets, tmp_path: Path, clock: None
) -> None:
    """Seven records of two to a proof, of which the second part was proven before."""
    made, told = proven("batch"), list[str]()
    chain, files = Chain(ticking(NOW)), JobFiles(tmp_path / "own")
    files.save_proof((2, 3), made.proof)
    ready: Any = SimpleNamespace(prove=lambda *_: made.proof, faults=sound)
    prover = RecordProver(chain, chain, ready, made.artifacts, files, told.append)  # type: ignore[arg-type]
    done = prover.prove(b"\x05" * 32, request(), secrets, secrets.sealed())
    assert told == [
        "proof 1 of 4: records 0 to 1",
        "proof 2 of 4: records 2 to 3",
        "proof 3 of 4: records 4 to 5",
        "proof 4 of 4: records 6 to 6",
        "sending 4 proofs of 7 records",
    ]
    assert (done.proofs, done.transactions, done.gas) == (3, 1, 7)
    assert done.seconds == 50


def test_a_proof_is_made_once(
    proven: Callable[[str], Proven], secrets: owned.Secrets, tmp_path: Path
) -> None:
    made = proven("batch")
    calls: list[object] = []

    class Ready:
        def prove(self, _artifacts: object, items: object, context: JobContext) -> Proof:
            calls.append((items, context))
            return made.proof

        faults = staticmethod(sound)

    chain, files = Chain(ticking(NOW)), JobFiles(tmp_path / "own")
    prover = RecordProver(chain, chain, Ready(), made.artifacts, files, print)  # type: ignore[arg-type]
    for _ in range(2):
        assert prover.proof_of((2, 3), secrets, JOB) == made.proof
    assert calls == [([secrets.items[2], secrets.items[3]], JOB)]


@pytest.mark.parametrize("damage", ["a digit", "cut short", "no text"])
def test_a_kept_proof_that_was_damaged_is_made_again(
    proven: Callable[[str], Proven],
    secrets: owned.Secrets,
    tmp_path: Path,
    damage: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By the real verifier; what holds is not, and no process verifies it twice."""
    made, made_again = proven("batch"), list[object]()
    files, ready = JobFiles(tmp_path / "own"), Readiness(Ezkl())
    for part in ((0, 1), (2, 3)):
        files.save_proof(part, made.proof)
    (path,) = files.directory.glob("proof-2-*")
    path.write_bytes(damaged(path.read_bytes(), damage))

    def prove(_artifacts: object, items: object, _context: object) -> Proof:
        made_again.append(items)
        return made.proof

    both: Any = SimpleNamespace(prove=prove, faults=ready.faults)
    chain = Chain(ticking(NOW))
    prover = RecordProver(chain, chain, both, made.artifacts, files, print)  # type: ignore[arg-type]
    record = request(proven=frozenset({4, 5, 6}))
    assert prover.prove(b"\x05" * 32, record, secrets, secrets.sealed()).proofs == 1
    assert made_again == [[secrets.items[2], secrets.items[3]]]
    assert (
        f"{path} is damaged: it is discarded, and the proof made again" in capsys.readouterr().err
    )
    assert files.proof((2, 3)) == made.proof


def damaged(content: bytes, damage: str) -> bytes:
    """A proof's file after a fault of the disk."""
    if damage == "cut short":
        return content[:1000]
    changed = b"\xff" if damage == "no text" else (b"0" if content[100:101] != b"0" else b"1")
    return content[:100] + changed + content[101:]


@pytest.mark.parametrize(("count", "runs", "slots", "depth"), [(7, 2, 2, 3), (1, 1, 1, 0)])
def test_a_submission_is_reckoned_word_by_word(
    artifacts: Artifacts, count: int, runs: int, slots: int, depth: int
) -> None:
    """Two records to a proof: 64 words of the call, each run's 5 and path, each record's 3."""
    words = 64 + runs * (5 + depth) + slots * 3 + artifacts.manifest.layout.instances
    wanted = 32 * words + artifacts.manifest.verifier.proof_bytes
    assert submission_bytes(count, artifacts) == wanted


@pytest.mark.parametrize(("spare", "groups"), [(0, [3, 1]), (-1, [1, 1, 1, 1])])
def test_time_is_short_when_two_more_proofs_and_transactions_do_not_fit(
    prepared: Callable[[Chain], RecordProver],
    secrets: owned.Secrets,
    clock: None,
    spare: int,
    groups: list[int],
) -> None:
    """The chain's clock stands still."""
    now = 1000 - 2 * 5 - 2 * SEND_SECONDS - spare
    chain = Chain(ticking(now), gas=GAS_CAP // 3)
    prepared(chain).prove(b"\x05" * 32, request(), secrets, secrets.sealed())
    assert [len(group) for group in chain.sent] == groups

"""The requester's side of retrieval: what it pays for, what it reads, and what it is told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from prover.base.errors import StatementInvalid, UsageError
from prover.cli.retrieval.status import warnings_of
from prover.clients.retrieval import datasets
from prover.clients.retrieval import read as retrieval_read
from prover.clients.retrieval import status as retrieval_words
from prover.clients.retrieval.read import dispute, public_side, read_matches, write_records
from prover.clients.retrieval.records import format_of
from prover.clients.retrieval.requester import check_dataset, check_model
from prover.clients.retrieval.status import next_step, row
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.retrieval.state import (
    TABLE,
    Dataset,
    Job,
    Predicate,
    PredicateKind,
    Record,
    State,
    Terms,
)
from prover.statement.documents.dataset import (
    Format,
    PublicDataset,
    data_hash,
    record_keys,
    salted_records,
    sealed_dataset,
)
from prover.statement.documents.seeds import Seed
from prover.systems.ezkl.artifacts import Artifacts
from tests.conftest import Proven

OWNER, REQUESTER, PAYEE = ("0x" + digit * 40 for digit in "123")
LABEL = Predicate(PredicateKind.LABEL, 1)
TERMS = Terms(
    dataset_id=b"\x01" * 32,
    model_id=b"\x02" * 32,
    predicate=LABEL,
    currency=ETH,
    price_per_record=10**18,
    stake=5 * 10**18,
    open_until=1000,
    prove_seconds=500,
    dispute_seconds=300,
)
SEED = Seed(b"\x09" * 32)
ROWS = ((1, 2, 3, 4), (-128, 0, 0, 128), (5, 5, 5, 5))


@pytest.fixture
def artifacts(proven: Callable[[str], Proven]) -> Artifacts:
    return proven("batch").artifacts


@pytest.fixture
def form(artifacts: Artifacts) -> Format:
    return format_of(artifacts)


@pytest.fixture
def public(form: Format) -> PublicDataset:
    items, keys = salted_records(form, ROWS, SEED), record_keys(form, ROWS, SEED)
    return sealed_dataset(form, items, keys)


def dataset_of(public: PublicDataset, **changes: object) -> Dataset:
    fields = {
        "owner": OWNER,
        "root": public.tree.root,
        "count": len(public.records),
        "data_hash": data_hash(public.to_bytes()),
        "uri": "https://example.org/x",
        "committed_at": 1,
    }
    return Dataset(**(fields | changes))  # type: ignore[arg-type]


def record(**changes: object) -> Record:
    fields = {"job": Job(REQUESTER, 1, TERMS), "posted_at": 0, "count": 3} | changes
    return Record(**fields)  # type: ignore[arg-type]


def joined(state: State, **changes: object) -> Record:
    """A request whose owner has accepted, until 500 (Unix time)."""
    fields = {"provider": OWNER, "payee": PAYEE, "deadline": 500} | changes
    return record(state=state, **fields)


# ---------------------------------------------------------------- what is paid for


def test_a_model_that_hashes_its_inputs_exactly_is_taken(
    artifacts: Artifacts, proven: Callable[[str], Proven]
) -> None:
    check_model(artifacts, LABEL)
    with pytest.raises(StatementInvalid, match="with hashed inputs"):
        check_model(proven("plain").artifacts, LABEL)
    with pytest.raises(UsageError, match="--label 3"):
        check_model(artifacts, replace(LABEL, index=3))
    with pytest.raises(UsageError, match="no record could match"):
        check_model(artifacts, Predicate(PredicateKind.AT_LEAST, 0, 256**2))


def test_an_inexact_model_is_refused(artifacts: Artifacts) -> None:
    plan = artifacts.manifest.plan_fields | {"exact": False, "tolerance": 3}
    manifest = artifacts.manifest.model_copy(update={"plan_fields": plan})
    with pytest.raises(StatementInvalid, match="not exact"):
        check_model(replace(artifacts, manifest=manifest), LABEL)


def test_a_good_file_is_kept_and_found_again(
    artifacts: Artifacts, public: PublicDataset, home: Path
) -> None:
    dataset = dataset_of(public)
    with pytest.raises(UsageError, match="give it with --file"):
        public_side(dataset)
    check_dataset(dataset, public.to_bytes(), artifacts)
    assert public_side(dataset) == public
    datasets.path_of(dataset.id).write_bytes(b"{}")
    with pytest.raises(StatementInvalid, match="file has the hash"):
        public_side(dataset)


def test_a_file_by_hand_is_checked_too(public: PublicDataset, tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    file.write_bytes(public.to_bytes())
    assert public_side(dataset_of(public), file) == public
    with pytest.raises(StatementInvalid, match="file has the hash"):
        public_side(dataset_of(public, data_hash=bytes(32)), file)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data_hash": bytes(32)}, "file has the hash"),
        ({"count": 4}, "3 records: expected 4, as committed"),
        ({"root": bytes(32)}, "records have the root"),
    ],
)
def test_a_file_that_is_not_the_commitments_is_refused(
    artifacts: Artifacts,
    public: PublicDataset,
    home: Path,
    changes: dict[str, object],
    message: str,
) -> None:
    dataset = dataset_of(public, **changes)
    with pytest.raises(StatementInvalid, match=message):
        check_dataset(dataset, public.to_bytes(), artifacts)
    assert not datasets.path_of(dataset.id).exists()


@pytest.mark.parametrize("name", ["salt_bits", "input_min", "input_max", "input_scale"])
def test_records_of_another_format_than_the_models_are_refused(
    artifacts: Artifacts, public: PublicDataset, home: Path, name: str
) -> None:
    """At another scale the same integers mean other values."""
    other = replace(public, form=replace(public.form, **{name: getattr(public.form, name) + 1}))
    dataset = dataset_of(other)
    with pytest.raises(StatementInvalid, match=f"not in the model's format: {name}"):
        check_dataset(dataset, other.to_bytes(), artifacts)


# ---------------------------------------------------------------- reading


def test_matches_read_in_the_datas_own_units(
    form: Format, public: PublicDataset, tmp_path: Path
) -> None:
    keys = record_keys(form, ROWS, SEED)
    found = read_matches(record(matches={2: keys[2], 0: keys[0]}), public)
    assert list(found.readable) == [0, 2]
    assert not found.malformed
    write_records(tmp_path / "out.npz", found, form)
    with np.load(tmp_path / "out.npz") as written:
        unit = 2**form.input_scale
        assert written["inputs"].tolist() == [[x / unit for x in ROWS[at]] for at in (0, 2)]
        assert written["indices"].tolist() == [0, 2]
    assert (tmp_path / "out.npz").stat().st_mode & 0o077 == 0


def test_no_match_is_an_empty_archive(form: Format, public: PublicDataset, tmp_path: Path) -> None:
    write_records(tmp_path / "out.npz", read_matches(record(), public), form)
    with np.load(tmp_path / "out.npz") as written:
        assert written["inputs"].shape == (0, form.values)
        assert written["indices"].shape == (0,)


def test_a_match_that_does_not_read_as_proven_is_named(form: Format, public: PublicDataset) -> None:
    keys = record_keys(form, ROWS, SEED)
    junk = replace(public.records[1], ciphertext=bytes(form.content_bytes))
    bad = replace(public, records=(public.records[0], junk, public.records[2]))
    found = read_matches(record(matches={0: keys[0], 1: keys[1]}), bad)
    assert list(found.readable) == [0]
    assert list(found.malformed) == [1]


class Chain:
    """A contract that takes a dispute, and notes which."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[tuple[str, Any]] = []
        contract = SimpleNamespace(dispute=lambda *told: told)
        monkeypatch.setattr(retrieval_read, "RetrievalBounty", lambda *_: contract)

    def dispute(self, found: Record, public: PublicDataset) -> tuple[int, int]:
        def send(action: str, call: Any) -> dict[str, int]:
            self.sent.append((action, call))
            return {"gasUsed": 7}

        sender: Any = SimpleNamespace(client=None, send=send)
        deployment: Any = SimpleNamespace(retrieval="")
        return dispute(sender, deployment, b"\x05" * 32, found, public)


def test_the_first_match_that_does_not_read_as_proven_is_disputed(
    form: Format, public: PublicDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = record_keys(form, ROWS, SEED)
    junk = [
        replace(one, ciphertext=bytes(form.content_bytes)) if at else one
        for at, one in enumerate(public.records)
    ]
    bad, chain = replace(public, records=tuple(junk)), Chain(monkeypatch)
    found = record(matches={2: keys[2], 1: keys[1], 0: keys[0]})
    assert chain.dispute(found, bad) == (1, 7)
    one, path = bad.records[1], bad.tree.path(1)
    told = (found.job, 1, keys[1], one.ciphertext, one.commitment, path)
    assert chain.sent == [(f"dispute:{'05' * 32}", told)]


def test_matches_that_read_as_proven_are_not_disputed(
    form: Format, public: PublicDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, chain = record_keys(form, ROWS, SEED), Chain(monkeypatch)
    with pytest.raises(UsageError, match="all 2 matches read as proven"):
        chain.dispute(record(matches={0: keys[0], 2: keys[2]}), public)
    assert chain.sent == []


# ---------------------------------------------------------------- words


PROVING = joined(State.PROVING, proven=frozenset({0}), matches={0: bytes(32)})
COMPLETE = joined(State.CLOSING, proven=frozenset({0, 1, 2}))


@pytest.mark.parametrize(
    ("found", "now", "message"),
    [
        (record(), 900, "owner 0x1111 may accept within 100 s (until 1970-01-01 00:16:40 UTC)"),
        (record(), 900, "If the owner does not accept, 0x2222 gets 3 ETH back"),
        (record(), 1001, "anyone may settle it, and 0x2222 gets 3 ETH back"),
        (PROVING, 500, "must prove 2 more of 3 records within 0 s (until 1970-01-01 00:08:20 UTC"),
        (PROVING, 500, "300 s after that 0x3333 gets 1 ETH for 1 proven records, 0x2222 the rest"),
        (PROVING, 500, "and the stake: 7 ETH"),
        (PROVING, 501, "2 of 3 records were not proven in time; 0x2222 may dispute"),
        (PROVING, 501, "within 299 s (until 1970-01-01 00:13:20 UTC"),
        (PROVING, 801, "nothing was disputed until 1970-01-01 00:13:20 UTC: anyone may settle it"),
        (COMPLETE, 400, "0x2222 may dispute a match that does not read as proven within 100 s"),
        (COMPLETE, 400, "0x3333 gets 8 ETH (price and stake) when anyone settles"),
        (COMPLETE, 501, "and 0x3333 gets 8 ETH, price and stake"),
        (joined(State.SETTLED, proven=frozenset({0})), 900, "0x3333 1 ETH, 0x2222 7 ETH"),
        (joined(State.MALFORMED), 900, "everything is the requester's"),
        (joined(State.VOIDED), 900, "0x2222 3 ETH, 0x3333 5 ETH"),
        (record(state=State.EXPIRED), 1100, "0x2222 3 ETH"),
        (record(state=State.CANCELLED), 900, "took the request back"),
    ],
)
def test_what_is_next_is_said_with_who_until_when_and_for_how_much(
    found: Record, now: int, message: str
) -> None:
    told = next_step(found, OWNER, now)
    for account in (OWNER, REQUESTER, PAYEE):
        told = told.replace(account, account[:6])
    assert message in told


def test_a_request_whose_circuit_was_condemned_can_be_settled() -> None:
    told = next_step(PROVING, OWNER, 490, 500)
    assert "condemned at 1970-01-01 00:08:20 UTC" in told
    assert "anyone may settle the request" in told


def test_every_state_has_words() -> None:
    status = {state for state, _complete in retrieval_words._IN_TIME}
    assert status == {state for state, _complete in retrieval_words._LATE} | {State.PROVING}
    assert status == set(TABLE)
    assert set(retrieval_words._ENDS) == set(State) - {State.NONE} - set(TABLE)


def test_a_row_is_as_by_time() -> None:
    assert row(b"\x07" * 32, PROVING, 500)["state"] == "proving"
    late = row(b"\x07" * 32, PROVING, 501)
    assert (late["state"], late["proven"]) == ("closing", 1)


@pytest.mark.parametrize(
    ("now", "message"),
    [
        (500, "Run `zkescrow retrieval dispute` once proving has ended"),
        (501, "Run `zkescrow retrieval dispute` within 299 s"),
        (801, "It is too late to dispute"),
    ],
)
def test_a_warning_says_what_to_do_and_how_long(now: int, message: str) -> None:
    (line,) = warnings_of({0: "record 0 decrypts to other content"}, PROVING, now)
    assert line.startswith("WARNING: record 0 decrypts to other content")
    assert message in line
    assert warnings_of({}, PROVING, now) == []

"""The audit over real contracts: honest play agrees, and each lie of the node is found."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from prover.audit import replay
from prover.audit.protocols import sealed as sealed_audit
from prover.audit.protocols.common import ProtocolAudit
from prover.audit.replay import Auditor
from prover.audit.report import html, lines, to_dict
from prover.chain.abi.contract import ACCURACY, POSEIDON, PREDICTION, REGISTRY, RETRIEVAL, SERVING
from prover.chain.deployments import Deployed, Deployment
from prover.chain.events.reading import Logged, fetch_events
from prover.chain.node.client import connect
from prover.protocol import events as e
from prover.statement.field import FIELD_MODULUS
from tests.contracts.accuracy.scenario import TestSet as Items
from tests.contracts.keyed import Key, keyed_circuit, new_key, pointed_layout, proofs_of
from tests.contracts.retrieval.scenario import Records
from tests.contracts.scenario import at, now

BAD = 3


@pytest.fixture
def audit(registry, poseidon, world, serving, accuracy, retrieval) -> Callable[[], dict[str, Any]]:
    """An audit, as a dictionary."""
    addresses = {
        REGISTRY: registry,
        PREDICTION: world.predictions,
        SERVING: serving.rounds,
        POSEIDON: poseidon,
        ACCURACY: accuracy.bounty,
        RETRIEVAL: retrieval.bounty,
    }
    deployment = Deployment(
        chainId=31337, contracts={name: _deployed(one) for name, one in addresses.items()}
    )
    client = connect(os.environ["APE_FOUNDRY_HOST"])
    return lambda: to_dict(Auditor(client, deployment, _NoSystem()).run())


@pytest.fixture
def audited(audit, world, serving, accuracy, retrieval, payee, attacker) -> Any:
    """Every protocol played once and more; then an audit."""
    _play_predictions(world)
    _play_rounds(serving)
    _play_bounties(accuracy)
    _play_requests(retrieval)
    accuracy.bounty.withdraw("0x" + "00" * 20, attacker, sender=payee)
    return audit


@pytest.fixture
def key(deployer) -> Key:
    """Of a circuit of hidden weights, whose commitment is above r."""
    key = new_key(deployer, points=2)
    return next(key.other(seed=seed) for seed in range(9) if _is_above(key.other(seed=seed)))


def _is_above(key: Key) -> bool:
    return key.weights >= FIELD_MODULUS


@pytest.fixture
def audited_by_points(audit, key, project, registry, world, serving, deployer) -> Any:
    """A prediction and a round whose inputs and hidden weights are points; then an audit."""
    layout = pointed_layout(labels=3, weight_points=2)
    circuit = keyed_circuit(deployer.deploy(project.KeyedMockVerifier), key, layout)
    model_id = proofs_of(key, layout).register(registry, circuit, deployer)
    fields = {"layout": layout, "circuit": circuit, "model_id": model_id, "proves": key.proves}
    _play_predictions(replace(world, weights=key.weights, **fields))
    rounds = replace(serving, scores=lambda index: [index, 20, 30], **fields)
    rounds.answer(rounds.contested(word_bytes=1))
    return audit


class _NoSystem:
    """No artifacts are here, so nothing comes to the proof system."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


def _deployed(contract: Any) -> Deployed:
    nothing = "0x" + "00" * 32
    return Deployed(address=contract.address, block=0, tx=nothing, compiler="", inputHash=nothing)


def _play_predictions(world: Any) -> None:
    world.deliver(world.locked())
    world.posted(nonce=1)


def _play_rounds(serving: Any) -> None:
    """One is contested and answered in two transactions, one was not served."""
    job = serving.contested()
    answers = serving.all_of(job)
    serving.answer(job, *answers[:2])
    serving.answer(job, *answers)
    unserved = serving.joined(nonce=1)
    serving.late(unserved)
    serving.settle(unserved)
    serving.settled(nonce=2)


def _play_bounties(accuracy: Any) -> None:
    """One is paid, in two transactions that overlap; the test sets of the others are malformed."""
    job = accuracy.proving(num=7)
    accuracy.prove(job, (0, 4))
    accuracy.submit(job)
    spoilt = accuracy.with_data(Items(contents={BAD: b"junk"}))
    spoilt.dispute(spoilt.proving(nonce=1), BAD)
    outside = Items(labels={BAD: 3})
    other = accuracy.with_data(outside)
    other.dispute_label(other.proving(nonce=2), BAD)


def _play_requests(retrieval: Any) -> None:
    """One is paid whole, one is late, and of one a match cannot be read."""
    job = retrieval.closing()
    at(retrieval.deadline(job) + 1)
    retrieval.settle(job)
    late = retrieval.incomplete(nonce=1)
    at(now() + 10_000)
    retrieval.settle(late)
    spoilt = retrieval.with_data(Records(contents={2: b"junk"}))
    spoilt.dispute(spoilt.closing(nonce=2), 2)
    retrieval.incomplete(nonce=3)


def test_honest_play_has_no_mismatch(audited):
    data = audited()
    assert data["mismatches"] == []
    assert data["jobs_by_protocol"] == {
        "prediction": {"paid": 1, "open": 1},
        "serving": {"settled": 2, "unserved": 1},
        "accuracy": {"paid": 1, "malformed": 2},
        "retrieval": {"settled": 2, "malformed": 1, "proving": 1},
    }
    assert (data["deliveries"], data["disputes"], data["datasets_read"]) == (1, 3, 2)
    assert data["proofs_accepted"] == data["proofs_not_reverifiable"] > 10
    assert (data["steps_compared"] > 30, data["steps_not_comparable"]) == (True, 0)


def test_honest_play_by_points_has_no_mismatch(audited_by_points):
    data = audited_by_points()
    assert data["mismatches"] == []
    played = data["jobs_by_protocol"]
    assert (played["prediction"], played["serving"]) == ({"paid": 1, "open": 1}, {"settled": 1})
    assert data["proofs_accepted"] == data["proofs_not_reverifiable"] == 9


@pytest.mark.parametrize("code", [b"", b"\x00\x02other"], ids=["gone", "another"])
def test_a_key_that_was_changed_is_found(audited_by_points, key, chain, code):
    chain.provider.set_code(key.address, "0x" + code.hex())
    found = [one["what"] for one in audited_by_points()["mismatches"]]
    assert any("hash of the code that verifies" in what for what in found)


def _changed(**changes: Callable[[Any], Any]) -> Callable[[Any], e.Event]:
    def lie(event: Any) -> e.Event:
        return replace(
            event, **{name: change(getattr(event, name)) for name, change in changes.items()}
        )

    return lie


def _more(value: Any) -> Any:
    return value + 1


def _flipped(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]


LIES: dict[type[e.Event], Callable[[Any], e.Event]] = {
    e.OutputsCommitted: _changed(outputs=_flipped),
    e.ContestsAnswered: _changed(positions=lambda one: one[1:] or one),
    e.ItemsProven: _changed(indices=lambda one: one[:-1]),
    e.DatasetCommitted: _changed(data_hash=_flipped, root=_flipped),
    e.RecordMatched: _changed(key=_flipped),
}


def test_an_event_that_was_changed_is_found(audited, monkeypatch):
    for kind, lie in LIES.items():

        def lying(
            *arguments: Any, kind: Any = kind, lie: Any = lie, **options: Any
        ) -> Iterator[Logged]:
            for logged in fetch_events(*arguments, **options):
                told = lie(logged.event) if isinstance(logged.event, kind) else logged.event
                yield replace(logged, event=told)

        monkeypatch.setattr(replay, "fetch_events", lying)
        assert audited()["mismatches"], kind.__name__


def _deep(value: Any, path: tuple[int, ...], change: Callable[[Any], Any]) -> Any:
    """Nested tuples with one place changed."""
    if not path:
        return change(value)
    here, *rest = path
    return tuple(
        _deep(one, tuple(rest), change) if place == here else one for place, one in enumerate(value)
    )


# What is changed -> protocol, function, place in its arguments, change, words of the finding.
CALLS: dict[str, tuple[str, str, tuple[int, ...], Callable[[Any], Any], str]] = {
    "the contested list": ("serving", "answer", (0, 0), _more, "the list in the call"),
    "the path to the inputs": ("serving", "answer", (1, 0, 0, 0, 2, 0), _flipped, "folds to root"),
    "the proven inputs": ("serving", "answer", (1, 0, 2, 0), _more, "folds to root"),
    "the proven outputs": ("serving", "answer", (1, 0, 2, 9), _more, "not the one that was posted"),
    "the proof of an answer": ("serving", "answer", (1, 0, 1), _flipped, "does not accept"),
    "a label": ("accuracy", "submit", (0, 0, 1, 0, 1), _more, "folds to root"),
    "the parts' hash": ("accuracy", "submit", (0, 0, 1, 0, 0), _flipped, "folds to root"),
    "a label's salt": ("accuracy", "submit", (0, 0, 1, 0, 2), _flipped, "folds to root"),
    "the key of a match": (
        "retrieval",
        "submit",
        (0, 0, 2, 0),
        _flipped,
        "not the one that was comm",
    ),
    "the keys": ("retrieval", "submit", (0, 0, 2), lambda keys: keys[1:], "keys for"),
    "the digests of a record": ("retrieval", "disputeChunk", (4, 1, 0), _more, "folds to root"),
    "the disputed item": ("accuracy", "disputeChunk", (0,), lambda _: 4, "folds to root"),
    "the disputed chunk": ("accuracy", "disputeChunk", (1,), _more, "no chunk"),
    "the hidden label": ("accuracy", "disputeLabel", (2, 2), _flipped, "folds to root"),
    "a delivery's inputs": (
        "prediction",
        "deliver",
        (2, 0),
        _more,
        "inputs are not",
    ),
}


def test_a_call_that_is_not_what_the_events_tell_is_found(audited, monkeypatch):
    """As if the contract had taken it; views are compared by the other tests."""
    monkeypatch.setattr(Auditor, "_compare_steps", lambda *_: None)
    honest = ProtocolAudit.calls
    for name, (*_, words) in CALLS.items():

        def other(self: Any, step: Any, called: str, case: Any = CALLS[name]) -> Any:
            for arguments in honest(self, step, called):
                touched = case[:2] == (self.TITLE, called)
                yield _deep(arguments, case[2], case[3]) if touched else arguments

        monkeypatch.setattr(ProtocolAudit, "calls", other)
        found = " ".join(one["what"] for one in audited()["mismatches"])
        assert words in found, (name, found)


def test_a_dispute_of_a_good_item_is_found(audited, monkeypatch):
    """As if the contract had called malformed what is well formed."""
    monkeypatch.setattr(sealed_audit, "open_chunk", lambda *_: ())
    monkeypatch.setattr(sealed_audit, "open_label", lambda *_: (2, bytes(32)))
    found = " ".join(one["what"] for one in audited()["mismatches"])
    assert f"chunk 0 of the disputed item {BAD} is well formed" in found
    assert "chunk 0 of the disputed item 2 is well formed" in found  # a record
    assert f"the disputed item {BAD} has label 2" in found


def test_the_page_tells_of_every_protocol(audited, monkeypatch):
    reports: list[Any] = []
    monkeypatch.setattr(Auditor, "run", _remembering(Auditor.run, reports))
    audited()
    page, words = html(reports[0]), " ".join(lines(reports[0]))
    for name in ("prediction", "serving", "accuracy", "retrieval"):
        assert f"<td>{name}</td>" in page
        assert f"of {name}" in words


def _remembering(run: Callable[..., Any], reports: list[Any]) -> Callable[..., Any]:
    def remembered(self: Any) -> Any:
        reports.append(run(self))
        return reports[-1]

    return remembered

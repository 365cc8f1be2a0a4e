"""AccuracyBounty.dispute; the cases are in test_dispute.tree."""

import pytest
from eth_utils.crypto import keccak

from prover.protocol.accuracy.state import State
from prover.statement.documents.sealed import inner_hash
from tests.contracts.accuracy.scenario import (
    BOND,
    CLASSES,
    REWARD,
    STAKE,
    events,
    label_of,
    register,
)
from tests.contracts.accuracy.scenario import TestSet as Items
from tests.contracts.retrieval.scenario import (
    INPUT_MAX,
    INPUT_MIN,
    SALT_BITS,
    content_of,
    elements_of,
    record_circuit,
)
from tests.contracts.reverting import reverts
from tests.contracts.scenario import at

BAD = 3


def _changed(place: int, value: int) -> list[int]:
    """An item's elements with another value in one place."""
    elements = elements_of(BAD)
    return [*elements[:place], value, *elements[place + 1 :]]


def _hashed_as(elements) -> Items:
    """A test set whose item hashes right, whatever its elements are."""
    return Items(elements={BAD: elements})


MALFORMED = {
    "other content than is committed": Items(contents={BAD: content_of(elements_of(4))}),
    "content too short": Items(contents={BAD: content_of(elements_of(BAD))[:-1]}),
    "content too long": Items(contents={BAD: content_of(elements_of(BAD)) + b"\0"}),
    "no content": Items(contents={BAD: b""}),
    "a value below the domain": _hashed_as(_changed(0, INPUT_MIN - 1)),
    "a value above the domain": _hashed_as(_changed(1, INPUT_MAX + 1)),
    "negative salt": _hashed_as(_changed(2, -1)),
    "a label beyond the classes": Items(inners={BAD: inner_hash(Items().commitment(BAD), CLASSES)}),
    "an inner hash that nobody can open": Items(inners={BAD: keccak(b"?")}),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_item_gives_the_provider_everything(accuracy, payee, what):
    scene = accuracy.with_data(MALFORMED[what])
    job = scene.proving()

    receipt = scene.dispute(job, BAD)

    assert scene.state(job) == State.MALFORMED
    assert events(receipt)[0] == ("ItemMalformed", scene.id_of(job), payee, BAD)
    assert scene.credit(payee) == REWARD + BOND + STAKE


@pytest.mark.parametrize("index", range(10))
def test_RevertWhen_the_item_is_well_formed(accuracy, index):
    job = accuracy.proving()
    right = {"index": index, "label": label_of(index)}
    with reverts(accuracy.bounty.AccuracyBounty_ItemWellFormed, **right):
        accuracy.dispute(job, index)


@pytest.mark.parametrize(
    "elements",
    [_changed(0, INPUT_MIN), _changed(1, INPUT_MAX), _changed(2, 0), _changed(3, 2**SALT_BITS - 1)],
)
def test_elements_at_the_bounds_are_well_formed(accuracy, elements):
    scene = accuracy.with_data(_hashed_as(elements))
    job = scene.proving()
    right = {"index": BAD, "label": label_of(BAD)}
    with reverts(scene.bounty.AccuracyBounty_ItemWellFormed, **right):
        scene.dispute(job, BAD)


def test_salt_has_no_more_bits_than_the_circuit_says(accuracy, deployer):
    """With 8 bits of salt, 255 is salt and 256 is not."""
    circuit = record_circuit(accuracy.verifier, accuracy.layout, saltBits=8)
    model_id = register(accuracy.registry, circuit, accuracy.layout, deployer)
    honest = [0, 0, 255, 255, 255, 255]
    elements = dict.fromkeys(range(10), honest) | {BAD: [0, 0, 256, 0, 0, 0]}
    scene = accuracy.with_data(Items(elements=elements)).of(circuit, model_id)
    job = scene.proving()
    with reverts(scene.bounty.AccuracyBounty_ItemWellFormed, index=4, label=label_of(4)):
        scene.dispute(job, 4)
    scene.dispute(job, BAD)
    assert scene.state(job) == State.MALFORMED


def test_a_condemned_circuit_does_not_save_the_consumer(accuracy, payee):
    scene = accuracy.with_data(MALFORMED["no content"])
    job = scene.proving()
    scene.condemn()
    scene.dispute(job, BAD)
    assert scene.credit(payee) == REWARD + BOND + STAKE


@pytest.mark.parametrize("who", ["consumer", "payee", "attacker"])
def test_RevertWhen_another_than_the_provider_disputes(accuracy, request, provider, who):
    """Else a planted item would be the consumer's way out."""
    scene = accuracy.with_data(MALFORMED["no content"])
    job = scene.proving()
    sender = request.getfixturevalue(who)
    people = {"actual": sender.address, "allowed": provider.address}
    with reverts(scene.bounty.Jobs_NotProvider, **people):
        scene.dispute(job, BAD, sender=sender)


@pytest.mark.parametrize("changed", ["ciphertext", "inner", "path"])
def test_RevertWhen_the_leaf_is_not_in_the_test_set(accuracy, changed):
    job = accuracy.proving()
    other = {
        "ciphertext": accuracy.data.ciphertext(2),
        "inner": keccak(b"planted"),
        "path": accuracy.data.tree.path(2),
    }
    with reverts(accuracy.bounty.AccuracyBounty_UnknownItem, index=BAD):
        accuracy.dispute(job, BAD, **{changed: other[changed]})


def test_RevertWhen_the_index_is_another(accuracy):
    job = accuracy.proving()
    with reverts(accuracy.bounty.AccuracyBounty_UnknownItem, index=2):
        accuracy.dispute(job, BAD, index=2)


@pytest.mark.parametrize("index", [10, 15, 2**32 + BAD])
def test_RevertWhen_the_index_is_beyond_the_count(accuracy, index):
    job = accuracy.proving()
    error = accuracy.bounty.PositionalTree_IndexOutOfRange
    with reverts(error, index=index, count=10):
        accuracy.dispute(job, BAD, index=index)


def test_the_last_second_is_in_time(accuracy):
    scene = accuracy.with_data(MALFORMED["no content"])
    job = scene.proving()
    at(scene.deadline(job))
    scene.dispute(job, BAD)
    assert scene.state(job) == State.MALFORMED


def test_RevertWhen_it_is_late(accuracy):
    scene = accuracy.with_data(MALFORMED["no content"])
    job = scene.proving()
    deadline = scene.deadline(job)
    time = at(deadline + 1)
    with reverts(scene.bounty.Jobs_Late, now_=time, deadline=deadline):
        scene.dispute(job, BAD)

"""RetrievalBounty.dispute; the cases are in test_dispute.tree."""

import pytest

from prover.protocol.retrieval.state import State
from tests.contracts.retrieval.scenario import (
    ALL,
    COUNT,
    INPUT_MAX,
    INPUT_MIN,
    PRICE,
    STAKE,
    Records,
    content_of,
    elements_of,
    events,
)
from tests.contracts.reverting import reverts
from tests.contracts.scenario import at

ALL_MONEY = COUNT * PRICE + STAKE
HONEST = content_of(elements_of(2))


def _changed(place, value):
    elements = elements_of(2)
    elements[place] = value
    return elements


# Sealed in place of what was hashed.
OTHER_CONTENTS = {
    "junk": bytes(len(HONEST)),
    "one bit": bytes([*HONEST[:-1], HONEST[-1] ^ 1]),
    "another record": content_of(elements_of(3)),
    "too short": HONEST[:-1],
    "too long": HONEST + b"\x00",
    "empty": b"",
}
# Hashed as they are, though the circuit is not for them.
BAD_ELEMENTS = {
    "below the domain": _changed(0, INPUT_MIN - 1),
    "above the domain": _changed(1, INPUT_MAX + 1),
    "salt below zero": _changed(2, -1),
    "salt below zero at the end": _changed(5, -(2**31)),
}


@pytest.fixture
def junk(retrieval):
    """The scene with a dataset whose record 2 was sealed otherwise than it was hashed."""
    return retrieval.with_data(Records(contents={2: OTHER_CONTENTS["one bit"]}))


def test_gives_everything_to_the_requester(retrieval, consumer, payee, currency):
    scene = retrieval.with_data(Records(contents={2: OTHER_CONTENTS["junk"]}))
    job = scene.closing(currency=currency)

    scene.dispute(job)

    assert scene.status(job) == (State.MALFORMED, 0)
    assert scene.credit(consumer, currency) == ALL_MONEY
    assert scene.credit(payee, currency) == 0


def test_announces_the_record(junk, consumer, payee):
    job = junk.closing()
    receipt = junk.dispute(job)
    job_id = junk.id_of(job)
    assert events(receipt) == [
        ("RecordMalformed", job_id, payee, 2),
        ("Credited", job_id, job.terms.currency, consumer, ALL_MONEY),
    ]


@pytest.mark.parametrize("content", OTHER_CONTENTS)
def test_content_that_was_not_hashed(retrieval, consumer, content):
    scene = retrieval.with_data(Records(contents={2: OTHER_CONTENTS[content]}))
    job = scene.closing()
    scene.dispute(job)
    assert scene.credit(consumer) == ALL_MONEY


@pytest.mark.parametrize("elements", BAD_ELEMENTS)
def test_content_that_is_no_item_of_the_circuit(retrieval, consumer, elements):
    scene = retrieval.with_data(Records(elements={2: BAD_ELEMENTS[elements]}))
    job = scene.closing()
    scene.dispute(job)
    assert scene.credit(consumer) == ALL_MONEY


@pytest.mark.parametrize("index", [2, 3, 7, 10])
def test_RevertWhen_the_record_is_well_formed(retrieval, index):
    """Both ends of the domain and of the salt are among these records."""
    job = retrieval.closing()
    with reverts(retrieval.bounty.RetrievalBounty_RecordWellFormed, index=index):
        retrieval.dispute(job, index)


def test_RevertWhen_the_record_did_not_match(retrieval):
    scene = retrieval.with_data(Records(contents={0: b"junk"}))
    job = scene.closing()
    with reverts(scene.bounty.RetrievalBounty_NotMatched, index=0):
        scene.dispute(job, 0)


@pytest.mark.parametrize("index", [COUNT, 2**256 - 1])
def test_RevertWhen_there_is_no_such_record(junk, index):
    job = junk.closing()
    with reverts(junk.bounty.RetrievalBounty_NotMatched, index=index):
        junk.dispute(job, 2, index=index)


def test_RevertWhen_a_match_was_not_proven(retrieval):
    scene = retrieval.with_data(Records(contents={10: b"junk"}))
    job = scene.incomplete()
    with reverts(scene.bounty.RetrievalBounty_NotMatched, index=10):
        scene.dispute(job, 10)


@pytest.mark.parametrize("field", ["key", "ciphertext", "inputCommitment", "path", "index"])
def test_RevertWhen_the_leaf_is_not_the_dataset_s(junk, field):
    """A requester cannot make a record look bad by saying it otherwise."""
    job = junk.closing()
    lies = {
        "key": bytes(32),
        "ciphertext": junk.data.ciphertext(2)[:-1] + b"\x00",
        "inputCommitment": bytes(32),
        "path": junk.data.tree.path(3),
        "index": 3,
    }
    index = lies["index"] if field == "index" else 2
    with reverts(junk.bounty.RetrievalBounty_UnknownRecord, index=index):
        junk.dispute(job, 2, **{field: lies[field]})


def test_RevertWhen_the_path_has_another_length(junk):
    job = junk.closing()
    path = junk.data.tree.path(2)
    with reverts(junk.bounty.PositionalTree_WrongPathLength, actual=3, allowed=4):
        junk.dispute(job, 2, path=path[:-1])


@pytest.mark.parametrize("person", ["owner", "attacker", "payee"])
def test_RevertWhen_it_is_not_the_requester(junk, consumer, request, person):
    job, caller = junk.closing(), request.getfixturevalue(person)
    wrong = {"actual": caller.address, "allowed": consumer.address}
    with reverts(junk.bounty.Jobs_NotConsumer, **wrong):
        junk.dispute(job, sender=caller)


# ---------------------------------------------------------------- state and time


def test_disputes_what_was_proven_of_an_incomplete_dataset(junk, consumer):
    job = junk.incomplete()
    junk.dispute(job)
    assert junk.credit(consumer) == ALL_MONEY


@pytest.mark.parametrize("complete", [True, False])
def test_takes_disputes_up_to_the_last_second(junk, complete):
    job = junk.closing() if complete else junk.incomplete()
    at(junk.deadline(job))
    junk.dispute(job)
    assert junk.state(job) == State.MALFORMED


@pytest.mark.parametrize("complete", [True, False])
def test_RevertWhen_it_is_late(junk, complete):
    job = junk.closing() if complete else junk.incomplete()
    deadline = junk.deadline(job)
    time = at(deadline + 1)
    with reverts(junk.bounty.Jobs_Late, now_=time, deadline=deadline):
        junk.dispute(job)


def test_begins_with_the_second_after_the_deadline_to_prove(junk):
    """Nobody need call anything for that."""
    job = junk.accepted()
    junk.prove(job, *ALL[:1])
    deadline = junk.deadline(job)
    at(deadline)
    wrong = {"actual": State.PROVING, "allowed": State.CLOSING}
    with reverts(junk.bounty.RetrievalBounty_WrongState, **wrong):
        junk.dispute(job)
    at(deadline + 1)
    junk.dispute(job)
    assert junk.state(job) == State.MALFORMED


def test_does_not_wait_for_a_condemnation(junk, consumer):
    """Whether a record can be read does not hang on the circuit."""
    job = junk.closing()
    junk.condemn()
    junk.dispute(job)
    assert junk.credit(consumer) == ALL_MONEY


@pytest.mark.parametrize("state", [State.NONE, State.OPEN, State.SETTLED, State.MALFORMED])
def test_RevertWhen_nothing_is_closing(junk, state):
    job = junk.job() if state is State.NONE else junk.posted()
    if state > State.OPEN:
        job = junk.closing(nonce=1)
    if state is State.MALFORMED:
        junk.dispute(job)
    if state is State.SETTLED:
        at(junk.deadline(job) + 1)
        junk.settle(job)
    wrong = {"actual": state, "allowed": State.CLOSING}
    with reverts(junk.bounty.RetrievalBounty_WrongState, **wrong):
        junk.dispute(job)


def test_another_job_s_match_is_not_this_job_s(junk):
    """The same dataset, other jobs: each has its own matches."""
    junk.closing(nonce=1)
    other = junk.accepted(nonce=2, predicate=junk.at_least(51))
    junk.submit(other, *(one.changed(keys=()) for one in junk.all_of(other)))
    with reverts(junk.bounty.RetrievalBounty_NotMatched, index=2):
        junk.dispute(other)

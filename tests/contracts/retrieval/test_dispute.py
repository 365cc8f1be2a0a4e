"""RetrievalBounty.dispute; the cases are in test_dispute.tree."""

import random
from dataclasses import replace

import pytest

from prover.chain.contracts.sealed import DigitOpening
from prover.protocol.retrieval.state import State
from prover.statement.documents.sealed import DigitPlace
from prover.statement.field import FIELD_MODULUS
from prover.statement.sealing import Digits
from tests.contracts.retrieval.scenario import (
    ALL,
    COUNT,
    PRICE,
    STAKE,
    Records,
    content_of,
    elements_of,
    events,
    register,
)
from tests.contracts.reverting import reverts
from tests.contracts.scenario import at, circuit_of
from tests.contracts.sealed import (
    GREATEST,
    INPUT_MAX,
    INPUT_MIN,
    LEAST,
    PACKED,
    chunked_layout,
    packed_chunks,
    packed_form,
    sealed_fields,
    with_digit,
    with_word,
)

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
    with reverts(retrieval.bounty.RetrievalBounty_ChunkWellFormed, index=index, chunk=0):
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


@pytest.mark.parametrize("field", ["key", "ciphertext", "digests", "path", "index"])
def test_RevertWhen_the_leaf_is_not_the_dataset_s(junk, field):
    """A requester cannot make a record look bad by saying it otherwise."""
    job = junk.closing()
    others = {"digests": [7], "path": junk.data.tree.path(3)}
    lies = {"key": bytes(32), "ciphertext": junk.data.ciphertext(2)[:-1] + b"\x00", "index": 3}
    if field in others:
        lies = {"committed": junk.data.committed(2, **{field: others[field]})}
        field = "committed"
    index = 3 if field == "index" else 2
    with reverts(junk.bounty.RetrievalBounty_UnknownRecord, index=index):
        junk.dispute(job, 2, **{field: lies[field]})


def test_RevertWhen_the_path_has_another_length(junk):
    job = junk.closing()
    committed = junk.data.committed(2, path=junk.data.tree.path(2)[:-1])
    with reverts(junk.bounty.PositionalTree_WrongPathLength, actual=3, allowed=4):
        junk.dispute(job, 2, committed=committed)


@pytest.mark.parametrize("person", ["owner", "attacker", "payee"])
def test_RevertWhen_it_is_not_the_requester(junk, consumer, request, person):
    job, caller = junk.closing(), request.getfixturevalue(person)
    wrong = {"actual": caller.address, "allowed": consumer.address}
    with reverts(junk.bounty.Jobs_NotConsumer, **wrong):
        junk.dispute(job, sender=caller)


# ---------------------------------------------------------------- chunks and digits


def _packed(retrieval, deployer, data):
    """The scene with a model whose records are chunks of packed digits."""
    layout = chunked_layout(data.form.chunks, hidden=False)
    circuit = circuit_of(retrieval.verifier, layout, **sealed_fields(data.form))
    model_id = register(retrieval.registry, circuit, layout, deployer)
    changed = replace(retrieval, layout=layout, circuit=circuit, model_id=model_id)
    return changed.with_data(data)


def _packed_closing(scene):
    """All three records are proven; the last one matches."""
    job = scene.accepted(predicate=scene.label())
    scene.submit(job, *(scene.submission(job, (index, 1)) for index in range(3)))
    return job


def _spoilt(chunks, **fields) -> Records:
    """Three records, the last of which has these elements."""
    elements = {(2, at) if at else 2: chunk for at, chunk in enumerate(chunks)}
    return Records(count=3, elements=elements, form=PACKED, **fields)


def _place(chunk: int, element: int, digit: int, form=PACKED) -> DigitOpening:
    return DigitOpening.of(DigitPlace(chunk, element, digit), form)


PACKED_HONEST = packed_chunks(2)
ILLEGAL = {
    "above the domain": (with_digit(PACKED_HONEST, 0, 1, 4, GREATEST - LEAST + 1), (0, 1, 4)),
    "padding": (with_digit(PACKED_HONEST, 0, 0, 0, 0), (0, 0, 0)),
    "above all digits": (with_word(PACKED_HONEST, 1, 1, 1 << 250), (1, 1, 3)),
}
MALFORMED_CHUNKS = {
    "a word of the field's order": _spoilt(with_word(PACKED_HONEST, 1, 0, FIELD_MODULUS)),
    "salt of the field's order": _spoilt(with_word(PACKED_HONEST, 1, 2, FIELD_MODULUS)),
    "other content": _spoilt(PACKED_HONEST, contents={(2, 1): bytes(96)}),
    "too short": _spoilt(PACKED_HONEST, contents={(2, 1): bytes(64)}),
}


@pytest.mark.parametrize("what", MALFORMED_CHUNKS)
def test_any_chunk_may_be_malformed(retrieval, deployer, consumer, what):
    scene = _packed(retrieval, deployer, MALFORMED_CHUNKS[what])
    job = _packed_closing(scene)
    with reverts(scene.bounty.RetrievalBounty_ChunkWellFormed, index=2, chunk=0):
        scene.dispute(job)
    scene.dispute(job, 2, chunk=1)
    assert scene.credit(consumer) == 3 * PRICE + STAKE


@pytest.mark.parametrize("what", ILLEGAL)
def test_an_illegal_digit_gives_everything_to_the_requester(retrieval, deployer, consumer, what):
    chunks, place = ILLEGAL[what]
    scene = _packed(retrieval, deployer, _spoilt(chunks))
    job = _packed_closing(scene)
    with reverts(scene.bounty.RetrievalBounty_ChunkWellFormed, index=2, chunk=place[0]):
        scene.dispute(job, 2, chunk=place[0])
    scene.dispute_digit(job, 2, _place(*place))
    assert scene.credit(consumer) == 3 * PRICE + STAKE


@pytest.mark.parametrize("seed", range(3))
def test_RevertWhen_a_packed_record_is_well_formed(retrieval, deployer, seed):
    """Of any size of chunk, wherever one looks."""
    draw = random.Random(f"honest {seed}")
    words = tuple(
        Digits(count, draw.getrandbits(count)) for count in draw.choices(range(1, 7), k=seed + 3)
    )
    form = packed_form(words, draw.randint(2, 7))
    scene = _packed(retrieval, deployer, Records(count=3, form=form))
    job, error = _packed_closing(scene), scene.bounty.RetrievalBounty_ChunkWellFormed
    for chunk in range(form.chunks):
        with reverts(error, index=2, chunk=chunk):
            scene.dispute(job, 2, chunk=chunk)
        element = draw.randrange(form.length(chunk) - 1)
        for digit in range(words[form.number(chunk, element)].count + 2):
            with reverts(error, index=2, chunk=chunk):
                scene.dispute_digit(job, 2, _place(chunk, element, digit, form))


def test_RevertWhen_a_digit_is_shown_of_a_record_that_may_not_be_disputed(retrieval, deployer):
    scene = _packed(retrieval, deployer, _spoilt(ILLEGAL["padding"][0]))
    job, place = _packed_closing(scene), _place(0, 0, 0)
    with reverts(scene.bounty.RetrievalBounty_NotMatched, index=0):
        scene.dispute_digit(job, 0, place)
    people = {"actual": scene.owner.address, "allowed": scene.consumer.address}
    with reverts(scene.bounty.Jobs_NotConsumer, **people):
        scene.dispute_digit(job, 2, place, sender=scene.owner)
    for lie in ({"key": bytes(32)}, {"ciphertext": bytes(128)}):
        with reverts(scene.bounty.RetrievalBounty_UnknownRecord, index=2):
            scene.dispute_digit(job, 2, place, **lie)
    deadline = scene.deadline(job)
    time = at(deadline + 1)
    with reverts(scene.bounty.Jobs_Late, now_=time, deadline=deadline):
        scene.dispute_digit(job, 2, place)


@pytest.mark.parametrize("chunk", [1, 2**256 - 1])
def test_RevertWhen_there_is_no_such_chunk(junk, chunk):
    job = junk.closing()
    with reverts(junk.bounty.SealedItem_NoSuchChunk, chunk=chunk, chunks=1):
        junk.dispute(job, 2, chunk=chunk, ciphertext=b"")


def test_RevertWhen_a_digit_is_of_no_chunk(retrieval, deployer):
    scene = _packed(retrieval, deployer, _spoilt(PACKED_HONEST))
    job = _packed_closing(scene)
    opening = replace(_place(0, 0, 0), place=DigitPlace(2, 0, 0))
    with reverts(scene.bounty.SealedItem_NoSuchChunk, chunk=2, chunks=2):
        scene.dispute_digit(job, 2, opening, ciphertext=b"")


@pytest.mark.parametrize(("chunks", "digests"), [(0, 1), (2, 1), (1, 0), (1, 2)])
def test_RevertWhen_there_are_other_chunks_or_digests(junk, chunks, digests):
    job = junk.closing()
    changes = {"chunks": [bytes(32)] * chunks, "digests": [1] * digests}
    wrong = {"actual": digests if chunks == 1 else chunks, "allowed": 1}
    with reverts(junk.bounty.SealedItem_WrongPartCount, **wrong):
        junk.dispute(job, 2, committed=junk.data.committed(2, **changes))


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

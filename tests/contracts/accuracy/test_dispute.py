"""AccuracyBounty's disputes; the cases are in test_dispute.tree."""

import random
from dataclasses import replace

import pytest
from eth_utils.crypto import keccak

from prover.chain.contracts.sealed import DigitOpening
from prover.protocol.accuracy.state import State
from prover.statement.documents.sealed import DigitPlace, label_content
from prover.statement.field import FIELD_MODULUS
from prover.statement.sealing import Digits
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
from tests.contracts.retrieval.scenario import content_of, elements_of, record_circuit
from tests.contracts.reverting import reverts
from tests.contracts.scenario import at, circuit_of
from tests.contracts.sealed import (
    GREATEST,
    INPUT_MAX,
    INPUT_MIN,
    LEAST,
    PACKED,
    SALT_BITS,
    WORDS,
    chunked_layout,
    packed_chunks,
    packed_form,
    sealed_fields,
    sealing,
    with_digit,
    with_word,
)

BAD = 3
MOST_ELEMENTS, MOST_CHUNKS = 1_024, 64
TRANSACTION_GAS = 2**24  # EIP-7825
ALL_MONEY = REWARD + BOND + STAKE


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
}
LABEL = label_content(label_of(BAD), Items().label_salt(BAD))


def _opened_as(content: bytes) -> Items:
    """A test set whose label has this content, and the hash of it."""
    return Items(label_contents={BAD: content}, label_hashes={BAD: keccak(content)})


MALFORMED_LABELS = {
    "beyond the classes": Items(labels={BAD: CLASSES}),
    "the greatest number": Items(labels={BAD: 2**256 - 1}),
    "another than is hidden": Items(label_contents={BAD: label_content(0, bytes(32))}),
    "hidden by a hash that nobody can open": Items(label_hashes={BAD: keccak(b"?")}),
    "too short": _opened_as(LABEL[:-1]),
    "too long": Items(
        label_contents={BAD: LABEL + b"\0"}, label_hashes={BAD: keccak(LABEL + b"\0")}
    ),
    "nothing": _opened_as(b""),
}


def _packed(accuracy, deployer, data, labels=CLASSES):
    """The scene with a circuit whose items are chunks of packed digits."""
    layout = chunked_layout(data.form.chunks, labels)
    circuit = circuit_of(accuracy.verifier, layout, **sealed_fields(data.form))
    model_id = register(accuracy.registry, circuit, layout, deployer)
    return accuracy.with_data(data).of(circuit, model_id, layout)


def _spoilt(chunks, form=PACKED, **fields) -> Items:
    """A test set of one item with these elements, which hashes right."""
    elements = {(0, at) if at else 0: chunk for at, chunk in enumerate(chunks)}
    return Items(n=1, elements=elements, form=form, **fields)


def _place(chunk: int, element: int, digit: int, form=PACKED) -> DigitOpening:
    return DigitOpening.of(DigitPlace(chunk, element, digit), form)


HONEST = packed_chunks(0)
MALFORMED_CHUNKS = {
    "a word of the field's order": _spoilt(with_word(HONEST, 1, 0, FIELD_MODULUS)),
    "the greatest word": _spoilt(with_word(HONEST, 1, 0, 2**256 - 1)),
    "salt of the field's order": _spoilt(with_word(HONEST, 1, 2, FIELD_MODULUS)),
    "other content": _spoilt(HONEST, contents={(0, 1): bytes(96)}),
    "content too short": _spoilt(HONEST, contents={(0, 1): bytes(95)}),
    "as long as a full chunk": _spoilt(HONEST, contents={(0, 1): bytes(128)}),
    "no content": _spoilt(HONEST, contents={(0, 1): b""}),
}
ILLEGAL = {
    "a digit above the domain": (with_digit(HONEST, 0, 1, 4, GREATEST - LEAST + 1), (0, 1, 4)),
    "the greatest digit": (with_digit(HONEST, 1, 0, 2, 255), (1, 0, 2)),
    "padding of the least value": (with_digit(HONEST, 0, 0, 0, 0), (0, 0, 0)),
    "padding one too high": (with_digit(HONEST, 0, 2, 4, -LEAST + 1), (0, 2, 4)),
    "above all digits": (with_word(HONEST, 0, 1, HONEST[0][1] | 1 << 40), (0, 1, 5)),
    "above the digits of the last word": (with_word(HONEST, 1, 1, 1 << 250), (1, 1, 3)),
}


# ---------------------------------------------------------------- chunks


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_chunk_gives_the_provider_everything(accuracy, payee, what):
    scene = accuracy.with_data(MALFORMED[what])
    job = scene.proving()

    receipt = scene.dispute(job, BAD)

    assert scene.state(job) == State.MALFORMED
    assert events(receipt)[0] == ("ItemMalformed", scene.id_of(job), payee, BAD)
    assert scene.credit(payee) == ALL_MONEY


@pytest.mark.parametrize("what", MALFORMED_CHUNKS)
def test_any_chunk_of_packed_digits_may_be_malformed(accuracy, deployer, payee, what):
    scene = _packed(accuracy, deployer, MALFORMED_CHUNKS[what])
    job = scene.proving()
    with reverts(scene.bounty.AccuracyBounty_PartWellFormed, index=0, part=0):
        scene.dispute(job, 0)
    scene.dispute(job, 0, chunk=1)
    assert scene.credit(payee) == ALL_MONEY


@pytest.mark.parametrize("index", range(10))
def test_RevertWhen_the_item_is_well_formed(accuracy, index):
    job = accuracy.proving()
    with reverts(accuracy.bounty.AccuracyBounty_PartWellFormed, index=index, part=0):
        accuracy.dispute(job, index)
    with reverts(accuracy.bounty.AccuracyBounty_PartWellFormed, index=index, part=1):
        accuracy.dispute_label(job, index)


@pytest.mark.parametrize("seed", range(5))
def test_RevertWhen_a_packed_item_is_well_formed(accuracy, deployer, seed):
    """Of any size of chunk, wherever one looks."""
    draw = random.Random(f"honest {seed}")
    words = tuple(
        Digits(count, draw.getrandbits(count)) for count in draw.choices(range(1, 7), k=seed + 3)
    )
    form = packed_form(words, draw.randint(2, 7))
    scene = _packed(accuracy, deployer, Items(n=1, form=form))
    job, error = scene.proving(), scene.bounty.AccuracyBounty_PartWellFormed
    for chunk in range(form.chunks):
        with reverts(error, index=0, part=chunk):
            scene.dispute(job, 0, chunk=chunk)
        element = draw.randrange(form.length(chunk) - 1)
        for digit in range(words[form.number(chunk, element)].count + 2):
            with reverts(error, index=0, part=chunk):
                scene.dispute_digit(job, 0, _place(chunk, element, digit, form))
    with reverts(error, index=0, part=form.chunks):
        scene.dispute_label(job, 0)


@pytest.mark.parametrize(
    "elements",
    [_changed(0, INPUT_MIN), _changed(1, INPUT_MAX), _changed(2, 0), _changed(3, 2**SALT_BITS - 1)],
)
def test_elements_at_the_bounds_are_well_formed(accuracy, elements):
    scene = accuracy.with_data(_hashed_as(elements))
    job = scene.proving()
    with reverts(scene.bounty.AccuracyBounty_PartWellFormed, index=BAD, part=0):
        scene.dispute(job, BAD)


def test_salt_has_no_more_bits_than_the_circuit_says(accuracy, deployer):
    """With 8 bits of salt, 255 is salt and 256 is not."""
    circuit = record_circuit(accuracy.verifier, accuracy.layout, sealing=sealing(salt_bits=8))
    model_id = register(accuracy.registry, circuit, accuracy.layout, deployer)
    honest = [0, 0, 255, 255, 255, 255]
    elements = dict.fromkeys(range(10), honest) | {BAD: [0, 0, 256, 0, 0, 0]}
    scene = accuracy.with_data(Items(elements=elements)).of(circuit, model_id)
    job = scene.proving()
    with reverts(scene.bounty.AccuracyBounty_PartWellFormed, index=4, part=0):
        scene.dispute(job, 4)
    scene.dispute(job, BAD)
    assert scene.state(job) == State.MALFORMED


@pytest.mark.parametrize("chunk", [1, 2, 2**256 - 1])
def test_RevertWhen_there_is_no_such_chunk(accuracy, chunk):
    """The label, part 1, is no chunk: as one it would be malformed."""
    job = accuracy.proving()
    with reverts(accuracy.bounty.SealedItem_NoSuchChunk, chunk=chunk, chunks=1):
        accuracy.dispute(job, BAD, chunk=chunk, ciphertext=accuracy.data.ciphertext(BAD, 1))


# ---------------------------------------------------------------- digits


@pytest.mark.parametrize("what", ILLEGAL)
def test_an_illegal_digit_gives_the_provider_everything(accuracy, deployer, payee, what):
    chunks, place = ILLEGAL[what]
    scene = _packed(accuracy, deployer, _spoilt(chunks))
    job = scene.proving()
    with reverts(scene.bounty.AccuracyBounty_PartWellFormed, index=0, part=place[0]):
        scene.dispute(job, 0, chunk=place[0])
    receipt = scene.dispute_digit(job, 0, _place(*place))
    assert events(receipt)[0] == ("ItemMalformed", scene.id_of(job), payee, 0)
    assert scene.credit(payee) == ALL_MONEY


@pytest.mark.parametrize("value", [0, -LEAST, GREATEST - LEAST])
def test_digits_at_the_bounds_are_legal(accuracy, deployer, value):
    scene = _packed(accuracy, deployer, _spoilt(with_digit(HONEST, 0, 1, 2, value)))
    job = scene.proving()
    with reverts(scene.bounty.AccuracyBounty_PartWellFormed, index=0, part=0):
        scene.dispute_digit(job, 0, _place(0, 1, 2))


@pytest.mark.parametrize("place", [(0, 3), (1, 2), (1, 3), (0, 2**255)])
def test_RevertWhen_the_element_packs_no_digits(accuracy, deployer, place):
    """Salt is any field element: as digits it would be illegal."""
    scene = _packed(accuracy, deployer, Items(n=1, form=PACKED))
    job, (chunk, element) = scene.proving(), place
    opening = replace(_place(0, 0, 0), place=DigitPlace(chunk, element, 0))
    words = {"element": element, "elements": 3 - chunk}
    with reverts(scene.bounty.SealedItem_NoSuchElement, **words):
        scene.dispute_digit(job, 0, opening)


def test_RevertWhen_the_ciphertext_ends_before_the_element(accuracy, deployer):
    """The chunk is malformed, which is another dispute."""
    scene = _packed(accuracy, deployer, _spoilt(HONEST, contents={0: bytes(63)}))
    job = scene.proving()
    with reverts(scene.bounty.SealedItem_NoSuchElement, element=1, elements=1):
        scene.dispute_digit(job, 0, _place(0, 1, 0))
    scene.dispute(job, 0)


def test_RevertWhen_elements_are_values(accuracy):
    job = accuracy.proving()
    with reverts(accuracy.bounty.SealedItem_NoSuchElement, element=0, elements=0):
        accuracy.dispute_digit(job, BAD, _place(0, 0, 0))


@pytest.mark.parametrize("lie", ["count", "padding", "path", "element"])
def test_RevertWhen_the_digits_are_others_by_the_circuit(accuracy, deployer, lie):
    """Else whoever disputes could say which digits are padding."""
    scene = _packed(accuracy, deployer, Items(n=1, form=PACKED))
    job, opening = scene.proving(), _place(0, 0, 0)
    lies = {
        "count": replace(opening, count=1),
        "padding": replace(opening, padding=0b11),
        "path": replace(opening, path=_place(0, 1, 0).path),
        "element": replace(opening, place=DigitPlace(0, 1, 0)),
    }
    number = 1 if lie == "element" else 0
    with reverts(scene.bounty.SealedItem_WrongPadding, element=number):
        scene.dispute_digit(job, 0, lies[lie])


def test_RevertWhen_a_digit_is_of_no_chunk(accuracy, deployer):
    scene = _packed(accuracy, deployer, Items(n=1, form=PACKED))
    job = scene.proving()
    opening = replace(_place(0, 0, 0), place=DigitPlace(2, 0, 0))
    with reverts(scene.bounty.SealedItem_NoSuchChunk, chunk=2, chunks=2):
        scene.dispute_digit(job, 0, opening)


# ---------------------------------------------------------------- labels


@pytest.mark.parametrize("what", MALFORMED_LABELS)
def test_a_malformed_label_gives_the_provider_everything(accuracy, payee, what):
    scene = accuracy.with_data(MALFORMED_LABELS[what])
    job = scene.proving()
    with reverts(scene.bounty.AccuracyBounty_PartWellFormed, index=BAD, part=0):
        scene.dispute(job, BAD)
    receipt = scene.dispute_label(job, BAD)
    assert events(receipt)[0] == ("ItemMalformed", scene.id_of(job), payee, BAD)
    assert scene.credit(payee) == ALL_MONEY


# ---------------------------------------------------------------- leaves


@pytest.mark.parametrize("changed", ["ciphertext", "parts", "digests", "labelHash", "path"])
@pytest.mark.parametrize("kind", ["dispute", "dispute_label"])
def test_RevertWhen_the_leaf_is_not_in_the_test_set(accuracy, changed, kind):
    job, data = accuracy.proving(), accuracy.data
    others = {
        "parts": [keccak(b"planted"), keccak(b"planted")],
        "digests": [7],
        "labelHash": keccak(b"planted"),
        "path": data.tree.path(2),
    }
    changes = {"ciphertext": data.ciphertext(2)}
    if changed != "ciphertext":
        changes = {"committed": data.committed(BAD, **{changed: others[changed]})}
    with reverts(accuracy.bounty.AccuracyBounty_UnknownItem, index=BAD):
        getattr(accuracy, kind)(job, BAD, **changes)


def test_RevertWhen_a_digit_s_leaf_is_not_in_the_test_set(accuracy, deployer):
    scene = _packed(accuracy, deployer, Items(n=1, form=PACKED))
    job = scene.proving()
    with reverts(scene.bounty.AccuracyBounty_UnknownItem, index=0):
        scene.dispute_digit(job, 0, _place(0, 0, 0), ciphertext=bytes(128))


def test_the_disputed_part_s_own_hash_is_not_read(accuracy):
    scene = accuracy.with_data(MALFORMED["no content"])
    job = scene.proving()
    hashes = [bytes(32), scene.data.hashes(BAD)[1]]
    scene.dispute(job, BAD, committed=scene.data.committed(BAD, parts=hashes))
    assert scene.state(job) == State.MALFORMED


@pytest.mark.parametrize(("parts", "digests"), [(1, 1), (3, 1), (0, 1), (2, 0), (2, 2)])
def test_RevertWhen_there_are_other_parts_or_digests(accuracy, parts, digests):
    job = accuracy.proving()
    changes = {"parts": [bytes(32)] * parts, "digests": [1] * digests}
    committed = accuracy.data.committed(BAD, **changes)
    wrong = {"actual": parts, "allowed": 2} if parts != 2 else {"actual": digests, "allowed": 1}
    for kind in (accuracy.dispute, accuracy.dispute_label):
        with reverts(accuracy.bounty.SealedItem_WrongPartCount, **wrong):
            kind(job, BAD, committed=committed)


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


# ---------------------------------------------------------------- people, state, time


def _kinds(accuracy, deployer):
    """A scene for each dispute, with what it shows."""
    digits = _packed(accuracy, deployer, _spoilt(ILLEGAL["the greatest digit"][0]))
    chunk = accuracy.with_data(MALFORMED["no content"])
    label = accuracy.with_data(MALFORMED_LABELS["nothing"])
    place = _place(1, 0, 2)
    return [
        (chunk, lambda job, **sent: chunk.dispute(job, BAD, **sent)),
        (digits, lambda job, **sent: digits.dispute_digit(job, 0, place, **sent)),
        (label, lambda job, **sent: label.dispute_label(job, BAD, **sent)),
    ]


def test_a_condemned_circuit_does_not_save_the_consumer(accuracy, payee):
    scene = accuracy.with_data(MALFORMED["no content"])
    job = scene.proving()
    scene.condemn()
    scene.dispute(job, BAD)
    assert scene.credit(payee) == ALL_MONEY


@pytest.mark.parametrize("who", ["consumer", "payee", "attacker"])
def test_RevertWhen_another_than_the_provider_disputes(accuracy, deployer, request, provider, who):
    """Else a planted item would be the consumer's way out."""
    sender = request.getfixturevalue(who)
    people = {"actual": sender.address, "allowed": provider.address}
    for nonce, (scene, dispute) in enumerate(_kinds(accuracy, deployer)):
        job = scene.proving(nonce)
        with reverts(scene.bounty.Jobs_NotProvider, **people):
            dispute(job, sender=sender)


def test_RevertWhen_the_key_is_not_revealed(accuracy, deployer):
    wrong = {"actual": State.ACCEPTED, "allowed": State.PROVING}
    for nonce, (scene, dispute) in enumerate(_kinds(accuracy, deployer)):
        job = scene.accepted(nonce)
        with reverts(scene.bounty.AccuracyBounty_WrongState, **wrong):
            dispute(job)


def test_the_last_second_is_in_time(accuracy):
    scene = accuracy.with_data(MALFORMED["no content"])
    job = scene.proving()
    at(scene.deadline(job))
    scene.dispute(job, BAD)
    assert scene.state(job) == State.MALFORMED


def test_RevertWhen_it_is_late(accuracy, deployer):
    for nonce, (scene, dispute) in enumerate(_kinds(accuracy, deployer)):
        job = scene.proving(nonce)
        deadline = scene.deadline(job)
        time = at(deadline + 1)
        with reverts(scene.bounty.Jobs_Late, now_=time, deadline=deadline):
            dispute(job)


# ---------------------------------------------------------------- gas


@pytest.mark.parametrize("chunk", [0, MOST_CHUNKS - 1])
def test_the_dearest_dispute_fits_a_transaction(accuracy, deployer, payee, chunk, record_property):
    """Of the most elements, in an item of the most chunks; only the digest is wrong."""
    words = (Digits(31, 0),) * ((MOST_ELEMENTS - 1) * MOST_CHUNKS)
    form = packed_form(words, MOST_ELEMENTS)
    scene = _packed(accuracy, deployer, _largest(form, chunk))
    job = scene.proving()
    receipt = scene.dispute(job, 0, chunk=chunk)
    record_property("gas", receipt.gas_used)
    assert receipt.gas_used < TRANSACTION_GAS
    assert scene.credit(payee) == ALL_MONEY


class _Largest(Items):
    """One item of which a single chunk is there, and not what was hashed."""

    def digests(self, index: int) -> tuple[int, ...]:
        return (FIELD_MODULUS - 1,) * self.form.chunks

    def hashes(self, index: int) -> list[bytes]:
        (shown,) = self.contents
        chunk = shown[1] if isinstance(shown, tuple) else 0
        found = [keccak(b"another part")] * (self.form.chunks + 1)
        found[chunk] = keccak(self.ciphertext(index, chunk))
        return found


def _largest(form, chunk: int) -> _Largest:
    content = random.Random(chunk).randbytes(32 * MOST_ELEMENTS)
    below = b"".join(b"\1" + content[at + 1 : at + 32] for at in range(0, len(content), 32))
    return _Largest(n=1, form=form, contents={(0, chunk) if chunk else 0: below})


def test_all_digits_of_a_word_are_looked_at_by_the_same_rule(accuracy, deployer):
    """A word of one digit, all of it padding, and one that the field's bits fill."""
    words = (Digits(1, 1), Digits(31, 0), *WORDS)
    form = packed_form(words, 3)
    honest = packed_chunks(0, form)
    spoilt = with_digit(honest, 0, 1, 30, 204)
    scene = _packed(accuracy, deployer, _spoilt(spoilt, form))
    job = scene.proving()
    for digit in range(30):
        with reverts(scene.bounty.AccuracyBounty_PartWellFormed, index=0, part=0):
            scene.dispute_digit(job, 0, _place(0, 1, digit, form))
    scene.dispute_digit(job, 0, _place(0, 1, 30, form))

"""PredictionMarket.deliver; the cases are in test_deliver.tree."""

import pytest
from eth_utils.crypto import keccak

from prover.protocol.prediction.state import State
from prover.statement.field import FIELD_MODULUS
from tests.contracts.reverting import reverts
from tests.contracts.scenario import REWARD, STAKE, at, logged, mock_proof


def test_pays_reward_and_stake_to_the_payee(world, payee, currency):
    job = world.locked(currency=currency)

    world.deliver(job)

    assert world.state(job) == State.PAID
    assert world.credit(payee, currency) == REWARD + STAKE


def test_announces_the_outputs(world, payee):
    job = world.locked()

    receipt = world.deliver(job, proven=world.prove(job, outputs=4))

    job_id, outputs = world.id_of(job), world.proofs.outputs(4)[: world.layout.output_words]
    assert logged(receipt) == [
        ("PredictionDelivered", job_id, payee, 1, outputs),
        ("Credited", job_id, job.terms.currency, payee, REWARD + STAKE),
    ]


@pytest.mark.parametrize("items", [1, 2, 3])
def test_reads_the_items_of_the_job_and_no_more(world, items):
    job = world.locked(items)
    receipt = world.deliver(job, items)
    *_, count, outputs = logged(receipt)[0]
    assert count == items
    assert outputs == world.proofs.outputs()[: items * world.layout.output_words]


@pytest.mark.parametrize(("items", "claimed"), [(1, 2), (2, 1), (2, 3)])
def test_RevertWhen_other_items_are_claimed(world, items, claimed):
    job = world.locked(items)
    wrong = {"actual": world.proofs.inputs_hash(claimed), "allowed": job.terms.inputs_hash}
    with reverts(world.predictions.PredictionMarket_WrongInputs, **wrong):
        world.deliver(job, claimed)


@pytest.mark.parametrize("items", [0, 4, 2**256 - 1])
def test_RevertWhen_the_items_are_not_of_the_batch(world, items):
    job = world.locked()
    wrong = {"actual": items, "max": 3}
    with reverts(world.predictions.ProofAcceptance_BadItemCount, **wrong):
        world.deliver(job, items)


def test_pays_the_payee_whoever_relays(world, payee, attacker):
    job = world.locked()
    world.deliver(job, sender=attacker)
    assert world.credit(payee) == REWARD + STAKE
    assert world.credit(attacker) == 0


@pytest.mark.parametrize("early", [1, 0])
def test_takes_a_proof_up_to_the_last_second(world, early):
    job = world.locked()
    at(world.status(job)[2] - early)
    world.deliver(job)
    assert world.state(job) == State.PAID


def test_RevertWhen_it_is_late(world):
    job = world.locked()
    deadline = world.status(job)[2]
    at(deadline + 1)
    late = {"now_": deadline + 1, "deadline": deadline}
    with reverts(world.predictions.Jobs_Late, **late):
        world.deliver(job)


def test_RevertWhen_the_circuit_was_condemned(world):
    job = world.locked()
    condemned_at = world.condemn().timestamp
    condemned = {"circuitId": world.circuit_id, "condemnedAt": condemned_at}
    with reverts(world.predictions.ProofAcceptance_Condemned, **condemned):
        world.deliver(job)


def test_RevertWhen_the_proof_is_of_other_inputs(world):
    job = world.locked()
    wrong = {"actual": world.proofs.inputs_hash(1, seed=1), "allowed": job.terms.inputs_hash}
    with reverts(world.predictions.PredictionMarket_WrongInputs, **wrong):
        world.deliver(job, proven=world.prove(job, inputs=1))


@pytest.mark.parametrize("limb", [0, 4, 9])
def test_RevertWhen_any_context_limb_differs(world, payee, limb):
    job = world.locked()
    limbs = list(world.limbs(job))
    limbs[limb] ^= 1
    instances = world.proofs.statement(limbs)
    wrong = {"jobId": world.id_of(job), "payee": payee, "modelId": world.model_id}
    with reverts(world.predictions.ProofAcceptance_WrongContext, **wrong):
        world.deliver(job, proven=(mock_proof(instances), instances))


@pytest.mark.parametrize("change", [-1, 1])
def test_RevertWhen_the_instances_are_not_as_many_as_the_circuit_has(world, change):
    job = world.locked()
    instances = world.prove(job)[1]
    instances = instances[:-1] if change < 0 else [*instances, 0]
    count = world.layout.instances
    wrong = {"actual": count + change, "allowed": count}
    with reverts(world.predictions.Statement_WrongInstanceCount, **wrong):
        world.deliver(job, proven=(mock_proof(instances), instances))


@pytest.mark.parametrize("word", [0, 7, 31])
@pytest.mark.parametrize("value", [FIELD_MODULUS, 2**256 - 1])
def test_RevertWhen_any_instance_is_not_in_the_field(world, word, value):
    job = world.locked()
    instances = world.prove(job)[1]
    instances[word] = value
    wrong = {"word": word, "value": value}
    with reverts(world.predictions.Statement_OutOfField, **wrong):
        world.deliver(job, proven=(mock_proof(instances), instances))


def test_takes_the_greatest_field_element(world):
    job = world.locked()
    instances = world.prove(job)[1]
    instances[world.layout.outputs] = FIELD_MODULUS - 1
    receipt = world.deliver(job, proven=(mock_proof(instances), instances))
    assert logged(receipt)[0][-1][0] == FIELD_MODULUS - 1


def test_RevertWhen_the_proof_does_not_hold(world):
    job = world.locked()
    proof, instances = world.prove(job)
    refused = {"circuitId": world.circuit_id}
    for wrong in (b"", proof[:-1], proof + b"\x00", bytes(32)):
        with reverts(world.predictions.ProofAcceptance_ProofRejected, **refused):
            world.deliver(job, proven=(wrong, instances))


def test_RevertWhen_an_output_was_changed_after_proving(world):
    job = world.locked()
    proof, instances = world.prove(job)
    instances[world.layout.outputs] += 1
    with reverts(world.predictions.ProofAcceptance_ProofRejected, circuitId=world.circuit_id):
        world.deliver(job, proven=(proof, instances))


def test_hidden_weights_are_compared(hidden_world):
    job = hidden_world.locked()
    instances = hidden_world.prove(job)[1]
    instances[hidden_world.layout.weights] += 1
    wrong = {"actual": hidden_world.weights + 1, "allowed": hidden_world.weights}
    with reverts(hidden_world.predictions.ProofAcceptance_WrongWeights, **wrong):
        hidden_world.deliver(job, proven=(mock_proof(instances), instances))
    hidden_world.deliver(job)
    assert hidden_world.state(job) == State.PAID


def test_RevertWhen_the_code_of_the_verifier_changed(world, chain):
    job = world.locked()
    code = bytes.fromhex("600160005260206000f3")  # returns true
    chain.provider.set_code(world.circuit[0], "0x" + code.hex())
    wrong = {"actual": keccak(code), "allowed": world.circuit[2]}
    with reverts(world.predictions.ProofAcceptance_WrongVerifierCode, **wrong):
        world.deliver(job)


def test_RevertWhen_it_is_paid_already(world):
    job = world.locked()
    world.deliver(job)
    wrong = {"actual": State.PAID, "allowed": State.LOCKED}
    with reverts(world.predictions.PredictionMarket_WrongState, **wrong):
        world.deliver(job)

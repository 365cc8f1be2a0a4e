"""ProofAcceptance: only a verifier's plain `true` counts. The statement's own rules are tested
with deliver (prediction/test_deliver.py), field by field."""

from dataclasses import replace

import pytest

from prover.protocol.prediction.state import State
from tests.contracts.reverting import reverts
from tests.contracts.scenario import Proofs, circuit_of, public_layout

ANSWERS = (
    "Honest",
    "True",
    "False",
    "Two",
    "Nothing",
    "OneByte",
    "TwoWords",
    "RevertsWithOne",
    "RevertsWithMuch",
    "BurnsGas",
)


@pytest.fixture
def odd_verifier(project, deployer):
    return deployer.deploy(project.OddVerifier)


@pytest.fixture
def odd_world(world, odd_verifier, registry, deployer):
    """A circuit whose verifier was honest when it was registered."""
    circuit = circuit_of(odd_verifier, public_layout())
    model_id = Proofs(public_layout()).register(registry, circuit, deployer)
    return replace(world, circuit=circuit, model_id=model_id)


def test_the_contract_of_predictions_names_its_registry(predictions, registry):
    assert predictions.registry() == registry


def test_true_counts(odd_world, odd_verifier, deployer):
    """So the refusals below are due to the answer."""
    job = odd_world.locked()
    odd_verifier.set(ANSWERS.index("True"), sender=deployer)
    odd_world.deliver(job, proven=(b"", odd_world.prove(job)[1]))
    assert odd_world.state(job) == State.PAID


@pytest.mark.parametrize("answer", ANSWERS[2:])
def test_RevertWhen_the_verifier_answers_anything_else(odd_world, odd_verifier, deployer, answer):
    """Even to an honest proof, and however much it returns or burns."""
    job = odd_world.locked()
    odd_verifier.set(ANSWERS.index(answer), sender=deployer)
    rejected = odd_world.predictions.ProofAcceptance_ProofRejected
    with reverts(rejected, circuitId=odd_world.circuit_id):
        odd_world.deliver(job)
    assert odd_world.state(job) == State.LOCKED


def test_a_refusal_costs_no_copy_of_its_words(odd_world, odd_verifier, deployer, chain):
    """A megabyte of revert data, copied, would cost its memory a second time (2.2M gas)."""
    job = odd_world.locked()
    odd_verifier.set(ANSWERS.index("RevertsWithMuch"), sender=deployer)
    receipt = odd_world.deliver(job, raise_on_revert=False)
    assert receipt.failed
    assert receipt.gas_used < 3_000_000

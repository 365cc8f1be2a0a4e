"""Where money enters and at each proof, the code that verifies is compared, a key's with it.

One that vanished takes no stake, and one that came back as another ends nothing.
"""

from dataclasses import replace
from typing import Any

import pytest
from ape.contracts import ContractInstance

from tests.contracts.accuracy.scenario import WEIGHTS
from tests.contracts.keyed import code_hash, keyed_circuit, new_key
from tests.contracts.reverting import reverts
from tests.contracts.scenario import Proofs

SCENES = ("world", "serving", "accuracy", "retrieval")
CASES = ("verifier", "verifier with a key", "key")  # what vanishes
CODES = {"none": b"", "another": bytes.fromhex("60015f5260205ff3")}  # answers `true` to anything
OTHER_KEY = b"\x00\x00another key"


@pytest.fixture(params=CASES)
def case(request) -> str:
    return request.param


@pytest.fixture(params=SCENES)
def scene(request, case, world, serving, accuracy, retrieval, project, deployer) -> Any:
    scenes = {"world": world, "serving": serving, "accuracy": accuracy, "retrieval": retrieval}
    chosen: Any = scenes[request.param]
    if case == "verifier":
        return chosen
    verifier, key = deployer.deploy(project.KeyedMockVerifier), new_key(deployer)
    circuit = (*keyed_circuit(verifier, key, chosen.layout)[:3], *chosen.circuit[3:])
    weights = WEIGHTS if chosen is accuracy else 0
    proofs = Proofs(chosen.layout, weights, key.proves)
    model_id = proofs.register(chosen.registry, circuit, deployer)
    return replace(chosen, circuit=circuit, model_id=model_id, proves=key.proves)


def contract_of(scene: Any) -> ContractInstance:
    return next(
        getattr(scene, at) for at in ("predictions", "rounds", "bounty") if hasattr(scene, at)
    )


def join(scene: Any, job: Any) -> None:
    next(getattr(scene, by) for by in ("lock", "join", "accept") if hasattr(scene, by))(job)


def provable(scene: Any) -> Any:
    """A job that takes proofs."""
    states = ("locked", "contested", "proving", "accepted")
    return next(getattr(scene, to) for to in states if hasattr(scene, to))()


def prove(scene: Any, job: Any) -> None:
    """By an honest proof of the job."""
    if hasattr(scene, "answer"):
        scene.answer(job, *scene.all_of(job))
    elif hasattr(scene, "deliver"):
        scene.deliver(job)
    else:
        scene.submit(job, scene.submission(job, (0, 4)))


@pytest.fixture(params=CODES)
def vanish(request, case, scene, chain):
    """Puts other code, or none, where the scene's verifier or key was; gives the refusal."""
    node = chain.provider

    def change() -> dict[str, bytes]:
        code = CODES[request.param]
        if case == "key" and code:
            code = OTHER_KEY
        node.set_code(scene.circuit[case == "key"], "0x" + code.hex())
        parts = [one for one in scene.circuit[:2] if int(one, 16)]
        codes = [bytes(node.get_code(one)) for one in parts]
        return {"actual": code_hash(*codes), "allowed": scene.circuit[2]}

    return change


def test_RevertWhen_a_job_is_posted_without_its_verifier(scene, vanish):
    changed = vanish()
    with reverts(contract_of(scene).ProofAcceptance_WrongVerifierCode, **changed):
        scene.post(scene.job())


def test_RevertWhen_a_job_is_joined_without_its_verifier(scene, vanish):
    """The job's own money is safe: its consumer cancels."""
    job = scene.posted()
    changed = vanish()
    with reverts(contract_of(scene).ProofAcceptance_WrongVerifierCode, **changed):
        join(scene, job)
    scene.cancel(job)
    assert scene.credit(scene.consumer) > 0


def test_RevertWhen_a_job_is_proven_without_its_verifier(scene, vanish):
    job = provable(scene)
    changed = vanish()
    with reverts(contract_of(scene).ProofAcceptance_WrongVerifierCode, **changed):
        prove(scene, job)


def test_RevertWhen_a_circuit_is_condemned_without_its_verifier(scene, vanish):
    changed = vanish()
    with reverts(scene.registry.ModelRegistry_WrongCodeHash, **changed):
        scene.condemn()


def test_with_its_verifier_all_of_it_is_done(scene):
    """So the refusals above are due to the code."""
    job = provable(scene)
    prove(scene, job)
    scene.condemn()
    assert scene.registry.condemnedAt(scene.circuit_id) != 0

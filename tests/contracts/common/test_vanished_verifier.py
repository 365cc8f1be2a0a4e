"""Where money enters, the verifier's code is compared: one that vanished takes no stake."""

from typing import Any

import pytest
from ape.contracts import ContractInstance
from eth_utils.crypto import keccak

from tests.contracts.reverting import reverts

SCENES = ("world", "serving", "accuracy", "retrieval")
CODES = {"none": b"", "another": bytes.fromhex("60015f5260205ff3")}  # answers `true` to anything


@pytest.fixture(params=SCENES)
def scene(request, world, serving, accuracy, retrieval) -> Any:
    scenes = {"world": world, "serving": serving, "accuracy": accuracy, "retrieval": retrieval}
    return scenes[request.param]


def contract_of(scene: Any) -> ContractInstance:
    return next(
        getattr(scene, at) for at in ("predictions", "rounds", "bounty") if hasattr(scene, at)
    )


def join(scene: Any, job: Any) -> None:
    next(getattr(scene, by) for by in ("lock", "join", "accept") if hasattr(scene, by))(job)


@pytest.fixture(params=CODES)
def vanish(request, scene, chain):
    """Puts other code, or none, where the scene's verifier was; returns the refusal's arguments."""
    verifier, registered = scene.circuit[0], scene.circuit[2]
    code = CODES[request.param]

    def change() -> dict[str, bytes]:
        chain.provider.set_code(verifier, "0x" + code.hex())
        return {"actual": keccak(code), "allowed": registered}

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

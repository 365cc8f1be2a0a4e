"""Which proof system a model gets."""

from pathlib import Path

import pytest

from prover.base.errors import ModelRefused, UsageError
from prover.protocol.costs import Prices, Proving
from prover.systems.choosing import cheapest, proposals
from prover.systems.proposal import HASHED, HIDDEN, POINT, PUBLIC, Proposal, Wanted
from tests.unit.systems.native.needs import needs_engine

EXAMPLES = Path(__file__).parents[3] / "examples"
DIGITS = EXAMPLES / "digits-cnn.onnx", EXAMPLES / "digits-calibration.npz"
CANCER = EXAMPLES / "breast-cancer-mlp.onnx", EXAMPLES / "breast-cancer-calibration.npz"
CHEAP, DEAR = Proving(1.0, 1, 400_000), Proving(1.0, 1, 500_000)
REFUSED = Proposal("ezkl", None, "it has no rows for it")


def test_the_cheapest_is_chosen() -> None:
    found = [Proposal("native", DEAR, ""), Proposal("ezkl", CHEAP, "")]
    assert cheapest(found, Prices()).system == "ezkl"
    assert cheapest(found[::-1], Prices()).system == "ezkl"
    assert cheapest([found[0], REFUSED], Prices()).system == "native"


def test_proving_counts_as_well_as_gas() -> None:
    slow, quick = Proving(3600.0, 1, 400_000), Proving(1.0, 1, 410_000)
    found = [Proposal("native", slow, ""), Proposal("ezkl", quick, "")]
    assert cheapest(found, Prices()).system == "ezkl"
    assert cheapest(found, Prices(core_hour_wei=1)).system == "native"


def test_why_none_was_found_is_said() -> None:
    with pytest.raises(ModelRefused, match="ezkl: it has no rows for it"):
        cheapest([REFUSED], Prices())
    with pytest.raises(ModelRefused, match="it has no rows"):
        REFUSED.cost(Prices())


def test_an_unknown_system_is_refused() -> None:
    with pytest.raises(UsageError, match="expected native or ezkl"):
        proposals(Wanted(*DIGITS, system="other"))


@needs_engine
@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"items": 2}, "a native circuit proves 1"),
        ({"inputs": PUBLIC}, "never its values"),
        ({"labels": 9}, "9 labels: expected 1 to 8"),
    ],
)
def test_what_native_circuits_do_not_do(asked: dict[str, object], says: str) -> None:
    (proposal,) = proposals(Wanted(*DIGITS, system="native", **asked))  # type: ignore[arg-type]
    assert proposal.proving is None
    assert says in proposal.refusal


@pytest.mark.parametrize(
    ("asked", "says"), [({"inputs": POINT}, "no point"), ({"labels": 1}, "no labels")]
)
def test_what_circuits_of_ezkl_do_not_do(asked: dict[str, object], says: str) -> None:
    (proposal,) = proposals(Wanted(*DIGITS, system="ezkl", **asked))  # type: ignore[arg-type]
    assert proposal.proving is None
    assert says in proposal.refusal


@needs_engine
def test_a_native_proposal_is_dearer_the_more_it_shows() -> None:
    def gas(**asked: object) -> int:
        (proposal,) = proposals(Wanted(*DIGITS, system="native", **asked))  # type: ignore[arg-type]
        assert proposal.proving is not None
        return proposal.proving.verification_gas

    plain = gas()
    assert plain < gas(inputs=HASHED) < 1_500_000
    assert plain < gas(weights=HIDDEN)
    assert 300_000 < plain < 1_000_000

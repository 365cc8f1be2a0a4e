"""Which proof system a model gets."""

from pathlib import Path

import pytest

from prover.base.errors import ModelRefused, UsageError
from prover.protocol.costs import Prices, Proving
from prover.systems.choosing import cheapest, offers
from prover.systems.offer import HASHED, HIDDEN, POINT, PUBLIC, Offer, Wanted
from tests.unit.systems.native.needs import needs_engine

EXAMPLES = Path(__file__).parents[3] / "examples"
DIGITS = EXAMPLES / "digits-cnn.onnx", EXAMPLES / "digits-calibration.npz"
CANCER = EXAMPLES / "breast-cancer-mlp.onnx", EXAMPLES / "breast-cancer-calibration.npz"
CHEAP, DEAR = Proving(1.0, 1, 400_000), Proving(1.0, 1, 500_000)
REFUSED = Offer("ezkl", None, "it has no rows for it")


def test_the_cheapest_is_chosen() -> None:
    offers_ = [Offer("native", DEAR, ""), Offer("ezkl", CHEAP, "")]
    assert cheapest(offers_, Prices()).system == "ezkl"
    assert cheapest(offers_[::-1], Prices()).system == "ezkl"
    assert cheapest([offers_[0], REFUSED], Prices()).system == "native"


def test_proving_counts_as_well_as_gas() -> None:
    slow, quick = Proving(3600.0, 1, 400_000), Proving(1.0, 1, 410_000)
    offers_ = [Offer("native", slow, ""), Offer("ezkl", quick, "")]
    assert cheapest(offers_, Prices()).system == "ezkl"
    assert cheapest(offers_, Prices(core_hour_wei=1)).system == "native"


def test_why_none_was_found_is_said() -> None:
    with pytest.raises(ModelRefused, match="ezkl: it has no rows for it"):
        cheapest([REFUSED], Prices())
    with pytest.raises(ModelRefused, match="it has no rows"):
        REFUSED.cost(Prices())


def test_an_unknown_system_is_refused() -> None:
    with pytest.raises(UsageError, match="expected native or ezkl"):
        offers(Wanted(*DIGITS, system="other"))


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
    (offer,) = offers(Wanted(*DIGITS, system="native", **asked))  # type: ignore[arg-type]
    assert offer.proving is None
    assert says in offer.refusal


@pytest.mark.parametrize(
    ("asked", "says"), [({"inputs": POINT}, "no point"), ({"labels": 1}, "no labels")]
)
def test_what_circuits_of_ezkl_do_not_do(asked: dict[str, object], says: str) -> None:
    (offer,) = offers(Wanted(*DIGITS, system="ezkl", **asked))  # type: ignore[arg-type]
    assert offer.proving is None
    assert says in offer.refusal


@needs_engine
def test_a_native_offer_is_dearer_the_more_it_shows() -> None:
    def gas(**asked: object) -> int:
        (offer,) = offers(Wanted(*DIGITS, system="native", **asked))  # type: ignore[arg-type]
        assert offer.proving is not None
        return offer.proving.verification_gas

    plain = gas()
    assert plain < gas(inputs=HASHED) < 1_500_000
    assert plain < gas(weights=HIDDEN)
    assert 300_000 < plain < 1_000_000

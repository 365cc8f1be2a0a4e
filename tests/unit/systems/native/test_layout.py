"""Layouts: rows are counted as they are placed, and the cheapest that fits is chosen."""

import pytest
from hypothesis import given, settings

from prover.base.errors import ModelRefused
from prover.systems.native.circuit import layout
from prover.systems.native.circuit.layout import CircuitLayout, choose_layout, possible_layouts
from prover.systems.native.circuit.program import compile_network
from prover.systems.native.network.network import Network
from tests.unit.systems.native.networks import networks, residual_network, tiny_network


@settings(max_examples=20, deadline=None)
@given(networks())
def test_every_layout_that_is_offered_holds_the_network_and_no_smaller_one(
    network: Network,
) -> None:
    for offered in list(possible_layouts(network))[::5]:
        program = compile_network(network, offered.lanes, offered.weight_lanes)
        assert program.rows <= offered.usable_rows
        fewer = [w for w in layout.WEIGHT_LANES if w < offered.weight_lanes]
        if fewer:
            tighter = compile_network(network, offered.lanes, max(fewer))
            assert tighter.columns["weight"].shape[1] > offered.usable_rows
        assert program.rows > layout.usable_rows(offered.k - 1)


def test_the_cheapest_layout_is_chosen() -> None:
    chosen = choose_layout(residual_network())
    assert chosen.cost == min(one.cost for one in possible_layouts(residual_network()))


def test_more_rows_or_columns_cost_more() -> None:
    assert CircuitLayout(13, 4, 2).cost < CircuitLayout(14, 4, 2).cost
    assert (
        CircuitLayout(13, 4, 2).cost < CircuitLayout(13, 5, 2).cost < CircuitLayout(13, 5, 3).cost
    )


def test_a_network_that_fits_no_proof_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "MAX_K", 7)
    with pytest.raises(ModelRefused, match="smaller network"):
        choose_layout(tiny_network())


@pytest.mark.parametrize(
    ("powers", "packing"), [(0, 1), (12, 1), (13, 1), (14, 2), (15, 4), (16, 4), (22, 4)]
)
def test_columns_are_packed_as_the_set_up_allows(
    powers: int, packing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "PACKING", 4)
    chosen = CircuitLayout(13, 4, 2).on(powers)
    assert chosen.packing == packing
    assert chosen.powers == max(13, min(powers, 15))


def test_the_largest_circuits_pack_less() -> None:
    """The largest set-up has 2^22 powers."""
    assert [CircuitLayout(k, 4, 2).on(layout.MAX_K).powers for k in (21, 22)] == [22, 22]

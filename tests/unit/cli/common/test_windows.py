"""A window that nobody typed is one that the chain takes."""

from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import UsageError
from prover.cli.common.options import MINED_WITHIN_SECONDS, window
from prover.protocol.limits import BY_CHAIN, limits_of

HOUR = 3_600


def on(chain_id: int) -> Any:
    return SimpleNamespace(chain_id=chain_id)


@pytest.mark.parametrize("chain_id", [*BY_CHAIN, 999])
@pytest.mark.parametrize("usual", ["1h", "2h", "1d"])
def test_a_default_is_never_below_what_the_chain_takes(chain_id: int, usual: str) -> None:
    least = limits_of(chain_id).min_window
    assert window(on(chain_id), None, "--open-for", usual) >= least


def test_a_default_is_the_usual_one_where_that_is_long_enough() -> None:
    assert window(on(1), None, "--prove-within", "1h") == HOUR
    assert window(on(31337), None, "--prove-within", "1h") == HOUR
    assert window(on(42_161), None, "--open-for", "1d") == 72 * HOUR + MINED_WITHIN_SECONDS


def test_what_was_typed_counts_whatever_the_chain_takes() -> None:
    assert window(on(42_161), "5m", "--open-for", "1d") == 300
    with pytest.raises(UsageError, match="--open-for 'soon'"):
        window(on(1), "soon", "--open-for", "1d")

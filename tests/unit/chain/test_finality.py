"""Secrets wait until the other side's move is buried deep enough."""

from dataclasses import replace

import pytest

from prover.chain import finality
from prover.chain.finality import CONFIRMATIONS, confirmations, wait_final
from prover.errors import UsageError
from prover.settings import get_settings
from tests.localchain import Chain, settings_of


def head(chain: Chain) -> int:
    return int(chain.client.block()["number"])


def test_a_local_chain_is_final_at_once_and_others_after_two_epochs(chain: Chain) -> None:
    assert confirmations(chain.client) == 0
    assert confirmations(replace(chain.client, chain_id=1)) == CONFIRMATIONS == 64
    with settings_of(confirmations="3"):
        assert confirmations(chain.client) == 3
    wait_final(chain.client, head(chain))


def test_waiting_ends_with_the_last_block_that_is_wanted(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, told = head(chain), list[str]()
    monkeypatch.setattr(finality.time, "sleep", lambda _seconds: chain.rpc("evm_mine"))
    wait_final(chain.client, start, 2, told.append)
    assert head(chain) == start + 2
    assert told == [f"waiting for finality: {missing} blocks to go" for missing in (2, 1)]


@pytest.mark.parametrize("value", ["soon", "-1"])
def test_a_wrong_number_of_confirmations_is_said(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZKESCROW_CONFIRMATIONS", value)
    get_settings.cache_clear()
    with pytest.raises(UsageError, match=f"ZKESCROW_CONFIRMATIONS is '{value}'"):
        get_settings()
